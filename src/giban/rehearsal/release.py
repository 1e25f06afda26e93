"""What `giban down` does on the emulators besides Terraform's part, so that it is quick and leaves nothing.

Through Terraform, taking the deletion protection off a database is a modification, and the provider waits 80 s after each. On
the rehearsal there is nothing to wait for. And a final snapshot, which AWS rightly keeps, is of no use here.
"""

from __future__ import annotations

from giban.graph.graph import Graph
from giban.rehearsal.contents import Clients


def release(client: Clients, graph: Graph) -> list[str]:
    """Take the deletion protection off the graph's databases and load balancers; their names, sorted."""
    return sorted(_databases(client, graph) + _balancers(client, graph))


def _databases(client: Clients, graph: Graph) -> list[str]:
    wanted = _names(graph, "aws_db_instance", "identifier")
    if not wanted:
        return []
    rds = client("rds")
    found = [
        item["DBInstanceIdentifier"]
        for item in rds.describe_db_instances()["DBInstances"]
        if item["DBInstanceIdentifier"] in wanted and item.get("DeletionProtection")
    ]
    for name in found:
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    return found


def _balancers(client: Clients, graph: Graph) -> list[str]:
    wanted = _names(graph, "aws_lb", "name")
    if not wanted:
        return []
    elb = client("elbv2")
    found = []
    for item in elb.describe_load_balancers()["LoadBalancers"]:
        arn, name = item["LoadBalancerArn"], item["LoadBalancerName"]
        if name in wanted and _is_protected(elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]):
            off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
            elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
            found.append(name)
    return found


def remove_snapshots(client: Clients, graph: Graph) -> list[str]:
    """Remove the snapshots of the graph's databases and volumes; their names, sorted."""
    return sorted(_of_databases(client, graph) + _of_volumes(client, graph))


def _of_volumes(client: Clients, graph: Graph) -> list[str]:
    """Terraform gives the last snapshot of a volume the tags of the volume."""
    names = {str((volume.value("tags") or {}).get("Name", "")) for volume in graph.all("aws_ebs_volume")} - {""}
    if not names:
        return []
    ec2 = client("ec2")
    wanted = [{"Name": "tag:Name", "Values": sorted(names)}]
    found = [item["SnapshotId"] for item in ec2.describe_snapshots(OwnerIds=["self"], Filters=wanted)["Snapshots"]]
    for name in found:
        ec2.delete_snapshot(SnapshotId=name)
    return found


def _of_databases(client: Clients, graph: Graph) -> list[str]:
    databases = _names(graph, "aws_db_instance", "identifier")
    if not databases:
        return []
    rds = client("rds")
    found = [
        snapshot["DBSnapshotIdentifier"]
        for snapshot in rds.describe_db_snapshots()["DBSnapshots"]
        if snapshot["DBInstanceIdentifier"] in databases
    ]
    for name in found:
        rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    return found


def _is_protected(attributes: list[dict[str, str]]) -> bool:
    return any(item == {"Key": "deletion_protection.enabled", "Value": "true"} for item in attributes)


def _names(graph: Graph, type_: str, argument: str) -> set[str]:
    return {str(resource.args[argument]) for resource in graph.all(type_) if argument in resource.args}
