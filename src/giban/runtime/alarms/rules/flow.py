"""What is told when. `take` sorts an alert into its groups, `advance` says what a group has to tell at a time.

    take      alert + what is known of it → the alert as it is now, its groups with the new member     (nothing is told)
    advance   group + time → messages: what is new, what recovered, escalation, reminder               (looking.py)
    acknowledge, unacknowledge   a person says so

An incident of a group (a thread) begins with the first alert, and is over when nothing fires any more, that has been told, and
nothing new came for an interval.
"""

from __future__ import annotations

from . import groups as group_doc
from . import messages, quiet, routing
from .groups import FORGET, MOST_MEMBERS, RECHECK
from .looking import Look
from .records import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = [
    "FORGET",
    "MOST_MEMBERS",
    "RECHECK",
    "acknowledge",
    "advance",
    "alert_expires",
    "due",
    "expires",
    "groups_of",
    "keys_of",
    "take",
    "unacknowledge",
]

MOST_SEEN = 20
"""Occurrences that an alert remembers, so that what is delivered twice counts once."""
KEPT = ("priority", "service", "kind", "name", "title", "do", "runbook", "ends")
"""What a recovery keeps of its alarm: "running" is told as the end of "stopped", with its priority."""
DAY = 86_400.0


def groups_of(
    alert: Mapping[str, Any], known: Mapping[str, Any] | None, config: Mapping[str, Any], now: float
) -> list[str]:
    """Ids of the groups that `take` may need: those the alert is in, those of its routes, those of quiet hours now and soon."""
    found = set(known.get("groups", ()) if known else ())
    if alert["status"] in ("firing", "event"):
        for match in routing.routes_of(alert, config):
            found.add(match.group)
            timing = routing.Timing(match.route)
            for at in (now, now + timing.wait, now + timing.interval):
                found.add(_quiet_group(match, alert, at)[0])
    return sorted(found)


def take(
    now: float,
    alert: Mapping[str, Any],
    known: Mapping[str, Any] | None,
    groups: Mapping[str, Mapping[str, Any] | None],
    config: Mapping[str, Any],
    silences: Sequence[Mapping[str, Any]] = (),
    mutes: Sequence[Mapping[str, Any]] = (),
    firing: Sequence[Mapping[str, Any]] = (),
) -> Outcome:
    """Sort an alert into its groups. `groups`: what groups_of named, None for those that are not there.

    What was seen before, or is older than what is known, changes nothing but the history.
    """
    outcome = Outcome()
    key, status = alert["key"], alert["status"]
    ignored = _ignored(alert, known)
    if ignored:
        outcome.note(now, "suppressed", [key], reason=ignored, text=alert["title"])
        return outcome
    if status == "event" and known is not None and known["status"] == "firing":
        # The same matter goes on; as a mere event it could not recover any more.
        alert, status = {**alert, "status": "firing"}, "firing"
    doc = outcome.alert = _merged(now, alert, known)
    if status == "resolved":
        if known is None or known["status"] != "firing":
            outcome.note(now, "suppressed", [key], reason="not-firing", text=alert["title"])
            return outcome
        outcome.note(now, "resolved", [key], text=doc["title"])
        _leave(now, doc, known, groups, outcome)
        return outcome
    again = status == "firing" and known is not None and known["status"] == "firing"
    outcome.note(now, "repeated" if again else status, [key], text=doc["title"])
    stopped = routing.suppression(now, doc, config, silences, mutes, firing)
    for match in routing.routes_of(doc, config):
        _join(now, doc, match, groups, stopped, outcome)
    doc["groups"] = sorted(doc["groups"])
    return outcome


def keys_of(group: Mapping[str, Any]) -> list[str]:
    """Keys of the alerts that `advance` wants to see."""
    return sorted(group["members"])


def due(group: Mapping[str, Any]) -> float | None:
    """When `advance` has something to do; None = never again."""
    found = group["due"]
    return None if found is None else float(found)


def advance(
    now: float,
    group: Mapping[str, Any],
    alerts: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    silences: Sequence[Mapping[str, Any]] = (),
    mutes: Sequence[Mapping[str, Any]] = (),
    firing: Sequence[Mapping[str, Any]] = (),
) -> Outcome:
    """What the group has to tell at `now`. Called early it does nothing; called twice it does it once."""
    return Look(now, group, alerts, config, silences, mutes, firing).look()


