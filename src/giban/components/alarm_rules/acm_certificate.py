"""Certificates."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """ACM renews 60 days before the end (https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html) and measures
    twice a day (https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html)."""
    yield Rule(
        name="certificate",
        priority="P2",
        what="The certificate ends in {threshold} days or fewer, and AWS has not renewed it.",
        do="See in ACM why; most often the DNS record of its validation is gone.",
        metric=Metric("AWS/CertificateManager", "DaysToExpiry", {"CertificateArn": resource.arn}, "Minimum"),
        unit="days",
        threshold=30,
        comparison="<=",
        period=86_400,
        periods=1,
    )
