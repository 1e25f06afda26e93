"""The tick over all workstations, events, and Lambda's entry."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from giban.rehearsal.contents import Clients
from giban.runtime.common import aws
from giban.runtime.common.store import Put
from giban.runtime.power import keeper
from giban.runtime.power.keeper import SPOT_WARNING, STATE_CHANGE, KeeperFailed, fleet_of
from giban.runtime.power.machines import BATCH, PAGE
from giban.runtime.power.reconcile import ask
from giban.runtime.power.settings import Settings
from giban.runtime.power.table import Table
from giban.runtime.power.tick import Fleet as Names
from giban.runtime.power.tick import look_at_one, tick
from giban.runtime.power.want import Want, turned
from tests.runtime.power.fake_ec2 import MOVE, FakeEC2

NOON = 1_795_402_800.0


class Fleet:
    """Many workstations."""

    def __init__(self, table: Table, count: int, **settings: Any) -> None:
        self.now = NOON
        self.calls: dict[str, int] = {}
        self.table = Table(_Counted(table.client, self.calls), table.name)
        self.ec2 = FakeEC2(lambda: self.now)
        self.settings = Settings(**settings)
        self.fleet: Names = {}
        for number in range(count):
            # Every second one has been idle for an hour.
            launched = NOON - (3600 if number % 2 else 60)
            instance = self.ec2.add(launched=launched, name=f"acme-dev/w{number:04}")
            self.fleet[f"w{number:04}"] = (instance, self.settings)

    def tick(self, after: float = 0.0) -> dict[str, Any]:
        self.now += after
        self.calls.clear()
        self.ec2.calls.clear()
        return tick(self.table, self.ec2, self.fleet, "acme-dev", self.now)

    def states(self) -> set[str]:
        return {self.ec2.state(instance) for instance, _ in self.fleet.values()}


class _Counted:
    """Counts the calls of a client."""

    def __init__(self, client: Any, calls: dict[str, int]) -> None:
        self._client, self._calls = client, calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self._calls[name] = self._calls.get(name, 0) + 1
            return getattr(self._client, name)(**request)

        return call


def test_a_tick_stops_who_is_due_and_nobody_else(table: Table) -> None:
    world = Fleet(table, 10)
    done = world.tick()
    assert done == {
        "looked_at": 10,
        "started": [],
        "stopped": [f"w{n:04}" for n in (1, 3, 5, 7, 9)],
        "lost": [],
        "failed": [],
    }
    assert world.states() == {"running", "stopping"}
    assert world.tick(MOVE)["stopped"] == []
    assert table.events("w0001", now=world.now)[0]["what"] == "stopped"
    # Nothing new: nothing is written.
    world.tick(60)
    assert "transact_write_items" not in world.calls


def test_calls_grow_with_pages_and_batches_not_with_machines(table: Table) -> None:
    count = 1200
    world = Fleet(table, count)
    world.tick()
    assert len(world.ec2.named("describe_instances")) == -(-count // PAGE)
    assert len(world.ec2.named("stop_instances")) == count / 2 / BATCH
    # Three items for a stop (wish, memory, event), two for the others (memory, event), a hundred a call.
    assert world.calls["transact_write_items"] <= count * 2.5 / 100 + 2
    assert world.calls["query"] == 3
    assert set(world.calls) == {"query", "transact_write_items"}


def test_machines_without_the_tag_are_still_looked_after(table: Table) -> None:
    world = Fleet(table, 3)
    lost = world.ec2.add(launched=NOON - 3600, name="")
    world.fleet["lost"] = (lost, world.settings)
    world.ec2.add(launched=NOON - 3600, name="acme-dev/of-somebody-else")
    assert world.tick()["stopped"] == ["lost", "w0001"]
    assert world.states() == {"running", "stopping"}
    assert table.get("observed", "of-somebody-else") is None


def test_one_refused_machine_does_not_hold_up_its_batch(table: Table) -> None:
    world = Fleet(table, 60)
    protected = world.fleet["w0031"][0]
    world.ec2.refuses[protected] = "OperationNotPermitted"
    done = world.tick()
    assert len(done["stopped"]) == 29
    assert table.load("w0031").observed.notice["code"] == "stop_refused"
    # Halving a batch of thirty finds it in a few calls.
    assert len(world.ec2.named("stop_instances")) <= 11


def test_without_permission_nothing_is_halved(table: Table) -> None:
    world = Fleet(table, 60)
    world.ec2.refuses["stop_instances"] = "UnauthorizedOperation"
    assert world.tick()["stopped"] == []
    assert len(world.ec2.named("stop_instances")) == 1
    world.ec2.refuses.clear()
    assert len(world.tick(60)["stopped"]) == 30


def test_sizes_are_tried_in_rounds(table: Table) -> None:
    world = Fleet(table, 4, sizes=("t3.large", "m5.large"))
    world.tick()
    world.tick(MOVE)
    for name in ("w0001", "w0003"):
        ask(table, name, "on", by="phone", why="", now=world.now)
    world.ec2.full = {"t3.large"}
    assert world.tick(1)["started"] == ["w0001", "w0003"]
    assert [world.ec2.type(world.fleet[name][0]) for name in ("w0000", "w0001")] == ["t3.large", "m5.large"]


def test_one_broken_workstation_does_not_stop_the_others(table: Table) -> None:
    world = Fleet(table, 4)
    table.client.put_item(
        TableName=table.name, Item={"pk": {"S": "want"}, "sk": {"S": "w0001"}, "doc": {"S": "{"}, "version": {"N": "1"}}
    )
    table.put(Put("want", "w0000", {"leases": [{}]}, 0))
    done = world.tick()
    assert (done["stopped"], sorted(done["failed"])) == (["w0003"], ["w0000", "w0001"])


def test_of_two_keepers_one_acts(table: Table) -> None:
    world = Fleet(table, 20)

    class Second(Table):
        """A whole other tick between this one's look and write."""

        raced = False

        def transact(self, groups: Any) -> set[str]:
            if not Second.raced:
                Second.raced = True
                tick(Table(table.client, table.name), world.ec2, world.fleet, "acme-dev", world.now)
            return super().transact(groups)

    done = tick(Second(table.client, table.name), world.ec2, world.fleet, "acme-dev", world.now)
    assert (done["stopped"], done["started"]) == ([], [])
    assert len(done["lost"]) == 20
    assert len(world.ec2.named("stop_instances")) == 1
    # One stop in the log, not two.
    assert [entry["what"] for entry in table.events("w0001", now=world.now)] == ["stop"]


