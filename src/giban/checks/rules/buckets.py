"""Checks of buckets: who may read them, and what a mistake takes away."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.buckets import deliveries, parts, policies
from giban.checks.registry import Hit, check
from giban.checks.values import flag, given, listed, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


@check("GB051", "error", fix="Add an aws_s3_bucket_public_access_block with all four settings true.")
def bucket_without_public_access_block(graph: Graph) -> Iterator[Hit]:
    """Bucket can be made public.

    ## What it finds
    A bucket without `aws_s3_bucket_public_access_block`, or with one that leaves one of its four settings off, where no
    `aws_s3_account_public_access_block` covers the account.

    ## Why it matters
    The block is the one setting that holds against later mistakes: with it, neither a policy nor an ACL nor an upload with
    a public ACL can open the bucket.

    ## Example
    ```json
    {"resource": {"aws_s3_bucket": {"reports": {"bucket": "scv-reports"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"reports": {"bucket": "scv-reports"}},
      "aws_s3_bucket_public_access_block": {"reports": {"bucket": "${aws_s3_bucket.reports.id}",
        "block_public_acls": true, "block_public_policy": true,
        "ignore_public_acls": true, "restrict_public_buckets": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    if any(not _open_settings(block) for block in graph.all("aws_s3_account_public_access_block")):
        return
    blocks = parts(graph, "aws_s3_bucket_public_access_block")
    for bucket in graph.all("aws_s3_bucket"):
        found = blocks.get(bucket.key)
        if not found:
            yield bucket, "Nothing keeps the bucket from being made public (it has no public access block)."
        for block in found or ():
            off = _open_settings(block)
            if off:
                yield bucket, f"Its public access block leaves off {', '.join(off)}."


def _open_settings(block: Resource) -> list[str]:
    return [name for name in BLOCKS if flag(block, name, default=False) is False]


@check(
    "GB052", "error", fix="Set force_destroy to false; empty the bucket by hand when it is really to go.", relaxed=True
)
def bucket_not_protected(graph: Graph) -> Iterator[Hit]:
    """Bucket can be destroyed with its data.

    ## What it finds
    A bucket with `force_destroy`.

    ## Why it matters
    AWS refuses to delete a bucket that is not empty, and that is its protection. With `force_destroy` Terraform empties it
    first, every version of every object, when the bucket is removed, renamed or replaced. Nothing brings them back.

    ## Example
    ```yaml
    buckets:
      uploads: {protect: false}
    ```
    Use instead:
    ```yaml
    buckets:
      uploads: {protect: true}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html
    """
    for bucket in graph.all("aws_s3_bucket", "aws_s3_directory_bucket"):
        if flag(bucket, "force_destroy", default=False):
            yield bucket, "Destroying the bucket deletes every object in it first (force_destroy)."


@check("GB053", "warning", fix="Add an aws_s3_bucket_versioning with the status Enabled.", relaxed=True)
def bucket_without_versioning(graph: Graph) -> Iterator[Hit]:
    """Bucket keeps no versions.

    ## What it finds
    A bucket whose versioning is not enabled. Buckets that only receive logs are left out.

    ## Why it matters
    An overwritten or deleted object is gone, whether by a bug, a wrong `aws s3 sync --delete`, or an intruder. With
    versions it is one call away, and a lifecycle rule keeps the price small.

    ## Example
    ```yaml
    buckets:
      uploads: {versioning: false}
    ```
    Use instead:
    ```yaml
    buckets:
      uploads: {versioning: true, keep_old_days: 30}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
    """
    separate = parts(graph, "aws_s3_bucket_versioning")
    receiving = {delivery.bucket.key for delivery in deliveries(graph)}
    for bucket in graph.all("aws_s3_bucket"):
        if bucket.key in receiving:
            continue
        states = [text(part, "versioning_configuration", "status") for part in separate.get(bucket.key, [])]
        inline = flag(bucket, "versioning", "enabled", default=False)
        if inline is False and not any(state in ("Enabled", None) for state in states):
            yield bucket, "An overwritten or deleted object is gone (versioning is not enabled)."


@check("GB054", "warning", fix="Add a statement that denies every action when aws:SecureTransport is false.")
def bucket_allows_plain_http(graph: Graph) -> Iterator[Hit]:
    """Bucket answers over plain HTTP.

    ## What it finds
    A bucket whose policy does not deny requests with `aws:SecureTransport` false.

    ## Why it matters
    S3 still answers on port 80. A client that is configured wrong, or was turned there, sends objects and signed addresses
    readable by everybody on the way.

    ## Example
    ```json
    {"resource": {"aws_s3_bucket": {"reports": {"bucket": "scv-reports"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"reports": {"bucket": "scv-reports"}},
      "aws_s3_bucket_policy": {"reports": {"bucket": "${aws_s3_bucket.reports.id}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Deny\\",\\"Principal\\":\\"*\\",\\"Action\\":\\"s3:*\\",\\"Resource\\":\\"*\\",\\"Condition\\":{\\"Bool\\":{\\"aws:SecureTransport\\":\\"false\\"}}}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    found = policies(graph)
    for bucket in graph.all("aws_s3_bucket"):
        policy = found[bucket.key]
        if policy.complete and not any(
            statement.effect == "Deny" and condition.key.lower() in ("aws:securetransport", "s3:tlsversion")
            for statement in policy.statements
            for condition in statement.conditions
        ):
            yield bucket, "Requests without TLS are answered (no statement of its policy denies them)."


PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
PUBLIC_GROUPS = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")


@check("GB056", "error", fix="Use the ACL private, or none; give access through the bucket policy.")
def bucket_acl_public(graph: Graph) -> Iterator[Hit]:
    """Bucket or object has a public ACL.

    ## What it finds
    `public-read`, `public-read-write` or `authenticated-read` on a bucket or an object, or a grant to one of the groups
    AllUsers and AuthenticatedUsers (which is everybody with any AWS account).

    ## Why it matters
    Everybody may list or read, in the second case also write and delete. Public files belong behind CloudFront, with the
    bucket private.

    ## Example
    ```json
    {"resource": {"aws_s3_bucket_acl": {"site": {"bucket": "scv-site", "acl": "public-read"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_s3_bucket_ownership_controls": {"site": {"bucket": "scv-site",
      "rule": {"object_ownership": "BucketOwnerEnforced"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
    """
    for resource in graph.all("aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object", "aws_s3_bucket_object"):
        acl = text(resource, "acl")
        if acl in PUBLIC_ACLS:
            yield resource, f"The ACL {acl} opens it to people outside the account."
        grants = resource.blocks("access_control_policy", "grant") + resource.blocks("grant")
        for grant in grants:
            grantee = listed(grant.get("grantee")) or [grant]
            if any(str(item.get("uri", "")).endswith(PUBLIC_GROUPS) for item in grantee if isinstance(item, dict)):
                yield resource, "A grant opens it to everybody (AllUsers or AuthenticatedUsers)."
                break


@check("GB057", "notice", fix="Add an aws_s3_bucket_server_side_encryption_configuration; aws:kms for data of people.")
def bucket_encryption_not_chosen(graph: Graph) -> Iterator[Hit]:
    """Bucket leaves its encryption to the default.

    ## What it finds
    A bucket without `aws_s3_bucket_server_side_encryption_configuration`.

    ## Why it matters
    S3 encrypts everything with its own key since 2023, so nothing lies in the clear. But whoever may read the bucket reads
    it; a key of your own adds a second permission, an audit trail of every use, and a way to make all of it unreadable at once.

    ## Example
    ```json
    {"resource": {"aws_s3_bucket": {"reports": {"bucket": "scv-reports"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_s3_bucket": {"reports": {"bucket": "scv-reports"}},
      "aws_s3_bucket_server_side_encryption_configuration": {"reports": {"bucket": "${aws_s3_bucket.reports.id}",
        "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
    """
    separate = parts(graph, "aws_s3_bucket_server_side_encryption_configuration")
    for bucket in graph.all("aws_s3_bucket"):
        if bucket.key not in separate and not given(bucket, "server_side_encryption_configuration"):
            yield bucket, "Which key encrypts it is left to the default."
