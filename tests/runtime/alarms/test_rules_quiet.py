"""Quiet hours: when they hold (clock changes, midnight, days), what waits, and the one digest at their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.alarms.rules import quiet

from .rules_cases import Clock, messages, play, wanted
from .rules_router import config

SEOUL, BERLIN = "Asia/Seoul", "Europe/Berlin"


def at(zone: str, text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


NIGHT = "22:00-08:00"
UNTIL = [
    ("before the evening", SEOUL, NIGHT, "2026-11-20 21:59", None),
    ("from the first second", SEOUL, NIGHT, "2026-11-20 22:00", "2026-11-21 08:00"),
    ("over midnight", SEOUL, NIGHT, "2026-11-21 03:00", "2026-11-21 08:00"),
    ("not in the last second", SEOUL, NIGHT, "2026-11-21 08:00", None),
    ("within a day", SEOUL, "12:00-13:00", "2026-11-20 12:30", "2026-11-20 13:00"),
    ("begins on these days: Friday evening", SEOUL, "22:00-08:00 Mon-Fri", "2026-11-20 23:00", "2026-11-21 08:00"),
    ("still Friday's on Saturday morning", SEOUL, "22:00-08:00 Mon-Fri", "2026-11-21 07:00", "2026-11-21 08:00"),
    ("not on Saturday evening", SEOUL, "22:00-08:00 Mon-Fri", "2026-11-21 23:00", None),
    ("a whole day", SEOUL, "00:00-24:00 Sat", "2026-11-21 12:00", "2026-11-22 00:00"),
    (
        "nights and weekends are one quiet",
        SEOUL,
        [NIGHT, "00:00-24:00 Sat,Sun"],
        "2026-11-20 23:00",
        "2026-11-23 08:00",
    ),
    ("always quiet ends none the less", SEOUL, "00:00-24:00", "2026-11-20 12:00", "2026-12-05 00:00"),
    ("begin is end: a whole day", SEOUL, "08:00-08:00 Mon", "2026-11-23 09:00", "2026-11-24 08:00"),
    # 2026-10-25 in Berlin has 25 hours, 2026-03-29 has 23.
    ("the night that is an hour longer", BERLIN, NIGHT, "2026-10-25 01:00", "2026-10-25 08:00"),
    ("the night that is an hour shorter", BERLIN, NIGHT, "2026-03-29 01:00", "2026-03-29 08:00"),
    ("an end that does not exist is later", BERLIN, "22:00-02:30", "2026-03-29 01:30", "2026-03-29 03:30"),
    ("a begin that does not exist is later", BERLIN, "02:30-05:00", "2026-03-29 03:10", None),
    ("and then it holds", BERLIN, "02:30-05:00", "2026-03-29 03:30", "2026-03-29 05:00"),
    ("an end that is there twice is the first", BERLIN, "22:00-02:30", "2026-10-25 02:29", "2026-10-25 02:30"),
]


@pytest.mark.parametrize(("name", "zone", "hours", "now", "end"), UNTIL, ids=[case[0] for case in UNTIL])
def test_until(name: str, zone: str, hours: Any, now: str, end: str | None) -> None:
    found = quiet.until(at(zone, now), {"time_zone": zone, "hours": hours})
    assert found == (None if end is None else at(zone, end))


def test_the_hour_that_is_there_twice() -> None:
    found = {"time_zone": BERLIN, "hours": "22:00-02:30"}
    assert quiet.until(at(BERLIN, "2026-10-25 02:10", fold=1), found) is None


def test_without_quiet_hours_it_is_never_quiet() -> None:
    assert quiet.until(0.0, None) is None
    assert quiet.until(0.0, {}) is None


HELD = [
    ("P1", None, False),
    ("P2", None, True),
    ("P4", None, True),
    ("P1", ["P1", "P2"], True),
    ("P3", ["P4"], False),
]


@pytest.mark.parametrize(("priority", "hold", "held"), HELD)
def test_which_priorities_wait(priority: str, hold: list[str] | None, held: bool) -> None:
    found: dict[str, Any] = {"time_zone": SEOUL, "hours": NIGHT, **({"hold": hold} if hold else {})}
    assert quiet.holds(priority, found) is held
    assert quiet.holds(priority, None) is False


WRONG: list[tuple[Any, str]] = [
    ({"time_zone": SEOUL, "hours": ""}, "22:00-08:00"),
    ({"time_zone": SEOUL}, "22:00-08:00"),
    ({"time_zone": SEOUL, "hours": "22:00"}, "no span"),
    ({"time_zone": SEOUL, "hours": "22:00-25:00"}, "25:00"),
    ({"time_zone": SEOUL, "hours": "22-8"}, "not a time"),
    ({"time_zone": SEOUL, "hours": "22:00-08:00 Someday"}, "someday"),
    ({"time_zone": "Mars/Olympus", "hours": NIGHT}, "Mars/Olympus"),
    ({"time_zone": SEOUL, "hours": NIGHT, "hold": ["P9"]}, "P9"),
    ({"time_zone": SEOUL, "hours": 22}, "22:00-08:00"),
]


@pytest.mark.parametrize(("found", "says"), WRONG)
def test_what_cannot_be_understood_says_what_to_write(found: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        quiet.check(found)


def test_what_can_be_understood() -> None:
    quiet.check({"time_zone": SEOUL, "hours": [NIGHT, "00:00-24:00 Sat,Sun"], "hold": ["P3"]})


@given(
    st.sampled_from([SEOUL, BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
    st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59)),
    st.sampled_from(["", " Mon-Fri", " Sat,Sun", " Tue"]),
    st.floats(1_700_000_000.0, 1_900_000_000.0),
)
def test_it_ends_later_and_is_over_then(zone: str, clock: tuple[int, int, int, int], days: str, now: float) -> None:
    hours = f"{clock[0]:02}:{clock[1]:02}-{clock[2]:02}:{clock[3]:02}{days}"
    found = {"time_zone": zone, "hours": hours}
    end = quiet.until(now, found)
    if end is not None:
        assert end > now
        if end - now < 10 * 86_400:
            assert quiet.until(end, found) is None
            assert quiet.until(end - 1.0 if end - 1.0 > now else now, found) == end


ROUTE: dict[str, Any] = {
    "to": ["team"],
    "group": {"by": ["service"], "wait": 30, "interval": 300},
    "quiet": {"time_zone": SEOUL, "hours": NIGHT},
    "repeat": 0,
}
DIGESTS = [
    ("before the night it is told", ROUTE, "21:00 fire a", "21:00:30 team firing: +a"),
    ("in the night it waits for the morning", ROUTE, "23:00 fire a\n+1 09:00 end", "+1 08:00 team digest: +a"),
    (
        "one digest for all services",
        ROUTE,
        "23:00 fire a service=web\n+1 02:00 fire b service=was\n+1 03:00 event e service=db\n+1 09:00 end",
        "+1 08:00 team digest: +a +b !e",
    ),
    (
        "what recovered meanwhile is in it",
        ROUTE,
        "23:00 fire a\n23:30 fire b\n+1 02:00 ok a\n+1 09:00 end",
        "+1 08:00 team digest: +b -a",
    ),
    ("also when everything recovered", ROUTE, "23:00 fire a\n+1 02:00 ok a\n+1 09:00 end", "+1 08:00 team digest: -a"),
    (
        "occurrences are counted",
        ROUTE,
        "23:00 event e x2\n+1 02:00 event e\n+1 09:00 end",
        "+1 08:00 team digest: !ex3",
    ),
    (
        "P1 is never held",
        ROUTE,
        "23:00 fire a P1\n23:01 fire b P3\n+1 09:00 end",
        "23:00:30 team firing: +a\n+1 08:00 team digest: +b",
    ),
    (
        "unless the route says so",
        {**ROUTE, "quiet": {**ROUTE["quiet"], "hold": ["P1"]}},
        "23:00 fire a P1\n23:01 fire b P3\n+1 09:00 end",
        "23:01:30 team firing: +b\n+1 08:00 team digest: +a",
    ),
    (
        "what would be told in the night is in the digest too",
        ROUTE,
        "21:59:45 fire a\n22:10 fire b service=was\n+1 09:00 end",
        "+1 08:00 team digest: +a +b",
    ),
    (
        "what would be told after the night is not",
        ROUTE,
        "+1 07:59:45 fire a\n+1 09:00 end",
        "+1 08:00:15 team firing: +a",
    ),
    (
        "the recovery of what was told before the night waits, in its own thread",
        ROUTE,
        "21:00 fire a\n23:00 ok a\n+1 09:00 end",
        "21:00:30 team firing: +a\n+1 08:00 team resolved: -a",
    ),
    (
        "what was told in the digest recovers in its thread",
        ROUTE,
        "23:00 fire a\n+1 10:00 ok a\n+1 11:00 end",
        "+1 08:00 team digest: +a\n+1 10:00 team resolved: -a",
    ),
    (
        "each night has its own",
        ROUTE,
        "23:00 fire a\n+1 23:00 fire b\n+2 09:00 end",
        "+1 08:00 team digest: +a\n+2 08:00 team digest: +b",
    ),
    (
        "reminders wait for the morning",
        {**ROUTE, "repeat": 7200},
        "21:00 fire a\n+1 09:00 end",
        "21:00:30 team firing: +a\n+1 08:00 team reminder: ~a",
    ),
    (
        "so does the escalation of what may wait",
        {**ROUTE, "escalate": {"after": 3600, "to": ["owner"]}},
        "21:30 fire a\n+1 09:00 end",
        "21:30:30 team firing: +a\n+1 08:00 owner escalation: ~a",
    ),
    (
        "but not that of a P1",
        {**ROUTE, "escalate": {"after": 3600, "to": ["owner"]}},
        "21:30 fire a P1\n+1 09:00 end",
        "21:30:30 team firing: +a\n22:30:30 owner escalation: ~a",
    ),
    (
        "silenced until the middle of the night: in the digest",
        ROUTE,
        "22:30 silence s name=a until +1 03:00\n23:00 fire a\n+1 09:00 end",
        "+1 08:00 team digest: +a",
    ),
    (
        "silenced until after the night: told at its end",
        ROUTE,
        "22:30 silence s name=a until +1 10:00\n23:00 fire a\n+1 11:00 end",
        "+1 10:00 team digest: +a",
    ),
    (
        "what became P1 in the night is told at once",
        ROUTE,
        "23:00 fire a P3\n23:10 fire b P3\n+1 01:00 fire a P1\n+1 09:00 end",
        "+1 01:00:30 team firing: +a\n+1 08:00 team digest: +b",
    ),
]


@pytest.mark.parametrize("case", DIGESTS, ids=[case[0] for case in DIGESTS])
def test_digests(case: tuple[str, dict[str, Any], str, str]) -> None:
    _, route, steps, expected = case
    clock = Clock(SEOUL)
    steps = steps if "end" in steps else f"{steps}\n21:05 end"
    assert messages(play(config(route), steps, clock), clock) == wanted(expected)


@pytest.mark.parametrize(("day", "hours"), [("2026-10-24", 11), ("2026-03-28", 9), ("2026-06-06", 10)])
def test_the_digest_comes_by_the_clock_on_the_wall(day: str, hours: int) -> None:
    route = {**ROUTE, "quiet": {"time_zone": BERLIN, "hours": NIGHT}}
    clock = Clock(BERLIN, day)
    router = play(config(route), "22:00 fire a\n+1 09:00 end", clock)
    assert messages(router, clock) == ["+1 08:00 team digest: +a"]
    assert router.messages[0]["at"] - at(BERLIN, f"{day} 22:00") == hours * 3600


def test_a_digest_says_which_hours_it_is_about() -> None:
    clock = Clock(SEOUL)
    router = play(config(ROUTE), "23:00 fire a\n+1 09:00 end", clock)
    (message,) = router.messages
    assert {key: clock.write(value) for key, value in message["held"].items()} == {"from": "23:00", "until": "+1 08:00"}


def test_what_is_held_late_is_on_record() -> None:
    """The look came late: planned before the night, due in it."""
    clock = Clock(SEOUL)
    router = play(config(ROUTE), "21:59 fire a", clock)
    late = at(SEOUL, "2026-11-20 22:05")
    router.look(late)
    assert [(found["what"], found["reason"], found["until"]) for found in router.history[-1:]] == [
        ("held", "quiet", at(SEOUL, "2026-11-21 08:00"))
    ]
    router.run(late + 12 * 3600)
    assert messages(router, clock) == ["+1 08:00 team digest: +a"]


def test_nothing_waits_for_ever() -> None:
    route = {**ROUTE, "quiet": {"time_zone": SEOUL, "hours": "00:00-24:00"}}
    start = Clock(SEOUL)
    router = play(config(route), "12:00 fire a\n+20 00:00 end", start)
    assert len(router.messages) == 1
    assert router.messages[0]["at"] - start.day.timestamp() < timedelta(days=16).total_seconds()
