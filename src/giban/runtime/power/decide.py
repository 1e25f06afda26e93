"""The rules: shall a running workstation go on or stop, why, until when. Pure: time and everything known come in as arguments.

In this order, the first that holds decides:

    1 max_uptime           up longer than allowed                        stop, always
    2 ssh                  an SSH session is open                        stay
    3 reserved             a stop is reserved for later                  stay until then
    4 lease                "keep for 2 h because…" runs                  stay until it ends
    5 reservation_reached  the reserved time has come                    stop
    6 auto_stop_off        somebody switched auto-stop off               stay
    7 idle / active        idle time since the last activity             stop / stay

Last activity is the latest of: the boot, the moment somebody asked for the machine, an SSH session, use of the IDE, a terminal,
work; a connected browser counts too, but only `tab` seconds past the last touch, so that a forgotten tab ends.

An agent that is silent for too long is not trusted about what *is* (a session open); what *was* keeps counting: the idle time
runs from its last report.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from .settings import Settings
    from .signals import Signals
    from .want import Want


class Evidence:
    """Everything a decision about a running machine rests on."""

    __slots__ = ("asked_at", "auto_stop", "launched", "leases", "reservation", "reserved_at", "signals")

    def __init__(
        self,
        launched: float,
        signals: Signals,
        *,
        asked_at: float | None = None,
        reservation: float | None = None,
        reserved_at: float | None = None,
        leases: tuple[Mapping[str, Any], ...] = (),
        auto_stop: bool = True,
    ) -> None:
        self.launched = launched
        """EC2's LaunchTime: the only uptime that counts. What the host says of its uptime is shown, not trusted."""
        self.signals = signals
        self.asked_at = asked_at
        """When a person asked for it to be on; None when nobody does."""
        self.reservation = reservation
        self.reserved_at = reserved_at
        self.leases = leases
        self.auto_stop = auto_stop

    @classmethod
    def of(cls, want: Want, signals: Signals, launched: float) -> Evidence:
        """From the items of the table and the instance."""
        return cls(
            launched,
            signals,
            asked_at=want.since if want.want == "on" else None,
            reservation=want.reservation,
            reserved_at=want.reserved_at,
            leases=want.leases,
            auto_stop=want.auto_stop,
        )

    @property
    def began(self) -> float:
        """When this boot began: the launch, or the wish that led to it. Reservations made before belong to an earlier one."""
        return self.launched if self.asked_at is None else min(self.launched, self.asked_at)

    @property
    def reservation_is_old(self) -> bool:
        """Made before this boot (requirement W6)."""
        return self.reservation is not None and (self.reserved_at or 0.0) < self.began


class Change:
    """One thing that changed the outcome (or would have, had a stronger rule not held)."""

    __slots__ = ("source", "until", "what")

    def __init__(self, what: str, source: str, until: float | None = None) -> None:
        self.what = what
        """A code of words.CHANGES."""
        self.source = source
        """Where it comes from: who reserved, what a lease is for, which setting."""
        self.until = until
        """When it ends by itself; None = not by itself."""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"what": self.what, "source": self.source, "until": self.until}


class Decision:
    """What to do, why, and until when it holds."""

    __slots__ = ("action", "changes", "reason", "signal", "stops_at", "until")

    def __init__(
        self,
        action: Literal["stay", "stop"],
        reason: str,
        until: float | None,
        changes: list[Change],
        signal: str = "",
        stops_at: float | None = None,
    ) -> None:
        self.action = action
        self.reason = reason
        """A code of words.REASONS."""
        self.until = until
        """When the reason ends by itself; None = not by itself."""
        self.changes = changes
        """In the order of the rules."""
        self.signal = signal
        """The last activity for `active` and `idle`: a code of words.SIGNALS."""
        self.stops_at = stops_at
        """When it will be stopped if nothing changes any more (an open session stays open); now or earlier for a stop."""


def decide(now: float, evidence: Evidence, settings: Settings, *, ahead: bool = True) -> Decision:
    """Whether a running machine stays on or is stopped. Never raises; times in the future count as now.

    `ahead` False leaves out `stops_at`, which is only for showing.
    """
    silent = is_silent(now, evidence, settings)
    decision = _judge(now, evidence, settings, silent)
    if ahead:
        decision.stops_at = now if decision.action == "stop" else _stops_at(now, evidence, settings, silent)
    return decision


