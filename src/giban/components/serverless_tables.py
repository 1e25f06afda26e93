"""`tables`: DynamoDB tables with their indexes, streams and recovery, encrypted with the environment's key."""

from __future__ import annotations

from typing import Any

from giban.blueprint.types_serverless import Capacity, Index, Table
from giban.blueprint.validate_functions import triggers_on
from giban.blueprint.validate_serverless import keys_of
from giban.components.encryption import key
from giban.components.environment import Environment, part
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """Every table of the blueprint."""
    for name in sorted(env.blueprint.tables):
        table(env, name)


@part
def table(env: Environment, name: str) -> Resource:
    """The table of that name in the blueprint."""
    settings = env.blueprint.tables[name]
    scope = env.scope("tables", name, was=settings.was)
    streams = stream_of(env, name)
    recovery = settings.recovery if settings.recovery is not None else env.production
    return scope.add(
        "aws_dynamodb_table",
        name=scope.name,
        hash_key=settings.key,
        range_key=settings.sort,
        attribute=[{"name": one, "type": "N" if one in settings.numbers else "S"} for one in keys_of(settings)],
        global_secondary_index=[_index(settings, one, settings.indexes[one]) for one in sorted(settings.indexes)]
        or None,
        ttl={"attribute_name": settings.ttl, "enabled": True} if settings.ttl else None,
        stream_enabled=True if streams else None,
        stream_view_type="NEW_AND_OLD_IMAGES" if streams else None,
        point_in_time_recovery={"enabled": recovery},
        server_side_encryption={"enabled": True, "kms_key_arn": key(env).arn},
        deletion_protection_enabled=settings.protect if settings.protect is not None else env.production,
        **_billing(settings),
        **_units(settings),
    )


def stream_of(env: Environment, name: str) -> bool:
    """Whether a table has a stream: as the blueprint says, else when a function is triggered by it."""
    said = env.blueprint.tables[name].stream
    return said if said is not None else any(triggers_on(env.blueprint, "table", name))


def _billing(settings: Table) -> dict[str, str]:
    return {"billing_mode": "PROVISIONED" if isinstance(settings.capacity, Capacity) else "PAY_PER_REQUEST"}


def _units(settings: Table) -> dict[str, int]:
    found = settings.capacity
    return {"read_capacity": found.read, "write_capacity": found.write} if isinstance(found, Capacity) else {}


def _index(settings: Table, name: str, index: Index) -> dict[str, Any]:
    kinds = {"all": "ALL", "keys": "KEYS_ONLY"}
    made: dict[str, Any] = {"name": name, "hash_key": index.key, **_units(settings)}
    if index.sort is not None:
        made["range_key"] = index.sort
    if isinstance(index.project, list):
        return {**made, "projection_type": "INCLUDE", "non_key_attributes": sorted(index.project)}
    return {**made, "projection_type": kinds[index.project]}
