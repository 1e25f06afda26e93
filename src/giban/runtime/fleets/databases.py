"""RDS: instances, and clusters (Aurora, Multi-AZ) as a whole.

What AWS does not stop: a read replica or an instance that has some, SQL Server in several zones
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html, limitations), a single member of a cluster,
a cluster that is part of a global database, has a replica in another region, or is serverless v1
(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html).

Needs rds:DescribeDBInstances, StartDBInstance, StopDBInstance (clusters: DescribeDBClusters, StartDBCluster, StopDBCluster) and
rds:DescribeEvents.
"""

from __future__ import annotations

from .calls import batches
from .seen import Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .calls import Calls
    from .decide import Step
    from .target import Target

SERVICE = "rds"
PAGE = 100
"""Most records of one answer: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html"""
BROKEN = (
    "delete-precheck", "deleting", "failed", "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable", "incompatible-network", "incompatible-restore", "insufficient-capacity",
    "migration-failed", "restore-error",
)  # fmt: skip
"""States out of which neither start nor stop leads:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status"""
TOO_LONG = "exceeding the maximum allowed time being stopped"
"""In the message of RDS-EVENT-0154 and of RDS-EVENT-0153, the clusters'.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"""


def look(clients: Callable[[str], Any], targets: Sequence[Target], _calls: Calls) -> dict[str, Seen]:
    """Each by its target's name."""
    client = clients(SERVICE)
    seen: dict[str, Seen] = {}
    for kind, field, filter, answers in (
        ("rds", "DBInstanceIdentifier", "db-instance-id", "DBInstances"),
        ("rds_cluster", "DBClusterIdentifier", "db-cluster-id", "DBClusters"),
    ):
        mine = [target for target in targets if target.kind == kind]
        call = client.describe_db_instances if kind == "rds" else client.describe_db_clusters
        found: dict[str, Mapping[str, Any]] = {}
        for names in batches([target.where for target in mine], PAGE):
            request: dict[str, Any] = {"Filters": [{"Name": filter, "Values": names}], "MaxRecords": PAGE}
            while True:
                answer = call(**request)
                found.update((entry[field], entry) for entry in answer[answers])
                if not answer.get("Marker"):
                    break
                request["Marker"] = answer["Marker"]
        read = _instance if kind == "rds" else _cluster
        for target in mine:
            entry = found.get(target.where)
            seen[target.name] = Seen("missing") if entry is None else read(entry)
    return seen


def act(clients: Callable[[str], Any], steps: Sequence[Step], calls: Calls) -> dict[str, Any]:
    """Start or stop each: None, Refused or LEFT by target."""
    client = clients(SERVICE)
    return calls.all(SERVICE, {step.target.name: _work(client, step) for step in steps})


def restarted(client: Any, target: Target, since: float, now: float) -> bool:
    """Whether AWS started it because it had been stopped for seven days; asked about one that is on and should not be."""
    kind = "db-instance" if target.kind == "rds" else "db-cluster"
    # Events are kept for 14 days.
    minutes = max(1, min(int((now - since) / 60) + 1, 14 * 24 * 60))
    answer = client.describe_events(SourceIdentifier=target.where, SourceType=kind, Duration=minutes)
    return any(TOO_LONG in str(event.get("Message")) for event in answer.get("Events") or ())


def _work(client: Any, step: Step) -> Callable[[], None]:
    name = step.target.where

    def instance() -> None:
        call = client.stop_db_instance if step.action == "off" else client.start_db_instance
        call(DBInstanceIdentifier=name)

    def cluster() -> None:
        call = client.stop_db_cluster if step.action == "off" else client.start_db_cluster
        call(DBClusterIdentifier=name)

    return instance if step.target.kind == "rds" else cluster


def _instance(entry: Mapping[str, Any]) -> Seen:
    never = ""
    if entry.get("ReadReplicaSourceDBInstanceIdentifier"):
        never = "a read replica cannot be stopped"
    elif entry.get("ReadReplicaDBInstanceIdentifiers"):
        never = "an instance with read replicas cannot be stopped"
    elif entry.get("DBClusterIdentifier"):
        never = "a member of a cluster is stopped with its cluster only"
    elif entry.get("MultiAZ") and str(entry.get("Engine")).startswith(("sqlserver", "custom-sqlserver")):
        never = "SQL Server in several zones cannot be stopped"
    return _seen(str(entry["DBInstanceStatus"]), never, entry)


def _cluster(entry: Mapping[str, Any]) -> Seen:
    never = ""
    if entry.get("GlobalClusterIdentifier"):
        never = "a cluster of a global database cannot be stopped"
    elif entry.get("EngineMode") in ("serverless", "global", "multimaster", "parallelquery"):
        never = f"a cluster of the mode {entry['EngineMode']} cannot be stopped"
    elif entry.get("ReplicationSourceIdentifier") or entry.get("ReadReplicaIdentifiers"):
        never = "a cluster with a replica in another region cannot be stopped"
    return _seen(str(entry["Status"]), never, entry)


def _seen(status: str, never: str, entry: Mapping[str, Any]) -> Seen:
    at = entry.get("AutomaticRestartTime")
    restart_at = at.timestamp() if at is not None else None
    if status in BROKEN:
        return Seen("broken", status)
    if status == "stopped":
        return Seen("off", status, restart_at=restart_at)
    if status == "stopping":
        return Seen("stopping", status, busy=True, never=never)
    if status in ("starting", "creating"):
        return Seen("starting", status, busy=True, never=never)
    # Whatever else it does, its instance runs and costs; it can be stopped once it is available again.
    return Seen("on", status, busy=status != "available", never=never)
