"""Which route an alert takes, how matches are read, what mutes what, how it is explained; and the back-off."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.alarms.rules import backoff, matching, routing

from .rules_router import START, config, post

P1: dict[str, Any] = {
    "match": {"priority": ["P1"]},
    "to": ["oncall"],
    "escalate": {"after": 600, "to": ["owner"], "repeat": 3},
}
WEB: dict[str, Any] = {"match": {"service": "services.*"}, "to": ["team"], "continue": True}
REST: dict[str, Any] = {"to": ["team"], "group": {"by": ["service"], "wait": 30, "interval": 300}}

ROUTES = [
    ("the first that matches", [P1, REST], {"priority": "P1"}, ["P1"]),
    ("the next when it does not", [P1, REST], {"priority": "P2"}, ["rest"]),
    ("continue goes on", [WEB, REST], {"service": "services.web"}, ["services.*", "rest"]),
    ("continue of the last is no more", [P1, WEB], {"service": "services.web"}, ["services.*"]),
    ("nobody: the last", [P1, {"match": {"priority": "P2"}, "to": ["team"]}], {"priority": "P4"}, ["P2"]),
    ("no routes: everybody", [], {}, ["everybody"]),
    ("same match twice", [{**P1, "continue": True}, P1], {"priority": "P1"}, ["P1", "P1-2"]),
    ("a name of its own", [{**P1, "name": "pager"}], {"priority": "P1"}, ["pager"]),
]


@pytest.mark.parametrize(("name", "routes", "alert", "expected"), ROUTES, ids=[case[0] for case in ROUTES])
def test_routes(name: str, routes: list[dict[str, Any]], alert: dict[str, Any], expected: list[str]) -> None:
    found = routing.routes_of({**post("a", START), **alert}, config(*routes))
    assert [match.id for match in found] == expected


def test_the_id_of_a_route_stays_when_others_come_and_channels_change() -> None:
    before = routing.routes(config(P1, REST))[0][0]
    assert routing.routes(config(WEB, {**P1, "to": ["team"], "repeat": 60}, REST))[1][0] == before


def test_long_matches_and_keys_stay_short_and_apart() -> None:
    first, second = ({"match": {"name": ["x" * 300 + end]}, "to": ["team"]} for end in "ab")
    ids = [name for name, _ in routing.routes(config(first, second))]
    assert len(set(ids)) == 2
    assert max(map(len, ids)) <= routing.LONGEST_NAME
    assert len(routing.group_key({"a": "y" * 500})) <= routing.LONGEST_KEY


@given(
    st.lists(st.text(alphabet="a|%7C", max_size=4), min_size=2, max_size=2),
    st.lists(st.text(alphabet="a|%7C", max_size=4), min_size=2, max_size=2),
)
def test_two_groups_never_share_a_key(first: list[str], second: list[str]) -> None:
    keys = [routing.group_key(dict(zip("ab", values, strict=True))) for values in (first, second)]
    assert (keys[0] == keys[1]) == (first == second)


MATCHES: list[tuple[Any, bool]] = [
    (None, True),
    ({}, True),
    ({"priority": "P2"}, True),
    ({"priority": ["P1", "P2"]}, True),
    ({"priority": "P1"}, False),
    ({"service": "we*"}, True),
    ({"service": "w?b"}, True),
    ({"service": "we"}, False),
    ({"names": ["x", "scv-*-cpu"]}, True),
    ({"kinds": "alarm"}, False),
    ({"label.team": "blue"}, True),
    ({"label.team": "red"}, False),
    ({"label.none": ""}, True),
    ({"priority": "P2", "service": "other"}, False),
    ({"colour": "*"}, False),
    ({"priority": []}, False),
]


@pytest.mark.parametrize(("match", "expected"), MATCHES)
def test_matches(match: Any, expected: bool) -> None:
    alert = post("scv-web-cpu", START, labels={"team": "blue"})
    assert matching.matches(match, alert) is expected
    assert (matching.why_not(match, alert) is None) is expected


@pytest.mark.parametrize("wrong", [[], {"colour": "red"}, {"label.": "x"}, {"priority": 1}, {"priority": []}, {1: "x"}])
def test_a_match_that_means_nothing_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"write|written|needs"):
        matching.check(wrong)


def test_a_match_that_means_something() -> None:
    matching.check({"priority": ["P1"], "names": "x*", "label.team": "blue"})


LIKE = [
    ("*", "", True),
    ("*a*", "bab", True),
    ("a*b*c", "axxbyyc", True),
    ("a*b", "acbd", False),
    ("**", "x", True),
    ("?", "", False),
]
LIKE += [("*b", "a*b", True), ("a*", "b", False), ("", "", True), ("", "a", False)]


@pytest.mark.parametrize(("pattern", "text", "expected"), LIKE)
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert matching.like(pattern, text) is expected


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab*", max_size=10))
def test_wildcards_as_the_standard_library_has_them(pattern: str, text: str) -> None:
    from fnmatch import fnmatchcase

    assert matching.like(pattern, text) is fnmatchcase(text, pattern)


DEAD = {"if": {"name": "dead"}, "then": {"region": True}}
INHIBIT: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], bool]] = [
    ("the same region", DEAD, {}, {}, True),
    ("another region", DEAD, {"region": "r2"}, {}, False),
    ("no region is not the same region", DEAD, {"region": ""}, {"region": ""}, False),
    ("the cause recovered", DEAD, {}, {"status": "resolved"}, False),
    ("what is a cause itself", DEAD, {"name": "dead"}, {}, False),
    ("values besides", {**DEAD, "then": {"region": True, "priority": ["P3"]}}, {}, {}, False),
    ("an empty target mutes nothing", {**DEAD, "then": {}}, {}, {}, False),
    ("an empty cause mutes nothing", {"if": {}, "then": {"region": True}}, {}, {}, False),
]


@pytest.mark.parametrize(("name", "rule", "alert", "cause", "muted"), INHIBIT, ids=[case[0] for case in INHIBIT])
def test_inhibition(name: str, rule: dict[str, Any], alert: dict[str, Any], cause: dict[str, Any], muted: bool) -> None:
    target = {**post("a", START, region="r1"), **alert}
    other = {**post("dead", START, region="r1"), **cause}
    found = routing.inhibited_by(target, config(inhibit=[rule]), [other])
    assert (found is not None) is muted


HOLDS = [
    (100.0, None, 50.0, False),
    (100.0, None, 100.0, True),
    (100.0, 200.0, 199.9, True),
    (100.0, 200.0, 200.0, False),
]


@pytest.mark.parametrize(("begin", "end", "now", "holds"), HOLDS)
def test_when_a_silence_holds(begin: float, end: float | None, now: float, holds: bool) -> None:
    assert routing.active(now, {"from": begin, "until": end}) is holds


def test_explained_without_a_table() -> None:
    explained = routing.explain(post("a", START, priority="P1"), config(P1, REST), START, [], [])
    assert (explained["outcome"], explained["suppressed"]) == ("told", None)
    first, second = explained["routes"]
    assert (first["taken"], first["why"], first["to"], first["group"]) == (True, "it matches", ["oncall"], "P1/web|a")
    assert first["escalate"] == {"after": 600.0, "to": ["owner"], "times": 4}
    assert (second["taken"], second["why"]) == (False, "an earlier route took it")
    text = routing.explain_text(explained)
    assert "→ route P1: it matches" in text
    assert "    to owner when nobody acknowledges within 10m, 4 times in all" in text
    assert text[-1] == "Told."


def test_explained_why_a_route_does_not_match() -> None:
    explained = routing.explain(post("a", START, priority="P3"), config(P1, REST), START, [], [])
    assert explained["routes"][0]["why"] == 'priority is "P3", not P1'
    assert explained["routes"][1]["why"] == "it takes everything"


def test_explained_quiet_hours() -> None:
    night = {**REST, "quiet": {"time_zone": "UTC", "hours": "00:00-24:00"}}
    explained = routing.explain(post("a", START), config(night), START, [], [])
    assert explained["outcome"] == "held"
    (route,) = explained["routes"]
    assert route["group"].startswith("rest/quiet/")
    assert route["told_at"] == route["quiet"]["until"] > START
    assert "Held by quiet hours; told in the digest at their end." in routing.explain_text(explained)
    assert routing.explain(post("a", START, priority="P1"), config(night), START, [], [])["outcome"] == "told"


def test_explained_silence_mute_and_inhibition() -> None:
    found = [
        {"id": "s", "match": {"service": "web"}, "from": START - 1, "until": START + 60, "by": "lee", "why": "deploy"}
    ]
    later = [{"id": "m", "match": {"service": "web"}, "from": START + 1, "until": None}]
    explained = routing.explain(post("a", START), config(REST, inhibit=[DEAD]), START, found, later)
    assert explained["outcome"] == "suppressed"
    assert explained["suppressed"]["reason"] == "silence"
    assert [(one["holds"], one["why"]) for one in explained["mutes"]] == [(False, "it has not begun")]
    assert explained["inhibit"][0]["why"] == "nothing that would mute it fires"
    text = routing.explain_text(explained)
    assert text[-1].startswith("Not told: silence s by lee until 2026-")


def test_explained_recovery_and_fallback() -> None:
    explained = routing.explain(post("a", START, "resolved", "P4"), config(P1), START, [], [])
    assert explained["outcome"] == "nothing"
    assert explained["routes"][0]["fallback"]


BACKOFF = [
    (1, None, 0.0, 1.0),
    (1, None, 0.999, 1.999),
    (2, None, 0.0, 2.0),
    (5, None, 0.5, 24.0),
    (50, None, 0.0, 450.0),
    (10**6, None, 0.0, 450.0),
    (0, None, 0.0, 1.0),
    (1, 30.0, 0.0, 30.0),
    (9, 1.0, 0.0, 256.0),
    (1, 1e9, 0.0, 3600.0),
    (1, -5.0, 0.0, 1.0),
]


@pytest.mark.parametrize(("attempt", "retry_after", "chance", "expected"), BACKOFF)
def test_back_off(attempt: int, retry_after: float | None, chance: float, expected: float) -> None:
    assert backoff.next_try(attempt, retry_after, lambda: chance) == pytest.approx(expected)
