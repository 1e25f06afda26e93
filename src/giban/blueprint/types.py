"""Every key of a blueprint with its meaning and its default: the one place for both.

The reference (docs/blueprint.md), the JSON Schema and the decoder are made from these types. A default that depends on
the stage (production or not) is written as `None` here and said in the description; `giban.blueprint.defaults` fills it in.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from giban.blueprint.section import Cidr, Name, Section
from giban.blueprint.types_alarms import Alarms, Budget
from giban.blueprint.types_data import Bucket, Database
from giban.blueprint.types_network import Access, Bastion, Network, OpenVpn, Peer, WireGuard
from giban.blueprint.types_power import PowerSchedule
from giban.blueprint.types_serverless import Api, Function, Queue, Table, Topic
from giban.blueprint.types_services import Instances, Peak, Scale, Spot, Step
from giban.blueprint.types_workstations import AutoStop, StartSchedule, Workstation

__all__ = [
    "Access",
    "Alarms",
    "Api",
    "AutoStop",
    "Bastion",
    "Blueprint",
    "Bucket",
    "Budget",
    "Database",
    "Domain",
    "Function",
    "Instances",
    "Logs",
    "Network",
    "OpenVpn",
    "Peak",
    "Peer",
    "PowerSchedule",
    "Queue",
    "Scale",
    "Section",
    "Spot",
    "StartSchedule",
    "State",
    "Step",
    "Table",
    "Topic",
    "Waf",
    "Waiver",
    "WireGuard",
    "Workstation",
]


class Domain(Section, frozen=True, kw_only=True):
    """The DNS name of the environment and where its zone comes from."""

    name: Annotated[str, Meta(description="The name of the hosted zone.", examples=["scv.example.com"])]
    zone: Annotated[
        Literal["create", "existing"],
        Meta(description="`create` makes the hosted zone in the `global` root; `existing` looks it up by name."),
    ] = "create"


class Waf(Section, frozen=True, kw_only=True):
    """A web ACL on every public load balancer."""

    rate: Annotated[
        int,
        Meta(
            ge=10,
            le=2_000_000_000,
            description="Requests from one address in five minutes before it is blocked.",
        ),
    ] = 2000
    rules: Annotated[
        list[str],
        Meta(
            description="AWS managed rule groups, in order "
            "(https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html).",
        ),
    ] = field(
        default_factory=lambda: [
            "AWSManagedRulesAmazonIpReputationList",
            "AWSManagedRulesCommonRuleSet",
            "AWSManagedRulesKnownBadInputsRuleSet",
        ]
    )
    allow: Annotated[list[Cidr], Meta(description="Addresses that are let in before any other rule.")] = []
    block: Annotated[list[Cidr], Meta(description="Addresses that are always blocked.")] = []
    count_only: Annotated[bool, Meta(description="Managed rules count instead of block, to try them out.")] = False


class Logs(Section, frozen=True, kw_only=True):
    """How long logs are kept."""

    days: Annotated[
        Literal[
            1,
            3,
            5,
            7,
            14,
            30,
            60,
            90,
            120,
            150,
            180,
            365,
            400,
            545,
            731,
            1096,
            1827,
            2192,
            2557,
            2922,
            3288,
            3653,
        ],
        Meta(description="Days that log groups are kept; CloudWatch allows just these numbers."),
    ] = 365
    bucket_days: Annotated[
        int, Meta(ge=1, description="Days that access logs and session logs are kept in the log bucket.")
    ] = 400


class State(Section, frozen=True, kw_only=True):
    """Where Terraform's state is: a bucket that `giban state create` makes."""

    bucket: (
        Annotated[
            str,
            Meta(
                pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                description="Name of the bucket. Default: `<name>[-<env>]-tfstate-<eight characters derived from the domain>`.",
            ),
        ]
        | None
    ) = None
    region: Annotated[str | None, Meta(description="Region of the bucket. Default: the first region.")] = None
    lock: Annotated[
        Literal["s3", "dynamodb"],
        Meta(description="Where locks are: a file beside the state, or a DynamoDB table of the bucket's name."),
    ] = "s3"


