"""Where documents are applied: the user's AWS account, or the rehearsal. What differs between the two is all in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from giban.graph.graph import Graph
from giban.graph.stack import Stack
from giban.terraform.aws import Clients, Identity

OVERRIDE = "rehearsal_override.tf.json"
"""The one file by which a rehearsed root differs from an applied one."""

Say = Callable[[str], None]


class Target(Protocol):
    """A place that Terraform can be pointed at."""

    name: str
    parallelism: int
    """How many resources Terraform works on at a time."""
    tls_only: bool
    """Whether the state bucket refuses plain HTTP."""
    keeps_data: bool
    """Whether anything there is worth asking before it is deleted."""
    protections: ClassVar[Mapping[str, dict[str, Any]]]
    """By resource type, the arguments that let `down` delete it."""

    def start(self, region: str, say: Say, /) -> None:
        """Make it ready: start the emulators, or find the credentials."""

    def abandon(self) -> None:
        """Take back what `start` started: the run cannot go on."""

    def reachable(self) -> bool:
        """Whether it can be asked what is deployed, without starting anything."""

    def notes(self) -> list[str]:
        """What the user should know about it before reading a status."""

    def override(self, stack: Stack, /) -> dict[str, Any] | None:
        """The override document of a root, or None."""

    def prepare(self, graph: Graph, say: Say, /) -> None:
        """Make what a graph expects to find there already."""

    def after_up(self, say: Say, /) -> None:
        """What `up` does when everything is applied."""

    def before_down(self, graph: Graph, /) -> None:
        """What `down` does before Terraform destroys anything."""

    def after_down(self, graph: Graph, /) -> None:
        """What `down` does when Terraform has destroyed everything."""

    def environment(self, cli_config: str) -> dict[str, str]:
        """The environment of the Terraform child process."""

    def clients(self, region: str) -> Clients:
        """Clients for the state bucket."""

    def operator(self, region: str, /) -> str:
        """Who works here, as an audit log should name them."""

    def address(self, host: str, /) -> str:
        """The address of a page served under a host name of the blueprint, as a browser on this machine reaches it."""

    def addresses(self) -> list[tuple[str, str]]:
        """Names of the blueprint's that are reached elsewhere there than they say: (address on AWS, address there)."""

    def gaps(self, graph: Graph, /) -> list[tuple[str, str]]:
        """What cannot be seen there: addresses and what is missing."""


class Aws:
    """The user's account, with the credentials Terraform itself would find."""

    name = "aws"
    parallelism = 10
    tls_only = True
    keeps_data = True
    protections: ClassVar[Mapping[str, dict[str, Any]]] = {
        "aws_db_instance": {"deletion_protection": False},
        "aws_dynamodb_table": {"deletion_protection_enabled": False},
        "aws_ebs_volume": {"lifecycle": {"prevent_destroy": False}},
        "aws_lb": {"enable_deletion_protection": False},
        "aws_s3_bucket": {"force_destroy": True},
    }

    def start(self, _region: str, _say: Say) -> None:
        """Nothing to start."""

    def abandon(self) -> None:
        """Nothing was started."""

    def reachable(self) -> bool:
        """AWS is always there; whether the credentials are good is found out by asking."""
        return True

    def notes(self) -> list[str]:
        """Nothing to add."""
        return []

    def identity(self, region: str) -> Identity:
        """Whose account it is."""
        from giban.terraform.aws import identity

        return identity(self.clients(region))

    def override(self, _stack: Stack) -> None:
        """Documents are applied as they are."""

    def prepare(self, _graph: Graph, _say: Say) -> None:
        """What a blueprint looks up has to be there."""

    def after_up(self, _say: Say) -> None:
        """Secrets of alarm channels are the user's to make."""

    def before_down(self, _graph: Graph) -> None:
        """Protections are switched off through Terraform."""

    def after_down(self, _graph: Graph) -> None:
        """What AWS keeps for a while is told to the user."""

    def environment(self, cli_config: str) -> dict[str, str]:
        """The user's own."""
        import os

        from giban.terraform.run import child_environment

        return child_environment(os.environ, rehearsal=False, cli_config=cli_config)

    def clients(self, region: str) -> Clients:
        """With the user's credentials."""
        from giban.terraform.aws import clients

        return clients(region)

    def operator(self, region: str) -> str:
        """The ARN without its account, which is the same for all: `user/kim`, `assumed-role/Developer/kim`."""
        return self.identity(region).arn.split(":", 5)[5]

    def address(self, host: str) -> str:
        """The one of the blueprint."""
        return f"https://{host}/"

    def addresses(self) -> list[tuple[str, str]]:
        """None: every name leads where it says."""
        return []

    def gaps(self, _graph: Graph) -> list[tuple[str, str]]:
        """None: it is the real thing."""
        return []
