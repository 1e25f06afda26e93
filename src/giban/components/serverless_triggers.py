"""What calls functions beside APIs: objects in buckets, messages of queues and topics, changes of tables, the clock."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.blueprint.durations import seconds_of
from giban.blueprint.types_serverless import Trigger
from giban.blueprint.validate_functions import kind_of, triggers_on
from giban.components.buckets import bucket
from giban.components.environment import Environment, Scope, fit, part
from giban.components.policies import allow, assume, document
from giban.components.serverless_functions import Called, called, function_scope
from giban.components.serverless_queues import failed_events, queue, topic
from giban.components.serverless_tables import table
from giban.components.serverless_uses import handled
from giban.graph.resource import Resource

LEAST_POLLERS = 2
"""Fewest functions at once that a queue can be limited to
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency)."""
RECORDS = 100
"""Changes of a table in one call."""
LATE = 3600
"""Seconds that a scheduled call is tried to be made."""
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""EventBridge counts from Sunday (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based)."""


def expand(env: Environment) -> None:
    """Every trigger of every function."""
    for name in sorted(env.blueprint.functions):
        scope, called_ = function_scope(env, name), called(env, name)
        for trigger in env.blueprint.functions[name].triggers:
            match kind_of(trigger):
                case "queue":
                    _queue(env, scope, name, called_, trigger)
                case "topic":
                    _topic(env, scope, called_, trigger)
                case "table":
                    _table(env, scope, name, called_, trigger)
                case "schedule" | "every":
                    _clock(env, scope, name, called_, trigger)
        for one in handled(env, name):
            _take(scope, called_, f"dead_{_word(one)}", queue(env, one).dead, None, None, None)
    for name in sorted(env.blueprint.buckets):
        if any(triggers_on(env.blueprint, "bucket", name)):
            _notification(env, name)


def _queue(env: Environment, scope: Scope, name: str, called_: Called, trigger: Trigger) -> None:
    assert trigger.queue is not None  # noqa: S101 - its kind was asked
    reserved = env.blueprint.functions[name].concurrency.reserved
    source = queue(env, trigger.queue).queue
    _take(scope, called_, f"queue_{_word(trigger.queue)}", source, trigger.batch, _seconds(trigger), reserved)


def _take(
    scope: Scope,
    called_: Called,
    suffix: str,
    source: Resource,
    batch: int | None,
    wait: int | None,
    reserved: int | None,
) -> None:
    limited = reserved is not None and reserved >= LEAST_POLLERS
    scope.add(
        "aws_lambda_event_source_mapping",
        suffix,
        event_source_arn=source.arn,
        function_name=called_.arn,
        batch_size=batch or 10,
        maximum_batching_window_in_seconds=wait,
        # The function may say which messages failed; the others are not handed out again.
        function_response_types=["ReportBatchItemFailures"],
        # Without it more would be fetched than may run, and be counted as tried.
        scaling_config={"maximum_concurrency": min(1000, reserved or 0)} if limited else None,
    )


def _topic(env: Environment, scope: Scope, called_: Called, trigger: Trigger) -> None:
    assert trigger.topic is not None  # noqa: S101 - its kind was asked
    suffix = f"topic_{_word(trigger.topic)}"
    arn = topic(env, trigger.topic).arn
    permission = _may_call(scope, suffix, called_, "sns.amazonaws.com", source_arn=arn)
    scope.add(
        "aws_sns_topic_subscription",
        suffix,
        topic_arn=arn,
        protocol="lambda",
        endpoint=called_.arn,
        depends_on=[permission.address],
    )


def _table(env: Environment, scope: Scope, name: str, called_: Called, trigger: Trigger) -> None:
    assert trigger.table is not None  # noqa: S101 - its kind was asked
    scope.add(
        "aws_lambda_event_source_mapping",
        f"table_{_word(trigger.table)}",
        event_source_arn=table(env, trigger.table).stream_arn,
        function_name=called_.arn,
        # From the first change on: what happens between making the table and the trigger counts too.
        starting_position="TRIM_HORIZON",
        batch_size=trigger.batch or RECORDS,
        maximum_batching_window_in_seconds=_seconds(trigger),
        function_response_types=["ReportBatchItemFailures"],
        # A change that cannot be processed must not hold up all that follow.
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=env.blueprint.functions[name].retries,
        destination_config={"on_failure": {"destination_arn": failed_events(env).arn}},
    )


