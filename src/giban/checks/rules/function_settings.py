"""Checks of settings of functions: how many calls at a time, what is kept warm, and what stands in the environment."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.functions import function_of
from giban.checks.registry import Hit, check
from giban.checks.secret_texts import secrets_in
from giban.checks.values import flag, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check(
    "GB140",
    "warning",
    fix="Remove reserved_concurrent_executions, or give it the number of calls at a time it may have.",
)
def function_never_runs(graph: Graph) -> Iterator[Hit]:
    """Function may never run.

    ## What it finds
    A function with `reserved_concurrent_executions = 0`.

    ## Why it matters
    It is the emergency switch: every call is refused. As a number in a document it is mostly a mistake for "no limit", or the
    rest of an emergency that nobody remembers.

    ## Example
    ```json
    {"resource": {"aws_lambda_function": {"work": {"function_name": "work", "reserved_concurrent_executions": 0}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lambda_function": {"work": {"function_name": "work", "reserved_concurrent_executions": 10}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    for function in graph.all("aws_lambda_function"):
        if number(function, "reserved_concurrent_executions", default=-1) == 0:
            yield function, "Every call of it is refused (reserved_concurrent_executions is 0)."


ACCOUNT_LIMIT = 1000
"""Calls at a time that an account may have in a region unless AWS raised or lowered it."""
KEPT_FREE = 100
"""What AWS keeps for functions without a reservation."""


@check("GB141", "warning", fix="Reserve less, or ask AWS for a higher limit first.")
def more_reserved_than_there_is(graph: Graph) -> Iterator[Hit]:
    """Functions reserve more calls at a time than the account has.

    ## What it finds
    Functions of one root whose `reserved_concurrent_executions` together are above 900: 1,000 calls at a time are an account's
    limit in a region, and AWS keeps 100 of them for functions without a reservation. (A new account may have far fewer.)

    ## Why it matters
    AWS refuses the reservation that goes beyond, in the middle of `apply`. And what is reserved is taken from everybody else:
    functions without a reservation share the rest.

    ## Example
    ```json
    {"resource": {"aws_lambda_function": {
      "a": {"function_name": "a", "reserved_concurrent_executions": 600},
      "b": {"function_name": "b", "reserved_concurrent_executions": 600}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lambda_function": {
      "a": {"function_name": "a", "reserved_concurrent_executions": 100},
      "b": {"function_name": "b", "reserved_concurrent_executions": 100}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    reserved: dict[tuple[str, str | None], list[tuple[float, Resource]]] = {}
    for function in graph.all("aws_lambda_function"):
        own = number(function, "reserved_concurrent_executions", default=-1)
        if own is not None and own > 0:
            reserved.setdefault((function.stack.key, function.region), []).append((own, function))
    for found in reserved.values():
        total = sum(own for own, _ in found)
        if total > ACCOUNT_LIMIT - KEPT_FREE:
            largest = max(found, key=lambda one: one[0])[1]
            yield (
                largest,
                f"{len(found)} functions reserve {total:g} calls at a time; {ACCOUNT_LIMIT - KEPT_FREE} can be reserved.",
            )


@check("GB142", "error", fix="Publish versions (publish = true), and name an alias or a version as the qualifier.")
def warm_without_a_version(graph: Graph) -> Iterator[Hit]:
    """Function is kept warm without a version.

    ## What it finds
    Provisioned concurrency for `$LATEST`, or more of it than the function has reserved.

    ## Why it matters
    AWS refuses both, in the middle of `apply`.

    ## Example
    ```json
    {"resource": {
      "aws_lambda_function": {"api": {"function_name": "api"}},
      "aws_lambda_provisioned_concurrency_config": {"api": {"qualifier": "$LATEST",
        "function_name": "${aws_lambda_function.api.function_name}", "provisioned_concurrent_executions": 5}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lambda_function": {"api": {"function_name": "api", "publish": true}},
      "aws_lambda_alias": {"live": {"name": "live", "function_name": "${aws_lambda_function.api.function_name}",
        "function_version": "${aws_lambda_function.api.version}"}},
      "aws_lambda_provisioned_concurrency_config": {"api": {"qualifier": "${aws_lambda_alias.live.name}",
        "function_name": "${aws_lambda_function.api.function_name}", "provisioned_concurrent_executions": 5}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    """
    for config in graph.all("aws_lambda_provisioned_concurrency_config"):
        function = function_of(graph, config, "function_name")
        named = graph.follow(config, "qualifier")
        unpublished = (
            named is not None and named.type == "aws_lambda_function" and flag(named, "publish", default=False) is False
        )
        if text(config, "qualifier") == "$LATEST" or unpublished:
            yield config, "Only a published version or an alias of it can be kept warm."
        elif function is not None:
            warm = number(config, "provisioned_concurrent_executions", default=None)
            most = number(function, "reserved_concurrent_executions", default=-1)
            if warm is not None and most is not None and 0 < most < warm:
                yield config, f"It keeps {warm:g} calls warm, but {function.address} may have {most:g} at a time."


@check(
    "GB143",
    "error",
    fix="Put it into Secrets Manager, hand the function its ARN and let it read the value with its role.",
)
def secret_in_function_settings(graph: Graph) -> Iterator[Hit]:
    """Secret in the settings of a function.

    ## What it finds
    An environment variable of a Lambda function that holds a key, a token, a password written out, or an expression whose value
    is a secret (`random_password…result`).

    ## Why it matters
    Who may list functions reads it: the console shows it, the state holds it, and so does the output of every tool that describes
    a function. Changing it needs a deployment.

    ## Example
    ```json
    {"resource": {"aws_lambda_function": {"api": {"function_name": "api",
      "environment": {"variables": {"DB_PASSWORD": "correct-horse-battery"}}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lambda_function": {"api": {"function_name": "api",
      "environment": {"variables": {"DB_SECRET_ARN": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db"}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    for function in graph.all("aws_lambda_function"):
        variables = function.value("environment", "variables")
        for name in sorted(variables) if isinstance(variables, dict) else ():
            found = secrets_in(f"{name}={variables[name]}") if isinstance(variables[name], str) else ()
            if found:
                yield function, f"Its variable {name} holds {found[0]}."