class Waiver(Section, frozen=True, kw_only=True):
    """A finding that is accepted for a while, with a reason."""

    check: Annotated[str, Meta(pattern=r"^GB\d{3}$", description="ID of the check.", examples=["GB012"])]
    resource: Annotated[str, Meta(description="Address of the resource.", examples=["aws_lb.web"])]
    reason: Annotated[str, Meta(min_length=10, description="Why, for whoever reads it next year.")]
    until: Annotated[datetime.date, Meta(description="Last day it holds; an expired waiver is an error.")]


class Blueprint(Section, frozen=True, kw_only=True):
    """One page of YAML: an environment on AWS."""

    name: Annotated[
        Name,
        Meta(description="Name of the environment; begins the name of everything in it.", examples=["scv"]),
    ]
    domain: Annotated[
        str | Domain | None,
        Meta(
            description="DNS name; needed for HTTPS. Text means: make the hosted zone.",
            examples=["scv.example.com"],
        ),
    ] = None
    regions: Annotated[
        list[str],
        Meta(min_length=1, description="AWS regions, the first is the primary.", examples=[["ap-northeast-2"]]),
    ]
    stage: Annotated[
        Literal["production", "development"] | None,
        Meta(
            description="Decides defaults: NAT, Multi-AZ, backups, protection from deletion. Default: `development` when the "
            "environment (-e) is called dev, development, test, staging, stage, qa or sandbox; `production` otherwise.",
        ),
    ] = None
    owner: Annotated[
        str | None, Meta(description="Who to ask; becomes the tag `Owner`.", examples=["platform team"])
    ] = None
    tags: Annotated[dict[str, str], Meta(description="Tags on everything, beside Name, Project, Environment.")] = {}
    network: Annotated[Network, Meta(description="VPC, subnets, NAT, endpoints.")] = Network()
    access: Annotated[
        Literal["session-manager"] | Access,
        Meta(
            description="How people get onto hosts. `session-manager` opens no port.",
            examples=["session-manager"],
        ),
    ] = "session-manager"
    services: Annotated[dict[Name, Instances], Meta(description="What runs.")] = {}
    databases: Annotated[dict[Name, Database], Meta(description="Relational databases.")] = {}
    buckets: Annotated[dict[Name, Bucket], Meta(description="Private buckets.")] = {}
    functions: Annotated[dict[Name, Function], Meta(description="Code that runs when something calls it.")] = {}
    apis: Annotated[dict[Name, Api], Meta(description="HTTP APIs in front of functions.")] = {}
    tables: Annotated[dict[Name, Table], Meta(description="DynamoDB tables.")] = {}
    queues: Annotated[dict[Name, Queue], Meta(description="Queues with dead letters.")] = {}
    topics: Annotated[dict[Name, Topic], Meta(description="Messages to many.")] = {}
    workstations: Annotated[
        dict[Name, Workstation], Meta(description="Developers' machines in the cloud that stop by themselves.")
    ] = {}
    power: Annotated[
        dict[Name, PowerSchedule], Meta(description="Hours in which services and databases run; off outside of them.")
    ] = {}
    alarms: Annotated[Alarms | None, Meta(description="Who is told what when something is wrong. Default: nobody.")] = (
        None
    )
    budget: Annotated[
        Budget | None,
        Meta(description="What a month may cost; told through the alarm channels.", examples=[{"monthly_usd": 200}]),
    ] = None
    waf: Annotated[
        bool | Waf,
        Meta(description="Web application firewall on public load balancers; false leaves it out."),
    ] = True
    logs: Annotated[Logs, Meta(description="How long logs are kept.")] = Logs()
    state: Annotated[State, Meta(description="Shared Terraform state.")] = State()
    waivers: Annotated[list[Waiver], Meta(description="Findings that are accepted for a while.")] = []
    patch: Annotated[
        dict[str, dict[str, Any]],
        Meta(
            description="Changes arguments of generated resources, by address. Mappings are merged, null removes.",
            examples=[{"aws_db_instance.main": {"backup_retention_period": 14}}],
        ),
    ] = {}
    terraform: Annotated[
        dict[str, Any],
        Meta(
            description="Adds raw Terraform (JSON syntax) to the region's root: `resource`, `data`, `locals`, `variable`, "
            "`output`, `module`, `moved`, `import`.",
            examples=[{"resource": {"aws_sns_topic": {"extra": {"name": "extra"}}}}],
        ),
    ] = {}
