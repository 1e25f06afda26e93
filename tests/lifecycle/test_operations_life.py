"""Alarms and power schedules of one environment on the rehearsal: real Terraform, the real router and keeper as functions on the
emulators, and the inbox in the place of Slack, PagerDuty and phones.

The tests of this file follow one environment from `up` to `down` and build on each other. Time is the rehearsal's clock, which
they set on Monday at ten in Seoul: inside of the office hours, outside of the quiet ones.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from giban.lifecycle.rehearsed import EMULATORS
from giban.rehearsal.clock import Clock
from tests.lifecycle.test_whole_life import Project, command

pytestmark = pytest.mark.e2e
LIMIT = 120.0
"""Seconds: the router's and the keeper's own clocks tick every minute, and a loaded machine takes its time."""

BLUEPRINT = """\
name: ops
domain: ops.example.com
regions: [ap-northeast-2]
owner: platform team
network: {zones: 1, nat: single}
access: {bastion: {allow: [203.0.113.0/24]}}
services:
  was: {kind: instances, scale: {min: 1, max: 2}}
power:
  office: {time_zone: Asia/Seoul, on: "08:00 daily", off: "20:00 daily", targets: [services.was]}
alarms:
  channels:
    team: {slack_bot: {token: secret:ops/slack-token, channel: C0123456789, signing: secret:ops/slack-signing}}
    oncall: {pagerduty: secret:ops/pagerduty-key}
    owner: {sms: "+821012345678"}
  routes:
    - {match: {priority: P1}, to: [oncall, owner], group: {wait: 5s}, escalate: {after: 10m, to: [owner], repeat: 2}}
    - match: {priority: P4}
      to: [team]
      group: {wait: 5s}
      quiet: {time_zone: Asia/Seoul, hours: "22:00-08:00"}
    - {to: [team], group: {by: [service], wait: 5s, interval: 30s}}
  log_errors: {was: [ERROR]}
budget: {monthly_usd: 200, alert: [80, forecast]}
"""
Message = dict[str, Any]


class Watched(Project):
    """The environment, its clock and its inbox."""

    @property
    def emulators(self) -> Path:
        return self.folder / ".giban" / EMULATORS

    def now(self) -> float:
        return Clock(str(self.emulators))()

    def ahead(self, minutes: float) -> None:
        self.run("rehearsal", "clock", f"+{round(minutes)}m")

    def inbox(self, service: str = "") -> list[Message]:
        port = (self.emulators / "inbox.port").read_text().strip()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/inbox.json", timeout=30) as answer:
            messages: list[Message] = json.load(answer)["messages"]
        return [message for message in messages if service in ("", message["service"])]

    def changes(self) -> list[Any]:
        return [change for root in self.json("plan")["roots"] for change in root["changes"]]

    def alerts(self) -> list[Any]:
        """What fires; the command's exit code says whether anything does."""
        answer = subprocess.run(
            command("alarms", "list", "--json"), cwd=self.folder, capture_output=True, text=True, check=False
        )
        found: list[Any] = json.loads(answer.stdout)["alerts"]
        assert answer.returncode == (1 if found else 0), answer.stderr
        return found

    def history(self) -> list[Any]:
        records: list[Any] = self.json("alarms", "history", "--limit", "500")["records"]
        return records

    def wait(self, what: str, look: Callable[[], Any], limit: float = LIMIT) -> Any:
        """Look until there is something; fails loudly with what came instead."""
        deadline = time.monotonic() + limit
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                messages = [f"{item['service']} {item['state']} {item['title']}" for item in self.inbox()]
                history = self.run("alarms", "history", "--limit", "40").stdout
                raise AssertionError(f"not within {limit} s: {what}\n" + "\n".join(messages) + f"\n{history}")
            time.sleep(1)

    def message(self, what: str, service: str, holds: Callable[[Message], bool], limit: float = LIMIT) -> Message:
        found: Message = self.wait(what, lambda: next(filter(holds, self.inbox(service)), None), limit)
        return found

    def cpu(self, value: float, minutes: int) -> None:
        """What the group's instances would have measured in the last minutes."""
        end = self.now()
        self.client("cloudwatch").put_metric_data(
            Namespace="AWS/EC2",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "ops-was"}],
                    "Timestamp": datetime.fromtimestamp(end - 60 * minute, UTC),
                    "Value": value,
                    "Unit": "Percent",
                }
                for minute in range(minutes)
            ],
        )

    def topic(self) -> str:
        (found,) = [
            topic["TopicArn"]
            for topic in self.client("sns").list_topics()["Topics"]
            if topic["TopicArn"].endswith(":ops-alarms")
        ]
        return str(found)


