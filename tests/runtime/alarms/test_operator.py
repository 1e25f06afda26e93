"""What operators ask by lambda:Invoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from giban.runtime.alarms.operator import ACTIONS, answer

from .receivers import Receiver, answered
from .stage import Stage, alarm

HOOK = "hook.example.com"


def ask(stage: Stage, action: str, **more: Any) -> Any:
    """The body of an answer that has to be 200."""
    made = answer(stage.world, {"operator": "mina", "action": action, **more})
    assert made["status"] == 200, made
    return made["body"]


def refused(stage: Stage, **event: Any) -> tuple[int, list[str]]:
    made = answer(stage.world, {"operator": "mina", **event})
    return made["status"], sorted(error["field"] for error in made["body"].get("errors", ()))


def drain(stage: Stage) -> None:
    """The next turn, if the queue was asked for one."""
    stage.take(*stage.queued("GIBAN_ALARMS_QUEUE"))


def test_list_shows_what_is_open_and_how_the_channels_are(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", "team")
    receiver.rule = lambda host, path, body: answered(503, retry_after="100") if host == "hooks.slack.com" else None
    empty = ask(stage, "list")
    assert (empty["groups"], empty["alerts"], [one["state"] for one in empty["channels"]]) == ([], [], ["ok", "ok"])
    stage.take(alarm())
    found = ask(stage, "list")
    assert [alert["name"] for alert in found["alerts"]] == ["web-cpu"]
    assert len(found["groups"]) == 1
    hook, team = found["channels"]
    assert (hook["state"], hook["waiting"], hook["last"]) == ("ok", 0, stage.now)
    assert (team["state"], team["waiting"], team["kind"]) == ("resting", 1, "slack")
    assert "503" in team["reason"]


def test_ack_by_group_by_alert_or_all(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    stage.take(alarm())
    group = ask(stage, "list")["groups"][0]["id"]
    assert ask(stage, "ack", id=group) == {"groups": [group]}
    assert ask(stage, "ack", id=group) == {"groups": []}
    assert ask(stage, "unack", id=group) == {"groups": [group]}
    assert ask(stage, "ack", id="alarm:web-cpu") == {"groups": [group]}
    assert ask(stage, "unack", id="all") == {"groups": [group]}
    drain(stage)
    assert [one.json()["kind"] for one in receiver.to(HOOK)][:2] == ["firing", "acknowledged"]
    assert refused(stage, action="ack", id="nothing")[0] == 404
    assert [record["by"] for record in stage.records("acknowledged")] == ["mina", "mina"]


def test_a_silence_keeps_quiet_until_it_is_lifted(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    silence = ask(stage, "silence", match={"name": "web-*"}, **{"for": 3600}, why="we know")["silence"]
    assert (silence["by"], silence["until"]) == ("mina", stage.now + 3600)
    stage.take(alarm())
    stage.tick(120)
    assert receiver.received == []
    assert [record["reason"] for record in stage.records("suppressed")] == ["silence"]
    assert [one["id"] for one in ask(stage, "list")["silences"]] == [silence["id"]]
    assert ask(stage, "unsilence", id=silence["id"])["silence"]["why"] == "we know"
    drain(stage)
    assert len(receiver.to(HOOK)) == 1
    assert refused(stage, action="unsilence", id=silence["id"])[0] == 404
    assert ask(stage, "list")["silences"] == []


def test_a_silence_ends_by_itself(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    ask(stage, "silence", match={"service": "*"}, **{"for": 600}, why="x")
    stage.take(alarm())
    stage.tick(599)
    assert receiver.received == []
    stage.tick(60)
    assert len(receiver.to(HOOK)) == 1


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ({"match": {}, "for": 60, "why": "x"}, ["match"]),
        ({"match": {"nonsense": "x"}, "for": 60, "why": "x"}, ["match"]),
        ({"for": 5, "why": ""}, ["for", "match", "why"]),
        ({"match": {"name": "x"}, "for": True, "why": "x"}, ["for"]),
        ({"match": {"name": "x"}, "for": 10**9, "why": "x" * 301}, ["for", "why"]),
        ({"match": "x", "for": float("nan"), "why": 5}, ["for", "match", "why"]),
    ],
)
def test_a_wrong_silence_is_told_all_at_once(
    new_stage: Callable[..., Stage], event: dict[str, Any], fields: list[str]
) -> None:
    assert refused(new_stage("hook"), action="silence", **event) == (400, fields)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"operator": "", "action": "list"}, "operator"), ({"operator": 5, "action": "list"}, "operator"),
        ({"operator": "a\nb", "action": "list"}, "operator"), ({"action": "delete"}, "action"), ({"action": None}, "action"),
        ({"action": "ack"}, "id"), ({"action": "unsilence", "id": 5}, "id"), ({"action": "retry"}, "id"),
        ({"action": "history", "limit": 0}, "limit"), ({"action": "history", "limit": True}, "limit"),
        ({"action": "history", "day": "yesterday"}, "day"), ({"action": "history", "day": "2026-13-40"}, "day"),
        ({"action": "history", "before": 5}, "before"),
    ],
)  # fmt: skip
def test_wrong_questions(new_stage: Callable[..., Stage], event: dict[str, Any], field: str) -> None:
    assert refused(new_stage("hook"), **event) == (400, [field])


def test_history_tells_what_happened_newest_first_in_pages(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    stage.take(alarm())
    stage.now += 86_400
    stage.take(alarm(state="OK", at=stage.now))
    everything = ask(stage, "history", limit=500)
    assert everything["before"] is None
    whats = [record["what"] for record in everything["records"]]
    assert {"firing", "message", "delivered", "resolved"} <= set(whats)
    assert whats.index("resolved") < whats.index("firing")
    pages: list[dict[str, Any]] = []
    before = None
    while True:
        page = ask(stage, "history", limit=2, **({"before": before} if before else {}))
        pages += page["records"]
        before = page["before"]
        if before is None:
            break
    assert [record["id"] for record in pages] == [record["id"] for record in everything["records"]]
    day = ask(stage, "history", day="2026-11-18")["records"]
    assert {record["id"][:10] for record in day} == {"2026-11-18"}


def test_a_message_that_was_put_aside_can_be_sent_after_all(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("team")
    receiver.rule = lambda host, path, body: answered(400, b"never") if b"web-cpu" in body else None
    stage.take(alarm())
    [dead] = ask(stage, "list")["dead"]
    assert (dead["channel"], dead["reason"]) == ("team", "HTTP 400 never")
    receiver.rule = lambda host, path, body: None
    assert ask(stage, "retry", id=dead["id"])["channel"] == "team"
    drain(stage)
    assert any("web-cpu" in one.json()["text"] for one in receiver.to("hooks.slack.com"))
    assert ask(stage, "list")["dead"] == []
    assert refused(stage, action="retry", id=dead["id"])[0] == 404


def test_every_action_is_described() -> None:
    from giban.runtime.alarms import operator

    for name in ACTIONS:
        assert f"\n    {name} " in (operator.__doc__ or "")
