"""`power`, `scale.schedules` and `spot` in a blueprint: what is taken, and what is told when something cannot be."""

from __future__ import annotations

import pytest

from giban.blueprint.load import load
from giban.blueprint.types import Blueprint
from giban.blueprint.validate_power import moments, schedules_of, zone_of
from giban.graph.problems import Problems

BASE = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80, scale: {min: 2, max: 6}}
  was: {kind: instances, port: 8080, allow: [web]}
databases: {main: {engine: postgres, version: "16"}}
workstations: {dev: {allow: [203.0.113.0/24]}}
power:
  office:
    time_zone: Asia/Seoul
    on: 08:00 Mon-Fri
    off: 20:00 daily
    targets: [services.web, databases.main]
    holidays: [2026-12-25]
"""


def blueprint(*sets: str, text: str = BASE) -> Blueprint:
    return load("giban.yaml", None, sets, read=lambda _path: text.encode()).blueprint


def told(*sets: str, text: str = BASE) -> str:
    with pytest.raises(Problems) as caught:
        blueprint(*sets, text=text)
    return "\n".join(f"{problem.path}: {problem.what} {problem.fix}" for problem in caught.value.problems)


def test_a_schedule_and_its_defaults() -> None:
    schedule = blueprint().power["office"]
    assert (schedule.on, schedule.off, schedule.manual) == ("08:00 Mon-Fri", "20:00 daily", "2h")
    assert [str(day) for day in schedule.holidays] == ["2026-12-25"]


def test_minutes_of_a_week() -> None:
    assert moments("08:30 Mon,Wed") == {510, 2 * 1440 + 510}
    assert len(moments("00:00 daily")) == 7
    assert moments("23:59 weekends") == {5 * 1440 + 1439, 6 * 1440 + 1439}


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ("power.office.on=8am", "power.office.on", "08:00"),
        ("power.office.on=25:00 daily", "power.office.on", "Time of day"),
        ("power.office.off=20:00", "power.office.off", ""),
        ("power.office.off=20:00 Montag", "power.office.off", ""),
        ("power.office.time_zone=Asia/Seol", "power.office.time_zone", "Did you mean `Asia/Seoul`?"),
        ("power.office.time_zone=KST!", "power.office.time_zone", ""),
        ("power.office.off=08:00 daily", "power.office.off", "It is never on: Mon, Tue, Wed, Thu, Fri at 08:00"),
        ("power.office.off=08:00 Mon", "power.office.off", "It cannot be decided: Mon at 08:00"),
        ("power.office.manual=5m", "power.office.manual", "10m to 7d"),
        ("power.office.manual=8d", "power.office.manual", "10m to 7d"),
        ("power.office.holidays=[2026-12-25, 2026-12-25]", "power.office.holidays[1]", "twice"),
        ("power.office.holidays=[2026-12-32]", "power.office.holidays[0]", ""),
        ("power.office.targets=[]", "power.office.targets", ""),
        ("power.office.targets=[services.wbe]", "power.office.targets[0]", "Did you mean `services.web`?"),
        ("power.office.targets=[web]", "power.office.targets[0]", "services.web"),
        ("power.office.targets=[queues.jobs]", "power.office.targets[0]", "Known are `services.web`"),
        ("power.office.targets=[services.web, services.web]", "power.office.targets[1]", "listed twice"),
        ("power.office.targets=[workstations.dev]", "power.office.targets[0]", "`workstations.dev.schedule` says when"),
        ("power.office.targets=[workstations.lab]", "power.office.targets[0]", "There is no `workstations.lab`"),
        ("power.o=1", "power.o", ""),
    ],
)
def test_what_cannot_be_is_told(change: str, path: str, words: str) -> None:
    said = told(change)
    assert f"{path}" in said
    assert words in said


def test_nothing_can_be_switched_where_there_is_nothing() -> None:
    schedule = "{time_zone: UTC, on: 08:00 daily, off: 20:00 daily, targets: [services.web]}"
    said = told(text=f"name: scv\nregions: [ap-northeast-2]\npower: {{nightly: {schedule}}}\n")
    assert "power.nightly.targets[0]: There is no `services.web` to switch. Declare it first." in said


def test_schedules_may_overlap() -> None:
    found = blueprint("power.late={time_zone: Asia/Seoul, on: 18:00 Thu, off: 23:00 Thu, targets: [services.web]}")
    assert schedules_of(found, "services.web") == ["late", "office"]
    assert schedules_of(found, "services.was") == []


PEAKS = "services.web.scale.schedules=[{at: 11:30 Mon-Fri, min: 6}, {at: 14:00 Mon-Fri, min: 2}]"


def test_peaks_have_the_zone_of_their_schedule_or_their_own() -> None:
    assert zone_of(blueprint(PEAKS), "web") == "Asia/Seoul"
    assert zone_of(blueprint(PEAKS, "services.web.scale.time_zone=Asia/Tokyo"), "web") == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("sets", "path", "words"),
    [
        (("services.was.scale.schedules=[{at: 11:30 daily, min: 3}, {at: 14:00 daily, min: 2}]",), "services.was.scale.schedules",
         "In which time zone? It is in no power schedule. Add `time_zone: Asia/Seoul`"),
        ((PEAKS, "power.tokyo={time_zone: Asia/Tokyo, on: 07:00 Sat, off: 09:00 Sat, targets: [services.web]}"),
         "services.web.scale.schedules", "Its power schedules are in different time zones"),
        ((PEAKS, "services.web.scale.max=5"), "services.web.scale.schedules[0].min", "6 is more than max (5)"),
        (("services.web.scale.schedules=[{at: 11:30 Mon-Fri, min: 6}]",), "web.scale.schedules", "nothing brings it back"),
        (("services.web.scale.schedules=[{at: 11:30 Mon-Fri, min: 6}, {at: 11:30 Fri, min: 2}]",),
         "services.web.scale.schedules[1].at", "On Fri at 11:30 there are two: 6 and 2."),
        (("services.web.scale.time_zone=Asia/Seoul",), "services.web.scale.time_zone", "There are no `schedules`"),
        ((PEAKS, "services.web.scale.time_zone=Mars/Olympus"), "services.web.scale.time_zone", "There is no time zone"),
        (("services.web.scale.schedules=[{at: noon, min: 6}]",), "services.web.scale.schedules[0].at", ""),
        (("services.web.scale.schedules=[{at: 11:30 daily, min: 501}]",), "services.web.scale.schedules[0].min", "500"),
        (("services.web.spot={percent: 0}",), "services.web.spot.percent", "1"),
        (("services.web.spot={base: 2}",), "services.web.spot", "percent"),
        (("services.web.spot={base: 6, percent: 50}",), "services.web.spot.base", "never more than 6"),
        (("services.web.spot={percent: 50, instances: [t3.small]}",), "services.web.spot.instances[0]", "listed twice"),
        (("services.web.spot={percent: 50, instances: [t3a.small, t3a.small]}",), "web.spot.instances[1]", "listed twice"),
        (("services.web.spot={percent: 50, instances: [t4g.small]}",), "services.web.spot.instances[0]", "another processor"),
        (("services.web.spot={percent: 50, instances: [big]}",), "services.web.spot.instances[0]", ""),
    ],
)  # fmt: skip
def test_peaks_and_spot_that_cannot_be(sets: tuple[str, ...], path: str, words: str) -> None:
    said = told(*sets)
    assert path in said
    assert words in said


def test_every_problem_at_once() -> None:
    said = told("power.office.time_zone=Asia/Seol", "power.office.manual=1m", "power.office.targets=[services.x]")
    assert len(said.splitlines()) == 3
