"""`alarms`: the router (a function behind a queue behind a topic), what wakes it, and, when everything else is there, what is
watched: standard alarms, events, logs, a dashboard."""

from __future__ import annotations

from typing import Any

from giban.components.alarm_config import FILE, PLACE, base_config, config_bytes
from giban.components.alarm_events import add_events
from giban.components.alarm_logs import add_log_filters
from giban.components.alarm_parts import (
    TIMEOUT,
    WINDOW,
    alarm_queue,
    alarm_table,
    alarm_topic,
    alarms_of,
    alarms_scope,
    dead_letters,
    has_alarms,
    mail_topics,
    secret_names,
    signing_secret,
)
from giban.components.alarm_watch import Watched, number, watch_everything
from giban.components.budget import budget_name
from giban.components.dashboard import add_dashboard
from giban.components.encryption import key, through
from giban.components.environment import Environment, part
from giban.components.functions import alarm, function
from giban.components.http_api import http_api, integration, may_call, own_domain, route, stage
from giban.components.minutely import every_minute
from giban.components.policies import Statement, allow
from giban.graph.resource import Resource

PATIENCE = 600
"""Seconds until a new environment's heartbeats have reached CloudWatch for sure: a tick a minute, and metrics that come late."""
ROUTES = ("GET /ack/{token}", "POST /ack/{token}", "POST /slack")
"""What people and Slack may call."""


def expand(env: Environment) -> None:
    """The router, when anybody is to be told anything."""
    if has_alarms(env):
        router(env)


def finish(env: Environment) -> None:
    """What looks at all that the other components made."""
    if not has_alarms(env):
        return
    add_events(env)
    logs = add_log_filters(env, router(env))
    watched, problems = watch_everything(env)
    if alarms_of(env).dashboard:
        add_dashboard(env, watched)
    config = _config(env)
    config["alarms"] = {str(item.alarm.value("alarm_name")): _told(item) for item in watched}
    config["logs"] = logs
    env.problems += problems


def _told(item: Watched) -> dict[str, Any]:
    metric = item.alarm.value("metric_name") or (item.alarm.value("metric_query") or [{}])[0].get("label")
    return {
        "priority": item.priority,
        "service": item.service,
        "name": item.name,
        "what": item.what,
        "do": item.do,
        "runbook": item.runbook,
        "unit": item.unit,
        "scale": number(item.scale),
        "metric": metric,
        # Silence is the news here; of an alarm that was just made it is none yet.
        **({"patience": PATIENCE} if item.alarm.value("treat_missing_data") == "breaching" else {}),
    }


@part
def _config(env: Environment) -> dict[str, Any]:
    """The router's configuration; `finish` completes it."""
    config = base_config(env)
    if env.blueprint.budget is not None:
        config["budget"] = {"name": budget_name(env), "service": "budget"}
    config["resources"] = {
        env.scope(section, name, was=was).name: f"{section}.{name}"
        for section, names in (
            ("databases", {name: item.was for name, item in env.blueprint.databases.items()}),
            ("services", {name: item.was for name, item in env.blueprint.services.items()}),
        )
        for name, was in sorted(names.items())
    }
    env.region.files[FILE] = lambda: config_bytes(config)
    return config


