"""Checks of SQS queues: what becomes of a message that cannot be handled, and how long one has for it."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.messaging import QUEUE, dead_letter_queues, fifo, readers, redrive
from giban.checks.queries import multiplied, passed_out
from giban.checks.registry import Hit, check
from giban.checks.values import given, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

RETENTION = 4 * 86400
"""How long a queue keeps a message unless told otherwise
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)."""


@check("GB121", "warning", fix="Add a redrive_policy with a dead-letter queue and maxReceiveCount 5.")
def queue_without_dead_letters(graph: Graph) -> Iterator[Hit]:
    """Queue has no dead-letter queue.

    ## What it finds
    A queue without a redrive policy that is not itself a dead-letter queue. Queues that nothing reads here
    and an output hands on are left out.

    ## Why it matters
    One message that makes its reader fail comes back again and again until it is too old, and then it is gone without a trace.
    In the meantime it takes the place of messages that are in order.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue": {"jobs": {"name": "jobs"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs", "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead", "message_retention_seconds": 1209600}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """
    dead = dead_letter_queues(graph)
    for queue in graph.all(QUEUE):
        own = given(queue, "redrive_allow_policy") or graph.referrers(queue, "aws_sqs_queue_redrive_allow_policy")
        elsewhere = passed_out(queue) and not readers(graph, queue)
        if queue.key in dead or own or multiplied(queue) or elsewhere:
            continue
        if redrive(graph, queue) is None:
            yield queue, "What its reader cannot handle comes back until it is too old, and is lost then."


@check(
    "GB122",
    "warning",
    fix="Let the dead-letter queue keep messages longer: message_retention_seconds = 1209600 (14 days).",
)
def dead_letters_expire_early(graph: Graph) -> Iterator[Hit]:
    """Dead-letter queue keeps messages no longer than its source.

    ## What it finds
    A standard queue whose dead-letter queue has a `message_retention_seconds` that is not above its own.

    ## Why it matters
    A message keeps its age when it moves to the dead-letter queue. One that spent three of four days in the source is deleted
    one day later, over a weekend before anybody has looked.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs", "message_retention_seconds": 345600, "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead", "message_retention_seconds": 86400}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs", "message_retention_seconds": 345600, "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead", "message_retention_seconds": 1209600}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    """
    for queue in graph.all(QUEUE):
        found = redrive(graph, queue)
        # A FIFO queue gives a moved message a new age.
        if found is None or found.target is None or fifo(queue) is not False:
            continue
        keeps = number(queue, "message_retention_seconds", default=RETENTION)
        dead = number(found.target, "message_retention_seconds", default=RETENTION)
        if keeps is not None and dead is not None and dead <= keeps:
            yield (
                found.target,
                f"It keeps messages {_days(dead)}, their age included; {queue.address} {_days(keeps)} before it.",
            )


def _days(seconds: float) -> str:
    days = seconds / 86400
    return f"{days:.3g} day{'' if days == 1 else 's'}"


@check("GB123", "warning", fix="Set maxReceiveCount to 5.")
def queue_gives_up_early(graph: Graph) -> Iterator[Hit]:
    """Queue gives a message up after one or two tries.

    ## What it finds
    A queue that a Lambda function reads, with a `maxReceiveCount` of 1 or 2.

    ## Why it matters
    Lambda takes messages before it knows whether it may run: one that meets the limit of concurrent calls counts as received.
    So does every message of a batch of which another one failed. Good messages end among the dead letters.

    ## Example
    ```json
    {"resource": {
      "aws_sqs_queue": {
        "jobs": {"name": "jobs", "redrive_policy":
          "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":1}"},
        "dead": {"name": "jobs-dead"}},
      "aws_lambda_function": {"work": {"function_name": "work"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sqs_queue": {
        "jobs": {"name": "jobs", "redrive_policy":
          "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
        "dead": {"name": "jobs-dead"}},
      "aws_lambda_function": {"work": {"function_name": "work"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    for queue in graph.all(QUEUE):
        found = redrive(graph, queue)
        if found is not None and found.tries is not None and found.tries < 3 and readers(graph, queue):
            yield queue, f"A message is given up after {found.tries:g} tr{'y' if found.tries == 1 else 'ies'}."


@check("GB124", "error", fix="Let the chain of dead-letter queues end with one that has no redrive_policy.")
def dead_letters_go_round(graph: Graph) -> Iterator[Hit]:
    """Dead letters go round in a circle.

    ## What it finds
    Queues whose redrive policies lead back to the first of them, or a queue that is its own dead-letter queue.

    ## Why it matters
    A message that nobody can handle never comes to rest: it wanders from queue to queue and starts the reader each time, until
    it is too old and is deleted without anybody having seen it.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs", "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead", "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.jobs.arn}\\",\\"maxReceiveCount\\":5}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs", "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """
    for queue in graph.all(QUEUE):
        seen = [queue]
        while (found := redrive(graph, seen[-1])) is not None and found.target is not None:
            if found.target is queue:
                way = " → ".join(one.address for one in [*seen, queue])
                yield queue, f"A message that nobody can handle goes round: {way}."
            if found.target in seen:
                break
            seen.append(found.target)


@check("GB125", "error", fix="Make both FIFO or both standard.")
def fifo_and_standard_mixed(graph: Graph) -> Iterator[Hit]:
    """FIFO and standard queues or topics are put together.

    ## What it finds
    A FIFO queue with a standard dead-letter queue or the other way round, a FIFO queue that is subscribed to a standard topic,
    and a FIFO queue or topic that is to hold the dead letters of a function or event rule or the events of a bucket.

    ## Why it matters
    AWS refuses these pairs, but only when they are put together: half of the environment is made, then `apply` stops.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs.fifo", "fifo_queue": true, "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs.fifo", "fifo_queue": true, "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead.fifo", "fifo_queue": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    for queue in graph.all(QUEUE):
        found = redrive(graph, queue)
        if found is not None and found.target is not None and {fifo(queue), fifo(found.target)} == {True, False}:
            yield (
                queue,
                f"It is a {_kind(queue)} queue, but its dead-letter queue {found.target.address} is {_kind(found.target)}.",
            )
    for subscription in graph.all("aws_sns_topic_subscription"):
        topic, queue_ = graph.follow(subscription, "topic_arn"), graph.follow(subscription, "endpoint")
        if topic is None or queue_ is None or topic.type != "aws_sns_topic" or queue_.type != QUEUE:
            continue
        if fifo(topic) is False and fifo(queue_):
            yield (
                subscription,
                f"{topic.address} is a standard topic; the FIFO queue {queue_.address} cannot follow it.",
            )
    for type_, path in _STANDARD_ONLY.items():
        for sender in graph.all(type_):
            for receiver in graph.follow_all(sender, *path):
                if receiver.type in (QUEUE, "aws_sns_topic") and fifo(receiver):
                    yield sender, f"It can send to standard queues and topics only; {receiver.address} is FIFO."


_STANDARD_ONLY: dict[str, tuple[str, ...]] = {
    "aws_lambda_function": ("dead_letter_config",),
    "aws_lambda_function_event_invoke_config": ("destination_config",),
    "aws_cloudwatch_event_target": ("dead_letter_config",),
    "aws_s3_bucket_notification": (),
}
"""What cannot send to FIFO queues and topics, and where it names them
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html)."""


def _kind(resource: Resource) -> str:
    return "FIFO" if fifo(resource) else "standard"


@check(
    "GB126", "warning", fix="Add an alarm on ApproximateNumberOfMessagesVisible of the dead-letter queue.", relaxed=True
)
def dead_letters_unseen(graph: Graph) -> Iterator[Hit]:
    """Nobody sees dead letters.

    ## What it finds
    A dead-letter queue that no function reads and on which there is no CloudWatch alarm.

    ## Why it matters
    What lies there is work that was not done: orders, mails, payments. Without an alarm it is found when a customer asks, or
    after the queue has deleted it.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue": {
      "jobs": {"name": "jobs", "redrive_policy":
        "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
      "dead": {"name": "jobs-dead"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sqs_queue": {
        "jobs": {"name": "jobs", "redrive_policy":
          "{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":5}"},
        "dead": {"name": "jobs-dead"}},
      "aws_cloudwatch_metric_alarm": {"dead": {"alarm_name": "jobs-dead", "namespace": "AWS/SQS",
        "metric_name": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": "${aws_sqs_queue.dead.name}"},
        "statistic": "Maximum", "period": 60, "evaluation_periods": 1, "threshold": 0,
        "comparison_operator": "GreaterThanThreshold"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html
    """
    alarms = graph.all("aws_cloudwatch_metric_alarm")
    for key in sorted(dead_letter_queues(graph)):
        queue = graph.get(key[1], key[0])
        if queue is None or multiplied(queue) or passed_out(queue) or readers(graph, queue):
            continue
        name = text(queue, "name")
        watched = graph.referrers(queue, "aws_cloudwatch_metric_alarm")
        if not watched and not any(name and name in str(alarm.value("dimensions")) for alarm in alarms):
            senders = dead_letter_queues(graph)[key]
            yield queue, f"Nobody is told when {senders[0].address} could not handle something."
