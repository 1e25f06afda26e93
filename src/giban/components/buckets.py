"""`buckets`: private, encrypted, TLS only, versioned; and the bucket that artifacts are taken from."""

from __future__ import annotations

from giban.blueprint.types import Bucket
from giban.components.encryption import key
from giban.components.environment import Environment, Scope, fit, part
from giban.components.logs import log_bucket
from giban.components.policies import document, tls_only
from giban.components.private_bucket import make_private
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """Every bucket of the blueprint."""
    for name in sorted(env.blueprint.buckets):
        bucket(env, name)


@part
def bucket(env: Environment, name: str) -> Resource:
    """The bucket of that name in the blueprint."""
    settings = env.blueprint.buckets[name]
    return _bucket(env.scope("buckets", name, was=settings.was), settings)


@part
def artifact_bucket(env: Environment) -> Resource:
    """Where deliveries put what instances unpack at boot."""
    return _bucket(env.scope("artifacts"), Bucket())


def _bucket(scope: Scope, settings: Bucket) -> Resource:
    env = scope.env
    logs = log_bucket(env)
    # The account's number makes the name free all over the world without a random part; names have 63 characters.
    made = scope.add(
        "aws_s3_bucket", bucket=f"{fit(scope.name, 50)}-{env.account_id}", force_destroy=not settings.protect
    )
    make_private(scope, made)
    scope.add(
        "aws_s3_bucket_server_side_encryption_configuration",
        bucket=made.id,
        rule={
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": key(env).arn,
            },
            "bucket_key_enabled": True,
        },
    )
    scope.add(
        "aws_s3_bucket_versioning",
        bucket=made.id,
        versioning_configuration={"status": "Enabled" if settings.versioning else "Suspended"},
    )
    expire = {
        "id": "old-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": settings.keep_old_days},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
    }
    if settings.expire_days is not None:
        expire["expiration"] = {"days": settings.expire_days}
    scope.add("aws_s3_bucket_lifecycle_configuration", bucket=made.id, rule=[expire])
    scope.add("aws_s3_bucket_logging", bucket=made.id, target_bucket=logs.id, target_prefix=f"s3/{scope.label}/")
    scope.add("aws_s3_bucket_policy", bucket=made.id, policy=document(tls_only(made.arn)))
    return made
