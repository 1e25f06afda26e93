"""Checks of what starts functions: queues, streams, buckets, and what becomes of an event that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from giban.checks.functions import function_of, statements_of
from giban.checks.messaging import QUEUE
from giban.checks.queries import multiplied
from giban.checks.registry import Hit, check
from giban.checks.values import given, listed, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

MAPPING = "aws_lambda_event_source_mapping"
STREAMS = ("aws_dynamodb_table", "aws_kinesis_stream")


@check("GB135", "warning", fix="Set maximum_retry_attempts (2 or 3) and destination_config with an on_failure queue.")
def stream_stands_still(graph: Graph) -> Iterator[Hit]:
    """One bad record stops a stream.

    ## What it finds
    An event source mapping of a Kinesis or DynamoDB stream without a limit of tries (`maximum_retry_attempts`, or
    `maximum_record_age_in_seconds`), or without a destination for what failed.

    ## Why it matters
    Lambda keeps the order: it tries a record that makes the function fail again and again, by default until it is a day or a week
    old, and nothing behind it in the shard is handled. With a limit but without a destination the record is lost without a trace.

    ## Example
    ```json
    {"resource": {
      "aws_dynamodb_table": {"orders": {"name": "orders", "stream_enabled": true}},
      "aws_lambda_event_source_mapping": {"orders": {
        "event_source_arn": "${aws_dynamodb_table.orders.stream_arn}", "function_name": "work"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_dynamodb_table": {"orders": {"name": "orders", "stream_enabled": true}},
      "aws_lambda_event_source_mapping": {"orders": {
        "event_source_arn": "${aws_dynamodb_table.orders.stream_arn}", "function_name": "work",
        "maximum_retry_attempts": 3, "bisect_batch_on_function_error": true,
        "destination_config": {"on_failure": {"destination_arn": "arn:aws:sqs:ap-northeast-2:123456789012:dead"}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    - https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    for mapping in graph.all(MAPPING):
        source = graph.follow(mapping, "event_source_arn")
        if source is None or source.type not in STREAMS:
            continue
        tries = number(mapping, "maximum_retry_attempts", default=-1)
        age = number(mapping, "maximum_record_age_in_seconds", default=-1)
        if tries == -1 and age == -1:
            yield (
                mapping,
                f"A record that fails is tried until {source.address} forgets it, and holds up all behind it.",
            )
        elif not given(mapping, "destination_config"):
            yield mapping, f"What fails is thrown away: no destination is set for records of {source.address}."


@check(
    "GB136",
    "warning",
    fix='Set function_response_types to ["ReportBatchItemFailures"] and let the function say which failed.',
)
def batch_fails_as_a_whole(graph: Graph) -> Iterator[Hit]:
    """One bad message fails its whole batch.

    ## What it finds
    An event source mapping of a queue with a batch of more than one message (10 is the default) without
    `ReportBatchItemFailures`.

    ## Why it matters
    When the function fails at the ninth message, all ten come back, and the eight that were handled are handled again. After a
    few rounds good messages are dead letters, together with the bad one.

    ## Example
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "work"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "work",
        "function_response_types": ["ReportBatchItemFailures"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    for mapping in graph.all(MAPPING):
        source = graph.follow(mapping, "event_source_arn")
        batch = number(mapping, "batch_size", default=10)
        if source is None or source.type != QUEUE or batch is None or batch <= 1:
            continue
        if mapping.value("function_response_types") in (None, []):
            yield mapping, f"When one of {batch:g} messages fails, all of them come back."


@check("GB137", "error", fix="Let it write under another prefix or into another bucket, and limit its policy to that.")
def function_starts_itself(graph: Graph) -> Iterator[Hit]:
    """Function is started by what it writes itself.

    ## What it finds
    A bucket that starts a function for new objects, whose role may write objects to no other place of that bucket than those
    that start it: the notification has no `filter_prefix`, or the policy is about the very prefix.

    ## Why it matters
    The function writes an object, the object starts the function, and so on without end: thousands of calls a minute and a bill
    that grows over night. AWS stops some of these loops, not all.

    ## Example
    ```json
    {"resource": {
      "aws_s3_bucket": {"uploads": {"bucket": "uploads"}},
      "aws_lambda_function": {"shrink": {"function_name": "shrink", "role": "${aws_iam_role.shrink.arn}"}},
      "aws_iam_role": {"shrink": {"name": "shrink"}},
      "aws_iam_role_policy": {"shrink": {"role": "${aws_iam_role.shrink.name}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"s3:PutObject\\",\\"Resource\\":\\"${aws_s3_bucket.uploads.arn}/*\\"}]}"}},
      "aws_s3_bucket_notification": {"uploads": {"bucket": "${aws_s3_bucket.uploads.id}", "lambda_function": [
        {"lambda_function_arn": "${aws_lambda_function.shrink.arn}", "events": ["s3:ObjectCreated:*"]}]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"uploads": {"bucket": "uploads"}},
      "aws_lambda_function": {"shrink": {"function_name": "shrink", "role": "${aws_iam_role.shrink.arn}"}},
      "aws_iam_role": {"shrink": {"name": "shrink"}},
      "aws_iam_role_policy": {"shrink": {"role": "${aws_iam_role.shrink.name}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"s3:PutObject\\",\\"Resource\\":\\"${aws_s3_bucket.uploads.arn}/small/*\\"}]}"}},
      "aws_s3_bucket_notification": {"uploads": {"bucket": "${aws_s3_bucket.uploads.id}", "lambda_function": [
        {"lambda_function_arn": "${aws_lambda_function.shrink.arn}", "events": ["s3:ObjectCreated:*"],
         "filter_prefix": "raw/"}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    for notification in graph.all("aws_s3_bucket_notification"):
        bucket = graph.follow(notification, "bucket")
        for block in notification.blocks("lambda_function") if bucket is not None else ():
            made = any(str(event).startswith("s3:ObjectCreated") for event in listed(block.get("events")))
            prefix = block.get("filter_prefix") or ""
            if not made or not isinstance(prefix, str) or block.get("filter_suffix"):
                continue
            for function in graph.targets(notification, block.get("lambda_function_arn")):
                if bucket is not None and _writes_only_to(graph, function, bucket, prefix):
                    yield notification, f"{function.address} may write to what starts it: {bucket.address}/{prefix}."


def _writes_only_to(graph: Graph, function: Resource, bucket: Resource, prefix: str) -> bool:
    """Whether a function may write to a bucket, and only under this prefix of it."""
    role = graph.follow(function, "role")
    places = [
        place
        for _, statement in (statements_of(graph, role) if role is not None else ())
        if statement.permits("s3:PutObject")
        for place in (_place(name, bucket) for name in statement.resources)
        if place is not None
    ]
    return bool(places) and all(place.startswith(prefix) for place in places)


def _place(name: str, bucket: Resource) -> str | None:
    """The part of a bucket that an ARN pattern is about, up to its first wildcard."""
    found = re.fullmatch(rf"\$\{{\s*{re.escape(bucket.address)}\.arn\s*\}}/(.*)", name)
    return re.split(r"[*?]", found[1], maxsplit=1)[0] if found else None


@check("GB138", "error", fix="Put all of them into one aws_s3_bucket_notification.")
def notifications_replace_each_other(graph: Graph) -> Iterator[Hit]:
    """Two notifications of one bucket replace each other.

    ## What it finds
    More than one `aws_s3_bucket_notification` for the same bucket.

    ## Why it matters
    A bucket has one list of notifications, and each of these resources writes the whole list. The last one wins; the function
    or queue of the other is never started, and every plan shows a change.

    ## Example
    ```json
    {"resource": {
      "aws_s3_bucket": {"uploads": {"bucket": "uploads"}},
      "aws_s3_bucket_notification": {
        "images": {"bucket": "${aws_s3_bucket.uploads.id}", "eventbridge": true},
        "tables": {"bucket": "${aws_s3_bucket.uploads.id}", "queue": [{"queue_arn": "x", "events": ["s3:ObjectCreated:*"]}]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"uploads": {"bucket": "uploads"}},
      "aws_s3_bucket_notification": {"uploads": {"bucket": "${aws_s3_bucket.uploads.id}", "eventbridge": true,
        "queue": [{"queue_arn": "x", "events": ["s3:ObjectCreated:*"]}]}}}}
    ```

    ## References
    - https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_notification
    """
    for bucket in graph.all("aws_s3_bucket"):
        mine = [
            one
            for one in graph.referrers(bucket, "aws_s3_bucket_notification")
            if graph.follow(one, "bucket") is bucket
        ]
        for later in mine[1:] if not multiplied(bucket) else ():
            yield later, f"It and {mine[0].address} overwrite each other's notifications of {bucket.address}."


@check("GB139", "warning", fix="Add dead_letter_config, or an aws_lambda_function_event_invoke_config with on_failure.")
def failed_events_are_lost(graph: Graph) -> Iterator[Hit]:
    """Events that the function fails at are lost.

    ## What it finds
    A function that a bucket, a topic, a log group or an event pattern starts, without a dead-letter queue and without a
    destination for failures. Schedules are left out: the next tick makes good for the last. So are event patterns of a function
    that a schedule starts as well: it looks for itself.

    ## Why it matters
    Such a call is asynchronous: Lambda tries it three times within a few minutes and then throws the event away. The uploaded
    file lies in its bucket and is never parsed; nothing says so.

    ## Example
    ```json
    {"resource": {
      "aws_lambda_function": {"parse": {"function_name": "parse"}},
      "aws_s3_bucket_notification": {"uploads": {"bucket": "uploads", "lambda_function": [
        {"lambda_function_arn": "${aws_lambda_function.parse.arn}", "events": ["s3:ObjectCreated:*"]}]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lambda_function": {"parse": {"function_name": "parse",
        "dead_letter_config": {"target_arn": "arn:aws:sqs:ap-northeast-2:123456789012:dead"}}},
      "aws_s3_bucket_notification": {"uploads": {"bucket": "uploads", "lambda_function": [
        {"lambda_function_arn": "${aws_lambda_function.parse.arn}", "events": ["s3:ObjectCreated:*"]}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    for function in graph.all("aws_lambda_function"):
        callers = _asynchronous(graph, function)
        if not callers or given(function, "dead_letter_config") or multiplied(function):
            continue
        settings = graph.referrers(function, "aws_lambda_function_event_invoke_config")
        settings += [
            setting
            for alias in graph.referrers(function, "aws_lambda_alias")
            for setting in graph.referrers(alias, "aws_lambda_function_event_invoke_config")
        ]
        if not any(given(setting, "destination_config") for setting in settings):
            yield function, f"When it fails at an event of {callers[0].address}, the event is thrown away."


def _asynchronous(graph: Graph, function: Resource) -> list[Resource]:
    """Who calls a function without waiting for its answer."""
    found = []
    names = [function, *graph.referrers(function, "aws_lambda_alias")]
    for caller in (one for name in names for one in graph.referrers(name)):
        if (
            caller.type == "aws_s3_bucket_notification"
            or (
                caller.type == "aws_cloudwatch_log_subscription_filter"
                and function_of(graph, caller, "destination_arn") is function
            )
            or (caller.type == "aws_sns_topic_subscription" and text(caller, "protocol") == "lambda")
        ):
            found.append(caller)
        elif caller.type == "aws_cloudwatch_event_target" and function_of(graph, caller, "arn") is function:
            rule = graph.follow(caller, "rule")
            ticks = any(one.type == "aws_scheduler_schedule" for name in names for one in graph.referrers(name))
            if rule is not None and given(rule, "event_pattern") and not ticks:
                found.append(caller)
    return found
