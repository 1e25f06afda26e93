"""What a standard alarm is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

Comparison = Literal[">=", ">", "<=", "<"]


class Metric(msgspec.Struct, frozen=True):
    """A metric of CloudWatch; `statistic` may be a percentile (`p95`)."""

    namespace: str
    name: str
    dimensions: dict[str, Any]
    statistic: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm on one resource."""

    name: str
    """The last word of its name: `cpu` of `services.web.cpu`."""
    priority: str
    what: str
    """A sentence for people who did not write this; `{threshold}` is filled in."""
    do: str
    """What they can do."""
    metric: Metric | None = None
    expression: tuple[str, dict[str, Metric]] | None = None
    """Instead of `metric`: a formula over several, by the names it uses (in lower case, as CloudWatch asks)."""
    unit: str = ""
    """Of the threshold as people read it: "%", "s", "GiB", "" for a count."""
    threshold: float
    scale: float = 1
    """The metric's unit for one of `unit`: 2**30 when CloudWatch counts bytes and people GiB."""
    comparison: Comparison = ">="
    period: int = 60
    """Seconds of one measurement."""
    periods: int = 5
    """Measurements that are looked at."""
    points: int | None = None
    """How many of them must be wrong; None: all."""
    missing: Literal["notBreaching", "breaching", "ignore", "missing"] = "notBreaching"
    service: str | None = None
    """The component people know it by, when it is not the resource's own."""


Rules = Iterator[Rule]
