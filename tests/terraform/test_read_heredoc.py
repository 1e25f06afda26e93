"""Heredocs of HCL become the text that Terraform would make of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from giban.terraform.read import read_folder

INDENTED = """resource "aws_sqs_queue_policy" "a" {
  policy = <<-EOF
    {"Statement": [
      {"Resource": "${aws_sqs_queue.a.arn}"}
    ]}
  EOF
}
"""
PLAIN = """resource "aws_instance" "a" {
  user_data = <<BOOT
#!/bin/sh
  echo "a\\tb"
BOOT
}
"""


@pytest.mark.parametrize(
    ("text", "address", "argument", "value"),
    [
        (
            INDENTED,
            "aws_sqs_queue_policy.a",
            "policy",
            '{"Statement": [\n  {"Resource": "${aws_sqs_queue.a.arn}"}\n]}\n',
        ),
        (PLAIN, "aws_instance.a", "user_data", '#!/bin/sh\n  echo "a\\tb"\n'),
    ],
)
def test_heredocs(tmp_path: Path, text: str, address: str, argument: str, value: str) -> None:
    (tmp_path / "main.tf").write_text(text)
    resource = read_folder(str(tmp_path)).get(address)
    assert resource is not None
    assert resource.args[argument] == value
