"""When something should be on: a table of cases, and properties over zones, clock changes, overlaps and holidays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.fleets.hours import (
    GRACE,
    HOURS_PER_MONTH,
    changes,
    check,
    grace,
    hours_per_month,
    next_on,
    peak,
    should_be,
    week,
)

SEOUL, BERLIN = "Asia/Seoul", "Europe/Berlin"
OFFICE: dict[str, Any] = {"time_zone": SEOUL, "on": "08:00 Mon-Fri", "off": "20:00 daily", "holidays": ["2026-12-25"]}
NIGHT: dict[str, Any] = {"time_zone": SEOUL, "on": "22:00 Mon-Thu", "off": "06:00 daily"}
LUNCH: dict[str, Any] = {"time_zone": SEOUL, "on": "12:00 daily", "off": "13:00 daily", "grace": 600}
DEMO: dict[str, Any] = {"time_zone": SEOUL, "on": "19:00 Tue", "off": "23:00 daily"}


def at(text: str, zone: str = SEOUL) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def told(seconds: float | None, zone: str = SEOUL) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("schedules", "now", "on", "since", "until", "which", "why"),
    [
        # An ordinary day, and its edges: `on` belongs to the hours, `off` does not.
        ({"office": OFFICE}, "2026-11-24 07:59:59", False, "2026-11-23 20:00", "2026-11-24 08:00", ["office"], "schedule"),
        ({"office": OFFICE}, "2026-11-24 08:00", True, "2026-11-24 08:00", "2026-11-24 20:00", ["office"], "schedule"),
        ({"office": OFFICE}, "2026-11-24 19:59:59", True, "2026-11-24 08:00", "2026-11-24 20:00", ["office"], "schedule"),
        ({"office": OFFICE}, "2026-11-24 20:00", False, "2026-11-24 20:00", "2026-11-25 08:00", ["office"], "schedule"),
        # The weekend lasts from Friday evening to Monday morning.
        ({"office": OFFICE}, "2026-11-22 12:00", False, "2026-11-20 20:00", "2026-11-23 08:00", ["office"], "schedule"),
        # On a holiday it would be on; before and after its hours it would not be.
        ({"office": OFFICE}, "2026-12-25 12:00", False, "2026-12-24 20:00", "2026-12-28 08:00", ["office"], "holiday"),
        ({"office": OFFICE}, "2026-12-25 21:00", False, "2026-12-24 20:00", "2026-12-28 08:00", ["office"], "schedule"),
        # Over midnight; a holiday on which it begins takes the night away, one on which it ends does not.
        ({"night": NIGHT}, "2026-11-25 02:00", True, "2026-11-24 22:00", "2026-11-25 06:00", ["night"], "schedule"),
        ({"night": {**NIGHT, "holidays": ["2026-11-24"]}}, "2026-11-25 02:00", False, "2026-11-24 06:00", "2026-11-25 22:00",
         ["night"], "holiday"),
        ({"night": {**NIGHT, "holidays": ["2026-11-25"]}}, "2026-11-25 02:00", True, "2026-11-24 22:00", "2026-11-25 06:00",
         ["night"], "schedule"),
        # Overlapping: on while any says on; the whole is one stretch.
        ({"office": OFFICE, "demo": DEMO}, "2026-11-24 21:00", True, "2026-11-24 08:00", "2026-11-24 23:00", ["demo"],
         "schedule"),
        ({"office": OFFICE, "demo": DEMO}, "2026-11-24 19:30", True, "2026-11-24 08:00", "2026-11-24 23:00", ["demo", "office"],
         "schedule"),
        ({"office": OFFICE, "demo": DEMO}, "2026-11-25 21:00", False, "2026-11-25 20:00", "2026-11-26 08:00", ["demo", "office"],
         "schedule"),
        # The holiday of one is no holiday of the other.
        ({"office": OFFICE, "lunch": LUNCH}, "2026-12-25 12:30", True, "2026-12-25 12:00", "2026-12-25 13:00", ["lunch"],
         "schedule"),
        # No schedules.
        ({}, "2026-11-24 12:00", True, None, None, [], "always"),
    ],
)  # fmt: skip
def test_cases(
    schedules: dict[str, Any], now: str, on: bool, since: str | None, until: str | None, which: list[str], why: str
) -> None:
    found = should_be(schedules, at(now))
    assert (found.on, told(found.since), told(found.until), list(found.which), found.why) == (
        on,
        since,
        until,
        which,
        why,
    )


def test_a_day_is_the_same_whatever_was_asked_before() -> None:
    """Answers are kept for as long as they hold; the reason of being off holds for less long than being off."""
    for order in (1, -1):
        office = {**OFFICE, "holidays": ["2026-12-25", f"2027-0{2 + order}-01"]}
        found = {
            hour: should_be({"office": office}, at(f"2026-12-{24 + hour // 24} {hour % 24:02}:30")).why
            for hour in list(range(18, 48))[::order]
        }
        assert [hour for hour, why in sorted(found.items()) if why == "holiday"] == list(range(32, 44))


def test_a_month_of_holidays_is_one_stretch_and_an_endless_one_has_no_end() -> None:
    days = [(datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d") for day in range(2000)]
    month = {"office": {**OFFICE, "holidays": days[:31]}}
    found = should_be(month, at("2026-12-16 12:00"))
    assert (found.on, told(found.since), told(found.until)) == (False, "2026-11-30 20:00", "2027-01-01 08:00")
    endless = {"office": {**OFFICE, "holidays": days}}
    assert should_be(endless, at("2028-06-01 12:00")).until is None
    assert next_on(endless, at("2027-01-01 12:00")) is None


def test_always_on_by_two_schedules() -> None:
    both = {
        "day": {"time_zone": SEOUL, "on": "08:00", "off": "20:00"},
        "night": {"time_zone": SEOUL, "on": "20:00", "off": "08:00"},
    }
    found = should_be(both, at("2026-11-24 12:00"))
    assert (found.on, found.since, found.until, found.which) == (True, None, None, ("day",))
    assert should_be(both, at("2026-11-24 23:00")).which == ("night",)
    assert hours_per_month(both) == pytest.approx(HOURS_PER_MONTH)


# Berlin's clock goes forward on 29 March 2026 at 02:00, and back on 25 October at 03:00.
@pytest.mark.parametrize(
    ("on", "off", "now", "expected"),
    [
        # 02:30 does not exist: half an hour after 02:00, when it is 03:30.
        ("02:30 daily", "12:00 daily", "2026-03-29T01:29:00+00:00", False),
        ("02:30 daily", "12:00 daily", "2026-03-29T01:30:00+00:00", True),
        ("00:00 daily", "02:30 daily", "2026-03-29T01:29:00+00:00", True),
        ("00:00 daily", "02:30 daily", "2026-03-29T01:30:00+00:00", False),
        # 02:30 comes twice: the first counts, the second does nothing.
        ("02:30 daily", "12:00 daily", "2026-10-25T00:30:00+00:00", True),
        ("01:00 daily", "02:30 daily", "2026-10-25T00:29:00+00:00", True),
        ("01:00 daily", "02:30 daily", "2026-10-25T00:30:00+00:00", False),
        ("01:00 daily", "02:30 daily", "2026-10-25T01:30:00+00:00", False),
        # 08:00 is an hour earlier in the world after the change in spring.
        ("08:00 daily", "20:00 daily", "2026-03-28T06:30:00+00:00", False),
        ("08:00 daily", "20:00 daily", "2026-03-29T06:30:00+00:00", True),
        ("08:00 daily", "20:00 daily", "2026-10-25T06:30:00+00:00", False),
    ],
)
def test_clock_changes(on: str, off: str, now: str, expected: bool) -> None:
    schedules = {"it": {"time_zone": BERLIN, "on": on, "off": off}}
    assert should_be(schedules, datetime.fromisoformat(now).timestamp()).on is expected


def test_the_days_of_a_clock_change_have_23_and_25_hours() -> None:
    schedules = {"it": {"time_zone": BERLIN, "on": "00:00 daily", "off": "23:00 daily"}}
    for day, hours in (("2026-03-29", 22), ("2026-03-30", 23), ("2026-10-25", 24)):
        spans = week(schedules, at(f"{day} 00:00", BERLIN), 1)
        assert (spans[0].on, (spans[0].end - spans[0].start) / 3600) == (True, hours)


def test_a_week() -> None:
    spans = week({"office": OFFICE, "demo": DEMO}, at("2026-11-23 00:00"))
    assert [(told(span.start), told(span.end), span.which) for span in spans[:6]] == [
        ("2026-11-23 00:00", "2026-11-23 08:00", ()),
        ("2026-11-23 08:00", "2026-11-23 20:00", ("office",)),
        ("2026-11-23 20:00", "2026-11-24 08:00", ()),
        ("2026-11-24 08:00", "2026-11-24 19:00", ("office",)),
        ("2026-11-24 19:00", "2026-11-24 20:00", ("demo", "office")),
        ("2026-11-24 20:00", "2026-11-24 23:00", ("demo",)),
    ]
    assert sum(span.end - span.start for span in spans) == 7 * 86_400
    (always,) = week({}, 0.0)
    assert (always.start, always.end, always.on, always.which) == (0.0, 7 * 86_400.0, True, ())


def test_the_next_changes_leave_out_what_only_changes_who_says_so() -> None:
    found = changes({"office": OFFICE, "demo": DEMO}, at("2026-11-24 12:00"), 3)
    assert [(told(moment), on) for moment, on in found] == [
        ("2026-11-24 23:00", False),
        ("2026-11-25 08:00", True),
        ("2026-11-25 20:00", False),
    ]
    assert changes({}, 0.0) == []


@pytest.mark.parametrize(
    ("schedules", "hours"),
    [
        ({}, 730),
        ({"office": OFFICE}, 730 * 60 / 168),
        ({"office": {**OFFICE, "holidays": ["2026-01-05", "2026-01-06"]}}, 730 * 60 / 168),
        ({"office": OFFICE, "lunch": LUNCH}, 730 * 62 / 168),
    ],
)
def test_hours_of_a_month(schedules: dict[str, Any], hours: float) -> None:
    assert hours_per_month(schedules) == pytest.approx(hours)


def test_the_next_start_is_any_schedules() -> None:
    both = {"office": OFFICE, "lunch": LUNCH}
    assert told(next_on(both, at("2026-11-24 11:00"))) == "2026-11-24 12:00"
    assert told(next_on(both, at("2026-11-24 12:00"))) == "2026-11-25 08:00"
    assert told(next_on({"office": OFFICE}, at("2026-12-24 12:00"))) == "2026-12-28 08:00"
    assert next_on({}, 0.0) is None


@pytest.mark.parametrize(
    ("schedules", "seconds"),
    [
        ({}, GRACE),
        ({"a": OFFICE}, GRACE),
        ({"a": LUNCH}, 600),
        ({"a": LUNCH, "b": OFFICE}, GRACE),
        ({"a": {"grace": 0}}, 0),
    ],
)
def test_the_longest_grace_counts(schedules: dict[str, Any], seconds: float) -> None:
    assert grace(schedules) == seconds


@pytest.mark.parametrize(
    ("now", "least"),
    [
        ("2026-11-24 11:29", 2),
        ("2026-11-24 11:30", 6),
        ("2026-11-24 13:59", 6),
        ("2026-11-24 14:00", 2),
        ("2026-11-22 12:00", 2),
    ],
)
def test_peaks(now: str, least: int) -> None:
    peaks = [{"at": "11:30 Mon-Fri", "min": 6}, {"at": "14:00 Mon-Fri", "min": 2}]
    found = peak(peaks, SEOUL, at(now))
    assert found is not None
    assert found["min"] == least


def test_without_peaks_there_is_none_and_of_two_at_once_the_last_counts() -> None:
    assert peak([], SEOUL, 0.0) is None
    assert peak([{"at": "11:00", "min": 1}, {"at": "11:00", "min": 2}], SEOUL, 0.0) == {"at": "11:00", "min": 2}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"time_zone": "Asia/Soul", "on": "08:00", "off": "20:00"}, "no time zone"),
        ({"time_zone": SEOUL, "on": "8", "off": "20:00"}, "not a time of day"),
        ({"time_zone": SEOUL, "on": "08:00 Foo", "off": "20:00"}, "no day"),
        ({"time_zone": SEOUL, "on": "08:00"}, "not a time of day"),
        ({"time_zone": SEOUL, "off": "08:00"}, "not a time of day"),
        ({"time_zone": SEOUL, "on": "08:00 Mon", "off": "08:00 daily"}, "different times"),
        ({"time_zone": SEOUL, "on": "08:00", "off": "20:00", "holidays": ["25.12.2026"]}, "no date"),
        ({"time_zone": SEOUL, "on": "08:00", "off": "20:00", "holidays": ["2026-02-30"]}, "no date"),
        ({"time_zone": SEOUL, "on": "08:00", "off": "20:00", "grace": -1}, "seven days"),
        ({"time_zone": SEOUL, "on": "08:00", "off": "20:00", "grace": 1e9}, "seven days"),
    ],
)
def test_what_cannot_be_followed(schedule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(schedule)


def test_what_can_be_followed() -> None:
    for schedule in (OFFICE, NIGHT, LUNCH, {"time_zone": SEOUL, "on": "08:00 Mon", "off": "08:00 Tue"}):
        check(schedule)


_ZONES = st.sampled_from([SEOUL, BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
_DAYS = st.sampled_from(["daily", "Mon-Fri", "weekends", "Mon,Wed", "Fri-Mon", "Tue"])
# Of 2026; between 04:00 and 22:59 no zone changes its clock, so the judge below need not know the rules for that.
_TIMES = st.builds("{:02}:{:02} {}".format, st.integers(4, 22), st.sampled_from([0, 15, 30, 45]), _DAYS)
_HOLIDAYS = st.lists(st.dates(datetime(2026, 1, 1).date(), datetime(2026, 12, 31).date()).map(str), max_size=5)
_NOWS = st.integers(int(at("2026-01-01", "UTC")), int(at("2026-12-31", "UTC"))).map(
    lambda second: float(second // 900 * 900)
)


@st.composite
def _schedules(draw: st.DrawFn) -> dict[str, Any]:
    made = {}
    for name in ("a", "b", "c")[: draw(st.integers(1, 3))]:
        on, off = draw(_TIMES), draw(_TIMES)
        if on[:5] == off[:5]:
            off = f"23:45 {off[6:]}"
        made[name] = {"time_zone": draw(_ZONES), "on": on, "off": off, "holidays": draw(_HOLIDAYS)}
    return made


def _judge(each: dict[str, Any], now: float) -> bool:
    """On or off by going back in quarters of an hour until a clock on the wall shows one of the times."""
    days = {
        "daily": range(7), "Mon-Fri": range(5), "weekends": (5, 6), "Mon,Wed": (0, 2), "Fri-Mon": (4, 5, 6, 0), "Tue": (1,),
    }  # fmt: skip
    zone = ZoneInfo(each["time_zone"])
    moment = datetime.fromtimestamp(now, UTC)
    while True:
        local = moment.astimezone(zone)
        for key in ("off", "on"):
            clock, _, when = each[key].partition(" ")
            if local.strftime("%H:%M") == clock and local.weekday() in days[when]:
                if key == "off":
                    return False
                if local.strftime("%Y-%m-%d") not in each["holidays"]:
                    return True
        moment -= timedelta(minutes=15)


@given(_schedules(), _NOWS)
def test_it_is_what_the_clocks_on_the_walls_say(schedules: dict[str, Any], now: float) -> None:
    expected = sorted(name for name, each in schedules.items() if _judge(each, now))
    found = should_be(schedules, now)
    assert found.on is bool(expected)
    if expected:
        assert list(found.which) == expected


@given(_schedules(), _NOWS, st.integers(0, 7 * 96 - 1))
def test_the_week_the_moment_and_the_changes_agree(schedules: dict[str, Any], now: float, quarter: int) -> None:
    spans = week(schedules, now)
    assert (spans[0].start, spans[-1].end) == (now, now + 7 * 86_400)
    assert all(one.end == other.start and one.which != other.which for one, other in pairwise(spans))
    moment = now + 900.0 * quarter
    span = next(span for span in spans if span.start <= moment < span.end)
    found = should_be(schedules, moment)
    assert (found.on, found.which if found.on else ()) == (span.on, span.which)
    assert found.since is None or found.since <= moment
    assert found.until is None or moment < found.until
    if found.until is not None:
        assert should_be(schedules, found.until).on is not found.on
        assert changes(schedules, moment)[:1] in ([], [(found.until, not found.on)])
    if found.since is not None:
        assert should_be(schedules, found.since - 1).on is not found.on


@given(_schedules(), _NOWS)
def test_after_the_next_start_it_is_on(schedules: dict[str, Any], now: float) -> None:
    start = next_on(schedules, now)
    assert start is not None
    assert start > now
    assert should_be(schedules, start).on
