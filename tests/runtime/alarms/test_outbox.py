"""Delivering: order, back-off, channels that are down, messages that are refused; and nothing lost, nothing twice."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import pytest

from giban.runtime.alarms.outbox import IN_A_ROW, LEASE, TOLD_AFTER
from giban.runtime.common.store import Put

from .receivers import ACCEPT_AND_HANG, HANG, Received, Receiver, answered
from .stage import START, Stage, alarm

SLACK, HOOK, PAGER = "hooks.slack.com", "hook.example.com", "events.pagerduty.com"


def titles(receiver: Receiver, host: str = HOOK) -> list[str]:
    """Titles of the alerts that a host accepted, in order."""
    return [alert["title"] for one in receiver.to(host) for alert in one.json()["alerts"]]


def names_of(one: Received) -> list[str]:
    """Names of the alerts in a message."""
    return [alert["name"] for alert in one.json()["alerts"]]


def names(receiver: Receiver) -> list[str]:
    """Names of the alerts that the webhook accepted, in order."""
    return [name for one in receiver.to(HOOK) for name in names_of(one)]


def ids(receiver: Receiver) -> list[str]:
    return [one.headers["x-giban-id"] for one in receiver.to(HOOK)]


def apart(*to: str) -> dict[str, Any]:
    """A route with a group for each alarm, so that each is a message of its own."""
    return {"routes": [{"to": list(to), "group": {"by": ["name"], "wait": 0, "interval": 0}, "repeat": 0}]}


def test_a_failure_is_tried_again_later_and_delivered_once(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    receiver.plans[HOOK] = [answered(500), answered(502)]
    stage.take(alarm())
    assert (len(receiver.tried(HOOK)), stage.waiting("hook")) == (1, 1)
    stage.until(lambda: stage.waiting("hook") == 0)
    assert len(receiver.tried(HOOK)) == 3
    assert len(set(ids(receiver))) == len(ids(receiver)) == 1
    assert [record["attempt"] for record in stage.records("delivered")] == [3]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(new_stage: Callable[..., Stage], receiver: Receiver, form: str) -> None:
    stage = new_stage("hook")
    text = "100" if form == "seconds" else formatdate(START + 100, usegmt=True)
    receiver.plans[HOOK] = [answered(429, retry_after=text)]
    stage.take(alarm())
    stage.tick(60)
    stage.tick(30)
    assert len(receiver.tried(HOOK)) == 1
    stage.tick(20)
    assert (len(receiver.tried(HOOK)), stage.waiting("hook")) == (2, 0)


def test_a_retry_after_holds_for_the_whole_channel_and_for_no_other(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", "team", **apart("hook", "team"))
    receiver.plans[HOOK] = [answered(429, retry_after="50")]
    stage.take(alarm("a"), alarm("b"), alarm("c"))
    assert (len(receiver.tried(HOOK)), len(receiver.to(SLACK))) == (1, 3)
    stage.tick(51)
    assert (len(receiver.to(HOOK)), stage.waiting("hook")) == (3, 0)


def test_a_channel_that_is_down_costs_few_tries_and_delays_only_itself(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", "team", **apart("hook", "team"))
    receiver.rule = lambda host, path, body: answered(503) if host == HOOK else None
    stage.take(*(alarm(f"a{number}") for number in range(8)))
    assert (len(receiver.tried(HOOK)), len(receiver.to(SLACK))) == (IN_A_ROW, 8)
    assert stage.waiting("hook") == 8
    before = len(receiver.tried(HOOK))
    for _ in range(20):
        stage.tick(30)
    assert len(receiver.tried(HOOK)) - before <= 20
    receiver.rule = lambda host, path, body: None
    stage.until(lambda: stage.waiting("hook") == 0, 60)
    assert sorted(name for name in names(receiver) if name.startswith("a")) == [f"a{number}" for number in range(8)]
    assert len(ids(receiver)) == len(set(ids(receiver)))


def test_a_channel_that_is_down_for_long_is_told_to_the_others_once_and_its_end(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", "team")
    receiver.rule = lambda host, path, body: answered(503) if host == SLACK else None
    stage.take(alarm())
    for _ in range(12):
        stage.tick(120)
    assert stage.now - START > TOLD_AFTER
    told = [title for title in titles(receiver) if "channel team" in title]
    assert len(told) == 1
    receiver.rule = lambda host, path, body: None
    stage.until(lambda: stage.waiting("team") == 0, 60)
    stage.tick(60)
    assert [one.json()["kind"] for one in receiver.to(HOOK) if "channel-down" in names_of(one)] == [
        "firing",
        "resolved",
    ]


def test_a_revoked_webhook_is_told_at_once_and_loses_nothing(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", "team")
    receiver.rule = lambda host, path, body: answered(404, b"no_service") if host == SLACK else None
    stage.take(alarm())
    assert [title for title in titles(receiver) if "channel team takes no messages" in title]
    assert any("no_service" in alert["text"] for one in receiver.to(HOOK) for alert in one.json()["alerts"])
    assert len(receiver.tried(SLACK)) == 1
    receiver.rule = lambda host, path, body: None
    stage.until(lambda: stage.waiting("team") == 0, 60)
    assert len(receiver.to(SLACK)) >= 2


def test_a_secret_without_value_waits_until_it_has_one(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    stage.config["channels"]["hook"]["secret"] = f"{stage.name}-later"
    stage.world = stage.new_world()
    stage.take(alarm())
    assert (receiver.received, stage.waiting("hook")) == ([], 2)  # the alarm, and that it cannot be told
    stage.client("secretsmanager").create_secret(
        Name=f"{stage.name}-later", SecretString="https://hook.example.com/in\n"
    )
    stage.until(lambda: stage.waiting("hook") == 0, 60)
    assert len(receiver.to(HOOK)) >= 2


def test_a_message_in_a_form_that_is_refused_goes_as_plain_text(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("team")
    receiver.plans[SLACK] = [answered(400, b"invalid_blocks")]
    stage.take(alarm())
    [got] = receiver.to(SLACK)
    assert "attachments" not in got.json()
    assert "web-cpu" in got.json()["text"]
    assert stage.waiting("team") == 0


def test_a_message_that_is_refused_for_good_is_put_aside_and_told(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", "team")
    receiver.rule = lambda host, path, body: answered(400, b"never") if host == SLACK and b"web-cpu" in body else None
    stage.take(alarm())
    stage.tick(60)
    assert [title for title in titles(receiver) if "refused a message" in title]
    [dead] = stage.table.query("dead")
    assert (dead.doc["reason"], dead.doc["message"]["channel"]) == ("HTTP 400 never", "team")
    assert [record["error"] for record in stage.records("failed")] == ["HTTP 400 never"]
    assert stage.waiting("team") == 0


def test_a_refused_message_about_ourselves_goes_round_no_circle(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("team")
    receiver.rule = lambda host, path, body: answered(400, b"never")
    stage.take(alarm())
    for _ in range(10):
        stage.tick(60)
    # The alarm, and that it was refused; nothing about that one.
    assert len(stage.table.query("dead")) == 2
    assert len(receiver.tried(SLACK)) == 4


def test_a_recovery_never_overtakes_its_alarm(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    receiver.plans[HOOK] = [answered(500)]
    stage.take(alarm())
    stage.now += 1
    stage.take(alarm(state="OK", at=stage.now))
    stage.until(lambda: stage.waiting("hook") == 0 and len(receiver.to(HOOK)) > 1)
    assert [one.json()["kind"] for one in receiver.to(HOOK)] == ["firing", "resolved"]


def test_one_thread_that_fails_keeps_no_other_waiting(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", **apart("hook"))
    receiver.rule = lambda host, path, body: answered(500) if b'"name":"bad"' in body else None
    stage.take(alarm("bad"), alarm("b"), alarm("c"), alarm("d"))
    assert (len(receiver.to(HOOK)), stage.waiting("hook")) == (3, 1)


def test_a_receiver_that_loses_patience_gets_it_again_under_the_same_id(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook")
    receiver.plans[HOOK] = [ACCEPT_AND_HANG, HANG]
    stage.take(alarm(), patience=0.3)
    stage.until(lambda: stage.waiting("hook") == 0)
    # Twice only because the first time it was taken and nobody said so; a receiver can tell by the id.
    assert len(receiver.to(HOOK)) == 2
    assert len(set(ids(receiver))) == 1


def test_many_functions_at_once_send_each_message_once(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", "team", **apart("hook", "team"))
    stage.take(*(alarm(f"a{number}") for number in range(20)), send=_down)
    assert (stage.waiting("hook"), stage.waiting("team")) == (20, 20)
    stage.now += 4000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: stage.run({"tick": True}, world=stage.new_world(), patience=10), range(8)))
    stage.until(lambda: stage.waiting("hook") + stage.waiting("team") == 0)
    counts = Counter(name for name in ids(receiver) if "self" not in name)
    assert set(counts.values()) == {1}
    assert {f"a{number}" for number in range(20)} <= set(names(receiver))


def _down(*_: Any) -> Any:
    from giban.runtime.alarms.channels import Later

    raise Later("down")


def test_a_sender_that_was_killed_is_missed_when_its_time_is_over(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook")
    stage.table.put(Put("channel", "hook", {"until": stage.now + LEASE}, 0))
    stage.take(alarm())
    assert (receiver.received, stage.waiting("hook")) == ([], 1)
    stage.tick(LEASE + 1)
    assert (len(receiver.to(HOOK)), stage.waiting("hook")) == (1, 0)


def test_a_clock_that_is_set_back_stops_nothing(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    stage.now += 10 * 86_400
    receiver.plans[HOOK] = [answered(500)]
    stage.take(alarm())
    stage.now = START
    stage.tick()
    assert stage.waiting("hook") == 0


def test_messages_of_a_channel_that_is_no_more_are_put_aside_not_forgotten(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", "team")
    receiver.rule = lambda host, path, body: answered(503) if host == SLACK else None
    stage.take(alarm())
    assert stage.waiting("team") == 1
    del stage.config["channels"]["team"]
    stage.config["routes"][0]["to"] = ["hook"]
    stage.world = stage.new_world()
    stage.until(lambda: stage.waiting("team") == 0, 60)
    assert [item.doc["message"]["channel"] for item in stage.table.query("dead")] == ["team"]


def test_receivers_that_fail_a_third_of_the_time_get_everything_once(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    dice = random.Random(4)
    stage = new_stage("hook", "oncall", **apart("hook", "oncall"))
    receiver.rule = lambda host, path, body: (
        answered(500) if dice.random() < 0.2 else answered(429, retry_after="2") if dice.random() < 0.1 else None
    )
    for first in range(0, 60, 10):
        stage.take(*(alarm(f"a{number:02}") for number in range(first, first + 10)))
        stage.now += 1
    stage.until(lambda: stage.waiting("hook") + stage.waiting("oncall") == 0)
    assert len(ids(receiver)) == len(set(ids(receiver)))
    assert sorted(name for name in names(receiver) if name.startswith("a")) == [f"a{number:02}" for number in range(60)]
    keys = [one.json()["dedup_key"] for one in receiver.to(PAGER)]
    assert len(keys) == len(set(keys)) >= 60


def test_what_is_logged_holds_no_secret(
    new_stage: Callable[..., Stage], receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = new_stage("hook", "team", "tg", "oncall")
    receiver.rule = lambda host, path, body: answered(500)
    stage.take(alarm(), "{")
    stage.tick(60)
    said = capsys.readouterr().out
    stored = json.dumps([item.doc for pk in ("channel", "outbox/team", "outbox/tg") for item in stage.table.query(pk)])
    for secret in ("/T/B/X", "123:abc", "0123456789abcdef0123456789abcdef", "https://hook.example.com"):
        assert secret not in said
        assert secret not in stored
