"""Subnets and VPCs as a check wants them: address ranges as numbers, zones that can be compared."""

from __future__ import annotations

import re

import msgspec

from giban.checks.queries import Named, multiplied, named, only
from giban.checks.values import text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

VPC_TYPES = ("aws_vpc", "aws_default_vpc")
SUBNET_TYPES = ("aws_subnet", "aws_default_subnet")
RESERVED = 5
"""Addresses AWS keeps in every subnet. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""

_CIDR = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/(\d{1,2})", re.ASCII)
_SUBNET_CALL = re.compile(r"\$\{\s*cidrsubnet\(\s*(.+?)\s*,\s*(\d{1,2})\s*,\s*(\d{1,9})\s*\)\s*\}", re.ASCII)
_ZONE_OF_LIST = re.compile(r"\$\{\s*([\w.\-]+(?:\[\d+\])?[\w.\-]*)\[(\d+)\]\s*\}")


class Block(msgspec.Struct, frozen=True, order=True):
    """A range of IPv4 addresses, first and last included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many addresses."""
        return self.last - self.first + 1

    def within(self, other: Block) -> bool:
        """Whether it lies inside another."""
        return other.first <= self.first and self.last <= other.last

    def overlaps(self, other: Block) -> bool:
        """Whether they share an address."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        import ipaddress

        length = 32 - (self.size - 1).bit_length()
        return f"{ipaddress.IPv4Address(self.first)}/{length}"


def block(cidr: str) -> Block | None:
    """ "10.0.0.0/24" as a range; None for anything else, IPv6 included."""
    parts = _CIDR.fullmatch(cidr)
    if parts is None:
        return None
    a, b, c, d, length = map(int, parts.groups())
    if max(a, b, c, d) > 255 or length > 32:
        return None
    size = 1 << (32 - length)
    first = ((a << 24) | (b << 16) | (c << 8) | d) & -size
    return Block(first, first + size - 1)


def block_of(graph: Graph, resource: Resource, argument: str = "cidr_block") -> Block | None:
    """The range of a VPC or subnet: literal, another one's (`aws_vpc.main.cidr_block`), or `cidrsubnet` of these."""
    return _block_of(graph, resource, resource.value(argument), 4)


def _block_of(graph: Graph, resource: Resource, value: object, steps: int) -> Block | None:
    """`steps` is how many references are still followed: two ranges that name each other would go on for ever."""
    if not isinstance(value, str) or steps == 0 or multiplied(resource):
        return None
    if "${" not in value:
        return block(value)
    call = _SUBNET_CALL.fullmatch(value)
    if call is None:
        target = next(iter(graph.targets(resource, value)), None)
        plain = target is not None and value == f"${{{target.address}.cidr_block}}"
        return _block_of(graph, target, target.value("cidr_block"), steps - 1) if plain and target is not None else None
    inner = call[1][1:-1] if call[1].startswith('"') else f"${{{call[1]}}}"
    base = _block_of(graph, resource, inner, steps - 1)
    if base is None or base.size >> int(call[2]) < 1 or int(call[3]) >> int(call[2]):
        return None
    size = base.size >> int(call[2])
    first = base.first + int(call[3]) * size
    return Block(first, first + size - 1)


def zone(subnet: Resource) -> str | None:
    """The zone of a subnet in a form that can be compared; None when it is not known.

    `${data.aws_availability_zones.all.names[0]}` is as good as a name among its like.
    """
    if multiplied(subnet):
        return None
    value = subnet.value("availability_zone") or subnet.value("availability_zone_id")
    if not isinstance(value, str) or value == "":
        return None
    return value if "${" not in value or _ZONE_OF_LIST.fullmatch(value) else None


def differ(one: str | None, other: str | None) -> bool:
    """Whether two zones are certainly different ones."""
    if one is None or other is None or one == other:
        return False
    first, second = _ZONE_OF_LIST.fullmatch(one), _ZONE_OF_LIST.fullmatch(other)
    if first is None or second is None:
        # "apne2-az1" is an ID, "ap-northeast-2a" a name: which name an ID has differs from account to account.
        return first is second and ("-az" in one) == ("-az" in other)
    return first[1] == second[1]


def zones(subnets: Named) -> set[str] | None:
    """The zones of some subnets; None unless all are known and comparable."""
    if not subnets.complete or not subnets.resources:
        return None
    found = {zone(subnet) for subnet in subnets.resources}
    if len(subnets.resources) == 1:
        return {zone(subnets.resources[0]) or subnets.resources[0].address}
    known = {one for one in found if one is not None}
    comparable = all(one == other or differ(one, other) for one in known for other in known)
    return known if None not in found and comparable else None


def subnets_of(graph: Graph, resource: Resource, *path: str) -> Named:
    """The subnets an argument names."""
    return only(named(graph, resource, *path), *SUBNET_TYPES)


def vpc_of(graph: Graph, resource: Resource) -> Resource | None:
    """The VPC of a subnet, route table, security group…; None when it is not in the graph."""
    if resource.type in VPC_TYPES:
        return resource
    found = graph.follow(resource, "vpc_id")
    return found if found is not None and found.type in VPC_TYPES and found.mode == "managed" else None


def vpc_key(graph: Graph, resource: Resource) -> tuple[str, str] | None:
    """What tells one VPC from another: its resource, its literal ID, or the expression; None when not given."""
    vpc = vpc_of(graph, resource)
    if vpc is not None:
        return None if multiplied(vpc) else vpc.key
    value = resource.value("vpc_id")
    return (resource.stack.key, value) if isinstance(value, str) and value and "each." not in value else None


def gives_public_addresses(subnet: Resource) -> bool:
    """Whether instances get a public address unless they say otherwise."""
    return text(subnet, "map_public_ip_on_launch", default="false") in ("true", "True", "1")