def monday_at_ten(now: datetime) -> datetime:
    """The next Monday, 10:00 in Seoul."""
    seoul = now.astimezone(ZoneInfo("Asia/Seoul"))
    day = seoul + timedelta(days=7 - seoul.weekday())
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    project = Watched(tmp_path_factory.mktemp("operations"), BLUEPRINT)
    project.run("rehearsal", "start")
    project.run("rehearsal", "clock", monday_at_ten(datetime.now(UTC)).isoformat())
    yield project
    project.run("rehearsal", "stop")


def test_01_up_twice_and_the_second_changes_nothing(ops: Watched) -> None:
    first = ops.json("up")
    assert all(root["changed"] for root in first["roots"])
    assert ops.changes() == []
    assert ops.alerts() == [], "an environment that was just made has no alarms"


def test_02_a_test_alarm_goes_the_whole_way_and_back(ops: Watched) -> None:
    assert ops.json("alarms", "test", "P3")["arrived"]
    first = ops.message("the alarm in Slack", "slack_bot", lambda message: "Test alarm" in message["title"])
    assert not first["reply"]
    assert first["actions"], "there is a button to acknowledge it"
    ops.json("alarms", "test", "P3", "--resolve")
    ops.message(
        "its recovery in the same thread",
        "slack_bot",
        lambda message: message["thread"] == first["thread"] and message["reply"] and message["state"] == "resolved",
    )


def test_03_cpu_alarm_in_slack_and_its_recovery_in_the_same_thread(ops: Watched) -> None:
    ops.cpu(97, 15)
    first = ops.message(
        "CPU in Slack",
        "slack_bot",
        lambda message: "services.was" in message["text"] + message["title"] and not message["reply"],
    )
    assert "97" in first["text"], "the value"
    assert "85" in first["text"], "the threshold"
    assert any("console" in link["url"] for link in first["links"]), "where to look"
    ops.ahead(15)
    ops.cpu(4, 14)
    ops.message(
        "the recovery in the same thread",
        "slack_bot",
        lambda message: message["thread"] == first["thread"] and message["reply"] and message["state"] == "resolved",
    )
    changed = ops.message("the first message", "slack_bot", lambda message: message["number"] == first["number"])
    assert changed["state"] == "resolved", "who reads only the channel sees it too"
    told = [record["what"] for record in ops.history() if "services.was.cpu" in str(record.get("alert"))]
    assert told[::-1][:2] == ["firing", "resolved"]


def test_04_a_line_of_the_log_is_an_alarm(ops: Watched) -> None:
    logs = ops.client("logs")
    (group,) = [
        found["logGroupName"]
        for found in logs.describe_log_groups()["logGroups"]
        if logs.describe_subscription_filters(logGroupName=found["logGroupName"])["subscriptionFilters"]
    ]
    logs.create_log_stream(logGroupName=group, logStreamName="i-0test")
    lines = ["INFO all is well", "ERROR the basket is empty: order 4711"]
    logs.put_log_events(
        logGroupName=group,
        logStreamName="i-0test",
        # CloudWatch Logs takes no lines of the future, and its clock is the machine's.
        logEvents=[
            {"timestamp": round(time.time() * 1000) + index, "message": line} for index, line in enumerate(lines)
        ],
    )
    found = ops.message("the line in Slack", "slack_bot", lambda message: "order 4711" in message["text"])
    assert "all is well" not in found["text"]


def test_05_quiet_hours_hold_low_priorities_and_deliver_one_digest(ops: Watched) -> None:
    night = datetime.fromtimestamp(ops.now(), ZoneInfo("Asia/Seoul")).replace(hour=23, minute=0)
    ops.run("rehearsal", "clock", night.isoformat())
    before = len(ops.inbox("slack_bot"))
    for service in ("reports", "search"):
        held = ops.json("alarms", "test", "P4", "--service", service)
        assert held["held_until"], "the command says until when"
    assert not any("reports" in message["text"] for message in ops.inbox("slack_bot")[before:]), "nobody is woken"
    ops.run("rehearsal", "clock", (night + timedelta(hours=9, minutes=1)).isoformat())
    digest = ops.message("the digest in the morning", "slack_bot", lambda message: message["state"] == "digest")
    assert "reports" in digest["text"]
    assert "search" in digest["text"]
    assert len([message for message in ops.inbox("slack_bot") if message["state"] == "digest"]) == 1


