"""Looking into the emulators."""

from __future__ import annotations

import sys

import pytest

from giban.graph.graph import Graph
from giban.graph.stack import Stack
from giban.rehearsal.contents import KINDS, Clients, clients, contents
from giban.rehearsal.errors import RehearsalUnavailable
from giban.rehearsal.process import Running
from giban.rehearsal.release import release, remove_snapshots

REGION = "ap-northeast-2"


def test_new_emulators_are_empty(client: Clients) -> None:
    found = contents(client)
    # Tests that share these emulators clean up behind themselves.
    assert found == {}


def test_what_is_made_is_seen_and_what_is_removed_is_gone(client: Clients) -> None:
    client("s3").create_bucket(Bucket="seen", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("sqs").create_queue(QueueName="seen")
    vpc = client("ec2").create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    found = contents(client)
    assert found["buckets"] == ["seen"]
    assert found["networks"] == [vpc]
    assert found["keys"] == [key]
    assert found["queues"][0].endswith("/seen")
    assert "buckets" not in contents(client, leave_out=["seen"])
    client("s3").delete_bucket(Bucket="seen")
    client("sqs").delete_queue(QueueUrl=found["queues"][0])
    client("ec2").delete_vpc(VpcId=vpc)
    client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert contents(client) == {}


def test_protections_are_released(client: Clients) -> None:
    rds, balancers, ec2 = client("rds"), client("elbv2"), client("ec2")
    rds.create_db_instance(
        DBInstanceIdentifier="kept", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
        MasterUsername="app", ManageMasterUserPassword=True, DeletionProtection=True, BackupRetentionPeriod=0,
    )  # fmt: skip
    subnets = [item["SubnetId"] for item in ec2.describe_subnets()["Subnets"]][:2]
    made = balancers.create_load_balancer(Name="kept-too", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    balancers.modify_load_balancer_attributes(LoadBalancerArn=made, Attributes=on)
    stack = Stack("ap-northeast-2", "ap-northeast-2")
    graph = Graph("x", [stack])
    assert release(client, graph) == [], "what belongs to another environment stays protected"
    stack.add("aws_db_instance", "kept", identifier="kept", instance_class="db.t4g.micro")
    stack.add("aws_lb", "kept", name="kept-too")
    graph = Graph("x", [stack])
    assert release(client, graph) == ["kept", "kept-too"]
    assert release(client, graph) == []
    balancers.delete_load_balancer(LoadBalancerArn=made)
    rds.delete_db_instance(DBInstanceIdentifier="kept", FinalDBSnapshotIdentifier="kept-final")
    assert remove_snapshots(client, graph) == ["kept-final"]
    assert contents(client) == {}


def test_every_kind_has_words() -> None:
    assert all(kind == kind.strip() and kind for kind in KINDS)


def test_a_client_takes_nothing_of_the_user(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "there-is-none")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert clients(running, REGION)("sts").get_caller_identity()["Account"] == "000000000000"


def test_both_emulators_name_the_same_account(client: Clients) -> None:
    topic = client("sns").create_topic(Name="account")["TopicArn"]
    client("sns").delete_topic(TopicArn=topic)
    assert topic.split(":")[4] == client("sts").get_caller_identity()["Account"]


def test_without_botocore_it_is_said(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(RehearsalUnavailable, match="botocore"):
        clients(running, REGION)
