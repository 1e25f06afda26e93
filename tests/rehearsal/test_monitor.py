"""The monitor on real emulators: metrics, log lines, databases and groups that have effects, by a clock that is set."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from giban.rehearsal.clock import Clock
from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.inbox_reading import InboxReader
from giban.rehearsal.process import Rehearsal
from giban.rehearsal.services import ACCOUNT
from tests.rehearsal.listening import REGION, Listener, function_of, until

CPU = {
    "Namespace": "Shop", "MetricName": "CPU", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 1, "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Emulators of this file's own: it sets their clock."""
    made = Rehearsal(str(tmp_path_factory.mktemp("monitored")))
    made.start(REGION)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own: Rehearsal) -> Clients:
    running = own.running()
    assert running is not None
    return clients(running, REGION)


@pytest.fixture
def clock(own: Rehearsal) -> Iterator[Clock]:
    made = Clock(own.folder)
    yield made
    made.set_ahead(made.ahead())


@pytest.fixture
def skip(clock: Clock) -> Callable[[float], None]:
    """Lets time pass by the rehearsal's clock."""

    def by(seconds: float) -> None:
        # What was just put lies before the skip.
        time.sleep(0.05)
        clock.set_ahead(clock.ahead() + seconds)

    return by


@pytest.fixture
def told(client: Clients) -> Iterator[Listener]:
    """A topic that CloudWatch may publish to, and a queue behind it and behind EventBridge."""
    made = Listener(client)
    yield made
    made.close()


def put(client: Clients, value: float, name: str, at: datetime | None = None) -> None:
    datum: dict[str, Any] = {"MetricName": "CPU", "Value": value, "Dimensions": [{"Name": "Of", "Value": name}]}
    client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{**datum, **({"Timestamp": at} if at else {})}])


def alarm(client: Clients, told: Listener, name: str, **more: Any) -> None:
    dimensions = [{"Name": "Of", "Value": name}]
    actions = {"AlarmActions": [told.topic], "OKActions": [told.topic], "InsufficientDataActions": [told.topic]}
    client("cloudwatch").put_metric_alarm(AlarmName=name, Dimensions=dimensions, **{**CPU, **actions, **more})


def state(client: Clients, name: str) -> str:
    found = client("cloudwatch").describe_alarms(AlarmNames=[name])
    return str((found["MetricAlarms"] or found["CompositeAlarms"])[0]["StateValue"])


