"""`network.endpoints`: the free gateway endpoints of S3 and DynamoDB always, interface endpoints on request."""

from __future__ import annotations

from giban.components.environment import Environment, part
from giban.components.network import network
from giban.graph.resource import Resource

GATEWAY = ("dynamodb", "s3")
"""Services with gateway endpoints; they cost nothing
(https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html)."""


def expand(env: Environment) -> None:
    """Endpoints of every network."""
    gateway_endpoints(env)
    names = sorted(set(env.blueprint.network.endpoints) - set(GATEWAY))
    if names:
        _interface_endpoints(env, names)


@part
def gateway_endpoints(env: Environment) -> dict[str, Resource]:
    """The gateway endpoints by service, on the private and the database route tables."""
    net = network(env)
    tables = [str(table.id) for table in [*net.private_routes, net.database_routes]]
    return {
        service: env.scope("network", label=service).add(
            "aws_vpc_endpoint",
            vpc_id=net.vpc.id,
            service_name=f"com.amazonaws.{env.region_name}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
        )
        for service in GATEWAY
    }


def _interface_endpoints(env: Environment, names: list[str]) -> None:
    net = network(env)
    scope = env.scope("network", label="endpoints")
    group = scope.add(
        "aws_security_group",
        name=f"{env.prefix}-endpoints",
        description="Interface endpoints: HTTPS from the VPC",
        vpc_id=net.vpc.id,
    )
    scope.add(
        "aws_vpc_security_group_ingress_rule",
        "https",
        security_group_id=group.id,
        description="HTTPS from the VPC",
        cidr_ipv4=net.vpc.cidr_block,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
    )
    for name in names:
        env.scope("network", label=name.replace(".", "-")).add(
            "aws_vpc_endpoint",
            vpc_id=net.vpc.id,
            service_name=f"com.amazonaws.{env.region_name}.{name}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=net.subnet_ids("was"),
            security_group_ids=[group.id],
        )