def test_one_workstation_is_looked_at_sooner(table: Table) -> None:
    world = Fleet(table, 4)
    instance = world.fleet["w0002"][0]
    table.put(Put("want", "w0002", turned(Want(), "off", by="phone", why="", at=NOON).document(), 0))
    look_at_one(table, world.ec2, world.fleet, "w0002", NOON)
    assert world.ec2.state(instance) == "stopping"
    assert [name for name in world.fleet if table.load(name).observed.version] == ["w0002"]


def test_a_spot_warning_is_a_notice(table: Table) -> None:
    world = Fleet(table, 1)
    for _ in range(2):
        look_at_one(table, world.ec2, world.fleet, "w0000", NOON, "stop")
    assert table.load("w0000").observed.notice == {"code": "spot_interruption", "at": NOON, "detail": "stop"}
    assert [entry["why"] for entry in table.events("w0000", now=NOON)].count("spot_interruption") == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"dev": {}}', '{"dev": {"instance": "i-1", "settings": {"idle": 1}}}'])
def test_wrong_environments_are_errors(text: str) -> None:
    with pytest.raises((ValueError, KeyError, AttributeError)):
        fleet_of(text)


class TestHandler:
    """Lambda's entry with the real EC2, table and secrets of the emulators."""

    @pytest.fixture
    def instance(self, client: Clients, table: Table, monkeypatch: pytest.MonkeyPatch) -> str:
        run = client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="t3.large")
        instance: str = run["Instances"][0]["InstanceId"]
        client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "giban:power", "Value": "acme-dev/dev"}])
        secret = client("secretsmanager").create_secret(Name=f"acme/{table.name}")["ARN"]
        monkeypatch.setenv("GIBAN_TABLE", table.name)
        monkeypatch.setenv("GIBAN_PREFIX", "acme-dev")
        monkeypatch.setenv(
            "GIBAN_WORKSTATIONS", json.dumps({"dev": {"instance": instance, "host_secret": secret, "settings": {}}})
        )
        monkeypatch.setattr(aws, "_clients", {name: client(name) for name in ("ec2", "dynamodb", "secretsmanager")})
        return instance

    def test_a_tick_and_an_event(
        self, instance: str, client: Clients, table: Table, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert keeper.handle({"tick": True})["looked_at"] == 1
        assert json.loads(capsys.readouterr().out)["failed"] == []
        ask(table, "dev", "off", by="phone", why="", now=NOON)
        event = {
            "source": "aws.ec2",
            "detail-type": STATE_CHANGE,
            "detail": {"instance-id": instance, "state": "running"},
        }
        keeper.handle(event)
        found = client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        assert found["State"]["Name"] in ("pending", "running", "stopping", "stopped")
        assert table.load("dev").want.want == "off"

    def test_events_of_somebody_elses_instance_end_at_once(
        self, instance: str, table: Table, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(aws, "_clients", {})
        for detail in ({"instance-id": "i-other", "state": "running"}, {}, None):
            event = {"source": "aws.ec2", "detail-type": STATE_CHANGE, "detail": detail}
            assert keeper.handle(event) == {"looked_at": 0, "failed": []}
        assert aws._clients == {}

    def test_a_spot_warning_of_ec2(self, instance: str, table: Table) -> None:
        detail = {"instance-id": instance, "instance-action": "terminate"}
        keeper.handle({"source": "aws.ec2", "detail-type": SPOT_WARNING, "detail": detail})
        assert table.load("dev").observed.notice["detail"] == "terminate"

    def test_the_hosts_secret_gets_its_first_value(self, instance: str, client: Clients) -> None:
        keeper.handle({"tick": True})
        arn = json.loads(os.environ["GIBAN_WORKSTATIONS"])["dev"]["host_secret"]
        value = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        assert sorted(json.loads(value)) == ["agent_key", "password"]
        keeper._secrets_seen.discard(arn)
        keeper.handle({"tick": True})
        assert client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == value

    def test_a_failure_is_raised_after_all_was_done(self, instance: str, table: Table) -> None:
        table.put(Put("observed", "dev", {"decision": 1}, 0))
        with pytest.raises(KeeperFailed, match="dev"):
            keeper.handle({"tick": True})
