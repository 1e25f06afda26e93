"""What arrives: duplicates, poison, bursts, log lines; by one function and by many at once."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from giban.runtime.alarms import folding
from giban.runtime.alarms.batch import LAST
from giban.runtime.alarms.handler import TurnFailed

from .receivers import Receiver
from .stage import Stage, alarm, batch

HOOK = "hook.example.com"
APART = {"routes": [{"to": ["hook"], "group": {"by": ["name"], "wait": 0, "interval": 0}, "repeat": 0}]}


def names(receiver: Receiver) -> list[str]:
    return sorted(alert["name"] for one in receiver.to(HOOK) for alert in one.json()["alerts"])


def test_a_notice_that_is_delivered_twice_counts_once(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook")
    event = batch(alarm())
    stage.run(event)
    stage.run(event)
    stage.run(batch(alarm()))  # SNS's own second copy has another id
    stage.tick(60)
    assert names(receiver) == ["web-cpu"]
    assert len(stage.records("firing")) == 1
    assert [record["reason"] for record in stage.records("suppressed")] == ["duplicate"]


def test_one_burst_is_one_message(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", routes=[{"to": ["hook"], "group": {"by": ["service"], "wait": 30, "interval": 300}}])
    for first in range(0, 30, 10):
        assert stage.take(*(alarm(f"a{number:02}") for number in range(first, first + 10))) == []
    assert receiver.received == []
    # The queue holds a wake-up for when the group's wait is over.
    assert delayed(stage) >= 1
    stage.now += 31
    assert stage.take(json.dumps({"wake": True})) == []
    [got] = receiver.to(HOOK)
    assert (got.json()["count"], got.json()["firing"]) == (30, 30)


def test_a_hundred_at_once_by_many_functions_arrive_once_each(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook", **APART)
    notices = [alarm(f"a{number:02}", MessageId=f"m{number}") for number in range(60)]
    # A fifth is delivered twice, to whomever.
    twice = [dict(notice) for notice in notices[:12]]
    records = batch(*notices)["Records"] + batch(*twice)["Records"]
    random.Random(3).shuffle(records)
    batches = [{"Records": records[first : first + 6]} for first in range(0, len(records), 6)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda event: stage.run(event, world=stage.new_world(), patience=10), batches))
    again = [record for event, answer in zip(batches, answers, strict=True) for record in event["Records"]
             if {"itemIdentifier": record["messageId"]} in answer["batchItemFailures"]]  # fmt: skip
    if again:
        stage.run({"Records": again})
    stage.until(lambda: stage.waiting("hook") == 0)
    assert names(receiver) == [f"a{number:02}" for number in range(60)]


def test_many_functions_fold_one_burst_into_one_group(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", routes=[{"to": ["hook"], "group": {"by": ["service"], "wait": 30, "interval": 300}}])
    events = [batch(*(alarm(f"a{first}{number}") for number in range(4))) for first in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda event: stage.run(event, world=stage.new_world()), events))
    for event, answer in zip(events, answers, strict=True):
        if answer["batchItemFailures"]:
            stage.run(event)
    stage.tick(31)
    assert [one.json()["count"] for one in receiver.to(HOOK)] == [24]


def test_what_cannot_be_read_is_put_aside_and_told_and_keeps_nobody_waiting(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook")
    poison = json.dumps({"Type": "Notification", "MessageId": "p", "Message": "{}"})
    assert stage.take(poison, alarm()) == []
    assert stage.queued("GIBAN_ALARMS_DEAD") == [poison]
    stage.tick(60)
    assert "web-cpu" in names(receiver)
    assert "unreadable" in names(receiver)


def test_a_notice_that_makes_the_rules_fail_comes_again_and_is_put_aside_the_last_time(
    new_stage: Callable[..., Stage], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = new_stage("hook")
    take = folding.Work.take

    def fails(work: folding.Work, found: dict[str, Any]) -> None:
        if found["name"] == "bad":
            raise KeyError("a fault of the rules")
        take(work, found)

    monkeypatch.setattr(folding.Work, "take", fails)
    event = batch(alarm("bad"), alarm("good"))
    [failed] = stage.run(event)["batchItemFailures"]
    assert failed["itemIdentifier"] == event["Records"][0]["messageId"]
    assert names(receiver) == ["good"]
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(LAST)
    assert stage.run(event) == {"batchItemFailures": []}
    assert len(stage.queued("GIBAN_ALARMS_DEAD")) == 1
    stage.tick(60)
    assert names(receiver) == ["good", "unreadable"]


def test_trouble_with_the_table_is_no_poison(
    new_stage: Callable[..., Stage], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = new_stage("hook")

    class ThrottledError(Exception):
        response = {"Error": {"Code": "ProvisionedThroughputExceededException"}}  # noqa: RUF012 - as botocore's errors have it

    def busy(*_: Any) -> Any:
        raise ThrottledError

    event = batch(alarm(), count=LAST)
    with monkeypatch.context() as patch:
        patch.setattr(folding, "take", busy)
        assert len(stage.run(event)["batchItemFailures"]) == 1
    assert stage.queued("GIBAN_ALARMS_DEAD") == []
    assert stage.run(event) == {"batchItemFailures": []}
    assert names(receiver) == ["web-cpu"]


def test_log_lines_arrive_from_cloudwatch(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    logs = {"/acme/was": {"service": "services.was", "patterns": ["ERROR"], "priority": "P3"}}
    stage = new_stage("hook", logs=logs)
    payload = {
        "messageType": "DATA_MESSAGE", "owner": "0", "logGroup": "/acme/was", "logStream": "i-1", "subscriptionFilters": ["x"],
        "logEvents": [{"id": "1", "timestamp": int(stage.now * 1000), "message": "ERROR the database is away"}],
    }  # fmt: skip
    data = base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()
    stage.run({"awslogs": {"data": data}})
    stage.tick(60)
    [got] = receiver.to(HOOK)
    assert "the database is away" in json.dumps(got.json())
    stage.run({"awslogs": {"data": "no base64"}})
    assert len(stage.queued("GIBAN_ALARMS_DEAD")) == 1


@pytest.mark.parametrize("event", [{}, {"hello": 1}, {"tick": "yes"}, {"wake": 1}])
def test_an_event_nobody_sends_is_an_error(new_stage: Callable[..., Stage], event: dict[str, Any]) -> None:
    with pytest.raises(TurnFailed):
        new_stage("hook").run(event)


def test_an_empty_batch_is_nothing(new_stage: Callable[..., Stage]) -> None:
    assert new_stage("hook").run({"Records": []}) == {"batchItemFailures": []}


def test_more_than_one_transaction_holds_is_written_in_several(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    to = ["hook", "team", "oncall", "dc", "graf", "tg"]
    stage = new_stage(*to, routes=[{"to": to, "group": {"by": ["name"], "wait": 0, "interval": 0}, "repeat": 0}])
    assert stage.take(*(alarm(f"a{number:02}") for number in range(20))) == []
    stage.until(lambda: sum(stage.waiting(name) for name in to) == 0)
    assert names(receiver) == [f"a{number:02}" for number in range(20)]


def first(at: float) -> dict[str, Any]:
    """A heartbeat that has just been made: without data, and that is an alarm."""
    notice = alarm("beat", at=at)
    notice["OldStateValue"] = "INSUFFICIENT_DATA"
    return notice


@pytest.mark.parametrize("beats", [True, False], ids=["it beats then", "it never does"])
def test_a_new_heartbeat_is_given_time(new_stage: Callable[..., Stage], receiver: Receiver, beats: bool) -> None:
    stage = new_stage("hook", alarms={"beat": {"priority": "P1", "patience": 600}})
    event = batch(first(stage.now))
    assert stage.run(event) == {"batchItemFailures": []}
    assert delayed(stage) == 1
    stage.tick(120)
    if beats:
        assert stage.take(alarm("beat", "OK", at=stage.now)) == []
    stage.tick(481)
    assert receiver.received == []
    assert stage.run(event) == {"batchItemFailures": []}, "it comes again"
    stage.tick(60)
    assert names(receiver) == ([] if beats else ["beat"])
    assert [record["reason"] for record in stage.records("suppressed")] == (["not-firing", "stale"] if beats else [])


def test_a_heartbeat_that_stops_later_is_told_at_once(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", alarms={"beat": {"priority": "P1", "patience": 600}})
    assert stage.take(alarm("beat", at=stage.now)) == []
    stage.tick(60)
    assert names(receiver) == ["beat"]


def delayed(stage: Stage) -> int:
    """How many messages wait in the router's own queue."""
    answer = stage.client("sqs").get_queue_attributes(
        QueueUrl=stage.environment["GIBAN_ALARMS_QUEUE"], AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessagesDelayed"])
