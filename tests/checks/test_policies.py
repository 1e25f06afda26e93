"""Policies in every form become the same statements; `jsonencode` is read as far as it is literal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.checks.expressions import jsonencoded, literal
from giban.checks.policies import Condition, Policy, Statement, policy, policy_of
from giban.graph.graph import Graph
from giban.graph.resource import Resource
from giban.graph.stack import Stack

STATEMENT = Statement(
    effect="Allow",
    actions=("s3:GetObject",),
    resources=("${aws_s3_bucket.a.arn}/*",),
    principals=(("AWS", "*"),),
    conditions=(Condition("StringEquals", "aws:SourceAccount", ("111122223333",)),),
)
JSON = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject",'
    '"Resource":"${aws_s3_bucket.a.arn}/*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}'
)
ENCODED = """${jsonencode({
  Version = "2012-10-17"
  # a comment, with a comma
  Statement = [
    {
      Effect    = "Allow", Principal = { AWS = ["*"] }
      Action    = ["s3:GetObject"]
      Resource  = "${aws_s3_bucket.a.arn}/*"
      Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
    },
  ]
})}"""
AS_PARSED_FROM_HCL = (
    '${jsonencode({Version = "2012-10-17", Statement = {Effect = "Allow", Principal = {AWS = "*"}, '
    'Action = "s3:GetObject", Resource = "${aws_s3_bucket.a.arn}/*", '
    'Condition = {StringEquals = {"aws:SourceAccount" = ["111122223333"]}}}})}'
)


def holder(value: Any, **documents: dict[str, Any]) -> tuple[Graph, Resource]:
    stack = Stack(".", "ap-northeast-2")
    for label, args in documents.items():
        stack.insert("data", "aws_iam_policy_document", label, args, "", None, check=False)
    resource = stack.insert("managed", "aws_sqs_queue_policy", "a", {"policy": value}, "", None, check=False)
    return Graph("x", [stack]), resource


@pytest.mark.parametrize("text", [JSON, ENCODED, AS_PARSED_FROM_HCL])
def test_forms_of_text(text: str) -> None:
    graph, resource = holder(text)
    assert policy(graph, resource, "policy") == Policy((STATEMENT,))


def test_a_policy_document() -> None:
    block = {
        "actions": ["s3:GetObject"],
        "resources": ["${aws_s3_bucket.a.arn}/*"],
        "principals": {"type": "AWS", "identifiers": ["*"]},
        "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["111122223333"]}],
    }
    graph, resource = holder("${data.aws_iam_policy_document.it.json}", it={"statement": block})
    assert policy(graph, resource, "policy") == Policy((STATEMENT,))


@pytest.mark.parametrize(
    "more",
    [{"source_policy_documents": ["${var.more}"]}, {"dynamic": {"statement": {"for_each": "${var.all}"}}}],
)
def test_a_document_with_unknown_parts_is_not_complete(more: dict[str, Any]) -> None:
    graph, resource = holder("${data.aws_iam_policy_document.it.json}", it={"statement": {"actions": ["a:b"]}, **more})
    found = policy(graph, resource, "policy")
    assert not found.complete
    assert found.statements[0].actions == ("a:b",)


@pytest.mark.parametrize(
    "value",
    ["${var.policy}", "${module.a.json}", "${data.aws_iam_policy_document.gone.json}", "not json", '["a"]', 7, ["a"],
     "${jsonencode(var.policy)}", '${jsonencode({Statement = concat([{Effect = "Allow"}], var.more)})}'],
)  # fmt: skip
def test_what_is_not_known_is_not_complete(value: Any) -> None:
    graph, resource = holder(value)
    assert not policy(graph, resource, "policy").complete


def test_no_policy_is_complete_and_empty() -> None:
    graph, resource = holder(None)
    assert policy(graph, resource, "policy") == Policy()


@pytest.mark.parametrize(
    ("pattern", "action", "permitted"),
    [
        ("s3:*", "s3:PutObject", True),
        ("S3:putobject", "s3:PutObject", True),
        ("s3:Put*", "s3:PutObject", True),
        ("*", "s3:PutObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:PutObjectAcl", "s3:PutObject", False),
    ],
)
def test_wildcards_of_actions(pattern: str, action: str, permitted: bool) -> None:
    assert Statement("Allow", actions=(pattern,)).permits(action) is permitted


@pytest.mark.parametrize(
    ("key", "values", "restricted"),
    [
        ("aws:SourceAccount", ("111122223333",), True),
        ("aws:PrincipalOrgID", ("${var.organisation}",), True),
        ("aws:SecureTransport", ("true",), False),
        ("aws:SourceIp", ("203.0.113.0/24",), True),
        ("aws:SourceIp", ("203.0.113.0/24", "0.0.0.0/0"), False),
        ("aws:SourceArn", ("*",), False),
    ],
)
def test_conditions_that_limit_who(key: str, values: tuple[str, ...], restricted: bool) -> None:
    assert Statement("Allow", conditions=(Condition("StringLike", key, values),)).restricted is restricted


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        ("{}", {}),
        ("[ ]", []),
        ('{a = 1, "b" : -2.5}', {"a": 1, "b": -2.5}),
        ("[true, false, null]", [True, False, None]),
        ('{"a:b" = "c"}', {"a:b": "c"}),
        ("{(var.key) = 1}", {"${var.key}": 1}),
        ("[var.a, aws_lb.web.arn]", ["${var.a}", "${aws_lb.web.arn}"]),
        ("[for x in var.a : x]", "${[for x in var.a : x]}"),
        ("{for k, v in var.a : k => v}", "${{for k, v in var.a : k => v}}"),
        ('{a = var.x == "y" ? "b" : "c"}', {"a": '${var.x == "y" ? "b" : "c"}'}),
        ('{a = "${join(",", ["x", "}"])}/*"}', {"a": '${join(",", ["x", "}"])}/*'}),
        (r'["say \"hi\"\n"]', ['say "hi"\n']),
        ("{a =\n  1\n  b = 2}", {"a": 1, "b": 2}),
        ('merge({a = 1}, {b = 2})', "${merge({a = 1}, {b = 2})}"),
    ],
)  # fmt: skip
def test_literal(expression: str, data: Any) -> None:
    assert literal(expression) == data


@given(st.text(alphabet='{}[]()"\\$=:,#\n ab1.', max_size=40))
def test_no_text_makes_it_stumble(text: str) -> None:
    literal(text)
    jsonencoded(f"${{jsonencode({text})}}")
    graph, resource = holder(None)
    policy_of(graph, resource, text)
