"""Rules of security groups in one form, whichever of the three ways they are written.

Inline `ingress` and `egress` blocks, `aws_security_group_rule`, and `aws_vpc_security_group_ingress_rule` with its egress
sister. A port or protocol that is not known before apply makes a rule `uncertain`: it may admit anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from giban.checks.networks import block, block_of, subnets_of
from giban.checks.queries import Named, dangling, multiplied, named_by, once_per_graph, only, passed_out, together
from giban.checks.values import given, listed, made_dynamically
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

Direction = Literal["ingress", "egress"]
Key = tuple[str, str]

BOTH: tuple[Direction, Direction] = ("ingress", "egress")
GROUP_TYPES = ("aws_security_group", "aws_default_security_group")
RULE_TYPES = (
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
)
WORLD = frozenset({"0.0.0.0/0", "::/0"})
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "-1": "all", "all": "all"}
"""https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml; -1 is AWS's word for all."""


class Rule(msgspec.Struct, frozen=True):
    """One rule. `holder` is the resource it is written in; ports include both ends and are 0–65535 for all protocols."""

    holder: Resource
    group: Resource
    direction: Direction
    protocol: str
    first: int
    last: int
    cidrs: tuple[str, ...]
    groups: Named
    other: bool
    """Whether it names somebody else too: a prefix list, an expression, a group outside the graph."""
    uncertain: bool

    @property
    def world(self) -> bool:
        """Whether it certainly names every address."""
        return not WORLD.isdisjoint(self.cidrs)

    @property
    def everything(self) -> bool:
        """Whether it is about all ports of TCP, or all protocols."""
        return not self.uncertain and (
            self.protocol == "all" or (self.protocol in ("tcp", "udp") and self.first <= 1 and self.last == 65535)
        )

    def admits(self, port: int, protocol: str = "tcp") -> bool:
        """Whether it is about this port, or may be."""
        if self.uncertain:
            return True
        return self.protocol == "all" or (self.protocol == protocol and self.first <= port <= self.last)

    @property
    def ports(self) -> str:
        """ "port 22", "ports 8000-8100", "all ports", "all traffic"."""
        if self.protocol == "all":
            return "all traffic"
        if self.everything:
            return f"all {self.protocol.upper()} ports"
        if self.first == self.last:
            return f"{self.protocol.upper()} port {self.first}"
        return f"{self.protocol.upper()} ports {self.first}-{self.last}"


class Firewalls:
    """The rules of every security group, by direction, and which groups are known completely."""

    def __init__(self, graph: Graph) -> None:
        self._rules: dict[tuple[Key, str], list[Rule]] = {}
        self._open: set[tuple[Key, str]] = set()
        self._stray: set[tuple[str, str]] = set()
        for group in graph.all(*GROUP_TYPES):
            for direction in BOTH:
                if made_dynamically(group, direction) or isinstance(group.value(direction), str):
                    self._open.add((group.key, direction))
                for body in group.blocks(direction):
                    self._add(_inline(graph, group, direction, body))
        for holder in graph.all(*RULE_TYPES):
            way = _direction(holder)
            groups = [one for one in graph.follow_all(holder, "security_group_id") if one.type in GROUP_TYPES]
            if way is None or not groups:
                self._lost(holder, way)
                continue
            for group in groups:
                if multiplied(holder) or len(groups) > 1:
                    self._open.add((group.key, way))
                self._add(_separate(graph, holder, group, way))
        for group in graph.all(*GROUP_TYPES):
            if multiplied(group) or passed_out(group):
                self._open |= {(group.key, "ingress"), (group.key, "egress")}

    def rules(self, group: Resource, direction: Direction) -> list[Rule]:
        """The rules of one direction."""
        return self._rules.get((group.key, direction), [])

    def complete(self, group: Resource, direction: Direction) -> bool:
        """Whether no rule of this direction is hidden: made dynamically, multiplied, or added from outside."""
        return (group.key, direction) not in self._open and (group.stack.key, direction) not in self._stray

    def every(self, direction: Direction) -> Iterator[Rule]:
        """All rules of one direction, by group."""
        for (_, kept), rules in sorted(self._rules.items()):
            if kept == direction:
                yield from rules

    def _add(self, rule: Rule) -> None:
        self._rules.setdefault((rule.group.key, rule.direction), []).append(rule)

    def _lost(self, holder: Resource, direction: Direction | None) -> None:
        value = holder.value("security_group_id")
        if isinstance(value, str) and ("each." in value or "local." in value or "var." in value):
            self._stray |= {(holder.stack.key, one) for one in BOTH if direction in (None, one)}


firewalls = once_per_graph(Firewalls)


