"""Checks of route tables: where traffic goes, and where it gets lost."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.networks import differ, subnets_of, vpc_key, vpc_of, zone
from giban.checks.queries import dangling, multiplied, names, only
from giban.checks.registry import Hit, check
from giban.checks.routing import Route, routing
from giban.checks.serving import BALANCER_TYPES, subnets_named
from giban.checks.values import flag, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_SUBNET_GROUPS = {
    "aws_db_subnet_group": "database",
    "aws_docdb_subnet_group": "database",
    "aws_neptune_subnet_group": "database",
    "aws_redshift_subnet_group": "warehouse",
    "aws_elasticache_subnet_group": "cache",
    "aws_memorydb_subnet_group": "cache",
}
_OF_ONE_VPC = ("aws_internet_gateway", "aws_vpn_gateway", "aws_egress_only_internet_gateway")


@check("GB001", "warning", fix="Make a NAT gateway and a route table for each zone.", relaxed=True)
def nat_route_into_another_zone(graph: Graph) -> Iterator[Hit]:
    """NAT route into another zone.

    ## What it finds
    A route table whose route to a NAT gateway serves a subnet in another zone than the gateway's.

    ## Why it matters
    When the gateway's zone fails, the subnets in the zone that still works lose the internet too. And every gigabyte
    between the zones is paid for, on top of the price of NAT. One gateway for all is a fair choice for development.

    ## Example
    ```json
    {"resource": {
      "aws_subnet": {
        "public_a": {"availability_zone": "ap-northeast-2a"}, "app_c": {"availability_zone": "ap-northeast-2c"}},
      "aws_nat_gateway": {"a": {"subnet_id": "${aws_subnet.public_a.id}"}},
      "aws_route": {"app_c": {
        "route_table_id": "${aws_route_table.app_c.id}", "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "${aws_nat_gateway.a.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_subnet": {
        "public_c": {"availability_zone": "ap-northeast-2c"}, "app_c": {"availability_zone": "ap-northeast-2c"}},
      "aws_nat_gateway": {"c": {"subnet_id": "${aws_subnet.public_c.id}"}},
      "aws_route": {"app_c": {
        "route_table_id": "${aws_route_table.app_c.id}", "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "${aws_nat_gateway.c.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
    """
    index = routing(graph)
    for route in index.every():
        if not route.nat or route.to is None or route.table is None:
            continue
        home = graph.follow(route.to, "subnet_id")
        if home is None or multiplied(route.to) or multiplied(route.holder):
            continue
        here = zone(home)
        away = [subnet for subnet in index.subnets.get(route.table.key, []) if differ(zone(subnet), here)]
        if away:
            what = f"{names(away)} {'goes' if len(away) == 1 else 'go'} to the internet through {route.to.address}"
            yield route.holder, f"{what}, which is in another zone ({here})."


@check(
    "GB002", "error", fix="Put the NAT gateway into a public subnet: one with a default route to the internet gateway."
)
def nat_gateway_in_private_subnet(graph: Graph) -> Iterator[Hit]:
    """NAT gateway in a private subnet.

    ## What it finds
    A public NAT gateway in a subnet whose route table has no route to an internet gateway.

    ## Why it matters
    It is made without an error and passes no traffic: everything behind it waits until it times out.

    ## Example
    ```json
    {"resource": {"aws_nat_gateway": {"a": {
      "allocation_id": "${aws_eip.nat.id}", "subnet_id": "${aws_subnet.app_a.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_nat_gateway": {"a": {
      "allocation_id": "${aws_eip.nat.id}", "subnet_id": "${aws_subnet.public_a.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
    """
    for gateway in graph.all("aws_nat_gateway"):
        subnet = graph.follow(gateway, "subnet_id")
        if text(gateway, "connectivity_type", default="public") == "public" and subnet is not None:
            missing = _no_internet_gateway(graph, subnet)
            if missing:
                yield gateway, f"{subnet.address} {missing}, so the gateway passes no traffic."


@check("GB008", "warning", fix="Associate the subnet with the route table that it should follow.")
def subnet_without_route_table(graph: Graph) -> Iterator[Hit]:
    """Subnet left to the main route table.

    ## What it finds
    A subnet without an `aws_route_table_association`, in a VPC whose main route table is not in the graph either.

    ## Why it matters
    It follows the table that AWS made with the VPC, which nobody reviews: today it leads nowhere, and when somebody adds a
    route to the internet there, every forgotten subnet becomes public at once.

    ## Example
    ```json
    {"resource": {"aws_subnet": {"db_a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.8.0/24"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_subnet": {"db_a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.8.0/24"}},
      "aws_route_table_association": {"db_a": {
        "subnet_id": "${aws_subnet.db_a.id}", "route_table_id": "${aws_route_table.db.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    index = routing(graph)
    for subnet in graph.all("aws_subnet"):
        vpc = vpc_of(graph, subnet)
        if vpc is None or vpc.type != "aws_vpc" or index.has_main(graph, subnet):
            continue
        if index.associated(subnet) is False:
            yield subnet, "No route table is associated, so it follows whatever the VPC's main table says."


@check("GB009", "error", fix="Give the subnet's route table a default route to the VPC's internet gateway.")
def balancer_subnet_without_internet(graph: Graph) -> Iterator[Hit]:
    """Internet-facing load balancer in a private subnet.

    ## What it finds
    A load balancer that is not `internal` in a subnet whose route table has no default route to an internet gateway.

    ## Why it matters
    The name resolves to public addresses, and those in this subnet never answer. With one such subnet among several, some
    requests fail and some do not, which is the hardest kind to find.

    ## Example
    ```json
    {"resource": {"aws_lb": {"web": {"internal": false, "subnets": ["${aws_subnet.app_a.id}", "${aws_subnet.app_c.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb": {"web": {
      "internal": false, "subnets": ["${aws_subnet.public_a.id}", "${aws_subnet.public_c.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
    """
    for balancer in graph.all(*BALANCER_TYPES):
        if flag(balancer, "internal", default=False) is not False:
            continue
        for subnet in only(subnets_named(graph, balancer), "aws_subnet", "aws_default_subnet").known:
            missing = _no_internet_gateway(graph, subnet)
            if missing:
                yield balancer, f"It faces the internet, but {subnet.address} {missing}."


@check("GB010", "error", fix="Give the database subnets a route table without a default route.")
def database_subnet_with_internet(graph: Graph) -> Iterator[Hit]:
    """Database subnet with a way to the internet.

    ## What it finds
    A subnet of a database, warehouse or cache (by its subnet group) whose route table leads to an internet gateway, a NAT
    gateway or an egress-only gateway.

    ## Why it matters
    A managed database needs no way out. Through one, whoever gets into it (or a careless extension) can send the data
    away, and one wrong security group rule is enough to open it.

    ## Example
    ```json
    {"resource": {
      "aws_db_subnet_group": {"main": {"subnet_ids": ["${aws_subnet.db_a.id}"]}},
      "aws_route_table_association": {"db_a": {
        "subnet_id": "${aws_subnet.db_a.id}", "route_table_id": "${aws_route_table.with_nat.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_db_subnet_group": {"main": {"subnet_ids": ["${aws_subnet.db_a.id}"]}},
      "aws_route_table_association": {"db_a": {
        "subnet_id": "${aws_subnet.db_a.id}", "route_table_id": "${aws_route_table.without_routes.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    """
    seen: dict[tuple[str, str], tuple[Resource, str]] = {}
    for holder in graph.all(*_SUBNET_GROUPS):
        for subnet in subnets_of(graph, holder, "subnet_ids").resources:
            seen.setdefault(subnet.key, (subnet, f"the {_SUBNET_GROUPS[holder.type]} subnet group {holder.address}"))
    for subnet, group in seen.values():
        for route in routing(graph).way(graph, subnet).routes:
            if route.default and (route.nat or route.internet or route.kind == "egress_only_gateway_id"):
                through = route.to.address if route.to is not None else "a NAT gateway"
                yield (
                    subnet,
                    f"It belongs to {group}, and {route.holder.address} leads to the internet through {through}.",
                )
                break


@check("GB011", "error", fix="Correct the route's target, or remove the route.")
def route_to_nothing(graph: Graph) -> Iterator[Hit]:
    """Route that leads nowhere.

    ## What it finds
    A route without a target; a route to a resource that is not in the root; a route to a gateway of another VPC; a route to
    a peering connection of which this VPC is no end.

    ## Why it matters
    Terraform or AWS refuses some of these half-way through an apply. The others become a `blackhole`: traffic is dropped
    without a word.

    ## Example
    ```json
    {"resource": {"aws_route": {"office": {
      "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "10.9.0.0/16",
      "vpc_peering_connection_id": "${aws_vpc_peering_connection.removed.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_vpc_peering_connection": {"office": {
        "vpc_id": "${aws_vpc.main.id}", "peer_vpc_id": "vpc-0f3a", "peer_owner_id": "210987654321"}},
      "aws_route": {"office": {
        "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "10.9.0.0/16",
        "vpc_peering_connection_id": "${aws_vpc_peering_connection.office.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
    """
    for route in routing(graph).every():
        lost = _nowhere(graph, route)
        if lost:
            yield route.holder, f"The route to {route.destination or 'its destination'} {lost}."


@check("GB013", "error", fix="Keep one of the two routes.")
def duplicate_route(graph: Graph) -> Iterator[Hit]:
    """Two routes to the same destination.

    ## What it finds
    A route table with two routes to one destination, as blocks of the table, as `aws_route`, or one of each.

    ## Why it matters
    AWS refuses the second (`RouteAlreadyExists`). One as a block and one as a resource is worse: every apply removes what
    the other made, and which route is there depends on who came last.

    ## Example
    ```json
    {"resource": {
      "aws_route_table": {"app": {"route": [{"cidr_block": "0.0.0.0/0", "nat_gateway_id": "${aws_nat_gateway.a.id}"}]}},
      "aws_route": {"app": {
        "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "${aws_nat_gateway.c.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_route_table": {"app": {}},
      "aws_route": {"app": {
        "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "${aws_nat_gateway.a.id}"}}}}
    ```

    ## References
    - https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route
    """
    seen: dict[tuple[tuple[str, str], str], Route] = {}
    for route in routing(graph).every():
        if route.table is None or multiplied(route.table) or multiplied(route.holder):
            continue
        if route.destination in (None, "a prefix list"):
            continue
        first = seen.setdefault((route.table.key, route.destination), route)
        if first is not route:
            there = "already" if first.holder is route.holder else f"in {first.holder.address} too"
            yield route.holder, f"{route.table.address} has a route to {route.destination} {there}."


def _no_internet_gateway(graph: Graph, subnet: Resource) -> str | None:
    """Why a subnet certainly is not public, as the rest of a sentence; None when it is or may be."""
    if subnet.type != "aws_subnet":
        return None
    way = routing(graph).way(graph, subnet)
    if not way.complete:
        return None
    defaults = [route for route in way.routes if route.destination is None or route.default]
    if way.table is None:
        return "has no route table with a route to an internet gateway"
    if not defaults:
        return f"follows {way.table.address}, which has no route to an internet gateway"
    if all(route.nat for route in defaults):
        return f"follows {way.table.address}, which leads to a NAT gateway instead of an internet gateway"
    return None


def _nowhere(graph: Graph, route: Route) -> str | None:
    """Why a route leads nowhere, as the rest of a sentence."""
    if not route.kind:
        return "names no target" if "dynamic" not in route.holder.meta else None
    missing = dangling(route.holder, route.value)
    if missing:
        return f"leads to {missing}, which is not there"
    if route.to is None or route.table is None:
        return None
    here = vpc_key(graph, route.table)
    if here is None or vpc_of(graph, route.table) is None:
        return None
    if route.to.type in _OF_ONE_VPC:
        there = vpc_of(graph, route.to)
        if there is not None and there.key != here:
            return f"leads to {route.to.address}, which belongs to {there.address}"
    if route.to.type == "aws_vpc_peering_connection":
        ends = [graph.follow(route.to, "vpc_id"), graph.follow(route.to, "peer_vpc_id")]
        known = [end.key for end in ends if end is not None]
        if len(known) == len(ends) and here not in known:
            return f"leads to {route.to.address}, which does not connect this VPC"
    return None
