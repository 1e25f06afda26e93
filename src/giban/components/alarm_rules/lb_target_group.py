"""Targets of load balancers."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, env: Environment) -> Rules:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"""
    balancer = env.region.resources.get(f"aws_lb.{resource.label}")
    if balancer is None:
        return
    where = {"LoadBalancer": balancer.arn_suffix, "TargetGroup": resource.arn_suffix}
    yield Rule(
        name="unhealthy",
        priority="P2",
        what="{threshold} or more targets fail their health check.",
        do="Look at the application's log on them; the group replaces them when it goes on.",
        metric=Metric("AWS/ApplicationELB", "UnHealthyHostCount", where, "Maximum"),
        threshold=1,
    )
    yield Rule(
        name="healthy",
        priority="P1",
        what="No target is healthy: nobody is served.",
        do="Look at the application's log and at what was delivered last; take the last delivery back.",
        metric=Metric("AWS/ApplicationELB", "HealthyHostCount", where, "Minimum"),
        threshold=1,
        comparison="<",
        periods=2,
    )
