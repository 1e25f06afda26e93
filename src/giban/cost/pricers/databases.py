"""Relational databases and caches: hours, storage, backups, logs, and traffic between zones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.cost.context import Context, Line
from giban.cost.logs import KEPT_FOR_EVER, RDS_PREFIX, stored
from giban.cost.prices import Price, twice, vcpus
from giban.cost.ranges import ZERO, Range, fixed, ordered
from giban.cost.registry import free, prices
from giban.cost.traffic import database_crossing
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

free(
    "settings of a database or cache",
    "aws_db_subnet_group", "aws_db_parameter_group", "aws_db_option_group", "aws_db_event_subscription",
    "aws_rds_cluster_parameter_group", "aws_rds_cluster_role_association", "aws_db_instance_role_association",
    "aws_elasticache_subnet_group", "aws_elasticache_parameter_group", "aws_elasticache_user",
    "aws_elasticache_user_group", "aws_elasticache_user_group_association", "aws_db_proxy_target",
    "aws_db_proxy_default_target_group", "aws_rds_cluster_endpoint",
)  # fmt: skip

SERVICES = {"postgres": "RDS PostgreSQL", "mysql": "RDS MySQL"}
"""Service of the price files by engine; no price of another engine was found."""
STORAGE_SERVICE = "RDS PostgreSQL"
"""Storage and backup have one price for PostgreSQL, MySQL and MariaDB: the AWS Price List has them under the database
engine "Any" (as public estimators filter for it)."""
SHARED_STORAGE = ("postgres", "mysql", "mariadb")
FREE_INSIGHTS_DAYS = 7
"""https://aws.amazon.com/rds/performance-insights/pricing/"""


@prices("aws_db_instance")
def database(resource: Resource, context: Context) -> Iterator[Line]:
    """One RDS instance, with its standby when it has one."""
    engine = str(resource.args.get("engine") or _source_engine(resource, context) or "")
    multi_az = resource.args.get("multi_az") in (True, "true")
    yield _instance_hours(resource, engine, multi_az, context)
    low, high = _storage(resource)
    yield from _storage_lines(resource, engine, low, high, multi_az, context)
    yield from _backup_lines(resource, engine, low, high, context)
    yield from _insight_lines(resource, context)
    yield from _log_lines(resource, multi_az, context)
    crossing = database_crossing(resource, context)
    if crossing != ZERO:
        # Only the instance's side of the traffic is paid: https://aws.amazon.com/rds/postgresql/pricing/, "Data transfer".
        note = "between instances and the primary in another zone"
        yield context.line("Data transfer", "cross-AZ (each direction)", crossing, "between zones", note)
    if resource.args.get("manage_master_user_password") in (True, "true"):
        yield context.line("Secrets Manager", "secret", fixed(1), "managed master password")


def _instance_hours(resource: Resource, engine: str, multi_az: bool, context: Context) -> Line:
    class_ = resource.args.get("instance_class")
    label = f"{class_} hours" + (", Multi-AZ" if multi_az else "")
    service = SERVICES.get(engine)
    if not isinstance(class_, str) or is_unknown(class_):
        return context.unknown("instance hours", "hour", context.hours, "the class is not known before apply")
    if service is None:
        return context.unknown(label, "hour", context.hours, f"no price for engine {engine or 'unknown'} in the files")
    price = context.book.database(context.region, service, class_, multi_az=multi_az)
    note = "with a standby in another zone" if multi_az else ""
    if context.share(resource) < 1:
        note = "; ".join(filter(None, (note, f"on {context.share(resource) * 168:.4g} of 168 hours a week")))
    return context.at(price, context.hours * context.share(resource), label, note)


def _storage(resource: Resource) -> tuple[float, float]:
    """Allocated GB, and the GB it may grow to."""
    low = _number(resource.args.get("allocated_storage")) or 0.0
    return low, max(low, _number(resource.args.get("max_allocated_storage")) or 0.0)


def _storage_lines(
    resource: Resource, engine: str, low: float, high: float, multi_az: bool, context: Context
) -> Iterator[Line]:
    kind = str(resource.args.get("storage_type") or "gp2")
    gb = ordered(low, low, high)
    label = f"{kind} storage"
    if engine not in SHARED_STORAGE or kind not in ("gp3", "gp2", "io1"):
        yield context.unknown(label, "GB-month", gb, f"no price for {kind} of {engine or 'this engine'} in the files")
        return
    note = f"may grow to {high:g} GB" if high > low else ""
    yield context.at(_zoned(f"{kind} storage", multi_az, context), gb, label, note)
    iops = _number(resource.args.get("iops")) or 0.0
    if kind == "io1":
        yield context.at(_zoned("io1 IOPS", multi_az, context), fixed(iops), "io1 IOPS")
    elif kind == "gp3":
        # Volumes of 400 GB and more are striped and include 12,000 IOPS:
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
        more = max(0.0, iops - (12_000 if low >= 400 else 3_000))
        if more:
            price = context.book.item(context.region, STORAGE_SERVICE, "gp3 additional IOPS")
            yield context.at(twice(price) if multi_az else price, fixed(more), "gp3 IOPS above the included")


def _zoned(item: str, multi_az: bool, context: Context) -> Price:
    """The price of a storage item, Multi-AZ as listed or twice Single-AZ."""
    region = context.region
    if multi_az and context.book.has(STORAGE_SERVICE, f"{item} Multi-AZ"):
        listed = context.book.item(region, STORAGE_SERVICE, f"{item} Multi-AZ")
        if listed.usd is not None:
            return listed
    single = context.book.item(region, STORAGE_SERVICE, f"{item} Single-AZ")
    return twice(single) if multi_az else single


