"""`giban alarms`: what needs nothing to be deployed, and how a test of the way is followed. The rest: tests/lifecycle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from giban.cli._alarms import Opened, matched, seconds, when
from giban.cli._alarms_test import LIMIT, is_over, post_of, run
from giban.cli._alarms_text import history_lines, list_lines, route_lines, silence_lines
from giban.cli.alarms import PRIORITIES
from giban.graph.problems import Problems
from giban.lifecycle.alarms import Router, read_event
from tests.cli.test_contract import giban

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = str(REPOSITORY / "examples" / "operations")
EVENT = str(REPOSITORY / "examples" / "operations" / "cpu-alarm.json")


def test_routes_are_listed_in_their_order() -> None:
    printed = giban("alarms", "routes", EXAMPLE, cwd=REPOSITORY).stdout
    assert [line.partition("  ")[0] for line in printed.splitlines() if line[0] != " "] == ["1", "2", "3"]
    assert "priority is P1 → oncall, team, owner" in printed
    assert "held 22:00-08:00 Asia/Seoul" in printed
    assert "when nobody takes it over in 10m: owner, 3 times more" in printed


@pytest.mark.parametrize(
    ("at", "outcome"), [("2026-11-23T23:30+09:00", "held"), ("2026-11-23T12:00+09:00", "told")], ids=["night", "noon"]
)
def test_explain_goes_by_the_time(at: str, outcome: str) -> None:
    answer = giban("alarms", "routes", EXAMPLE, "--explain", EVENT, "--at", at, "--json", cwd=REPOSITORY)
    (explained,) = json.loads(answer.stdout)
    assert explained["outcome"] == outcome
    assert explained["alert"]["service"] == "services.was"
    assert [route["route"] for route in explained["routes"] if route["taken"]] == ["P2"]


def test_explain_reads_standard_input_and_plain_text() -> None:
    answer = giban("alarms", "routes", EXAMPLE, "--explain", "-", cwd=REPOSITORY, stdin="the backup is missing\n")
    assert answer.returncode == 0, answer.stderr
    assert "the backup is missing" in answer.stdout
    assert "→ route rest" in answer.stdout


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("--explain", "nothing.json"), "", "nothing.json cannot be read"),
        (("--explain", "-"), "", "- is empty"),
        (("--explain", "-"), '{"a": ', "- is not JSON"),
        (("--explain", "-"), "[1, 2]", "could not read this event"),
        (("--explain", EVENT, "--at", "tomorrow"), "", "`tomorrow` is no time"),
    ],
)
def test_what_cannot_be_explained(words: tuple[str, ...], text: str, said: str) -> None:
    answer = giban("alarms", "routes", EXAMPLE, *words, cwd=REPOSITORY, stdin=text)
    assert answer.returncode == 2, answer.stdout
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_rules_are_listed_by_name() -> None:
    rules = json.loads(giban("alarms", "rules", EXAMPLE, "--json", cwd=REPOSITORY).stdout)
    assert [rule["name"] for rule in rules] == sorted(rule["name"] for rule in rules)
    assert {rule["priority"] for rule in rules} <= set(PRIORITIES)
    assert all(rule["what"] and rule["do"] for rule in rules), "each says what happened and what to do"
    printed = giban("alarms", "rules", EXAMPLE, cwd=REPOSITORY).stdout
    assert all(str(rule["name"]) in printed or rule["name"].removeprefix("shop-") in printed for rule in rules)


def test_a_blueprint_without_alarms_says_what_to_add() -> None:
    answer = giban("alarms", "rules", str(REPOSITORY / "examples" / "minimal"), cwd=REPOSITORY)
    assert answer.returncode == 2
    assert "Add a section `alarms`" in answer.stderr


@pytest.mark.parametrize("words", [("list",), ("history",), ("ack", "x"), ("test", "P1"), ("silences",)])
def test_what_is_not_up_says_how_to_get_there(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "giban.yaml").write_text((Path(EXAMPLE) / "giban.yaml").read_text())
    answer = giban("alarms", *words, cwd=tmp_path)
    assert answer.returncode == 2
    assert "The rehearsal does not run. Run `giban up`" in answer.stderr.replace("\n  ", " ")


def test_matches() -> None:
    assert matched(["service=services.web", "name=*-cpu", "name=*-disk", "label.team=a"]) == {
        "service": "services.web",
        "name": ["*-cpu", "*-disk"],
        "label.team": "a",
    }
    with pytest.raises(Problems) as raised:
        matched(["service", "servce=x", "name="])
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "found"), [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1d", 86_400), (" 90D ", 7_776_000)]
)
def test_lengths(text: str, found: int) -> None:
    assert seconds(text) == found


@pytest.mark.parametrize("text", ["", "2", "h", "91d", "-2h", "2 h", "forever"])
def test_no_lengths(text: str) -> None:
    with pytest.raises(Problems):
        seconds(text)


def test_moments() -> None:
    assert when("2026-11-21T23:30+09:00") == 1795271400.0
    with pytest.raises(Problems):
        when("25:00")


def test_events_are_json_or_text() -> None:
    assert read_event('{"a": 1}', "x") == {"a": 1}
    assert read_event("disk is full", "x") == "disk is full"


class Deployed(Opened):
    """A router that answers from a list, a second an answer."""

    def __init__(self, answers: list[list[dict[str, Any]]], due: float | None = None) -> None:
        config = {"channels": {"team": {"kind": "slack"}}, "routes": [{"to": ["team"], "group": {"by": ["service"]}}]}
        self.router = Router("f", "ap-northeast-2", "t", config)
        self.answers = answers
        self.posts: list[Mapping[str, Any]] = []
        self.due = due

    @property
    def operator(self) -> str:
        return "kim"

    def post(self, message: Mapping[str, Any]) -> str:
        self.posts.append(message)
        return "m-1"

    def call(self, action: str, **more: Any) -> dict[str, Any]:
        if action == "list" and not self.posts:
            return {"now": 100.0}
        if action == "list":
            group = self.answers and self.answers[-1][0]["group"]
            return {"now": 100.0, "groups": [{"id": group, "due": self.due}] if self.due else []}
        if more["limit"] == 1:
            return {"records": [{"id": "1"}]}
        return {"records": self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]}


def record(number: int, what: str, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "what": what, "group": "rest/test", "alert": None, **more}


def test_a_test_waits_for_every_channel() -> None:
    router = Deployed([[record(2, "firing")], [record(4, "delivered", channel="team"), record(2, "firing")]])
    times = iter(range(1000))
    found = run(router, "P3", "test", resolve=False, wait=True, clock=lambda: float(next(times)), sleep=lambda _: None)
    assert found["expected"] == [{"group": "rest/test", "channel": "team"}]
    assert found["arrived"]
    assert [item["what"] for item in found["records"]] == ["firing", "delivered"]
    assert router.posts == [post_of("P3", "test", "kim", resolve=False)]


def test_a_test_gives_up_in_time_and_tells_when_the_group_speaks_next() -> None:
    times = iter(range(0, 100_000, 10))
    silent = Deployed([[record(2, "firing")]])
    found = run(silent, "P3", "test", resolve=False, wait=True, clock=lambda: float(next(times)), sleep=lambda _: None)
    assert not found["arrived"]
    later = Deployed([[record(2, "resolved")]], due=100.0 + LIMIT + 60)
    found = run(later, "P3", "test", resolve=True, wait=True, clock=lambda: float(next(times)), sleep=lambda _: None)
    assert found["due"]["in"] == LIMIT + 60


def test_older_records_of_the_same_alarm_do_not_count() -> None:
    router = Deployed([[record(1, "delivered", channel="team")]])
    times = iter(range(0, 100_000, 50))
    found = run(router, "P3", "test", resolve=False, wait=True, clock=lambda: float(next(times)), sleep=lambda _: None)
    assert (found["arrived"], found["records"]) == (False, [])


@pytest.mark.parametrize(
    ("records", "over"),
    [
        ([], False),
        ([record(1, "delivered", channel="other")], False),
        ([record(1, "failed", channel="team")], True),
        ([record(1, "suppressed", reason="silence")], True),
    ],
)
def test_when_a_test_is_over(records: list[dict[str, Any]], over: bool) -> None:
    assert is_over(records, [{"group": "rest/test", "channel": "team"}]) is over


def test_lists_for_people() -> None:
    alert = {
        "priority": "P1",
        "title": "Disk is full",
        "service": "services.was",
        "key": "alarm:disk",
        "since": 1795271400.0,
    }
    lower = {**alert, "priority": "P3", "key": "alarm:cpu", "title": "CPU"}
    group = {"id": "g", "members": {"alarm:disk": {}}, "acknowledged": {"by": "kim", "at": 1.0}}
    channels = [
        {"name": "team", "kind": "slack", "state": "ok", "waiting": 0},
        {"name": "oncall", "kind": "pagerduty", "state": "failing", "waiting": 3, "reason": "503", "after": None},
    ]
    dead = [{"id": "d1", "channel": "team", "title": "CPU", "reason": "404 no_service", "at": 1.0}]
    found = {
        "alerts": [lower, alert],
        "groups": [group],
        "channels": channels,
        "dead": dead,
        "silences": [{}],
        "mutes": [],
    }
    lines = list(list_lines(found))
    assert "Disk is full" in lines[1], "the most urgent first"
    assert "kim" in lines[1]
    assert "kim" not in lines[2]
    assert any("Channel oncall (pagerduty): failing, 3 waiting, 503" in line for line in lines)
    assert not any("team (slack)" in line for line in lines), "what works needs no line"
    assert any("giban alarms retry d1" in line for line in lines)
    assert list(list_lines({"alerts": []})) == ["Nothing fires."]


def test_silences_and_history_for_people() -> None:
    silence = {
        "id": "s1",
        "match": {"service": "a", "name": ["x", "y"]},
        "until": 1795271400.0,
        "by": "kim",
        "why": "test",
    }
    mute = {"id": "m1", "match": {"service": "b"}, "until": None, "by": "keeper", "why": "office is off"}
    lines = list(silence_lines([silence], [mute]))
    assert "name=x,y service=a" in lines[1]
    assert "it is on again" in lines[2]
    assert list(silence_lines([], [])) == ["Nothing is silent."]
    assert list(history_lines([])) == ["Nothing has happened yet."]
    (line,) = history_lines([record(1, "delivered", channel="team", at=1795271400.0, text="x", reason="firing")])
    assert "delivered team" in line


def test_a_route_without_anything_special() -> None:
    assert list(route_lines({"routes": [{"to": ["team"]}]})) == ["1  everything else → team"]
