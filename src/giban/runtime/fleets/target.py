"""What the configuration says of one target, as the package's docstring describes it."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CONFIG = os.path.join(os.path.dirname(__file__), "config.json")
"""Where the archive holds the configuration."""

WARM_UP = {"group": 300.0, "rds": 900.0, "rds_cluster": 900.0, "ecs": 300.0, "nodegroup": 600.0, "instance": 180.0}
"""Seconds until something of a kind is of use after a start; its alarms stay muted for that long."""
LATE = {"group": 900.0, "rds": 2700.0, "rds_cluster": 2700.0, "ecs": 900.0, "nodegroup": 1800.0, "instance": 600.0}
"""Seconds after which it is told that what was asked for did not come true. A database needs long to stop, and recovers while it
starts: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"""
SIZED = ("group", "ecs", "nodegroup")
"""Kinds that are turned off by making them small."""


class Target:
    """One thing that is turned on and off."""

    __slots__ = (
        "alarms", "desired", "hourly_usd", "kind", "max", "min", "name", "peaks", "scaled", "schedules", "warm_up", "where",
        "zone",
    )  # fmt: skip

    def __init__(self, name: str, entry: Mapping[str, Any], schedules: Mapping[str, Mapping[str, Any]]) -> None:
        self.name = name
        self.kind = str(entry["kind"])
        if self.kind not in WARM_UP:
            raise ValueError(f'{name}: there is no kind "{self.kind}"; there are {", ".join(sorted(WARM_UP))}.')
        self.where = str(entry["id"] if self.kind == "instance" else entry["name"])
        """Its name or number in AWS; with a cluster `cluster/name`."""
        if self.kind in ("ecs", "nodegroup"):
            self.where = f"{entry['cluster']}/{self.where}"
        self.schedules = {key: schedules[key] for key in entry.get("schedules") or ()}
        self.min: int | None = entry.get("min")
        self.max: int | None = entry.get("max")
        self.desired: int | None = entry.get("desired")
        self.peaks: tuple[Mapping[str, Any], ...] = tuple(entry.get("peaks") or ())
        first = next(iter(self.schedules.values()), {})
        self.zone = str(entry.get("time_zone") or first.get("time_zone") or "UTC")
        self.scaled = bool(entry.get("scaled", self.kind != "ecs"))
        self.alarms: tuple[str, ...] = tuple(entry.get("alarms") or ())
        self.hourly_usd: float | None = entry.get("hourly_usd")
        self.warm_up = float(entry.get("warm_up") or WARM_UP[self.kind])

    @property
    def cluster(self) -> str:
        """Of an ECS service or a node group."""
        return self.where.partition("/")[0]

    @property
    def short(self) -> str:
        """The name without the cluster."""
        return self.where.rpartition("/")[2]


def targets_of(document: Mapping[str, Any]) -> dict[str, Target]:
    """Targets by name. Raises ValueError, KeyError or TypeError for a configuration that giban did not write."""
    schedules = document.get("schedules") or {}
    return {name: Target(name, entry, schedules) for name, entry in sorted((document.get("targets") or {}).items())}


def load(path: str | None = None) -> dict[str, Target]:
    """The targets of the archive's configuration; none when there is none."""
    try:
        with open(path or CONFIG, encoding="utf-8") as file:
            return targets_of(json.load(file))
    except FileNotFoundError:
        return {}
