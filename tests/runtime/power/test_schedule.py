"""Start times over time zones, days and clock changes."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.common import schedule
from giban.runtime.common.schedule import DAYS, check, find_zone, following, parse, previous

ZONES = [
    "Asia/Seoul",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
]


def at(zone: str, *when: int, fold: int = 0) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00", (9, 0, range(7))),
        ("9:05 daily", (9, 5, range(7))),
        ("00:00 Mon-Fri", (0, 0, range(5))),
        ("23:59 weekends", (23, 59, (5, 6))),
        ("08:30 weekdays", (8, 30, range(5))),
        ("08:30 Mon,Wed , Sat-Sun", (8, 30, (0, 2, 5, 6))),
        ("08:30 Fri-Mon", (8, 30, (4, 5, 6, 0))),
        ("  08:30   SUN ", (8, 30, (6,))),
    ],
)
def test_texts(text: str, expected: tuple[int, int, range]) -> None:
    assert parse(text) == (expected[0], expected[1], frozenset(expected[2]))


@pytest.mark.parametrize(
    "text",
    ["", "9", "9 am", "24:00", "09:60", "09:0", "9:00:00", "-1:00", "٠٩:٠٠", "09:00 Monday", "09:00 Mon-", "09:00 Mon,,Tue",
     "09:00 every day", "09:00 1-5", "0900 Mon"],
)  # fmt: skip
def test_texts_that_mean_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        parse(text)


@pytest.mark.parametrize(
    "zone", ["", "Seoul", "Asia/Nowhere", "../etc/passwd", "/etc/localtime", "Asia", "Asia/Seoul\0"]
)
def test_zones_that_are_none(zone: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        check(zone, "09:00")


def test_a_working_week() -> None:
    zone, text = "Asia/Seoul", "09:00 Mon-Fri"
    friday, monday = at(zone, 2026, 11, 20, 9), at(zone, 2026, 11, 23, 9)
    assert previous(zone, text, friday) == friday
    assert previous(zone, text, friday - 1) == at(zone, 2026, 11, 19, 9)
    assert following(zone, text, friday) == monday
    assert (previous(zone, text, monday - 1), following(zone, text, monday - 1)) == (friday, monday)


def test_a_time_that_does_not_exist_comes_later_by_what_is_missing() -> None:
    # New York, 2026-03-08: 02:00 becomes 03:00.
    assert previous("America/New_York", "02:30", at("America/New_York", 2026, 3, 8, 12)) == at(
        "America/New_York", 2026, 3, 8, 3, 30
    )


def test_a_time_that_exists_twice_is_taken_once() -> None:
    # New York, 2026-11-01: 02:00 becomes 01:00.
    first, second = (at("America/New_York", 2026, 11, 1, 1, 30, fold=fold) for fold in (0, 1))
    assert second - first == 3600
    assert previous("America/New_York", "01:30", second + 60) == first
    assert following("America/New_York", "01:30", first) == at("America/New_York", 2026, 11, 2, 1, 30)


def test_a_day_that_did_not_exist() -> None:
    # Samoa went over the date line: there was no 2011-12-30.
    assert following("Pacific/Apia", "09:00", at("Pacific/Apia", 2011, 12, 29, 9)) <= at(
        "Pacific/Apia", 2011, 12, 31, 9
    )


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),
)
def test_what_holds_in_every_zone_on_every_day(
    zone: str, hour: int, minute: int, days: set[str], now: datetime
) -> None:
    text = f"{hour:02}:{minute:02} {','.join(sorted(days))}"
    seconds = now.replace(tzinfo=UTC).timestamp()
    before, after = previous(zone, text, seconds), following(zone, text, seconds)
    assert before <= seconds < after
    assert after - before <= 8 * 86_400 + 2 * 3600
    # Nothing lies between, from wherever it is asked.
    assert following(zone, text, before) == after
    assert previous(zone, text, after - 1) == before
    for moment in (before, after):
        local = datetime.fromtimestamp(moment, ZoneInfo(zone))
        wall = local.replace(tzinfo=None)
        asked = wall.replace(hour=hour, minute=minute)
        # On the wall it is the time asked for, or just after a gap.
        assert wall == asked or timedelta(0) < abs(wall - asked) <= timedelta(hours=24)
        if wall == asked:
            assert DAYS[local.weekday()] in days
            assert local.fold == 0


def test_zones_are_found_without_the_systems_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(key: str) -> ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    real = ZoneInfo("Asia/Seoul")
    monkeypatch.setattr(schedule, "_zones", {})
    nothing.from_file = ZoneInfo.from_file  # type: ignore[attr-defined]
    monkeypatch.setattr(zoneinfo, "ZoneInfo", nothing)
    carried = find_zone("Asia/Seoul")
    assert carried is not real
    moment = datetime(2026, 11, 21, 9)
    assert carried.utcoffset(moment) == real.utcoffset(moment)
    with pytest.raises(ValueError, match="no time zone"):
        find_zone("Asia/Nowhere")
