"""Every key of a blueprint with its meaning and its default: the one place for both.

The reference (docs/blueprint.md), the JSON Schema and the decoder are made from these types. A default that depends on
the stage (production or not) is written as `None` here and said in the description; `giban.blueprint.defaults` fills it in.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$",
        description="Lower-case letters, digits and dashes, 2 to 24 characters, beginning with a letter.",
        examples=["scv"],
    ),
]
Cidr = Annotated[str, Meta(description="An address range, `10.20.0.0/16`.", examples=["203.0.113.0/24"])]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every section has in common: immutable, keys only by name, no unknown keys."""


class Domain(Section, frozen=True, kw_only=True):
    """The DNS name of the environment and where its zone comes from."""

    name: Annotated[str, Meta(description="The name of the hosted zone.", examples=["scv.example.com"])]
    zone: Annotated[
        Literal["create", "existing"],
        Meta(description="`create` makes the hosted zone in the `global` root; `existing` looks it up by name."),
    ] = "create"


class Network(Section, frozen=True, kw_only=True):
    """One VPC with public, web, was and db subnets in each zone. Subnets never move when a zone is added."""

    cidr: Annotated[Cidr, Meta(description="Address range of the VPC, /16 to /23.", examples=["10.20.0.0/16"])] = (
        "10.0.0.0/16"
    )
    zones: Annotated[int, Meta(ge=1, le=4, description="Number of availability zones.", examples=[2])] = 2
    nat: Annotated[
        Literal["per-zone", "single", "none"] | None,
        Meta(
            description="How private subnets reach the internet: a NAT gateway in each zone, one for all, or not at all. "
            "Default: `per-zone` in production, `single` otherwise.",
            examples=["per-zone"],
        ),
    ] = None
    endpoints: Annotated[
        list[str],
        Meta(
            description="VPC endpoints. The gateway endpoints `s3` and `dynamodb` are always there and cost nothing; any other "
            "name (`ssm`, `ssmmessages`, `ec2messages`, `secretsmanager`, `logs`, `kms`, `sts`, `ecr.api`…) is an interface "
            "endpoint in each zone.",
            examples=[["s3", "dynamodb", "ssm"]],
        ),
    ] = field(default_factory=lambda: ["s3", "dynamodb"])
    flow_logs: Annotated[bool, Meta(description="Record accepted and rejected connections in CloudWatch Logs.")] = True


class Bastion(Section, frozen=True, kw_only=True):
    """A host in a public subnet that takes SSH from the allowed addresses."""

    allow: Annotated[list[Cidr], Meta(description="Addresses that may connect to port 22.", min_length=1)]
    instance: Annotated[str, Meta(description="Instance type.", examples=["t4g.nano"])] = "t4g.nano"
    key: Annotated[
        str | None,
        Meta(description="Name of an EC2 key pair. Default: none; keys are pushed with EC2 Instance Connect."),
    ] = None


class Peer(Section, frozen=True, kw_only=True):
    """One device of a WireGuard VPN."""

    name: Annotated[str, Meta(description="Who or what it is, for the comment in the configuration.", examples=["kim"])]
    public_key: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9+/]{43}=$",
            description="The device's public key, as `wg pubkey` prints it.",
            examples=["xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="],
        ),
    ]


class WireGuard(Section, frozen=True, kw_only=True):
    """A WireGuard server in a public subnet; the server's key is made on the host and kept in Secrets Manager."""

    allow: Annotated[
        list[Cidr],
        Meta(description="Addresses that may connect. WireGuard does not answer strangers, so the world is usual."),
    ] = field(default_factory=lambda: ["0.0.0.0/0"])
    peers: Annotated[list[Peer], Meta(description="Devices that may connect.")] = []
    instance: Annotated[str, Meta(description="Instance type.", examples=["t4g.nano"])] = "t4g.nano"
    port: Annotated[int, Meta(ge=1, le=65535, description="UDP port.")] = 51820
    cidr: Annotated[Cidr, Meta(description="Addresses given to devices; outside of the VPC.")] = "10.99.0.0/24"