@part
def router(env: Environment) -> Resource:
    """The function, its sources, and the alarms about itself."""
    scope = alarms_scope(env)
    config = _config(env)
    queue, dead = alarm_queue(env), dead_letters(env)
    address = _api_address(env)
    made = function(
        scope,
        "",
        scope.name,
        "alarms",
        ("alarms",),
        "runtime.alarms.handler.handle",
        "Alarm router: what arrives at the topic leaves by priority",
        {
            "GIBAN_PREFIX": env.prefix,
            "GIBAN_ALARMS_TABLE": str(alarm_table(env).ref("name")),
            "GIBAN_ALARMS_QUEUE": str(queue.url),
            "GIBAN_ALARMS_DEAD": str(dead.url),
            "GIBAN_ALARMS_SECRET": str(signing_secret(env).arn),
            "GIBAN_ALARMS_API": address,
        },
        _statements(env, queue, dead),
        timeout=TIMEOUT,
        extra=lambda: {PLACE: config_bytes(config)},
    )
    scope.add(
        "aws_sns_topic_subscription",
        topic_arn=alarm_topic(env).arn,
        protocol="sqs",
        endpoint=queue.arn,
        raw_message_delivery=False,
        # SNS tries the queue as soon as there is a subscription.
        depends_on=["aws_sqs_queue_policy.alarms"],
    )
    scope.add(
        "aws_lambda_event_source_mapping",
        event_source_arn=queue.arn,
        function_name=made.function_name,
        # A burst comes in few calls that write together, and not in so many at once that they stand in each other's way.
        batch_size=50,
        maximum_batching_window_in_seconds=WINDOW,
        scaling_config={"maximum_concurrency": 5},
        function_response_types=["ReportBatchItemFailures"],
        depends_on=["aws_iam_role_policy.alarms"],
    )
    # Log lines come as calls that nobody waits for; what fails three times is a dead letter like any other.
    scope.add(
        "aws_lambda_function_event_invoke_config",
        function_name=made.function_name,
        maximum_event_age_in_seconds=6 * 3600,
        maximum_retry_attempts=2,
        destination_config={"on_failure": {"destination": dead.arn}},
        depends_on=["aws_iam_role_policy.alarms"],
    )
    every_minute(alarms_scope(env, "alarms-tick"), made, "The alarm router looks for what is due")
    _api(env, made)
    alarm(
        scope,
        "heartbeat",
        f"{scope.name}-heartbeat",
        "The alarm router has not run for five minutes: nobody is told anything.",
        made,
        metric="Invocations",
        comparison="LessThanThreshold",
        threshold=1,
        missing="breaching",
    )
    return made


def _statements(env: Environment, queue: Resource, dead: Resource) -> list[Statement]:
    """What the router may do."""
    mail = [str(topic.arn) for topic in mail_topics(env).values()]
    phones = any(channel.sms for channel in alarms_of(env).channels.values())
    own = signing_secret(env).arn
    # Six characters that Secrets Manager adds to the name
    # (https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen).
    channels = [
        f"arn:aws:secretsmanager:{env.region_name}:{env.account_id}:secret:{name}-??????" for name in secret_names(env)
    ]
    statements = [
        allow(
            "Table",
            [
                "dynamodb:BatchGetItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
            ],
            alarm_table(env).arn,
        ),
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        allow(
            "Queue",
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
            queue.arn,
        ),
        allow("DeadLetters", ["sqs:SendMessage"], dead.arn),
        allow("Channels", ["secretsmanager:GetSecretValue"], [*channels, own]),
        allow("Signing", ["secretsmanager:PutSecretValue"], own),
        # CloudWatch has no resource-level permissions for reading metrics
        # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html).
        allow("Charts", ["cloudwatch:GetMetricData"], "*"),
        allow(
            "Key",
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            key(env).arn,
            Condition=through(env, "dynamodb", "secretsmanager", *(["sns"] if mail else [])),
        ),
    ]
    if mail:
        statements.append(allow("Mail", ["sns:Publish"], mail))
    if phones:
        # A phone number is no resource; what has an ARN is not meant
        # (https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html).
        phone = allow("Phones", ["sns:Publish"], None)
        del phone["Resource"]
        statements.append({**phone, "NotResource": "arn:aws:sns:*:*:*"})
    return statements


def _host(env: Environment) -> str | None:
    return f"alarms.{env.domain.name}" if env.domain else None


@part
def _http(env: Environment) -> Resource:
    scope = alarms_scope(env)
    return http_api(scope, "Acknowledging alarms", own_name=env.domain is not None, six=False)


def _api_address(env: Environment) -> str:
    return f"https://{_host(env)}" if env.domain else str(_http(env).api_endpoint)


def _api(env: Environment, made: Resource) -> None:
    """Where messages are acknowledged: signed links, and the button in Slack."""
    scope = alarms_scope(env)
    api = _http(env)
    to = integration(scope, "", api, made.invoke_arn)
    for name in ROUTES:
        route(scope, name.split("/")[1] + ("_post" if name == ROUTES[1] else ""), api, name, to)
    stage_ = stage(scope, api, rate=10, burst=20)
    may_call(scope, "", api, made, "*/*")
    host = _host(env)
    if host is not None:
        own_domain(scope, api, stage_, host, six=False)
    env.region.output("alarms_url", _api_address(env), "Where alarms are acknowledged.")
    env.region.output("alarms_topic", alarm_topic(env).arn, "What people should know is published here.")
