"""Checks of keys, and of what lies unencrypted beside databases and buckets (which have their own)."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.values import flag, given, number, text
from giban.graph.graph import Graph


@check("GB082", "warning", fix="Set enable_key_rotation to true.")
def key_not_rotated(graph: Graph) -> Iterator[Hit]:
    """KMS key is not rotated.

    ## What it finds
    A symmetric KMS key without `enable_key_rotation`. Asymmetric keys, HMAC keys and keys in a store of one's own cannot be
    rotated by AWS and are left out.

    ## Why it matters
    Rotation is free of work: AWS makes new key material every year and keeps the old for what it encrypted. Auditors ask for it,
    and it bounds how much one piece of key material protects.

    ## Example
    ```json
    {"resource": {"aws_kms_key": {"main": {"description": "data"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_kms_key": {"main": {"description": "data", "enable_key_rotation": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """
    for key in graph.all("aws_kms_key"):
        symmetric = text(key, "customer_master_key_spec", default="SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
        if not symmetric or given(key, "custom_key_store_id"):
            continue
        if flag(key, "enable_key_rotation", default=False) is False:
            yield key, "Its key material never changes (enable_key_rotation is off)."


@check("GB083", "warning", fix="Set deletion_window_in_days to 14 or more; 30 is the default.")
def key_deleted_soon(graph: Graph) -> Iterator[Hit]:
    """KMS key is deleted after a few days.

    ## What it finds
    A KMS key with a `deletion_window_in_days` below 14, outside of development stages.

    ## Why it matters
    What a deleted key encrypted is lost for good: databases, backups, secrets, logs. The window is the only way back, and a
    week passes in one holiday.

    ## Example
    ```json
    {"resource": {"aws_kms_key": {"main": {"deletion_window_in_days": 7}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_kms_key": {"main": {"deletion_window_in_days": 30}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    """
    for key in graph.all("aws_kms_key") if graph.stage == "production" else ():
        days = number(key, "deletion_window_in_days", default=30)
        if days is not None and days < 14:
            yield key, f"A deletion can be called off for {days:g} days only."


SWITCHES: dict[str, tuple[tuple[str, ...], bool]] = {
    "aws_efs_file_system": (("encrypted",), False),
    "aws_elasticache_replication_group": (("at_rest_encryption_enabled",), False),
    "aws_opensearch_domain": (("encrypt_at_rest", "enabled"), False),
    "aws_redshift_cluster": (("encrypted",), False),
    "aws_sqs_queue": (("sqs_managed_sse_enabled",), True),
    "aws_docdb_elastic_cluster": (("storage_encrypted",), True),
}
"""The argument that switches encryption on, and what it is when it is not given."""

KEYED = {"aws_sns_topic": "kms_master_key_id"}
"""Types that are encrypted when a key is named."""


@check(
    "GB084", "warning", fix="Switch encryption at rest on; for most services it can only be chosen when they are made."
)
def not_encrypted_at_rest(graph: Graph) -> Iterator[Hit]:
    """Topic, queue, file system, cache or stream is not encrypted.

    ## What it finds
    SNS topics without a key, SQS queues with encryption switched off, EFS file systems, ElastiCache groups, Kinesis streams,
    Redshift clusters and OpenSearch domains without encryption at rest. Databases (GB041), buckets (GB057) and volumes
    have checks of their own.

    ## Why it matters
    It costs nothing or next to nothing, and most of these cannot be encrypted later without being made again.

    ## Example
    ```json
    {"resource": {"aws_sns_topic": {"alarms": {"name": "alarms"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sns_topic": {"alarms": {"name": "alarms", "kms_master_key_id": "${aws_kms_key.main.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
    - https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html
    """
    for type_, (path, default) in SWITCHES.items():
        for resource in graph.all(type_):
            if flag(resource, *path, default=default) is False and not given(resource, "kms_master_key_id"):
                yield resource, f"It is not encrypted at rest ({'.'.join(path)} is off)."
    for type_, argument in KEYED.items():
        for resource in graph.all(type_):
            if not given(resource, argument):
                yield resource, f"It is not encrypted at rest ({argument} is not set)."
    for stream in graph.all("aws_kinesis_stream"):
        if text(stream, "encryption_type", default="NONE") == "NONE":
            yield stream, "It is not encrypted at rest (encryption_type is NONE)."
