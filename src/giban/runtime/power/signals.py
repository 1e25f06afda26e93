"""What the host reported: merged so that a late or repeated report never moves it back.

The host sends ages, the server makes times of them by its own clock at arrival; a host with a wrong clock changes nothing. Times
are merged by maximum. What is a state rather than a time (sessions, load, names of jobs) is taken from the newest report: newest
by its number within a boot; across boots by whether the boot is known and how it was numbered, see `merged`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

WINDOW = 300.0
"""Seconds a report may be under way (its signature is valid that long, ±)."""
BOOTS_KEPT = 4
MOST_NAMES = 20
"""Jobs and containers kept of a report."""


class Signals:
    """The merged reports of one host. Times in seconds since 1970 by the server's clock, None = never."""

    __slots__ = (
        "agent", "boot_at", "boot_id", "boots", "connected_at", "containers", "cpu_percent", "ide_answers", "interacting_at",
        "jobs", "load1", "received_at", "sequence", "ssh_at", "ssh_sessions", "terminal_at", "uptime", "version", "working_at",
    )  # fmt: skip

    def __init__(self, document: Mapping[str, Any] | None = None, version: int = 0) -> None:
        found = document or {}
        self.version = version
        """Of the item; 0 = no report was ever merged."""
        self.boot_id: str = found.get("boot_id", "")
        self.sequence: int = found.get("sequence", 0)
        self.boot_at: float | None = found.get("boot_at")
        """When the host booted by its own uptime, at the latest; shown and compared, not trusted."""
        self.boots: dict[str, int] = dict(found.get("boots", {}))
        """The boots seen last (the newest last), each with the highest number seen of it."""
        self.received_at: float | None = found.get("received_at")
        """When the newest report arrived."""
        self.uptime: float | None = found.get("uptime")
        self.ssh_sessions: int = found.get("ssh_sessions", 0)
        self.ssh_at: float | None = found.get("ssh_at")
        """When an open SSH session was last seen."""
        self.connected_at: float | None = found.get("connected_at")
        """When a browser was last connected to the IDE."""
        self.interacting_at: float | None = found.get("interacting_at")
        """When somebody last used the IDE."""
        self.terminal_at: float | None = found.get("terminal_at")
        """When a terminal was last typed into or wrote something."""
        self.working_at: float | None = found.get("working_at")
        """When the machine last worked by itself: CPU, jobs, containers."""
        self.cpu_percent: float | None = found.get("cpu_percent")
        self.load1: float | None = found.get("load1")
        self.jobs: tuple[str, ...] = tuple(found.get("jobs", ()))
        self.containers: tuple[dict[str, Any], ...] = tuple(found.get("containers", ()))
        self.ide_answers: bool = found.get("ide_answers", False)
        self.agent: str = found.get("agent", "")
        """The agent's version."""

    def document(self) -> dict[str, Any]:
        """What is kept: every field that is not empty."""
        found = {name: getattr(self, name) for name in self.__slots__ if name != "version"}
        found["jobs"], found["containers"] = list(self.jobs), list(self.containers)
        return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def merged(signals: Signals, report: Mapping[str, Any], now: float) -> Signals:
    """The signals with one more report, which arrived at `now`. `report` is as the agent sends it and has been validated.

    A report is newest when its number is higher than all seen of its boot, and its boot did not certainly begin before the boot
    that counts now. "Certainly": by more than the time a report may be under way, because a delay makes a boot look that much
    younger. A report of an old boot that slips through is put right by the next report of the new one.
    """
    made = Signals(signals.document(), signals.version)
    ssh, web, work = report.get("ssh") or {}, report.get("web") or {}, report.get("work") or {}
    boot_id, sequence = str(report.get("boot_id", "")), int(report.get("sequence", 0))
    uptime = float(report.get("uptime") or 0.0)
    sessions = int(ssh.get("sessions") or 0)

    made.connected_at = _later(made.connected_at, _at(now, web.get("connected_age")))
    made.interacting_at = _later(made.interacting_at, _at(now, web.get("interacting_age")))
    made.terminal_at = _later(made.terminal_at, _at(now, report.get("terminal_age")))
    made.working_at = _later(made.working_at, _at(now, work.get("working_age")))
    made.ssh_at = _later(made.ssh_at, now if sessions > 0 else None)

    boot_at = now - uptime
    same = boot_id == made.boot_id
    older = not same and made.boot_at is not None and boot_at + WINDOW < made.boot_at
    if older or sequence <= made.boots.get(boot_id, -1):
        if same and made.boot_at is not None:
            made.boot_at = min(made.boot_at, boot_at)
        return made
    made.boot_at = min(made.boot_at, boot_at) if same and made.boot_at is not None else boot_at
    made.boot_id, made.sequence, made.uptime = boot_id, sequence, uptime
    made.boots.pop(boot_id, None)
    made.boots[boot_id] = sequence
    while len(made.boots) > BOOTS_KEPT:
        del made.boots[next(iter(made.boots))]
    made.received_at = _later(made.received_at, now)
    made.ssh_sessions = sessions
    made.cpu_percent, made.load1 = work.get("cpu_percent"), work.get("load1")
    made.jobs = tuple(work.get("jobs") or ())[:MOST_NAMES]
    made.containers = tuple(work.get("containers") or ())[:MOST_NAMES]
    made.ide_answers = bool((report.get("ide") or {}).get("answers"))
    made.agent = str(report.get("version") or "")
    return made


def _at(now: float, age: float | None) -> float | None:
    return None if age is None else now - max(0.0, float(age))


def _later(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return second if first is None else first
    return max(first, second)
