"""Auto scaling groups: off means minimum, maximum and desired 0, and nothing that would start instances again.

Needs autoscaling:DescribeAutoScalingGroups, UpdateAutoScalingGroup, SuspendProcesses, ResumeProcesses.
"""

from __future__ import annotations

from .calls import batches
from .capacity import RUNNING, to_resume
from .seen import Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .calls import Calls
    from .decide import Step
    from .target import Target

SERVICE = "autoscaling"
PAGE = 100
"""Most groups of one answer: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html"""


def look(clients: Callable[[str], Any], targets: Sequence[Target], _calls: Calls) -> dict[str, Seen]:
    """Each by its target's name."""
    client = clients(SERVICE)
    found: dict[str, Mapping[str, Any]] = {}
    for names in batches([target.where for target in targets], PAGE):
        request: dict[str, Any] = {"AutoScalingGroupNames": names, "MaxRecords": PAGE}
        while True:
            answer = client.describe_auto_scaling_groups(**request)
            found.update((group["AutoScalingGroupName"], group) for group in answer["AutoScalingGroups"])
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
    return {target.name: _seen(target, found.get(target.where)) for target in targets}


def act(clients: Callable[[str], Any], steps: Sequence[Step], calls: Calls) -> dict[str, Any]:
    """Turn each on or off: None, Refused or LEFT by target."""
    client = clients(SERVICE)
    return calls.all(SERVICE, {step.target.name: _work(client, step) for step in steps})


def _work(client: Any, step: Step) -> Callable[[], None]:
    name, state = step.target.where, step.state

    def off() -> None:
        # First, so that nothing grows again what is made small.
        client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(RUNNING))
        client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0)

    def on() -> None:
        asked = state.numbers
        if asked is not None:
            sizes = {"MinSize": asked.get("min"), "MaxSize": asked.get("max"), "DesiredCapacity": asked["desired"]}
            given = {key: value for key, value in sizes.items() if value is not None}
            client.update_auto_scaling_group(AutoScalingGroupName=name, **given)
        resumed = to_resume(state)
        if resumed:
            client.resume_processes(AutoScalingGroupName=name, ScalingProcesses=resumed)

    return off if step.action == "off" else on


def _seen(target: Target, group: Mapping[str, Any] | None) -> Seen:
    if group is None or str(group.get("Status") or "").startswith("Delete"):
        return Seen("missing")
    least, most, desired = group["MinSize"], group["MaxSize"], group["DesiredCapacity"]
    instances = group.get("Instances") or ()
    serving = sum(
        instance.get("LifecycleState") == "InService" and instance.get("HealthStatus", "Healthy") == "Healthy"
        for instance in instances
    )
    # A group whose minimum is 0 by the blueprint may be empty and on; one that may have no instance at all is off.
    off = desired == 0 and least == 0 and (most == 0 or target.min != 0)
    kept = sum(bool(instance.get("ProtectedFromScaleIn")) for instance in instances)
    detail = (
        f"{serving} of {desired} instances in service" if not off else f"{len(instances)} instances are still there"
    )
    if off and kept:
        detail += f", {kept} of them protected from scale-in"
    ready = not instances if off else serving >= max(desired, least)
    power = ("off" if ready else "stopping") if off else ("on" if ready else "starting")
    return Seen(
        power,  # type: ignore[arg-type]  # one of four literals
        f"{serving}/{desired} in service",
        ready=ready,
        detail="" if ready else detail,
        min=least,
        max=most,
        desired=desired,
        count=len(instances),
        members=tuple(instance["InstanceId"] for instance in instances),
        suspended=frozenset(process["ProcessName"] for process in group.get("SuspendedProcesses") or ()),
    )
