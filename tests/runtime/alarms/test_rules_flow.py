"""What is told when: a table of cases for grouping, recovery, silences, planned stops, inhibition and escalation."""

from __future__ import annotations

from typing import Any

import pytest

from giban.runtime.alarms.rules import flow

from .rules_cases import messages, play, wanted
from .rules_router import START, Router, config, post

GROUPED: dict[str, Any] = {"to": ["team"], "group": {"by": ["service"], "wait": 30, "interval": 300}}
ONCE: dict[str, Any] = {"to": ["team"], "repeat": 0}

GROUPING = [
    ("one alert waits for others", GROUPED, "0 fire a\n1h end", "30s team firing: +a"),
    ("what comes within the wait is one message", GROUPED, "0 fire a\n29s fire b\n1h end", "30s team firing: +a +b"),
    (
        "what comes later waits for the interval",
        GROUPED,
        "0 fire a\n31s fire b\n2m fire c\n1h end",
        "30s team firing: +a\n5m30s team update: +b +c ~a",
    ),
    (
        "what comes after the interval is told at once",
        GROUPED,
        "0 fire a\n10m fire b\n1h end",
        "30s team firing: +a\n10m team update: +b ~a",
    ),
    (
        "services are told apart",
        GROUPED,
        "0 fire a service=web\n0 fire b service=was\n1h end",
        "30s team firing: +b\n30s team firing: +a",
    ),
    ("the gravest comes first", GROUPED, "0 fire a P3\n1s fire b P1\n1h end", "30s team firing: +b +a"),
    (
        "firing again while it fires is no news",
        GROUPED,
        "0 fire a\n1m fire a\n10m fire a\n1h end",
        "30s team firing: +a",
    ),
    (
        "what became graver is news",
        GROUPED,
        "0 fire a P3\n10m fire a P2\n1h end",
        "30s team firing: +a\n10m team update: +a",
    ),
    ("a route without group tells at once", ONCE, "0 fire a\n1h end", "0 team firing: +a"),
    (
        "and what follows about the same within a minute together",
        {**ONCE, "group": None},
        "0 fire a name=x\n1s fire b name=x\n2s fire c name=x\n1h end",
        "0 team firing: +x\n1m team update: +x +x ~x",
    ),
    (
        "grouped by nothing is one group",
        {**GROUPED, "group": {"by": [], "wait": 10, "interval": 60}, "repeat": 0},
        "0 fire a service=web\n1s fire b service=was\n1h end",
        "10s team firing: +a +b",
    ),
    (
        "events are counted, and paced",
        GROUPED,
        "0 event e\n1s event e x3\n40s event e\n50s event e\n1h end",
        "30s team firing: !ex4\n5m30s team firing: !ex2",
    ),
    (
        "an incident ends an interval after the last word",
        GROUPED,
        "0 event e\n20m event e\n1h end",
        "30s team firing: !e\n20m30s team firing: !e",
    ),
]

RECOVERY = [
    (
        "recovery is told, after the interval",
        GROUPED,
        "0 fire a\n1m ok a\n1h end",
        "30s team firing: +a\n5m30s team resolved: -a",
    ),
    (
        "recovery later is told at once",
        GROUPED,
        "0 fire a\n20m ok a\n1h end",
        "30s team firing: +a\n20m team resolved: -a",
    ),
    ("what recovers before it is told is not told", GROUPED, "0 fire a\n20s ok a\n1h end", ""),
    (
        "one of two recovers",
        GROUPED,
        "0 fire a\n0 fire b\n10m ok a\n20m ok b\n1h end",
        "30s team firing: +a +b\n10m team update: ~b -a\n20m team resolved: -b",
    ),
    (
        "back before the recovery was told: nothing changed",
        GROUPED,
        "0 fire a\n1m ok a\n2m fire a\n1h end",
        "30s team firing: +a",
    ),
    (
        "again after the recovery, in the same incident",
        GROUPED,
        "0 fire a\n10m ok a\n11m fire a\n1h end",
        "30s team firing: +a\n10m team resolved: -a\n15m team firing: +a",
    ),
    ("recovery of what never fired is not told", GROUPED, "0 ok a\n1h end", ""),
    (
        "something happened while the last one recovered: two messages",
        GROUPED,
        "0 fire a\n1m ok a\n2m event e\n1h end",
        "30s team firing: +a\n5m30s team resolved: -a\n5m30s team firing: !e",
    ),
    (
        "what ends with an acknowledgement goes on until then",
        {**GROUPED, "repeat": 3600},
        "0 fire gone ends=ack\n90m ack\n5h end",
        "30s team firing: +gone\n1h30s team reminder: ~gone\n1h30m team acknowledged",
    ),
]

