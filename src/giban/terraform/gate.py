"""The refusal gate: a plan that would lose data is refused unless each loss is named on the command line.

A pure function over the plan. Protected is what applying the blueprint again does not bring back: stores of data, and
the keys without which they cannot be read. Names and addresses that others rely on are left to the reader of the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from giban.terraform.plan import PlanChange

HOLDS_DATA = {
    "aws_backup_vault": "the backups in it",
    "aws_cloudwatch_log_group": "the logs in it",
    "aws_cognito_user_pool": "its users and their passwords",
    "aws_db_instance": "the database",
    "aws_db_snapshot": "the snapshot",
    "aws_docdb_cluster": "the database",
    "aws_dynamodb_global_table": "the items of the table",
    "aws_dynamodb_table": "the items of the table",
    "aws_ebs_snapshot": "the snapshot",
    "aws_ebs_volume": "the files on the volume",
    "aws_ecr_repository": "the images in it",
    "aws_efs_file_system": "the files in it",
    "aws_elasticache_cluster": "what is cached",
    "aws_elasticache_replication_group": "what is cached",
    "aws_elasticache_serverless_cache": "what is cached",
    "aws_elasticsearch_domain": "the indices in it",
    "aws_fsx_lustre_file_system": "the files in it",
    "aws_fsx_ontap_file_system": "the files in it",
    "aws_fsx_openzfs_file_system": "the files in it",
    "aws_fsx_windows_file_system": "the files in it",
    "aws_glacier_vault": "the archives in it",
    "aws_keyspaces_table": "the rows of the table",
    "aws_kinesis_stream": "the records not read yet",
    "aws_kms_key": "everything encrypted with it",
    "aws_memorydb_cluster": "the data in it",
    "aws_mq_broker": "the messages waiting in it",
    "aws_msk_cluster": "the records in it",
    "aws_neptune_cluster": "the database",
    "aws_opensearch_domain": "the indices in it",
    "aws_opensearchserverless_collection": "the indices in it",
    "aws_rds_cluster": "the database",
    "aws_rds_global_cluster": "the database",
    "aws_redshift_cluster": "the warehouse",
    "aws_s3_bucket": "the objects in it",
    "aws_s3_directory_bucket": "the objects in it",
    "aws_s3tables_table": "the rows of the table",
    "aws_secretsmanager_secret": "the secret and its versions",
    "aws_sqs_queue": "the messages waiting in it",
    "aws_timestreamwrite_table": "the records of the table",
}
"""Resource type -> what is lost with it. Log groups are in: they are evidence after an incident, and nothing recreates
them. Instances, launch templates and groups are out: in this design they hold nothing that matters."""

_REASONS = {
    "delete_because_no_resource_config": "the blueprint no longer has it",
    "delete_because_no_module": "the blueprint no longer has the module it is in",
    "delete_because_wrong_repetition": "`count` or `for_each` was added or removed",
    "delete_because_count_index": "`count` is smaller now",
    "delete_because_each_key": "its key is no longer in `for_each`",
    "delete_because_no_move_target": "it was moved to an address that does not exist",
    "replace_because_tainted": "an earlier run failed half-way while creating it",
    "replace_by_request": "a replacement was asked for",
    "replace_by_triggers": "something named in `replace_triggered_by` changed",
}


NEVER_FINISHED = frozenset(
    {
        "aws_cloudwatch_log_group",
        "aws_ecr_repository",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "aws_sqs_queue",
    }
)
"""Types that are made in seconds. One of these whose creation was interrupted ("tainted") has never been used: what needs it
was not made either. So a run that was stopped can go on without naming it. Databases and volumes are still asked for."""


class Refusal(msgspec.Struct, frozen=True):
    """One loss that was not allowed."""

    address: str
    kind: str
    """`delete` or `replace`."""
    loses: str
    """What is gone with it, e.g. "the objects in it"."""
    reason: str
    """Why Terraform wants it, in words."""

    @property
    def flag(self) -> str:
        """The exact words that allow it."""
        quote = "'" if any(letter in self.address for letter in '[]"* ') else ""
        return f"--allow-delete {quote}{self.address}{quote}"

    def __str__(self) -> str:
        verb = "deleted" if self.kind == "delete" else "replaced by a new, empty one"
        return (
            f"{self.address} would be {verb}, and {self.loses} lost: {self.reason}.\n"
            f"  If that is what you want, add {self.flag}"
        )


def gate(changes: Iterable[PlanChange], allowed: Collection[str] = frozenset()) -> list[Refusal]:
    """The losses in `changes` whose address is not in `allowed`, sorted by address.

    `allowed` names addresses exactly; there is no wildcard on purpose.
    """
    refusals = [
        Refusal(change.address, change.kind, HOLDS_DATA[change.type], why(change))
        for change in changes
        if change.mode == "managed" and change.destroys and change.type in HOLDS_DATA
        if change.address not in allowed and not _never_finished(change)
    ]
    return sorted(refusals, key=lambda refusal: refusal.address)


def _never_finished(change: PlanChange) -> bool:
    return change.reason == "replace_because_tainted" and change.type in NEVER_FINISHED


def unused(changes: Iterable[PlanChange], allowed: Collection[str]) -> list[str]:
    """Addresses that were allowed but are not deleted by this plan: most likely a slip of the keyboard."""
    destroyed = {change.address for change in changes if change.destroys}
    return sorted(set(allowed) - destroyed)


def why(change: PlanChange) -> str:
    """Why Terraform deletes or replaces it, in words: the attributes that force it first."""
    if change.replace_paths:
        by_path = {item.path: item for item in change.attributes()}
        parts = []
        for path in change.replace_paths:
            item = by_path.get(path)
            parts.append(f"{path} ({item.before or 'not set'} → {item.after or 'not set'})" if item else path)
        return f"{' and '.join(parts)} cannot be changed in place"
    return _REASONS.get(
        change.reason, "the whole environment is" if change.kind == "delete" else "Terraform gives no reason"
    )
