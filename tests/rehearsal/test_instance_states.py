"""Instances that take a moment to start and to stop, and say so."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError

from giban.rehearsal.contents import Clients
from giban.rehearsal.instance_states import CODES, States

REGION = "ap-northeast-2"


class Backend:
    """Whom an instance belongs to."""

    account_id = "000000000000"
    region_name = REGION


class Instance:
    """As much of moto's instance as its states touch."""

    def __init__(self, id_: str, state: str) -> None:
        self.id = id_
        self.ec2_backend = Backend()
        self.giban_move = 0
        self._state = type("State", (), {"name": state, "code": CODES[state]})()


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def states(clock: Clock) -> States:
    return States(Lock(), lambda _events: None, stay=1.5, clock=clock)


def told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["detail"]["instance-id"], event["detail"]["state"]) for event in events]


def test_a_state_is_passed_through(states: States, clock: Clock) -> None:
    one = Instance("i-1", "stopped")
    states.move(one, "pending", "running")
    assert one._state.name == "pending"
    assert told(states.due()) == [("i-1", "pending")]
    clock.now += 1.4
    assert states.due() == []
    clock.now += 0.1
    assert told(states.due()) == [("i-1", "running")]
    assert (one._state.name, one._state.code) == ("running", 16)
    assert states.due() == []


def test_events_come_in_the_order_of_the_changes(states: States, clock: Clock) -> None:
    one, two = Instance("i-1", "stopped"), Instance("i-2", "running")
    states.move(one, "pending", "running")
    clock.now += 1
    states.move(two, "stopping", "stopped")
    clock.now += 5
    assert told(states.due()) == [("i-1", "pending"), ("i-2", "stopping"), ("i-1", "running"), ("i-2", "stopped")]


def test_what_was_terminated_meanwhile_stays_so(states: States, clock: Clock) -> None:
    one = Instance("i-1", "stopped")
    states.move(one, "pending", "running")
    one.giban_move = 0
    one._state.name = "terminated"
    states.tell(one, "terminated")
    clock.now += 5
    assert told(states.due()) == [("i-1", "pending"), ("i-1", "terminated")]
    assert one._state.name == "terminated"


def test_an_event_is_like_that_of_ec2(states: States) -> None:
    states.tell(Instance("i-1", "running"), "running")
    assert states.due() == [
        {
            "account": "000000000000",
            "region": REGION,
            "source": "aws.ec2",
            "detail-type": "EC2 Instance State-change Notification",
            "resources": [f"arn:aws:ec2:{REGION}:000000000000:instance/i-1"],
            "detail": {"instance-id": "i-1", "state": "running"},
        }
    ]


@pytest.fixture
def instance(client: Clients) -> Iterator[str]:
    ec2 = client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.large")["Instances"][0]
    assert made["State"] == {"Code": 0, "Name": "pending"}
    yield made["InstanceId"]
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])


def look(client: Clients, instance: str) -> dict[str, Any]:
    found: dict[str, Any] = client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return found


def until(client: Clients, instance: str, state: str) -> None:
    deadline = time.monotonic() + 60
    while look(client, instance)["State"]["Name"] != state:
        assert time.monotonic() < deadline, f"not {state} after a minute"
        time.sleep(0.1)


def test_the_life_of_an_instance(client: Clients, instance: str) -> None:
    ec2 = client("ec2")
    with pytest.raises(ClientError, match=r"IncorrectInstanceState.*never reached the 'running' state"):
        ec2.stop_instances(InstanceIds=[instance])
    until(client, instance, "running")
    launched = look(client, instance)["LaunchTime"]
    again = ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]
    assert (again["PreviousState"]["Name"], again["CurrentState"]["Name"]) == ("running", "running")
    assert look(client, instance)["LaunchTime"] == launched
    with pytest.raises(ClientError, match=r"IncorrectInstanceState.*'stopped' state"):
        ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "m5.large"})
    stopping = ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]
    assert (stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]) == ("running", "stopping")
    assert ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
    with pytest.raises(ClientError, match=r"IncorrectInstanceState.*can be started"):
        ec2.start_instances(InstanceIds=[instance])
    until(client, instance, "stopped")
    assert ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopped"
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "m5.large"})
    time.sleep(1)
    starting = ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]
    assert (starting["PreviousState"]["Name"], starting["CurrentState"]["Name"]) == ("stopped", "pending")
    found = look(client, instance)
    assert found["InstanceType"] == "m5.large"
    assert found["LaunchTime"] > launched
    until(client, instance, "running")
    ec2.terminate_instances(InstanceIds=[instance])
    for call in (ec2.start_instances, ec2.stop_instances):
        with pytest.raises(ClientError, match="IncorrectInstanceState"):
            call(InstanceIds=[instance])


def test_one_in_the_wrong_state_keeps_all_as_they_are(client: Clients, instance: str) -> None:
    ec2 = client("ec2")
    until(client, instance, "running")
    image = look(client, instance)["ImageId"]
    other = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        ec2.stop_instances(InstanceIds=[instance, other])
    assert look(client, instance)["State"]["Name"] == "running"
    ec2.terminate_instances(InstanceIds=[other])
    assert look(client, other)["State"]["Name"] == "terminated"


def test_instances_of_groups_run_at_once(client: Clients) -> None:
    ec2, groups = client("ec2"), client("autoscaling")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    template = ec2.create_launch_template(LaunchTemplateName="states", LaunchTemplateData=data)["LaunchTemplate"]
    groups.create_auto_scaling_group(
        AutoScalingGroupName="states", MinSize=1, MaxSize=1, AvailabilityZones=[f"{REGION}a"],
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"]},
    )  # fmt: skip
    made = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["states"])["AutoScalingGroups"][0]["Instances"]
    assert [look(client, item["InstanceId"])["State"]["Name"] for item in made] == ["running"]
    groups.delete_auto_scaling_group(AutoScalingGroupName="states", ForceDelete=True)
    ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])


def test_every_change_arrives_as_an_event(client: Clients) -> None:
    ec2, rules, queues = client("ec2"), client("events"), client("sqs")
    queue = queues.create_queue(QueueName="states")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}
    rules.put_rule(Name="states", EventPattern=json.dumps(pattern))
    rules.put_targets(Rule="states", Targets=[{"Id": "queue", "Arn": arn}])
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    seen: list[dict[str, Any]] = []

    def arrived(state: str) -> None:
        deadline = time.monotonic() + 60
        while state not in [event["detail"]["state"] for event in seen]:
            assert time.monotonic() < deadline, f"{state} not told within a minute"
            for message in queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                if event["detail"]["instance-id"] == made:
                    seen.append(event)

    arrived("running")
    ec2.stop_instances(InstanceIds=[made])
    arrived("stopped")
    ec2.terminate_instances(InstanceIds=[made])
    arrived("terminated")
    order = ["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]
    assert sorted(event["detail"]["state"] for event in seen) == sorted(order), "each once"
    event = seen[0]
    assert event["source"] == "aws.ec2"
    assert event["detail-type"] == "EC2 Instance State-change Notification"
    assert event["resources"] == [f"arn:aws:ec2:{REGION}:000000000000:instance/{made}"]
    assert (event["account"], event["region"]) == ("000000000000", REGION)
    assert event["time"].endswith("Z")
    rules.remove_targets(Rule="states", Ids=["queue"])
    rules.delete_rule(Name="states")
    queues.delete_queue(QueueUrl=queue)


def test_nobody_else_may_send_in_the_name_of_aws(client: Clients) -> None:
    entry = {"Source": "aws.ec2", "DetailType": "EC2 Instance State-change Notification", "Detail": "{}"}
    answer = client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