REPEAT = [
    (
        "what still fires is told again",
        {**GROUPED, "repeat": 3600},
        "0 fire a\n2h20m ok a\n9h end",
        "30s team firing: +a\n1h30s team reminder: ~a\n2h30s team reminder: ~a\n2h20m team resolved: -a",
    ),
    (
        "not when somebody acknowledged",
        {**GROUPED, "repeat": 3600},
        "0 fire a\n30m ack\n9h end",
        "30s team firing: +a\n30m team acknowledged",
    ),
    (
        "again when the acknowledgement is taken back",
        {**GROUPED, "repeat": 3600},
        "0 fire a\n30m ack\n40m unack\n90m end",
        "30s team firing: +a\n30m team acknowledged\n40m team unacknowledged\n1h30s team reminder: ~a",
    ),
    ("never with repeat 0", {**GROUPED, "repeat": 0}, "0 fire a\n9d end", "30s team firing: +a"),
    (
        "every four hours when nothing is said",
        GROUPED,
        "0 fire a\n5h end",
        "30s team firing: +a\n4h30s team reminder: ~a",
    ),
    (
        "news begins the wait for the reminder anew",
        {**GROUPED, "repeat": 3600},
        "0 fire a\n50m fire b\n80m end",
        "30s team firing: +a\n50m team update: +b ~a",
    ),
]
SILENCES = [
    ("silenced: not told", GROUPED, "0 silence s service=web until 2h\n1s fire a\n1h end", ""),
    (
        "still firing when the silence ends: told then",
        GROUPED,
        "0 silence s service=web until 2h\n1s fire a\n3h end",
        "2h team firing: +a",
    ),
    (
        "lifted early: told then",
        GROUPED,
        "0 silence s service=web until 2h\n1s fire a\n30m lift s\n3h end",
        "30m team firing: +a",
    ),
    (
        "recovered under the silence: never told",
        GROUPED,
        "0 silence s service=web until 2h\n1s fire a\n1h ok a\n3h end",
        "",
    ),
    (
        "a silence does not hide the recovery of what was told",
        GROUPED,
        "0 fire a\n1m silence s service=web until 2h\n30m ok a\n3h end",
        "30s team firing: +a\n30m team resolved: -a",
    ),
    (
        "a silence hides reminders",
        {**GROUPED, "repeat": 3600},
        "0 fire a\n1m silence s service=web until 5h\n4h end",
        "30s team firing: +a",
    ),
    (
        "and reminders come back with its end",
        {**GROUPED, "repeat": 3600},
        "0 fire a\n1m silence s service=web until 5h\n5h10m end",
        "30s team firing: +a\n5h30s team reminder: ~a",
    ),
    (
        "others in the group are told",
        GROUPED,
        "0 silence s name=a until 2h\n1s fire a\n2s fire b\n1h end",
        "31s team firing: +b",
    ),
    ("an event under a silence is not told later", GROUPED, "0 silence s service=web until 2h\n1s event e\n5h end", ""),
    ("a silence that is over", GROUPED, "0 silence s service=web until 1m\n2m fire a\n1h end", "2m30s team firing: +a"),
    (
        "wildcards",
        GROUPED,
        "0 silence s name=scv-web-* until 2h\n1s fire scv-web-cpu\n2s fire scv-was-cpu\n1h end",
        "31s team firing: +scv-was-cpu",
    ),
    (
        "a silence of nothing silences nothing",
        GROUPED,
        "0 silence s until 2h\n1s fire a\n1h end",
        "31s team firing: +a",
    ),
    (
        "an unknown key covers nothing",
        GROUPED,
        "0 silence s colour=red until 2h\n1s fire a\n1h end",
        "31s team firing: +a",
    ),
]

