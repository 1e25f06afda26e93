"""IAM policies as a check wants them: statements in one form, wherever and however they are written.

Read are JSON text (with references in it), `jsonencode({…})` as far as it is literal, and `aws_iam_policy_document`
data sources. A policy of which a part is known only after apply is not `complete`: what it allows may be judged, what it
lacks may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from giban.checks.expressions import jsonencoded
from giban.checks.values import listed
from giban.graph.graph import Graph
from giban.graph.refs import find_refs
from giban.graph.resource import Resource

_DOCUMENT = re.compile(r"\$\{\s*data\.aws_iam_policy_document\.[\w-]+(\[[^\]]*\])?\.(json|minified_json)\s*\}")

HARMLESS_KEYS = frozenset({"aws:securetransport", "s3:tlsversion"})
"""Condition keys that say how one may come, not who."""

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0", "*"})


class Condition(msgspec.Struct, frozen=True):
    """One line of a `Condition`: `StringEquals`, `aws:SourceAccount`, the values."""

    operator: str
    key: str
    values: tuple[str, ...]


class Statement(msgspec.Struct, frozen=True):
    """One statement. Texts may hold expressions; `principals` are pairs such as ("AWS", "*") or ("Service", "ec2…")."""

    effect: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    sid: str = ""

    @property
    def allows(self) -> bool:
        """Whether it is an Allow."""
        return self.effect == "Allow"

    @property
    def anybody(self) -> bool:
        """Whether its principal is the whole world, before conditions."""
        return any(value == "*" and kind in ("*", "AWS") for kind, value in self.principals)

    @property
    def restricted(self) -> bool:
        """Whether a condition limits who may use it. How one comes (TLS) and "from every address" do not."""
        return any(
            condition.key.lower() not in HARMLESS_KEYS and not EVERYWHERE.intersection(condition.values)
            for condition in self.conditions
        )

    def permits(self, action: str) -> bool:
        """Whether it names this action, by itself or by a wildcard: `s3:*`, `s3:Put*`."""
        return any(_matches(pattern, action) for pattern in self.actions)


class Policy(msgspec.Struct, frozen=True):
    """The statements of a policy, and whether they are all of them."""

    statements: tuple[Statement, ...] = ()
    complete: bool = True

    @property
    def allowing(self) -> Iterator[Statement]:
        """The Allow statements."""
        return (statement for statement in self.statements if statement.allows)


NONE = Policy()
UNKNOWN = Policy(complete=False)


def policy(graph: Graph, resource: Resource, *path: str) -> Policy:
    """The policy that an argument holds; one without statements when the argument is not given."""
    return policy_of(graph, resource, resource.value(*path))


def policy_of(graph: Graph, resource: Resource, value: Any) -> Policy:
    """The policy a value of `resource` stands for (text, or an object as some raw documents have it)."""
    if value is None or value == "":
        return NONE
    if isinstance(value, dict):
        return _from_data(value)
    if not isinstance(value, str):
        return UNKNOWN
    if _DOCUMENT.fullmatch(value.strip()):
        return _from_document(graph, resource, value)
    return _from_text(value)


@lru_cache(maxsize=4096)
def _from_text(text: str) -> Policy:
    """Policies are read by several checks; the text is read once."""
    data = jsonencoded(text)
    if data is None:
        try:
            data = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return UNKNOWN
    return _from_data(data)


def _from_data(data: Any) -> Policy:
    if not isinstance(data, dict):
        return UNKNOWN
    lowered = {str(key).lower(): value for key, value in data.items()}
    bodies = listed(lowered.get("statement"))
    statements = tuple(_statement(body) for body in bodies if isinstance(body, dict))
    return Policy(statements, len(statements) == len(bodies))


def _statement(body: dict[str, Any]) -> Statement:
    fields = {str(key).lower(): value for key, value in body.items()}
    return Statement(
        effect=str(fields.get("effect", "")),
        actions=_texts(fields.get("action")),
        not_actions=_texts(fields.get("notaction")),
        resources=_texts(fields.get("resource")),
        not_resources=_texts(fields.get("notresource")),
        principals=tuple(_principals(fields.get("principal"))),
        conditions=tuple(_conditions(fields.get("condition"))),
        sid=str(fields.get("sid", "")),
    )


def _from_document(graph: Graph, resource: Resource, value: str) -> Policy:
    """An `aws_iam_policy_document` (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document)."""
    found = graph.get(find_refs(value)[0].address, resource.stack.key)
    if found is None:
        return UNKNOWN
    statements = tuple(
        Statement(
            effect=str(block.get("effect") or "Allow"),
            actions=_texts(block.get("actions")),
            not_actions=_texts(block.get("not_actions")),
            resources=_texts(block.get("resources")),
            not_resources=_texts(block.get("not_resources")),
            principals=tuple(
                (str(item.get("type", "")), name)
                for item in listed(block.get("principals"))
                if isinstance(item, dict)
                for name in _texts(item.get("identifiers"))
            ),
            conditions=tuple(
                Condition(str(item.get("test", "")), str(item.get("variable", "")), _texts(item.get("values")))
                for item in listed(block.get("condition"))
                if isinstance(item, dict)
            ),
            sid=str(block.get("sid") or ""),
        )
        for block in found.blocks("statement")
    )
    more = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
    complete = "dynamic" not in found.meta and not any(found.value(name) for name in more)
    return Policy(statements, complete)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in listed(value))


def _principals(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for kind, names in value.items():
            for name in _texts(names):
                yield str(kind), name
    else:
        for name in _texts(value):
            yield "*", name


def _conditions(value: Any) -> Iterator[Condition]:
    if not isinstance(value, dict):
        return
    for operator, lines in value.items():
        if isinstance(lines, dict):
            for key, values in lines.items():
                yield Condition(str(operator), str(key), _texts(values))


def _matches(pattern: str, action: str) -> bool:
    pattern, action = pattern.lower(), action.lower()
    if "*" not in pattern and "?" not in pattern:
        return pattern == action
    from fnmatch import fnmatchcase

    return fnmatchcase(action, pattern)


_IDENTITY = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
_ATTACHED = {
    "aws_s3_bucket": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_sqs_queue": "policy",
    "aws_sqs_queue_policy": "policy",
    "aws_sns_topic": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_secretsmanager_secret": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_opensearch_domain": "access_policies",
    "aws_opensearch_domain_policy": "access_policies",
    "aws_efs_file_system_policy": "policy",
    "aws_backup_vault_policy": "policy",
    "aws_dynamodb_resource_policy": "policy",
    "aws_cloudwatch_event_bus_policy": "policy",
}


def identity_policies(graph: Graph) -> Iterator[tuple[Resource, Policy]]:
    """Every policy that says what a role, user or group may do, with the resource that holds it."""
    for resource in graph.all(*_IDENTITY):
        yield resource, policy(graph, resource, _IDENTITY[resource.type])
    for role in graph.all("aws_iam_role"):
        for block in role.blocks("inline_policy"):
            yield role, policy_of(graph, role, block.get("policy"))


def resource_policies(graph: Graph) -> Iterator[tuple[Resource, Policy]]:
    """Every policy that says who may use a resource, with the resource that holds it."""
    for resource in graph.all(*_ATTACHED):
        yield resource, policy(graph, resource, _ATTACHED[resource.type])


def allowing(policies: Iterable[tuple[Resource, Policy]]) -> Iterator[tuple[Resource, Statement]]:
    """Every statement of these policies that allows something."""
    for resource, found in policies:
        for statement in found.allowing:
            yield resource, statement
