"""Where logs go: the log bucket (access logs, session logs) and log groups with one retention and one key."""

from __future__ import annotations

from giban.components.encryption import key
from giban.components.environment import Environment, Scope, part
from giban.components.policies import Statement, document, tls_only
from giban.components.private_bucket import make_private
from giban.graph.resource import Resource


def log_group(scope: Scope, name: str, suffix: str = "") -> Resource:
    """A log group of this component, encrypted with the environment's key and kept as long as `logs.days` says."""
    return scope.add(
        "aws_cloudwatch_log_group",
        suffix,
        name=name,
        retention_in_days=scope.env.blueprint.logs.days,
        kms_key_id=key(scope.env).arn,
    )


@part
def log_bucket(env: Environment) -> Resource:
    """The bucket of access logs: load balancers and S3 deliver here, nobody else writes.

    It is encrypted with S3's own key, because load balancers cannot write to a bucket with a customer-managed one
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
    """
    scope = env.scope("logs")
    bucket = scope.add("aws_s3_bucket", bucket=f"{env.prefix}-logs-{env.account_id}", force_destroy=False)
    make_private(scope, bucket)
    scope.add(
        "aws_s3_bucket_server_side_encryption_configuration",
        bucket=bucket.id,
        rule={"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}},
    )
    scope.add("aws_s3_bucket_versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    scope.add(
        "aws_s3_bucket_lifecycle_configuration",
        bucket=bucket.id,
        rule=[
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": env.blueprint.logs.bucket_days},
                "noncurrent_version_expiration": {"noncurrent_days": 30},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
    )
    scope.add(
        "aws_s3_bucket_policy",
        bucket=bucket.id,
        policy=document(tls_only(bucket.arn), *_deliveries(env, bucket)),
    )
    return bucket


def _deliveries(env: Environment, bucket: Resource) -> list[Statement]:
    account, region = env.account_id, env.region_name
    return [
        {
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
            "Sid": "LoadBalancerLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket.arn}/alb/*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/*"}
            },
        },
        {
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            "Sid": "BucketLogs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket.arn}/s3/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
    ]
