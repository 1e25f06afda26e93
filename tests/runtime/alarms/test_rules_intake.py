"""What arrives, as alerts: every kind of message in the form AWS writes it, and what is none."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giban.runtime.alarms.rules import intake
from giban.runtime.alarms.rules.making import moment, number

NOW = 1_795_000_000.0
CONFIG: dict[str, Any] = {
    "environment": "scv-dev",
    "region": "ap-northeast-2",
    "account_url": "https://ap-northeast-2.console.aws.amazon.com",
    "channels": {"team": {"kind": "slack"}},
    "alarms": {
        "scv-web-cpu": {
            "priority": "P3",
            "service": "services.web",
            "what": "CPU of web is high",
            "do": "Look at the busiest requests.",
            "runbook": "https://wiki.example/cpu",
            "unit": "%",
        },
        "scv-region": {"priority": "P1", "service": "region", "kind": "region", "what": "The region is down"},
    },
    "logs": {"/scv/was": {"service": "services.was", "patterns": ["ERROR", "Traceback"], "priority": "P2"}},
    "budget": {"name": "scv-dev", "service": "budget"},
    "resources": {"scv-main": "databases.main"},
}


def one(raw: object, **changes: Any) -> dict[str, Any]:
    (alert,) = intake.read(raw, {**CONFIG, **changes}, NOW)
    return alert


def envelope(message: object, **more: Any) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:x:1:t", "Message": text, **more}


ALARM: dict[str, Any] = {
    "AlarmName": "scv-web-cpu",
    "AlarmDescription": "described",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint [91.2 (21/11/26 09:00:00)] was greater than the threshold (80.0).",
    "StateChangeTime": "2026-11-18T10:30:00.250+0000",
    "Region": "Asia Pacific (Seoul)",
    "AlarmArn": "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:scv-web-cpu",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [{"name": "AutoScalingGroupName", "value": "scv-web"}],
        "Period": 300,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80.0,
    },
}


def test_an_alarm_of_cloudwatch() -> None:
    alert = one(envelope(ALARM))
    assert alert == {
        "key": "alarm:scv-web-cpu",
        "occurrence": "alarm:scv-web-cpu@1794997800.250@firing",
        "source": "cloudwatch",
        "status": "firing",
        "ends": "",
        "priority": "P3",
        "service": "services.web",
        "kind": "alarm",
        "name": "scv-web-cpu",
        "title": "CPU of web is high",
        "text": ALARM["NewStateReason"],
        "region": "ap-northeast-2",
        "resource": "scv-web-cpu",
        "value": 91.2,
        "threshold": 80.0,
        "unit": "%",
        "metric": {
            "namespace": "AWS/EC2",
            "name": "CPUUtilization",
            "dimensions": {"AutoScalingGroupName": "scv-web"},
            "statistic": "Average",
            "period": 300.0,
        },
        "since": 1794997800.25,
        "at": 1794997800.25,
        "times": 1,
        "console": "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-2#alarmsV2:alarm/scv-web-cpu",
        "runbook": "https://wiki.example/cpu",
        "do": "Look at the busiest requests.",
        "labels": {"account": "123456789012", "comparison": "GreaterThanThreshold"},
    }


STATES = [("ALARM", "firing"), ("OK", "resolved"), ("INSUFFICIENT_DATA", "unknown")]


@pytest.mark.parametrize(("state", "status"), STATES)
def test_states_of_an_alarm_share_its_key(state: str, status: str) -> None:
    alert = one({**ALARM, "NewStateValue": state})
    assert (alert["key"], alert["status"]) == ("alarm:scv-web-cpu", status)


def test_an_alarm_that_nobody_configured_is_told_by_its_description() -> None:
    alert = one({**ALARM, "AlarmName": "by-hand"})
    assert (alert["priority"], alert["title"], alert["service"]) == ("P2", "described", "aws")


def test_the_kind_of_an_alarm_may_be_configured() -> None:
    assert one({**ALARM, "AlarmName": "scv-region"})["kind"] == "region"


def test_an_alarm_of_another_region_links_there() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:1:alarm:x"
    assert str(one({**ALARM, "AlarmArn": arn})["console"]).startswith("https://us-east-1.console.aws.amazon.com/")


def test_a_composite_alarm() -> None:
    child = "arn:aws:cloudwatch:ap-northeast-2:1:alarm:scv-web-cpu"
    raw = {key: value for key, value in ALARM.items() if key != "Trigger"}
    raw |= {"AlarmRule": f"ALARM({child})", "TriggeringChildren": [{"Arn": child, "State": {"Value": "ALARM"}}]}
    alert = one(raw)
    assert (alert["metric"], alert["labels"]["children"]) == (None, "scv-web-cpu")


def test_an_alarm_over_an_expression_has_its_first_metric() -> None:
    stat = {
        "Metric": {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Dimensions": []},
        "Period": 60,
        "Stat": "Sum",
    }
    metrics = [{"Id": "e", "Expression": "m/2"}, {"Id": "m", "MetricStat": stat}]
    alert = one({**ALARM, "Trigger": {"Metrics": metrics, "Threshold": 1}})
    assert (alert["metric"]["name"], alert["metric"]["statistic"]) == ("Errors", "Sum")


def test_the_event_of_an_alarm_is_the_same_matter() -> None:
    raw = event(
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        {
            "alarmName": "scv-web-cpu",
            "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-18T10:30:00.250+0000"},
        },
    )
    assert one(raw)["occurrence"] == one(ALARM)["occurrence"]


def event(source: str, type: str, detail: object, **more: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "e-1",
        "detail-type": type,
        "source": source,
        "account": "123456789012",
        "time": "2026-11-18T10:30:00Z",
        "region": "ap-northeast-2",
        "resources": [],
        "detail": detail,
        **more,
    }


def state(name: str) -> dict[str, Any]:
    return event("aws.ec2", "EC2 Instance State-change Notification", {"instance-id": "i-0abc", "state": name})


def rds(*categories: str, **detail: str) -> dict[str, Any]:
    found = {
        "EventCategories": list(categories),
        "SourceIdentifier": "rds:scv-main",
        "EventID": "RDS-EVENT-0049",
        **detail,
    }
    return event("aws.rds", "RDS DB Instance Event", {"Message": "A Multi-AZ failover has completed.", **found})


def ended(source: str, type: str, field: str, value: str, **detail: str) -> dict[str, Any]:
    return event(source, type, {field: value, **detail})


PIPELINE = ("aws.codepipeline", "CodePipeline Pipeline Execution State Change", "state")
BUILD = ("aws.codebuild", "CodeBuild Build State Change", "build-status")
DEPLOY = ("aws.codedeploy", "CodeDeploy Deployment State-change Notification", "state")
TASK = {"lastStatus": "STOPPED", "group": "service:web", "clusterArn": "arn:aws:ecs:x:1:cluster/c", "taskArn": "a/c/t1"}
CERTIFICATE = {"resources": ["arn:aws:acm:ap-northeast-2:1:certificate/61f5"]}
HEALTH = {"eventArn": "arn:aws:health:x", "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE"}
ASG = {"AutoScalingGroupName": "scv-web", "StatusMessage": "no capacity"}

EVENTS: list[tuple[dict[str, Any], list[tuple[str, str, str, str]]]] = [
    (state("stopped"), [("event:ec2:i-0abc:stopped", "firing", "P2", "instance-stopped")]),
    (state("running"), [("event:ec2:i-0abc:stopped", "resolved", "P2", "instance-stopped")]),
    (
        state("terminated"),
        [
            ("event:ec2:i-0abc:terminated", "firing", "P1", "instance-terminated"),
            ("event:ec2:i-0abc:stopped", "resolved", "P2", "instance-stopped"),
        ],
    ),
    (state("pending"), []),
    (state("stopping"), []),
    (
        event(
            "aws.ec2", "EC2 Spot Instance Interruption Warning", {"instance-id": "i-1", "instance-action": "terminate"}
        ),
        [("event:ec2:i-1:spot-interruption", "event", "P3", "spot-interruption")],
    ),
    (
        event("aws.autoscaling", "EC2 Instance Launch Unsuccessful", ASG),
        [("event:autoscaling:scv-web:launch-failed", "firing", "P2", "launch-failed")],
    ),
    (
        event("aws.autoscaling", "EC2 Instance Launch Successful", ASG),
        [("event:autoscaling:scv-web:launch-failed", "resolved", "P2", "launch-failed")],
    ),
    (rds("failover"), [("event:rds:scv-main:rds-failover", "event", "P2", "rds-failover")]),
    (rds("availability", "failure"), [("event:rds:scv-main:rds-failure", "event", "P1", "rds-failure")]),
    (rds("low storage"), [("event:rds:scv-main:rds-storage", "event", "P2", "rds-storage")]),
    (rds("backup"), [("event:rds:scv-main:RDS-EVENT-0049", "event", "P4", "rds-event")]),
    (ended(*PIPELINE, "FAILED", pipeline="web"), [("event:pipeline:web", "firing", "P3", "pipeline-failed")]),
    (ended(*PIPELINE, "SUCCEEDED", pipeline="web"), [("event:pipeline:web", "resolved", "P3", "pipeline-failed")]),
    (ended(*PIPELINE, "STARTED", pipeline="web"), []),
    (ended(*BUILD, "FAILED", **{"project-name": "b"}), [("event:build:b", "firing", "P3", "build-failed")]),
    (
        ended(*DEPLOY, "FAILURE", application="a", deploymentGroup="g"),
        [("event:deployment:a/g", "firing", "P3", "deployment-failed")],
    ),
    (
        event("aws.ecs", "ECS Task State Change", {**TASK, "stopCode": "EssentialContainerExited"}),
        [("event:ecs:c/web:stopped", "event", "P3", "task-stopped")],
    ),
    (
        event("aws.ecs", "ECS Task State Change", {**TASK, "stopCode": "ServiceSchedulerInitiated"}),
        [("event:ecs:c/web:stopped", "event", "P4", "task-stopped")],
    ),
    (
        event(
            "aws.ecs",
            "ECS Task State Change",
            {**TASK, "stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Task failed ELB health checks"},
        ),
        [("event:ecs:c/web:stopped", "event", "P3", "task-stopped")],
    ),
    (event("aws.ecs", "ECS Task State Change", {**TASK, "lastStatus": "RUNNING"}), []),
    (
        event(
            "aws.ecs",
            "ECS Deployment State Change",
            {"eventName": "SERVICE_DEPLOYMENT_FAILED"},
            resources=["arn:aws:ecs:x:1:service/c/web"],
        ),
        [("event:ecs:c/web:deployment", "firing", "P2", "deployment-failed")],
    ),
    (
        event(
            "aws.acm",
            "ACM Certificate Approaching Expiration",
            {"DaysToExpiry": 31, "CommonName": "a.b"},
            **CERTIFICATE,
        ),
        [(f"event:acm:{CERTIFICATE['resources'][0]}:certificate-expiring", "event", "P3", "certificate-expiring")],
    ),
    (
        event(
            "aws.acm", "ACM Certificate Approaching Expiration", {"DaysToExpiry": 3, "CommonName": "a.b"}, **CERTIFICATE
        ),
        [(f"event:acm:{CERTIFICATE['resources'][0]}:certificate-expiring", "event", "P2", "certificate-expiring")],
    ),
    (
        event("aws.acm", "ACM Certificate Expired", {"CommonName": "a.b"}, **CERTIFICATE),
        [(f"event:acm:{CERTIFICATE['resources'][0]}:certificate-expired", "event", "P1", "certificate-expired")],
    ),
    (
        event("aws.health", "AWS Health Event", {**HEALTH, "eventTypeCategory": "issue", "statusCode": "open"}),
        [("event:health:arn:aws:health:x", "firing", "P2", "health-issue")],
    ),
    (
        event("aws.health", "AWS Health Event", {**HEALTH, "eventTypeCategory": "issue", "statusCode": "closed"}),
        [("event:health:arn:aws:health:x", "resolved", "P2", "health-issue")],
    ),
    (
        event("aws.health", "AWS Health Event", {**HEALTH, "eventTypeCategory": "scheduledChange"}),
        [("event:health:arn:aws:health:x", "event", "P3", "health-change")],
    ),
    (event("my.app", "Order Lost", {"order": 7}), [("event:my.app:Order Lost:", "event", "P3", "event")]),
]


@pytest.mark.parametrize(
    ("raw", "expected"), EVENTS, ids=[f"{number}-{case[0]['detail-type']}" for number, case in enumerate(EVENTS)]
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_events(raw: dict[str, Any], expected: list[Any], language: str) -> None:
    found = intake.read(envelope(raw), {**CONFIG, "language": language}, NOW)
    assert [(alert["key"], alert["status"], alert["priority"], alert["name"]) for alert in found] == expected
    for alert in found:
        assert alert["title"]
        assert "{" not in alert["title"]
        assert alert["console"] is None or str(alert["console"]).startswith("https://")


def test_a_terminated_instance_never_recovers_by_itself_and_says_where_to_look_who_did_it() -> None:
    alert = intake.read(state("terminated"), CONFIG, NOW)[0]
    assert alert["ends"] == "ack"
    assert "CloudTrail" in alert["do"]
    assert "InstanceDetails:instanceId=i-0abc" in alert["console"]


def test_a_database_belongs_to_its_service() -> None:
    assert one(rds("failover"))["service"] == "databases.main"


def test_a_notice_of_a_subscription_of_rds() -> None:
    raw = {
        "Event Source": "db-instance",
        "Event Time": "2026-11-18 10:30:00.307",
        "Identifier Link": "https://console.aws.amazon.com/rds/home?region=ap-northeast-2#dbinstance:id=scv-main",
        "Source ID": "scv-main",
        "Source ARN": "arn:aws:rds:ap-northeast-2:123456789012:db:scv-main",
        "Event ID": "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-0049",
        "Event Message": "A Multi-AZ failover has completed.",
    }
    alert = one(envelope(raw))
    assert (alert["key"], alert["source"], alert["service"]) == (
        "event:rds:scv-main:rds-failover",
        "rds",
        "databases.main",
    )
    assert alert["at"] == pytest.approx(1794997800.307)


BUDGET = """AWS Budget Notification November 18, 2026
AWS Account 123456789012

