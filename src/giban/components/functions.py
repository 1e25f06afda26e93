"""A Lambda function with what belongs to it: its archive, a role that may do what it is told and write its log, an alarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from giban.components.code import function_code
from giban.components.environment import Scope, fit
from giban.components.logs import log_group
from giban.components.policies import Statement, allow, assume, document
from giban.graph.resource import Resource

RUNTIME = "python3.12"
"""Supported until October 2028 (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html)."""


def function(
    scope: Scope,
    suffix: str,
    name: str,
    code: str,
    packages: tuple[str, ...],
    handler: str,
    description: str,
    variables: dict[str, str],
    statements: list[Statement],
    *,
    timeout: int,
    extra: Callable[[], dict[str, bytes]] = dict,
) -> Resource:
    """A function that runs `handler` out of `files/<code>.zip`: these packages of `runtime` and `extra` files, which are asked
    for when the archive is written. `timeout` is in seconds."""
    archive = f"files/{code}.zip"
    scope.stack.files[archive] = lambda: function_code(*packages, extra=extra())
    return lambda_function(
        scope, suffix, name, archive, handler, description, variables, statements, timeout=timeout, runtime=RUNTIME
    )


def lambda_function(
    scope: Scope,
    suffix: str,
    name: str,
    archive: str,
    handler: str,
    description: str,
    variables: dict[str, str],
    statements: list[Statement],
    *,
    timeout: int,
    runtime: str,
    memory: int = 256,
    processor: str = "arm64",
    **more: Any,
) -> Resource:
    """A function out of an archive of the stack's files, with its log group, its role and an alarm. `memory` is in MB, `more`
    further arguments of the function."""
    env = scope.env
    group = log_group(scope, f"/aws/lambda/{name}", suffix)
    role = scope.add(
        "aws_iam_role",
        suffix,
        name=fit(f"{name}-{env.region_name}", 64),
        assume_role_policy=assume("lambda.amazonaws.com"),
    )
    write = allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{group.arn}:*")
    policy = scope.add("aws_iam_role_policy", suffix, name="uses", role=role.id, policy=document(write, *statements))
    made = scope.add(
        "aws_lambda_function",
        suffix,
        function_name=name,
        description=description,
        filename=archive,
        source_code_hash=f'${{filebase64sha256("{archive}")}}',
        runtime=runtime,
        handler=handler,
        architectures=[processor],
        memory_size=memory,
        timeout=timeout,
        role=role.arn,
        environment={"variables": variables} if variables else None,
        logging_config={"log_format": "JSON", "log_group": group.ref("name")},
        # It must not run before it may do what it does.
        depends_on=[policy.address],
        **more,
    )
    alarm(
        scope,
        f"{suffix}_errors" if suffix else "errors",
        f"{name}-errors",
        f"{description}: it failed in the last five minutes.",
        made,
        metric="Errors",
        comparison="GreaterThanThreshold",
        threshold=0,
        missing="notBreaching",
    )
    return made


def alarm(
    scope: Scope,
    suffix: str,
    name: str,
    description: str,
    of: Resource,
    *,
    metric: str,
    comparison: str,
    threshold: float,
    missing: str,
) -> Resource:
    """An alarm on the sum of a function's metric over five minutes. It tells nobody yet: actions come with an alarm topic."""
    return scope.add(
        "aws_cloudwatch_metric_alarm",
        suffix,
        alarm_name=name,
        alarm_description=description,
        namespace="AWS/Lambda",
        metric_name=metric,
        dimensions={"FunctionName": str(of.function_name)},
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        threshold=threshold,
        comparison_operator=comparison,
        treat_missing_data=missing,
    )
