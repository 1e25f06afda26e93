"""`queues` and `topics`: SQS queues with a queue for their dead letters, and SNS topics that reach many."""

from __future__ import annotations

import msgspec

from giban.blueprint.durations import seconds_of
from giban.blueprint.types_serverless import Subscription
from giban.blueprint.validate_functions import triggers_on
from giban.components.encryption import key
from giban.components.environment import Environment, Scope, checksum, part
from giban.components.policies import Statement, document, refuse_plain_http
from giban.graph.resource import Resource

DEAD_DAYS = 14
"""Days that dead letters and failed events are kept, the most SQS allows."""
SHORTEST_VISIBILITY = 30
"""Seconds that a message is kept from others where nothing else is known: SQS's own default."""
TIMES = 6
"""A message stays hidden six times as long as its function may take, and as long as a batch gathers
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig)."""
LONGEST_VISIBILITY = 12 * 3600


class Queues(msgspec.Struct, frozen=True):
    """A queue and its dead letters."""

    queue: Resource
    dead: Resource


def expand(env: Environment) -> None:
    """Every queue and topic of the blueprint."""
    for name in sorted(env.blueprint.queues):
        queue(env, name)
    for name in sorted(env.blueprint.topics):
        topic(env, name)
        _subscriptions(env, name)


@part
def queue(env: Environment, name: str) -> Queues:
    """The queue of that name in the blueprint. Whoever has subscribed it to a topic is let in by its policy."""
    settings = env.blueprint.queues[name]
    scope = env.scope("queues", name, was=settings.was)
    ending = ".fifo" if settings.fifo else ""
    fifo = {"fifo_queue": True, "content_based_deduplication": True} if settings.fifo else {}
    dead = scope.add(
        "aws_sqs_queue",
        "dead",
        name=f"{scope.name}-dead{ending}",
        visibility_timeout_seconds=_visibility([(_time_of(env, settings.failure), 0)] if settings.failure else []),
        message_retention_seconds=DEAD_DAYS * 86_400,
        sqs_managed_sse_enabled=True,
        **fifo,
    )
    takers = [
        (_time_of(env, function), seconds_of(trigger.wait) if trigger.wait is not None else 0)
        for function, _, trigger in triggers_on(env.blueprint, "queue", name)
    ]
    made = scope.add(
        "aws_sqs_queue",
        name=f"{scope.name}{ending}",
        visibility_timeout_seconds=(
            seconds_of(settings.visibility) if settings.visibility is not None else _visibility(takers)
        ),
        message_retention_seconds=seconds_of(settings.retain),
        delay_seconds=seconds_of(settings.delay) if settings.delay is not None else None,
        receive_wait_time_seconds=20,
        sqs_managed_sse_enabled=True,
        redrive_policy=msgspec.json.encode(
            {"deadLetterTargetArn": str(dead.arn), "maxReceiveCount": settings.tries}
        ).decode(),
        **fifo,
    )
    scope.add(
        "aws_sqs_queue_redrive_allow_policy",
        "dead",
        queue_url=dead.id,
        redrive_allow_policy=msgspec.json.encode(
            {"redrivePermission": "byQueue", "sourceQueueArns": [str(made.arn)]}
        ).decode(),
    )
    _policy(
        scope,
        "",
        made,
        [_from_topic(env, made, one) for one in sorted(env.blueprint.topics) if _reaches(env, one, name)],
    )
    _policy(scope, "dead", dead, [])
    return Queues(made, dead)


@part
def failed_events(env: Environment) -> Resource:
    """Where events go that a function could not process: one queue for all functions; each entry names its function."""
    scope = env.scope("functions", label="functions-failed")
    made = scope.add(
        "aws_sqs_queue",
        name=scope.name,
        message_retention_seconds=DEAD_DAYS * 86_400,
        sqs_managed_sse_enabled=True,
    )
    _policy(scope, "", made, [])
    return made


@part
def topic(env: Environment, name: str) -> Resource:
    """The topic of that name in the blueprint."""
    settings = env.blueprint.topics[name]
    scope = env.scope("topics", name, was=settings.was)
    fifo = {"fifo_topic": True, "content_based_deduplication": True} if settings.fifo else {}
    made = scope.add(
        "aws_sns_topic",
        name=f"{scope.name}.fifo" if settings.fifo else scope.name,
        kms_master_key_id=key(env).arn,
        **fifo,
    )
    # https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html#enforce-encryption-data-in-transit
    scope.add("aws_sns_topic_policy", arn=made.arn, policy=document(refuse_plain_http("sns:Publish", made.arn)))
    return made


def _visibility(takers: list[tuple[int, int]]) -> int:
    """Seconds for functions that may take so long and gather a batch for so long."""
    return min(LONGEST_VISIBILITY, max([SHORTEST_VISIBILITY, *(TIMES * timeout + wait for timeout, wait in takers)]))


def _time_of(env: Environment, function: str) -> int:
    return seconds_of(env.blueprint.functions[function].timeout)


def _policy(scope: Scope, suffix: str, made: Resource, statements: list[Statement]) -> None:
    refused = refuse_plain_http("sqs:*", made.arn)
    scope.add("aws_sqs_queue_policy", suffix, queue_url=made.id, policy=document(refused, *statements))


def _reaches(env: Environment, topic_name: str, queue_name: str) -> bool:
    return f"queues.{queue_name}" in env.blueprint.topics[topic_name].subscribe


def _from_topic(env: Environment, made: Resource, name: str) -> Statement:
    """https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"""
    return {
        "Sid": f"Topic{checksum(name)}",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": made.arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic(env, name).arn}},
    }


def _subscriptions(env: Environment, name: str) -> None:
    settings = env.blueprint.topics[name]
    scope = env.scope("topics", name, was=settings.was)
    for item in settings.subscribe:
        if isinstance(item, Subscription):
            scope.add(
                "aws_sns_topic_subscription",
                f"mail_{checksum(item.email)}",
                topic_arn=topic(env, name).arn,
                protocol="email",
                endpoint=item.email,
            )
            continue
        to = item.partition(".")[2]
        scope.add(
            "aws_sns_topic_subscription",
            f"queue_{to.replace('-', '_')}",
            topic_arn=topic(env, name).arn,
            protocol="sqs",
            endpoint=queue(env, to).queue.arn,
            raw_message_delivery=True,
        )
