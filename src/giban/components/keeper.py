"""The keeper: one function for everything that is turned on and off. It looks every minute, and at every change of a
workstation's instance, whether what is should be; what it is told of groups and databases is `power`'s."""

from __future__ import annotations

import msgspec

from giban.components import power
from giban.components.alarm_parts import alarm_table, alarm_topic, has_alarms
from giban.components.environment import Environment, Scope, part
from giban.components.functions import alarm, function
from giban.components.minutely import every_minute
from giban.components.policies import Statement, allow
from giban.components.workstation_host import host
from giban.components.workstation_parts import (
    host_secret,
    power_statements,
    secret_statements,
    settings_of,
    table,
)
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """The keeper, when there is something to keep."""
    if env.blueprint.workstations or power.any_target(env):
        keeper(env)


@part
def keeper(env: Environment) -> Resource:
    """The function that starts and stops, what wakes it, and the alarm that it does not run."""
    scope = keeper_scope(env, "keeper")
    names = sorted(env.blueprint.workstations)
    known = {
        name: {
            "instance": str(host(env, name).instance.id),
            "host_secret": str(host_secret(env, name).arn),
            "settings": settings_of(env, name),
        }
        for name in names
    }
    instances = [host(env, name).instance for name in names]
    variables = {"GIBAN_TABLE": str(table(env).ref("name")), "GIBAN_PREFIX": env.prefix}
    if names:
        variables["GIBAN_WORKSTATIONS"] = msgspec.json.encode(known).decode()
    fleets = power.any_target(env)
    # Who is told when something is stopped on purpose, and when something stands in the way.
    tells = fleets and has_alarms(env)
    if tells:
        variables["GIBAN_ALARMS_TABLE"] = str(alarm_table(env).ref("name"))
        variables["GIBAN_ALARMS_TOPIC"] = str(alarm_topic(env).arn)
    made = function(
        scope,
        "",
        f"{env.prefix}-keeper",
        "keeper",
        ("power", "fleets") if fleets else ("power",),
        "runtime.power.keeper.handle",
        _description(names, fleets),
        variables,
        [
            allow(
                "Table",
                ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                table(env).arn,
            ),
            *(power_statements(env, instances) if names else []),
            *secret_statements(env, [host_secret(env, name) for name in names], *(["sns"] if tells else [])),
            *power.statements(env),
            *(_telling(env) if tells else []),
        ],
        # A tick a minute: one that takes longer has been overtaken by the next.
        timeout=55,
        extra=lambda: {power.CONFIG: power.config(env)} if fleets else {},
    )
    _every_minute(env, made)
    if names:
        _on_changes(env, made, instances)
    whose = "The keeper of the workstations" if names and not fleets else "The keeper"
    alarm(
        scope,
        "heartbeat",
        f"{env.prefix}-keeper-heartbeat",
        f"{whose} has not run for five minutes: nothing is stopped by itself.",
        made,
        metric="Invocations",
        comparison="LessThanThreshold",
        threshold=1,
        missing="breaching",
    )
    return made


def _telling(env: Environment) -> list[Statement]:
    return [
        allow("Mutes", ["dynamodb:PutItem"], alarm_table(env).arn),
        allow("Problems", ["sns:Publish"], alarm_topic(env).arn),
    ]


def keeper_scope(env: Environment, label: str) -> Scope:
    """A scope of the keeper's own. Its resources have the same addresses whatever is kept, so that adding the first workstation
    or the first schedule changes the function and replaces nothing."""
    return env.scope("workstations" if env.blueprint.workstations else "power", label=label)


def _description(names: list[str], fleets: bool) -> str:
    if not fleets:
        return "Starts and stops workstations as people, schedules and rules want it"
    return f"Starts and stops services and databases{', and workstations,' if names else ''} by their schedules"


def _every_minute(env: Environment, function_: Resource) -> None:
    """The keeper's clock."""
    looks = "The keeper of the workstations looks" if env.blueprint.workstations else "The keeper looks"
    every_minute(keeper_scope(env, "keeper-tick"), function_, looks)
    keeper_scope(env, "keeper").add(
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
        scope = keeper_scope(env, label)
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
