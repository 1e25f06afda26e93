"""A function that looks every minute, whether or not anything happened."""

from __future__ import annotations

from giban.components.environment import Scope
from giban.components.policies import allow, assume, document
from giban.graph.resource import Resource


def every_minute(scope: Scope, function_: Resource, description: str) -> None:
    """A schedule in `scope` that calls a function with `{"tick": true}`, and the role it takes. Nothing is tried again: the next
    tick sees everything that this one would have."""
    role = scope.add(
        "aws_iam_role",
        name=scope.name,
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        assume_role_policy=assume("scheduler.amazonaws.com", StringEquals={"aws:SourceAccount": scope.env.account_id}),
    )
    scope.add(
        "aws_iam_role_policy",
        name="invoke",
        role=role.id,
        policy=document(allow("Invoke", ["lambda:InvokeFunction"], function_.arn)),
    )
    scope.add(
        "aws_scheduler_schedule",
        name=scope.name,
        description=description,
        schedule_expression="rate(1 minute)",
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": function_.arn,
            "role_arn": role.arn,
            "input": '{"tick": true}',
            "retry_policy": {"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 0},
        },
    )
