"""Checks of DynamoDB tables."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.values import flag, listed, text
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


def _attributes(table: Resource) -> dict[str, str]:
    """The declared attributes of a table and their types: S, N or B."""
    return {str(one.get("name")): str(one.get("type")) for one in table.blocks("attribute")}


@check("GB162", "warning", fix="Write the time as a number (seconds since 1970) into an attribute of type N.")
def items_never_expire(graph: Graph) -> Iterator[Hit]:
    """Items of the table never expire.

    ## What it finds
    A table whose `ttl` names an attribute that is declared as text or bytes.

    ## Why it matters
    DynamoDB deletes an item when a *number* in that attribute, seconds since 1970, is in the past. Text is passed over without
    a word: nothing is ever deleted, and the table grows until somebody looks at the bill.

    ## Example
    ```json
    {"resource": {"aws_dynamodb_table": {"sessions": {"name": "sessions", "hash_key": "id", "range_key": "expires",
      "attribute": [{"name": "id", "type": "S"}, {"name": "expires", "type": "S"}],
      "ttl": {"attribute_name": "expires", "enabled": true}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_dynamodb_table": {"sessions": {"name": "sessions", "hash_key": "id", "range_key": "expires",
      "attribute": [{"name": "id", "type": "S"}, {"name": "expires", "type": "N"}],
      "ttl": {"attribute_name": "expires", "enabled": true}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
    """
    for table in _tables(graph):
        name = text(table, "ttl", "attribute_name")
        if name and flag(table, "ttl", "enabled", default=False) and _attributes(table).get(name) in ("S", "B"):
            yield table, f"{name} is no number: what is in it never expires."


@check("GB163", "error", fix="Declare every attribute that is a key of the table or an index, and no other.")
def keys_and_attributes_differ(graph: Graph) -> Iterator[Hit]:
    """Keys and attributes of the table do not match.

    ## What it finds
    A table with a key (its own or an index's) that is not declared as `attribute`, or with a declared attribute that is no key.
    Tables without any attribute block are left out, as are those made by `dynamic`.

    ## Why it matters
    DynamoDB knows the types of keys only, and wants to know exactly these. It refuses the table, in the middle of `apply`.

    ## Example
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id",
      "attribute": [{"name": "id", "type": "S"}, {"name": "customer", "type": "S"}]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id",
      "attribute": [{"name": "id", "type": "S"}, {"name": "customer", "type": "S"}],
      "global_secondary_index": [{"name": "by_customer", "hash_key": "customer", "projection_type": "KEYS_ONLY"}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
    """
    for table in _tables(graph):
        declared = set(_attributes(table))
        if not declared or table.meta.get("dynamic"):
            continue
        keys = _keys(graph, table)
        unknown = {name for name in declared | keys if "${" in name}
        missing, idle = sorted(keys - declared - unknown), sorted(declared - keys - unknown)
        if missing and not unknown & declared:
            yield table, f"The key {missing[0]} is not declared as an attribute."
        elif idle and not unknown & keys:
            yield table, f"The attribute {idle[0]} is no key of the table or of an index."


def _keys(graph: Graph, table: Resource) -> set[str]:
    """The names of all keys, of the table and of its indexes, those in resources of their own too."""
    holders = [table.args, *table.blocks("global_secondary_index"), *table.blocks("local_secondary_index")]
    holders += [one.args for one in graph.referrers(table, "aws_dynamodb_global_secondary_index")]
    found = {str(one[name]) for one in holders for name in ("hash_key", "range_key") if one.get(name)}
    for one in holders:
        for block in listed(one.get("key_schema")):
            if isinstance(block, dict) and block.get("attribute_name"):
                found.add(str(block["attribute_name"]))
    return found


@check(
    "GB164", "notice", fix='Set billing_mode to "PAY_PER_REQUEST", or add an aws_appautoscaling_target for the table.'
)
def capacity_that_does_not_grow(graph: Graph) -> Iterator[Hit]:
    """Table has a fixed capacity.

    ## What it finds
    A table with provisioned capacity (the default) and no `aws_appautoscaling_target` for it.

    ## Why it matters
    What goes beyond the capacity is refused after a short burst, and what is not used is paid for. On demand follows the load by
    itself.

    ## Example
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id",
      "read_capacity": 5, "write_capacity": 5}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_dynamodb_table": {"orders": {"name": "orders", "hash_key": "id",
      "billing_mode": "PAY_PER_REQUEST"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
    """
    targets = [text(one, "resource_id") for one in graph.all("aws_appautoscaling_target")]
    for table in _tables(graph):
        name = text(table, "name")
        scaled = graph.referrers(table, "aws_appautoscaling_target") or f"table/{name}" in targets
        if text(table, "billing_mode", default="PROVISIONED") == "PROVISIONED" and not scaled:
            yield table, "It refuses what goes beyond its capacity, however little that is at the time."