class OpenVpn(Section, frozen=True, kw_only=True):
    """An OpenVPN server in a public subnet; certificates are made on the host and kept in Secrets Manager."""

    allow: Annotated[list[Cidr], Meta(description="Addresses that may connect.")] = field(
        default_factory=lambda: ["0.0.0.0/0"]
    )
    clients: Annotated[
        list[Name], Meta(description="Devices that get a profile of their own.", examples=[["kim", "lee"]])
    ] = []
    instance: Annotated[str, Meta(description="Instance type.", examples=["t4g.nano"])] = "t4g.nano"
    port: Annotated[int, Meta(ge=1, le=65535, description="UDP port.")] = 1194
    cidr: Annotated[Cidr, Meta(description="Addresses given to devices; outside of the VPC.")] = "10.98.0.0/24"


class Access(Section, frozen=True, kw_only=True):
    """The way in, exactly one of these."""

    bastion: Annotated[Bastion | None, Meta(description="A bastion host with SSH.")] = None
    wireguard: Annotated[WireGuard | None, Meta(description="A WireGuard VPN.")] = None
    openvpn: Annotated[OpenVpn | None, Meta(description="An OpenVPN server.")] = None


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
            description="Command that runs the application, as a systemd service in /opt/app.",
            examples=["./run"],
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


class Database(Section, frozen=True, kw_only=True):
    """A relational database instance: private, encrypted, TLS only, its password managed by Secrets Manager."""

    engine: Annotated[Literal["postgres", "mysql", "mariadb"], Meta(description="Engine.", examples=["postgres"])]
    version: Annotated[
        str,
        Meta(
            pattern=r"^\d{1,4}(\.\d{1,4}){0,2}$",
            description="Engine version; a major version follows its minor ones.",
            examples=["16"],
        ),
    ]
    instance: Annotated[str, Meta(pattern=r"^db\.", description="Instance class.", examples=["db.t4g.medium"])] = (
        "db.t4g.medium"
    )
    storage: Annotated[int, Meta(ge=20, le=65536, description="Storage in GiB, gp3.", examples=[50])] = 20
    max_storage: (
        Annotated[
            int,
            Meta(
                ge=20,
                le=65536,
                description="Storage may grow by itself up to this. Default: twice `storage`.",
            ),
        ]
        | None
    ) = None
    multi_az: Annotated[
        bool | None,
        Meta(description="A standby in another zone. Default: true in production, false otherwise."),
    ] = None
    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Name of the first database in it.")] = (
        "app"
    )
    username: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,15}$", description="Name of the master user.")] = "giban"
    backup_days: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=35,
                description="Days that automatic backups are kept. Default: 14 in production, 7 otherwise.",
            ),
        ]
        | None
    ) = None
    protect: Annotated[
        bool | None,
        Meta(
            description="Refuse deletion and take a final snapshot. Default: true in production; elsewhere deletion is "
            "possible, the final snapshot is still taken.",
        ),
    ] = None
    parameters: Annotated[
        dict[str, str],
        Meta(description="Further engine parameters.", examples=[{"log_min_duration_statement": "500"}]),
    ] = {}
    was: Annotated[str | None, Meta(description="The name it had before; its name in AWS stays.")] = None


class Bucket(Section, frozen=True, kw_only=True):
    """A private bucket: encrypted, TLS only, versioned."""

    versioning: Annotated[bool, Meta(description="Keep old versions; removed after `keep_old_days`.")] = True
    keep_old_days: Annotated[int, Meta(ge=1, description="Days that replaced and deleted versions are kept.")] = 90
    expire_days: (
        Annotated[
            int,
            Meta(ge=1, description="Delete objects this many days after they were written. Default: never."),
        ]
        | None
    ) = None
    protect: Annotated[bool, Meta(description="Terraform refuses to delete the bucket while something is in it.")] = (
        True
    )
    was: Annotated[str | None, Meta(description="The name it had before; its name in AWS stays.")] = None


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