def _clock(env: Environment, scope: Scope, name: str, called_: Called, trigger: Trigger) -> None:
    if trigger.every is not None:
        words, expression = f"every_{trigger.every}", rate(trigger.every)
    else:
        words, expression = f"at_{trigger.schedule}_{trigger.time_zone}", cron(trigger.schedule or "")
    suffix = "".join(
        letter for letter in _word(words.replace(" ", "_").replace("/", "_")) if letter.isalnum() or letter == "_"
    )
    scope.add(
        "aws_scheduler_schedule",
        suffix,
        name=fit(f"{scope.name}-{suffix.replace('_', '-')}", 64),
        description=f"Calls {name}",
        schedule_expression=expression,
        schedule_expression_timezone=trigger.time_zone,
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": called_.arn,
            "role_arn": _clock_role(env, name).arn,
            "input": msgspec.json.encode({"schedule": trigger.every or trigger.schedule}).decode(),
            "dead_letter_config": {"arn": failed_events(env).arn},
            "retry_policy": {"maximum_event_age_in_seconds": LATE, "maximum_retry_attempts": 3},
        },
    )


@part
def _clock_role(env: Environment, name: str) -> Resource:
    """The role in which EventBridge Scheduler calls a function."""
    scope, called_ = function_scope(env, name), called(env, name)
    role = scope.add(
        "aws_iam_role",
        "clock",
        name=fit(f"{scope.name}-clock-{env.region_name}", 64),
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        assume_role_policy=assume("scheduler.amazonaws.com", StringEquals={"aws:SourceAccount": env.account_id}),
    )
    scope.add(
        "aws_iam_role_policy",
        "clock",
        name="call",
        role=role.id,
        policy=document(
            allow("Invoke", ["lambda:InvokeFunction"], called_.arn),
            allow("Keep", ["sqs:SendMessage"], failed_events(env).arn),
        ),
    )
    return role


def rate(every: str) -> str:
    """A duration as a rate of EventBridge: `1h30m` is `rate(90 minutes)`."""
    minutes = seconds_of(every) // 60
    for length, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes % length == 0:
            number = minutes // length
            return f"rate({number} {unit}{'s' if number > 1 else ''})"
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def cron(schedule: str) -> str:
    """A time of the week as a cron expression of EventBridge: `08:00 Mon-Fri` is `cron(0 8 ? * MON,TUE,WED,THU,FRI *)`."""
    from giban.runtime.common.schedule import parse

    hour, minute, days = parse(schedule)
    if len(days) == len(DAYS):
        return f"cron({minute} {hour} * * ? *)"
    return f"cron({minute} {hour} ? * {','.join(DAYS[(day + 1) % 7] for day in sorted(days))} *)"


def _notification(env: Environment, name: str) -> None:
    """All that a bucket tells: S3 keeps one configuration for each bucket."""
    scope = env.scope("buckets", name, was=env.blueprint.buckets[name].was)
    source = bucket(env, name)
    told: list[dict[str, Any]] = []
    permissions: dict[str, str] = {}
    for function, _, trigger in sorted(
        triggers_on(env.blueprint, "bucket", name), key=lambda found: (found[0], found[1])
    ):
        called_ = called(env, function)
        if function not in permissions:
            permission = _may_call(
                function_scope(env, function),
                f"bucket_{_word(name)}",
                called_,
                "s3.amazonaws.com",
                source_arn=source.arn,
                # The name of a bucket can be somebody else's once it is deleted.
                source_account=env.account_id,
            )
            permissions[function] = permission.address
        told.append(
            {
                "id": f"{function}-{len(told)}",
                "events": ["s3:ObjectCreated:*"],
                "lambda_function_arn": called_.arn,
                **({"filter_prefix": trigger.prefix} if trigger.prefix else {}),
                **({"filter_suffix": trigger.suffix} if trigger.suffix else {}),
            }
        )
    scope.add(
        "aws_s3_bucket_notification", bucket=source.id, lambda_function=told, depends_on=sorted(permissions.values())
    )


def _may_call(scope: Scope, suffix: str, called_: Called, service: str, **source: Any) -> Resource:
    return scope.add(
        "aws_lambda_permission",
        suffix,
        statement_id=suffix,
        action="lambda:InvokeFunction",
        function_name=called_.function.function_name,
        principal=service,
        **called_.qualifier,
        **source,
    )


def _seconds(trigger: Trigger) -> int | None:
    return seconds_of(trigger.wait) if trigger.wait is not None else None


def _word(name: str) -> str:
    return name.lower().replace("-", "_")
