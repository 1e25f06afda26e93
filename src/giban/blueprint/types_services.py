"""`services`: what runs. See `types` for the whole."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from giban.blueprint.section import InstanceType, Section
from giban.blueprint.weekly import TimeOfWeek, TimeZone


class Step(Section, frozen=True, kw_only=True):
    """One step of step scaling: from this many percent over (or under) the target, change by this many instances."""

    over: Annotated[int, Meta(description="Percentage points over the target (negative: under).", examples=[20])]
    change: Annotated[int, Meta(description="Instances to add (negative: to remove).", examples=[2])]


class Peak(Section, frozen=True, kw_only=True):
    """A time of the week from which on there are at least this many instances, until the next one."""

    at: Annotated[TimeOfWeek, Meta(description="Time of day and days.", examples=["11:30 Mon-Fri"])]
    min: Annotated[int, Meta(ge=0, le=500, description="Fewest instances from then on.", examples=[6])]


class Spot(Section, frozen=True, kw_only=True):
    """Spot instances beside on-demand ones. When AWS takes one back, the group takes it out of the load balancer, lets its
    requests end and starts another one."""

    base: Annotated[
        int, Meta(ge=0, le=500, description="Instances that are always on-demand, the first of the group.")
    ] = 1
    percent: Annotated[
        int,
        Meta(ge=1, le=100, description="How many of those above `base` are spot instances, in percent.", examples=[70]),
    ]
    instances: Annotated[
        list[InstanceType],
        Meta(
            max_length=39,
            description="Further instance types that do as well, with a processor of the same kind. The more there are, the "
            "rarer there is none to be had. A group takes 40 "
            "(https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html).",
            examples=[["t3a.small", "t3.medium"]],
        ),
    ] = []


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
    schedules: Annotated[
        list[Peak],
        Meta(
            description="Known peaks: from these times on `min` is another one. Every tick of the keeper sees to it.",
            examples=[[{"at": "11:30 Mon-Fri", "min": 6}, {"at": "14:00 Mon-Fri", "min": 2}]],
        ),
    ] = []
    time_zone: Annotated[
        TimeZone | None,
        Meta(
            description="Time zone of `schedules`. Default: that of the power schedule the service is in.",
            examples=["Asia/Seoul"],
        ),
    ] = None


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
    spot: Annotated[
        Spot | None,
        Meta(description="A part of the instances on spot capacity. Default: none.", examples=[{"percent": 70}]),
    ] = None
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
