"""What every bucket has in common: nobody outside of the account, and no access lists."""

from __future__ import annotations

from giban.components.environment import Scope
from giban.graph.resource import Resource


def make_private(scope: Scope, bucket: Resource) -> None:
    """Block public access to a bucket, and let policies alone decide who may do what."""
    scope.add(
        "aws_s3_bucket_public_access_block",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    scope.add("aws_s3_bucket_ownership_controls", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
