"""Route tables: which subnet follows which table, and where its routes lead.

Routes come as blocks of the table and as `aws_route`; subnets by `aws_route_table_association`, or by being left to the
main table of their VPC. Where a part is not known (an association by `each.value`, a route by `dynamic`), the answer says so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from giban.checks.networks import SUBNET_TYPES, vpc_key
from giban.checks.queries import multiplied, once_per_graph
from giban.checks.values import made_dynamically
from giban.graph.graph import Graph
from giban.graph.resource import Resource

TABLE_TYPES = ("aws_route_table", "aws_default_route_table")
EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
GATEWAYS = (
    "gateway_id",
    "nat_gateway_id",
    "egress_only_gateway_id",
    "transit_gateway_id",
    "vpc_peering_connection_id",
    "network_interface_id",
    "vpc_endpoint_id",
    "local_gateway_id",
    "carrier_gateway_id",
    "core_network_arn",
    "odb_network_arn",
)
"""Arguments that say where a route leads; one of them is given."""
_DESTINATIONS = ("cidr_block", "destination_cidr_block", "ipv6_cidr_block", "destination_ipv6_cidr_block")
_LISTS = ("destination_prefix_list_id", "prefix_list_id")

Key = tuple[str, str]


class Route(msgspec.Struct, frozen=True):
    """One route. `kind` is the argument that names the target, `to` its resource.

    `destination` is None when it is not known, and "a prefix list" for any of those.
    """

    holder: Resource
    table: Resource | None
    destination: str | None
    kind: str
    value: Any
    to: Resource | None

    @property
    def default(self) -> bool:
        """Whether it takes everything that no other route takes."""
        return self.destination in EVERYWHERE

    @property
    def nat(self) -> bool:
        """Whether it leads to a NAT gateway."""
        return self.kind == "nat_gateway_id" or (self.to is not None and self.to.type == "aws_nat_gateway")

    @property
    def internet(self) -> bool:
        """Whether it certainly leads to an internet gateway."""
        return self.to is not None and self.to.type == "aws_internet_gateway"


class Way(msgspec.Struct, frozen=True):
    """What is known of a subnet's routes: `table` is None when it is left to a main table outside the graph."""

    table: Resource | None
    routes: tuple[Route, ...]
    complete: bool


class Routing:
    """Every route table of a graph with its routes and subnets."""

    def __init__(self, graph: Graph) -> None:
        self.routes: dict[Key, list[Route]] = {}
        self.tables: dict[Key, Resource] = {}
        self.subnets: dict[Key, list[Resource]] = {}
        """The subnets of a table, by its key."""
        self._open: set[Key] = set()
        self._main: dict[Key, Resource] = {}
        self._stray: set[str] = set()
        """Stacks in which something is associated or routed that cannot be told."""
        for table in graph.all(*TABLE_TYPES):
            self.routes[table.key] = [_route(graph, table, table, body) for body in table.blocks("route")]
            if made_dynamically(table, "route") or isinstance(table.value("route"), str) or multiplied(table):
                self._open.add(table.key)
        self._separate_routes(graph)
        self._associations(graph)
        for subnet in graph.all(*SUBNET_TYPES):
            found = self.tables.get(subnet.key) or self._main.get(vpc_key(graph, subnet) or ("", ""))
            if found is not None:
                self.subnets.setdefault(found.key, []).append(subnet)

    def way(self, graph: Graph, subnet: Resource) -> Way:
        """Where traffic of a subnet can go."""
        own = self.tables.get(subnet.key)
        table = own or self._main.get(vpc_key(graph, subnet) or ("", ""))
        if table is None:
            managed = graph.follow(subnet, "vpc_id")
            here = managed is not None and managed.type == "aws_vpc" and managed.mode == "managed"
            return Way(None, (), here and subnet.stack.key not in self._stray and not multiplied(subnet))
        certain = table.key not in self._open and table.stack.key not in self._stray
        return Way(table, tuple(self.routes[table.key]), certain)

    def associated(self, subnet: Resource) -> bool | None:
        """Whether a subnet has a route table of its own; None when some associations cannot be told."""
        if subnet.key in self.tables:
            return True
        return None if subnet.stack.key in self._stray or multiplied(subnet) else False

    def has_main(self, graph: Graph, subnet: Resource) -> bool:
        """Whether the main table of the subnet's VPC is in the graph, so that falling back to it is deliberate."""
        return (vpc_key(graph, subnet) or ("", "")) in self._main

    def every(self) -> list[Route]:
        """All routes, by table."""
        return [route for key in sorted(self.routes) for route in self.routes[key]]

    def _separate_routes(self, graph: Graph) -> None:
        for holder in graph.all("aws_route"):
            tables = [one for one in graph.follow_all(holder, "route_table_id") if one.mode == "managed"]
            main = [one for one in tables if one.type in ("aws_vpc", "aws_default_vpc")]
            found = [one for one in tables if one.type in TABLE_TYPES]
            if not found:
                if not main:
                    self._lost(holder, "route_table_id")
                continue
            for table in found:
                self.routes[table.key].append(_route(graph, holder, table, holder.args))

    def _associations(self, graph: Graph) -> None:
        for part in graph.all("aws_route_table_association"):
            tables = [one for one in graph.follow_all(part, "route_table_id") if one.type in TABLE_TYPES]
            subnets = [one for one in graph.follow_all(part, "subnet_id") if one.type in SUBNET_TYPES]
            if multiplied(part) and not subnets:
                subnets = [one for one in graph.targets(part, part.meta.get("for_each")) if one.type in SUBNET_TYPES]
            if not subnets:
                if part.value("gateway_id") is None:
                    self._lost(part, "subnet_id")
                continue
            for subnet in subnets:
                if tables:
                    self.tables.setdefault(subnet.key, tables[0])
                    if len(tables) > 1:
                        self._open.add(tables[0].key)
                else:
                    self._stray.add(part.stack.key)
        for part in graph.all("aws_main_route_table_association"):
            target = graph.follow(part, "route_table_id")
            key = vpc_key(graph, part)
            if target is not None and target.type in TABLE_TYPES and key is not None:
                self._main[key] = target
        for table in graph.all("aws_default_route_table"):
            vpc = graph.follow(table, "default_route_table_id")
            if vpc is not None:
                self._main.setdefault(vpc.key, table)

    def _lost(self, part: Resource, argument: str) -> None:
        """Something of which it cannot be told what it belongs to; a literal ID belongs to nothing of ours."""
        value = part.value(argument)
        if isinstance(value, str) and "${" in value:
            self._stray.add(part.stack.key)


routing = once_per_graph(Routing)


def _known(destination: Any) -> str | None:
    return destination if isinstance(destination, str) and "${" not in destination else None


def _route(graph: Graph, holder: Resource, table: Resource, body: dict[str, Any]) -> Route:
    destination = next((body[name] for name in _DESTINATIONS if body.get(name)), None)
    kind = next((name for name in GATEWAYS if body.get(name)), "")
    value = body.get(kind) if kind else None
    return Route(
        holder=holder,
        table=table,
        destination=_known(destination) or ("a prefix list" if any(body.get(name) for name in _LISTS) else None),
        kind=kind,
        value=value,
        to=next(iter(graph.targets(holder, value)), None) if value else None,
    )
