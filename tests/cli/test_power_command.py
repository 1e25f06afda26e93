"""`giban power`: the week as a table and a picture, and what people read of the keeper's answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.cli._power import end_of
from giban.cli._power_text import history_lines, status_lines, turned_line
from giban.graph.problems import Problems

BLUEPRINT = """\
name: scv
regions: [ap-northeast-2]
services:
  web:
    kind: instances
    public: true
    port: 80
    scale: {min: 2, max: 6, schedules: [{at: 11:30 Mon-Fri, min: 6}, {at: 14:00 Mon-Fri, min: 2}]}
databases: {main: {engine: postgres, version: "16"}}
power:
  office:
    time_zone: Asia/Seoul
    on: 08:00 Mon-Fri
    off: 20:00 daily
    targets: [services.web, databases.main]
    holidays: [2026-12-25]
  night: {time_zone: Asia/Seoul, on: 22:00 Sat, off: 02:30 Sun, targets: [databases.main]}
"""


@pytest.fixture(autouse=True)
def seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the zone of the machine: here nine hours before UTC's clock."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "giban.yaml").write_text(BLUEPRINT)
    return tmp_path


def giban(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "giban", "power", *words],
        cwd=cwd,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_week_as_a_table(project: Path) -> None:
    answer = giban("plan", "--week", "--from", "2026-12-21", cwd=project)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "Week of Mon 21 Dec 2026, times of Asia/Seoul, saved in USD"
    assert lines[2].split()[:4] == ["Mon", "21", "Tue", "22"]
    database, web, least = lines[3:6]
    assert database.split()[:8] == ["databases.main", "08-20", "08-20", "08-20", "08-20", "-", "22-24", "00-02:30"]
    assert "52.5 h  115.5 h" in database
    assert web.split()[:8] == ["services.web", "08-20", "08-20", "08-20", "08-20", "-", "-", "-"]
    assert least.split("  ")[1:3] == ["at least", ""] or "11:30 6, 14 2" in least
    assert "Fri 25 Dec is a holiday of office: it starts nothing." in lines
    assert "databases.main is on when one of its schedules says so: night, office." in lines
    assert any(line.startswith("The week saves about") for line in lines)


def test_the_week_as_json_and_as_a_picture(project: Path) -> None:
    answer = giban("plan", "--from", "2026-12-21", "--json", "-o", "week.svg", cwd=project)
    assert answer.returncode == 0, answer.stderr
    plan = json.loads(answer.stdout)
    assert (plan["from"], plan["to"]) == ("2026-12-21T00:00:00+09:00", "2026-12-28T00:00:00+09:00")
    web = plan["targets"][1]
    assert web["on"][0] == {"from": "2026-12-21T08:00:00+09:00", "to": "2026-12-21T20:00:00+09:00", "which": ["office"]}
    assert web["least"][1] == {"at": "2026-12-21T11:30:00+09:00", "min": 6}
    assert web["hours_on"] + web["hours_off"] == 168
    assert plan["saved_usd"] > 0
    assert (project / "week.svg").read_text().startswith("<svg ")


def test_the_same_week_gives_the_same_bytes(project: Path) -> None:
    for name in ("a.svg", "b.svg"):
        assert giban("plan", "--from", "2026-12-21", "-o", name, cwd=project).returncode == 0
    assert (project / "a.svg").read_bytes() == (project / "b.svg").read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plan", "-o", "week.png"), 2, "End the name in .svg."),
        (("plan", "--from", "tomorrow"), 2, "tomorrow"),
        (("plan", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("status",), 2, "The rehearsal does not run."),
        (("on", "services.web"), 2, "The rehearsal does not run."),
        (("on",), 2, "TARGET"),
        (("off", "services.web", "--until", "soon"), 2, "`soon` is no time."),
    ],
)
def test_mistakes_are_told_without_a_traceback(project: Path, words: tuple[str, ...], code: int, said: str) -> None:
    answer = giban(*words, cwd=project)
    assert answer.returncode == code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_blueprint_without_schedules(project: Path) -> None:
    (project / "giban.yaml").write_text(
        BLUEPRINT[: BLUEPRINT.index("power:")].replace(
            ", schedules: [{at: 11:30 Mon-Fri, min: 6}, {at: 14:00 Mon-Fri, min: 2}]", ""
        )
    )
    answer = giban("plan", cwd=project)
    assert answer.returncode == 2
    assert "Nothing in the blueprint has power schedules or peaks." in answer.stderr


def target(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "group",
        "name": "scv-web",
        "power": "on",
        "status": "2 of 2 instances in service",
        "effective": True,
        "should": "on",
        "why": "schedule",
        "which": ["office"],
        "since": "2026-11-22T23:00:00Z",
        "until": "2026-11-23T11:00:00Z",
        "next": [],
        "manual": None,
        "capacity": {"min": 2, "max": 6, "desired": 2, "count": 2},
        "problem": None,
        "saved": {"hours": 0, "usd": None},
        **changes,
    }


def status(**targets: dict[str, Any]) -> list[str]:
    named = {f"services.{name}": document for name, document in targets.items()}
    return list(status_lines({"now": "2026-11-23T03:00:00Z", "targets": named}, {"services.web": 0.5}))


def test_a_status_tells_why_and_until_when() -> None:
    lines = status(web=target())
    assert lines[1].split() == [
        "services.web",
        "on",
        "by",
        "its",
        "schedules",
        "20:00",
        "2",
        "instances,",
        "2",
        "to",
        "6",
    ]


def test_a_status_tells_who_holds_it_and_what_stands_in_the_way() -> None:
    manual = {"to": "on", "by": "user/kim", "at": "2026-11-23T02:00:00Z", "until": "2026-11-23T04:00:00Z"}
    problem = {"code": "no_effect", "detail": "It is still stopping.", "since": "2026-11-23T02:30:00Z"}
    lines = status(web=target(why="manual", manual=manual), was=target(power="stopping", should="off", problem=problem))
    assert "stopping" in lines[1]
    assert lines[2] == "  It is still stopping. (since 11:30)"
    assert "turned on by user/kim" in lines[3]
    assert "13:00" in lines[3]


def test_a_status_tells_what_will_change_and_what_nobody_asked_for() -> None:
    found = {"to": "on", "by": "outside", "at": "2026-11-23T02:00:00Z", "until": "2026-11-23T04:00:00Z"}
    lines = status(web=target(power="off", should="on"), was=target(why="outside", manual=found))
    assert "by hand, outside of the keeper" in lines[1]
    assert "off, goes on" in lines[2]


def test_a_status_tells_what_was_saved() -> None:
    lines = status(web=target(saved={"hours": 108.0, "usd": None}), was=target(saved={"hours": 10.0, "usd": None}))
    assert lines[-1] == "Off for 118 hours so far, about 54.00 USD not spent."


def test_a_status_of_nothing_and_of_odd_answers() -> None:
    assert len(status()) == 1
    assert status(web={"power": "unknown", "why": "?"})[1].split() == ["services.web", "unknown", "?"]


def test_what_became_of_it() -> None:
    done = {"target": "services.web", "done": True, **target()}
    assert turned_line(done).startswith("services.web is on until ")
    soon = {"target": "services.web", "done": False, **target(power="off", should="off", until=None)}
    assert turned_line(soon) == "services.web is off."
    waiting = {"target": "services.web", "done": False, **target(power="stopping", should="off", until=None)}
    assert turned_line(waiting) == "services.web is stopping; it is to be off. `giban power status` tells when it is."


def test_history() -> None:
    events = [{"at": "2026-11-23T02:00:00.000Z", "what": "on", "by": "user/kim", "why": "manual"}]
    assert next(iter(history_lines({"events": events}))).split()[-3:] == ["on", "user/kim", "manual"]
    assert list(history_lines({})) == ["Nothing has happened yet."]


def test_moments_as_people_write_them() -> None:
    assert end_of("2h") == {"for": 7200.0}
    assert end_of("2026-11-21T22:00") == {"until": 1_795_266_000.0}, "in the zone of the machine"
    assert end_of("2026-11-21T22:00+00:00") == {"until": 1_795_298_400.0}
    for wrong in ("", "soon", "-2h", "0m", "25:00"):
        with pytest.raises(Problems, match="no time"):
            end_of(wrong)
