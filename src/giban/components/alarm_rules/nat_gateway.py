"""NAT gateways."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html"""
    where = {"NatGatewayId": resource.id}
    yield Rule(
        name="ports",
        priority="P2",
        what="New connections to the outside fail: the NAT gateway has no port left for them.",
        do="See who opens so many connections to one address; keep connections open instead of making new ones.",
        metric=Metric("AWS/NATGateway", "ErrorPortAllocation", where, "Sum"),
        threshold=1,
        period=300,
        periods=1,
    )
    yield Rule(
        name="bytes",
        priority="P4",
        what="{threshold} GiB or more went out in an hour; each of them is paid for.",
        do="See what is sent (flow logs); S3 and DynamoDB have gateway endpoints that cost nothing.",
        metric=Metric("AWS/NATGateway", "BytesOutToDestination", where, "Sum"),
        unit="GiB",
        threshold=50,
        scale=2.0**30,
        period=3600,
        periods=1,
    )