STOPS = [
    ("a planned stop is silent", GROUPED, "0 mute power/web names=scv-web-*\n1m fire scv-web-health\n8h end", ""),
    (
        "exactly the alarms it causes",
        GROUPED,
        "0 mute power/web names=scv-web-*\n1m fire scv-web-health\n1m fire scv-db-cpu\n8h end",
        "1m30s team firing: +scv-db-cpu\n4h1m30s team reminder: ~scv-db-cpu",
    ),
    (
        "for exactly that long: still firing after the start, told then",
        GROUPED,
        "0 mute m names=x\n1m fire x\n2h end-mute m 2h10m\n3h end",
        "2h10m team firing: +x",
    ),
    ("recovered while it started", GROUPED, "0 mute m names=x\n1m fire x\n2h end-mute m 2h10m\n2h5m ok x\n3h end", ""),
]

CAUSE: dict[str, Any] = {"inhibit": [{"if": {"name": "dead*"}, "then": {"region": True}}]}
INHIBITED = [
    (
        "a dead region mutes its members",
        "0 fire dead region=r1 service=region\n1s fire a region=r1\n1h end",
        "30s team firing: +dead",
    ),
    (
        "not those of another region",
        "0 fire dead region=r1 service=region\n1s fire a region=r2\n1h end",
        "30s team firing: +dead\n31s team firing: +a",
    ),
    (
        "the wait lets the cause arrive after its effects",
        "0 fire a region=r1\n20s fire dead region=r1 service=region\n1h end",
        "50s team firing: +dead",
    ),
    (
        "told when the cause recovers and it still fires",
        "0 fire dead region=r1 service=region\n1s fire a region=r1\n30m ok dead\n30m look\n1h end",
        "30s team firing: +dead\n30m team resolved: -dead\n30m team firing: +a",
    ),
    (
        "noticed within a minute without being told to look",
        "0 fire dead region=r1 service=region\n1s fire a region=r1\n30m ok dead\n1h end",
        "30s team firing: +dead\n30m team resolved: -dead\n30m31s team firing: +a",
    ),
    (
        "recovered meanwhile: never told",
        "0 fire dead region=r1 service=region\n1s fire a region=r1\n9m ok a\n1h end",
        "30s team firing: +dead",
    ),
    (
        "causes do not mute each other",
        "0 fire dead1 region=r1 service=region\n1s fire dead2 region=r1 service=region\n1h end",
        "30s team firing: +dead1 +dead2",
    ),
    (
        "a cause that only happened does not fire",
        "0 event dead region=r1 service=region\n1s fire a region=r1\n1h end",
        "30s team firing: !dead\n31s team firing: +a",
    ),
]