Dear AWS Customer,

You requested that we alert you when the ACTUAL Cost associated with your scv-dev budget is greater than $160.00 for the current
month. The ACTUAL Cost associated with this budget is $161.23.

Budget Name: scv-dev
Budget Type: Cost
Budgeted Amount: $200.00
Alert Type: ACTUAL
Alert Threshold: > $160.00
ACTUAL Amount: $161.23

[1] https://console.aws.amazon.com/billing/home#/budgets
"""


def test_a_notice_of_a_budget() -> None:
    alert = one(envelope(BUDGET, Subject="AWS Budgets: scv-dev has exceeded your alert threshold"))
    assert (alert["kind"], alert["status"], alert["priority"], alert["service"]) == ("budget", "event", "P3", "budget")
    assert (alert["value"], alert["threshold"], alert["unit"]) == (161.23, 160.0, "USD")
    assert alert["title"] == "Budget scv-dev: $161.23 of $200.00 are spent"
    assert alert["labels"]["account"] == "123456789012"


def test_a_budget_that_is_spent_is_graver_and_each_threshold_is_a_matter_of_its_own() -> None:
    spent = one(BUDGET.replace("$161.23", "$1,200.50").replace("> $160.00", "> $200.00"))
    assert (spent["priority"], spent["name"], spent["value"]) == ("P2", "budget-exceeded", 1200.5)
    assert spent["key"] != one(BUDGET)["key"]


def test_a_forecast() -> None:
    alert = one(
        BUDGET.replace("Alert Type: ACTUAL", "Alert Type: FORECASTED").replace("ACTUAL Amount", "FORECASTED Amount")
    )
    assert (alert["name"], alert["priority"]) == ("budget-forecast", "P3")


def test_a_budget_as_json() -> None:
    raw = {
        "budgetName": "scv-dev",
        "notificationType": "ACTUAL",
        "threshold": 80,
        "actualAmount": 170,
        "budgetLimit": 200,
    }
    alert = one(raw)
    assert (alert["kind"], alert["value"], alert["threshold"]) == ("budget", 170.0, 80.0)


def logs(*messages: str, kind: str = "DATA_MESSAGE", group: str = "/scv/was") -> dict[str, Any]:
    events = [{"id": f"id{n}", "timestamp": 1794997800000 + n, "message": text} for n, text in enumerate(messages)]
    data = {
        "messageType": kind,
        "logGroup": group,
        "logStream": "s1",
        "subscriptionFilters": ["f"],
        "logEvents": events,
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}


def test_errors_in_logs_are_one_notice_for_each_pattern() -> None:
    found = intake.read(logs("ERROR a", "Traceback x", "ERROR b"), CONFIG, NOW)
    assert [(alert["key"], alert["times"], alert["text"]) for alert in found] == [
        ("log:/scv/was:ERROR", 2, "ERROR a\nERROR b"),
        ("log:/scv/was:Traceback", 1, "Traceback x"),
    ]
    assert (found[0]["service"], found[0]["priority"], found[0]["status"]) == ("services.was", "P2", "event")
    assert found[0]["console"].endswith("log-group/$252Fscv$252Fwas")
    assert found[0]["at"] == pytest.approx(1794997800.002)


def test_the_same_lines_again_are_the_same_occurrence() -> None:
    assert one(logs("ERROR a"))["occurrence"] == one(logs("ERROR a"))["occurrence"]
    assert one(logs("ERROR a"))["occurrence"] != one(logs("x", "ERROR a"), logs={})["occurrence"]


def test_a_log_group_nobody_configured() -> None:
    alert = one(logs("oops", group="/other"))
    assert (alert["name"], alert["service"], alert["priority"]) == ("log-error", "/other", "P3")


def test_the_test_message_of_cloudwatch_logs_is_nothing() -> None:
    assert intake.read(logs("x", kind="CONTROL_MESSAGE"), CONFIG, NOW) == []


POSTS: list[tuple[Any, dict[str, Any]]] = [
    ("disk full\nsda1", {"title": "disk full", "text": "sda1", "priority": "P3", "status": "event", "kind": "post"}),
    ({"title": "t", "priority": "p1"}, {"priority": "P1"}),
    ({"title": "t", "priority": "critical"}, {"priority": "P1"}),
    ({"title": "t", "priority": "purple"}, {"priority": "P3"}),
    ({"title": "t", "status": "firing", "key": "k"}, {"status": "firing", "key": "post:k"}),
    ({"title": "t", "status": "OK", "key": "k"}, {"status": "resolved", "key": "post:k"}),
    ({"text": "only text\nmore"}, {"title": "only text"}),
    ({"title": "t", "labels": {"team": "a", "none": None}}, {"labels": {"team": "a"}}),
    ({"title": "t", "runbook": "javascript:alert(1)"}, {"runbook": None}),
    ({"title": "a\x00b\nc"}, {"title": "a b c"}),
    ("{not json", {"title": "{not json"}),
]


@pytest.mark.parametrize(("raw", "expected"), POSTS)
def test_posts(raw: Any, expected: dict[str, Any]) -> None:
    alert = one(raw)
    assert {key: alert[key] for key in expected} == expected


def test_the_subject_of_a_plain_message_is_its_title() -> None:
    alert = one(envelope("the body", Subject="The subject"))
    assert (alert["title"], alert["text"], alert["occurrence"]) == ("The subject", "the body", "m-1")


def test_an_envelope_as_text_and_in_an_envelope() -> None:
    assert one(json.dumps(envelope(json.dumps(envelope(ALARM)))))["key"] == "alarm:scv-web-cpu"


JUNK: list[tuple[Any, str]] = [
    (None, "null"),
    (7, "number"),
    ([1], "list"),
    (True, "truth value"),
    ("", "empty"),
    ("  \n ", "empty"),
    ({}, "without title and text"),
    ({"a": 1}, "it has: a"),
    ({"title": "t", "status": "purple"}, "purple"),
    ({**ALARM, "NewStateValue": "PURPLE"}, "PURPLE"),
    ({"NewStateValue": "ALARM"}, "without AlarmName"),
    (event("aws.ec2", "x", "text"), "no object"),
    ({"awslogs": {}}, "data"),
    ({"awslogs": {"data": "!!!"}}, "base64"),
    ({"awslogs": {"data": base64.b64encode(gzip.compress(b"[]")).decode()}}, "no JSON object"),
    ({"awslogs": {"data": base64.b64encode(gzip.compress(b"{}")).decode()}}, "logGroup"),
    ({"awslogs": {"data": base64.b64encode(gzip.compress(b" " * 9_000_000)).decode()}}, "more than"),
    ("x" * 400_000, "more than"),
    (envelope(json.dumps(envelope(json.dumps(envelope(json.dumps(envelope("x"))))))), "envelope in an envelope"),
]


@pytest.mark.parametrize(("raw", "says"), JUNK)
def test_junk_says_what_is_wrong(raw: Any, says: str) -> None:
    with pytest.raises(intake.Unreadable, match=says):
        intake.read(raw, CONFIG, NOW)


def test_deep_json_is_text() -> None:
    assert one('{"a":' * 50_000)["kind"] == "post"


def test_a_clock_that_is_ahead_does_not_make_all_that_follows_old() -> None:
    alert = one({**ALARM, "StateChangeTime": "2036-11-18T10:30:00.000+0000"})
    assert alert["at"] == NOW + 300


def test_own_alerts() -> None:
    alert = intake.own("unreadable", "A message cannot be read", "why", NOW, CONFIG)
    assert (alert["kind"], alert["source"], alert["key"], alert["service"]) == (
        "self",
        "self",
        "self:unreadable",
        "alarms",
    )


MOMENTS = [
    ("2026-11-18T10:30:00Z", 1794997800.0),
    ("2026-11-18T10:30:00.123+0000", 1794997800.123),
    ("2026-11-18T19:30:00+0900", 1794997800.0),
    ("2026-11-18T05:00:00.5-05:30", 1794997800.5),
    ("2026-11-18 10:30:00.307", 1794997800.307),
    ("2026-11-18", None),
    ("2026-13-45T99:99:99Z", None),
    (None, None),
    (7, None),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_times(text: object, expected: float | None) -> None:
    assert moment(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("$1,234.50", 1234.5),
        (7, 7.0),
        ("7", 7.0),
        (True, None),
        (None, None),
        ("x", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_numbers(given: object, expected: float | None) -> None:
    assert number(given) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
SHAPES: list[dict[str, Any]] = [
    ALARM,
    ALARM["Trigger"],
    envelope("x"),
    {"title": "t", "text": "", "labels": {}, "since": 1, "value": 2, "key": "k", "status": "ok"},
    {"budgetName": "b", "threshold": 1},
    {"Event Source": "db-instance", "Event ID": "x", "Source ARN": "y", "Event Message": "z"},
]


def like(shape: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The shape with anything in some of its places."""
    some = st.dictionaries(st.sampled_from(sorted(shape)), values, max_size=len(shape))
    return some.map(lambda found: {**shape, **found})


shapes = st.one_of(
    values,
    *map(like, SHAPES),
    st.builds(
        lambda raw, detail: {**raw, "detail": {**(raw["detail"] if isinstance(raw["detail"], dict) else {}), **detail}},
        st.sampled_from([case[0] for case in EVENTS]),
        st.dictionaries(
            st.sampled_from(
                ["instance-id", "state", "EventCategories", "containers", "DaysToExpiry", "eventDescription", "group"]
            ),
            values,
            max_size=4,
        ),
    ),
)


@given(shapes)
@settings(max_examples=300, deadline=None)
def test_whatever_arrives_it_is_alerts_or_unreadable(raw: Any) -> None:
    try:
        found = intake.read(raw, CONFIG, NOW)
    except intake.Unreadable:
        return
    for alert in found:
        text = json.dumps(alert, allow_nan=False)
        assert len(text) < 20_000
        assert len(alert["key"]) <= 200
        assert alert["priority"] in ("P1", "P2", "P3", "P4")
        assert alert["status"] in ("firing", "resolved", "event", "unknown")
        assert alert["title"]
        assert alert["at"] <= NOW + 300
