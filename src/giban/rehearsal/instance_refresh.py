"""Instance refresh of auto scaling groups, which moto 5.2.5 does not have.

The instances are really replaced, by ones from the group's present launch template; all at once, where AWS takes a few at a
time and waits for their health.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

HISTORY = "giban_refreshes"
"""Attribute of a group that remembers its refreshes, the newest first."""


def add_to_autoscaling() -> None:
    """Add the three operations to moto's auto scaling."""
    from moto.autoscaling.responses import AutoScalingResponse
    from moto.core.responses import ActionResult

    def start_instance_refresh(self: Any) -> Any:
        group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        return ActionResult({"InstanceRefreshId": refresh(self.autoscaling_backend, group)["InstanceRefreshId"]})

    def describe_instance_refreshes(self: Any) -> Any:
        group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        wanted = self._get_param("InstanceRefreshIds", [])
        found = [item for item in getattr(group, HISTORY, []) if not wanted or item["InstanceRefreshId"] in wanted]
        return ActionResult({"InstanceRefreshes": found})

    def cancel_instance_refresh(_self: Any) -> Any:
        from moto.core.exceptions import ServiceException

        raise ServiceException("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")

    for operation in (start_instance_refresh, describe_instance_refreshes, cancel_instance_refresh):
        if hasattr(AutoScalingResponse, operation.__name__):
            raise RuntimeError(f"moto has {operation.__name__} by now: this correction is not needed any more")
        setattr(AutoScalingResponse, operation.__name__, operation)


def refresh(backend: Any, group: Any) -> dict[str, Any]:
    """Replace every instance of a group and remember it."""
    begin = datetime.now(UTC)
    old = [state.instance.id for state in group.instance_states]
    for instance_id in old:
        backend.terminate_instance(instance_id, should_decrement=False)
    for arn in group.target_group_arns:
        backend.elbv2_backend.target_groups[arn].deregister_terminated_instances(old)
    made = {
        "InstanceRefreshId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "Successful",
        "StartTime": begin,
        "EndTime": datetime.now(UTC),
        "PercentageComplete": 100,
        "InstancesToUpdate": 0,
    }
    setattr(group, HISTORY, [made, *getattr(group, HISTORY, [])])
    return made
