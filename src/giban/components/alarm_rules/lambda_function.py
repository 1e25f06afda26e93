"""Functions. That one fails is an alarm it is made with (`functions.alarm`)."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"""
    where = {"FunctionName": resource.function_name}
    yield Rule(
        name="throttles",
        priority="P3",
        what="Calls were turned away in five minutes: too many ran at once.",
        do="Raise its reserved concurrency or the account's limit, or let a queue hold the rush.",
        metric=Metric("AWS/Lambda", "Throttles", where, "Sum"),
        threshold=1,
        period=300,
        periods=1,
    )
    timeout = resource.value("timeout")
    if isinstance(timeout, int):
        yield Rule(
            name="duration",
            priority="P3",
            what="A call took {threshold} s or longer; at %s s it is ended." % timeout,  # noqa: UP031 - {threshold} stays
            do="See what it waits for; give it more memory or a longer timeout.",
            metric=Metric("AWS/Lambda", "Duration", where, "Maximum"),
            unit="s",
            threshold=round(0.9 * timeout, 1),
            scale=1000,
            period=300,
            periods=1,
        )
