"""Stand-ins for the machines: for each running instance that asks for one, the real host agent in a machine made of files.

An instance asks with its tags: `giban:workstation`, `giban:admin` (the name its agent reports to) and `giban:host-secret`
(ARN of the secret with the agent's key). Its folder `hosts/<instance>/` holds what the agent looks at. Nobody works there
until somebody turns one of the dials, by hand or in a test:

    ssh           a number: open SSH sessions (0)
    cores         a number: processor cores that are busy (0)
    heartbeat     touch it: a browser is connected, as code-server would say
    pts/0         touch it: somebody types in a terminal
    agent-off     make it: the agent is dead; remove it: it starts again
    proc/uptime   write it: the machine says it is up that many seconds

The machine boots a few seconds after its instance runs: then the agent starts and `/healthz` of the editor answers. When the
instance stops, both end with it. The agent's shutdown command stops the instance. Folders outlive a stop, as a disk does; the
next boot finds nobody at work.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from giban.rehearsal.addresses import SUFFIX
from giban.rehearsal.edge import Edge
from giban.rehearsal.editor import Editor
from giban.rehearsal.identity import is_alive, started
from giban.rehearsal.machine_files import MachineFiles

FOLDER = "hosts"
AGENT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "runtime", "agent", "giban_agent.py")
"""The agent is run, never imported: it is deployed code."""
ADMIN, SECRET = "giban:admin", "giban:host-secret"
INTERVAL = 3
"""Seconds between two reports of an agent; 60 on a real machine."""
BOOT = 4.0
"""Seconds from the first sight of a running instance until its agent and its editor are there; a real one takes a minute."""
MAX_UPTIME = 259_200
"""Seconds; what the agent goes by until the admin API has told it: three days."""
_PID = "agent.pid"


class Account(Protocol):
    """What the hosts need of the emulated account. Each call raises OSError when it does not answer."""

    def machines(self) -> list[dict[str, Any]]:
        """Instances that want a host: `id`, `region`, `state`, `boot` (epoch seconds), `public` (address), `tags`."""

    def secret(self, arn: str, /) -> str | None:
        """A secret's value, None while it has none."""

    def stop(self, instance: str, region: str, /) -> None:
        """Stop an instance."""


class Hosts:
    """The hosts of all running instances."""

    def __init__(
        self,
        folder: str,
        account: Account,
        edge: Edge,
        *,
        agent: str = AGENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = os.path.join(folder, FOLDER)
        self._account = account
        self._edge = edge
        self._agent = agent
        self._clock = clock
        self._hosts: dict[str, Host] = {}
        self._silent = False
        # Agents of a world that was killed would go on reporting.
        clear_away(folder)

    def look(self) -> None:
        """Compare what runs with what should, and make it so."""
        try:
            found = {machine["id"]: machine for machine in self._account.machines() if machine["state"] == "running"}
        except OSError as error:
            if not self._silent:
                _say(f"the account does not answer: {error}")
            self._silent = True
            return
        self._silent = False
        for id_, host in list(self._hosts.items()):
            if id_ not in found or found[id_]["boot"] != host.machine["boot"]:
                host.switch_off()
                del self._hosts[id_]
        for id_, machine in found.items():
            if id_ not in self._hosts:
                self._hosts[id_] = Host(os.path.join(self.folder, id_), machine, self._edge, self._agent, self._clock())
            self._hosts[id_].machine = machine
            self._tend(self._hosts[id_])

    def port_at(self, address: str) -> int:
        """Where the editor of the machine with a public address answers, 0 when none does."""
        return next((host.editor.port for host in self._hosts.values() if host.machine["public"] == address), 0)

    def end(self) -> None:
        """Switch all off."""
        for host in self._hosts.values():
            host.switch_off()
        self._hosts.clear()

    def _tend(self, host: Host) -> None:
        try:
            host.tend(self._account, self._clock())
        except OSError as error:
            _say(f"{host.machine['id']}: {error}")


class Host:
    """One machine, from boot to stop. `now` is in seconds of a clock that only goes forward."""

    def __init__(self, folder: str, machine: dict[str, Any], edge: Edge, agent: str, now: float) -> None:
        self.machine = machine
        self.editor = Editor()
        self._agent = agent
        self._edge = edge
        self._booted_at = now + BOOT
        self._process: subprocess.Popen[bytes] | None = None
        self._close: Callable[[], None] = lambda: None
        self._key = ""
        self._files = MachineFiles(folder)
        self._files.boot()

    def tend(self, account: Account, now: float) -> None:
        """A look at the dials, and what follows from them."""
        self._files.tick(now)
        if self._files.take("poweroff"):
            _say(f"{self.machine['id']}: the agent has shut it down")
            account.stop(self.machine["id"], self.machine["region"])
            return
        if now < self._booted_at:
            return
        self.editor.open()
        if self._files.has("agent-off"):
            self._end_agent()
        elif self._process is None or self._process.poll() is not None:
            self._start_agent(account)

    def switch_off(self) -> None:
        """End what runs there, at once, as when the power goes."""
        self._end_agent()
        self.editor.close()
        self._close()

    def _start_agent(self, account: Account) -> None:
        tags = self.machine["tags"]
        if not tags.get(ADMIN) or not tags.get(SECRET):
            return
        self._key = self._key or _agent_key(account.secret(tags[SECRET]))
        if not self._key:
            return
        self._close()
        port, self._close = self._edge.way_out(self.machine["public"] or self.machine["private"])
        self._files.write_private("agent.key", self._key)
        configuration = {
            "api": f"http://127.0.0.1:{port}",
            "host_header": f"{tags[ADMIN]}{SUFFIX}:{self._edge.port}",
            "key_file": self._files.path("agent.key"),
            "interval": INTERVAL,
            "paths": self._files.paths(),
            "max_uptime": MAX_UPTIME,
            "shutdown": ["touch", self._files.path("poweroff")],
            "password_helper": ["touch", self._files.path("password-changed")],
            "ide": f"http://127.0.0.1:{self.editor.port}/healthz",
        }
        self._files.write_private("agent.json", json.dumps(configuration, indent=2))
        log = os.open(self._files.path("agent.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", self._agent, "--config", self._files.path("agent.json")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._files.folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": os.environ.get("LANG", "C.UTF-8")},
            )
        finally:
            os.close(log)
        self._files.write_private(_PID, f"{self._process.pid} {started(self._process.pid) or ''}")

    def _end_agent(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._files.take(_PID)


def clear_away(folder: str) -> None:
    """End agents that a killed world left behind in a state folder."""
    place = os.path.join(folder, FOLDER)
    for name in os.listdir(place) if os.path.isdir(place) else []:
        with suppress(OSError, ValueError):
            with open(os.path.join(place, name, _PID), encoding="ascii") as file:
                pid, _, start = file.read().partition(" ")
            if is_alive(int(pid), start):
                os.kill(int(pid), signal.SIGKILL)
            os.remove(os.path.join(place, name, _PID))


def remove(folder: str) -> None:
    """End what is left behind and remove the machines' folders."""
    clear_away(folder)
    shutil.rmtree(os.path.join(folder, FOLDER), ignore_errors=True)


def _agent_key(secret: str | None) -> str:
    """The agent's key in a host's secret, empty while there is none."""
    try:
        found = json.loads(secret or "{}")
    except ValueError:
        return ""
    return str(found.get("agent_key", "")) if isinstance(found, dict) else ""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