P1: dict[str, Any] = {
    "match": {"priority": ["P1"]},
    "to": ["team", "oncall"],
    "escalate": {"after": 600, "to": ["owner"], "repeat": 2},
    "repeat": 0,
}
ESCALATION = [
    (
        "until acknowledged, so many times again",
        "0 fire a P1\n2h end",
        "0 oncall,team firing: +a\n10m owner escalation: ~a\n20m owner escalation: ~a\n30m owner escalation: ~a",
    ),
    ("acknowledged in time", "0 fire a P1\n9m ack\n2h end", "0 oncall,team firing: +a\n9m oncall,team acknowledged"),
    (
        "acknowledged after the first",
        "0 fire a P1\n11m ack\n2h end",
        "0 oncall,team firing: +a\n10m owner escalation: ~a\n11m oncall,owner,team acknowledged",
    ),
    (
        "recovered in time",
        "0 fire a P1\n9m ok a\n2h end",
        "0 oncall,team firing: +a\n9m oncall,team resolved: -a",
    ),
    (
        "who was called hears of the recovery",
        "0 fire a P1\n15m ok a\n2h end",
        "0 oncall,team firing: +a\n10m owner escalation: ~a\n15m oncall,owner,team resolved: -a",
    ),
    (
        "an event is escalated too",
        "0 event e P1\n15m ack\n2h end",
        "0 oncall,team firing: !e\n10m owner escalation: !e\n15m oncall,owner,team acknowledged",
    ),
    (
        "something new lifts the acknowledgement and begins anew",
        "0 fire a P1 name=x\n5m ack\n20m fire b P1 name=x\n31m end",
        "0 oncall,team firing: +x\n5m oncall,team acknowledged\n20m oncall,team update: +x ~x\n30m owner escalation: ~x ~x",
    ),
    (
        "the same again does not lift it",
        "0 fire a P1\n5m ack\n20m fire a P1\n2h end",
        "0 oncall,team firing: +a\n5m oncall,team acknowledged",
    ),
    (
        "not while it is silenced",
        "0 fire a P1\n5m silence s name=a until 1h\n65m end",
        "0 oncall,team firing: +a\n1h owner escalation: ~a",
    ),
    (
        "taking the acknowledgement back begins anew",
        "0 fire a P1\n5m ack\n6m unack\n17m end",
        "0 oncall,team firing: +a\n5m oncall,team acknowledged\n6m oncall,team unacknowledged\n16m owner escalation: ~a",
    ),
    (
        "twice acknowledged is once",
        "0 fire a P1\n5m ack\n6m ack lee\n2h end",
        "0 oncall,team firing: +a\n5m oncall,team acknowledged",
    ),
]


def _cases(*tables: list[Any]) -> pytest.MarkDecorator:
    cases = [case for table in tables for case in table]
    return pytest.mark.parametrize("case", cases, ids=[case[0] for case in cases])


@_cases(GROUPING, RECOVERY, REPEAT, SILENCES, STOPS)
def test_what_a_route_tells(case: tuple[str, dict[str, Any], str, str]) -> None:
    _, route, steps, expected = case
    assert messages(play(config(route), steps)) == wanted(expected)


@_cases(INHIBITED)
def test_inhibition(case: tuple[str, str, str]) -> None:
    _, steps, expected = case
    assert messages(play(config({**GROUPED, "repeat": 0}, **CAUSE), steps)) == wanted(expected)


@_cases(ESCALATION)
def test_escalation(case: tuple[str, str, str]) -> None:
    _, steps, expected = case
    assert messages(play(config(P1), steps)) == wanted(expected)


REASONS = [
    (
        "silence",
        GROUPED,
        "0 silence s service=web until 2h\n1s fire a\n1h end",
        [("suppressed", "silence", ["post:a"])],
    ),
    ("mute", GROUPED, "0 mute m service=web until 2h\n1s fire a\n1h end", [("suppressed", "mute", ["post:a"])]),
    ("short", GROUPED, "0 fire a\n20s ok a\n1h end", [("suppressed", "short", ["post:a"])]),
    ("flapping", GROUPED, "0 fire a\n1m ok a\n2m fire a\n1h end", [("suppressed", "flapping", ["post:a"])]),
    ("never fired", GROUPED, "0 ok a\n1h end", [("suppressed", "not-firing", ["post:a"])]),
    ("exhausted", P1, "0 fire a P1\n2h end", [("exhausted", "", ["post:a"])]),
    (
        "two at one look are one record",
        GROUPED,
        "0 silence s service=web until 2h\n1s fire b\n1s fire a\n1h end",
        [("suppressed", "silence", ["post:a", "post:b"])],
    ),
    (
        "silenced and recovered has one reason",
        GROUPED,
        "0 silence s service=web until 2h\n1s fire a\n1h ok a\n3h end",
        [("suppressed", "silence", ["post:a"])],
    ),
]


