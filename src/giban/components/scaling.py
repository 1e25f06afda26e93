"""How a group grows and shrinks: target tracking on CPU, and steps for jumps that tracking follows too slowly."""

from __future__ import annotations

from typing import Any

from giban.blueprint.defaults import steps_of
from giban.blueprint.types import Scale, Step
from giban.components.environment import Scope
from giban.graph.resource import Resource


def add_policies(scope: Scope, scale: Scale, group: Resource) -> None:
    """Scaling policies of a group, with the alarms that start the step policies."""
    scope.add(
        "aws_autoscaling_policy",
        "cpu",
        name=f"{scope.name}-cpu",
        autoscaling_group_name=group.ref("name"),
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {"predefined_metric_type": "ASGAverageCPUUtilization"},
            "target_value": scale.cpu,
        },
    )
    out = sorted((step for step in steps_of(scale) if step.over >= 0), key=lambda step: step.over)
    back = sorted((step for step in steps_of(scale) if step.over < 0), key=lambda step: -step.over)
    for direction, steps in (("out", out), ("in", back)):
        if steps:
            _step_policy(scope, scale, group, direction, steps)


def _step_policy(scope: Scope, scale: Scale, group: Resource, direction: str, steps: list[Step]) -> None:
    grow = direction == "out"
    threshold = scale.cpu + steps[0].over
    policy = scope.add(
        "aws_autoscaling_policy",
        f"scale_{direction}",
        name=f"{scope.name}-scale-{direction}",
        autoscaling_group_name=group.ref("name"),
        policy_type="StepScaling",
        adjustment_type="ChangeInCapacity",
        metric_aggregation_type="Average",
        step_adjustment=[_adjustment(steps, index, grow) for index in range(len(steps))],
    )
    scope.add(
        "aws_cloudwatch_metric_alarm",
        f"scale_{direction}",
        alarm_name=f"{scope.name}-scale-{direction}",
        alarm_description=f"{scope.label}: scale {direction} when CPU is {'over' if grow else 'under'} {threshold} %",
        namespace="AWS/EC2",
        metric_name="CPUUtilization",
        dimensions={"AutoScalingGroupName": group.ref("name")},
        statistic="Average",
        period=60,
        # Growing is quick, shrinking waits a quarter of an hour.
        evaluation_periods=3 if grow else 15,
        threshold=threshold,
        comparison_operator="GreaterThanOrEqualToThreshold" if grow else "LessThanOrEqualToThreshold",
        treat_missing_data="missing",
        alarm_actions=[policy.arn],
    )


def _adjustment(steps: list[Step], index: int, grow: bool) -> dict[str, Any]:
    """Bounds are relative to the alarm's threshold, which is the first step's
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html)."""
    here = abs(steps[index].over - steps[0].over)
    beyond = abs(steps[index + 1].over - steps[0].over) if index + 1 < len(steps) else None
    lower, upper = (here, beyond) if grow else (None if beyond is None else -beyond, -here)
    return {
        "scaling_adjustment": steps[index].change,
        "metric_interval_lower_bound": None if lower is None else str(lower),
        "metric_interval_upper_bound": None if upper is None else str(upper),
    }
