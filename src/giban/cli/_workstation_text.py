"""A workstation's status document, devices and events as lines for people. Times are shown in the time zone of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from giban.cli.output import style, table
from giban.terraform.progress import duration

Document = dict[str, Any]

STATES = {
    "running": ("on", "green"),
    "stopped": ("off", None),
    "pending": ("starting", "yellow"),
    "stopping": ("stopping", "yellow"),
    "terminated": ("gone: its machine was terminated", "red"),
    "missing": ("gone: its machine does not exist", "red"),
}


TO_CHANGE = {
    "active": "any activity moves the stop on; `keep 2h --for WHY` holds it",
    "ssh": "close the SSH session; then the time without activity counts",
    "reserved": "`start` takes the planned stop back",
    "lease": "`release ID` ends it",
    "auto_stop_off": "`auto-stop on`",
}
"""What would change a decision to stay, by its reason; what is quoted are commands of `giban workstation`."""


def status_lines(status: Document) -> Iterator[str]:
    """Is it on, why, and when will it stop or start; then what would change that, and what was seen."""
    now = moment(status.get("now")) or datetime.now().astimezone()
    yield _headline(status, now)
    rows = [
        ("why", _why(status)),
        *(_stops(status, now) if status.get("on") else _starts(status, now)),
        *(("because of", line) for line in _changes(status, now)),
        ("to change", TO_CHANGE.get(str((status.get("decision") or {}).get("reason")), "") if status.get("on") else ""),
        *_seen(status, now),
    ]
    label = ""
    for name, text in rows:
        if text:
            # A name stands once before its lines.
            yield f"  {style(f'{name if name != label else str():<11}', dim=True)} {text}"
            label = name
    notice = (status.get("progress") or {}).get("notice")
    if notice:
        yield style(f"  {notice}", fg="yellow")


def _headline(status: Document, now: datetime) -> str:
    word, colour = STATES.get(str(status.get("state")), (str(status.get("state")), None))
    since = _since(status, now)
    if since is not None:
        word += f" since {clock(since, now)} ({duration((now - since).total_seconds())})"
    return f"{style(str(status.get('workstation')), bold=True)}  {style(word, fg=colour)}"


def _since(status: Document, now: datetime) -> datetime | None:
    """Since when it is as it is: on, by the machine's uptime; otherwise since that was first seen."""
    seconds = status.get("uptime_seconds")
    return now - timedelta(seconds=seconds) if isinstance(seconds, int) else moment(status.get("since"))


def _why(status: Document) -> str:
    return str((status.get("decision") or {}).get("text") or "")


def _stops(status: Document, now: datetime) -> Iterator[tuple[str, str]]:
    decision, auto_stop = status.get("decision") or {}, status.get("auto_stop") or {}
    at, latest = moment(decision.get("stops_at")), moment(auto_stop.get("max_uptime_at"))
    if at is not None and at != latest:
        idle = ", if nothing happens until then" if decision.get("reason") == "active" else ""
        yield "stops", f"{clock(at, now)} (in {duration((at - now).total_seconds())}){idle}"
    if latest is not None:
        yield "stops", f"at the latest {clock(latest, now)}, after {length(auto_stop.get('max_uptime_seconds'))}"
    if auto_stop.get("on") is False:
        yield "auto-stop", "off"
    elif auto_stop.get("idle_seconds"):
        yield "auto-stop", f"after {length(auto_stop['idle_seconds'])} without activity"


def _starts(status: Document, now: datetime) -> Iterator[tuple[str, str]]:
    at = moment(status.get("next_start"))
    if status.get("want") == "on":
        yield "starts", "as soon as it can"
    elif at is not None:
        yield "starts", f"{clock(at, now)}, or now with `giban workstation start`"
    elif status.get("state") == "stopped":
        yield "starts", "with `giban workstation start`"


def _changes(status: Document, now: datetime) -> Iterator[str]:
    for change in status.get("changes") or ():
        if change.get("what") == "lease":
            continue  # `kept` says more of it
        until = moment(change.get("until"))
        text, source = str(change.get("text") or change.get("what")), str(change.get("source") or "")
        # Some texts name their source themselves.
        text += f" ({source})" if source not in text else ""
        yield text + (f", until {clock(until, now)}" if until else "")


