"""Tables."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html"""
    for name, what in (("Read", "reads"), ("Write", "writes")):
        yield Rule(
            name=f"{name.lower()}-throttles",
            priority="P3",
            what=f"{{threshold}} or more {what} were turned away in five minutes.",
            do="See whether one key gets all of it; with provisioned capacity, raise it.",
            metric=Metric("AWS/DynamoDB", f"{name}ThrottleEvents", {"TableName": resource.ref("name")}, "Sum"),
            threshold=10,
            period=300,
            periods=1,
        )
