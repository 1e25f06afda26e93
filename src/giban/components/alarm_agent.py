"""What EC2 cannot see from outside: memory, disks and the application's log. On instances of services the CloudWatch agent tells,
on workstations a script of ours (`files/workstation/measure`).

The agent's configuration: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from giban.components.environment import Environment, Scope, part
from giban.components.logs import log_group
from giban.components.policies import Statement, allow
from giban.graph.resource import Resource

LOG = "/var/log/app/app.log"
"""Where a service's output goes on its host."""
INTERVAL = 60
"""Seconds between measurements."""
NOT_DISKS = ["devtmpfs", "overlay", "squashfs", "tmpfs", "vfat"]
"""File systems that hold nothing that could fill up."""


def service_settings(scope: Scope) -> dict[str, str]:
    """Shell variables for `files/monitoring.sh` on the instances of a service."""
    name = scope.component.split(".", 1)[1]
    group = service_log(scope.env, name)
    # All instances write one measurement together: alarms look at the worst of them, and it costs once.
    own = {"append_dimensions": {"AutoScalingGroupName": scope.name}}
    disk = {
        "measurement": ["used_percent"],
        "resources": ["/"],
        "ignore_file_system_types": NOT_DISKS,
        "drop_device": True,
    }
    config: dict[str, Any] = {
        "agent": {"metrics_collection_interval": INTERVAL, "omit_hostname": True, "run_as_user": "root"},
        "metrics": {
            "namespace": scope.env.prefix,
            "metrics_collected": {"disk": {**disk, **own}, "mem": {"measurement": ["used_percent"], **own}},
            "aggregation_dimensions": [["AutoScalingGroupName"]],
        },
        "logs": {
            "logs_collected": {
                "files": {
                    "collect_list": [
                        # A stream for each instance; the agent fills in which.
                        {"file_path": LOG, "log_group_name": str(group.ref("name")), "log_stream_name": "{instance_id}"}
                    ]
                }
            }
        },
    }
    return {"MONITORING": msgspec.json.encode(config).decode(), "LOG": LOG}


@part
def service_log(env: Environment, name: str) -> Resource:
    """The log group of a service's output."""
    scope = env.scope("services", name, was=env.blueprint.services[name].was)
    return log_group(scope, f"/{env.prefix}/services/{name}", "app")


def agent_statements(env: Environment, group: Resource | None = None) -> list[Statement]:
    """What a host's role needs for it: measurements of this environment's namespace, and lines of this log."""
    statements = [
        allow(
            "Measurements",
            ["cloudwatch:PutMetricData"],
            # It has no resource-level permissions; the namespace is what can be asked for
            # (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html).
            "*",
            Condition={"StringEquals": {"cloudwatch:namespace": env.prefix}},
        )
    ]
    if group is not None:
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        statements.append(allow("Log", actions, [group.arn, f"{group.arn}:*"]))
    return statements
