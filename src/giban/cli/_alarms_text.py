"""Alarms, silences, history and routes as lines for people. Times are shown in the time zone of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from giban.cli._workstation_text import clock, length, moment
from giban.cli.output import style, table
from giban.terraform.progress import duration

Document = dict[str, Any]

COLOURS = {"P1": "red", "P2": "yellow"}
SHOWN = 100
"""Characters of a title in a table."""


def list_lines(found: Document) -> Iterator[str]:
    """What fires, channels that fail, and messages nobody took."""
    now = datetime.now().astimezone()
    alerts = sorted(found.get("alerts") or [], key=lambda alert: (alert["priority"], alert.get("since") or 0))
    taken = {
        key: group["acknowledged"]
        for group in found.get("groups") or []
        if group.get("acknowledged")
        for key in group.get("members") or ()
    }
    if not alerts:
        yield "Nothing fires."
    else:
        rows = [["", "since", "what", "service", "taken over", "id"]]
        rows += [_alert_row(alert, taken.get(alert["key"]), now) for alert in alerts]
        for line, alert in zip(table(rows), [None, *alerts], strict=True):
            yield style(line, fg=COLOURS.get(alert["priority"])) if alert else line
    silent = len(found.get("silences") or ()) + len(found.get("mutes") or ())
    if silent:
        yield f"{silent} silent: giban alarms silences"
    for channel in found.get("channels") or []:
        if channel.get("state") != "ok" or channel.get("waiting"):
            yield style(_channel_line(channel, now), fg="yellow")
    for dead in found.get("dead") or []:
        yield style(f"Not delivered to {dead['channel']}: {dead['title']} ({dead['reason']})", fg="red")
        yield f"  giban alarms retry {dead['id']}"


def _alert_row(alert: Document, taken: Document | None, now: datetime) -> list[str]:
    since = moment(alert.get("since"))
    return [
        str(alert["priority"]),
        clock(since, now) if since else "",
        str(alert.get("title") or "")[:SHOWN],
        str(alert.get("service") or ""),
        str(taken.get("by") or "") if taken else "",
        str(alert["key"]),
    ]


def _channel_line(channel: Document, now: datetime) -> str:
    again = moment(channel.get("after"))
    parts = [
        f"Channel {channel['name']} ({channel['kind']}): {channel.get('state')}",
        f"{channel['waiting']} waiting" if channel.get("waiting") else "",
        str(channel.get("reason") or ""),
        f"tried again in {duration((again - now).total_seconds())}" if again and again > now else "",
    ]
    return ", ".join(part for part in parts if part)


def silence_lines(silences: list[Document], mutes: list[Document]) -> Iterator[str]:
    """What is silent, until when, by whom and why."""
    now = datetime.now().astimezone()
    if not silences and not mutes:
        yield "Nothing is silent."
        return
    rows = [["id", "what", "until", "by", "why"]]
    for document in [*silences, *mutes]:
        until = moment(document.get("until"))
        end = f"{clock(until, now)}" if until else "it is on again"
        what = " ".join(f"{key}={_value(value)}" for key, value in sorted((document.get("match") or {}).items()))
        rows.append([str(document.get("id") or ""), what, end, str(document.get("by")), str(document.get("why"))])
    yield from table(rows)


def _value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def history_lines(records: list[Document]) -> Iterator[str]:
    """What happened, as it comes."""
    if not records:
        yield "Nothing has happened yet."
        return
    now = datetime.now().astimezone()
    rows = []
    for record in records:
        at = moment(record.get("at"))
        what = " ".join(str(record.get(key) or "") for key in ("what", "channel")).strip()
        about = str(record.get("alert") or record.get("group") or "")
        rows.append([clock(at, now) if at else "", what, about, _reason(record)])
    yield from table(rows)


def _reason(record: Document) -> str:
    parts = [str(record.get("reason") or ""), str(record.get("text") or ""), str(record.get("by") or "")]
    return ": ".join(dict.fromkeys(part for part in parts if part))[:SHOWN]


def test_lines(found: Document) -> Iterator[str]:
    """What became of a test."""
    what = "recovery" if found["resolve"] else "alarm"
    yield f"Sent a {found['priority']} test {what} to the topic."
    for record in found["records"]:
        match record.get("what"):
            case "delivered":
                yield style(f"  delivered to {record.get('channel')}", fg="green")
            case "failed":
                yield style(f"  not delivered to {record.get('channel')}: {record.get('reason')}", fg="red")
            case "suppressed":
                yield style(f"  suppressed: {_reason(record)}", fg="yellow")
    if found["held_until"]:
        now = datetime.now().astimezone()
        yield style(f"  held by quiet hours until {clock(moment(found['held_until']) or now, now)}", fg="yellow")
    if found["due"] and not found["arrived"]:
        yield f"The group says its next word in {duration(found['due']['in'])}; a route's `interval` keeps changes together."
    elif not found["arrived"]:
        yield "It has not arrived everywhere yet. `giban alarms history` and `giban alarms list` say more."


def route_lines(config: Document) -> Iterator[str]:
    """The routes in the order they are looked at."""
    for number, route in enumerate(config.get("routes") or [], 1):
        match = " and ".join(f"{key} is {_value(value)}" for key, value in sorted((route.get("match") or {}).items()))
        group = route.get("group") or {}
        yield f"{number}  {match or 'everything else'} → {', '.join(route.get('to') or ())}"
        details = [
            f"grouped by {', '.join(group['by'])}, after {duration(group.get('wait') or 0)}" if group.get("by") else "",
            _quiet(route.get("quiet")),
            _escalation(route.get("escalate")),
            "goes on to the next route" if route.get("continue") else "",
        ]
        for detail in details:
            if detail:
                yield f"     {detail}"


def _quiet(quiet: Document | None) -> str:
    return f"held {_value(quiet['hours'])} {quiet['time_zone']}, told as one digest after it" if quiet else ""


def _escalation(escalate: Document | None) -> str:
    if not escalate:
        return ""
    times = escalate.get("repeat") or 1
    again = f", {times} times more" if times else ""
    return f"when nobody takes it over in {length(escalate['after'])}: {', '.join(escalate['to'])}{again}"


def rule_lines(rules: list[Document]) -> Iterator[str]:
    """The alarms of the environment."""
    if not rules:
        yield "There are no alarms: `rules: none`."
        return
    rows = [["", "alarm", "service", "what"]]
    rows += [
        [
            str(rule.get("priority") or ""),
            str(rule["name"]),
            str(rule.get("service") or ""),
            str(rule.get("what") or ""),
        ]
        for rule in rules
    ]
    yield from table(rows)
