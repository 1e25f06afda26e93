"""Checks of DynamoDB tables."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.values import flag, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check("GB113", "warning", fix="Set point_in_time_recovery with enabled = true.", relaxed=True)
def table_without_recovery(graph: Graph) -> Iterator[Hit]:
    """Table cannot be brought back to an earlier state.

    ## What it finds
    A DynamoDB table without `point_in_time_recovery`. Tables of Terraform's locks and replicas are left out.

    ## Why it matters
    DynamoDB keeps no backup by itself. What a wrong loop overwrites is gone; with recovery every second of the last 35 days can
    be had back as a new table.

    ## Example
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id",
      "point_in_time_recovery": {"enabled": true}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
    """
    for table in _tables(graph):
        if flag(table, "point_in_time_recovery", "enabled", default=False) is False:
            yield table, "What is overwritten or deleted by mistake cannot be had back."


@check("GB114", "warning", fix="Set deletion_protection_enabled to true.", relaxed=True)
def table_without_deletion_protection(graph: Graph) -> Iterator[Hit]:
    """Table can be deleted at once.

    ## What it finds
    A DynamoDB table without `deletion_protection_enabled`. Tables of Terraform's locks are left out.

    ## Why it matters
    A changed key or name makes Terraform delete the table and make a new one, with all that was in it. With the protection AWS
    refuses, whoever asks.

    ## Example
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id",
      "deletion_protection_enabled": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection
    """
    for table in _tables(graph):
        if flag(table, "deletion_protection_enabled", default=False) is False:
            yield table, "One replacement in a plan, or one call, and everything in it is gone."


def _tables(graph: Graph) -> Iterator[Resource]:
    return (table for table in graph.all("aws_dynamodb_table") if text(table, "hash_key") != "LockID")
