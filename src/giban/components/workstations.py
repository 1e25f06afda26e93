"""`workstations`: for each a host (`workstation_host`) and an admin API (`workstation_admin`); for all of them one table and
one keeper, which looks every minute and at every change of an instance whether what is should be.
"""

from __future__ import annotations

import msgspec

from giban.components.environment import Environment, part
from giban.components.functions import alarm, function
from giban.components.policies import allow, assume, document
from giban.components.workstation_admin import admin
from giban.components.workstation_host import host
from giban.components.workstation_parts import host_secret, power_statements, secret_statements, settings_of, table
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """Every workstation of the blueprint, and the keeper when there is one."""
    names = sorted(env.blueprint.workstations)
    for name in names:
        host(env, name)
        admin(env, name)
    if names:
        keeper(env)


@part
def keeper(env: Environment) -> Resource:
    """The function that starts and stops, what wakes it, and the alarm that it does not run."""
    scope = env.scope("workstations", label="keeper")
    names = sorted(env.blueprint.workstations)
    known = {
        name: {
            "instance": str(host(env, name).instance.id),
            "host_secret": str(host_secret(env, name).arn),
            "settings": settings_of(env, name),
        }
        for name in names
    }
    made = function(
        scope,
        "",
        f"{env.prefix}-keeper",
        "keeper",
        ("power",),
        "runtime.power.keeper.handle",
        "Starts and stops workstations as people, schedules and rules want it",
        {
            "GIBAN_TABLE": str(table(env).ref("name")),
            "GIBAN_PREFIX": env.prefix,
            "GIBAN_WORKSTATIONS": msgspec.json.encode(known).decode(),
        },
        [
            allow(
                "Table",
                ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                table(env).arn,
            ),
            *power_statements(env, [host(env, name).instance for name in names]),
            *secret_statements(env, [host_secret(env, name) for name in names]),
        ],
        # A tick a minute: one that takes longer has been overtaken by the next.
        timeout=55,
    )
    _every_minute(env, made)
    _on_changes(env, made, [host(env, name).instance for name in names])
    alarm(
        scope,
        "heartbeat",
        f"{env.prefix}-keeper-heartbeat",
        "The keeper of the workstations has not run for five minutes: nothing is stopped by itself.",
        made,
        metric="Invocations",
        comparison="LessThanThreshold",
        threshold=1,
        missing="breaching",
    )
    return made


def _every_minute(env: Environment, function_: Resource) -> None:
    """The keeper's clock. Nothing is tried again: the next tick sees everything that this one would have."""
    scope = env.scope("workstations", label="keeper-tick")
    role = scope.add(
        "aws_iam_role",
        name=scope.name,
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        assume_role_policy=assume("scheduler.amazonaws.com", StringEquals={"aws:SourceAccount": env.account_id}),
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
        description="The keeper of the workstations looks",
        schedule_expression="rate(1 minute)",
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": function_.arn,
            "role_arn": role.arn,
            "input": '{"tick": true}',
            "retry_policy": {"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 0},
        },
    )
    env.scope("workstations", label="keeper").add(
        "aws_lambda_function_event_invoke_config",
        function_name=function_.function_name,
        maximum_event_age_in_seconds=60,
        maximum_retry_attempts=0,
    )


def _on_changes(env: Environment, function_: Resource, instances: list[Resource]) -> None:
    """What EC2 tells of these instances: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html"""
    ids = [str(instance.id) for instance in instances]
    for label, kind, what in (
        ("keeper-states", "EC2 Instance State-change Notification", "A workstation was started or stopped"),
        ("keeper-spot", "EC2 Spot Instance Interruption Warning", "A workstation's spot instance is about to go"),
    ):
        scope = env.scope("workstations", label=label)
        pattern = {"source": ["aws.ec2"], "detail-type": [kind], "detail": {"instance-id": ids}}
        rule = scope.add(
            "aws_cloudwatch_event_rule",
            name=scope.name,
            description=what,
            event_pattern=msgspec.json.encode(pattern).decode(),
        )
        scope.add("aws_cloudwatch_event_target", rule=rule.ref("name"), target_id="keeper", arn=function_.arn)
        scope.add(
            "aws_lambda_permission",
            statement_id=label,
            action="lambda:InvokeFunction",
            function_name=function_.function_name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
        )
