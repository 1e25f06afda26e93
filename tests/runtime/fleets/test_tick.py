"""The tick over real emulated groups, databases, services, nodes and instances."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from giban.rehearsal.contents import Clients
from giban.runtime.common.store import Put, Store
from giban.runtime.fleets.capacity import RUNNING
from giban.runtime.fleets.decide import SETTLE
from giban.runtime.fleets.tick import World, tick
from giban.runtime.power.table import Table
from tests.runtime.fleets.stage import Stage, at

DAY, EVENING, NIGHT, MORNING = "2026-11-24 12:00", "2026-11-24 20:00", "2026-11-24 20:01", "2026-11-25 08:00"


class Turned:
    """Answers of AWS that are replaced on their way to a client: by an error, or by a text."""

    def __init__(
        self, client: Any, operation: str, code: str = "", times: int = 10**9, *, status: int = 400, text: str = ""
    ) -> None:
        self.left, self.calls, self.status = times, 0, status
        error = f"<Error><Code>{code}</Code><Message>No.</Message></Error>"
        # EC2's errors are wrapped in another way than those of the other services that are asked here.
        whole = (
            f"<Response><Errors>{error}</Errors></Response>" if client.meta.service_model.service_name == "ec2" else ""
        )
        self.text = text or whole or f"<ErrorResponse>{error}</ErrorResponse>"
        self._lock = threading.Lock()
        self._client = client
        self._name = f"before-send.{client.meta.service_model.service_id.hyphenize()}.{operation}"
        client.meta.events.register(self._name, self)

    def __call__(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        with self._lock:
            self.calls += 1
            if self.left <= 0:
                return None
            self.left -= 1
        return AWSResponse(request.url, self.status, {"content-type": "text/xml"}, _Raw(self.text.encode()))

    def __enter__(self) -> Turned:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.meta.events.unregister(self._name, self)


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        yield self._content


def test_a_group_is_made_small_and_comes_back(stage: Stage) -> None:
    name = stage.group(alarms=["scv-web-*"])
    assert stage.tick(DAY)["off"] == []
    stage.resize(name, 2, 6, 4)
    assert stage.tick(EVENING)["off"] == ["services.web"]
    assert stage.sizes(name) == (0, 0, 0, 0, set(RUNNING))
    assert stage.tick(NIGHT)["off"] == []
    assert stage.state("services.web")["effective"] == at(NIGHT)
    assert stage.tick(MORNING)["on"] == ["services.web"]
    assert stage.sizes(name) == (2, 6, 4, 4, set())
    stage.tick(at(MORNING) + 60)
    assert stage.events("services.web") == ["off", "effective", "on", "effective"]
    assert stage.tick(at(MORNING) + 120)["saved"]["hours"] == pytest.approx(11.98, abs=0.01)


def test_a_database_is_stopped_and_started(stage: Stage) -> None:
    name = stage.database(hourly_usd=0.5)
    stage.tick(DAY)
    assert stage.tick(EVENING)["off"] == ["databases.main"]
    assert stage.status(name) == "stopped"
    stage.tick(NIGHT)
    assert stage.tick(MORNING)["on"] == ["databases.main"]
    assert stage.status(name) == "available"
    assert stage.tick(at(MORNING) + 60)["saved"]["usd"] == pytest.approx(5.99, abs=0.01)


def test_a_cluster_is_stopped_and_started(stage: Stage) -> None:
    name = f"{stage.prefix}-aurora"
    rds = stage.clients("rds")
    rds.create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="admin1", MasterUserPassword="not-a-secret"
    )
    stage.entries["databases.aurora"] = {"kind": "rds_cluster", "name": name, "schedules": ["office"]}
    stage.tick(DAY)
    for when, status in ((EVENING, "stopped"), (MORNING, "available")):
        stage.tick(when)
        assert stage.status(name, cluster=True) == status
        stage.tick(stage.now + 60)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_service_of_ecs(stage: Stage, scaled: bool) -> None:
    ecs = stage.clients("ecs")
    cluster = f"{stage.prefix}-cluster"
    ecs.create_cluster(clusterName=cluster)
    ecs.register_task_definition(family=cluster, containerDefinitions=[{"name": "it", "image": "it", "memory": 64}])
    ecs.create_service(cluster=cluster, serviceName="api", taskDefinition=cluster, desiredCount=3)
    entry = {"kind": "ecs", "cluster": cluster, "name": "api", "schedules": ["office"], "desired": 3}
    scaling = stage.clients("application-autoscaling")
    resource = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    if scaled:
        scaling.register_scalable_target(**resource, ResourceId=f"service/{cluster}/api", MinCapacity=2, MaxCapacity=9)
        entry |= {"scaled": True, "min": 2, "max": 9}
    stage.entries["services.api"] = entry

    def counts() -> int:
        found: int = ecs.describe_services(cluster=cluster, services=["api"])["services"][0]["desiredCount"]
        return found

    def limits() -> tuple[int, int, bool]:
        found = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[f"service/{cluster}/api"])
        it = found["ScalableTargets"][0]
        return it["MinCapacity"], it["MaxCapacity"], it["SuspendedState"]["DynamicScalingOutSuspended"]

    stage.tick(DAY)
    assert stage.tick(EVENING)["off"] == ["services.api"]
    assert counts() == 0
    if scaled:
        assert limits() == (0, 9, True)
    stage.tick(NIGHT)
    assert stage.tick(MORNING)["on"] == ["services.api"]
    assert counts() == 3
    if scaled:
        assert limits() == (2, 9, False)


def test_a_node_group_of_eks(stage: Stage) -> None:
    eks = stage.clients("eks")
    cluster, role = f"{stage.prefix}-eks", "arn:aws:iam::000000000000:role/nodes"
    eks.create_cluster(name=cluster, roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
    eks.create_nodegroup(
        clusterName=cluster,
        nodegroupName="pool",
        subnets=["subnet-1"],
        nodeRole=role,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
    )
    stage.entries["nodes.pool"] = {
        "kind": "nodegroup", "cluster": cluster, "name": "pool", "schedules": ["office"], "min": 1, "max": 3, "desired": 1,
    }  # fmt: skip

    def sizes() -> dict[str, int]:
        found: dict[str, int] = eks.describe_nodegroup(clusterName=cluster, nodegroupName="pool")["nodegroup"][
            "scalingConfig"
        ]
        return found

    stage.tick(DAY)
    assert stage.tick(EVENING)["off"] == ["nodes.pool"]
    assert sizes() == {"minSize": 0, "maxSize": 3, "desiredSize": 0}
    stage.tick(NIGHT)
    assert stage.tick(MORNING)["on"] == ["nodes.pool"]
    assert sizes() == {"minSize": 1, "maxSize": 3, "desiredSize": 2}


def test_single_instances_go_in_batches(stage: Stage, settled: Callable[[list[str]], None]) -> None:
    ec2 = stage.clients("ec2")
    run = ec2.run_instances(ImageId="ami-12c6146b", MinCount=3, MaxCount=3, InstanceType="t3.micro")
    numbers = [instance["InstanceId"] for instance in run["Instances"]]
    for index, number in enumerate(numbers):
        stage.entries[f"instances.i{index}"] = {"kind": "instance", "id": number, "schedules": ["office"]}
    settled(numbers)
    stage.tick(DAY)
    assert len(stage.tick(EVENING)["off"]) == 3
    settled(numbers)
    stage.tick(NIGHT)
    assert len(stage.tick(MORNING)["on"]) == 3
    settled(numbers)


@pytest.fixture
def settled(every_client: Clients) -> Callable[[list[str]], None]:
    def wait(numbers: list[str]) -> None:
        import time

        deadline = time.monotonic() + 60
        while True:
            found = every_client("ec2").describe_instances(InstanceIds=numbers)
            states = {i["State"]["Name"] for reservation in found["Reservations"] for i in reservation["Instances"]}
            if states <= {"running", "stopped"}:
                return
            assert time.monotonic() < deadline, states
            time.sleep(0.2)

    return wait


def test_what_does_not_exist_yet_is_not_spoken_of_and_what_is_gone_is(stage: Stage) -> None:
    stage.entries["services.web"] = {"kind": "group", "name": f"{stage.prefix}-none", "schedules": ["office"]}
    stage.entries["databases.main"] = {"kind": "rds", "name": f"{stage.prefix}-none", "schedules": ["office"]}
    stage.entries["services.api"] = {"kind": "ecs", "cluster": "none", "name": "none", "schedules": ["office"]}
    stage.entries["nodes.pool"] = {"kind": "nodegroup", "cluster": "none", "name": "none", "schedules": ["office"]}
    stage.entries["instances.one"] = {"kind": "instance", "id": "i-0123456789abcdef0", "schedules": ["office"]}
    done = stage.tick(DAY)
    assert (done["looked_at"], done["failed"], done["waiting"]) == (5, [], {})
    name = stage.group()
    stage.tick()
    stage.clients("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    assert stage.tick(stage.now + 60)["waiting"] == {"services.web": "missing"}
    assert stage.tick(stage.now + 60)["failed"] == []
    assert stage.events("services.web") == ["missing"]


class TestMutes:
    def mute(self, stage: Stage, name: str) -> dict[str, Any]:
        item = stage.alarms.get("mute", name)
        assert item is not None
        return item.doc

    def test_they_are_written_before_the_act_and_end_when_it_is_on_again(self, stage: Stage) -> None:
        name = stage.group(alarms=["scv-web-*"])
        stage.tick(DAY)
        group = stage.clients("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        members = sorted(instance["InstanceId"] for instance in group["AutoScalingGroups"][0]["Instances"])
        seen = []

        def before(**_: Any) -> None:
            seen.append(self.mute(stage, "power/services.web"))

        events = stage.clients("autoscaling").meta.events
        events.register("before-call.auto-scaling.SuspendProcesses", before)
        stage.tick(EVENING)
        events.unregister("before-call.auto-scaling.SuspendProcesses", before)
        assert [(mute["from"], mute["until"], mute["by"]) for mute in seen] == [(at(EVENING), None, "keeper")]
        assert seen[0]["match"] == {"kinds": ["alarm"], "names": ["scv-web-*"]}
        match = self.mute(stage, "power/services.web/events")["match"]
        assert match == {"kinds": ["event"], "resource": sorted([name, *members])}
        stage.tick(NIGHT)
        assert self.mute(stage, "power/services.web")["until"] is None
        stage.tick(MORNING)
        assert self.mute(stage, "power/services.web")["until"] == at(MORNING) + 300 + SETTLE
        stage.tick(at(MORNING) + 60)
        assert self.mute(stage, "power/services.web")["until"] == at(MORNING) + 60 + SETTLE
        assert self.mute(stage, "power/services.web/events")["until"] == at(MORNING) + 60 + SETTLE

    def test_without_names_the_alarms_of_the_service_are_meant(self, stage: Stage) -> None:
        stage.database()
        stage.tick(DAY)
        stage.tick(EVENING)
        match = self.mute(stage, "power/databases.main")["match"]
        assert match == {"kinds": ["alarm"], "service": "databases.main"}

    def test_nothing_is_stopped_whose_alarms_cannot_be_muted(self, stage: Stage) -> None:
        name = stage.group()
        stage.tick(DAY)
        whole = stage.world.alarms
        stage.world.alarms = Store(stage.clients("dynamodb"), "no-such-table")
        done = stage.tick(EVENING)
        assert (done["off"], done["failed"]) == ([], ["services.web"])
        assert stage.sizes(name)[0] == 2
        stage.world.alarms = whole
        assert stage.tick(NIGHT)["off"] == ["services.web"]

    def test_what_is_wanted_on_is_started_all_the_same(self, stage: Stage) -> None:
        name = stage.group()
        stage.tick(DAY)
        stage.tick(EVENING)
        stage.tick(NIGHT)
        stage.world.alarms = Store(stage.clients("dynamodb"), "no-such-table")
        assert stage.tick(MORNING)["on"] == ["services.web"]
        assert stage.sizes(name)[0] == 2

    def test_without_alarms_there_is_nothing_to_mute(self, stage: Stage) -> None:
        stage.group()
        stage.world.alarms = None
        stage.tick(DAY)
        assert stage.tick(EVENING)["off"] == ["services.web"]


class TestDatabases:
    def test_a_replica_is_left_on_and_told_once(self, stage: Stage) -> None:
        source = stage.database()
        replica = f"{stage.prefix}-replica"
        stage.clients("rds").create_db_instance_read_replica(
            DBInstanceIdentifier=replica, SourceDBInstanceIdentifier=source, DBInstanceClass="db.t4g.micro"
        )
        stage.entries["databases.replica"] = {"kind": "rds", "name": replica, "schedules": ["office"]}
        stage.tick(DAY)
        for day in (24, 25, 26):
            done = stage.tick(f"2026-11-{day} 20:00")
            assert done["waiting"] == {"databases.main": "cannot_stop", "databases.replica": "cannot_stop"}
            assert done["failed"] == []
            stage.tick(f"2026-11-{day + 1} 08:00")
        for target in ("databases.main", "databases.replica"):
            assert stage.events(target).count("cannot_stop") == 1
            assert stage.state(target)["problem"]["told"] is True
        assert (stage.status(source), stage.status(replica)) == ("available", "available")

    def test_sql_server_in_several_zones_is_left_on(self, stage: Stage) -> None:
        name = stage.database(Engine="sqlserver-se", MultiAZ=True, LicenseModel="license-included")
        stage.tick(DAY)
        assert stage.tick(EVENING)["waiting"] == {"databases.main": "cannot_stop"}
        assert stage.status(name) == "available"

    def test_aws_restarts_it_after_seven_days(self, stage: Stage) -> None:
        stage.schedules["office"] = {
            **stage.schedules["office"],
            "holidays": [f"2026-12-{day:02}" for day in range(1, 32)],
        }
        name = stage.database()
        stage.tick("2026-11-30 12:00")
        stage.tick("2026-11-30 20:00")
        assert stage.status(name) == "stopped"
        stage.tick("2026-11-30 20:01")
        stage.clients("rds").start_db_instance(DBInstanceIdentifier=name)
        # It is stopped once it is available, and nobody is taken to have started it.
        assert stage.status(name) == "available"
        assert stage.tick("2026-12-07 20:05")["off"] == ["databases.main"]
        assert stage.status(name) == "stopped"
        assert "changed_by_aws" in stage.events("databases.main")

    @pytest.mark.parametrize(
        ("message", "stopped"),
        [
            ("DB instance is being started due to it exceeding the maximum allowed time being stopped", True),
            ("DB instance started", False),
        ],
    )
    def test_what_rds_says_of_the_restart_counts(self, stage: Stage, message: str, stopped: bool) -> None:
        """Somebody stopped it before the keeper knew it, so the seven days are over sooner than the keeper would think."""
        name = stage.database()
        stage.tick(DAY)
        stage.tick(EVENING)
        assert stage.status(name) == "stopped"
        stage.tick(NIGHT)
        stage.clients("rds").start_db_instance(DBInstanceIdentifier=name)
        assert stage.status(name) == "available"
        event = f"<Event><SourceIdentifier>{name}</SourceIdentifier><Message>{message}</Message></Event>"
        result = f"<DescribeEventsResult><Events>{event}</Events></DescribeEventsResult>"
        text = f"<DescribeEventsResponse>{result}</DescribeEventsResponse>"
        with Turned(stage.clients("rds"), "DescribeEvents", status=200, text=text) as turned:
            assert stage.tick("2026-11-24 21:00")["off"] == (["databases.main"] if stopped else [])
        assert turned.calls == 1

    def test_when_rds_does_not_say_it_was_a_person(self, stage: Stage) -> None:
        name = stage.database()
        stage.tick(DAY)
        stage.tick(EVENING)
        assert stage.status(name) == "stopped"
        stage.tick(NIGHT)
        stage.clients("rds").start_db_instance(DBInstanceIdentifier=name)
        with Turned(stage.clients("rds"), "DescribeEvents", "AccessDenied"):
            done = stage.tick("2026-11-24 21:00")
        assert (done["off"], done["failed"]) == ([], [])
        assert stage.events("databases.main")[-1] == "outside"

    def test_a_start_by_hand_before_that_is_respected_for_two_hours(self, stage: Stage) -> None:
        name = stage.database()
        stage.tick(DAY)
        stage.tick(EVENING)
        assert stage.status(name) == "stopped"
        stage.tick(NIGHT)
        stage.clients("rds").start_db_instance(DBInstanceIdentifier=name)
        for when, status in (("20:30", "available"), ("22:29", "available"), ("22:30", "stopped")):
            stage.tick(f"2026-11-24 {when}")
            assert stage.status(name) == status, when


class TestTrouble:
    def test_two_keepers_at_once_do_it_once(self, stage: Stage) -> None:
        name = stage.group()
        stage.database()
        stage.tick(DAY)
        results: list[dict[str, Any]] = []
        barrier = threading.Barrier(4)

        def keeper() -> None:
            barrier.wait()
            results.append(tick(stage.world, stage.targets, at(EVENING)))

        threads = [threading.Thread(target=keeper) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        off = [name for result in results for name in result["off"]]
        assert sorted(off) == ["databases.main", "services.web"]
        assert stage.sizes(name)[:3] == (0, 0, 0)
        assert stage.events("services.web") == ["off"]

    def test_killed_between_the_write_and_the_act_it_is_done_a_minute_later(self, stage: Stage) -> None:
        name = stage.group()
        stage.tick(DAY)

        class Killed(BaseException):
            pass

        def kill(**_: Any) -> None:
            raise Killed

        for operation in ("SuspendProcesses", "UpdateAutoScalingGroup"):
            events = stage.clients("autoscaling").meta.events
            events.register(f"before-call.auto-scaling.{operation}", kill)
            with pytest.raises(Killed):
                stage.tick(at(EVENING) if operation == "SuspendProcesses" else at(EVENING) + 60)
            events.unregister(f"before-call.auto-scaling.{operation}", kill)
        assert stage.sizes(name)[:3] == (2, 6, 2)
        stage.tick(at(EVENING) + 180)
        assert stage.sizes(name) == (0, 0, 0, 0, set(RUNNING))
        stage.tick(MORNING)
        assert stage.sizes(name) == (2, 6, 2, 2, set())

    def test_throttled_it_leaves_the_rest_to_the_next_tick(self, stage: Stage) -> None:
        names = [stage.group(f"services.s{number}", least=1) for number in range(12)]
        stage.tick(DAY)
        with Turned(stage.clients("autoscaling"), "UpdateAutoScalingGroup", "Throttling", 10**9) as turned:
            done = stage.tick(EVENING)
        assert (done["off"], done["failed"], len(done["left"])) == ([], [], 12)
        # Whoever was turned away says so to the others; the four at work try three times each.
        assert turned.calls <= 12
        done = stage.tick(NIGHT)
        assert (len(done["off"]), done["left"]) == (12, [])
        assert all(stage.sizes(name)[:3] == (0, 0, 0) for name in names)

    def test_a_short_throttle_is_nobodys_business(self, stage: Stage) -> None:
        stage.database()
        stage.tick(DAY)
        with Turned(stage.clients("rds"), "StopDBInstance", "Throttling", 1):
            assert stage.tick(EVENING)["off"] == ["databases.main"]

    def test_what_is_refused_is_remembered_told_and_tried_again(self, stage: Stage) -> None:
        name = stage.database()
        stage.tick(DAY)
        with Turned(stage.clients("rds"), "StopDBInstance", "AccessDenied"):
            assert stage.tick(EVENING)["failed"] == ["databases.main"]
            assert stage.tick(at(EVENING) + 20)["failed"] == []
            assert stage.tick(NIGHT)["failed"] == ["databases.main"]
        assert stage.state("databases.main")["problem"]["detail"] == "AccessDenied: No."
        assert stage.events("databases.main") == ["off", "refused"]
        stage.tick("2026-11-24 20:05")
        assert stage.status(name) == "stopped"
        stage.tick("2026-11-24 20:06")
        assert stage.events("databases.main")[-1] == "effective"

    def test_busy_by_the_answer_is_left_for_later(self, stage: Stage) -> None:
        stage.database()
        stage.tick(DAY)
        with Turned(stage.clients("rds"), "StopDBInstance", "InvalidDBInstanceState"):
            done = stage.tick(EVENING)
        assert (done["failed"], done["left"]) == ([], ["databases.main"])
        assert stage.tick(NIGHT)["off"] == ["databases.main"]

    def test_a_kind_that_cannot_be_looked_at_does_not_keep_the_others(self, stage: Stage) -> None:
        stage.group()
        stage.database()
        stage.tick(DAY)
        with Turned(stage.clients("autoscaling"), "DescribeAutoScalingGroups", "AccessDenied"):
            done = stage.tick(EVENING)
        assert (done["failed"], done["off"]) == (["services.web"], ["databases.main"])

    def test_one_broken_item_does_not_keep_the_others(self, stage: Stage) -> None:
        stage.group()
        stage.database()
        table = stage.world.table
        table.client.put_item(
            TableName=table.name,
            Item={"pk": {"S": "fleet"}, "sk": {"S": "services.web"}, "doc": {"S": "{"}, "version": {"N": "1"}},
        )
        done = stage.tick(DAY)
        assert (done["failed"], done["looked_at"]) == (["services.web"], 2)
        assert stage.tick(EVENING)["off"] == ["databases.main"]
        table.put(Put("fleet", "services.web", {"goal": "on", "manual": {"to": "on"}}, None))
        assert stage.tick(NIGHT)["failed"] == ["services.web"]

    def test_when_the_time_is_up_the_next_tick_goes_on(self, stage: Stage) -> None:
        for number in range(3):
            stage.group(f"services.s{number}", least=1)
        stage.tick(DAY)
        whole, stage.world.time = stage.world.time, 0.0
        assert len(stage.tick(EVENING)["left"]) == 3
        stage.world.time = whole
        assert len(stage.tick(NIGHT)["off"]) == 3


class TestAnnouncements:
    @pytest.fixture
    def heard(self, stage: Stage) -> Callable[[], list[dict[str, Any]]]:
        sns, sqs = stage.clients("sns"), stage.clients("sqs")
        topic = sns.create_topic(Name=stage.prefix)["TopicArn"]
        queue = sqs.create_queue(QueueName=stage.prefix)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        stage.world.topic = topic

        def receive() -> list[dict[str, Any]]:
            found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
            for message in found:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"]) for message in found]

        return receive

    def test_a_problem_and_its_end_are_told_once(self, stage: Stage, heard: Callable[[], list[dict[str, Any]]]) -> None:
        stage.database()
        stage.tick(DAY)
        with Turned(stage.clients("rds"), "StopDBInstance", "AccessDenied"):
            stage.tick(EVENING)
            stage.tick(NIGHT)
        told = heard()
        name = stage.entries["databases.main"]["name"]
        assert [(post["key"], post["status"], post["service"], post["priority"]) for post in told] == [
            ("power/databases.main/refused", "firing", "databases.main", "P3")
        ]
        assert "AccessDenied: No." in told[0]["text"]
        for minute in (5, 6, 7):
            stage.tick(f"2026-11-24 20:{minute:02}")
            assert stage.status(name) == "stopped"
        assert [(post["key"], post["status"]) for post in heard()] == [("power/databases.main/refused", "resolved")]
        assert "problem" not in stage.state("databases.main")

    def test_what_could_not_be_told_is_told_later(
        self, stage: Stage, heard: Callable[[], list[dict[str, Any]]]
    ) -> None:
        stage.database()
        stage.tick(DAY)
        with Turned(stage.clients("rds"), "StopDBInstance", "AccessDenied"):
            topic, stage.world.topic = stage.world.topic, "arn:aws:sns:ap-northeast-2:000000000000:none"
            stage.tick(EVENING)
            stage.world.topic = topic
            stage.tick(NIGHT)
        assert len(heard()) == 1


def test_calls_grow_with_pages_when_nothing_is_to_be_done(stage: Stage, every_client: Clients) -> None:
    for number in range(30):
        stage.group(f"services.s{number}", least=0)
    for number in range(5):
        stage.database(f"databases.d{number}")
    stage.tick(DAY)
    calls: list[str] = []

    def count(model: Any, **_: Any) -> None:
        calls.append(model.name)

    for service in ("autoscaling", "rds", "dynamodb", "sns"):
        every_client(service).meta.events.register("before-call", count)
    stage.tick(stage.now + 60)
    for service in ("autoscaling", "rds", "dynamodb", "sns"):
        every_client(service).meta.events.unregister("before-call", count)
    assert sorted(calls) == ["DescribeAutoScalingGroups", "DescribeDBInstances", "Query"]


def test_the_environment_of_the_keeper(every_client: Clients, table: Table) -> None:
    world = World.of({"GIBAN_TABLE": table.name}, every_client)
    assert (world.table.name, world.alarms, world.topic) == (table.name, None, None)
    world = World.of(
        {"GIBAN_TABLE": table.name, "GIBAN_ALARMS_TABLE": "alarms", "GIBAN_ALARMS_TOPIC": "arn"}, every_client
    )
    assert world.alarms is not None
    assert (world.alarms.name, world.topic) == ("alarms", "arn")