def test_06_a_planned_stop_is_silent_and_no_drift(ops: Watched) -> None:
    before = len(ops.inbox())
    ops.run("power", "off", "services.was")

    def group() -> Any:
        return ops.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["ops-was"])[
            "AutoScalingGroups"
        ][0]

    ops.wait("no instance is left", lambda: (group()["DesiredCapacity"], group()["Instances"]) == (0, []))
    assert ops.changes() == []
    assert ops.json("alarms", "silences")["mutes"], "what the stop causes is muted"
    ops.ahead(15)
    ops.wait(
        "the alarm is muted, not told",
        lambda: [item for item in ops.history() if item["what"] == "suppressed" and item["reason"] == "mute"],
    )
    assert [
        message["title"] for message in ops.inbox()[before:] if "services.was" in message["title"] + message["text"]
    ] == []
    ops.run("power", "auto", "services.was")
    ops.wait("it is on again", lambda: len(group()["Instances"]) == 1)


def test_07_a_terminated_machine_reaches_phones_until_somebody_takes_it_over(ops: Watched) -> None:
    ec2 = ops.client("ec2")
    name = [{"Name": "tag:Name", "Values": ["ops-bastion"]}, {"Name": "instance-state-name", "Values": ["running"]}]
    (bastion,) = [
        item["InstanceId"]
        for group in ec2.describe_instances(Filters=name)["Reservations"]
        for item in group["Instances"]
    ]
    ec2.terminate_instances(InstanceIds=[bastion])

    def about(service: str) -> list[Message]:
        return [message for message in ops.inbox(service) if bastion in message["title"] + message["text"]]

    page = ops.wait("the page", lambda: about("pagerduty"))[0]
    assert page["state"] == "firing"
    assert page["priority"] == "P1"
    ops.wait("the text message", lambda: about("sms"))
    ops.ahead(11)
    ops.wait("the text message again: nobody took it over", lambda: len(about("sms")) == 2)
    (alert,) = [alert for alert in ops.alerts() if alert["resource"] == bastion]
    assert ops.json("alarms", "ack", alert["key"])["groups"]
    ops.wait(
        "PagerDuty knows",
        lambda: [item for item in ops.inbox("pagerduty") if item["state"] in ("acknowledged", "resolved")],
    )
    ops.ahead(25)
    time.sleep(5)
    ops.client("lambda").invoke(FunctionName="ops-alarms", Payload=b'{"tick": true}')
    assert len(about("sms")) == 2, "the escalation has ended"


def test_08_the_budget_reaches_the_channels(ops: Watched) -> None:
    text = (
        "AWS Budget Notification November 21, 2026\nAWS Account 000000000000\n\nDear AWS Customer,\n\n"
        "You requested that we alert you when the ACTUAL Cost associated with your ops budget is greater than $160.00 for the "
        "current month. The ACTUAL Cost associated with this budget is $172.40. You can find additional details below.\n\n"
        "Budget Name: ops\nBudget Type: Cost\nBudgeted Amount: $200.00\nAlert Type: ACTUAL\nAlert Threshold: > $160.00\n"
        "ACTUAL Amount: $172.40\n"
    )
    ops.client("sns").publish(
        TopicArn=ops.topic(), Subject="AWS Budgets: ops has exceeded your alert threshold", Message=text
    )
    found = ops.message(
        "the budget in Slack", "slack_bot", lambda message: "172.4" in message["text"] + message["title"]
    )
    assert "160" in found["text"] + found["title"]


def test_09_a_silence_holds_and_ends(ops: Watched) -> None:
    silence = ops.json("alarms", "silence", "service=quiet", "--for", "2h", "--why", "load test")["silence"]
    assert silence["why"] == "load test"
    held = ops.json("alarms", "test", "P3", "--service", "quiet")
    assert [record["reason"] for record in held["records"] if record["what"] == "suppressed"] == ["silence"]
    ops.json("alarms", "unsilence", silence["id"])
    ops.message("what still fires is told", "slack_bot", lambda message: "quiet" in message["text"])


def test_10_down_leaves_nothing(ops: Watched) -> None:
    ops.run("down", "--yes")
    assert ops.client("lambda").list_functions()["Functions"] == []
    assert ops.client("dynamodb").list_tables()["TableNames"] == []
