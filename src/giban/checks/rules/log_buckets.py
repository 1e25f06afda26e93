"""Checks of buckets that receive logs: will the logs arrive, and will they ever go?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from giban.checks.buckets import Delivery, deliveries, parts, policies
from giban.checks.policies import Policy, Statement
from giban.checks.registry import Hit, check
from giban.checks.values import given, text
from giban.graph.graph import Graph
from giban.graph.refs import EXPRESSION
from giban.graph.resource import Resource

LOAD_BALANCER_ACCOUNTS = frozenset(
    {
        "127311923021", "033677994240", "027434742980", "797873946194", "098369216593", "754344448648", "589379963580",
        "718504428378", "383597477331", "600734575887", "114774131450", "783225319266", "582318560864", "985666609251",
        "054676820928", "156460612806", "652711504416", "635631232127", "009996457667", "897822967062", "076674570225",
        "507241528517",
    }
)  # fmt: skip
"""The accounts that deliver for load balancers in regions from before August 2022; other regions, and now all of them, use
the service logdelivery. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""


class Writer(msgspec.Struct, frozen=True):
    """Who delivers the logs of a kind of resource, and below which key."""

    what: str
    services: tuple[str, ...]
    marker: str = ""
    """What the deliverer puts between the prefix and its files."""
    acl: bool = False
    """Whether the old ACL `log-delivery-write` lets it in as well."""


_ELB = ("logdelivery.elasticloadbalancing.amazonaws.com",)
_NLB = ("delivery.logs.amazonaws.com",)
_S3 = Writer("S3 access logs", ("logging.s3.amazonaws.com",), acl=True)


def _writer(source: Resource) -> Writer | None:
    if source.type == "aws_elb":
        return Writer("load balancer logs", _ELB, "AWSLogs/")
    if source.type in ("aws_lb", "aws_alb"):
        kind = text(source, "load_balancer_type", default="application")
        return (
            None if kind is None else Writer("load balancer logs", _ELB if kind == "application" else _NLB, "AWSLogs/")
        )
    if source.type in ("aws_s3_bucket", "aws_s3_bucket_logging"):
        return _S3
    if source.type == "aws_cloudtrail":
        return Writer("CloudTrail logs", ("cloudtrail.amazonaws.com",), "AWSLogs/")
    return None


