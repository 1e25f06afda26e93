"""Buckets, file systems, images."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.context import Context, Line
from giban.cost.logs import DAYS_PER_MONTH, KEPT_FOR_EVER
from giban.cost.ranges import ZERO, Range
from giban.cost.registry import free, prices
from giban.graph.resource import Resource

free(
    "settings of a bucket",
    "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block", "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_versioning", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_logging",
    "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_acl", "aws_s3_bucket_cors_configuration",
    "aws_s3_bucket_website_configuration", "aws_s3_bucket_notification", "aws_s3_bucket_object_lock_configuration",
    "aws_s3_bucket_accelerate_configuration", "aws_s3_account_public_access_block", "aws_s3_object",
    "aws_s3_bucket_object", "aws_s3_bucket_request_payment_configuration", "aws_s3_access_point",
)  # fmt: skip
free(
    "part of a repository or a file system",
    "aws_ecr_lifecycle_policy", "aws_ecr_repository_policy", "aws_ecr_registry_policy", "aws_efs_mount_target",
    "aws_efs_access_point", "aws_efs_file_system_policy", "aws_efs_backup_policy",
    "aws_ecr_registry_scanning_configuration",
)  # fmt: skip

DELIVERIES = 12.0
"""Files an hour that a load balancer's node delivers, one in five minutes
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html)."""


@prices("aws_s3_bucket")
def bucket(resource: Resource, context: Context) -> Iterator[Line]:
    """A log bucket by the requests that are logged and how long; any other by the assumptions about buckets."""
    balancers = [b for b in context.graph.referrers(resource, "aws_lb", "aws_alb") if _logs_to(b, resource, context)]
    targets = context.graph.referrers(resource, "aws_s3_bucket_logging")
    is_target = any(context.graph.follow(t, "target_bucket") is resource for t in targets)
    if balancers or is_target:
        yield from _log_bucket(resource, balancers, context)
        return
    gb = context.use("bucket_gb")
    yield context.line("S3", "Standard storage first 50 TB", gb, "storage")
    yield context.line("S3", "PUT COPY POST LIST", context.use("bucket_writes"), "writes")
    yield context.line("S3", "GET", context.use("bucket_reads"), "reads")


def _logs_to(balancer: Resource, bucket: Resource, context: Context) -> bool:
    return context.graph.follow(balancer, "access_logs") is bucket


def _log_bucket(resource: Resource, balancers: list[Resource], context: Context) -> Iterator[Line]:
    months = _kept(resource, context)
    gb, files = ZERO, ZERO
    for balancer in balancers:
        gb = gb + context.monthly(context.requests(balancer)) * context.use("access_log_bytes", balancer) * 1e-9
        zones = max(1, len(context.topology.zones(balancer)))
        files = files + context.hours * (DELIVERIES * zones)
    note = f"access logs of {', '.join(b.address for b in balancers)}, {months:.0f} months" if balancers else "logs"
    yield context.line("S3", "Standard storage first 50 TB", gb * months, "storage", note)
    yield context.line("S3", "PUT COPY POST LIST", files, "writes", "a file in five minutes per zone")


def _kept(resource: Resource, context: Context) -> float:
    """Months until objects expire, by the bucket's lifecycle; a year's worth when they do not."""
    for lifecycle in context.graph.referrers(resource, "aws_s3_bucket_lifecycle_configuration"):
        for rule in lifecycle.blocks("rule"):
            expiration = rule.get("expiration")
            for block in expiration if isinstance(expiration, list) else [expiration]:
                days = block.get("days") if isinstance(block, dict) else None
                if isinstance(days, int) and days > 0:
                    return days / DAYS_PER_MONTH
    return KEPT_FOR_EVER


@prices("aws_ecr_repository")
def repository(_resource: Resource, context: Context) -> Iterator[Line]:
    """Stored images."""
    yield context.line("ECR", "private image storage", context.use("image_gb"), "images")


@prices("aws_efs_file_system")
def file_system(_resource: Resource, context: Context) -> Iterator[Line]:
    """Stored files; no price was found."""
    yield context.line("EFS", "Standard storage", context.use("file_system_gb"), "storage")


@prices("aws_backup_vault", "aws_backup_plan")
def backup(_resource: Resource, context: Context) -> Iterator[Line]:
    """Backups by AWS Backup; no price was found."""
    yield context.unknown("backups", "GB-month", Range(1, 1, 1), "no price in the files")
