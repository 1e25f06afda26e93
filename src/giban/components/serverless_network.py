"""Functions that use databases: they run in the private subnets, and reach exactly these databases and AWS.

All others run outside of the VPC, where AWS's services are reached without NAT.
"""

from __future__ import annotations

from typing import Any

from giban.blueprint.types_serverless import Function
from giban.blueprint.uses import use_of
from giban.components.environment import Scope
from giban.components.network import network
from giban.components.policies import Statement, allow
from giban.components.reach import to_aws, to_database

INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
"""What Lambda does in a function's name to put it into a VPC. None of it can name its resources beforehand
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions)."""


def databases_of(function: Function) -> list[str]:
    """The databases that a function uses, sorted."""
    return sorted({use.name for use in map(use_of, function.uses) if use.section == "databases"})


def interface_statements(function: Function) -> list[Statement]:
    """What the role of a function in the VPC may do besides."""
    return [allow("Network", INTERFACES, "*")] if databases_of(function) else []


def place(scope: Scope, name: str, function: Function) -> dict[str, Any]:
    """The argument that puts a function into the VPC, with its security group; nothing for one that uses no database."""
    used = databases_of(function)
    if not used:
        return {}
    net = network(scope.env)
    group = scope.add(
        "aws_security_group",
        name=f"{scope.name}-function",
        description=f"Function {name}",
        vpc_id=net.vpc.id,
        # Rules of databases point here: the new group must be there before the old one goes.
        lifecycle={"create_before_destroy": True},
    )
    to_aws(scope, group)
    for item in used:
        to_database(scope, group, f"function {name}", item)
    return {"vpc_config": {"subnet_ids": net.subnet_ids("was"), "security_group_ids": [group.id]}}
