"""The week that the keeper will run, told before anything is deployed: holidays, clock changes, overlaps, money."""

from __future__ import annotations

import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from giban.graph.problems import Problems
from giban.lifecycle.pipeline import compile_blueprint
from giban.lifecycle.power import WeekPlan, chart, find, keeper, prices_of, week

BASE = """\
name: scv
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80, scale: {min: 2, max: 6}}
  was: {kind: instances, scale: {min: 1, max: 2}}
databases: {main: {engine: postgres, version: "16"}}
power:
  office: {time_zone: Asia/Seoul, on: 08:00 Mon-Fri, off: 20:00 daily, targets: [services.web, databases.main]}
"""
NOW = datetime.datetime(2026, 11, 21, 16, 0, tzinfo=datetime.UTC).timestamp()
"""Sunday, one in the morning, in Seoul."""
MONDAY = datetime.date(2026, 11, 23)


def planned(
    folder: Path, *sets: str, start: datetime.date | None = MONDAY, prices: dict[str, float] | None = None
) -> WeekPlan:
    path = folder / "giban.yaml"
    path.write_text(BASE)
    return week(keeper(compile_blueprint(str(path), None, sets).graph), start, NOW, prices or {})


def hours(plan: WeekPlan, target: str) -> float:
    return next(found.hours_on for found in plan.targets if found.target == target)


def test_a_plain_week(tmp_path: Path) -> None:
    plan = planned(tmp_path, prices={"services.web": 0.1})
    assert [target.target for target in plan.targets] == ["databases.main", "services.web"]
    web = plan.targets[1]
    assert (web.hours_on, web.hours_off, web.schedules) == (60, 108, ["office"])
    assert web.saved == pytest.approx(10.8)
    assert plan.targets[0].saved is None
    assert plan.saved == pytest.approx(10.8)
    assert plan.notes == []
    first = datetime.datetime.fromtimestamp(web.on[0].begin, datetime.UTC)
    assert first == datetime.datetime(2026, 11, 22, 23, 0, tzinfo=datetime.UTC), "08:00 in Seoul"


def test_the_week_begins_today_where_the_schedule_lives(tmp_path: Path) -> None:
    plan = planned(tmp_path, start=None)
    assert plan.days[0][1] == datetime.date(2026, 11, 22), "Saturday in London is Sunday in Seoul"


def test_a_holiday(tmp_path: Path) -> None:
    plan = planned(tmp_path, "power.office.holidays=[2026-11-24]")
    assert hours(plan, "services.web") == 48
    assert plan.notes == ["Tue 24 Nov is a holiday of office: it starts nothing."]


def test_overlapping_schedules_are_explained(tmp_path: Path) -> None:
    late = "power.late={time_zone: Asia/Seoul, on: 18:00 Thu, off: 23:00 Thu, targets: [services.web]}"
    plan = planned(tmp_path, late)
    assert hours(plan, "services.web") == 63
    assert plan.notes == ["services.web is on when one of its schedules says so: late, office."]
    thursday = [stretch.which for stretch in plan.targets[1].on][3:6]
    assert thursday == [("office",), ("late", "office"), ("late",)]
    assert len(plan.targets[1].together) == 5


@pytest.mark.parametrize(
    ("day", "length", "on"),
    [
        # Europe/Berlin: forward on Sunday 29 March 2026, back on Sunday 25 October 2026.
        (datetime.date(2026, 3, 23), 23, 23.0),
        (datetime.date(2026, 10, 19), 25, 25.0),
    ],
)
def test_a_clock_change(tmp_path: Path, day: datetime.date, length: int, on: float) -> None:
    sets = ("power.office={time_zone: Europe/Berlin, on: 00:00 Sun, off: 00:00 Mon, targets: [services.web]}",)
    plan = planned(tmp_path, *sets, start=day)
    assert hours(plan, "services.web") == on
    assert plan.end - plan.begin == (6 * 24 + length) * 3600
    assert plan.notes == [
        f"{plan.days[6][1]:%a} {plan.days[6][1].day} {plan.days[6][1]:%b} has {length} hours: the clock changes."
    ]


def test_peaks_are_told_with_what_holds_at_first(tmp_path: Path) -> None:
    peaks = "services.web.scale.schedules=[{at: 11:30 Mon-Fri, min: 6}, {at: 14:00 Mon-Fri, min: 2}]"
    web = planned(tmp_path, peaks).targets[1]
    assert [least for _, least in web.peaks] == [2, *[6, 2] * 5]
    assert web.peaks[1][0] - web.peaks[0][0] == 11.5 * 3600


def test_peaks_without_hours_are_a_target_that_is_always_on(tmp_path: Path) -> None:
    peaks = (
        "services.was.scale={min: 1, max: 2, time_zone: Asia/Tokyo, "
        "schedules: [{at: 09:00 daily, min: 2}, {at: 18:00 daily, min: 1}]}"
    )
    plan = planned(tmp_path, peaks)
    was = next(target for target in plan.targets if target.target == "services.was")
    assert (was.hours_on, was.hours_off, was.schedules) == (168, 0, [])


def test_prices_are_those_of_the_estimate(tmp_path: Path) -> None:
    path = tmp_path / "giban.yaml"
    path.write_text(BASE)
    prices = prices_of(compile_blueprint(str(path)).graph)
    assert sorted(prices) == ["databases.main", "services.web"]
    assert all(0 < usd < 1 for usd in prices.values())


def test_the_week_as_a_picture(tmp_path: Path) -> None:
    text = chart(planned(tmp_path, prices={"services.web": 0.1}))
    assert "Mon 23 Nov" in text
    assert "60 of 168 h, saves 11 USD" in text
    ElementTree.fromstring(text)


def test_targets_by_name(tmp_path: Path) -> None:
    path = tmp_path / "giban.yaml"
    path.write_text(BASE)
    found = keeper(compile_blueprint(str(path)).graph)
    assert find(found, "web") == find(found, "services.web") == "services.web"
    with pytest.raises(Problems, match=r"No power schedule is for `services.wbe`") as caught:
        find(found, "services.wbe")
    assert caught.value.problems[0].fix == "Did you mean `services.web`?"
    with pytest.raises(Problems, match="was"):
        find(found, "was")


def test_two_of_one_name_must_be_named_in_full(tmp_path: Path) -> None:
    path = tmp_path / "giban.yaml"
    path.write_text(BASE.replace("main:", "web:").replace("databases.main", "databases.web"))
    found = keeper(compile_blueprint(str(path)).graph)
    with pytest.raises(Problems, match="Several targets") as caught:
        find(found, "web")
    assert "databases.web, services.web" in caught.value.problems[0].fix


def test_a_blueprint_without_hours(tmp_path: Path) -> None:
    path = tmp_path / "giban.yaml"
    path.write_text(BASE[: BASE.index("power:")])
    with pytest.raises(Problems, match="power schedules"):
        keeper(compile_blueprint(str(path)).graph)
