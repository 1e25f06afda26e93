"""The status document: a workstation as it was observed, for people and programs. Pure. Times are ISO 8601 in UTC or null."""

from __future__ import annotations

from ..common.times import iso
from ..power.decide import is_silent
from ..power.words import change_text, decision_text, notice_text, why_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..power.reconcile import View

CONNECTED_WITHIN = 150.0
"""Seconds before the newest report within which a browser that was seen counts as connected: two reports and a little."""
TYPICAL_START = 20.0
TYPICAL_BOOT = 90.0
"""Seconds; the progress is an estimate that slows down instead of pretending to be done."""


def status_of(workstation: str, view: View, ide_url: str | None) -> dict[str, Any]:
    """The answer of `GET /service/status`, and of every action."""
    want = view.state.want
    up = view.machine.state in ("pending", "running")
    return {
        "workstation": workstation,
        "now": iso(view.now),
        "state": view.machine.state,
        "on": up,
        "want": want.want,
        "since": _since(view),
        "uptime_seconds": None if view.uptime is None else int(view.uptime),
        **_activity(view),
        "scheduled_stop": iso(want.reservation),
        "decision": _decision(view),
        "changes": _changes(view),
        "auto_stop": {
            "on": want.auto_stop,
            "idle_seconds": int(view.settings.idle),
            "max_uptime_seconds": int(view.settings.max_uptime),
            "max_uptime_at": iso(view.machine.launched + view.settings.max_uptime)
            if up and view.machine.launched is not None
            else None,
        },
        "leases": [
            {**lease, "until": iso(lease["until"]), "at": iso(lease["at"])}
            for lease in want.leases
            if lease["until"] > view.now
        ],
        "agent": _agent(view),
        "ide": {"url": ide_url, "answers": view.phase == "ready"},
        "progress": _progress(view),
        "next_start": iso(view.next_start),
        "password_version": want.password_version,
        "version": want.version,
    }


def decision_of(view: View) -> dict[str, Any]:
    """What the rules say now, without words: for the agent."""
    decision = _decision(view)
    return {name: decision[name] for name in ("action", "reason", "until", "stops_at")}


def _since(view: View) -> str | None:
    """Since when it is in this state: as the keeper saw it, now when it has just changed, None when nobody looked before."""
    observed = view.state.observed
    if observed.state == "":
        return None
    return iso(observed.since if observed.state == view.machine.state else view.now)


def _is_of_this_boot(view: View) -> bool:
    """Whether what was reported is about the machine as it runs now."""
    reported, launched = view.state.signals.received_at, view.machine.launched
    return view.machine.state == "running" and reported is not None and launched is not None and reported >= launched


def _activity(view: View) -> dict[str, Any]:
    signals = view.state.signals
    fresh = _is_of_this_boot(view)
    reported = signals.received_at or 0.0
    connected = fresh and signals.connected_at is not None and signals.connected_at > reported - CONNECTED_WITHIN
    used = signals.interacting_at is not None and signals.interacting_at > view.now - view.settings.idle
    return {
        "ssh_sessions": signals.ssh_sessions if fresh else 0,
        "web": {
            "state": "off" if not connected else "connected" if used else "idle",
            "connected_at": iso(signals.connected_at),
            "interacting_at": iso(signals.interacting_at),
        },
        "terminal_at": iso(signals.terminal_at),
        "working": {
            "at": iso(signals.working_at),
            "cpu_percent": signals.cpu_percent if fresh else None,
            "jobs": list(signals.jobs) if fresh else [],
            "containers": list(signals.containers) if fresh else [],
        },
    }


def _decision(view: View) -> dict[str, Any]:
    decision, want = view.decision, view.state.want
    if decision is not None:
        english, korean = decision_text(decision)
        return {
            "action": decision.action,
            "reason": decision.reason,
            "text": english,
            "text_ko": korean,
            "until": iso(decision.until),
            "stops_at": iso(decision.stops_at),
        }
    # Nothing to decide about: why it is as it is.
    stops = view.machine.state in ("pending", "running", "stopping") and want.want == "off"
    text, text_ko = why_text(want.why) if want.why else (None, None)
    return {
        "action": "stop" if stops else "none",
        "reason": want.why or None,
        "text": text,
        "text_ko": text_ko,
        "until": None,
        "stops_at": None,
    }


def _changes(view: View) -> list[dict[str, Any]]:
    made = []
    for change in view.decision.changes if view.decision is not None else ():
        text, text_ko = change_text(change)
        made.append({**change.document(), "until": iso(change.until), "text": text, "text_ko": text_ko})
    return made


def _agent(view: View) -> dict[str, Any]:
    signals = view.state.signals
    silent = False
    if view.machine.state == "running" and view.machine.launched is not None:
        from ..power.decide import Evidence

        silent = is_silent(view.now, Evidence.of(view.state.want, signals, view.machine.launched), view.settings)
    return {"last_report": iso(signals.received_at), "silent": silent, "version": signals.agent or None}


def _progress(view: View) -> dict[str, Any]:
    phase = view.phase
    text, text_ko = notice_text(view.state.observed.notice) or (None, None)
    since = max(0.0, view.now - (view.state.want.since if phase == "asked" else view.machine.launched or view.now))
    percent = {
        "asked": 5.0,
        "starting": 10.0 + 20.0 * since / (since + TYPICAL_START),
        "booting": 30.0 + 65.0 * since / (since + TYPICAL_BOOT),
        "ready": 100.0,
    }.get(phase, 0.0)
    return {"phase": phase, "percent": int(percent), "notice": text, "notice_ko": text_ko}
