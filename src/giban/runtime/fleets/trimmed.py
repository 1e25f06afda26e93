"""botocore's descriptions of two services without what is not read here.

RDS describes a database with seventy fields, auto scaling a group with forty, and both tell all of them again when one is
stopped; making Python of hundreds of these takes longer than everything that is decided about them.
"""

from __future__ import annotations

from ..common.aws import TRIMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEPT = {
    "autoscaling": {
        "AutoScalingGroup": (
            "AutoScalingGroupName", "DesiredCapacity", "Instances", "MaxSize", "MinSize", "Status", "SuspendedProcesses",
        ),
        "Instance": ("HealthStatus", "InstanceId", "LifecycleState", "ProtectedFromScaleIn"),
        "SuspendedProcess": ("ProcessName",),
    },
    "rds": {
        "DBCluster": (
            "AutomaticRestartTime", "DBClusterIdentifier", "EngineMode", "GlobalClusterIdentifier", "ReadReplicaIdentifiers",
            "ReplicationSourceIdentifier", "Status",
        ),
        "DBInstance": (
            "AutomaticRestartTime", "DBClusterIdentifier", "DBInstanceIdentifier", "DBInstanceStatus", "Engine", "MultiAZ",
            "ReadReplicaDBInstanceIdentifiers", "ReadReplicaSourceDBInstanceIdentifier",
        ),
        "Event": ("Message",),
        # The answers to stop and start: the next look tells what became of it.
        "StartDBClusterResult": (),
        "StartDBInstanceResult": (),
        "StopDBClusterResult": (),
        "StopDBInstanceResult": (),
    },
}  # fmt: skip
"""Service, shape of its description, and the fields of it that are read."""


def trim(service: str, model: dict[str, Any]) -> None:
    """Leave out what is not read; the model is changed."""
    for shape, fields in KEPT[service].items():
        members = model["shapes"][shape]["members"]
        model["shapes"][shape]["members"] = {name: members[name] for name in fields if name in members}


def install() -> None:
    """For clients that are made from now on."""
    TRIMS["autoscaling"] = lambda model: trim("autoscaling", model)
    TRIMS["rds"] = lambda model: trim("rds", model)
