"""`network`: VPC, subnets of four tiers in every zone, routes, NAT, flow logs, and a closed default security group."""

from __future__ import annotations

import msgspec

from giban.blueprint import ranges
from giban.blueprint.defaults import nat_of
from giban.components.environment import Environment, Scope, part
from giban.components.logs import log_group
from giban.components.policies import allow, assume, document
from giban.graph.resource import Resource

ANYWHERE = "0.0.0.0/0"


class Network(msgspec.Struct, frozen=True):
    """What others need of the network: subnets by tier and zone; `private_routes` has one table a zone."""

    vpc: Resource
    subnets: dict[str, list[Resource]]
    private_routes: list[Resource]
    database_routes: Resource

    def subnet_ids(self, tier: str) -> list[str]:
        """References to a tier's subnets."""
        return [str(subnet.id) for subnet in self.subnets[tier]]


def expand(env: Environment) -> None:
    """The network is always there."""
    network(env)


@part
def network(env: Environment) -> Network:
    """The VPC and everything that belongs to it."""
    settings = env.blueprint.network
    scope = env.scope("network", label="main")
    vpc = scope.add(
        "aws_vpc",
        cidr_block=settings.cidr,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags={"Name": env.prefix},
    )
    scope.add("aws_default_security_group", vpc_id=vpc.id, tags={"Name": f"{env.prefix}-default-closed"})
    subnets = {tier: [_subnet(scope, vpc, tier, zone) for zone in range(len(env.zones))] for tier in ranges.TIERS}
    private = _routes(env, scope, vpc, subnets)
    if settings.flow_logs:
        _flow_log(env, vpc)
    return Network(vpc, subnets, private[:-1], private[-1])


def zone_label(scope: Scope, name: str) -> Scope:
    """The same component under another label: `aws_subnet.web_a` rather than `aws_subnet.main_web_a`."""
    return scope.env.scope("network", label=name)


def _subnet(scope: Scope, vpc: Resource, tier: str, zone: int) -> Resource:
    env = scope.env
    letter = env.zones[zone]
    return zone_label(scope, f"{tier}-{letter}").add(
        "aws_subnet",
        vpc_id=vpc.id,
        availability_zone=f"{env.region_name}{letter}",
        cidr_block=ranges.subnet(env.blueprint.network.cidr, tier, zone),
        map_public_ip_on_launch=False,
        tags={"Name": f"{env.prefix}-{tier}-{letter}", "Tier": tier},
    )


def _routes(env: Environment, scope: Scope, vpc: Resource, subnets: dict[str, list[Resource]]) -> list[Resource]:
    """Route tables: one public, one private a zone, one for databases (the last of the result) that leads nowhere."""
    gateway = scope.add("aws_internet_gateway", vpc_id=vpc.id, tags={"Name": env.prefix})
    public = zone_label(scope, "public").add("aws_route_table", vpc_id=vpc.id)
    zone_label(scope, "public-internet").add(
        "aws_route", route_table_id=public.id, destination_cidr_block=ANYWHERE, gateway_id=gateway.id
    )
    nat = nat_of(env.blueprint, env.stage)
    gateways: list[Resource] = []
    tables: list[Resource] = []
    for zone, letter in enumerate(env.zones):
        if nat == "per-zone" or (nat == "single" and zone == 0):
            gateways.append(_nat(scope, subnets["public"][zone], gateway, letter))
        table = zone_label(scope, f"private-{letter}").add("aws_route_table", vpc_id=vpc.id)
        if gateways:
            zone_label(scope, f"private-{letter}-nat").add(
                "aws_route", route_table_id=table.id, destination_cidr_block=ANYWHERE, nat_gateway_id=gateways[-1].id
            )
        tables.append(table)
    database = zone_label(scope, "db").add("aws_route_table", vpc_id=vpc.id)
    for zone in range(len(env.zones)):
        for tier, table in {"public": public, "web": tables[zone], "was": tables[zone], "db": database}.items():
            subnet = subnets[tier][zone]
            scope.stack.add(
                "aws_route_table_association",
                subnet.label,
                component=scope.component,
                origin=scope.origin,
                subnet_id=subnet.id,
                route_table_id=table.id,
            )
    return [*tables, database]


def _nat(scope: Scope, subnet: Resource, gateway: Resource, letter: str) -> Resource:
    named = zone_label(scope, f"nat-{letter}")
    # AWS asks for the internet gateway to be there before an address or a NAT gateway is used.
    address = named.add("aws_eip", domain="vpc", depends_on=[gateway.address])
    return named.add("aws_nat_gateway", allocation_id=address.id, subnet_id=subnet.id, depends_on=[gateway.address])


def _flow_log(env: Environment, vpc: Resource) -> None:
    flow = env.scope("network", label="flow-log")
    group = log_group(flow, f"/{env.prefix}/network/flow")
    role = flow.add(
        "aws_iam_role", name=f"{env.prefix}-flow-log", assume_role_policy=assume("vpc-flow-logs.amazonaws.com")
    )
    flow.add(
        "aws_iam_role_policy",
        role=role.id,
        name="write",
        policy=document(
            allow(
                "Write",
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                [group.arn, f"{group.arn}:*"],
            ),
        ),
    )
    flow.add(
        "aws_flow_log",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=600,
    )
