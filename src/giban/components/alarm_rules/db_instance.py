"""Databases."""

from __future__ import annotations

from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment
from giban.graph.resource import Resource

GIB = 2.0**30
_LARGE = {"t": 8, "m": 8, "c": 4, "r": 16, "x": 32}
"""GiB of a `large` by the first letter of its family (https://aws.amazon.com/rds/instance-types/)."""
_SMALLER = {"micro": 8, "small": 4, "medium": 2}
"""How many times smaller than a `large`."""
_BYTES_A_CONNECTION = {"postgres": 9_531_392, "mysql": 12_582_880, "mariadb": 12_582_880}
"""RDS derives the limit from the memory so
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections)."""
_MOST_CONNECTIONS = {"postgres": 5_000, "mysql": 16_000, "mariadb": 16_000}


def watch(resource: Resource, _env: Environment) -> Rules:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html"""
    where = {"DBInstanceIdentifier": resource.identifier}

    def metric(name: str, statistic: str) -> Metric:
        return Metric("AWS/RDS", name, where, statistic)

    yield Rule(
        name="cpu",
        priority="P2",
        what="CPU is at {threshold} % or more for a quarter of an hour.",
        do="Look for slow queries in Performance Insights, or choose a larger class.",
        metric=metric("CPUUtilization", "Average"),
        unit="%",
        threshold=85,
        periods=15,
    )
    storage = resource.value("allocated_storage")
    if isinstance(storage, int):
        yield Rule(
            name="storage",
            priority="P1",
            what="{threshold} GiB or less are free; without space the database stops.",
            do="It grows by itself up to `max_storage`: raise that, and see what grows.",
            metric=metric("FreeStorageSpace", "Minimum"),
            unit="GiB",
            # RDS enlarges the storage when less than 10 % is free for five minutes; this is when it did not.
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
            threshold=max(1, round(0.08 * storage, 1)),
            scale=GIB,
            comparison="<=",
            periods=15,
        )
    memory = memory_of(str(resource.value("instance_class")))
    if memory is None:
        return
    yield Rule(
        name="memory",
        priority="P3",
        what="{threshold} GiB or less of the memory are free for a quarter of an hour.",
        do="See how many connections there are and what they do, or choose a larger class.",
        metric=metric("FreeableMemory", "Minimum"),
        unit="GiB",
        threshold=round(0.05 * memory, 2),
        scale=GIB,
        comparison="<=",
        periods=15,
    )
    engine = str(resource.value("engine"))
    if engine in _BYTES_A_CONNECTION:
        most = min(_MOST_CONNECTIONS[engine], int(memory * GIB / _BYTES_A_CONNECTION[engine]))
        yield Rule(
            name="connections",
            priority="P2",
            what="{threshold} or more connections are open, four of five that this class allows.",
            do="Look for a service that does not give connections back; a pool in front helps.",
            metric=metric("DatabaseConnections", "Maximum"),
            threshold=int(0.8 * most),
        )


def memory_of(instance_class: str) -> float | None:
    """GiB of a class (`db.t4g.micro`); None when its name does not tell."""
    parts = instance_class.split(".")
    if len(parts) != 3 or parts[1][:1] not in _LARGE:
        return None
    large, size = _LARGE[parts[1][0]], parts[2]
    if size in _SMALLER:
        return large / _SMALLER[size]
    if size == "large":
        return large
    if size.endswith("xlarge") and (size == "xlarge" or size[:-6].isdigit()):
        return large * 2 * int(size[:-6] or 1)
    return None