def _seen(status: Document, now: datetime) -> Iterator[tuple[str, str]]:
    """What the host reported, what is kept, and where the IDE is."""
    for lease in status.get("leases") or ():
        until = moment(lease.get("until"))
        end = f" until {clock(until, now)}" if until else ""
        yield "kept", f"{lease.get('for') or 'without a reason'}{end}, by {lease.get('by')} ({lease.get('id')})"
    agent = status.get("agent") or {}
    if status.get("on"):
        yield "seen", "; ".join(_signals(status, now))
        last = moment(agent.get("last_report"))
        if last is None:
            yield "agent", "has not reported yet"
        else:
            silent = style(" (silent: what it said last is not relied on)", fg="yellow") if agent.get("silent") else ""
            yield "agent", f"last report {ago(last, now)}{silent}"
    ide = status.get("ide") or {}
    if ide.get("url"):
        yield "IDE", f"{ide['url']}{'' if ide.get('answers') else ' (does not answer)'}" if status.get("on") else ""


def _signals(status: Document, now: datetime) -> Iterator[str]:
    sessions = status.get("ssh_sessions") or 0
    if sessions:
        yield f"{sessions} SSH session{'s' if sessions > 1 else ''}"
    web, working = status.get("web") or {}, status.get("working") or {}
    connected, interacting = moment(web.get("connected_at")), moment(web.get("interacting_at"))
    typed = moment(status.get("terminal_at"))
    if connected:
        yield f"browser connected {ago(connected, now)}"
    if interacting:
        yield f"editor used {ago(interacting, now)}"
    if typed:
        yield f"terminal used {ago(typed, now)}"
    worked = moment(working.get("at"))
    if worked:
        busy = [*(working.get("jobs") or ()), *(c.get("name", "") for c in working.get("containers") or ())]
        what = f" ({', '.join(busy)})" if busy else ""
        yield f"worked {ago(worked, now)}{what}"
    if not (sessions or connected or interacting or typed or worked):
        yield "no activity yet"


def list_lines(statuses: list[Document]) -> list[str]:
    """A table of workstations; one that is not up has only its name and `not up`."""
    rows = [["name", "state", "for", "stops", "why"]]
    for status in statuses:
        now = moment(status.get("now")) or datetime.now().astimezone()
        since = _since(status, now)
        at = moment((status.get("decision") or {}).get("stops_at"))
        word, _ = STATES.get(str(status.get("state")), (str(status.get("state")), None))
        ends = clock(at, now) if at and status.get("on") else ""
        rows.append(
            [
                str(status["workstation"]),
                word,
                duration((now - since).total_seconds()) if since else "",
                ends,
                _why(status),
            ]
        )
    return table(rows)


def device_lines(devices: list[Document], now: datetime) -> list[str]:
    """A table of paired devices."""
    rows = [["id", "name", "paired", "last used", "from"]]
    for device in devices:
        created, used = moment(device.get("created")), moment(device.get("last_used"))
        rows.append(
            [
                str(device.get("id", "")),
                str(device.get("name", "")),
                clock(created, now) if created else "",
                ago(used, now) if used else "never",
                str(device.get("last_address") or ""),
            ]
        )
    return table(rows)


def event_lines(events: list[Document], now: datetime) -> list[str]:
    """A table of decisions and actions, newest first as they come."""
    rows = []
    for event in events:
        at = moment(event.get("at"))
        text = str(event.get("text") or event.get("why") or "")
        rows.append([clock(at, now) if at else "", str(event.get("what", "")), str(event.get("who") or ""), text])
    return table(rows)


def moment(text: Any) -> datetime | None:
    """A time of the API (ISO 8601, or seconds since 1970) in this machine's time zone."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return datetime.fromtimestamp(text).astimezone()
    return datetime.fromisoformat(text).astimezone() if isinstance(text, str) and text else None


def clock(at: datetime, now: datetime) -> str:
    """`14:05` today, else `Mon 23 Nov 09:00`."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%a} {at.day} {at:%b %H:%M}"


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `4m 10s ago`."""
    seconds = (now - at).total_seconds()
    return "just now" if seconds < 1 else f"{duration(seconds)} ago"


def length(seconds: Any) -> str:
    """`30m`, `72h`: a setting as it is written in the blueprint."""
    whole = int(seconds or 0)
    if whole % 3600 == 0:
        return f"{whole // 3600}h"
    return f"{whole // 60}m" if whole % 60 == 0 else duration(whole)
