"""Settings: defaults, and every problem at once."""

from __future__ import annotations

from typing import Any

import pytest

from giban.runtime.power.settings import Settings


def test_defaults_are_those_of_the_blueprint() -> None:
    made = Settings.of({})
    assert (made.idle, made.max_uptime, made.silent, made.tab, made.sizes, made.schedule) == (
        1800,
        259_200,
        900,
        7200,
        (),
        None,
    )


def test_all_of_it() -> None:
    made = Settings.of(
        {
            "idle": 600,
            "max_uptime": 3600,
            "silent": 120,
            "tab": 0,
            "sizes": ["t3.large", "m5.large"],
            "schedule": {"time_zone": "Asia/Seoul", "start": "09:00 Mon-Fri"},
        }
    )
    assert (made.idle, made.max_uptime, made.silent, made.tab) == (600.0, 3600.0, 120.0, 0.0)
    assert (made.sizes, made.schedule) == (("t3.large", "m5.large"), ("Asia/Seoul", "09:00 Mon-Fri"))


def test_every_problem_is_named() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is looked at
        Settings.of(
            {"idle": 0, "max_uptime": "72h", "silent": True, "sizes": "t3.large", "schedule": {"start": "9"}, "idel": 1}
        )
    text = str(caught.value)
    for name in ("idle must", "max_uptime must", "silent must", "sizes must", "schedule must", "unknown: idel"):
        assert name in text


@pytest.mark.parametrize(
    "schedule", ["09:00", {}, {"time_zone": "Seoul", "start": "09:00"}, {"time_zone": "UTC", "start": "9am"}, []]
)
def test_wrong_schedules(schedule: Any) -> None:
    with pytest.raises(ValueError, match="schedule"):
        Settings.of({"schedule": schedule})
