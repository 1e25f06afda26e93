"""`functions`: Lambda functions from folders beside the blueprint, with roles that may do what `uses` says and no more."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.blueprint.durations import seconds_of
from giban.components.environment import Environment, Scope, part
from giban.components.functions import lambda_function
from giban.components.serverless_code import archive_of, folder_of, look
from giban.components.serverless_network import place
from giban.components.serverless_queues import failed_events
from giban.components.serverless_uses import is_told, statements_of, variables_of
from giban.graph.resource import Resource

ALIAS = "live"
"""The alias under which a function is called that is kept warm: what is kept warm is a version, not the function."""

EVENT_AGE = 6 * 3600
"""Seconds that an event is tried
(https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html)."""


class Called(msgspec.Struct, frozen=True):
    """A function as others call it: itself, or the alias that is kept warm."""

    function: Resource
    alias: Resource | None

    @property
    def arn(self) -> Any:
        """What is called."""
        return (self.alias or self.function).arn

    @property
    def invoke_arn(self) -> Any:
        """What an API calls."""
        return (self.alias or self.function).invoke_arn

    @property
    def target(self) -> str:
        """The name by which `Invoke` calls it."""
        name = str(self.function.function_name)
        return f"{name}:{ALIAS}" if self.alias else name

    @property
    def qualifier(self) -> dict[str, Any]:
        """The argument of permissions and the like that are about the alias; nothing for the function itself."""
        return {"qualifier": self.alias.ref("name")} if self.alias else {}


def expand(env: Environment) -> None:
    """Every function of the blueprint."""
    for name in sorted(env.blueprint.functions):
        called(env, name)


def function_scope(env: Environment, name: str) -> Scope:
    """The scope of a function."""
    return env.scope("functions", name, was=env.blueprint.functions[name].was)


@part
def called(env: Environment, name: str) -> Called:
    """The function of that name in the blueprint."""
    settings = env.blueprint.functions[name]
    scope = function_scope(env, name)
    look(env, name, settings)
    archive = f"files/function-{name}.zip"
    folder = folder_of(env, settings.source)
    scope.stack.files[archive] = lambda: archive_of(folder)
    concurrency = settings.concurrency
    warm = bool(concurrency.provisioned)
    made = lambda_function(
        scope,
        "",
        scope.name,
        archive,
        settings.handler,
        f"{env.prefix}: {name}",
        {**{key: _literal(value) for key, value in settings.env.items()}, **variables_of(env, settings)},
        statements_of(env, name, settings),
        timeout=seconds_of(settings.timeout),
        runtime=settings.runtime,
        memory=settings.memory,
        processor=settings.processor,
        tracing_config={"mode": "Active" if settings.tracing else "PassThrough"},
        reserved_concurrent_executions=concurrency.reserved,
        publish=True if warm else None,
        **place(scope, name, settings),
    )
    found = Called(made, _warm(scope, made, concurrency.provisioned) if warm else None)
    if is_told(env, name):
        scope.add(
            "aws_lambda_function_event_invoke_config",
            function_name=made.function_name,
            maximum_retry_attempts=settings.retries,
            # Lambda's own default; of a function that is throttled, events wait so long.
            maximum_event_age_in_seconds=EVENT_AGE,
            destination_config={"on_failure": {"destination": failed_events(env).arn}},
            **found.qualifier,
        )
    return found


def _warm(scope: Scope, made: Resource, number: int) -> Resource:
    alias = scope.add(
        "aws_lambda_alias",
        name=ALIAS,
        description="The version that is kept warm",
        function_name=made.function_name,
        function_version=made.version,
    )
    scope.add(
        "aws_lambda_provisioned_concurrency_config",
        function_name=made.function_name,
        qualifier=alias.ref("name"),
        provisioned_concurrent_executions=number,
    )
    return alias


def _literal(text: str) -> str:
    """A text that Terraform does not read as a template."""
    return text.replace("${", "$${").replace("%{", "%%{")
