"""What AWS would measure where nothing runs: a usual value for the metrics that its services report by themselves.

Without it an alarm that takes missing data for a breach would go off as soon as the rehearsal is up. A metric somebody has put a
value for has none any more; nor has one of a resource that is stopped or gone, so that such alarms do go off then, as on AWS.

Called with moto's lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_GIB = float(1 << 30)
_EVERYWHERE = {"CPUUtilization": 5.0, "CPUCreditBalance": 100.0, "CPUSurplusCreditsCharged": 0.0}

VALUES: dict[str, dict[str, float]] = {
    "AWS/EC2": {
        **_EVERYWHERE,
        "StatusCheckFailed": 0.0,
        "StatusCheckFailed_Instance": 0.0,
        "StatusCheckFailed_System": 0.0,
        "StatusCheckFailed_AttachedEBS": 0.0,
    },
    "AWS/RDS": {
        **_EVERYWHERE,
        "DatabaseConnections": 2.0,
        "DBLoad": 0.1,
        "DiskQueueDepth": 0.0,
        "FreeStorageSpace": 16 * _GIB,
        "FreeLocalStorage": 16 * _GIB,
        "FreeableMemory": 2 * _GIB,
        "ReadLatency": 0.001,
        "WriteLatency": 0.002,
        "ReplicaLag": 0.0,
        "AuroraReplicaLag": 10.0,
        "BurstBalance": 100.0,
    },
    "AWS/ElastiCache": {
        **_EVERYWHERE,
        "EngineCPUUtilization": 2.0,
        "DatabaseMemoryUsagePercentage": 20.0,
        "FreeableMemory": _GIB,
        "CurrConnections": 2.0,
        "Evictions": 0.0,
        "ReplicationLag": 0.0,
        "SwapUsage": 0.0,
    },
    "AWS/ECS": {"CPUUtilization": 5.0, "MemoryUtilization": 20.0},
    "AWS/ApplicationELB": {"UnHealthyHostCount": 0.0, "TargetResponseTime": 0.05},
    "AWS/NetworkELB": {"UnHealthyHostCount": 0.0},
    "AWS/NATGateway": {"ErrorPortAllocation": 0.0, "PacketsDropCount": 0.0},
    "AWS/EFS": {"PercentIOLimit": 0.0, "BurstCreditBalance": 2.0e12},
    "CWAgent": {
        "mem_used_percent": 20.0,
        "disk_used_percent": 20.0,
        "disk_inodes_free": 1_000_000.0,
        "swap_used_percent": 0.0,
        "cpu_usage_active": 5.0,
    },
}
"""Namespace to metric to value. Counts of errors are not here: AWS reports none where there are none."""

_GROUP_SIZES: dict[str, Callable[[Any], float]] = {
    "GroupInServiceInstances": lambda group: len(group.active_instances()),
    "GroupTotalInstances": lambda group: len(group.instance_states),
    "GroupDesiredCapacity": lambda group: group.desired_capacity or 0,
    "GroupMinSize": lambda group: group.min_size or 0,
    "GroupMaxSize": lambda group: group.max_size or 0,
}


def usual(
    account: str, region: str, namespace: str, name: str, dimensions: Mapping[str, str], statistic: str
) -> float | None:
    """The usual data point of a metric, None where there would be none."""
    if statistic == "SampleCount":
        return None
    if namespace == "AWS/AutoScaling" and name in _GROUP_SIZES:
        group = _group(account, region, dimensions)
        return None if group is None else float(_GROUP_SIZES[name](group))
    if name == "HealthyHostCount":
        return _targets(account, region, dimensions.get("TargetGroup", ""))
    value = VALUES.get(namespace, {}).get(name)
    return value if value is not None and _runs(account, region, dimensions) else None


def _runs(account: str, region: str, dimensions: Mapping[str, str]) -> bool:
    """Whether what the dimensions name is up. What is not known here counts as up."""
    if "InstanceId" in dimensions:
        from moto.ec2.models import ec2_backends

        instance = ec2_backends[account][region].get_instance_by_id(dimensions["InstanceId"])
        return instance is not None and instance.state == "running"
    if "AutoScalingGroupName" in dimensions:
        group = _group(account, region, dimensions)
        return group is not None and bool(group.instance_states)
    if "DBInstanceIdentifier" in dimensions:
        from moto.rds.models import rds_backends

        database = rds_backends[account][region].databases.get(dimensions["DBInstanceIdentifier"])
        return database is not None and database.status == "available"
    if "DBClusterIdentifier" in dimensions:
        from moto.rds.models import rds_backends

        cluster = rds_backends[account][region].clusters.get(dimensions["DBClusterIdentifier"])
        return cluster is not None and cluster.status == "available"
    return True


def _group(account: str, region: str, dimensions: Mapping[str, str]) -> Any:
    from moto.autoscaling.models import autoscaling_backends

    return autoscaling_backends[account][region].autoscaling_groups.get(dimensions.get("AutoScalingGroupName", ""))


def _targets(account: str, region: str, suffix: str) -> float | None:
    """How many targets a group has: all count as healthy here. `suffix` is the ARN's, as the dimension has it."""
    from moto.elbv2.models import elbv2_backends

    groups = elbv2_backends[account][region].target_groups
    found = next((group for arn, group in groups.items() if suffix and arn.endswith(f":{suffix}")), None)
    return None if found is None else float(len(found.targets))
