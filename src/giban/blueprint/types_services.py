"""`services`: what runs. See `types` for the whole."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from giban.blueprint.section import Section


class Step(Section, frozen=True, kw_only=True):
    """One step of step scaling: from this many percent over (or under) the target, change by this many instances."""

    over: Annotated[int, Meta(description="Percentage points over the target (negative: under).", examples=[20])]
    change: Annotated[int, Meta(description="Instances to add (negative: to remove).", examples=[2])]


class Scale(Section, frozen=True, kw_only=True):
    """How many instances, and when there are more or fewer."""

    min: Annotated[int, Meta(ge=0, le=500, description="Fewest instances. Default: the number of zones.")] | None = None
    max: Annotated[int, Meta(ge=0, le=500, description="Most instances. Default: three times `min`.")] | None = None
    cpu: Annotated[
        int,
        Meta(ge=5, le=95, description="Average CPU in percent that target tracking holds.", examples=[60]),
    ] = 60
    steps: (
        Annotated[
            list[Step],
            Meta(
                description="Step policies beside target tracking, for jumps that tracking follows too slowly. "
                "Default: 2 more from 25 points over the target (at 100 % at the latest), 1 fewer from 30 points under it.",
            ),
        ]
        | None
    ) = None


class Instances(Section, frozen=True, kw_only=True):
    """A service on EC2 instances in an auto scaling group, behind a load balancer when it has a port."""

    kind: Annotated[Literal["instances"], Meta(description="How the service runs.")]
    public: Annotated[bool, Meta(description="Reached from the internet through a public load balancer.")] = False
    instance: Annotated[str, Meta(description="Instance type.", examples=["t3.small"])] = "t3.small"
    image: Annotated[
        str | None,
        Meta(
            description="An AMI ID or the SSM parameter that holds one. Default: the newest Amazon Linux 2023 for the "
            "processor of the instance type.",
            examples=["ami-0123456789abcdef0"],
        ),
    ] = None
    port: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=65535,
                description="Port the instances listen on. Default: none; a worker without balancer.",
            ),
        ]
        | None
    ) = None
    health: Annotated[
        str, Meta(pattern=r"^/[\x21-\x7e]*$", description="Path that answers 200 when the instance is well.")
    ] = "/healthz"
    allow: Annotated[
        list[str],
        Meta(
            description="Who may connect to a service that is not public: names of services, or address ranges.",
            examples=[["web"]],
        ),
    ] = []
    uses: Annotated[
        list[str],
        Meta(
            description="What the instances may reach: `databases.NAME`, `buckets.NAME`, `services.NAME`. Opens the network "
            "path and grants the role exactly that.",
            examples=[["databases.main", "buckets.uploads"]],
        ),
    ] = []
    scale: Annotated[Scale, Meta(description="How many instances.")] = Scale()
    disk: Annotated[int, Meta(ge=8, le=16384, description="Root volume in GiB, gp3, encrypted.")] = 20
    artifact: Annotated[
        str | None,
        Meta(
            description="Key of the archive (tar.gz) in the artifact bucket that is unpacked at boot into /opt/app. "
            "Default: `<service>/app.tar.gz`.",
            examples=["was/2026-11-20.tar.gz"],
        ),
    ] = None
    command: Annotated[
        str,
        Meta(
            description="Command line that runs the application: bash runs it in /opt/app, as a systemd service.",
            examples=["./run --port $PORT"],
        ),
    ] = "/opt/app/run"
    env: Annotated[
        dict[str, str],
        Meta(description="Environment variables of the application. No secrets: those come from `uses`."),
    ] = {}
    was: Annotated[
        str | None,
        Meta(description="The name it had before: resources move instead of being made anew, names in AWS stay."),
    ] = None
