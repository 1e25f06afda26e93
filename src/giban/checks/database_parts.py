"""Relational databases and what belongs to them: engine, parameter group, instances of a cluster."""

from __future__ import annotations

import re

import msgspec

from giban.checks.values import given, text
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

_FROM_ELSEWHERE = (
    "replicate_source_db",
    "replication_source_identifier",
    "snapshot_identifier",
    "restore_to_point_in_time",
    "s3_import",
)


class Engine(msgspec.Struct, frozen=True):
    """What matters of an engine: the parameter that requires TLS and whether it is on by default (None: unknown)."""

    name: str
    tls_parameter: str | None
    tls_by_default: bool | None


def is_copy(database: Resource) -> bool:
    """Whether it is made from another database or a snapshot, and takes settings over from there."""
    return any(given(database, name) for name in _FROM_ELSEWHERE)


def engine(database: Resource) -> Engine | None:
    """The engine; None when it is not known (replicas need not name it)."""
    name = text(database, "engine")
    if not name:
        return None
    if "postgres" in name:
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html: 1 since version 15;
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html: 1 since version 17.
        return Engine(name, "rds.force_ssl", _at_least(database, 17 if name.startswith("aurora") else 15))
    if "mysql" in name or name == "aurora":
        return Engine(name, "require_secure_transport", False)
    if name == "mariadb":
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mariadb-ssl-connections.require-ssl.html: 1 since 11.8.
        return Engine(name, "require_secure_transport", _at_least(database, 11, 8))
    return Engine(name, None, None)


def parameter(graph: Graph, database: Resource, name: str) -> str | None:
    """The value of a parameter in the groups of a database: "" when none sets it, None when that is not known."""
    names = ("parameter_group_name",)
    if database.type == "aws_rds_cluster":
        names = ("db_cluster_parameter_group_name",)
    found = ""
    for argument in names:
        if not given(database, argument):
            continue
        group = _group(graph, database, argument)
        if group is None:
            literal = text(database, argument)
            if literal is None or not literal.startswith("default."):
                return None
            continue
        if "dynamic" in group.meta:
            return None
        for block in group.blocks("parameter"):
            if block.get("name") == name:
                value = block.get("value")
                if is_unknown(value):
                    return None
                found = str(value)
    return found


def members(graph: Graph, cluster: Resource) -> int | None:
    """How many instances a cluster of this graph has; None when that is not known."""
    if given(cluster, "db_cluster_instance_class"):
        return None  # A Multi-AZ cluster has its three instances by itself.
    parts = graph.referrers(cluster, "aws_rds_cluster_instance")
    if not parts:
        return None
    total = 0
    for part in parts:
        count = part.meta.get("count", 1)
        if "for_each" in part.meta or not isinstance(count, int):
            return None
        total += count
    return total


def _group(graph: Graph, database: Resource, argument: str) -> Resource | None:
    types = ("aws_db_parameter_group", "aws_rds_cluster_parameter_group")
    found = graph.follow(database, argument)
    if found is not None:
        return found if found.type in types else None
    literal = text(database, argument)
    return next((group for group in graph.all(*types) if literal and text(group, "name") == literal), None)


def _at_least(database: Resource, major: int, minor: int = 0) -> bool | None:
    version = text(database, "engine_version")
    parts = re.findall(r"\d+", version or "")
    if not parts:
        return None
    return (int(parts[0]), int(parts[1]) if len(parts) > 1 else 0) >= (major, minor)