def acknowledge(now: float, doc: Mapping[str, Any], who: str) -> Outcome:
    """Somebody takes care of it: no escalation and no reminders, until something new comes. Of a group, or of one alert.

    Events, and alerts that end with an acknowledgement, are over with it. Doing it twice changes nothing.
    """
    if "members" not in doc:
        return _mark(doc, {"by": who, "at": now})
    outcome = Outcome()
    group = outcome.group = group_doc.copy(doc)
    if group["acknowledged"] or group["closed"] is not None or not group["told"]:
        return outcome
    group["acknowledged"] = {"by": who, "at": now}
    group["escalation"] = None
    over = [
        key
        for key, member in sorted(group["members"].items())
        if member["told"] and not member["times"] and (member["status"] == "event" or member["ends"] == "ack")
    ]
    for key in over:
        del group["members"][key]
    outcome.note(now, "acknowledged", group=group["id"], by=who, text=group["thread"])
    if over:
        outcome.note(now, "closed", over, group=group["id"], reason="acknowledged", by=who)
    return _said(now, group, "acknowledged", outcome)


def unacknowledge(now: float, doc: Mapping[str, Any], who: str) -> Outcome:
    """It was acknowledged by mistake: reminders and the escalation begin again."""
    if "members" not in doc:
        return _mark(doc, None)
    outcome = Outcome()
    group = outcome.group = group_doc.copy(doc)
    if not group["acknowledged"] or group["closed"] is not None:
        return outcome
    group["acknowledged"] = None
    timing = routing.Timing(group["route"])
    if timing.times and any(member["told"] and member["status"] != "resolved" for member in group["members"].values()):
        group["escalation"] = {"next": now + timing.after, "done": 0}
    outcome.note(now, "unacknowledged", group=group["id"], by=who, text=group["thread"])
    return _said(now, group, "unacknowledged", outcome)


def expires(group: Mapping[str, Any]) -> float | None:
    """When the item of a group may be removed; None while it is open."""
    return None if group["closed"] is None else float(group["closed"]) + DAY


def alert_expires(alert: Mapping[str, Any]) -> float:
    """When the item of an alert may be removed: late enough that no older notice of it can come any more."""
    return float(alert["updated"]) + (2 * FORGET if alert["status"] == "firing" else 7 * DAY)


def _ignored(alert: Mapping[str, Any], known: Mapping[str, Any] | None) -> str:
    """Why the notice changes nothing, "" when it does."""
    if known is not None:
        if alert["occurrence"] in known["seen"]:
            return "duplicate"
        if alert["status"] != "event" and alert["at"] < known["at"]:
            return "stale"
    return "no-data" if alert["status"] == "unknown" else ""


