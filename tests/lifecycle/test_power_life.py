"""A power schedule on the rehearsal: real Terraform, the real keeper. What it turns off and on is no drift to Terraform.

The tests of this file follow one environment and build on each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lifecycle.test_whole_life import REGION, Project

pytestmark = pytest.mark.e2e
LIMIT = 120.0
"""Seconds: the keeper looks every minute, and a loaded machine takes its time."""

BLUEPRINT = f"""\
name: scv
regions: [{REGION}]
stage: development
network: {{zones: 2, nat: single}}
services:
  batch:
    kind: instances
    scale: {{min: 2, max: 4}}
    spot: {{base: 1, percent: 100, instances: [t3a.small, t3.medium]}}
databases:
  main: {{engine: postgres, version: "16"}}
power:
  office: {{time_zone: Asia/Seoul, on: 08:00 daily, off: 20:00 daily, targets: [services.batch, databases.main]}}
"""
TARGETS = ("databases.main", "services.batch")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("power"), BLUEPRINT)
    yield made
    made.run("rehearsal", "stop")


def group(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    return found


def database(project: Project) -> str:
    return str(project.client("rds").describe_db_instances()["DBInstances"][0]["DBInstanceStatus"])


def kinds(project: Project) -> list[str]:
    ids = [instance["InstanceId"] for instance in group(project)["Instances"]]
    described = project.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    instances = [instance for each in described for instance in each["Instances"]]
    return sorted(instance.get("InstanceLifecycle", "on-demand") for instance in instances)


def changes(project: Project) -> list[tuple[str, str]]:
    plan = project.json("plan")
    return [(change["kind"], change["address"]) for root in plan["roots"] for change in root["changes"]]


def wait(project: Project, power: str, until: Callable[[dict[str, Any]], bool]) -> None:
    """Ask until the keeper says so of every target."""
    end = time.monotonic() + LIMIT
    while True:
        targets = project.json("power", "status")["targets"]
        if all(targets[name]["power"] == power and until(targets[name]) for name in TARGETS):
            return
        assert time.monotonic() < end, targets
        time.sleep(2)


def test_01_everything_is_made_and_a_second_plan_is_empty(project: Project) -> None:
    project.run("up")
    assert (group(project)["MinSize"], group(project)["MaxSize"]) == (2, 4)
    assert kinds(project) == ["on-demand", "spot"]
    assert changes(project) == []


def test_02_what_is_turned_off_is_no_drift(project: Project) -> None:
    for name in TARGETS:
        project.run("power", "off", name, "--until", "5h")
    wait(project, "off", lambda target: target["should"] == "off")
    found = group(project)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"], found["Instances"]) == (0, 0, 0, [])
    assert {process["ProcessName"] for process in found["SuspendedProcesses"]} != set()
    assert database(project) == "stopped"
    assert changes(project) == []


def test_03_a_change_of_the_limits_waits_for_the_keeper(project: Project) -> None:
    project.write(BLUEPRINT.replace("max: 4", "max: 5"))
    assert changes(project) == [("update", "aws_lambda_function.keeper")]
    project.run("up")
    assert group(project)["MaxSize"] == 0, "it is still off"


def test_04_what_is_turned_on_again_has_the_numbers_of_the_blueprint(project: Project) -> None:
    for name in TARGETS:
        project.run("power", "on", name, "--until", "5h")
    wait(project, "on", lambda target: bool(target["effective"]))
    found = group(project)
    assert (found["MinSize"], found["MaxSize"], found["SuspendedProcesses"]) == (2, 5, [])
    assert kinds(project) == ["on-demand", "spot"]
    assert database(project) == "available"
    assert changes(project) == []


def test_05_people_read_who_did_what(project: Project) -> None:
    events = project.json("power", "history", "batch")["events"]
    assert {event["what"] for event in events} >= {"on", "off"}
    text = project.run("power", "status").stdout
    assert "services.batch" in text
    assert "turned on by" in text
    answer = project.run("power", "off", "services.bach", code=2)
    assert "Did you mean `services.batch`?" in answer.stderr


def test_06_back_to_its_schedules(project: Project) -> None:
    document = project.json("power", "auto", "batch")
    assert document["manual"] is None
    assert document["should"] in ("on", "off")
