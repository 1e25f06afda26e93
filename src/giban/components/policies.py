"""IAM policy documents as JSON text: statements in, one canonical form out."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.graph.refs import plain

Statement = dict[str, Any]


def document(*statements: Statement) -> str:
    """The policy as JSON text. References inside it stay Terraform expressions."""
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": [plain(s) for s in statements]}).decode()


def allow(sid: str, actions: list[str], resources: Any, **more: Any) -> Statement:
    """A statement of an identity policy: allow these actions on exactly these resources."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources, **more}


def assume(service: str, **condition: Any) -> str:
    """The trust policy of a role that an AWS service assumes."""
    statement: Statement = {
        "Sid": "Assume",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return document(statement)


def tls_only(bucket_arn: Any) -> Statement:
    """A statement of a bucket policy that refuses plain HTTP."""
    return refuse_plain_http("s3:*", [bucket_arn, f"{bucket_arn}/*"])


def refuse_plain_http(actions: Any, resources: Any) -> Statement:
    """A statement of a resource policy that refuses these actions over plain HTTP to everybody."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