def _merged(now: float, alert: Mapping[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any]:
    """The alert as it is stored."""
    before = known or {}
    goes_on = before.get("status") == "firing" and alert["status"] in ("firing", "resolved")
    doc = {
        **alert,
        "since": before["since"] if goes_on else alert["since"],
        "at": max(alert["at"], before.get("at", alert["at"])),
        "first": before.get("first", now),
        "updated": now,
        "count": before.get("count", 0) + (alert.get("times", 1) if alert["status"] != "resolved" else 0),
        "seen": [*before.get("seen", ()), alert["occurrence"]][-MOST_SEEN:],
        "acknowledged": before.get("acknowledged") if goes_on else None,
        "groups": list(before.get("groups", ())),
        "over": dict(before.get("over", {})),
    }
    if alert["status"] == "resolved" and before:
        doc.update({field: before[field] for field in KEPT if field in before})
    return doc


def _join(
    now: float,
    doc: dict[str, Any],
    match: routing.Match,
    groups: Mapping[str, Mapping[str, Any] | None],
    stopped: routing.Suppression | None,
    outcome: Outcome,
) -> None:
    timing = routing.Timing(match.route)
    _wake(doc, match, groups, outcome)
    id, digest = _target(now, doc, match, groups, timing)
    found = outcome.groups.get(id) or groups.get(id)
    plan = group_doc.planned(now, found, timing) if digest is None else digest
    if found is not None and group_doc.is_open(now, found, timing):
        group = group_doc.copy(found)
        if digest is not None and group["sent"] is not None:
            plan = group_doc.planned(now, group, timing)
    else:
        group = group_doc.opened(now, id, match.id, match.route, match.by, digest, found)
        # Of the last incident of this group, the alert counts no more.
        doc["over"].pop(id, None)
    code = stopped.code if stopped else ""
    how = group_doc.fire(group, now, doc, code)
    if how == "flapping":
        outcome.note(now, "suppressed", [doc["key"]], group=id, reason="flapping", text=doc["title"])
    elif how == "held" and stopped:
        outcome.note(
            now,
            "suppressed",
            [doc["key"]],
            group=id,
            reason=stopped.reason,
            text=stopped.text,
            by=stopped.by,
            until=stopped.until,
        )
    if how in ("over", "held") and doc["status"] == "firing":
        doc["over"].setdefault(id, code)
    group_doc.schedule(group, plan)
    outcome.groups[id] = group
    if id not in doc["groups"]:
        doc["groups"].append(id)


def _leave(
    now: float,
    doc: dict[str, Any],
    known: Mapping[str, Any],
    groups: Mapping[str, Mapping[str, Any] | None],
    outcome: Outcome,
) -> None:
    for id in known["groups"]:
        found = groups.get(id)
        if found is None or not group_doc.has(found, known):
            continue
        group = outcome.groups[id] = group_doc.copy(found)
        timing = routing.Timing(group["route"])
        # A digest is not told earlier because something in it recovered.
        waits = group["sent"] is None and group["digest"] is not None
        group_doc.recover(group, now, doc, known["over"].get(id))
        group_doc.schedule(group, group["digest"] if waits else group_doc.planned(now, group, timing))
    doc["groups"], doc["over"] = [], {}


def _wake(
    doc: dict[str, Any],
    match: routing.Match,
    groups: Mapping[str, Mapping[str, Any] | None],
    outcome: Outcome,
) -> None:
    """What waits for a morning's digest, and became too grave to wait, is taken out of it."""
    if quiet.holds(doc["priority"], match.route.get("quiet")):
        return
    for id in list(doc["groups"]):
        found = groups.get(id)
        if found is None or found["route_id"] != match.id or found["digest"] is None or found["sent"] is not None:
            continue
        if group_doc.has(found, doc):
            group = outcome.groups[id] = group_doc.copy(found)
            if group["members"].pop(doc["key"], None) is None:
                group_doc.recover(group, doc["updated"], doc, doc["over"].get(id))
        doc["groups"].remove(id)
        doc["over"].pop(id, None)


def _target(
    now: float,
    doc: Mapping[str, Any],
    match: routing.Match,
    groups: Mapping[str, Mapping[str, Any] | None],
    timing: routing.Timing,
) -> tuple[str, float | None]:
    """The group, and the end of the quiet hours when it is one that collects a night."""
    for id in doc["groups"]:
        found = groups.get(id)
        if found is not None and found["route_id"] == match.id and group_doc.has(found, doc):
            return id, found["digest"]
    normal = groups.get(match.group)
    id, digest = _quiet_group(match, doc, group_doc.planned(now, normal, timing))
    return (id, digest) if id in groups else (match.group, None)


def _quiet_group(match: routing.Match, alert: Mapping[str, Any], at: float) -> tuple[str, float | None]:
    """The group for what would be told at `at`: one for each night when it is quiet then, else the usual one."""
    found = match.route.get("quiet")
    end = quiet.until(at, found) if quiet.holds(alert["priority"], found) else None
    return (match.group, None) if end is None else (f"{match.id}/quiet/{int(end)}", end)


def _mark(doc: Mapping[str, Any], by: dict[str, Any] | None) -> Outcome:
    outcome = Outcome()
    if bool(doc.get("acknowledged")) != bool(by):
        outcome.alert = {**doc, "acknowledged": by}
    return outcome


def _said(now: float, group: dict[str, Any], kind: str, outcome: Outcome) -> Outcome:
    """Tell the channels of the incident; they know the alerts already."""
    group["sequence"] += 1
    firing = sum(member["status"] == "firing" for member in group["members"].values()) + group["over"]["count"]
    outcome.messages = messages.compose(now, group, kind, group["told"], [], firing=firing)
    timing = routing.Timing(group["route"])
    waits = [group["escalation"]["next"]] if group["escalation"] else []
    group["due"] = group_doc.next_due(now, group, [*waits, now + RECHECK], timing)
    outcome.groups[group["id"]] = group
    return outcome
