"""Auto scaling groups that tell of their instances, and spot instances that are taken back.

Events: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from giban.rehearsal.monitor import Monitor
from giban.rehearsal.patching import put

WARNING = 120.0
"""Seconds between the warning of an interruption and the end. Second page above."""


def install(monitor: Monitor, clock: Callable[[], float]) -> None:
    """Make moto's groups tell of instances that come and go."""
    from moto.autoscaling.models import FakeAutoScalingGroup
    from moto.ec2.models.instances import Instance

    replace, terminate = FakeAutoScalingGroup.replace_autoscaling_group_instances, Instance.terminate

    def replace_autoscaling_group_instances(self: Any, count_needed: int, propagated_tags: dict[str, str]) -> None:
        before = {state.instance.id for state in self.instance_states}
        replace(self, count_needed, propagated_tags)
        for state in self.instance_states:
            if state.instance.id not in before:
                monitor.notify(event(self, state.instance, "Launch", clock()))

    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        group = getattr(self, "autoscaling_group", None)
        if group is not None and self.state != "terminated":
            monitor.notify(event(group, self, "Terminate", clock()))
        return terminate(self, *args, **kwargs)

    put(FakeAutoScalingGroup, "replace_autoscaling_group_instances", replace_autoscaling_group_instances)
    put(Instance, "terminate", end)


def event(group: Any, instance: Any, what: str, now: float) -> dict[str, Any]:
    """The notice of an instance that a group has launched or terminated."""
    backend = instance.ec2_backend
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    activity = str(uuid.uuid4())
    return {
        "kind": "event",
        "account": backend.account_id,
        "region": backend.region_name,
        "source": "aws.autoscaling",
        "detail-type": f"EC2 Instance {what} Successful",
        "resources": [group.arn, f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:instance/{instance.id}"],
        "detail": {
            "StatusCode": "InProgress",
            "Description": f"{'Launching a new' if what == 'Launch' else 'Terminating'} EC2 instance: {instance.id}",
            "AutoScalingGroupName": group.name,
            "ActivityId": activity,
            "Details": {"Availability Zone": instance._placement.zone, "Subnet ID": instance.subnet_id or ""},
            "RequestId": activity,
            "StatusMessage": "",
            "StartTime": at,
            "EndTime": at,
            "EC2InstanceId": instance.id,
            "Cause": "",
        },
    }


def interrupt(monitor: Monitor, instance_id: str) -> bool:
    """Take an instance back as AWS takes spot capacity: a warning now, the end two minutes later. False when there is none.

    Any instance will do: whether moto's is a spot one depends on the fleet that made it. Called with moto's lock held.
    """
    from moto.ec2.models import ec2_backends

    backends = [backend for regions in list(ec2_backends.values()) for backend in list(regions.values())]
    instance = next((found for backend in backends if (found := backend.get_instance_by_id(instance_id))), None)
    if instance is None or instance.state != "running":
        return False
    backend = instance.ec2_backend
    common = {
        "kind": "event",
        "account": backend.account_id,
        "region": backend.region_name,
        "source": "aws.ec2",
        "resources": [f"arn:aws:ec2:{instance._placement.zone}:instance/{instance.id}"],
    }
    detail = {"instance-id": instance.id}
    monitor.notify({**common, "detail-type": "EC2 Instance Rebalance Recommendation", "detail": detail})
    warning = {**detail, "instance-action": "terminate"}
    monitor.notify({**common, "detail-type": "EC2 Spot Instance Interruption Warning", "detail": warning})

    def end() -> None:
        if instance.state == "terminated":
            return
        from moto.autoscaling.models import autoscaling_backends
        from moto.elbv2.models import elbv2_backends

        instance.ec2_backend.terminate_instances([instance.id])
        # As moto's TerminateInstances goes on: groups replace what they have lost.
        for backends in (autoscaling_backends, elbv2_backends):
            backends[backend.account_id][backend.region_name].notify_terminate_instances([instance.id])

    monitor.later(WARNING, end)
    return True