def _backup_lines(resource: Resource, engine: str, low: float, high: float, context: Context) -> Iterator[Line]:
    """Automatic backups: the used data once, and its daily changes; as much as the allocated storage is free."""
    days = _number(resource.args.get("backup_retention_period")) or 0.0
    if not days or engine not in SHARED_STORAGE:
        return
    grown = context.use("database_change") * days
    used = context.use("database_used")
    size = Range(low, low, high)
    kept = used * size * Range(1 + grown.low, 1 + grown.likely, 1 + grown.high)
    beyond = ordered(
        *(max(0.0, k - s) for k, s in zip((kept.low, kept.likely, kept.high), (low, low, high), strict=True))
    )
    note = f"{days:g} days, beyond the free {low:g} GB"
    yield context.line(STORAGE_SERVICE, "backup beyond free allowance", beyond, "backups", note)


def _insight_lines(resource: Resource, context: Context) -> Iterator[Line]:
    days = _number(resource.args.get("performance_insights_retention_period")) or FREE_INSIGHTS_DAYS
    if resource.args.get("performance_insights_enabled") in (True, "true") and days > FREE_INSIGHTS_DAYS:
        number = fixed(vcpus(str(resource.args.get("instance_class"))) or 1.0)
        item = "retention beyond 7 days"
        yield context.line("RDS Performance Insights", item, number, "performance insights", f"{days:g} days")


def _log_lines(resource: Resource, multi_az: bool, context: Context) -> Iterator[Line]:
    interval = _number(resource.args.get("monitoring_interval")) or 0.0
    if interval:
        hosts = 2.0 if multi_az else 1.0
        gb = context.use("enhanced_monitoring_gb") * (60 / interval * hosts)
        note = f"every {interval:g} s" + (", both hosts" if multi_az else "")
        yield context.line("CloudWatch", "Logs standard ingest", gb, "enhanced monitoring", note)
    if resource.args.get("enabled_cloudwatch_logs_exports"):
        gb = context.use("database_log_gb")
        yield context.line("CloudWatch", "Logs standard ingest", gb, "exported logs")
        groups = context.graph.all("aws_cloudwatch_log_group")
        if not any(str(group.args.get("name", "")).startswith(RDS_PREFIX) for group in groups):
            yield stored(gb, KEPT_FOR_EVER, context)


def _source_engine(resource: Resource, context: Context) -> Any:
    source = context.graph.follow(resource, "replicate_source_db")
    return source.args.get("engine") if source is not None else None


@prices("aws_rds_cluster")
def cluster(resource: Resource, context: Context) -> Iterator[Line]:
    """Aurora's storage and requests; its instances are resources of their own."""
    if resource.args.get("engine") != "aurora-postgresql":
        yield context.unknown("cluster storage", "GB-month", fixed(1), "no price for this engine in the files")
        return
    optimized = resource.args.get("storage_type") == "aurora-iopt1"
    tier = "I/O-Optimized" if optimized else "Standard"
    gb = context.use("table_gb")
    yield context.line("Aurora PostgreSQL", f"storage {tier}", gb, "storage", "grows with the data")
    if not optimized:
        requests = context.use("table_reads") + context.use("table_writes")
        yield context.line("Aurora PostgreSQL", "I/O requests Standard", requests, "I/O requests")


@prices("aws_rds_cluster_instance")
def cluster_instance(resource: Resource, context: Context) -> Iterator[Line]:
    """An Aurora instance, or its capacity units where it is serverless."""
    owner = context.graph.follow(resource, "cluster_identifier")
    engine = resource.args.get("engine") or (owner.args.get("engine") if owner else None)
    optimized = owner is not None and owner.args.get("storage_type") == "aurora-iopt1"
    tier = "I/O-Optimized" if optimized else "Standard"
    class_ = str(resource.args.get("instance_class"))
    if engine != "aurora-postgresql":
        yield context.unknown(f"{class_} hours", "hour", context.hours, "no price for this engine in the files")
    elif class_ == "db.serverless":
        scaling = owner.blocks("serverlessv2_scaling_configuration") if owner is not None else []
        low, high = (_number((scaling or [{}])[0].get(key)) or 0.5 for key in ("min_capacity", "max_capacity"))
        units = ordered(low, low + (high - low) / 4, high)
        yield context.line("Aurora PostgreSQL", f"Serverless v2 {tier}", units * context.hours, "capacity units")
    else:
        price = context.book.sized(context.region, "Aurora PostgreSQL", class_, tier)
        yield context.at(price, context.hours, f"{class_} hours")


@prices("aws_elasticache_cluster", "aws_elasticache_replication_group")
def cache(resource: Resource, context: Context) -> Iterator[Line]:
    """Nodes of a cache; a replication group has one node and its replicas in each node group."""
    class_ = str(resource.args.get("node_type"))
    engine = "Valkey" if resource.args.get("engine") == "valkey" else "Redis OSS"
    groups = _number(resource.args.get("num_node_groups")) or 1.0
    nodes = _number(resource.args.get("num_cache_clusters") or resource.args.get("num_cache_nodes"))
    if nodes is None:
        nodes = groups * (1 + (_number(resource.args.get("replicas_per_node_group")) or 0.0))
    price = context.book.sized(context.region, "ElastiCache", class_, engine)
    if resource.args.get("engine") == "memcached":
        price = Price(None, "hour")
    yield context.at(price, context.hours * nodes, f"{class_} hours", f"{nodes:g} nodes")


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