def test_an_alarm_goes_off_and_recovers(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    alarm(client, told, "web-cpu", AlarmDescription="CPU of web")
    assert state(client, "web-cpu") == "INSUFFICIENT_DATA"
    put(client, 95.5, "web-cpu")
    skip(60)
    message = told.wait_for(lambda found: found.get("AlarmName") == "web-cpu")
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert message["AlarmDescription"] == "CPU of web"
    assert message["Region"] == "Asia Pacific (Seoul)"
    assert message["AWSAccountId"] == ACCOUNT
    assert message["AlarmArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:web-cpu"
    assert message["NewStateReason"].startswith(
        "Threshold Crossed: 1 out of the last 1 datapoints [95.5] was greater than"
    )
    trigger = message["Trigger"]
    assert (trigger["MetricName"], trigger["Namespace"], trigger["Statistic"]) == ("CPU", "Shop", "AVERAGE")
    assert trigger["Dimensions"] == [{"name": "Of", "value": "web-cpu"}]
    assert (trigger["Period"], trigger["EvaluationPeriods"], trigger["Threshold"]) == (60, 1, 80.0)
    event = told.wait_for(lambda found: found.get("detail-type") == "CloudWatch Alarm State Change")
    assert event["source"] == "aws.cloudwatch"
    assert event["detail"]["alarmName"] == "web-cpu"
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    metric = event["detail"]["configuration"]["metrics"][0]["metricStat"]
    assert metric["metric"] == {"namespace": "Shop", "name": "CPU", "dimensions": {"Of": "web-cpu"}}
    put(client, 5, "web-cpu")
    skip(60)
    assert told.wait_for(lambda found: found.get("NewStateValue") == "OK")["OldStateValue"] == "ALARM"


def test_what_a_skip_has_jumped_over_is_told_in_order(
    client: Clients, told: Listener, clock: Clock, skip: Callable[[float], None]
) -> None:
    alarm(client, told, "jumped", EvaluationPeriods=2, TreatMissingData="notBreaching")
    begin = datetime.fromtimestamp(clock() // 60 * 60 + 120, UTC)
    for minute, value in enumerate((10, 95, 96, 97, 10, 10)):
        put(client, value, "jumped", begin + timedelta(minutes=minute, seconds=5))
    skip(900)
    seen = [told.wait_for(lambda found: found.get("AlarmName") == "jumped") for _ in range(3)]
    assert [found["NewStateValue"] for found in seen] == ["OK", "ALARM", "OK"]
    at = [datetime.strptime(found["StateChangeTime"], "%Y-%m-%dT%H:%M:%S.%f%z") for found in seen]
    assert at[1] == begin + timedelta(minutes=3), "at the end of the second minute above the threshold"
    assert at[2] == begin + timedelta(minutes=5)


def test_data_that_stops_is_insufficient(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    alarm(client, told, "stops")
    put(client, 95, "stops")
    skip(60)
    told.wait_for(lambda found: found.get("NewStateValue") == "ALARM")
    skip(600)
    found = told.wait_for(lambda found: found.get("NewStateValue") == "INSUFFICIENT_DATA")
    assert found["NewStateReason"] == "Insufficient Data: 1 datapoint was unknown."


def test_a_state_set_by_hand_is_told_and_put_right_again(
    client: Clients, told: Listener, skip: Callable[[float], None]
) -> None:
    alarm(client, told, "by-hand", TreatMissingData="notBreaching")
    rule = {"AlarmName": "above", "AlarmRule": 'ALARM("by-hand")', "AlarmActions": [told.topic]}
    client("cloudwatch").put_composite_alarm(**rule)
    assert (
        client("cloudwatch").describe_alarms(AlarmNames=["above"])["CompositeAlarms"][0]["AlarmRule"]
        == 'ALARM("by-hand")'
    )
    client("cloudwatch").set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a drill")
    assert told.wait_for(lambda found: found.get("AlarmName") == "by-hand")["NewStateReason"] == "a drill"
    above = told.wait_for(lambda found: found.get("AlarmName") == "above")
    assert (above["NewStateValue"], above["AlarmRule"]) == ("ALARM", 'ALARM("by-hand")')
    skip(60)
    assert told.wait_for(lambda found: found.get("NewStateValue") == "OK")["AlarmName"] == "by-hand"


def test_a_changed_alarm_keeps_its_state(client: Clients, told: Listener) -> None:
    alarm(client, told, "changed")
    client("cloudwatch").set_alarm_state(AlarmName="changed", StateValue="ALARM", StateReason="a drill")
    alarm(client, told, "changed", Threshold=70.0)
    assert state(client, "changed") == "ALARM"


def test_actions_that_are_off_tell_nobody_but_eventbridge(client: Clients, told: Listener) -> None:
    alarm(client, told, "silent", ActionsEnabled=False)
    client("cloudwatch").set_alarm_state(AlarmName="silent", StateValue="ALARM", StateReason="a drill")
    event = told.wait_for(lambda found: found.get("detail", {}).get("alarmName") == "silent")
    assert event["detail"]["state"]["value"] == "ALARM"
    assert not [found for found in told.seen if found.get("AlarmName") == "silent"]


def test_a_topic_that_does_not_let_cloudwatch_publish_gets_nothing(
    own: Rehearsal, client: Clients, told: Listener
) -> None:
    told.forbid()
    alarm(client, told, "forbidden")
    client("cloudwatch").set_alarm_state(AlarmName="forbidden", StateValue="ALARM", StateReason="a drill")
    told.wait_for(lambda found: found.get("detail", {}).get("alarmName") == "forbidden")
    with open(f"{own.folder}/ministack.log", encoding="utf-8") as file:
        until(lambda: "does not let cloudwatch.amazonaws.com publish" in file.read(), "a line in the log")
    assert not [found for found in told.seen if found.get("AlarmName") == "forbidden"]


def test_metric_math(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    def query(name: str) -> dict[str, Any]:
        metric = {"Namespace": "Shop", "MetricName": name}
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    client("cloudwatch").put_metric_alarm(
        AlarmName="rate", EvaluationPeriods=1, Threshold=5.0, ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[told.topic],
        Metrics=[query("errors"), query("requests"), {"Id": "rate", "Expression": "100 * errors / requests", "ReturnData": True}],
    )  # fmt: skip
    data = [{"MetricName": "errors", "Value": 3.0}, {"MetricName": "requests", "Value": 20.0}]
    client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=data)
    skip(60)
    message = told.wait_for(lambda found: found.get("AlarmName") == "rate")
    assert "[15.0]" in message["NewStateReason"]
    assert [item["Id"] for item in message["Trigger"]["Metrics"]] == ["errors", "requests", "rate"]


def test_what_aws_measures_itself_is_usual_until_the_machine_stops(
    client: Clients, told: Listener, skip: Callable[[float], None]
) -> None:
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    checks = {"Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed", "Statistic": "Maximum", "Threshold": 0.0}
    of = {"Dimensions": [{"Name": "InstanceId", "Value": instance}], "TreatMissingData": "breaching"}
    client("cloudwatch").put_metric_alarm(
        AlarmName="alive", AlarmActions=[told.topic], OKActions=[told.topic], **{**CPU, **checks, **of}
    )
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    skip(60)
    assert told.wait_for(lambda found: found.get("AlarmName") == "alive")["NewStateValue"] == "OK"
    ec2.stop_instances(InstanceIds=[instance])
    skip(60)
    assert told.wait_for(lambda found: found.get("AlarmName") == "alive")["NewStateValue"] == "ALARM"
    ec2.terminate_instances(InstanceIds=[instance])


def test_how_full_a_queue_is(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    full = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Statistic": "Maximum",
        "Threshold": 0.0,
    }
    of = {"Dimensions": [{"Name": "QueueName", "Value": "dead"}], "TreatMissingData": "notBreaching"}
    client("cloudwatch").put_metric_alarm(
        AlarmName="dead", AlarmActions=[told.topic], OKActions=[told.topic], **{**CPU, **full, **of}
    )
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    time.sleep(1)
    skip(60)
    assert told.wait_for(lambda found: found.get("AlarmName") == "dead")["NewStateValue"] == "ALARM"
    skip(3600)
    time.sleep(1.5)
    assert state(client, "dead") == "ALARM", "it was full all the time"
    sqs.purge_queue(QueueUrl=queue)
    time.sleep(1)
    skip(60)
    assert told.wait_for(lambda found: found.get("AlarmName") == "dead")["NewStateValue"] == "OK"


def test_what_a_function_prints_and_how_it_ends(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    logs, functions = client("logs"), client("lambda")
    logs.create_log_group(logGroupName="/aws/lambda/talker")
    listener = told.function("log-listener", "print(event)")
    functions.add_permission(
        FunctionName="log-listener", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com",
        SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/talker:*",
    )  # fmt: skip
    logs.put_subscription_filter(
        logGroupName="/aws/lambda/talker",
        filterName="errors",
        filterPattern="?ERROR ?Traceback",
        destinationArn=listener,
    )
    transformation = {"metricName": "errors", "metricNamespace": "Talk", "metricValue": "1", "defaultValue": 0}
    for pattern in ("WRONG", "ERROR"):
        logs.put_metric_filter(
            logGroupName="/aws/lambda/talker",
            filterName="count",
            filterPattern=pattern,
            metricTransformations=[transformation],
        )
    assert [found["filterPattern"] for found in logs.describe_metric_filters()["metricFilters"]] == ["ERROR"]
    client("cloudwatch").put_metric_alarm(
        AlarmName="failing", AlarmActions=[told.topic], Dimensions=[{"Name": "FunctionName", "Value": "talker"}],
        **{**CPU, "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Threshold": 0.0},
    )  # fmt: skip
    told.function("talker", "print('all is well')\n    print('ERROR 42')\n    raise ValueError('no')")
    answer = functions.invoke(FunctionName="talker", Payload=b"{}")
    assert answer["FunctionError"]

    def lines(group: str) -> list[str]:
        return [found["message"] for found in logs.filter_log_events(logGroupName=group)["events"]]

    until(lambda: any(line.startswith("REPORT") for line in lines("/aws/lambda/talker")), "the function's lines")
    assert "ERROR 42" in lines("/aws/lambda/talker")
    taken = told.wait_for(lambda found: "awslogs" in found)
    document = function_of(taken)
    assert (document["messageType"], document["owner"]) == ("DATA_MESSAGE", ACCOUNT)
    assert (document["logGroup"], document["subscriptionFilters"]) == ("/aws/lambda/talker", ["errors"])
    messages = [event["message"] for event in document["logEvents"]]
    assert "ERROR 42" in messages
    assert "all is well" not in messages
    skip(60)
    assert told.wait_for(lambda found: found.get("AlarmName") == "failing")["NewStateValue"] == "ALARM"
    now = datetime.now(UTC)
    counted = client("cloudwatch").get_metric_statistics(
        Namespace="Talk", MetricName="errors", StartTime=now - timedelta(hours=1), EndTime=now + timedelta(days=1), Period=60,
        Statistics=["Sum"],
    )["Datapoints"]  # fmt: skip
    assert sum(point["Sum"] for point in counted) >= 1


def test_lines_from_elsewhere_call_no_function_without_permission(
    own: Rehearsal, client: Clients, told: Listener
) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/scv/was")
    logs.create_log_stream(logGroupName="/scv/was", logStreamName="i-1")
    function = told.function("not-allowed", "print(event)")
    logs.put_subscription_filter(logGroupName="/scv/was", filterName="all", filterPattern="", destinationArn=function)
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    logs.put_log_events(logGroupName="/scv/was", logStreamName="i-1", logEvents=[event])
    with open(f"{own.folder}/ministack.log", encoding="utf-8") as file:
        until(lambda: "no permission lets logs.amazonaws.com call it" in file.read(), "a line in the log")


def test_databases_take_a_moment_and_tell(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    rds = client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="main", Engine="postgres", DBInstanceClass="db.t4g.small", AllocatedStorage=20, MasterUsername="x",
        MasterUserPassword="longenough1",
    )  # fmt: skip
    rds.create_event_subscription(
        SubscriptionName="told",
        SnsTopicArn=told.topic,
        SourceType="db-instance",
        EventCategories=["notification"],
        Enabled=True,
    )

    def status() -> str:
        return str(rds.describe_db_instances(DBInstanceIdentifier="main")["DBInstances"][0]["DBInstanceStatus"])

    def number(which: str) -> dict[str, Any]:
        return told.wait_for(lambda found: found.get("detail", {}).get("EventID") == which)

    rds.stop_db_instance(DBInstanceIdentifier="main")
    assert status() == "stopping"
    event = number("RDS-EVENT-0087")
    assert (event["source"], event["detail-type"]) == ("aws.rds", "RDS DB Instance Event")
    assert event["detail"]["SourceIdentifier"] == "main"
    message = told.wait_for(lambda found: found.get("Event Message") == "DB instance stopped")
    assert message["Source ID"] == "main"
    assert status() == "stopped"
    skip(7 * 86400)
    assert "exceeding the maximum" in number("RDS-EVENT-0154")["detail"]["Message"]
    number("RDS-EVENT-0088")
    assert status() == "available"
    rds.reboot_db_instance(DBInstanceIdentifier="main", ForceFailover=True)
    assert status() == "rebooting"
    assert number("RDS-EVENT-0013")["detail"]["EventCategories"] == ["failover"]
    number("RDS-EVENT-0049")


def test_groups_tell_of_instances_that_come_and_go_and_are_interrupted(
    own: Rehearsal, client: Clients, told: Listener, skip: Callable[[float], None]
) -> None:
    from pathlib import Path

    ec2, groups = client("ec2"), client("autoscaling")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="told", LaunchTemplateData=data)
    groups.create_auto_scaling_group(
        AutoScalingGroupName="told", MinSize=1, MaxSize=1, AvailabilityZones=[f"{REGION}a"],
        LaunchTemplate={"LaunchTemplateName": "told"},
    )  # fmt: skip

    def event(kind: str) -> dict[str, Any]:
        return told.wait_for(lambda found: found.get("detail-type") == kind)

    first = event("EC2 Instance Launch Successful")["detail"]
    assert first["AutoScalingGroupName"] == "told"
    place = Path(own.folder) / "interrupt"
    place.mkdir()
    (place / first["EC2InstanceId"]).touch()
    warning = event("EC2 Spot Instance Interruption Warning")
    assert warning["detail"] == {"instance-id": first["EC2InstanceId"], "instance-action": "terminate"}
    event("EC2 Instance Rebalance Recommendation")
    skip(121)
    assert event("EC2 Instance Terminate Successful")["detail"]["EC2InstanceId"] == first["EC2InstanceId"]
    second = event("EC2 Instance Launch Successful")["detail"]["EC2InstanceId"]
    assert second != first["EC2InstanceId"], "the group replaces it"
    until(lambda: not list(place.iterdir()), "the dial is taken away")
    groups.delete_auto_scaling_group(AutoScalingGroupName="told", ForceDelete=True)


def test_schedules_go_by_the_clock(client: Clients, told: Listener, skip: Callable[[float], None]) -> None:
    target = {
        "Arn": told.function("ticked", "print(event)"),
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/told",
        "Input": json.dumps({"tick": 1}),
    }
    client("scheduler").create_schedule(
        Name="hourly", ScheduleExpression="rate(1 hours)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    skip(3700)
    told.wait_for(lambda found: found.get("tick") == 1)
    client("scheduler").delete_schedule(Name="hourly")


def test_what_sns_sends_to_people_is_in_the_inbox(own: Rehearsal, client: Clients, clock: Clock) -> None:
    sns, inbox = client("sns"), InboxReader(own.folder)
    sns.publish(PhoneNumber="+821012345678", Message="P1 it is down https://x.example/ack/1")
    topic = sns.create_topic(Name="mail")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team@scv.example.com")
    sns.publish(TopicArn=topic, Subject="P2 it is slow", Message="Look at it.")
    seen: list[dict[str, Any]] = []

    def both() -> bool:
        seen.extend(inbox.read())
        return {found["service"] for found in seen} >= {"sms", "email"}

    until(both, "both messages")
    phone = next(found for found in seen if found["service"] == "sms")
    assert (phone["to"], phone["priority"], phone["text"]) == (
        "+821012345678",
        "P1",
        "P1 it is down https://x.example/ack/1",
    )
    assert abs(phone["at"] - clock()) < 60, "by the rehearsal's clock"
    mail = next(found for found in seen if found["service"] == "email")
    assert (mail["to"], mail["title"], mail["text"]) == ("team@scv.example.com", "P2 it is slow", "Look at it.")


def test_what_is_called_every_minute_goes_on_through_a_skip(
    client: Clients, told: Listener, skip: Callable[[float], None]
) -> None:
    """A heartbeat must not fire because nobody was there in the time that a set clock has jumped over."""
    told.function("beating", "return None")
    client("lambda").invoke(FunctionName="beating", Payload=b"{}")
    client("cloudwatch").put_metric_alarm(
        AlarmName="heartbeat", TreatMissingData="breaching", Dimensions=[{"Name": "FunctionName", "Value": "beating"}],
        **{
            **CPU, "Namespace": "AWS/Lambda", "MetricName": "Invocations", "Statistic": "Sum", "Threshold": 1.0, "Period": 300,
            "ComparisonOperator": "LessThanThreshold",
        },
    )  # fmt: skip
    time.sleep(2)
    skip(600)
    until(lambda: state(client, "heartbeat") == "OK", "it beats")

    def since() -> datetime:
        (found,) = client("cloudwatch").describe_alarms(AlarmNames=["heartbeat"])["MetricAlarms"]
        when: datetime = found["StateUpdatedTimestamp"]
        return when

    before = since()
    skip(900)
    time.sleep(3)
    assert (state(client, "heartbeat"), since()) == ("OK", before), "it has not fired in between"
