"""Checks of Lambda functions: who may call them, what they may do, and what becomes of their logs."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.functions import (
    INTEGRATIONS,
    function_of,
    log_group_of,
    may_be_called,
    on_everything,
    proxies,
    statements_of,
)
from giban.checks.policies import Statement
from giban.checks.registry import Hit, check
from giban.checks.runtimes import ENDED
from giban.checks.values import given, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check("GB102", "warning", fix="Move to the newest runtime of the language.")
def runtime_without_patches(graph: Graph) -> Iterator[Hit]:
    """Function runs on a runtime without security patches.

    ## What it finds
    A function whose managed runtime had been deprecated by AWS when the table in giban was last read
    (`src/giban/checks/runtimes.py`, with its date).

    ## Why it matters
    A deprecated runtime gets no security patches. Some time later AWS refuses to make functions with it, then to change
    them: on that day no mistake in the function can be mended without moving it in a hurry.

    ## Example
    ```json
    {"resource": {"aws_lambda_function": {"api": {"function_name": "api", "runtime": "python3.9"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lambda_function": {"api": {"function_name": "api", "runtime": "python3.13"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    for function in graph.all("aws_lambda_function"):
        runtime = text(function, "runtime")
        if runtime in ENDED:
            yield function, f"{runtime} gets no security patches since {ENDED[runtime]}."


@check("GB103", "warning", fix="Add an aws_cloudwatch_log_group named /aws/lambda/<function> with retention_in_days.")
def function_without_log_group(graph: Graph) -> Iterator[Hit]:
    """Function makes its log group itself.

    ## What it finds
    A function for which the root has no log group: none that is named in `logging_config`, and none called
    `/aws/lambda/` and its name.

    ## Why it matters
    At the first call Lambda makes the group, without expiry and outside of Terraform. Its logs are kept and paid for ever, and
    they are left behind when everything else is destroyed.

    ## Example
    ```json
    {"resource": {"aws_lambda_function": {"api": {"function_name": "api"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lambda_function": {"api": {"function_name": "api"}},
      "aws_cloudwatch_log_group": {"api": {"name": "/aws/lambda/api", "retention_in_days": 30}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    for function in graph.all("aws_lambda_function"):
        if log_group_of(graph, function) is False:
            yield function, "Lambda makes its log group by itself, and what is in there is never deleted."


API_SECONDS = {"aws_apigatewayv2_integration": 30.0, "aws_api_gateway_integration": 29.0}
"""How long an API waits for its function unless told otherwise.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html (30 s is also the most),
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""


@check("GB104", "warning", fix="Set the function's timeout below that of the API, or hand long work to a queue.")
def function_outlives_its_api(graph: Graph) -> Iterator[Hit]:
    """Function may run longer than its API waits.

    ## What it finds
    A function behind an API whose `timeout` is as long as the integration waits, or longer: 30 seconds with an HTTP API, 29 with
    a REST API, or what `timeout_milliseconds` says.

    ## Why it matters
    The caller gets an error while the function goes on, is paid for, and changes data that the caller believes unchanged. Who
    then tries again does it twice.

    ## Example
    ```json
    {"resource": {
      "aws_lambda_function": {"api": {"function_name": "api", "timeout": 60}},
      "aws_apigatewayv2_integration": {"api": {
        "integration_type": "AWS_PROXY", "integration_uri": "${aws_lambda_function.api.invoke_arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lambda_function": {"api": {"function_name": "api", "timeout": 20}},
      "aws_apigatewayv2_integration": {"api": {
        "integration_type": "AWS_PROXY", "integration_uri": "${aws_lambda_function.api.invoke_arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    """
    for integration, function in proxies(graph):
        seconds = number(function, "timeout", default=3)
        waits = number(integration, "timeout_milliseconds", default=round(1000 * API_SECONDS[integration.type]))
        if seconds is not None and waits is not None and seconds >= waits / 1000:
            yield function, f"It may run {seconds:g} s, but {integration.address} gives up after {waits / 1000:g} s."


@check("GB105", "warning", fix="Add source_arn: the API, rule, bucket or topic that is to call it.")
def service_may_call_for_anybody(graph: Graph) -> Iterator[Hit]:
    """Permission lets a service call the function for anybody.

    ## What it finds
    A Lambda permission for a service of AWS (`events.amazonaws.com`, `apigateway.amazonaws.com`, `s3.amazonaws.com`…) with none
    of `source_arn`, `source_account` and `principal_org_id`.

    ## Why it matters
    The service works for every account. Whoever knows the function's ARN lets the service of their own account call it, with an
    event of their choice: the service is a confused deputy.

    ## Example
    ```json
    {"resource": {"aws_lambda_permission": {"tick": {"function_name": "keeper",
      "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lambda_permission": {"tick": {"function_name": "keeper",
      "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com",
      "source_arn": "${aws_cloudwatch_event_rule.tick.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    for permission in graph.all("aws_lambda_permission"):
        principal = text(permission, "principal") or ""
        limits = ("source_arn", "source_account", "principal_org_id")
        if principal.endswith(".amazonaws.com") and not any(given(permission, name) for name in limits):
            yield permission, f"{principal} may call the function on behalf of any account."


@check("GB106", "error", fix='Set authorization_type to "AWS_IAM", or put an API or a distribution in front.')
def function_url_for_everybody(graph: Graph) -> Iterator[Hit]:
    """Function URL is open to everybody.

    ## What it finds
    A function URL with `authorization_type = "NONE"`.

    ## Why it matters
    Everybody who learns the address calls the function, as often as they like: there is no throttling, no list of addresses and
    no access log before it, only the account's limit of concurrent calls, which all functions share.

    ## Example
    ```json
    {"resource": {"aws_lambda_function_url": {"api": {"function_name": "api", "authorization_type": "NONE"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lambda_function_url": {"api": {"function_name": "api", "authorization_type": "AWS_IAM"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    for url in graph.all("aws_lambda_function_url"):
        if text(url, "authorization_type") == "NONE":
            yield url, "Everybody who knows the address may call the function."


NARROW = (
    "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem",
    "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem", "ec2:ModifyInstanceAttribute", "ec2:RebootInstances",
    "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances", "kms:Decrypt", "lambda:InvokeFunction",
    "s3:DeleteObject", "s3:GetObject", "s3:PutObject", "sqs:ReceiveMessage", "sqs:SendMessage", "ssm:SendCommand",
    "states:StartExecution",
)  # fmt: skip
"""Actions that can be limited to the very resource they are needed on
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html)."""


def _wide(statement: Statement) -> list[str]:
    """The actions of a statement that could name their resources and do not."""
    known = {name.lower(): name for name in NARROW}
    return sorted({known[action.lower()] for action in statement.actions if action.lower() in known})


@check("GB107", "warning", fix="Name the ARNs of the resources, or add a condition such as aws:ResourceTag.")
def function_may_use_every_resource(graph: Graph) -> Iterator[Hit]:
    """Function may use everything of a kind.

    ## What it finds
    A policy of a function's role that allows an action such as `dynamodb:PutItem`, `s3:GetObject`, `ec2:StopInstances` or
    `lambda:InvokeFunction` on every table, bucket, instance or function, without a condition. Whole services (GB069), secrets
    (GB068) and roles (GB071) have checks of their own.

    ## Why it matters
    A function is called by others with data of their choice. One flaw in it, or in a library it brings along, and they stop every
    instance or read every table of the account instead of the one it was written for.

    ## Example
    ```json
    {"resource": {
      "aws_lambda_function": {"keeper": {"function_name": "keeper", "role": "${aws_iam_role.keeper.arn}"}},
      "aws_iam_role": {"keeper": {"name": "keeper"}},
      "aws_iam_role_policy": {"keeper": {"role": "${aws_iam_role.keeper.name}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"ec2:StopInstances\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lambda_function": {"keeper": {"function_name": "keeper", "role": "${aws_iam_role.keeper.arn}"}},
      "aws_iam_role": {"keeper": {"name": "keeper"}},
      "aws_iam_role_policy": {"keeper": {"role": "${aws_iam_role.keeper.name}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"ec2:StopInstances\\",\\"Resource\\":\\"*\\",\\"Condition\\":{\\"StringEquals\\":{\\"aws:ResourceTag/giban:power\\":\\"scv/dev\\"}}}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    """
    for role in graph.all("aws_iam_role"):
        users = graph.referrers(role, "aws_lambda_function")
        if users:
            yield from _too_much(graph, role, users[0])


@check("GB108", "warning", fix="Name the ARN of the function, queue or machine that the schedule starts.")
def schedule_may_start_everything(graph: Graph) -> Iterator[Hit]:
    """Schedule may start everything of a kind.

    ## What it finds
    A policy of the role that an EventBridge schedule, rule or pipe uses, which allows `lambda:InvokeFunction`,
    `states:StartExecution`, `sqs:SendMessage` or the like on every resource of the kind.

    ## Why it matters
    Whoever may change the schedule, a smaller right than to change code, starts any function of the account with any input.

    ## Example
    ```json
    {"resource": {
      "aws_scheduler_schedule": {"tick": {"schedule_expression": "rate(1 minute)",
        "target": {"arn": "${aws_lambda_function.keeper.arn}", "role_arn": "${aws_iam_role.tick.arn}"}}},
      "aws_iam_role": {"tick": {"name": "tick"}},
      "aws_iam_role_policy": {"tick": {"role": "${aws_iam_role.tick.name}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"lambda:InvokeFunction\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_scheduler_schedule": {"tick": {"schedule_expression": "rate(1 minute)",
        "target": {"arn": "${aws_lambda_function.keeper.arn}", "role_arn": "${aws_iam_role.tick.arn}"}}},
      "aws_iam_role": {"tick": {"name": "tick"}},
      "aws_iam_role_policy": {"tick": {"role": "${aws_iam_role.tick.name}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"lambda:InvokeFunction\\",\\"Resource\\":\\"${aws_lambda_function.keeper.arn}\\"}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
    """
    for role in graph.all("aws_iam_role"):
        users = graph.referrers(role, "aws_scheduler_schedule", "aws_cloudwatch_event_target", "aws_pipes_pipe")
        if users and not graph.referrers(role, "aws_lambda_function"):
            yield from _too_much(graph, role, users[0])


def _too_much(graph: Graph, role: Resource, user: Resource) -> Iterator[Hit]:
    for holder, statement in statements_of(graph, role):
        wide = _wide(statement) if on_everything(statement) else []
        if wide:
            yield holder, f"{user.address} may use {', '.join(wide)} on everything of the kind."


@check("GB109", "error", fix="Add an aws_lambda_permission for the service, with the ARN of what calls as its source.")
def caller_without_permission(graph: Graph) -> Iterator[Hit]:
    """API or event rule may not call its function.

    ## What it finds
    An integration of an API without a role of its own, or a target of an event rule, whose function has no
    `aws_lambda_permission` for `apigateway.amazonaws.com` or `events.amazonaws.com`. Schedules of EventBridge Scheduler call with
    their role and need none.

    ## Why it matters
    Everything is made without a complaint. Then the API answers every request with 500, or the rule does nothing: only a metric
    named FailedInvocations tells.

    ## Example
    ```json
    {"resource": {
      "aws_lambda_function": {"keeper": {"function_name": "keeper"}},
      "aws_cloudwatch_event_target": {"state": {"rule": "state", "arn": "${aws_lambda_function.keeper.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lambda_function": {"keeper": {"function_name": "keeper"}},
      "aws_cloudwatch_event_target": {"state": {"rule": "state", "arn": "${aws_lambda_function.keeper.arn}"}},
      "aws_lambda_permission": {"state": {"function_name": "${aws_lambda_function.keeper.function_name}",
        "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com",
        "source_arn": "arn:aws:events:ap-northeast-2:123456789012:rule/state"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    for integration, function in proxies(graph):
        own_role = given(integration, INTEGRATIONS[integration.type][2])
        if not own_role and may_be_called(graph, function, "apigateway.amazonaws.com") is False:
            yield integration, f"API Gateway may not call {function.address}: every request ends with an error."
    for target in graph.all("aws_cloudwatch_event_target"):
        called = function_of(graph, target, "arn")
        if called is not None and may_be_called(graph, called, "events.amazonaws.com") is False:
            yield target, f"EventBridge may not call {called.address}: the rule does nothing."
