"""From a notice to the receivers: the way of an alarm, with real tables, queues, secrets and HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable

from giban.runtime.alarms.acknowledging import acknowledge
from giban.runtime.alarms.handler import RESERVE, out_of_time_of, run, sooner

from .receivers import Receiver, answered, wait_for
from .stage import Stage, alarm, batch


def test_an_alarm_reaches_every_kind_of_channel_and_its_recovery_too(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("bot", "dc", "graf", "hook", "oncall", "team", "tg")
    assert stage.take(alarm()) == []
    hosts = [
        "hooks.slack.com",
        "discord.com",
        "oncall.grafana.net",
        "hook.example.com",
        "events.pagerduty.com",
        "api.telegram.org",
    ]
    assert {host: len(receiver.to(host)) for host in hosts} == dict.fromkeys(hosts, 1)
    assert len(receiver.to("slack.com", path="chat.postMessage")) == 1
    stage.now += 300
    assert stage.take(alarm(state="OK", at=stage.now)) == []
    stage.tick(60)
    assert {host: len(receiver.to(host)) for host in hosts} == dict.fromkeys(hosts, 2)
    posts = receiver.to("slack.com", path="chat.postMessage")
    assert len(posts) == 2
    updates = receiver.to("slack.com", path="chat.update")
    assert posts[1].json()["thread_ts"] == updates[0].json()["ts"]
    assert [one.json()["event_action"] for one in receiver.to("events.pagerduty.com")] == ["trigger", "resolve"]
    assert len({one.json()["dedup_key"] for one in receiver.to("events.pagerduty.com")}) == 1
    assert len(stage.records("delivered")) == 14
    assert all(stage.waiting(name) == 0 for name in stage.config["channels"])


def test_mail_and_text_messages_go_through_sns(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("mail", "owner")
    sns, sqs = stage.client("sns"), stage.client("sqs")
    topic = sns.create_topic(Name=f"{stage.name}-mail")["TopicArn"]
    stage.config["channels"]["mail"] = {"kind": "email", "topic": f"{stage.name}-mail"}
    stage.world = stage.new_world()
    assert stage.world.topic_arn(f"{stage.name}-mail") == topic
    box = sqs.create_queue(QueueName=f"{stage.name}-box")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=box, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    stage.take(alarm())
    [got] = sqs.receive_message(QueueUrl=box, WaitTimeSeconds=2)["Messages"]
    mail = json.loads(got["Body"])
    assert mail["Subject"] == "P2 CPU of the web servers · firing · acme-dev"
    assert "/ack/" in mail["Message"]
    assert stage.waiting("mail") + stage.waiting("owner") == 0
    assert sorted(record["channel"] for record in stage.records("delivered")) == ["mail", "owner"]
    # Nobody is woken to hear that somebody else is awake.
    group = stage.table.query("group")[0].doc["id"]
    acknowledge(stage.world, group, "mina")
    stage.tick(5)
    assert stage.waiting("mail") + stage.waiting("owner") == 0
    assert "Messages" not in sqs.receive_message(QueueUrl=box)


def test_a_function_whose_time_is_over_leaves_the_rest_to_the_next_turn(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = new_stage("hook")
    assert run(stage.world, batch(alarm()), lambda: True) == {"batchItemFailures": []}
    assert (receiver.received, stage.waiting("hook")) == ([], 1)
    wait_for(lambda: stage.take(*stage.queued("GIBAN_ALARMS_QUEUE")) == [] and stage.waiting("hook") == 0)
    assert len(receiver.to("hook.example.com")) == 1


def test_lambdas_clock_says_when_to_come_to_an_end() -> None:
    class Context:
        left = 60_000

        def get_remaining_time_in_millis(self) -> int:
            return self.left

    context = Context()
    out_of_time = out_of_time_of(context)
    assert not out_of_time()
    context.left = int(RESERVE * 1000) - 1
    assert out_of_time()
    assert not out_of_time_of(None)()
    assert sooner(lambda: True, 60.0)()
    assert sooner(lambda: False, -1.0)()


def test_wake_ups_do_not_multiply(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = new_stage("hook", "team", "oncall")
    receiver.rule = lambda host, path, body: answered(503)
    for number in range(6):
        stage.take(alarm(f"a{number}"))
    # Many turns found messages waiting; one wake-up is arranged, and it arranges the next when it comes.
    wait_for(lambda: (found := stage.queued("GIBAN_ALARMS_QUEUE")) != [] and len(found) == 1)
    for _ in range(5):
        stage.now += 60
        stage.take('{"wake": true}', '{"wake": true}')
        stage.take('{"wake": true}')
    arranged = stage.table.get("wake", "next")
    assert arranged is not None
    assert arranged.version <= 7