@check("GB058", "error", fix="Allow s3:PutObject to the delivering service on exactly the prefix the logs go to.")
def log_bucket_without_delivery_policy(graph: Graph) -> Iterator[Hit]:
    """Log bucket does not let the logs in.

    ## What it finds
    A bucket that a load balancer, another bucket or CloudTrail is told to log to, whose policy does not allow that
    service to write there, or allows it on another prefix. For load balancers the older form, the AWS account of the
    region, counts too; for S3 access logs the ACL `log-delivery-write`.

    ## Why it matters
    For load balancers and CloudTrail, `apply` fails half-way with "Access Denied for bucket". S3 access logs say nothing at
    all: they are simply not there on the day they are needed.

    ## Example
    ```json
    {"resource": {
      "aws_s3_bucket": {"logs": {"bucket": "scv-logs"}},
      "aws_lb": {"web": {"access_logs": {"bucket": "${aws_s3_bucket.logs.id}", "enabled": true}}}}}
    ```
    Use instead:
    ```json
    {"data": {"aws_iam_policy_document": {"logs": {"statement": {
        "actions": ["s3:PutObject"], "resources": ["${aws_s3_bucket.logs.arn}/AWSLogs/*"],
        "principals": {"type": "Service", "identifiers": ["logdelivery.elasticloadbalancing.amazonaws.com"]}}}}},
     "resource": {"aws_s3_bucket_policy": {"logs": {
        "bucket": "${aws_s3_bucket.logs.id}", "policy": "${data.aws_iam_policy_document.logs.json}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    found = policies(graph)
    acls = parts(graph, "aws_s3_bucket_acl")
    for delivery in deliveries(graph):
        writer = _writer(delivery.source)
        policy = found[delivery.bucket.key]
        if writer is None or not policy.complete or delivery.source.key == delivery.bucket.key:
            continue
        if writer.acl and _lets_in_by_acl(delivery.bucket, acls.get(delivery.bucket.key, [])):
            continue
        message = _refusal(policy, writer, delivery)
        if message:
            yield delivery.bucket, message


def _refusal(policy: Policy, writer: Writer, delivery: Delivery) -> str:
    letting = [
        statement for statement in policy.allowing if statement.permits("s3:PutObject") and _is_for(statement, writer)
    ]
    source = delivery.source.address
    if not letting:
        return f"{source} sends its logs here, but the policy does not let {writer.services[0]} write."
    if delivery.prefix is None:
        return ""
    prefix = delivery.prefix if writer is _S3 else delivery.prefix.strip("/") + "/" * bool(delivery.prefix.strip("/"))
    key = prefix + writer.marker
    heads = [head for statement in letting for head in map(_key_head, statement.resources) if head is not None]
    if any(head.startswith(key) or key.startswith(head) for head in heads):
        return ""
    allowed = ", ".join(sorted({f"{head}*" for head in heads})) or "the bucket itself, not to objects in it"
    return f"{source} sends its logs to {key}*, but {writer.services[0]} may only write to {allowed}."


def _is_for(statement: Statement, writer: Writer) -> bool:
    for kind, name in statement.principals:
        if name in writer.services or name == "*":
            return True
        if kind == "AWS" and writer.services == _ELB:
            # An account of the list, or an expression, which is most probably `data.aws_elb_service_account`.
            account = name.split(":")[4] if name.count(":") >= 5 else name
            if account in LOAD_BALANCER_ACCOUNTS or "${" in name:
                return True
    return False


def _key_head(resource: str) -> str | None:
    """The literal beginning of the keys that an ARN pattern covers; None when it covers no object of the bucket.

    `${aws_s3_bucket.logs.arn}/alb/*` → `alb/`; `arn:aws:s3:::logs/*` → ``; `${aws_s3_bucket.logs.arn}` → None.
    """
    if resource == "*":
        return ""
    # Expressions hold no slash of the key; a mark in their place keeps the text splittable.
    marked = EXPRESSION.sub("\0", resource)
    bucket, slash, key = marked.partition("/")
    if not slash:
        return "" if bucket.endswith("*") else None
    ends = [at for at in (key.find("*"), key.find("?"), key.find("\0")) if at >= 0]
    return key[: min(ends)] if ends else key


def _lets_in_by_acl(bucket: Resource, acls: list[Resource]) -> bool:
    return any(text(resource, "acl") in ("log-delivery-write", None) for resource in (bucket, *acls)) or any(
        acl.blocks("access_control_policy") for acl in acls
    )


@check("GB059", "error", fix="Encrypt the log bucket with S3's own key (sse_algorithm AES256).")
def log_bucket_key_refuses_delivery(graph: Graph) -> Iterator[Hit]:
    """Log bucket is encrypted with a key the deliverer cannot use.

    ## What it finds
    A bucket encrypted with `aws:kms` that an application or classic load balancer, or S3 access logging, writes to.

    ## Why it matters
    These deliverers write only to buckets with Amazon S3's own keys (SSE-S3). For a load balancer `apply` fails; S3 access
    logs stay out silently.

    ## Example
    ```json
    {"resource": {
      "aws_s3_bucket": {"logs": {"bucket": "scv-logs"}},
      "aws_lb": {"web": {"access_logs": {"bucket": "${aws_s3_bucket.logs.id}", "enabled": true}}},
      "aws_s3_bucket_server_side_encryption_configuration": {"logs": {"bucket": "${aws_s3_bucket.logs.id}",
        "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"logs": {"bucket": "scv-logs"}},
      "aws_lb": {"web": {"access_logs": {"bucket": "${aws_s3_bucket.logs.id}", "enabled": true}}},
      "aws_s3_bucket_server_side_encryption_configuration": {"logs": {"bucket": "${aws_s3_bucket.logs.id}",
        "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    separate = parts(graph, "aws_s3_bucket_server_side_encryption_configuration")
    for delivery in deliveries(graph):
        writer = _writer(delivery.source)
        if writer is None or writer.services not in (_ELB, _S3.services):
            continue
        path = ("rule", "apply_server_side_encryption_by_default", "sse_algorithm")
        algorithms = [text(part, *path) for part in separate.get(delivery.bucket.key, [])]
        algorithms.append(text(delivery.bucket, "server_side_encryption_configuration", *path))
        if any(algorithm and algorithm.startswith("aws:kms") for algorithm in algorithms):
            what = f"{delivery.source.address} sends {writer.what} here, which cannot be written with a KMS key."
            yield delivery.bucket, what


ENFORCED = "BucketOwnerEnforced"


@check(
    "GB060", "error", fix="Remove the ACL, or set the ownership to BucketOwnerPreferred where an ACL is really needed."
)
def bucket_acl_with_owner_enforced(graph: Graph) -> Iterator[Hit]:
    """ACL on a bucket that takes none.

    ## What it finds
    An `aws_s3_bucket_acl`, or CloudFront standard logging, on a bucket whose object ownership is `BucketOwnerEnforced`.

    ## Why it matters
    That ownership switches ACLs off, so `apply` fails with AccessControlListNotSupported; CloudFront's older logging
    grants itself access by an ACL and fails the same way.

    ## Example
    ```json
    {"resource": {
      "aws_s3_bucket": {"logs": {"bucket": "scv-logs"}},
      "aws_s3_bucket_ownership_controls": {"logs": {"bucket": "${aws_s3_bucket.logs.id}",
        "rule": {"object_ownership": "BucketOwnerEnforced"}}},
      "aws_s3_bucket_acl": {"logs": {"bucket": "${aws_s3_bucket.logs.id}", "acl": "log-delivery-write"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"logs": {"bucket": "scv-logs"}},
      "aws_s3_bucket_ownership_controls": {"logs": {"bucket": "${aws_s3_bucket.logs.id}",
        "rule": {"object_ownership": "BucketOwnerEnforced"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    acls = parts(graph, "aws_s3_bucket_acl")
    enforced = {
        key
        for key, controls in parts(graph, "aws_s3_bucket_ownership_controls").items()
        if any(text(control, "rule", "object_ownership") == ENFORCED for control in controls)
    }
    for bucket in graph.all("aws_s3_bucket"):
        if bucket.key in enforced:
            for acl in acls.get(bucket.key, []):
                yield acl, f"{bucket.address} has the ownership {ENFORCED}, which refuses every ACL."
    for delivery in deliveries(graph):
        if delivery.source.type == "aws_cloudfront_distribution" and delivery.bucket.key in enforced:
            what = f"Its logs need an ACL on {delivery.bucket.address}, whose ownership {ENFORCED} refuses every ACL."
            yield delivery.source, what


@check(
    "GB061",
    "notice",
    fix="Add an aws_s3_bucket_lifecycle_configuration that expires objects, for example after 90 days.",
)
def log_bucket_without_expiry(graph: Graph) -> Iterator[Hit]:
    """Log bucket keeps everything forever.

    ## What it finds
    A bucket that receives logs and has no enabled lifecycle rule that expires objects.

    ## Why it matters
    Access logs grow with traffic and never shrink: a bill that rises every month for files nobody reads, with addresses of
    people in them that privacy law wants deleted.

    ## Example
    ```json
    {"resource": {
      "aws_s3_bucket": {"logs": {"bucket": "scv-logs"}},
      "aws_lb": {"web": {"access_logs": {"bucket": "${aws_s3_bucket.logs.id}", "enabled": true}}}}}
    ```
    Use instead:
    ```yaml
    logs: {bucket_days: 90}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
    """
    separate = parts(graph, "aws_s3_bucket_lifecycle_configuration")
    seen: set[tuple[str, str]] = set()
    for delivery in deliveries(graph):
        bucket = delivery.bucket
        if bucket.key in seen:
            continue
        seen.add(bucket.key)
        rules = [rule for part in separate.get(bucket.key, []) for rule in part.blocks("rule")]
        expires = any(rule.get("expiration") and rule.get("status") != "Disabled" for rule in rules)
        unknown = any("dynamic" in part.meta for part in separate.get(bucket.key, []))
        if not (expires or unknown or given(bucket, "lifecycle_rule")):
            yield bucket, f"It receives the logs of {delivery.source.address} and deletes none of them."
