"""Queues, topics and what sends to them: where dead letters go, who is let in, and whose key encrypts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from giban.checks.expressions import jsonencoded
from giban.checks.policies import Policy, Statement, policy
from giban.checks.queries import multiplied, once_per_graph
from giban.checks.values import given, text
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

QUEUE, TOPIC = "aws_sqs_queue", "aws_sns_topic"

ACTION = {QUEUE: "sqs:SendMessage", TOPIC: "sns:Publish"}
"""What a sender needs to be allowed."""

_OWN_ACCOUNT = frozenset({"cloudwatch.amazonaws.com", "events.rds.amazonaws.com"})
"""Services that the policy which every new topic has lets in: they send as the account they work for
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/US_SetupSNS.html,
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html)."""

_NO_SOURCE = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid"})
"""Conditions that EventBridge does not fulfil when it asks for a key
(https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html)."""


class Delivery(msgspec.Struct, frozen=True):
    """Somebody who sends on its own to a queue or topic: the resource that says so, the service, the receiver."""

    sender: Resource
    service: str
    receiver: Resource


class Redrive(msgspec.Struct, frozen=True):
    """A redrive policy. `target` is None when the dead-letter queue is not in the root, `tries` when not known."""

    target: Resource | None
    tries: float | None


@once_per_graph
def deliveries(graph: Graph) -> list[Delivery]:
    """Everything that a service of AWS sends to queues and topics of the root, by sender."""
    return [
        Delivery(sender, service, receiver)
        for sender, service, value in _sendings(graph)
        for receiver in graph.targets(sender, value)
        if receiver.type in ACTION and receiver.mode == "managed"
    ]


def _sendings(graph: Graph) -> Iterator[tuple[Resource, str, Any]]:
    for alarm in graph.all("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"):
        for argument in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
            yield alarm, "cloudwatch.amazonaws.com", alarm.value(argument)
    for target in graph.all("aws_cloudwatch_event_target"):
        if not given(target, "role_arn"):
            yield target, "events.amazonaws.com", target.value("arn")
        yield target, "events.amazonaws.com", target.value("dead_letter_config", "arn")
    for subscription in graph.all("aws_sns_topic_subscription"):
        if text(subscription, "protocol") == "sqs":
            yield subscription, "sns.amazonaws.com", subscription.value("endpoint")
        yield subscription, "sns.amazonaws.com", subscription.value("redrive_policy")
    for notification in graph.all("aws_s3_bucket_notification"):
        yield notification, "s3.amazonaws.com", [notification.value("topic"), notification.value("queue")]
    for budget in graph.all("aws_budgets_budget"):
        told = [block.get("subscriber_sns_topic_arns") for block in budget.blocks("notification")]
        yield budget, "budgets.amazonaws.com", told
    for subscription in graph.all("aws_db_event_subscription"):
        yield subscription, "events.rds.amazonaws.com", subscription.value("sns_topic")


# Dead letters --------------------------------------------------------------------------------------------------------


def redrive(graph: Graph, queue: Resource) -> Redrive | None:
    """The redrive policy of a queue; None when it has none."""
    holders = [queue, *graph.referrers(queue, "aws_sqs_queue_redrive_policy")]
    for holder in holders:
        value = holder.value("redrive_policy")
        if value is None or value == "":
            continue
        data = document(value)
        found = next((one for one in graph.targets(holder, value) if one.type == QUEUE), None)
        try:
            tries = float(data["maxReceiveCount"])
        except (KeyError, TypeError, ValueError):
            tries = None
        return Redrive(found, tries)
    return None


def document(value: Any) -> dict[str, Any]:
    """A JSON text, a literal `jsonencode({…})` or an object as data; empty when it is none of them."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return {}
    data = jsonencoded(value)
    if data is None:
        try:
            data = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return {}
    return data if isinstance(data, dict) else {}


_DEAD_LETTERS: dict[str, tuple[str, ...]] = {
    "aws_sqs_queue": ("redrive_policy",),
    "aws_sqs_queue_redrive_policy": ("redrive_policy",),
    "aws_sns_topic_subscription": ("redrive_policy",),
    "aws_lambda_function": ("dead_letter_config",),
    "aws_lambda_function_event_invoke_config": ("destination_config", "on_failure"),
    "aws_lambda_event_source_mapping": ("destination_config", "on_failure"),
    "aws_cloudwatch_event_target": ("dead_letter_config",),
    "aws_scheduler_schedule": ("target", "dead_letter_config"),
    "aws_pipes_pipe": ("source_parameters",),
}
"""Where the queue for what could not be handled is named."""


