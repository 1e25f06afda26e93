"""`network` and `access`: the VPC and the way in. See `types` for the whole."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from giban.blueprint.section import Cidr, Name, Section


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
            "Default: `per-zone` in production, `single` otherwise, `none` beside workstations alone.",
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
