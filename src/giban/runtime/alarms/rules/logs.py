"""Errors in logs: what a subscription filter of CloudWatch Logs sends to the function.

Form: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample. All lines of one
call that have the same pattern are one notice; the alert stands for the log group and the pattern.
"""

from __future__ import annotations

from . import console, making, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_BYTES = 8_000_000
"""Of one unpacked payload. CloudWatch sends at most 1 MB compressed; a bomb is refused."""
MOST_LINES = 5
MOST_LINE = 350


def read(payload: object, config: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """Alerts of the data under `awslogs`; none for the test message of CloudWatch. Raises Unreadable."""
    data = _unpacked(payload)
    if data.get("messageType") == "CONTROL_MESSAGE":
        return []
    group, events = making.text_of(data.get("logGroup")), data.get("logEvents")
    if not group or not isinstance(events, list):
        raise making.Unreadable("a payload of CloudWatch Logs without logGroup or logEvents")
    entry = (config.get("logs") or {}).get(group) or {}
    patterns = [str(pattern) for pattern in entry.get("patterns") or ()]
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if isinstance(event, dict):
            message = making.text_of(event.get("message"))
            pattern = next((pattern for pattern in patterns if pattern in message), "")
            found.setdefault(pattern, []).append(event)
    stream = making.text_of(data.get("logStream"))
    return [_alert(group, pattern, found[pattern], entry, stream, config, now) for pattern in sorted(found)]


def _alert(
    group: str,
    pattern: str,
    events: list[dict[str, Any]],
    entry: Mapping[str, Any],
    stream: str,
    config: Mapping[str, Any],
    now: float,
) -> dict[str, Any]:
    from zlib import crc32

    times = sorted(found / 1000 for found in (making.number(event.get("timestamp")) for event in events) if found)
    lines = [making.line(making.text_of(event.get("message")), MOST_LINE) for event in events[:MOST_LINES]]
    ids = ",".join(making.text_of(event.get("id")) for event in events)
    service = str(entry.get("service") or group)
    language = str(config.get("language") or "en")
    return making.alert(
        f"log:{group}:{pattern}",
        now,
        config,
        source="logs",
        status="event",
        priority=str(entry.get("priority") or "P3"),
        service=service,
        kind="log",
        name=pattern or "log-error",
        title=words.title(language, "log", pattern=pattern or "error", service=service),
        text="\n".join(lines),
        at=times[-1] if times else None,
        since=times[0] if times else None,
        # The same lines, sent again, are the same occurrence.
        occurrence=f"log:{crc32(group.encode()):08x}:{crc32(ids.encode()):08x}:{events[0].get('id') or ''}:{pattern}"
        if ids.strip(",")
        else "",
        resource=group,
        times=len(events),
        console=console.link(config, "logs", group, str(config.get("region") or "")),
        runbook=entry.get("runbook"),
        do=str(entry.get("do") or ""),
        labels={"stream": stream},
    )


def _unpacked(payload: object) -> dict[str, Any]:
    import json
    import zlib
    from binascii import a2b_base64

    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, str) or not data:
        raise making.Unreadable('a payload of CloudWatch Logs without "data"')
    try:
        unpacker = zlib.decompressobj(31)
        text = unpacker.decompress(a2b_base64(data), MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise making.Unreadable(f"a payload of CloudWatch Logs of more than {MOST_BYTES:,} bytes")
        found = json.loads(text)
    except making.Unreadable:
        raise
    except (ValueError, RecursionError, zlib.error) as error:
        raise making.Unreadable(f"a payload of CloudWatch Logs that is not base64 of gzip of JSON: {error}") from None
    if not isinstance(found, dict):
        raise making.Unreadable("a payload of CloudWatch Logs that is no JSON object")
    return found
