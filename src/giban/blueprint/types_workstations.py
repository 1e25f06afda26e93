"""`workstations`: a developer's machine in the cloud that is there in one tap and stops by itself. See `types`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from giban.blueprint.durations import Duration
from giban.blueprint.section import Cidr, InstanceType, Section
from giban.blueprint.types_network import Peer
from giban.blueprint.weekly import TimeOfWeek, TimeZone


class AutoStop(Section, frozen=True, kw_only=True):
    """When a workstation is stopped by itself. People can switch all but `max_uptime` off for a while."""

    idle: Annotated[
        Duration, Meta(description="Stop after this long without activity, 1m to 24h.", examples=["30m"])
    ] = "30m"
    max_uptime: Annotated[Duration, Meta(description="Stop after this long, always; 10m to 72h.", examples=["72h"])] = (
        "72h"
    )
    tab: Annotated[
        Duration,
        Meta(
            description="How long an open browser in which nobody types counts as activity, 1m to 24h.", examples=["2h"]
        ),
    ] = "2h"
    silent: Annotated[
        Duration,
        Meta(
            description="Without a report of the host for this long, what it said last is not trusted any more; 5m to 24h.",
            examples=["15m"],
        ),
    ] = "15m"


class StartSchedule(Section, frozen=True, kw_only=True):
    """When a workstation is started by itself."""

    time_zone: TimeZone
    start: TimeOfWeek


class Workstation(Section, frozen=True, kw_only=True):
    """A host with code-server and Docker at `https://<name>.<domain>`, started and stopped by people, a schedule and rules
    at `https://<name>-admin.<domain>`."""

    instance: Annotated[
        InstanceType | list[InstanceType],
        Meta(
            description="Instance type, or several that are tried in order when there is no capacity.",
            examples=["t3.large"],
        ),
    ] = "t3.large"
    disk: Annotated[
        int,
        Meta(
            ge=8,
            le=16384,
            description="Home volume in GiB: a volume of its own, encrypted, that survives rebuilds and is protected from "
            "deletion. It can grow, not shrink.",
        ),
    ] = 50
    system_disk: Annotated[
        int,
        Meta(
            ge=16,
            le=16384,
            description="Root volume in GiB: system, container images, Kubernetes. Made anew by a rebuild.",
        ),
    ] = 40
    repositories: Annotated[
        list[str],
        Meta(
            description="Git repositories that are cloned into the home folder and opened together.",
            examples=[["https://github.com/acme/app.git"]],
        ),
    ] = []
    git_token: Annotated[
        str | None,
        Meta(
            description="Name of a secret in Secrets Manager that holds the token for these repositories: the token itself, or "
            'JSON {"username", "password"}. git reads it each time it needs it; it is on no disk. You make it, before or '
            "after: `aws secretsmanager create-secret --name NAME --secret-string file://token`.",
            examples=["acme/git-token"],
        ),
    ] = None
    kubernetes: Annotated[
        Literal["none", "k3s", "minikube"],
        Meta(description="A cluster on the host: k3s as a service, or minikube in Docker."),
    ] = "none"
    vpn: Annotated[
        Literal["none", "wireguard"],
        Meta(
            description="`wireguard`: the editor and SSH answer inside of a WireGuard tunnel to the host only; `allow` then says "
            "who may knock at the tunnel."
        ),
    ] = "none"
    peers: Annotated[list[Peer], Meta(description="Devices that may use the tunnel.")] = []
    vpn_cidr: Annotated[Cidr, Meta(description="Addresses in the tunnel; the host has the first.")] = "10.97.0.0/24"
    allow: Annotated[
        list[str],
        Meta(
            min_length=1,
            description="Addresses that may reach the editor and the admin page. IPv6 ranges count for the admin page. "
            "Write 0.0.0.0/0 if it has to be everywhere: a password and registered devices then are all that guards it.",
            examples=[["203.0.113.0/24"]],
        ),
    ]
    auto_stop: Annotated[AutoStop, Meta(description="When it is stopped by itself.")] = field(default_factory=AutoStop)
    schedule: Annotated[StartSchedule | None, Meta(description="When it is started by itself. Default: never.")] = None
    image: (
        Annotated[
            str,
            Meta(
                pattern=r"^(baked|ami-[0-9a-f]{8,17}|/[A-Za-z0-9_./-]+)$",
                description="`baked`: the newest image that the exported Packer template made; or an AMI ID, or the SSM "
                "parameter that holds one (Ubuntu 24.04 or made from it). Default: the newest Ubuntu 24.04, which "
                "installs what is missing at its first boot.",
                examples=["baked"],
            ),
        ]
        | None
    ) = None


def sizes_of(workstation: Workstation) -> list[str]:
    """The instance types in the order they are tried."""
    return [workstation.instance] if isinstance(workstation.instance, str) else workstation.instance
