"""Log lines that have effects, as on AWS: subscription filters call functions, metric filters put metrics.

moto (5.2.5) keeps lines, but looks for a filter's function in its own Lambda, where none is; it calls it for every line, whatever
the pattern says; and metric filters do nothing. Here a batch of lines becomes calls for ministack and values for CloudWatch.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections.abc import Callable
from typing import Any

from giban.rehearsal.monitor_patterns import Matches, WrongPattern, compiled, value_of
from giban.rehearsal.patching import put

LINES = 5000
"""Of a log stream that are kept; older ones go."""
STREAM = "rehearsal"
"""The log stream of a function's lines: AWS makes one for each of its processes."""

Call = Callable[[dict[str, Any]], None]
"""Takes a notice of the kind "call" (see `notices`)."""


def install(call: Call, clock: Callable[[], float]) -> None:
    """Make moto's logs work this way. Everything is called with moto's lock held."""
    from moto.core.utils import unix_time_millis, utcnow
    from moto.logs.metric_filters import MetricFilters
    from moto.logs.models import LogEvent, LogsBackend, LogStream

    add = MetricFilters.add_filter
    subscribe = LogsBackend.put_subscription_filter

    def put_log_events(self: Any, log_events: list[dict[str, Any]]) -> str:
        self.last_ingestion_time = utcnow()
        self.stored_bytes += sum(len(event["message"]) for event in log_events)
        made = [LogEvent(int(unix_time_millis(self.last_ingestion_time)), event) for event in log_events]
        self.events = [*self.events, *made][-LINES:]
        self.upload_sequence_token += 1
        _subscriptions(self, made, call)
        _metrics(self, [event.message for event in made], clock())
        return f"{self.upload_sequence_token:056d}"

    def add_filter(self: Any, filter_name: str, filter_pattern: str, log_group_name: str, transformations: Any) -> None:
        # moto added a second one of the same name where PutMetricFilter updates.
        self.delete_filter(filter_name, log_group_name)
        add(self, filter_name, filter_pattern, log_group_name, transformations)

    def put_subscription_filter(self: Any, group: str, name: str, pattern: str, destination: str, role: str) -> None:
        if ":lambda:" not in destination or group not in self.groups:
            subscribe(self, group, name, pattern, destination, role)
            return
        # Whether the function is there, and may be called, shows when a line comes: it is ministack's.
        self.groups[group].put_subscription_filter(name, pattern, destination, role)

    put(LogStream, "put_log_events", put_log_events)
    put(MetricFilters, "add_filter", add_filter)
    put(LogsBackend, "put_subscription_filter", put_subscription_filter)


def ingest(account: str, region: str, group: str, lines: list[tuple[float, str]]) -> None:
    """Put a function's lines into its log group. A group that nobody made stays unmade: Terraform might be about to make it.

    Times in seconds since 1970. Called with moto's lock held.
    """
    from moto.logs.models import LogStream, logs_backends

    found = logs_backends[account][region].groups.get(group)
    if found is None:
        return
    stream = found.streams.get(STREAM)
    if stream is None:
        stream = found.streams[STREAM] = LogStream(found, STREAM)
    stream.put_log_events([{"timestamp": int(at * 1000), "message": line} for at, line in lines])


def _subscriptions(stream: Any, events: list[Any], call: Call) -> None:
    for one in stream.log_group.subscription_filters.values():
        matches = _compiled(one.filter_pattern, f"subscription filter {one.name}")
        taken = [
            {"id": f"{event.event_id:056d}", "timestamp": event.timestamp, "message": event.message}
            for event in events
            if matches(event.message)
        ]
        if not taken:
            continue
        service = one.destination_arn.split(":")[2]
        if service != "lambda":
            stream._send_log_events(service, one.destination_arn, one.name, taken)
            continue
        arn = f"arn:aws:logs:{stream.region}:{stream.account_id}:log-group:{stream.log_group.name}:*"
        payload = logs_event(stream.account_id, stream.log_group.name, stream.log_stream_name, one.name, taken)
        where = {"account": stream.account_id, "region": stream.region}
        call(
            {
                "kind": "call",
                **where,
                "arn": one.destination_arn,
                "payload": payload,
                "by": "logs.amazonaws.com",
                "source": arn,
            }
        )


def logs_event(account: str, group: str, stream: str, filter_name: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """What a function gets. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"""
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": account,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [filter_name],
        "logEvents": events,
    }
    packed = gzip.compress(json.dumps(data).encode(), mtime=0)
    return {"awslogs": {"data": base64.b64encode(packed).decode("ascii")}}


def _metrics(stream: Any, lines: list[str], now: float) -> None:
    from moto.logs.models import logs_backends

    filters = logs_backends[stream.account_id][stream.region].filters.metric_filters
    for one in [found for found in filters if found["logGroupName"] == stream.log_group.name]:
        matches = _compiled(one["filterPattern"], f"metric filter {one['filterName']}")
        taken = [line for line in lines if matches(line)]
        for part in one["metricTransformations"]:
            values = [value for line in taken if (value := value_of(str(part["metricValue"]), line)) is not None]
            if not taken and part.get("defaultValue") is not None:
                values = [float(part["defaultValue"])]
            for value in values:
                _put_metric(stream.account_id, stream.region, part, value, now)


def _put_metric(account: str, region: str, part: dict[str, Any], value: float, now: float) -> None:
    from giban.rehearsal.monitor_store import record

    record(account, region, part["metricNamespace"], part["metricName"], {}, value, now, part.get("unit"))


def _compiled(pattern: str, whose: str) -> Matches:
    try:
        return compiled(pattern or "")
    except WrongPattern as error:
        print(f"{whose}: {error}", file=sys.stderr, flush=True)
        return lambda _line: False
