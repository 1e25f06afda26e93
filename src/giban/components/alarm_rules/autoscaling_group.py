"""Groups of instances: CPU, and through the agent (`alarm_agent`) memory and disk."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, env: Environment) -> Rules:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html"""
    where = {"AutoScalingGroupName": resource.ref("name")}
    yield Rule(
        name="cpu",
        priority="P2",
        what="CPU is at {threshold} % or more on average for ten minutes, though the group may grow.",
        do="See whether the group is at its largest (`scale.max`), and what uses the CPU.",
        metric=Metric("AWS/EC2", "CPUUtilization", where, "Average"),
        unit="%",
        threshold=85,
        periods=10,
    )
    yield Rule(
        name="memory",
        priority="P2",
        what="An instance has {threshold} % or more of its memory in use for ten minutes.",
        do="Look for a leak; a restart helps for now, a larger instance type for longer.",
        metric=Metric(env.prefix, "mem_used_percent", where, "Maximum"),
        unit="%",
        threshold=90,
        periods=10,
    )
    yield Rule(
        name="disk",
        priority="P2",
        what="A disk of an instance is {threshold} % full or more.",
        do="See what grows (logs, uploads); replace the instance, or raise `disk`.",
        metric=Metric(env.prefix, "disk_used_percent", where, "Maximum"),
        unit="%",
        threshold=85,
    )
    least = resource.value("min_size")
    if isinstance(least, int) and least > 0:
        yield Rule(
            name="instances",
            priority="P2",
            what="Fewer than {threshold} instances are in service for ten minutes.",
            do="Look at the group's activity history: capacity, quota, image or start script may be the reason.",
            metric=Metric("AWS/AutoScaling", "GroupInServiceInstances", where, "Minimum"),
            threshold=least,
            comparison="<",
            periods=10,
        )
