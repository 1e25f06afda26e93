"""Single instances: the way in, workstations."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource


def watch(resource: Resource, env: Environment) -> Rules:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html"""
    where = {"InstanceId": resource.id}
    yield Rule(
        name="check",
        priority="P2",
        what="The machine fails EC2's status checks.",
        do="Stop and start it: it comes up on other hardware.",
        metric=Metric("AWS/EC2", "StatusCheckFailed", where, "Maximum"),
        threshold=1,
    )
    if not resource.component.startswith("workstations."):
        return
    yield Rule(
        name="memory",
        priority="P4",
        what="{threshold} % or more of the memory is in use for ten minutes.",
        do="Close what is not needed, or choose a larger instance type.",
        metric=Metric(env.prefix, "mem_used_percent", where, "Maximum"),
        unit="%",
        threshold=95,
        periods=10,
    )
    yield Rule(
        name="disk",
        priority="P3",
        what="A disk is {threshold} % full or more.",
        do="Remove old images (`docker system prune`), or raise `disk`: it grows without a new machine.",
        metric=Metric(env.prefix, "disk_used_percent", where, "Maximum"),
        unit="%",
        threshold=90,
    )
