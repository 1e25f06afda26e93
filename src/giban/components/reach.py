"""Network paths that several kinds of components open: to AWS over HTTPS, and to databases. Each end opens for the other only."""

from __future__ import annotations

from typing import Any

from giban.blueprint.defaults import nat_of
from giban.components.databases import database
from giban.components.endpoints import gateway_endpoints
from giban.components.environment import Scope
from giban.components.network import ANYWHERE, network
from giban.graph.resource import Resource


def to_aws(scope: Scope, group: Resource) -> None:
    """Out of a security group: HTTPS to everywhere, or to what is there without NAT."""
    env = scope.env
    if nat_of(env.blueprint, env.stage) == "none":
        # Without NAT there is only the VPC (interface endpoints) and the gateway endpoints.
        destinations: dict[str, dict[str, Any]] = {
            "https_vpc": {"cidr_ipv4": network(env).vpc.cidr_block},
            **{
                f"https_{service_name}": {"prefix_list_id": endpoint.prefix_list_id}
                for service_name, endpoint in gateway_endpoints(env).items()
            },
        }
    else:
        destinations = {"https": {"cidr_ipv4": ANYWHERE}}
    for suffix, destination in destinations.items():
        scope.add(
            "aws_vpc_security_group_egress_rule",
            suffix,
            security_group_id=group.id,
            description="HTTPS to AWS and to package sources",
            **destination,
            **tcp(443),
        )


def to_database(scope: Scope, group: Resource, user: str, item: str) -> None:
    """From a security group, that of `user`, to the database `item`."""
    target = database(scope.env, item)
    label = item.replace("-", "_")
    scope.add(
        "aws_vpc_security_group_egress_rule",
        f"to_{label}_db",
        security_group_id=group.id,
        description=f"To database {item}",
        referenced_security_group_id=target.group.id,
        **tcp(target.port),
    )
    scope.add(
        "aws_vpc_security_group_ingress_rule",
        f"{label}_db",
        security_group_id=target.group.id,
        description=f"From {user}",
        referenced_security_group_id=group.id,
        **tcp(target.port),
    )


def tcp(port: int | None) -> dict[str, Any]:
    """The arguments of a rule for one port."""
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port}
