"""The rules, one by one and against every other; then what must hold of all decisions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.power.decide import Decision, Evidence, decide, last_activity
from giban.runtime.power.settings import Settings
from giban.runtime.power.signals import Signals
from giban.runtime.power.words import CHANGES, REASONS, SIGNALS, change_text, decision_text

NOW = 1_795_000_000.0
MINUTE, HOUR = 60.0, 3600.0
SETTINGS = Settings()


def signals(**ages: Any) -> Signals:
    """Signals with a report just now; `x_age` becomes `x_at`."""
    made = {"received_at": NOW, "boot_id": "a", "sequence": 1}
    for name, value in ages.items():
        made[name.replace("_age", "_at")] = NOW - value if name.endswith("_age") else value
    return Signals(made)


def known(up: float = 10 * HOUR, found: Signals | None = None, **more: Any) -> Evidence:
    return Evidence(NOW - up, found or signals(), **more)


def lease(until: float) -> dict[str, Any]:
    return {"id": "1", "until": until, "for": "training", "by": "phone", "at": NOW - HOUR}


def summary(decision: Decision) -> tuple[str, str, float | None]:
    return decision.action, decision.reason, None if decision.until is None else decision.until - NOW


def codes(decision: Decision) -> list[str]:
    return [change.what for change in decision.changes]


RESERVED: dict[str, Any] = {"reserved_at": NOW - MINUTE}

RULES = [
    ("nobody for half an hour", known(), ("stop", "idle", None)),
    ("just started", known(MINUTE), ("stay", "active", 29 * MINUTE)),
    ("just asked for", known(asked_at=NOW - MINUTE), ("stay", "active", 29 * MINUTE)),
    ("a key was pressed", known(found=signals(interacting_age=MINUTE)), ("stay", "active", 29 * MINUTE)),
    ("a terminal wrote", known(found=signals(terminal_age=MINUTE)), ("stay", "active", 29 * MINUTE)),
    ("hours of work without a key", known(found=signals(working_age=0)), ("stay", "active", 30 * MINUTE)),
    ("SSH closed a minute ago", known(found=signals(ssh_age=MINUTE)), ("stay", "active", 29 * MINUTE)),
    ("exactly at the end", known(found=signals(interacting_age=30 * MINUTE)), ("stop", "idle", None)),
    ("an open session", known(found=signals(ssh_sessions=1)), ("stay", "ssh", None)),
    ("reserved for later", known(reservation=NOW + HOUR, **RESERVED), ("stay", "reserved", HOUR)),
    ("the reserved time", known(reservation=NOW, **RESERVED), ("stop", "reservation_reached", None)),
    (
        "the reserved time, and somebody types",
        known(found=signals(interacting_age=0), reservation=NOW, **RESERVED),
        ("stop", "reservation_reached", None),
    ),
    (
        "the reserved time, and a session is open",
        known(found=signals(ssh_sessions=1), reservation=NOW, **RESERVED),
        ("stay", "ssh", None),
    ),
    (
        "a reservation of an earlier boot",
        known(up=MINUTE, reservation=NOW - HOUR, reserved_at=NOW - 2 * HOUR),
        ("stay", "active", 29 * MINUTE),
    ),
    (
        "reserved after the start was asked for, before EC2 launched it",
        known(up=MINUTE, asked_at=NOW - 2 * MINUTE, reservation=NOW + HOUR, reserved_at=NOW - 1.5 * MINUTE),
        ("stay", "reserved", HOUR),
    ),
    ("a lease", known(leases=(lease(NOW + HOUR), lease(NOW + MINUTE))), ("stay", "lease", HOUR)),
    ("a lease that ended", known(leases=(lease(NOW),)), ("stop", "idle", None)),
    (
        "a lease past the reserved time",
        known(leases=(lease(NOW + HOUR),), reservation=NOW, **RESERVED),
        ("stay", "lease", HOUR),
    ),
    ("auto-stop off", known(auto_stop=False), ("stay", "auto_stop_off", None)),
    (
        "auto-stop off, but the reserved time",
        known(auto_stop=False, reservation=NOW, **RESERVED),
        ("stop", "reservation_reached", None),
    ),
    ("three days", known(72 * HOUR, signals(ssh_sessions=1), auto_stop=False), ("stop", "max_uptime", None)),
    (
        "three days, reserved and leased",
        known(72 * HOUR, leases=(lease(NOW + HOUR),), reservation=NOW + HOUR, **RESERVED),
        ("stop", "max_uptime", None),
    ),
]


@pytest.mark.parametrize(("evidence", "expected"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_rules(evidence: Evidence, expected: tuple[str, str, float | None]) -> None:
    assert summary(decide(NOW, evidence, SETTINGS)) == expected


def test_an_open_session_of_a_silent_agent_is_not_believed() -> None:
    old = signals(ssh_sessions=1, received_at=NOW - 16 * MINUTE, ssh_at=NOW - 16 * MINUTE)
    decision = decide(NOW, known(found=old), SETTINGS)
    # The idle time runs from the last report.
    assert summary(decision) == ("stay", "active", 14 * MINUTE)
    assert (decision.signal, codes(decision)) == ("ssh", ["agent_silent"])
    assert decide(NOW + 14 * MINUTE, known(found=old), SETTINGS).reason == "idle"


def test_a_session_of_an_earlier_boot_is_not_open() -> None:
    before = signals(ssh_sessions=2, received_at=NOW - 5 * MINUTE)
    assert decide(NOW, known(4 * MINUTE, before), SETTINGS).reason == "active"


def test_an_agent_that_never_reported_is_silent_only_after_a_while() -> None:
    assert codes(decide(NOW, Evidence(NOW - MINUTE, Signals()), SETTINGS)) == []
    assert codes(decide(NOW, Evidence(NOW - 16 * MINUTE, Signals()), SETTINGS)) == ["agent_silent"]
    assert decide(NOW, Evidence(NOW - HOUR, Signals()), SETTINGS).reason == "idle"


def test_a_forgotten_browser_tab_does_not_count_for_ever() -> None:
    tab = signals(connected_age=0, interacting_age=1.9 * HOUR)
    decision = decide(NOW, known(found=tab), SETTINGS)
    assert (decision.reason, decision.signal, codes(decision)) == ("active", "connected", [])
    # Two hours after the last key it is no activity any more: half an hour later the machine stops, tab or not.
    late = NOW + 0.7 * HOUR
    tab = signals(connected_at=late, interacting_age=1.9 * HOUR, received_at=late)
    decision = decide(late, known(found=tab), SETTINGS)
    assert (decision.action, decision.reason, codes(decision)) == ("stop", "idle", ["tab_capped"])
    # Without a single key since the boot, the boot is the last touch.
    assert decide(NOW, known(2.6 * HOUR, signals(connected_age=0)), SETTINGS).reason == "idle"


def test_everything_that_holds_is_told_with_source_and_end() -> None:
    decision = decide(
        NOW,
        known(
            found=signals(ssh_sessions=1), auto_stop=False, reservation=NOW - 1, leases=(lease(NOW + HOUR),), **RESERVED
        ),
        SETTINGS,
    )
    assert [change.document() for change in decision.changes] == [
        {"what": "ssh", "source": "agent", "until": None},
        {"what": "reservation_held", "source": "reservation", "until": None},
        {"what": "lease", "source": "phone: training", "until": NOW + HOUR},
        {"what": "auto_stop_off", "source": "auto-stop", "until": None},
    ]


@pytest.mark.parametrize(
    ("evidence", "stops_in"),
    [
        (known(MINUTE), 29 * MINUTE),
        (known(found=signals(ssh_sessions=1)), 62 * HOUR),
        (known(auto_stop=False), 62 * HOUR),
        (known(reservation=NOW + HOUR, **RESERVED), HOUR),
        (known(leases=(lease(NOW + HOUR), lease(NOW + 2 * HOUR))), 2 * HOUR),
        (known(leases=(lease(NOW + HOUR),), reservation=NOW + 2 * HOUR, **RESERVED), 2 * HOUR),
        (known(leases=(lease(NOW + 2 * HOUR),), reservation=NOW + HOUR, **RESERVED), 2 * HOUR),
        (known(71 * HOUR, leases=(lease(NOW + 2 * HOUR),)), HOUR),
        (known(), 0.0),
    ],
)
def test_it_says_when_it_will_be_stopped(evidence: Evidence, stops_in: float) -> None:
    stops_at = decide(NOW, evidence, SETTINGS).stops_at
    assert stops_at is not None
    assert stops_at - NOW == stops_in


moments = st.none() | st.floats(-100 * HOUR, 10 * HOUR).map(lambda shift: NOW + shift)
leases = st.lists(st.floats(-HOUR, 72 * HOUR).map(lambda shift: lease(NOW + shift)), max_size=3).map(tuple)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    names = ("received_at", "ssh_at", "connected_at", "interacting_at", "terminal_at", "working_at")
    found = Signals({**{name: draw(moments) for name in names}, "ssh_sessions": draw(st.integers(0, 2))})
    return Evidence(
        draw(st.floats(-100 * HOUR, HOUR).map(lambda shift: NOW + shift)),
        found,
        asked_at=draw(moments),
        reservation=draw(moments),
        reserved_at=draw(moments),
        leases=draw(leases),
        auto_stop=draw(st.booleans()),
    )


settings = st.builds(
    Settings,
    idle=st.floats(60, 7200),
    max_uptime=st.floats(300, 80 * HOUR),
    silent=st.floats(60, 7200),
    tab=st.floats(0, 8 * HOUR),
)


@given(evidences(), settings)
def test_what_holds_of_every_decision(evidence: Evidence, rules: Settings) -> None:
    decision = decide(NOW, evidence, rules)
    over = evidence.launched + rules.max_uptime <= NOW
    assert (decision.reason == "max_uptime") == over
    assert decision.action == ("stop" if decision.reason in ("max_uptime", "reservation_reached", "idle") else "stay")
    if decision.until is not None:
        assert decision.action == "stay"
        assert decision.until > NOW
    # Every code has words in both languages.
    assert all(decision_text(decision))
    assert decision.reason in REASONS
    assert decision.signal in SIGNALS or decision.reason not in ("idle", "active")
    assert all(change.what in CHANGES and all(change_text(change)) for change in decision.changes)
    # The same again: nothing is remembered.
    again = decide(NOW, evidence, rules)
    assert (summary(again), codes(again), again.stops_at) == (summary(decision), codes(decision), decision.stops_at)


@given(evidences(), settings)
def test_the_moment_it_names_is_the_moment_it_stops(evidence: Evidence, rules: Settings) -> None:
    decision = decide(NOW, evidence, rules)
    assert decision.stops_at is not None
    assert NOW <= decision.stops_at <= max(NOW, evidence.launched + rules.max_uptime)
    # As long as the agent goes on reporting the same, it stays on until then and is stopped then.
    silent = "agent_silent" in codes(decision)
    if decision.action == "stay":
        for moment, action in ((decision.stops_at, "stop"), ((NOW + decision.stops_at) / 2, "stay")):
            document = evidence.signals.document()
            later = Signals(document if silent else {**document, "received_at": max(moment, evidence.launched)})
            if not silent and (evidence.signals.received_at or 0) < evidence.launched and later.ssh_sessions:
                continue  # a first report of this boot is news
            other = Evidence(
                evidence.launched,
                later,
                asked_at=evidence.asked_at,
                reservation=evidence.reservation,
                reserved_at=evidence.reserved_at,
                leases=evidence.leases,
                auto_stop=evidence.auto_stop,
            )
            if all((at or 0) <= NOW for at in _times(evidence)):
                assert decide(moment, other, rules).action == action


def _times(evidence: Evidence) -> list[float | None]:
    found = evidence.signals
    return [
        evidence.launched, evidence.asked_at, found.ssh_at, found.connected_at, found.interacting_at, found.terminal_at,
        found.working_at,
    ]  # fmt: skip


@given(evidences(), settings, st.floats(0, 2 * HOUR))
def test_a_wrong_clock_never_keeps_it_on_longer_than_the_maximum(
    evidence: Evidence, rules: Settings, step: float
) -> None:
    # Times in the future (the clock was set back) count as now, never as later.
    at, _, _ = last_activity(NOW, evidence, rules)
    assert at <= max(NOW, evidence.launched)
    end = evidence.launched + rules.max_uptime
    assert decide(end + step, evidence, rules).action == "stop"


@given(
    evidences(), settings, st.sampled_from(["ssh_at", "interacting_at", "terminal_at", "working_at", "connected_at"])
)
def test_more_activity_never_stops_it_sooner(evidence: Evidence, rules: Settings, name: str) -> None:
    before = decide(NOW, evidence, rules)
    setattr(evidence.signals, name, NOW)
    after = decide(NOW, evidence, rules)
    assert (before.action, after.action) != ("stay", "stop")
    assert (after.stops_at or 0) >= (before.stops_at or 0)
