"""`alarms.log_errors`: subscription filters that hand lines with these words to the router."""

from __future__ import annotations

from typing import Any

from giban.blueprint.validate_alarms import log_target
from giban.components.alarm_parts import alarms_of, alarms_scope
from giban.components.environment import Environment, identifier
from giban.graph.resource import Resource

GROUPS = {"functions": "/aws/lambda/", "apis": "/aws/apigateway/", "services": "/"}
"""Section to the beginning of the names of its log groups."""


def add_log_filters(env: Environment, router: Resource) -> dict[str, dict[str, Any]]:
    """A filter for each component, and what the router must know of it, by log group."""
    known: dict[str, dict[str, Any]] = {}
    for key, patterns in sorted(alarms_of(env).log_errors.items()):
        component = log_target(env.blueprint, key)
        assert component is not None  # noqa: S101 - validation asked
        group = _group(env, component)
        scope = alarms_scope(env, f"alarms-log-{identifier(component.replace('.', '-'))}")
        allowed = scope.add(
            "aws_lambda_permission",
            statement_id=scope.label,
            action="lambda:InvokeFunction",
            function_name=router.function_name,
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
            principal=f"logs.{env.region_name}.amazonaws.com",
            source_account=env.account_id,
            source_arn=f"{group.arn}:*",
        )
        scope.add(
            "aws_cloudwatch_log_subscription_filter",
            name=scope.name,
            log_group_name=group.ref("name"),
            filter_pattern=filter_pattern(patterns),
            destination_arn=router.arn,
            # CloudWatch tries the function when the filter is made.
            depends_on=[allowed.address],
        )
        known[str(group.value("name"))] = {"service": component, "patterns": patterns, "priority": "P3"}
    return known


def filter_pattern(patterns: list[str]) -> str:
    """CloudWatch's pattern for lines with one of these words
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html)."""
    if patterns[0][:1] in ("{", "["):
        return patterns[0]
    quoted = ['"' + pattern.replace("\\", "\\\\").replace('"', '\\"') + '"' for pattern in patterns]
    return quoted[0] if len(quoted) == 1 else " ".join(f"?{word}" for word in quoted)


def _group(env: Environment, component: str) -> Resource:
    """The log group that a component writes."""
    beginning = GROUPS[component.split(".", 1)[0]]
    return next(
        resource
        for _, resource in sorted(env.region.resources.items())
        if resource.type == "aws_cloudwatch_log_group"
        and resource.component == component
        and str(resource.value("name")).startswith(beginning)
    )
