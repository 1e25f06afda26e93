"""Load balancers: what they themselves refuse, and how long their targets take."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"""
    if resource.value("load_balancer_type") != "application":
        return
    where = {"LoadBalancer": resource.arn_suffix}

    def metric(name: str, statistic: str = "Sum") -> Metric:
        return Metric("AWS/ApplicationELB", name, where, statistic)

    yield Rule(
        name="5xx",
        priority="P1",
        what="{threshold} % or more of the requests are answered with 5xx.",
        do="Look at the application's log and at what was delivered last; a database or a service behind it may be down.",
        # Three errors at night are no outage; below 20 requests a minute nobody is told.
        expression=(
            "IF(requests >= 20, 100 * errors / requests, 0)",
            {"errors": metric("HTTPCode_Target_5XX_Count"), "requests": metric("RequestCount")},
        ),
        unit="%",
        threshold=5,
    )
    yield Rule(
        name="refused",
        priority="P1",
        what="The load balancer itself answers {threshold} or more requests a minute with 5xx: no target takes them in time.",
        do="See whether the targets are healthy and there are enough of them.",
        metric=metric("HTTPCode_ELB_5XX_Count"),
        threshold=10,
        periods=3,
    )
    yield Rule(
        name="latency",
        priority="P2",
        what="One request in twenty takes {threshold} seconds or longer.",
        do="Look at CPU of the instances and at slow queries of the database.",
        metric=metric("TargetResponseTime", "p95"),
        unit="s",
        threshold=1,
    )
