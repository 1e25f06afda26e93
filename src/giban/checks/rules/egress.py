"""Checks of the way from instances to AWS itself: through NAT, through endpoints, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from giban.checks.firewalls import subnets_of_peer
from giban.checks.networks import vpc_key
from giban.checks.queries import multiplied, once_per_graph, only
from giban.checks.registry import Hit, check
from giban.checks.routing import routing
from giban.checks.serving import hosts
from giban.checks.values import flag, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]

_SESSIONS = ("ssm", "ssmmessages")
"""Endpoints without which Session Manager does not work.
https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html"""


@check("GB014", "warning", fix="Add a gateway endpoint (aws_vpc_endpoint) with this route table; it costs nothing.")
def nat_where_endpoints_would_do(graph: Graph) -> Iterator[Hit]:
    """NAT where endpoints would do.

    ## What it finds
    A route table with a route to a NAT gateway and without a gateway endpoint for S3 (and for DynamoDB, where the root has
    DynamoDB tables).

    ## Why it matters
    Traffic to S3 then goes through NAT, which costs several cents for every gigabyte: artifacts, logs, backups, container
    image layers. A gateway endpoint carries the same traffic for nothing, and it stays within AWS.

    ## Example
    ```json
    {"resource": {"aws_route": {"app_nat": {
      "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "0.0.0.0/0",
      "nat_gateway_id": "${aws_nat_gateway.a.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_route": {"app_nat": {
        "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "${aws_nat_gateway.a.id}"}},
      "aws_vpc_endpoint": {"s3": {
        "vpc_id": "${aws_vpc.main.id}", "service_name": "com.amazonaws.ap-northeast-2.s3",
        "route_table_ids": ["${aws_route_table.app.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    - https://aws.amazon.com/vpc/pricing/ (NAT gateway: price per GB processed)
    """
    wanted = ["s3", "dynamodb"] if graph.all("aws_dynamodb_table") else ["s3"]
    index = routing(graph)
    with_nat = {route.table.key: route.table for route in index.every() if route.table is not None and route.nat}
    for _, table in sorted(with_nat.items()):
        missing = [name for name in wanted if _through_nat(graph, table, name)]
        if missing:
            services = " and ".join({"s3": "S3", "dynamodb": "DynamoDB"}[name] for name in missing)
            yield table, f"Traffic to {services} goes through NAT and is paid for by the gigabyte."


@check("GB015", "error", fix="Add a NAT route, or interface endpoints for the services the instances call.")
def instances_without_way_to_aws(graph: Graph) -> Iterator[Hit]:
    """Instances that cannot reach AWS.

    ## What it finds
    An auto scaling group or instance with an instance role, in a subnet without a way to the AWS APIs: no default route, or
    one to an internet gateway while the instances get no public address; and no interface endpoint in the VPC. With some
    endpoints there, and Session Manager's policy on the role, its two endpoints (`ssm`, `ssmmessages`) have to be among them.

    ## Why it matters
    The instance boots, and then its first call (a secret, an artifact, the session agent) waits until it times out. It never
    becomes healthy and, without Session Manager, nobody can look why.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"worker": {
      "vpc_zone_identifier": ["${aws_subnet.without_any_route.id}"],
      "launch_template": {"id": "${aws_launch_template.with_role.id}"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_autoscaling_group": {"worker": {
        "vpc_zone_identifier": ["${aws_subnet.app.id}"], "launch_template": {"id": "${aws_launch_template.with_role.id}"}}},
      "aws_route": {"app_nat": {
        "route_table_id": "${aws_route_table.app.id}", "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "${aws_nat_gateway.a.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
    - https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
    """
    for member in graph.all("aws_autoscaling_group", "aws_instance"):
        host = hosts(graph, member)
        if host is None or not host.value("iam_instance_profile") or multiplied(member):
            continue
        if graph.referrers(member, "aws_eip", "aws_eip_association"):
            continue  # It has an address of its own.
        for subnet in only(subnets_of_peer(graph, member), "aws_subnet").known:
            barred = _no_way_out(graph, subnet, host)
            lacking = barred and _lacking_endpoints(graph, subnet, host)
            if barred and lacking:
                yield member, f"In {subnet.address}, {barred}, and the VPC has no interface endpoint {lacking}."
                break


class _Endpoints(msgspec.Struct):
    """The tables and VPCs from which an endpoint of one service is reached, and the stacks where that cannot be told."""

    tables: set[Key] = msgspec.field(default_factory=set)
    vpcs: set[Key] = msgspec.field(default_factory=set)
    unknown: set[str] = msgspec.field(default_factory=set)


@once_per_graph
def _endpoints(graph: Graph) -> dict[str, _Endpoints]:
    """Endpoints by service ("s3"); under "" those whose service is not known, which may be any."""
    found: dict[str, _Endpoints] = {}
    for endpoint in graph.all("aws_vpc_endpoint"):
        name = endpoint.value("service_name")
        if not isinstance(name, str):
            continue
        # `com.amazonaws.${data.aws_region.current.name}.s3` says enough, `${each.value}` does not.
        whole = name.startswith("${") and name.endswith("}")
        of_service = found.setdefault("" if whole else name.rsplit(".", 1)[-1], _Endpoints())
        if whole:
            of_service.unknown.add(endpoint.stack.key)
        elif text(endpoint, "vpc_endpoint_type", default="Gateway") == "Interface":
            # Private DNS sends the service's name to the endpoint, from everywhere in the VPC.
            of_service.vpcs |= {key for key in (vpc_key(graph, endpoint),) if key is not None}
        else:
            tables = graph.follow_all(endpoint, "route_table_ids")
            for part in graph.referrers(endpoint, "aws_vpc_endpoint_route_table_association"):
                tables = tables + graph.follow_all(part, "route_table_id")
            of_service.tables |= {table.key for table in tables}
            if isinstance(endpoint.value("route_table_ids"), str) and not tables:
                of_service.unknown.add(endpoint.stack.key)
    return found


def _through_nat(graph: Graph, table: Resource, service: str) -> bool:
    """Whether a table certainly has no endpoint of a service."""
    every = _endpoints(graph)
    own, unnamed = every.get(service, _Endpoints()), every.get("", _Endpoints())
    if table.stack.key in own.unknown | unnamed.unknown:
        return False
    return table.key not in own.tables and vpc_key(graph, table) not in own.vpcs


def _no_way_out(graph: Graph, subnet: Resource, host: Resource) -> str | None:
    """Why nothing gets out of a subnet, as a part of a sentence; None when something does or may."""
    way = routing(graph).way(graph, subnet)
    if not way.complete:
        return None
    out = [route for route in way.routes if route.destination is None or route.default]
    if not out:
        return "the instances have no default route"
    if not all(route.internet for route in out):
        return None
    addressed = _public_address(host)
    if addressed is None:
        addressed = flag(subnet, "map_public_ip_on_launch", default=False)
    return "the instances get no public address and the default route needs one" if addressed is False else None


def _public_address(host: Resource) -> bool | None:
    """Whether the instance or template has a public address, or may; None when it leaves that to the subnet."""
    for path in (("associate_public_ip_address",), ("network_interfaces", "associate_public_ip_address")):
        if host.value(*path) is not None:
            return flag(host, *path, default=False) is not False
    return None


def _lacking_endpoints(graph: Graph, subnet: Resource, host: Resource) -> str | None:
    """What the VPC lacks, as the end of a sentence: "at all", "for ssmmessages"; None when it lacks nothing certain."""
    key = vpc_key(graph, subnet)
    there: list[str] = []
    for endpoint in graph.all("aws_vpc_endpoint"):
        if text(endpoint, "vpc_endpoint_type", default="Gateway") == "Gateway":
            continue
        if vpc_key(graph, endpoint) not in (key, None):
            continue
        name = endpoint.value("service_name")
        if not isinstance(name, str) or name.endswith("}") or multiplied(endpoint):
            return None
        if not name.endswith((".s3", ".dynamodb")):
            there.append(name.rsplit(".", 1)[-1])
    if not there:
        return "at all"
    if not _uses_sessions(graph, host):
        return None
    lacking = [name for name in _SESSIONS if name not in there]
    return f"for {' and '.join(lacking)}" if lacking else None


def _uses_sessions(graph: Graph, host: Resource) -> bool:
    """Whether the role of an instance has Session Manager's policy attached."""
    profile = graph.follow(host, "iam_instance_profile")
    role = graph.follow(profile, "role") if profile is not None else None
    if role is None:
        return False
    return any(
        str(attachment.value("policy_arn")).endswith("/AmazonSSMManagedInstanceCore")
        for attachment in graph.referrers(role, "aws_iam_role_policy_attachment")
    )
