"""Queues: messages that wait too long, and dead letters."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.refs import find_refs
from giban.graph.resource import Resource


def watch(resource: Resource, env: Environment) -> Rules:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""
    where = {"QueueName": resource.ref("name")}
    if takes_dead_letters(resource, env):
        yield Rule(
            name="messages",
            priority="P2",
            what="There are dead letters: messages that were tried several times and never processed.",
            do="Read them (`giban queue peek`), mend what failed, and send them back (`giban queue redrive`).",
            metric=Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", where, "Maximum"),
            threshold=1,
            periods=1,
        )
        return
    yield Rule(
        name="age",
        priority="P3",
        what="The oldest message waits {threshold} minutes or longer.",
        do="See whether whoever reads the queue fails or is too slow.",
        metric=Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", where, "Maximum"),
        unit="min",
        # The router sends itself messages that wait for a quarter of an hour on purpose.
        threshold=30 if resource.component == "alarms" else 15,
        scale=60,
    )


def takes_dead_letters(queue: Resource, env: Environment) -> bool:
    """Whether another queue, or a function's failed calls, leads here."""
    for other in env.region.resources.values():
        if other.type in ("aws_sqs_queue", "aws_sqs_queue_redrive_policy"):
            given = other.value("redrive_policy")
        elif other.type in ("aws_lambda_function_event_invoke_config", "aws_lambda_event_source_mapping"):
            given = other.value("destination_config")
        else:
            continue
        if any(found.address == queue.address for found in find_refs(given)):
            return True
    return False
