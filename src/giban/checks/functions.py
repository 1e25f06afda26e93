"""Functions, what calls them, and what their roles may do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from giban.checks.policies import Statement, identity_policies
from giban.checks.queries import multiplied
from giban.checks.values import given, text
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

INTEGRATIONS = {
    "aws_apigatewayv2_integration": ("integration_uri", "integration_type", "credentials_arn"),
    "aws_api_gateway_integration": ("uri", "type", "credentials"),
}
"""What connects an API with a function: where its address, its kind and its role are written."""

_EVERY = re.compile(r"(:instance/\*|:table/\*|:function:\*|:stateMachine:\*|:key/\*|:sqs:[^:]*:[^:]*:\*|:::\*(/\*)?)$")
"""ARNs that stand for everything of a kind."""


def function_of(graph: Graph, resource: Resource, *path: str) -> Resource | None:
    """The function an argument names, by its ARN, its name or an alias; None when it is not in the graph."""
    found = graph.follow(resource, *path)
    if found is not None and found.type == "aws_lambda_alias":
        found = graph.follow(found, "function_name")
    if found is not None:
        return found if found.type == "aws_lambda_function" and found.mode == "managed" else None
    name = text(resource, *path)
    if not name:
        return None
    own = (f for f in graph.all("aws_lambda_function") if f.stack is resource.stack)
    return next((f for f in own if text(f, "function_name") == name.rpartition(":function:")[2]), None)


def proxies(graph: Graph) -> Iterator[tuple[Resource, Resource]]:
    """Integrations of APIs that hand requests to a function, with the function."""
    for integration in graph.all(*INTEGRATIONS):
        address, kind, _ = INTEGRATIONS[integration.type]
        function = function_of(graph, integration, address)
        if function is not None and text(integration, kind) == "AWS_PROXY":
            yield integration, function


def may_be_called(graph: Graph, function: Resource, service: str) -> bool | None:
    """Whether a permission lets a service call a function; None when that is not known."""
    unsure = multiplied(function)
    for permission in graph.all("aws_lambda_permission"):
        if permission.stack is not function.stack:
            continue
        named = function_of(graph, permission, "function_name")
        principal = text(permission, "principal")
        if named is function and principal in (service, "*"):
            return True
        if (named is None and is_unknown(permission.value("function_name"))) or (named is function and not principal):
            unsure = True
    return None if unsure else False


def statements_of(graph: Graph, role: Resource) -> Iterator[tuple[Resource, Statement]]:
    """Every statement that allows something to a role, with the resource that holds it."""
    for holder, policy in identity_policies(graph):
        if any(one is role for one in _roles(graph, holder)):
            for statement in policy.allowing:
                yield holder, statement


_HARMLESS = re.compile(
    r"arn:aws:iam::aws:policy/(service-role/AWSLambda(BasicExecution|VPCAccessExecution)Role|AWSXRayDaemonWriteAccess)"
)
"""Policies of AWS that only let a function write its log, reach its network or send traces."""


def role_permits(graph: Graph, role: Resource, action: str) -> bool | None:
    """Whether some policy of a role allows an action, on whatever; None when not all of its policies are known."""
    sure = not any(role.value(name) for name in ("managed_policy_arns", "permissions_boundary"))
    for holder, found in identity_policies(graph):
        if any(one is role for one in _roles(graph, holder)):
            if any(statement.permits(action) or statement.not_actions for statement in found.allowing):
                return True
            sure = sure and found.complete
    for link in graph.all("aws_iam_role_policy_attachment", "aws_iam_policy_attachment"):
        named = [one for name in ("role", "roles") for one in graph.follow_all(link, name)]
        if link.stack is not role.stack or (named and role not in named):
            continue
        policy_ = graph.follow(link, "policy_arn")
        known = policy_ is not None and policy_.type == "aws_iam_policy" and policy_.mode == "managed"
        if not known and not _HARMLESS.fullmatch(text(link, "policy_arn") or ""):
            sure = False
    return False if sure else None


def _roles(graph: Graph, holder: Resource) -> list[Resource]:
    if holder.type == "aws_iam_role":
        return [holder]
    if holder.type == "aws_iam_role_policy":
        return graph.follow_all(holder, "role")
    attachments = graph.referrers(holder, "aws_iam_role_policy_attachment", "aws_iam_policy_attachment")
    return [role for link in attachments for name in ("role", "roles") for role in graph.follow_all(link, name)]


def on_everything(statement: Statement) -> bool:
    """Whether a statement is about everything of a kind, without a condition that narrows it."""
    return not statement.conditions and any(name == "*" or _EVERY.search(name) for name in statement.resources)


def log_group_of(graph: Graph, function: Resource) -> Resource | bool | None:
    """The log group of a function; False when there certainly is none in the root, None when that is not known."""
    if given(function, "logging_config", "log_group"):
        found = graph.follow(function, "logging_config", "log_group")
        return found if found is not None and found.type == "aws_cloudwatch_log_group" else None
    name = function.value("function_name")
    own = [group for group in graph.all("aws_cloudwatch_log_group") if group.stack is function.stack]
    for group in own:
        if graph.follow(group, "name") is function or group.value("name") == f"/aws/lambda/{name}":
            return group
    unknown = is_unknown(name) or multiplied(function)
    return None if unknown and any(is_unknown(group.value("name")) or multiplied(group) for group in own) else False
