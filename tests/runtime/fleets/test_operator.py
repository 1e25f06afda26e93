"""What an operator asks the keeper, on real emulated groups and databases, and the keeper's entry with power schedules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from giban.rehearsal.contents import Clients
from giban.runtime.common import aws
from giban.runtime.fleets import entry, target
from giban.runtime.power import keeper
from giban.runtime.power.keeper import KeeperFailed
from tests.runtime.fleets.stage import OFFICE, Stage, at
from tests.runtime.fleets.test_tick import DAY, EVENING, MORNING, NIGHT, Turned


def test_the_status_of_everything(stage: Stage) -> None:
    name = stage.group(hourly_usd=0.2)
    stage.database()
    stage.tick(DAY)
    answer = stage.ask("status")
    assert answer["status"] == 200
    assert answer["body"]["now"] == "2026-11-24T03:00:00Z"
    assert answer["body"]["targets"]["services.web"] == {
        "kind": "group",
        "name": name,
        "power": "on",
        "status": "2/2 in service",
        "effective": True,
        "should": "on",
        "why": "schedule",
        "which": ["office"],
        "since": "2026-11-23T23:00:00Z",
        "until": "2026-11-24T11:00:00Z",
        "next": [
            {"at": "2026-11-24T11:00:00Z", "to": "off"},
            {"at": "2026-11-24T23:00:00Z", "to": "on"},
            {"at": "2026-11-25T11:00:00Z", "to": "off"},
            {"at": "2026-11-25T23:00:00Z", "to": "on"},
        ],
        "manual": None,
        "capacity": {"min": 2, "max": 6, "desired": 2, "count": 2},
        "problem": None,
        "saved": {"hours": 0.0, "usd": 0.0},
    }
    main = answer["body"]["targets"]["databases.main"]
    assert (main["status"], main["capacity"], main["saved"]) == ("available", None, {"hours": 0.0, "usd": None})
    assert list(stage.ask("status", "databases.main")["body"]["targets"]) == ["databases.main"]


def test_the_status_before_the_first_tick_and_of_what_is_not_there(stage: Stage) -> None:
    stage.group()
    stage.entries["databases.none"] = {"kind": "rds", "name": "none", "schedules": ["office"]}
    found = stage.ask("status")["body"]["targets"]
    assert (found["services.web"]["power"], found["services.web"]["effective"]) == ("on", True)
    assert (found["databases.none"]["power"], found["databases.none"]["effective"]) == ("missing", False)


def test_on_at_night_for_the_grace_and_off_again(stage: Stage) -> None:
    name = stage.group()
    stage.tick(DAY)
    stage.tick(EVENING)
    stage.tick(NIGHT)
    stage.now = at("2026-11-24 22:00")
    answer = stage.ask("on", "services.web")
    assert answer["status"] == 200
    body = answer["body"]
    assert (body["target"], body["should"], body["why"]) == ("services.web", "on", "manual")
    assert body["manual"] == {"to": "on", "by": "kim", "at": "2026-11-24T13:00:00Z", "until": "2026-11-24T15:00:00Z"}
    assert stage.sizes(name)[:4] == (2, 6, 2, 2)
    stage.tick(stage.now + 60)
    assert stage.ask("on", "services.web")["body"]["done"] is True
    stage.tick("2026-11-25 00:02")
    assert stage.sizes(name)[0] == 0


def test_on_until_a_time(stage: Stage) -> None:
    name = stage.group()
    stage.tick(DAY)
    for end in ({"until": "2026-11-24T14:00:00Z"}, {"until": at("2026-11-24 23:00")}, {"for": 11 * 3600}):
        answer = stage.ask("on", "services.web", **end)
        assert answer["body"]["manual"]["until"] == "2026-11-24T14:00:00Z"
    stage.tick(EVENING)
    assert stage.sizes(name)[0] == 2
    stage.tick("2026-11-24 23:00")
    assert stage.sizes(name)[0] == 0


def test_off_by_day_until_the_next_start_and_auto(stage: Stage) -> None:
    name = stage.group()
    stage.tick(DAY)
    answer = stage.ask("off", "services.web")["body"]
    assert (answer["should"], answer["manual"]["until"]) == ("off", "2026-11-24T23:00:00Z")
    assert stage.sizes(name)[0] == 0
    stage.tick(stage.now + 60)
    assert stage.ask("status")["body"]["targets"]["services.web"]["effective"] is True
    stage.now += 60
    answer = stage.ask("auto", "services.web")["body"]
    assert (answer["manual"], answer["should"], answer["why"]) == (None, "on", "schedule")
    assert stage.sizes(name)[:3] == (2, 6, 2)


def test_off_ends_with_the_next_start(stage: Stage) -> None:
    name = stage.group()
    stage.tick(DAY)
    stage.ask("off", "services.web")
    stage.tick(stage.now + 60)
    stage.tick(MORNING)
    assert stage.sizes(name)[0] == 2
    assert "manual" not in stage.state("services.web")


def test_asked_before_the_first_tick(stage: Stage) -> None:
    name = stage.group()
    assert stage.ask("off", "services.web")["status"] == 200
    assert stage.sizes(name)[0] == 0
    history = stage.ask("history", "services.web")["body"]
    assert [(event["what"], event["by"], event["why"]) for event in history["events"]] == [("off", "kim", "asked")]


def test_without_schedules_off_lasts_until_it_is_taken_back(stage: Stage) -> None:
    name = stage.group(schedules=[])
    stage.tick(DAY)
    assert stage.ask("off", "services.web")["body"]["manual"]["until"] is None
    stage.tick(stage.now + 60)
    stage.tick("2027-11-24 12:00")
    assert stage.sizes(name)[0] == 0
    assert stage.ask("on", "services.web")["body"]["manual"] is None
    assert stage.sizes(name)[0] == 2


def test_history_is_newest_first(stage: Stage) -> None:
    stage.group()
    stage.tick(DAY)
    stage.tick(EVENING)
    stage.tick(NIGHT)
    events = stage.ask("history", "services.web", limit=5)["body"]["events"]
    assert [event["what"] for event in events] == ["effective", "off"]
    assert events[1]["by"] == "schedule"
    assert [event["what"] for event in stage.ask("history", "services.web", limit=1)["body"]["events"]] == ["effective"]


def test_what_cannot_be_stopped_is_not_promised(stage: Stage) -> None:
    name = stage.database(Engine="sqlserver-se", MultiAZ=True, LicenseModel="license-included")
    stage.tick(DAY)
    answer = stage.ask("off", "databases.main")
    assert (answer["status"], answer["body"]["code"]) == (409, "cannot-stop")
    assert "SQL Server" in answer["body"]["detail"]
    assert "manual" not in stage.state("databases.main")
    assert stage.status(name) == "available"


def test_aws_does_not_answer(stage: Stage) -> None:
    stage.group()
    stage.tick(DAY)
    with Turned(stage.clients("autoscaling"), "DescribeAutoScalingGroups", "AccessDenied"):
        answer = stage.ask("on", "services.web")
        assert (answer["status"], answer["body"]["code"]) == (502, "aws")
        assert stage.ask("status")["body"]["targets"]["services.web"]["power"] == "unknown"


@pytest.mark.parametrize(
    ("event", "status", "words"),
    [
        ({"action": "explode"}, 400, "explode"),
        ({}, 400, "None"),
        ({"action": "status", "operator": ""}, 400, "operator"),
        ({"action": "status", "operator": 1}, 400, "operator"),
        ({"action": "status", "operator": "x" * 201}, 400, "operator"),
        ({"action": "on"}, 404, "no power|No power"),
        ({"action": "on", "target": "services.wep"}, 404, 'Did you mean "services.web"'),
        ({"action": "status", "target": "x"}, 404, "There are services.web"),
        ({"action": "on", "target": ["services.web"]}, 404, "target"),
        ({"action": "on", "target": "services.web", "until": "tomorrow"}, 400, "no time"),
        ({"action": "on", "target": "services.web", "until": "2026-11-24T20:00:00"}, 400, "no time"),
        ({"action": "on", "target": "services.web", "until": "2026-11-24T02:00:00Z"}, 400, "ahead"),
        ({"action": "on", "target": "services.web", "until": 1e12}, 400, "ahead"),
        ({"action": "on", "target": "services.web", "until": True}, 400, "no time"),
        ({"action": "on", "target": "services.web", "until": [1]}, 400, "no time"),
        ({"action": "on", "target": "services.web", "until": float("nan")}, 400, "ahead"),
        ({"action": "on", "target": "services.web", "for": 0}, 400, "ahead"),
        ({"action": "on", "target": "services.web", "for": "2h"}, 400, "either"),
        ({"action": "on", "target": "services.web", "for": 60, "until": 1795402800}, 400, "either"),
        ({"action": "history", "target": "services.web", "limit": 0}, 400, "limit"),
        ({"action": "history", "target": "services.web", "limit": 1000}, 400, "limit"),
        ({"action": "history", "target": "services.web", "limit": "all"}, 400, "limit"),
    ],
)
def test_wrong_questions(stage: Stage, event: dict[str, Any], status: int, words: str) -> None:
    from giban.runtime.fleets.operator import operate

    stage.entries["services.web"] = {"kind": "group", "name": "none", "schedules": ["office"]}
    answer = operate(stage.world, stage.targets, {"operator": "kim", **event}, stage.now)
    assert answer["status"] == status
    import re

    assert re.search(words, answer["body"]["detail"])


class TestKeeper:
    """Lambda's entry of an environment that has power schedules, and no workstations."""

    @pytest.fixture
    def name(
        self,
        stage: Stage,
        every_client: Clients,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> str:
        name = stage.group()
        # On while the test runs, whenever that is.
        always = {"day": {**OFFICE, "on": "00:00", "off": "12:00"}, "night": {**OFFICE, "on": "12:00", "off": "00:00"}}
        for each in always.values():
            each["holidays"] = []
        stage.entries["services.web"]["schedules"] = list(always)
        path = tmp_path_factory.mktemp("archive") / "config.json"
        path.write_text(json.dumps({"schedules": always, "targets": stage.entries}), encoding="utf-8")
        monkeypatch.setattr(target, "CONFIG", str(path))
        monkeypatch.setattr(entry, "_loaded", [])
        monkeypatch.setenv("GIBAN_TABLE", stage.world.table.name)
        monkeypatch.setenv("GIBAN_PREFIX", "acme-dev")
        monkeypatch.delenv("GIBAN_WORKSTATIONS", raising=False)
        services = ("autoscaling", "dynamodb", "ec2", "secretsmanager")
        monkeypatch.setattr(aws, "_clients", {service: every_client(service) for service in services})
        return name

    @pytest.mark.parametrize("workstations", [None, "{}", ""])
    def test_without_workstations(
        self, name: str, stage: Stage, workstations: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if workstations is not None:
            monkeypatch.setenv("GIBAN_WORKSTATIONS", workstations)
        done = keeper.handle({"tick": True})
        assert (done["looked_at"], done["fleets"]["looked_at"], done["failed"]) == (0, 1, [])
        assert stage.state("services.web")["goal"] == "on"

    def test_an_operator(self, name: str, stage: Stage) -> None:
        answer = keeper.handle({"operator": "kim", "action": "off", "target": "services.web"})
        assert (answer["status"], answer["body"]["should"]) == (200, "off")
        assert stage.sizes(name)[0] == 0

    def test_failures_are_raised_after_everything_was_looked_after(self, name: str, stage: Stage) -> None:
        table = stage.world.table
        item = {"pk": {"S": "fleet"}, "sk": {"S": "services.web"}, "doc": {"S": "{"}, "version": {"N": "1"}}
        table.client.put_item(TableName=table.name, Item=item)
        with pytest.raises(KeeperFailed, match=r"services\.web"):
            keeper.handle({"tick": True})

    def test_trouble_with_the_workstations_does_not_keep_it_from_the_groups(
        self, name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch, every_client: Clients
    ) -> None:
        monkeypatch.setenv("GIBAN_WORKSTATIONS", json.dumps({"dev": {"instance": "i-1", "settings": {}}}))
        with (
            Turned(every_client("ec2"), "DescribeInstances", "UnauthorizedOperation"),
            pytest.raises(Exception, match="No"),
        ):
            keeper.handle({"tick": True})
        assert stage.state("services.web")["goal"] == "on"

    def test_without_a_configuration_there_is_nothing_to_do(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(target, "CONFIG", "/nonexistent")
        assert keeper.handle({"tick": True}) == {"looked_at": 0, "failed": []}

    def test_an_archive_without_the_package_does_not_look_for_it(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeper, "FLEETS", False)
        assert keeper.handle({"tick": True}) == {"looked_at": 0, "failed": []}