def groups_of(graph: Graph, resource: Resource) -> Named:
    """The security groups of an instance, launch template, load balancer, database…, network interfaces included.

    Empty and complete means that it says nothing, so AWS takes the default group of the VPC.
    """
    values: list[Any] = []
    dynamic = False
    for name in ("vpc_security_group_ids", "security_groups", "security_group_ids"):
        values.append(resource.value(name))
        dynamic = dynamic or made_dynamically(resource, name)
    for block_name in ("network_interfaces", "network_interface", "vpc_config", "vpc_options", "network_configuration"):
        dynamic = dynamic or made_dynamically(resource, block_name)
        for body in resource.blocks(block_name):
            values += [body.get("security_groups"), body.get("security_group_ids")]
    found = together([named_by(graph, resource, value) for value in values if value])
    return only(Named(found.resources, found.complete and not dynamic), *GROUP_TYPES)


def reaches(graph: Graph, rule: Rule, peer_groups: Named, peer: Resource) -> bool:
    """Whether a rule may be about a peer: by its groups, by addresses of its subnets, or in a way that is not known."""
    if rule.world or rule.other or rule.uncertain or not peer_groups.complete or not rule.groups.complete:
        return True
    if {group.key for group in rule.groups.resources} & {group.key for group in peer_groups.resources}:
        return True
    if not rule.cidrs:
        return False
    places = [block_of(graph, subnet) for subnet in subnets_of_peer(graph, peer).resources]
    ranges = [found for cidr in rule.cidrs if (found := block(cidr)) is not None]
    if not places or None in places:
        return True
    return any(place.overlaps(one) for place in places if place is not None for one in ranges)


def subnets_of_peer(graph: Graph, peer: Resource) -> Named:
    """The subnets that a load balancer, group, instance or interface is in."""
    for path in (("subnets",), ("subnet_mapping", "subnet_id"), ("vpc_zone_identifier",), ("subnet_id",)):
        if given(peer, *path):
            return subnets_of(graph, peer, *path)
    return Named((), False)


def _direction(holder: Resource) -> Direction | None:
    if holder.type == "aws_security_group_rule":
        kind = holder.value("type")
        return "ingress" if kind == "ingress" else "egress" if kind == "egress" else None
    return "ingress" if holder.type == "aws_vpc_security_group_ingress_rule" else "egress"


def _inline(graph: Graph, group: Resource, direction: Direction, body: dict[str, Any]) -> Rule:
    return _rule(
        graph,
        group,
        group,
        direction,
        protocol=body.get("protocol"),
        ports=(body.get("from_port"), body.get("to_port")),
        cidrs=[*listed(body.get("cidr_blocks")), *listed(body.get("ipv6_cidr_blocks"))],
        peers=listed(body.get("security_groups")),
        own=body.get("self"),
        lists=listed(body.get("prefix_list_ids")),
    )


def _separate(graph: Graph, holder: Resource, group: Resource, direction: Direction) -> Rule:
    body = holder.args
    old = holder.type == "aws_security_group_rule"
    return _rule(
        graph,
        holder,
        group,
        direction,
        protocol=body.get("protocol" if old else "ip_protocol"),
        ports=(body.get("from_port"), body.get("to_port")),
        cidrs=[
            *listed(body.get("cidr_blocks" if old else "cidr_ipv4")),
            *listed(body.get("ipv6_cidr_blocks" if old else "cidr_ipv6")),
        ],
        peers=listed(body.get("source_security_group_id" if old else "referenced_security_group_id")),
        own=body.get("self"),
        lists=listed(body.get("prefix_list_ids" if old else "prefix_list_id")),
    )


def _rule(
    graph: Graph,
    holder: Resource,
    group: Resource,
    direction: Direction,
    *,
    protocol: Any,
    ports: tuple[Any, Any],
    cidrs: list[Any],
    peers: list[Any],
    own: Any,
    lists: list[Any],
) -> Rule:
    name = _PROTOCOLS.get(str(protocol).lower(), str(protocol).lower())
    first, last = _port(ports[0]), _port(ports[1])
    unknown = is_unknown(protocol) or protocol is None
    if name == "all":
        first, last = 0, 65535
    elif name.startswith("icmp"):
        first, last = -1, -1
    elif first is None or last is None:
        unknown, first, last = True, first or 0, last or 65535
    known = tuple(_cidr(graph, holder, item) for item in cidrs)
    found = named_by(graph, holder, peers)
    inside = only(found, *GROUP_TYPES)
    if own is True or str(own).lower() == "true":
        inside = Named((*inside.resources, group), inside.complete)
    # A reference to a group that is not there is somebody else's check, not an unknown source.
    lost = all(dangling(holder, peer) for peer in peers) if peers else False
    return Rule(
        holder=holder,
        group=group,
        direction=direction,
        protocol=name,
        first=first,
        last=last,
        cidrs=tuple(item for item in known if item is not None),
        groups=Named(inside.resources, True),
        other=bool(lists) or None in known or (not found.complete and not lost) or is_unknown(own),
        uncertain=unknown,
    )


def _port(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _cidr(graph: Graph, holder: Resource, value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if "${" not in value:
        return value
    target = next(iter(graph.targets(holder, value)), None)
    found = block_of(graph, target) if target is not None and value == f"${{{target.address}.cidr_block}}" else None
    return str(found) if found is not None else None
