"""Topics."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html"""
    yield Rule(
        name="undelivered",
        priority="P3",
        what="Messages did not reach a subscriber.",
        do="See which subscription fails: a queue's policy, an address that does not answer.",
        metric=Metric("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": resource.ref("name")}, "Sum"),
        threshold=1,
        period=300,
        periods=1,
    )
