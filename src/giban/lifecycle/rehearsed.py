"""The rehearsal as a target: emulated AWS on this machine, started when it is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from giban.graph.graph import Graph
from giban.graph.stack import Stack
from giban.lifecycle.targets import Say
from giban.rehearsal import process
from giban.rehearsal.override import environment, override
from giban.rehearsal.process import Running, Status
from giban.rehearsal.services import WORLD
from giban.terraform.aws import Clients

EMULATORS = "emulators"


class Rehearsal:
    """Emulators whose records are in `.giban/emulators`, shared by all environments of a project."""

    name = "rehearsal"
    parallelism = 40
    """The emulators answer at once; nearly all the time goes into the provider's own waits, which run side by side."""
    tls_only = False
    """The emulators speak plain HTTP on loopback, and do not look at conditions of bucket policies."""

    keeps_data = False
    protections: ClassVar[Mapping[str, dict[str, Any]]] = {
        "aws_dynamodb_table": {"deletion_protection_enabled": False},
        "aws_ebs_volume": {"lifecycle": {"prevent_destroy": False}},
        "aws_s3_bucket": {"force_destroy": True},
        "aws_secretsmanager_secret": {"recovery_window_in_days": 0},
    }
    """Databases and balancers are let go by `before_down`: through Terraform the provider would wait 80 s."""

    def __init__(self, base: str) -> None:
        self.emulators = process.Rehearsal(os.path.join(base, EMULATORS))
        self._running: Running | None = None

    @property
    def running(self) -> Running:
        """The emulators, which have been started or found."""
        if self._running is None:
            self._running = self.emulators.running()
        if self._running is None:
            raise RuntimeError("the emulators are asked for before they were started")
        return self._running

    def start(self, region: str, say: Say) -> None:
        """Start the emulators, or find them."""
        if self.emulators.running() is None:
            say("Starting the emulators on loopback")
        self._running = self.emulators.start(region, say)

    def abandon(self) -> None:
        """Stop the emulators, if this run has started them."""
        if self._running is not None and not self._running.found:
            self.emulators.stop()
            self._running = None

    def reachable(self) -> bool:
        """Whether the emulators run."""
        self._running = self.emulators.running()
        return self._running is not None

    def notes(self) -> list[str]:
        """What became of emulators that do not run; nothing when none of them was started."""
        found = self.emulators.status()
        if all(status.state == "stopped" for status in found):
            return []
        return [note for status in found if status.state != "running" for note in describe(status)]

    def override(self, stack: Stack) -> dict[str, Any]:
        """Points provider and backend at the emulators."""
        return override(self.running, stack.backend, stack.provider_regions)

    def prepare(self, graph: Graph, say: Say) -> None:
        """Make what a blueprint looks up, such as an existing hosted zone."""
        from giban.rehearsal.stand_ins import make_stand_ins

        for made in make_stand_ins(self.clients(self.running.region), graph):
            say(f"Made for the rehearsal: {made}")

    def after_up(self, say: Say) -> None:
        """Give the secrets of alarm channels values by which messages reach the inbox."""
        from giban.rehearsal.channel_secrets import fill

        for made in fill(self.clients, self._routers()):
            say(f"Made for the rehearsal: {made}")

    def before_down(self, graph: Graph) -> None:
        """Let go what refuses deletion."""
        from giban.rehearsal.release import release

        release(self.clients(self.running.region), graph)

    def after_down(self, graph: Graph) -> None:
        """Remove the final snapshots, and the values of secrets that were made up: nobody wants those of a rehearsal."""
        from giban.rehearsal.channel_secrets import remove
        from giban.rehearsal.release import remove_snapshots

        remove_snapshots(self.clients(self.running.region), graph)
        routers = self._routers()
        for region in sorted({self.running.region, *(resource.region or "" for resource in graph.managed)} - {""}):
            remove(self.clients(region), routers)

    def _routers(self) -> list[dict[str, Any]]:
        """The functions there that send alarms."""
        import json

        from giban.rehearsal.aws_events import Emulator
        from giban.rehearsal.frames import ROUTERS_PATH

        emulator = Emulator(lambda: self.running.ports["ministack"], self.running.token)
        found: list[dict[str, Any]] = json.loads(emulator.ask("GET", ROUTERS_PATH))
        return found

    def environment(self, cli_config: str) -> dict[str, str]:
        """Nothing of the user's that has to do with AWS."""
        from giban.terraform.run import child_environment

        extra = environment(self.running)
        return child_environment(os.environ, rehearsal=True, cli_config=cli_config, extra=extra)

    def clients(self, region: str) -> Clients:
        """Clients for the emulators."""
        from giban.rehearsal.contents import clients

        return clients(self.running, region)

    def operator(self, _region: str) -> str:
        """The user of this machine: nobody signs in to the emulators."""
        import getpass

        try:
            return getpass.getuser()
        except (OSError, KeyError):
            # A container's user without a name.
            return f"user {os.getuid()}"

    def address(self, host: str) -> str:
        """The way into the rehearsal: one port, which knows a page by its host name."""
        from giban.rehearsal.addresses import local_url

        return f"{local_url(host, self.running.ports[WORLD])}/"

    def addresses(self) -> list[tuple[str, str]]:
        """What of the blueprint's can be opened in a browser."""
        from giban.rehearsal.addresses import addresses

        return addresses(self.running)

    def gaps(self, graph: Graph) -> list[tuple[str, str]]:
        """What the emulators make, but without its effect."""
        from giban.rehearsal.gaps import gaps

        return gaps(graph)


def describe(status: Status) -> list[str]:
    """How an emulator is, in lines."""
    if status.state == "running":
        return [f"{status.emulator}: running, 127.0.0.1:{status.port}, process {status.pid}"]
    if status.state == "stopped":
        return [f"{status.emulator}: not running"]
    lost = (
        "the emulators keep what they hold, `giban rehearsal start` brings it back"
        if status.emulator == WORLD
        else "what the emulators held is lost"
    )
    lines = [f"{status.emulator}: stopped by itself ({status.reason}); {lost}"]
    return lines + [f"    {line}" for line in status.log[-5:]]
