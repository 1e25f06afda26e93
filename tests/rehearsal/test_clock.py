"""The rehearsal's clock, and what people may write for a time."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from giban.rehearsal.clock import FARTHEST, Clock, WrongTime, ahead_for, shown

NOON = 1_795_262_400.0
"""2026-11-21 12:00:00 UTC."""


@pytest.mark.parametrize(
    ("text", "ahead", "expected"),
    [
        ("+10m", 0.0, 600.0),
        ("+10m", 600.0, 1200.0),
        ("+90s", 0.0, 90.0),
        ("+1d12h", 0.0, 129_600.0),
        ("+1h2m3s", 0.0, 3723.0),
        ("+0s", 60.0, 60.0),
        (" real ", 4711.0, 0.0),
        ("2026-11-21T13:00:00Z", 0.0, 3600.0),
        ("2026-11-21T13:00:00Z", 99.0, 3600.0),
        ("2026-11-27T08:00+09:00", 0.0, 471_600.0),
        ("2026-11-21T11:59:00+00:00", 0.0, -60.0),
    ],
)
def test_what_people_may_write(text: str, ahead: float, expected: float) -> None:
    assert ahead_for(text, NOON, ahead) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no time"),
        ("+", "no span"),
        ("+10", "no span"),
        ("+m", "no span"),
        ("+10m5", "no span"),
        ("+1m1h", "no span"),
        ("+-5m", "no span"),
        ("+१m", "no span"),
        ("10m", "no time"),
        ("tomorrow", "no time"),
        ("2026-11-27T08:00", r"time zone.*2026-11-27T08:00\+09:00"),
        ("2026-13-27T08:00Z", "no time"),
        ("2036-01-01T00:00Z", "days away"),
        ("+999d", "days away"),
    ],
)
def test_what_is_no_time_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(WrongTime, match=says) as caught:
        ahead_for(text, NOON, 0.0)
    assert caught.value.exit_code == 2


def test_it_goes_no_farther_however_often_it_is_set() -> None:
    with pytest.raises(WrongTime):
        ahead_for("+1d", NOON, FARTHEST)


def test_a_clock_that_nobody_set_is_the_system_s(tmp_path: Path) -> None:
    clock = Clock(str(tmp_path))
    assert clock.ahead() == 0
    assert abs(clock() - time.time()) < 5


def test_it_is_set_for_every_process_and_taken_back(tmp_path: Path) -> None:
    Clock(str(tmp_path)).set_ahead(86400.5)
    clock = Clock(str(tmp_path))
    assert clock.ahead() == 86400.5
    assert abs(clock() - time.time() - 86400.5) < 5
    assert stat.S_IMODE((tmp_path / "clock").stat().st_mode) == 0o600
    clock.set_ahead(0)
    clock.set_ahead(0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "soon", "1e", "\0"])
def test_a_broken_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text)
    assert Clock(str(tmp_path)).ahead() == 0


def test_it_is_shown_in_utc() -> None:
    assert shown(NOON) == "2026-11-21 12:00:00 UTC"


def test_functions_read_it_the_same_way(tmp_path: Path) -> None:
    from giban.runtime.common.clock import ahead

    clock = Clock(str(tmp_path))
    for seconds in (0.0, 600.0, -3600.25):
        clock.set_ahead(seconds)
        assert ahead(clock.path) == seconds
