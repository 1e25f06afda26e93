"""References are found where Terraform finds them: in code, not in the texts that code holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.graph.refs import expressions, find_refs


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("aws_vpc.main.id", []),
        ("${aws_vpc.main.id}", ["aws_vpc.main.id"]),
        ("$${aws_vpc.main.id}", []),
        ("a ${aws_vpc.main.id} b ${data.aws_region.here.name}", ["aws_vpc.main.id", "data.aws_region.here.name"]),
        ('${base64encode("python my_app.py")}', []),
        ('${base64encode("a ${aws_s3_bucket.b.id} my_app.wsgi")}', ["aws_s3_bucket.b.id"]),
        ('${base64encode("a $${aws_s3_bucket.b.id} {")} ${aws_vpc.main.id}', ["aws_vpc.main.id"]),
        ('${base64encode("a \\"my_app.py\\" ${aws_vpc.main.id}")}', ["aws_vpc.main.id"]),
        ('${base64encode("} my_app.py")}', []),
        ('${{for k, v in aws_vpc.main.tags : k => "${v} a_b.c"}}', ["aws_vpc.main.tags"]),
        ('${aws_vpc.main.tags["Name"]}', ['aws_vpc.main.tags["Name"]']),
        ('${aws_subnet.a["x"].id}', ["aws_subnet.a.id"]),
        ('{"Resource": "${aws_s3_bucket.b.arn}/*"}', ["aws_s3_bucket.b.arn"]),
        ('%{ if aws_vpc.main.id == "a_b.c" }yes%{ endif }', ["aws_vpc.main.id"]),
        ('C:\\${aws_vpc.main.id}"', ["aws_vpc.main.id"]),
        ('${join("", [aws_a_b.c.id, "${lower("${aws_d.e.id} f_g.h")}"])}', ["aws_a_b.c.id", "aws_d.e.id"]),
    ],
)
def test_references_are_found_in_code_only(text: str, refs: list[str]) -> None:
    assert [ref.expression for ref in find_refs(text)] == refs


@given(st.text(alphabet='$%{}"\\[]a_b. ', max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    for code in expressions(text):
        assert isinstance(code, str)
