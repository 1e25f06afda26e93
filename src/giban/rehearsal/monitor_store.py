"""moto's store of metrics, read and written for the monitor; every function is called with moto's lock held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from giban.rehearsal.monitor_metrics import Datum, Key, key_of
from giban.rehearsal.patching import put

MOST = 100_000
"""Values of a region that are kept; CloudWatch keeps a minute's for fifteen days."""

_put: set[tuple[str, str, Key]] = set()
"""Metrics that somebody has put values for."""


def install(clock: Callable[[], float]) -> None:
    """Have moto's metrics and alarms go by the rehearsal's clock, where nothing else is said."""
    from moto.cloudwatch import models

    def utcnow() -> datetime:
        return datetime.fromtimestamp(clock(), UTC).replace(tzinfo=None)

    if not hasattr(models, "utcnow"):
        raise AttributeError("moto.cloudwatch.models.utcnow: the correction no longer fits")
    # The module's own name for it, which its functions look up at each call.
    vars(models)["utcnow"] = utcnow
    keep = models.CloudWatchBackend.put_metric_data

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        keep(self, namespace, metric_data)
        del self.metric_data[:-MOST]
        for item in metric_data:
            dimensions = {part["Name"]: part["Value"] for part in item.get("Dimensions") or ()}
            _put.add((self.account_id, self.region_name, key_of(namespace, item["MetricName"], dimensions)))

    put(models.CloudWatchBackend, "put_metric_data", put_metric_data)


def record(
    account: str,
    region: str,
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    value: float,
    at: float,
    unit: str | None = None,
) -> None:
    """Put a value, at a time in seconds since 1970."""
    from moto.cloudwatch.models import MetricDatum, cloudwatch_backends

    data = cloudwatch_backends[account][region].metric_data
    when = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    parts = [{"Name": key, "Value": text} for key, text in sorted(dimensions.items())]
    data.append(MetricDatum(namespace, name, value, parts, when, unit))
    del data[:-MOST]


def was_put(account: str, region: str, key: Key) -> bool:
    """Whether somebody has ever put a value of a metric."""
    return (account, region, key) in _put


def collected(backend: Any, since: float) -> dict[Key, list[Datum]]:
    """The values of a region's metrics since a time, sorted by time."""
    found: dict[Key, list[Datum]] = {}
    for datum in backend.metric_data:
        at = _seconds(datum.timestamp)
        if at < since:
            continue
        key = key_of(datum.namespace, datum.name, {part.name: part.value for part in datum.dimensions})
        found.setdefault(key, []).append(_datum(datum, at))
    for data in found.values():
        data.sort()
    return found


def forget_future(now: float) -> None:
    """Let go of values later than now: the clock was set back."""
    from moto.cloudwatch.models import cloudwatch_backends

    for regions in list(cloudwatch_backends.values()):
        for backend in list(regions.values()):
            backend.metric_data = [datum for datum in backend.metric_data if _seconds(datum.timestamp) <= now]


def _datum(datum: Any, at: float) -> Datum:
    if hasattr(datum, "value"):
        return Datum(at, datum.value, 1.0, datum.value, datum.value)
    return Datum(at, datum.sum, datum.sample_count, datum.min, datum.max)


def _seconds(when: datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