def is_silent(now: float, evidence: Evidence, settings: Settings) -> bool:
    """Whether the agent has not reported for too long; the boot counts as a report."""
    return now - max(evidence.signals.received_at or 0.0, evidence.launched) > settings.silent


def last_activity(now: float, evidence: Evidence, settings: Settings) -> tuple[float, str, bool]:
    """When the machine was last used, by which signal, and whether a connected browser has stopped counting."""
    signals = evidence.signals
    at, signal = min(evidence.launched, now), "boot"
    for found, name in (
        (evidence.asked_at, "asked"),
        (signals.interacting_at, "interacting"),
        (signals.terminal_at, "terminal"),
    ):
        if found is not None and min(found, now) > at:
            at, signal = min(found, now), name
    # The last touch; what follows is no touch.
    end_of_tab = at + settings.tab
    for found, name in ((signals.ssh_at, "ssh"), (signals.working_at, "working")):
        if found is not None and min(found, now) > at:
            at, signal = min(found, now), name
    connected = -1.0 if signals.connected_at is None else min(signals.connected_at, now)
    if min(connected, end_of_tab) > at:
        at, signal = min(connected, end_of_tab), "connected"
    # The end of the tab only changed something when the browser would have been the latest.
    return at, signal, connected > at


def _judge(now: float, evidence: Evidence, settings: Settings, silent: bool) -> Decision:
    maximum = evidence.launched + settings.max_uptime
    changes: list[Change] = []
    if now >= maximum:
        changes.append(Change("max_uptime", "settings"))
    if silent:
        changes.append(Change("agent_silent", "agent"))
    ssh = _session_open(evidence) and not silent
    if ssh:
        changes.append(Change("ssh", "agent"))
    reservation = None if evidence.reservation_is_old else evidence.reservation
    if evidence.reservation_is_old:
        changes.append(Change("reservation_old", "boot"))
    elif reservation is not None:
        held = ssh and now >= reservation
        what = "reservation_held" if held else "reserved" if now < reservation else "reservation_reached"
        changes.append(Change(what, "reservation", reservation if now < reservation else None))
    leases = [lease for lease in evidence.leases if lease["until"] > now]
    changes += [Change("lease", f"{lease.get('by', '')}: {lease.get('for', '')}", lease["until"]) for lease in leases]
    if not evidence.auto_stop:
        changes.append(Change("auto_stop_off", "auto-stop"))

    if now >= maximum:
        return Decision("stop", "max_uptime", None, changes)
    if ssh:
        return Decision("stay", "ssh", None, changes)
    if reservation is not None and now < reservation:
        return Decision("stay", "reserved", reservation, changes)
    if leases:
        return Decision("stay", "lease", max(lease["until"] for lease in leases), changes)
    if reservation is not None:
        return Decision("stop", "reservation_reached", None, changes)
    if not evidence.auto_stop:
        return Decision("stay", "auto_stop_off", None, changes)
    at, signal, capped = last_activity(now, evidence, settings)
    if capped:
        changes.append(Change("tab_capped", "settings"))
    if now >= at + settings.idle:
        return Decision("stop", "idle", None, changes, signal)
    return Decision("stay", "active", at + settings.idle, changes, signal)


def _session_open(evidence: Evidence) -> bool:
    """By the last report, if that is of this launch."""
    signals = evidence.signals
    return signals.ssh_sessions > 0 and (signals.received_at or 0.0) >= evidence.launched


def _stops_at(now: float, evidence: Evidence, settings: Settings, silent: bool) -> float:
    """The first moment at which the rules say stop if nothing more is heard: tries the few moments at which they can change."""
    at, _, _ = last_activity(now, evidence, settings)
    maximum = evidence.launched + settings.max_uptime
    moments: list[float] = [at + settings.idle, maximum, *(lease["until"] for lease in evidence.leases)]
    if evidence.reservation is not None:
        moments.append(evidence.reservation)
    for moment in sorted(moments):
        if moment > now and _judge(moment, evidence, settings, silent).action == "stop":
            return moment
    return max(now, maximum)
