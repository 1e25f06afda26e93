"""Checks of how long a queue hides a message from others, and how long its function works on it."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.functions import function_of
from giban.checks.messaging import QUEUE
from giban.checks.registry import Hit, check
from giban.checks.values import number
from giban.graph.graph import Graph
from giban.graph.resource import Resource

VISIBILITY = 30
"""How long a received message is hidden unless told otherwise
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)."""


@check("GB127", "error", fix="Set the queue's visibility_timeout_seconds to six times the function's timeout.")
def message_comes_back_too_soon(graph: Graph) -> Iterator[Hit]:
    """Message comes back while its function still works on it.

    ## What it finds
    A queue whose `visibility_timeout_seconds` is below the `timeout` of a function that reads it.

    ## Why it matters
    The message becomes visible again before the function has ended, and a second one works on the same order. AWS refuses the
    pair when the function is connected; when one of the two numbers is changed later, nobody does.

    ## Example
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs", "visibility_timeout_seconds": 30}},
      "aws_lambda_function": {"work": {"function_name": "work", "timeout": 60}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs", "visibility_timeout_seconds": 360}},
      "aws_lambda_function": {"work": {"function_name": "work", "timeout": 60}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    for queue, function, hidden, runs, _ in _read_by_functions(graph):
        if hidden < runs:
            yield queue, f"It hides a message for {hidden:g} s; {function.address} may work on it for {runs:g} s."


@check(
    "GB128",
    "notice",
    fix="Set visibility_timeout_seconds to six times the function's timeout, plus the batching window.",
)
def message_has_no_time_to_wait(graph: Graph) -> Iterator[Hit]:
    """Queue leaves its function no time for a second try.

    ## What it finds
    A queue whose `visibility_timeout_seconds` is below six times the `timeout` of a function that reads it, plus the
    `maximum_batching_window_in_seconds` (but not below the timeout itself, see GB127).

    ## Why it matters
    Lambda takes messages first and calls the function then. When the function is held back by a limit of concurrency, Lambda
    tries again for as long as the message is hidden; after that it comes back, counts as failed and soon is a dead letter.

    ## Example
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs", "visibility_timeout_seconds": 60}},
      "aws_lambda_function": {"work": {"function_name": "work", "timeout": 30}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs", "visibility_timeout_seconds": 180}},
      "aws_lambda_function": {"work": {"function_name": "work", "timeout": 30}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    for queue, function, hidden, runs, window in _read_by_functions(graph):
        if runs <= hidden < 6 * runs + window:
            yield (
                queue,
                f"It hides a message for {hidden:g} s; six times the {runs:g} s of {function.address} are advised.",
            )


def _read_by_functions(graph: Graph) -> Iterator[tuple[Resource, Resource, float, float, float]]:
    """Queue, function, for how long the one hides a message, how long the other may run, and the batching window."""
    for mapping in graph.all("aws_lambda_event_source_mapping"):
        queue, function = graph.follow(mapping, "event_source_arn"), function_of(graph, mapping, "function_name")
        if queue is None or queue.type != QUEUE or function is None:
            continue
        hidden = number(queue, "visibility_timeout_seconds", default=VISIBILITY)
        runs = number(function, "timeout", default=3)
        window = number(mapping, "maximum_batching_window_in_seconds", default=0)
        if hidden is not None and runs is not None and window is not None:
            yield queue, function, hidden, runs, window
