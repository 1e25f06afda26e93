"""A router with a table, two queues and secrets on the emulators, a settable clock, and notices as SNS and SQS deliver them."""

from __future__ import annotations

import itertools
import json
import os
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from giban.rehearsal.contents import Clients
from giban.runtime.alarms.channels import Broken
from giban.runtime.alarms.handler import run
from giban.runtime.alarms.sending import Sender
from giban.runtime.alarms.table import Table
from giban.runtime.alarms.web import post
from giban.runtime.alarms.world import World

START = 1_795_000_000.0
"""2026-11-18, a Wednesday."""
NUMBERS = itertools.count(1)
PATIENCE = 0.6
"""Seconds a sender waits for an answer in tests."""

CHANNELS: dict[str, dict[str, Any]] = {
    "bot": {"kind": "slack_bot", "secret": "bot-token", "channel": "C0123", "signing_secret": "bot-signing"},
    "dc": {"kind": "discord", "secret": "discord-url"},
    "graf": {"kind": "grafana", "secret": "grafana-url"},
    "hook": {"kind": "webhook", "secret": "hook-address"},
    "oncall": {"kind": "pagerduty", "secret": "pagerduty-key"},
    "owner": {"kind": "sms", "number": "+821012345678"},
    "mail": {"kind": "email", "topic": "acme-mail"},
    "team": {"kind": "slack", "secret": "slack-url"},
    "tg": {"kind": "telegram", "secret": "telegram-token", "chat": "-100"},
}
SECRETS = {
    "bot-token": "xoxb-1",
    "bot-signing": "0123456789abcdef",
    "discord-url": "https://discord.com/api/webhooks/1/token",
    "grafana-url": "https://oncall.grafana.net/hook",
    "hook-address": json.dumps({"url": "https://hook.example.com/in", "key": "k"}),
    "pagerduty-key": "0123456789abcdef0123456789abcdef",
    "slack-url": "https://hooks.slack.com/services/T/B/X",
    "telegram-token": "123:abc",
}
"""As people put them into Secrets Manager. None is real."""


def config_of(to: list[str], **more: Any) -> dict[str, Any]:
    """A configuration with one route to these channels, at once."""
    return {
        "environment": "acme-dev",
        "region": "ap-northeast-2",
        "channels": {name: CHANNELS[name] for name in to},
        "routes": [{"to": to, "group": {"by": ["service"], "wait": 0, "interval": 0}, "repeat": 0}],
        "alarms": {},
        **more,
    }


class Stage:
    """One router."""

    def __init__(self, client: Clients, config: dict[str, Any], *, api: str = "https://alarms.example.com") -> None:
        self.client = client
        self.name = f"acme-{uuid.uuid4().hex[:8]}"
        client("dynamodb").create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        queues = [client("sqs").create_queue(QueueName=f"{self.name}-{part}")["QueueUrl"] for part in ("in", "dead")]
        secret = client("secretsmanager").create_secret(Name=f"{self.name}-links")["ARN"]
        for name, value in SECRETS.items():
            client("secretsmanager").create_secret(Name=f"{self.name}-{name}", SecretString=value)
        channels = {
            name: {
                key: f"{self.name}-{value}" if key in ("secret", "signing_secret") else value
                for key, value in entry.items()
            }
            for name, entry in config["channels"].items()
        }
        self.environment = {
            "GIBAN_ALARMS_TABLE": self.name,
            "GIBAN_ALARMS_QUEUE": queues[0],
            "GIBAN_ALARMS_DEAD": queues[1],
            "GIBAN_ALARMS_SECRET": secret,
            "GIBAN_ALARMS_API": api,
            "GIBAN_PREFIX": "acme-dev",
        }
        self.config = {**config, "channels": channels}
        self.now = START
        self.world = self.new_world()

    def new_world(self) -> World:
        """The same router in another process, as far as memory goes."""
        return World(self.environment, self.config, self.client, lambda: self.now, os.urandom)

    @property
    def table(self) -> Table:
        """The router's table."""
        return self.world.table

    def run(
        self, event: dict[str, Any], *, world: World | None = None, patience: float = PATIENCE, send: Any = None
    ) -> Any:
        """One invocation."""
        world = world or self.world
        return run(world, event, lambda: False, send or Sender(world, partial(post, timeout=patience)))

    def take(self, *notices: dict[str, Any] | str, count: int = 1, **more: Any) -> list[str]:
        """Notices in one batch; the ids of the records that failed."""
        answer = self.run(batch(*notices, count=count), **more)
        return [entry["itemIdentifier"] for entry in answer["batchItemFailures"]]

    def tick(self, seconds: float = 0.0, **more: Any) -> Any:
        """The scheduler's tick, so much later."""
        self.now += seconds
        return self.run({"tick": True}, **more)

    def until(self, condition: Callable[[], bool], step: float = 5.0, most: int = 200) -> None:
        """Tick until it is so."""
        for _ in range(most):
            if condition():
                return
            self.tick(step)
        raise AssertionError(f"not within {most} ticks")

    def waiting(self, channel: str) -> int:
        """Messages of a channel that are not delivered."""
        return len(self.table.query(f"outbox/{channel}"))

    def records(self, what: str) -> list[dict[str, Any]]:
        """Records of the history of the days around the start, oldest first."""
        from giban.runtime.common.times import iso_exact

        days = [iso_exact(START + shift * 86_400)[:10] for shift in range(-1, 4)]
        return [item.doc for day in days for item in self.table.query(f"history/{day}") if item.doc["what"] == what]

    def queued(self, which: str) -> list[str]:
        """Bodies that can be received from one of the queues now; they are deleted."""
        url, found = self.environment[which], []
        while messages := self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in messages]
            for message in messages:
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


def alarm(name: str = "web-cpu", state: str = "ALARM", at: float = START, **more: Any) -> dict[str, Any]:
    """What CloudWatch publishes (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html)."""
    from time import gmtime, strftime

    return {
        "AlarmName": name,
        "AlarmDescription": "CPU of the web servers",
        "AWSAccountId": "000000000000",
        "AlarmArn": f"arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:{name}",
        "NewStateValue": state,
        "OldStateValue": "OK" if state == "ALARM" else "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [97.0] was greater than the threshold (80.0).",
        "StateChangeTime": strftime("%Y-%m-%dT%H:%M:%S", gmtime(at)) + ".000+0000",
        "Region": "Asia Pacific (Seoul)",
        "Trigger": {
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/EC2",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [{"name": "AutoScalingGroupName", "value": "acme-dev-web"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 80.0,
        },
        **more,
    }


def batch(*notices: dict[str, Any] | str, count: int = 1) -> dict[str, Any]:
    """Notices as SQS gives them to Lambda. A dict is what SNS was given as its message; text is a body as it is."""
    return {"Records": [record(notice, count) for notice in notices]}


def record(notice: dict[str, Any] | str, count: int = 1) -> dict[str, Any]:
    """One record; a notice with "MessageId" keeps it, so that it can be delivered twice."""
    number = next(NUMBERS)
    if isinstance(notice, str):
        body = notice
    else:
        identity = notice.pop("MessageId", None) or f"sns-{number}"
        body = json.dumps(
            {
                "Type": "Notification",
                "MessageId": identity,
                "TopicArn": "arn:aws:sns:ap-northeast-2:000000000000:acme-dev-alarms",
                "Message": json.dumps(notice),
                "Timestamp": "2026-11-18T11:06:40.000Z",
            }
        )
    return {
        "messageId": f"sqs-{number}",
        "receiptHandle": "x",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(count)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def never(*_: Any) -> Any:
    """A channel nobody gets through to."""
    raise Broken("no")
