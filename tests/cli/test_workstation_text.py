"""What people read of a workstation: is it on, why, when will it stop, and what would change that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from giban.cli._workstation_text import (
    ago,
    clock,
    device_lines,
    event_lines,
    list_lines,
    moment,
    status_lines,
)


@pytest.fixture(autouse=True)
def seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the zone of the machine: here nine hours before UTC's clock."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def running(**changes: Any) -> dict[str, Any]:
    document = {
        "workstation": "dev",
        "now": "2026-11-23T03:00:00Z",
        "state": "running",
        "on": True,
        "want": "on",
        "since": "2026-11-23T00:46:00Z",
        "uptime_seconds": 8040,
        "ssh_sessions": 1,
        "web": {"state": "connected", "connected_at": "2026-11-23T02:59:30Z", "interacting_at": "2026-11-23T02:56:00Z"},
        "terminal_at": "2026-11-23T02:58:00Z",
        "working": {"at": "2026-11-23T02:59:00Z", "cpu_percent": 83, "jobs": ["make"], "containers": [{"name": "db"}]},
        "scheduled_stop": None,
        "decision": {
            "action": "stay",
            "reason": "ssh",
            "text": "An SSH session is open.",
            "until": None,
            "stops_at": "2026-11-26T00:46:00Z",
        },
        "changes": [
            {"what": "lease", "text": "Kept on: Kim's phone: training", "source": "Kim's phone: training"},
            {"what": "reserved", "text": "A stop is reserved.", "source": "kim", "until": "2026-11-23T05:30:00Z"},
        ],
        "auto_stop": {
            "on": True,
            "idle_seconds": 1800,
            "max_uptime_seconds": 259200,
            "max_uptime_at": "2026-11-26T00:46:00Z",
        },
        "leases": [{"id": "l1", "until": "2026-11-23T05:00:00Z", "for": "training", "by": "Kim's phone"}],
        "agent": {"last_report": "2026-11-23T02:59:20Z", "silent": False, "version": "1"},
        "ide": {"url": "https://dev.scv.example.com", "answers": True},
        "progress": {"phase": "ready", "percent": 100, "notice": None},
        "next_start": None,
        "version": 7,
    }
    return document | changes


STOPPED = {
    "state": "stopped",
    "on": False,
    "want": "off",
    "since": "2026-11-22T09:30:00Z",
    "uptime_seconds": None,
    "decision": {"action": "none", "text": "Nobody worked for 30 minutes."},
    "changes": [],
    "leases": [],
    "next_start": "2026-11-24T00:00:00Z",
    "progress": {"phase": "off"},
}


def text(document: dict[str, Any]) -> str:
    return "\n".join(status_lines(document))


def test_a_running_workstation() -> None:
    assert text(running()).splitlines() == [
        "dev  on since 09:46 (2h 14m)",
        "  why         An SSH session is open.",
        "  stops       at the latest Thu 26 Nov 09:46, after 72h",
        "  auto-stop   after 30m without activity",
        "  because of  A stop is reserved. (kim), until 14:30",
        "  to change   close the SSH session; then the time without activity counts",
        "  kept        training until 14:00, by Kim's phone (l1)",
        "  seen        1 SSH session; browser connected 30s ago; editor used 4m 0s ago; "
        "terminal used 2m 0s ago; worked 1m 0s ago (make, db)",
        "  agent       last report 40s ago",
        "  IDE         https://dev.scv.example.com",
    ]


def test_a_stopped_workstation() -> None:
    assert text(running(**STOPPED)).splitlines() == [
        "dev  off since Sun 22 Nov 18:30 (17h 30m)",
        "  why         Nobody worked for 30 minutes.",
        "  starts      Tue 24 Nov 09:00, or now with `giban workstation start`",
    ]


def test_when_it_stops() -> None:
    reserved = text(running(decision={"reason": "reserved", "stops_at": "2026-11-23T06:30:00Z"}))
    assert "stops       15:30 (in 3h 30m)" in reserved
    assert "              at the latest Thu 26 Nov" in reserved, "the second line of the same matter has no name"
    idle = running(decision={"reason": "active", "stops_at": "2026-11-23T03:26:00Z"})
    assert "stops       12:26 (in 26m 0s), if nothing happens until then" in text(idle)
    off = running(auto_stop={"on": False, "max_uptime_at": None})
    assert "auto-stop   off" in text(off)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "pending"}, "dev  starting"),
        ({"state": "missing", "on": False}, "its machine does not exist"),
        ({"state": "terminated", "on": False}, "its machine was terminated"),
        ({"progress": {"phase": "asked", "notice": "No t3.large is free; trying m5.large."}}, "trying m5.large"),
        ({"agent": {"last_report": None}}, "has not reported yet"),
        ({"agent": {"last_report": "2026-11-23T02:00:00Z", "silent": True}}, "1h 0m ago (silent"),
        ({"ide": {"url": "https://dev.scv.example.com", "answers": False}}, "(does not answer)"),
        ({"ssh_sessions": 0, "web": {}, "working": {}, "terminal_at": None}, "no activity yet"),
        (STOPPED | {"want": "on"}, "as soon as it can"),
        (STOPPED | {"next_start": None}, "with `giban workstation start`"),
    ],
)
def test_what_is_said(changes: dict[str, Any], says: str) -> None:
    assert says in text(running(**changes))


def test_a_status_with_nothing_in_it_is_no_traceback() -> None:
    assert text({"workstation": "dev", "state": "something new"}) == "dev  something new"


def test_the_list_has_one_line_for_each() -> None:
    lines = list_lines([running(), running(workstation="gpu", **STOPPED), {"workstation": "lab", "state": "not up"}])
    assert lines == [
        "name  state   for      stops             why",
        "dev   on      2h 14m   Thu 26 Nov 09:46  An SSH session is open.",
        "gpu   off     17h 30m                    Nobody worked for 30 minutes.",
        "lab   not up",
    ]


def test_devices_and_events() -> None:
    now = moment("2026-11-23T03:00:00Z")
    assert now is not None
    phone = {"id": "d1", "name": "Kim's phone", "created": "2026-11-20T01:00:00Z", "last_address": "203.0.113.7"}
    old = {"id": "d2", "name": "old", "created": "2026-11-20T01:00:00Z", "last_used": None}
    devices: list[dict[str, Any]] = [phone | {"last_used": "2026-11-23T02:59:00Z"}, old]
    assert device_lines(devices, now) == [
        "id  name         paired            last used  from",
        "d1  Kim's phone  Fri 20 Nov 10:00  1m 0s ago  203.0.113.7",
        "d2  old          Fri 20 Nov 10:00  never",
    ]
    events = [
        {
            "at": "2026-11-23T02:00:00Z",
            "what": "start",
            "who": "operator user/kim",
            "text": "asked for",
        }
    ]
    assert event_lines(events, now) == ["11:00  start  operator user/kim  asked for"]


def test_times() -> None:
    now = datetime.fromisoformat("2026-11-23T12:00:00+09:00")
    assert moment(None) is None
    assert moment("") is None
    assert moment(1795402800) == now.replace(hour=12)
    assert clock(now, now) == "12:00"
    assert ago(now, now) == "just now"