@once_per_graph
def dead_letter_queues(graph: Graph) -> dict[tuple[str, str], list[Resource]]:
    """Keys of the queues that hold what could not be handled, each with what sends it there."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for sender in graph.all(*_DEAD_LETTERS):
        for queue in graph.follow_all(sender, *_DEAD_LETTERS[sender.type]):
            if queue.type == QUEUE and queue.mode == "managed":
                found.setdefault(queue.key, []).append(sender)
    return found


def fifo(resource: Resource) -> bool | None:
    """Whether a queue or topic keeps the order; None when that is not known."""
    name = "fifo_queue" if resource.type == QUEUE else "fifo_topic"
    value = resource.value(name)
    if value is None:
        return False
    return None if is_unknown(value) else str(value).lower() in ("true", "1")


def readers(graph: Graph, queue: Resource) -> list[Resource]:
    """The event source mappings and pipes that empty a queue or read a stream."""
    found = graph.referrers(queue, "aws_lambda_event_source_mapping", "aws_pipes_pipe")
    return [one for one in found if any(graph.follow(one, name) is queue for name in ("event_source_arn", "source"))]


# Who is let in -------------------------------------------------------------------------------------------------------


def _policies(graph: Graph, receiver: Resource) -> list[Policy]:
    own = [(receiver, "policy")] if given(receiver, "policy") else []
    part, argument = (
        ("aws_sqs_queue_policy", "queue_url") if receiver.type == QUEUE else ("aws_sns_topic_policy", "arn")
    )
    own += [(one, "policy") for one in graph.referrers(receiver, part) if graph.follow(one, argument) is receiver]
    return [policy(graph, holder, name) for holder, name in own]


def lets_in(graph: Graph, receiver: Resource, service: str) -> bool | None:
    """Whether the policy of a queue or topic lets a service send to it; None when that is not known."""
    if multiplied(receiver):
        return None
    found = _policies(graph, receiver)
    if not found:
        return receiver.type == TOPIC and service in _OWN_ACCOUNT
    action = ACTION[receiver.type]
    for statement in (one for part in found for one in part.allowing if one.permits(action)):
        if ("Service", service) in statement.principals:
            return True
        # `*` with the account as a condition is what a new topic has.
        if statement.anybody and (service in _OWN_ACCOUNT or not statement.restricted or _about_source(statement)):
            return True
    sure = all(part.complete for part in found)
    return False if sure and not any(_unclear(statement) for part in found for statement in part.allowing) else None


def _about_source(statement: Statement) -> bool:
    """Whether its conditions are about the resource that sends: `*` from this bucket, this topic, this rule."""
    return any(condition.key.lower() == "aws:sourcearn" for condition in statement.conditions)


def _unclear(statement: Statement) -> bool:
    return any(is_unknown(name) for kind, name in statement.principals if kind == "Service")


# Keys ----------------------------------------------------------------------------------------------------------------


def key_of(graph: Graph, receiver: Resource) -> Resource | str | None:
    """What encrypts a queue or topic: a key of the root, or the name of one of AWS's own (`alias/aws/sns`).

    None when there is no key, or when it is not known.
    """
    found = graph.follow(receiver, "kms_master_key_id")
    if found is not None and found.type == "aws_kms_alias":
        found = graph.follow(found, "target_key_id")
    if found is not None:
        if found.type == "aws_kms_key" and found.mode == "managed":
            return found
        name = text(found, "key_id") if found.mode == "data" and found.type == "aws_kms_key" else text(found, "name")
    else:
        name = text(receiver, "kms_master_key_id")
    return name if name and name.startswith("alias/aws/") else None


def may_use_key(graph: Graph, key: Resource, service: str) -> bool | None:
    """Whether the policy of a key lets a service write with it (it needs GenerateDataKey and Decrypt)."""
    if multiplied(key):
        return None
    holders = [key] if given(key, "policy") else []
    holders += [one for one in graph.referrers(key, "aws_kms_key_policy") if graph.follow(one, "key_id") is key]
    found = [policy(graph, holder, "policy") for holder in holders]
    mine = [
        statement
        for part in found
        for statement in part.allowing
        if (("Service", service) in statement.principals or statement.anybody)
        and not (service == "events.amazonaws.com" and _needs_source(statement))
    ]
    if all(any(one.permits(action) for one in mine) for action in ("kms:GenerateDataKey", "kms:Decrypt")):
        return True
    sure = all(part.complete for part in found)
    return False if sure and not any(_unclear(statement) for part in found for statement in part.allowing) else None


def _needs_source(statement: Statement) -> bool:
    return any(condition.key.lower() in _NO_SOURCE for condition in statement.conditions)
