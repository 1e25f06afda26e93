"""What AWS's descriptions of each kind mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from giban.runtime.fleets import databases, groups, machines, nodes, services
from giban.runtime.fleets.calls import LEFT, Refused
from giban.runtime.fleets.seen import Seen
from giban.runtime.fleets.target import targets_of
from giban.runtime.power.machines import Machine


@pytest.mark.parametrize(
    ("status", "power", "busy"),
    [
        ("available", "on", False),
        ("stopped", "off", False),
        ("stopping", "stopping", True),
        ("starting", "starting", True),
        ("creating", "starting", True),
        ("backing-up", "on", True),
        ("modifying", "on", True),
        ("storage-optimization", "on", True),
        ("storage-full", "on", True),
        ("maintenance", "on", True),
        ("rebooting", "on", True),
        ("incompatible-parameters", "on", True),
        ("a-state-of-next-year", "on", True),
        ("failed", "broken", False),
        ("incompatible-network", "broken", False),
        ("deleting", "broken", False),
    ],
)
def test_states_of_databases(status: str, power: str, busy: bool) -> None:
    for seen in (databases._instance({"DBInstanceStatus": status}), databases._cluster({"Status": status})):
        assert (seen.power, seen.busy, seen.never, seen.status) == (power, busy, "", status)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"ReadReplicaSourceDBInstanceIdentifier": "main"}, "a read replica"),
        ({"ReadReplicaDBInstanceIdentifiers": ["copy"]}, "with read replicas"),
        ({"DBClusterIdentifier": "aurora"}, "member of a cluster"),
        ({"MultiAZ": True, "Engine": "sqlserver-ee"}, "SQL Server"),
        ({"MultiAZ": True, "Engine": "custom-sqlserver-se"}, "SQL Server"),
        ({"MultiAZ": False, "Engine": "sqlserver-ee"}, None),
        ({"MultiAZ": True, "Engine": "postgres"}, None),
        ({"ReadReplicaDBInstanceIdentifiers": []}, None),
    ],
)
def test_instances_that_aws_does_not_stop(entry: dict[str, Any], words: str | None) -> None:
    never = databases._instance({"DBInstanceStatus": "available", **entry}).never
    assert words in never if words else never == ""


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"GlobalClusterIdentifier": "world"}, "global database"),
        ({"EngineMode": "serverless"}, "mode serverless"),
        ({"EngineMode": "parallelquery"}, "mode parallelquery"),
        ({"ReplicationSourceIdentifier": "arn:aws:rds:us-east-1:1:cluster:main"}, "another region"),
        ({"ReadReplicaIdentifiers": ["arn"]}, "another region"),
        ({"EngineMode": "provisioned", "ReadReplicaIdentifiers": []}, None),
    ],
)
def test_clusters_that_aws_does_not_stop(entry: dict[str, Any], words: str | None) -> None:
    never = databases._cluster({"Status": "available", **entry}).never
    assert words in never if words else never == ""


def test_when_aws_starts_a_stopped_database() -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert databases._instance({"DBInstanceStatus": "stopped", "AutomaticRestartTime": at}).restart_at == at.timestamp()


def _instances(*states: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"InstanceId": f"i-{n}", "LifecycleState": state, "HealthStatus": "Healthy", **more}
        for n, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("sizes", "instances", "least", "power", "detail"),
    [
        ((2, 6, 2), _instances("InService", "InService"), 2, "on", ""),
        ((2, 6, 2), _instances("InService", "Pending"), 2, "starting", "1 of 2 instances in service"),
        ((2, 6, 2), [], 2, "starting", "0 of 2 instances in service"),
        ((2, 6, 1), _instances("InService"), 2, "starting", "1 of 1 instances in service"),
        ((0, 0, 0), [], 2, "off", ""),
        ((0, 0, 0), _instances("Terminating"), 2, "stopping", "1 instances are still there"),
        ((0, 0, 0), _instances("InService", ProtectedFromScaleIn=True), 2, "stopping",
         "1 instances are still there, 1 of them protected from scale-in"),
        # By hand: desired and minimum 0.
        ((0, 6, 0), [], 2, "off", ""),
        # A blueprint whose minimum is 0 has empty groups that are on.
        ((0, 6, 0), [], 0, "on", ""),
        ((0, 0, 0), [], 0, "off", ""),
        ((1, 2, 1), _instances("InService", HealthStatus="Unhealthy"), 1, "starting", "0 of 1 instances in service"),
    ],
)  # fmt: skip
def test_groups(
    sizes: tuple[int, int, int], instances: list[dict[str, Any]], least: int, power: str, detail: str
) -> None:
    entry = {"kind": "group", "name": "web", "min": least, "max": 6}
    found = {"MinSize": sizes[0], "MaxSize": sizes[1], "DesiredCapacity": sizes[2], "Instances": instances}
    seen = groups._seen(targets_of({"targets": {"it": entry}})["it"], found)
    assert (seen.power, seen.detail, seen.ready) == (power, detail, power in ("on", "off"))


def test_a_group_that_is_being_deleted_is_gone() -> None:
    target = targets_of({"targets": {"it": {"kind": "group", "name": "web"}}})["it"]
    assert groups._seen(target, {"Status": "Delete in progress"}).power == "missing"
    assert groups._seen(target, None).power == "missing"


@pytest.mark.parametrize(
    ("service", "power", "detail"),
    [
        ({"desiredCount": 2, "runningCount": 2}, "on", ""),
        ({"desiredCount": 2, "runningCount": 1}, "starting", "1/2 tasks running"),
        ({"desiredCount": 0, "runningCount": 1, "pendingCount": 1}, "stopping", "2 tasks are still there"),
        ({"desiredCount": 0, "runningCount": 0}, "off", ""),
        ({"status": "INACTIVE"}, "missing", ""),
        ({"status": "DRAINING"}, "missing", ""),
        (None, "missing", ""),
    ],
)
def test_services(service: dict[str, Any] | None, power: str, detail: str) -> None:
    seen = services._seen(service)
    assert (seen.power, seen.detail) == (power, detail)


@pytest.mark.parametrize(
    ("status", "sizes", "issues", "power", "ready"),
    [
        ("ACTIVE", (1, 3, 2), [], "on", True),
        ("ACTIVE", (0, 3, 0), [], "off", True),
        ("UPDATING", (1, 3, 2), [], "starting", False),
        ("UPDATING", (0, 3, 0), [], "stopping", False),
        ("CREATING", (1, 3, 2), [], "starting", False),
        ("DEGRADED", (1, 3, 2), ["AccessDenied"], "on", False),
        ("DELETING", (1, 3, 2), [], "broken", False),
        ("CREATE_FAILED", (1, 3, 2), [], "broken", False),
    ],
)
def test_node_groups(status: str, sizes: tuple[int, int, int], issues: list[str], power: str, ready: bool) -> None:
    found = {
        "status": status,
        "scalingConfig": dict(zip(("minSize", "maxSize", "desiredSize"), sizes, strict=True)),
        "health": {"issues": [{"code": code} for code in issues]},
    }
    seen = nodes._seen(found)
    assert (seen.power, seen.ready) == (power, ready)


@pytest.mark.parametrize(
    ("answer", "power", "status"),
    [
        (Seen("on", "ACTIVE"), "on", "ACTIVE"),
        (Refused("ResourceNotFoundException", "No."), "missing", "missing"),
        (Refused("AccessDeniedException", "No."), "unknown", "AccessDeniedException: No."),
        (LEFT, "unknown", "AWS asked for fewer calls"),
    ],
)
def test_node_groups_that_were_not_seen(answer: Any, power: str, status: str) -> None:
    seen = nodes._read(answer)
    assert (seen.power, seen.status) == (power, status)


@pytest.mark.parametrize(
    ("state", "reason", "power", "busy", "by_aws"),
    [
        ("running", "", "on", False, False),
        ("stopped", "Client.UserInitiatedShutdown", "off", False, False),
        ("stopped", "Server.SpotInstanceShutdown", "off", False, True),
        ("pending", "", "starting", True, False),
        ("stopping", "", "stopping", True, False),
        ("terminated", "", "missing", False, False),
        ("missing", "", "missing", False, False),
    ],
)
def test_instances(state: str, reason: str, power: str, busy: bool, by_aws: bool) -> None:
    seen = machines._seen(Machine("i-1", state, reason=reason))
    assert (seen.power, seen.busy, seen.by_aws) == (power, busy, by_aws)