@_cases(REASONS)
def test_why_nothing_was_told_is_on_record(case: tuple[str, dict[str, Any], str, Any]) -> None:
    _, route, steps, expected = case
    assert play(config(route), steps).reasons() == expected


def test_a_silence_is_on_record_with_author_reason_and_end() -> None:
    router = play(config(GROUPED), "0 silence s service=web until 2h\n1s fire a\n1h end")
    (found,) = [record for record in router.history if record["what"] == "suppressed"]
    assert (found["by"], found["text"], found["until"], found["alert"]) == ("lee", "planned", START + 7200, "post:a")


IGNORED = [
    ("the same notice twice", ["firing"], [0.0, 0.0], "duplicate"),
    ("older than what is known", ["firing", "resolved"], [10.0, 5.0], "stale"),
    ("no data is told to nobody", ["firing", "unknown"], [0.0, 5.0], "no-data"),
]


@pytest.mark.parametrize(("name", "statuses", "times", "reason"), IGNORED, ids=[case[0] for case in IGNORED])
def test_what_changes_nothing(name: str, statuses: list[str], times: list[float], reason: str) -> None:
    router = Router(config(ONCE))
    for status, at in zip(statuses * 2, times, strict=False):
        alert = post("a", START, "firing" if status == "unknown" else status, id=f"{status}{at}")
        router.take(START + 20, {**alert, "status": status, "at": START + at})
        router.look(START + 20)
    assert len(router.messages) == 1
    assert router.alerts["post:a"]["status"] == "firing"
    assert router.reasons() == [("suppressed", reason, ["post:a"])]


def test_no_data_does_not_recover_and_what_comes_after_does() -> None:
    router = Router(config(ONCE))
    for at, status in enumerate(("firing", "unknown", "resolved")):
        router.take(START + at, {**post("a", START + at, id=str(at)), "status": status})
        router.run(START + at)
    router.run(START + 3600)
    assert [message["kind"] for message in router.messages] == ["firing", "resolved"]


def test_recovery_keeps_priority_title_and_beginning_of_its_alarm() -> None:
    router = play(config(ONCE), "0 fire a P1\n10m ok a P4\n1h end")
    last = router.messages[-1]
    assert (last["kind"], last["priority"], last["alerts"][0]["since"]) == ("resolved", "P1", START)
    assert last["alerts"][0]["status"] == "resolved"


def test_all_messages_of_an_incident_share_the_thread_and_the_next_incident_has_another() -> None:
    router = play(config(GROUPED), "0 fire a\n10m ok a\n2h fire a\n3h end")
    threads = [message["thread"] for message in router.messages]
    assert threads[0] == threads[1] != threads[2]
    assert [message["sequence"] for message in router.messages] == [1, 2, 3]


def test_continue_sends_to_both_routes_with_threads_of_their_own() -> None:
    first = {"match": {"service": "web"}, "to": ["team"], "continue": True, "repeat": 0}
    router = play(config(first, {"to": ["oncall"], "repeat": 0}), "0 fire a\n1h end")
    assert messages(router) == ["0 oncall firing: +a", "0 team firing: +a"]
    assert len({message["thread"] for message in router.messages}) == 2


def test_a_removed_channel_does_not_swallow_alarms() -> None:
    router = play(config({"to": ["gone"], "repeat": 0}), "0 fire a\n1h end")
    assert messages(router) == ["0 oncall,owner,team firing: +a"]


def test_a_group_finishes_under_a_route_that_is_gone() -> None:
    router = play(config(P1), "0 fire a P1\n1s end")
    router.config = config({"match": {"service": "other"}, "to": ["team"]})
    router.take(START + 60, post("a", START + 60, "resolved"))
    router.run(START + 3600)
    assert messages(router) == ["0 oncall,team firing: +a", "1m oncall,team resolved: -a"]


