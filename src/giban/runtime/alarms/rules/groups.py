"""The document of a group: opening, who is in it, when it has to be looked at. Changes what it is given: copy first."""

from __future__ import annotations

from .routing import Timing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_MEMBERS = 300
"""Alerts that a group knows one by one: some 75 KB of the 400 KB an item may have. More are counted."""
RECHECK = 60.0
"""Seconds after which something is looked at again whose end is not known."""
FORGET = 30 * 86_400.0
"""Seconds after which an alert that nobody heard of any more counts as over."""


def copy(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group that may be changed."""
    over = group["over"]
    return {
        **group,
        "members": {key: dict(member) for key, member in group["members"].items()},
        "over": {**over, "held": dict(over["held"])},
        "told": list(group["told"]),
        "escalation": dict(group["escalation"]) if group["escalation"] else None,
    }


def opened(
    now: float,
    id: str,
    route_id: str,
    route: Mapping[str, Any],
    by: Mapping[str, str],
    digest: float | None,
    before: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """A new incident of a group. `digest`: the end of the quiet hours it collects; `before`: its last incident."""
    return {
        "id": id,
        "route_id": route_id,
        "route": {key: value for key, value in route.items() if key != "match"},
        "by": dict(by),
        "digest": digest,
        "thread": f"{id}@{int(now)}",
        "opened": now,
        "closed": None,
        # Never begins anew: two incidents within one second must not share the id of a message.
        "sequence": before["sequence"] if before else 0,
        "sent": None,
        "flush": None,
        "waiting": False,
        "members": {},
        "over": {"count": 0, "fired": 0, "resolved": 0, "priority": "", "held": {}},
        "acknowledged": None,
        "escalation": None,
        "told": [],
        "title": "",
        "priority": "P4",
        "due": None,
    }


def is_open(now: float, group: Mapping[str, Any] | None, timing: Timing) -> bool:
    """Whether what comes now belongs to the incident of the group; an empty one lingers for an interval."""
    if group is None or group["closed"] is not None:
        return False
    return not is_empty(group) or (group["sent"] is not None and now < group["sent"] + timing.interval)


def is_empty(group: Mapping[str, Any]) -> bool:
    """Nothing fires in it and nothing waits to be told."""
    over = group["over"]
    return not (group["members"] or over["count"] or over["fired"] or over["resolved"] or over["held"])


def has(group: Mapping[str, Any] | None, alert: Mapping[str, Any] | None) -> bool:
    """Whether the alert is in the incident, by itself or counted."""
    if group is None or alert is None or group["closed"] is not None:
        return False
    return alert["key"] in group["members"] or group["id"] in alert["over"]


def planned(now: float, group: Mapping[str, Any] | None, timing: Timing) -> float:
    """When news that comes now is told at the earliest."""
    if not is_open(now, group, timing) or group is None:
        return now + timing.wait
    if group["sent"] is None:
        return float(group["flush"]) if group["flush"] is not None and not group["waiting"] else now + timing.wait
    return max(now, float(group["sent"]) + timing.interval)


def schedule(group: dict[str, Any], at: float) -> None:
    """Look at news at this time, or earlier when that is planned already."""
    if group["flush"] is None or at < group["flush"]:
        group["flush"], group["waiting"] = at, False
    group["due"] = at if group["due"] is None else min(group["due"], at)


def fire(group: dict[str, Any], now: float, alert: Mapping[str, Any], code: str) -> str:
    """The alert fires, or an event happened. `code`: what keeps it from being told, "" for nothing; only for counting.

    Answers "member", "flapping" (told firing, recovered, and back before that was told), "over" (counted) or "held" (counted as
    kept from being told).
    """
    key, event = alert["key"], alert["status"] == "event"
    member = group["members"].get(key)
    if member is None:
        if len(group["members"]) >= MOST_MEMBERS:
            return _count(group, alert, code)
        member = group["members"][key] = {
            "status": alert["status"],
            "priority": alert["priority"],
            "since": alert["since"],
            "at": now,
            "told": None,
            "as": None,
            "times": 0,
            "held": None,
            "ends": alert.get("ends", ""),
        }
    flapping = member["status"] == "resolved" and member["told"] == "firing"
    # What became graver is news, though it was told.
    if member["told"] == "firing" and alert["priority"] < member["as"]:
        member["told"], flapping = "less", False
    elif member["told"] == "less" and alert["priority"] >= member["as"]:
        member["told"] = "firing"
    if member["status"] == "resolved" and not flapping:
        member["since"] = alert["since"]
    member.update(status=alert["status"], at=now, ends=alert.get("ends", ""))
    member["priority"] = alert["priority"]
    if event:
        member["times"] += alert.get("times", 1)
    return "flapping" if flapping else "member"


def recover(group: dict[str, Any], now: float, alert: Mapping[str, Any], code: str | None) -> None:
    """The alert fires no more. `code` as it was counted (None: it was not)."""
    member = group["members"].get(alert["key"])
    if member is not None:
        # An event of the same name that waits to be told happened none the less.
        if member["status"] != "event":
            member.update(status="resolved", at=now)
        return
    over = group["over"]
    if code and over["held"].get(code):
        over["held"][code] -= 1
        if not over["held"][code]:
            del over["held"][code]
    elif code is not None and over["count"]:
        over["count"] -= 1
        # One of the told ones recovered, unless all that is left was not told yet.
        if over["count"] < over["fired"]:
            over["fired"] = over["count"]
        else:
            over["resolved"] += 1


def next_due(now: float, group: Mapping[str, Any], waits: list[float | None], timing: Timing) -> float | None:
    """When the group has to be looked at again; None = never. `waits`: times known to who looked."""
    if group["closed"] is not None:
        return None
    times = [found for found in (group["flush"], *waits) if found is not None]
    if is_empty(group):
        times.append((group["sent"] if group["sent"] is not None else now) + timing.interval)
    elif group["members"]:
        times.append(min(member["at"] for member in group["members"].values()) + FORGET)
    else:
        times.append((group["sent"] or now) + FORGET)
    soonest = min(times)
    return soonest if soonest > now else now + RECHECK


def _count(group: dict[str, Any], alert: Mapping[str, Any], code: str) -> str:
    over, event = group["over"], alert["status"] == "event"
    if not event and group["id"] in alert["over"]:
        return "held" if alert["over"][group["id"]] else "over"
    if code:
        # An event that is kept from being told is not told later either, so there is nothing to count.
        if not event:
            over["held"][code] = over["held"].get(code, 0) + 1
        return "held"
    over["priority"] = min(over["priority"] or "P4", alert["priority"])
    over["fired"] += 1
    over["count"] += not event
    return "over"
