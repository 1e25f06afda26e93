"""Messages for the outbox: what of a group one channel is told."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MOST_SHOWN = 10
"""Alerts in detail; the rest is counted. Also what keeps a message far below DynamoDB's 400 KB."""
SHOWN = (
    "key", "source", "status", "ends", "priority", "service", "kind", "name", "title", "text", "region", "resource", "value",
    "threshold", "unit", "metric", "since", "at", "console", "runbook", "do", "labels",
)  # fmt: skip
"""What of an alert goes into a message."""
ORDER = {"new": 0, "event": 0, "firing": 1, "resolved": 2}


class Entry:
    """One alert of a message."""

    __slots__ = ("alert", "priority", "state", "times")

    def __init__(self, alert: Mapping[str, Any], state: str, priority: str, times: int = 1) -> None:
        self.alert = alert
        self.state = state
        """new, firing (told before), resolved, event."""
        self.priority = priority
        self.times = times

    def order(self) -> tuple[int, str, float, str]:
        """What is new before what is known, the gravest first, then the oldest."""
        return ORDER[self.state], self.priority, float(self.alert.get("since") or 0.0), str(self.alert["key"])

    def document(self) -> dict[str, Any]:
        """As it is in a message."""
        shown = {field: self.alert[field] for field in SHOWN if field in self.alert}
        return {**shown, "priority": self.priority, "state": self.state, "times": self.times}


def compose(
    now: float,
    group: Mapping[str, Any],
    kind: str,
    channels: Iterable[str],
    entries: list[Entry],
    *,
    firing: int,
    uncounted: int = 0,
    fired: int = 0,
    escalation: dict[str, int] | None = None,
    held: dict[str, float] | None = None,
) -> list[dict[str, Any]]:
    """The message for each channel. `group` has its `sequence` for this message already.

    `firing`: how many fire now; `uncounted`: alerts that the group only counts; `fired`: how many of these are new.
    """
    ordered = sorted(entries, key=Entry.order)
    shown = [entry.document() for entry in ordered[:MOST_SHOWN]]
    grave = [entry.priority for entry in ordered if entry.state != "resolved"] or [entry.priority for entry in ordered]
    if uncounted and group["over"].get("priority"):
        grave.append(group["over"]["priority"])
    everything = len(ordered) + uncounted
    title = str(ordered[0].alert.get("title") or ordered[0].alert["key"]) if ordered else str(group["title"])
    common = {
        "group": group["id"],
        "thread": group["thread"],
        "route": group["route_id"],
        "sequence": group["sequence"],
        "kind": kind,
        "priority": min(grave, default=group["priority"]),
        "title": f"{title} (+{everything - 1})" if ordered and everything > 1 else title,
        "alerts": shown,
        "firing": firing,
        "resolved": sum(entry.state == "resolved" for entry in ordered),
        "count": sum(entry.state in ("new", "event") for entry in ordered) + fired,
        "more": everything - len(shown),
        "at": now,
        "opened": group["opened"],
        "acknowledged": group["acknowledged"],
        "escalation": escalation,
        "held": held,
    }
    return [
        {"id": f"{group['thread']}/{group['sequence']}/{channel}", "channel": channel, **common}
        for channel in sorted(set(channels))
    ]


def known_channels(wanted: Iterable[str], config: Mapping[str, Any]) -> list[str]:
    """Those that the configuration has; when none is left, all it has: a removed channel must not swallow alarms."""
    channels = config.get("channels") or {}
    return sorted({name for name in wanted if name in channels}) or sorted(channels)
