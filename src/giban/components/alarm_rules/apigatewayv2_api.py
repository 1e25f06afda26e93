"""HTTP APIs."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"""
    where = {"ApiId": resource.id}

    def metric(name: str, statistic: str = "Sum") -> Metric:
        return Metric("AWS/ApiGateway", name, where, statistic)

    yield Rule(
        name="5xx",
        priority="P1",
        what="{threshold} % or more of the requests are answered with 5xx.",
        do="Look at the log of the function behind it and at what was delivered last.",
        expression=(
            "IF(requests >= 20, 100 * errors / requests, 0)",
            {"errors": metric("5xx"), "requests": metric("Count")},
        ),
        unit="%",
        threshold=5,
    )
    yield Rule(
        name="4xx",
        priority="P3",
        what="{threshold} % or more of the requests are answered with 4xx for a quarter of an hour.",
        do="Look at the access log: a page that asks for the wrong thing, expired logins, or somebody who is trying doors.",
        expression=(
            "IF(requests >= 50, 100 * errors / requests, 0)",
            {"errors": metric("4xx"), "requests": metric("Count")},
        ),
        unit="%",
        threshold=50,
        periods=15,
    )
    yield Rule(
        name="latency",
        priority="P2",
        what="One request in twenty takes {threshold} seconds or longer.",
        do="Look at the function's duration and at what it waits for.",
        metric=metric("Latency", "p95"),
        unit="s",
        threshold=3,
        scale=1000,
    )
