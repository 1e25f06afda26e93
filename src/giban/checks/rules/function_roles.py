"""Checks of what the role of a function may do with what the function reads, and of who else has that role."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.functions import function_of, role_permits
from giban.checks.messaging import QUEUE, key_of
from giban.checks.policies import policy
from giban.checks.queries import multiplied
from giban.checks.registry import Hit, check
from giban.checks.values import given
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_READING = {
    QUEUE: ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "aws_dynamodb_table": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
    "aws_kinesis_stream": ("kinesis:GetRecords", "kinesis:GetShardIterator"),
}
"""What Lambda does with the role of a function to read for it
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb.html)."""


def _mappings(graph: Graph) -> Iterator[tuple[Resource, Resource, Resource]]:
    """Event source mapping, what it reads, and the role of its function."""
    for mapping in graph.all("aws_lambda_event_source_mapping"):
        source, function = graph.follow(mapping, "event_source_arn"), function_of(graph, mapping, "function_name")
        role = graph.follow(function, "role") if function is not None else None
        if source is None or source.type not in _READING or source.mode != "managed" or role is None:
            continue
        if role.type == "aws_iam_role" and not multiplied(role):
            yield mapping, source, role


@check("GB168", "error", fix="Allow the actions on the queue or stream to the role of the function.")
def function_may_not_read_its_source(graph: Graph) -> Iterator[Hit]:
    """Function may not read what is to start it.

    ## What it finds
    An event source mapping of a queue or a stream to a function whose role lacks one of the actions that Lambda needs to read it:
    for a queue `sqs:ReceiveMessage`, `sqs:DeleteMessage` and `sqs:GetQueueAttributes`.

    ## Why it matters
    AWS refuses the mapping, in the middle of `apply`; when the action is taken away later, the function is simply not started
    any more.

    ## Example
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs"}},
      "aws_iam_role": {"work": {"name": "work"}},
      "aws_iam_role_policy": {"work": {"role": "${aws_iam_role.work.id}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"sqs:ReceiveMessage\\",\\"Resource\\":\\"${aws_sqs_queue.jobs.arn}\\"}]}"}},
      "aws_lambda_function": {"work": {"function_name": "work", "role": "${aws_iam_role.work.arn}"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sqs_queue": {"jobs": {"name": "jobs"}},
      "aws_iam_role": {"work": {"name": "work"}},
      "aws_iam_role_policy": {"work": {"role": "${aws_iam_role.work.id}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"sqs:ReceiveMessage\\",\\"sqs:DeleteMessage\\",\\"sqs:GetQueueAttributes\\"],\\"Resource\\":\\"${aws_sqs_queue.jobs.arn}\\"}]}"}},
      "aws_lambda_function": {"work": {"function_name": "work", "role": "${aws_iam_role.work.arn}"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    for mapping, source, role in _mappings(graph):
        missing = [action for action in _READING[source.type] if role_permits(graph, role, action) is False]
        if missing:
            yield mapping, f"{role.address} lacks {', '.join(missing)} for {source.address}."


@check("GB169", "error", fix="Allow kms:Decrypt on the key to the role of the function.")
def function_may_not_decrypt_its_source(graph: Graph) -> Iterator[Hit]:
    """Function may not decrypt what is to start it.

    ## What it finds
    An event source mapping of a queue that is encrypted with a key of the root, to a function whose role may not use that key.

    ## Why it matters
    The mapping is made without a complaint. Then Lambda cannot read a single message, the queue fills up, and neither the
    function nor its log shows anything.

    ## Example
    ```json
    {"resource": {
      "aws_kms_key": {"main": {"description": "queues"}},
      "aws_sqs_queue": {"jobs": {"name": "jobs", "kms_master_key_id": "${aws_kms_key.main.arn}"}},
      "aws_iam_role": {"work": {"name": "work"}},
      "aws_iam_role_policy": {"work": {"role": "${aws_iam_role.work.id}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"sqs:*\\",\\"Resource\\":\\"${aws_sqs_queue.jobs.arn}\\"}]}"}},
      "aws_lambda_function": {"work": {"function_name": "work", "role": "${aws_iam_role.work.arn}"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_kms_key": {"main": {"description": "queues"}},
      "aws_sqs_queue": {"jobs": {"name": "jobs", "kms_master_key_id": "${aws_kms_key.main.arn}"}},
      "aws_iam_role": {"work": {"name": "work"}},
      "aws_iam_role_policy": {"work": {"role": "${aws_iam_role.work.id}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"sqs:*\\",\\"Resource\\":\\"${aws_sqs_queue.jobs.arn}\\"},{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"kms:Decrypt\\",\\"Resource\\":\\"${aws_kms_key.main.arn}\\"}]}"}},
      "aws_lambda_function": {"work": {"function_name": "work", "role": "${aws_iam_role.work.arn}"}},
      "aws_lambda_event_source_mapping": {"jobs": {
        "event_source_arn": "${aws_sqs_queue.jobs.arn}", "function_name": "${aws_lambda_function.work.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-lambda-function-trigger.html
    """
    for mapping, source, role in _mappings(graph):
        key = key_of(graph, source) if source.type == QUEUE else None
        if not isinstance(key, Resource) or _named_in_key(graph, key, role):
            continue
        if role_permits(graph, role, "kms:Decrypt") is False:
            yield mapping, f"{role.address} may not use {key.address}, which encrypts {source.address}."


def _named_in_key(graph: Graph, key: Resource, role: Resource) -> bool:
    """Whether the policy of a key is about this role, or cannot be read."""
    holders = [key] if given(key, "policy") else []
    holders += graph.referrers(key, "aws_kms_key_policy")
    found = [policy(graph, holder, "policy") for holder in holders]
    return not all(part.complete for part in found) or any(role in graph.follow_all(one, "policy") for one in holders)


@check("GB170", "notice", fix="Give each function a role of its own, with what this function needs.")
def functions_share_a_role(graph: Graph) -> Iterator[Hit]:
    """Functions share a role.

    ## What it finds
    A role that two or more functions have.

    ## Why it matters
    Each of them may do what any of them needs: the function that answers strangers may delete what only the nightly one should
    touch. And nobody dares to take a right away, because nobody knows whose it is.

    ## Example
    ```json
    {"resource": {
      "aws_iam_role": {"all": {"name": "all"}},
      "aws_lambda_function": {
        "site": {"function_name": "site", "role": "${aws_iam_role.all.arn}"},
        "clean": {"function_name": "clean", "role": "${aws_iam_role.all.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_iam_role": {"site": {"name": "site"}, "clean": {"name": "clean"}},
      "aws_lambda_function": {
        "site": {"function_name": "site", "role": "${aws_iam_role.site.arn}"},
        "clean": {"function_name": "clean", "role": "${aws_iam_role.clean.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-permissions.html
    """
    for role in graph.all("aws_iam_role"):
        users = [one for one in graph.referrers(role, "aws_lambda_function") if graph.follow(one, "role") is role]
        if len(users) > 1 and not multiplied(role):
            yield role, f"{len(users)} functions have it: {', '.join(one.address for one in users[:3])}."