def test_a_group_follows_changes_of_its_route() -> None:
    router = play(config({**ONCE, "match": {"priority": "P2"}}), "0 fire a\n1s end")
    router.config = config({**ONCE, "match": {"priority": "P2"}, "to": ["owner"]})
    router.take(START + 600, post("a", START + 600, "resolved"))
    router.run(START + 3600)
    assert messages(router) == ["0 team firing: +a", "10m owner,team resolved: -a"]


def test_a_group_that_nobody_hears_of_any_more_is_closed() -> None:
    router = play(config(ONCE), "0 fire a\n40d end")
    (group,) = router.groups.values()
    assert group["closed"] == START + flow.FORGET
    assert ("closed", "expired", ["post:a"]) in router.reasons()
    assert flow.expires(group) == group["closed"] + 86_400


def test_a_stored_alert_that_is_gone_is_told_by_its_key() -> None:
    router = play(config(GROUPED), "0 fire a")
    router.alerts.clear()
    (group,) = router.groups.values()
    outcome = flow.advance(START + 30, group, {}, router.config)
    assert outcome.messages[0]["title"] == "post:a"


STORM = flow.MOST_MEMBERS + 100


def storm(router: Router, now: float, status: str = "firing", **more: Any) -> None:
    for number in range(STORM):
        router.take(now, post(f"a{number:04}", now, status, **more))
    router.run(now + 60)


def test_a_storm_is_counted_and_told_once() -> None:
    router = Router(config({**GROUPED, "repeat": 0}))
    storm(router, START)
    (message,) = router.messages
    assert (message["firing"], message["count"], message["more"], len(message["alerts"])) == (
        STORM,
        STORM,
        STORM - 10,
        10,
    )
    assert message["title"] == f"a0000 (+{STORM - 1})"
    storm(router, START + 3600, "resolved")
    router.run(START + 9000)
    assert [message["kind"] for message in router.messages[1:]] == ["resolved"]
    assert router.messages[-1]["firing"] == 0
    assert all(group["closed"] for group in router.groups.values())


def test_one_more_in_a_full_group_is_told() -> None:
    router = Router(config({**GROUPED, "repeat": 0}))
    storm(router, START)
    router.take(START + 3600, post("late", START + 3600, priority="P1"))
    router.run(START + 3600)
    assert (router.messages[-1]["kind"], router.messages[-1]["count"]) == ("update", 1)
    assert router.messages[-1]["priority"] == "P1"


def test_a_silenced_storm_is_told_when_the_silence_ends() -> None:
    router = Router(config({**GROUPED, "repeat": 0}))
    router.silences = [{"id": "s", "match": {"service": "web"}, "from": START, "until": START + 3600, "by": "lee"}]
    storm(router, START)
    router.run(START + 3599)
    assert router.messages == []
    router.run(START + 3700)
    assert [(message["kind"], message["firing"]) for message in router.messages] == [("firing", STORM)]


def test_an_acknowledged_alert_is_marked_until_it_fires_anew() -> None:
    router = play(config(ONCE), "0 fire a\n1s end")
    router.alerts["post:a"] = flow.acknowledge(START, router.alerts["post:a"], "kim").alert or {}
    assert router.alerts["post:a"]["acknowledged"] == {"by": "kim", "at": START}
    assert flow.acknowledge(START, router.alerts["post:a"], "lee").alert is None
    router.take(START + 60, post("a", START + 60))
    assert router.alerts["post:a"]["acknowledged"]
    router.take(START + 120, post("a", START + 120, "resolved"))
    router.take(START + 180, post("a", START + 180))
    assert router.alerts["post:a"]["acknowledged"] is None
    taken_back = flow.unacknowledge(
        START, {**router.alerts["post:a"], "acknowledged": {"by": "kim", "at": 1.0}}, "lee"
    ).alert
    assert taken_back is not None
    assert taken_back["acknowledged"] is None


def test_nothing_to_acknowledge() -> None:
    router = play(config(GROUPED), "0 fire a")
    (group,) = router.groups.values()
    assert flow.acknowledge(START, group, "kim").groups == {}, "nothing was told yet"
    assert flow.unacknowledge(START, group, "kim").groups == {}
