"""ECS services: off means no task is wanted. One that scales by itself (`scaled`) is told not to, or it would grow again.

Needs ecs:DescribeServices, UpdateService; with `scaled` also application-autoscaling:RegisterScalableTarget.
"""

from __future__ import annotations

from .calls import MISSING, batches
from .seen import Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .calls import Calls
    from .decide import Step
    from .target import Target

SERVICE = "ecs"
SCALING = "application-autoscaling"
BATCH = 10
"""Most services of one call: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""


def look(clients: Callable[[str], Any], targets: Sequence[Target], _calls: Calls) -> dict[str, Seen]:
    """Each by its target's name."""
    client = clients(SERVICE)
    found: dict[str, Mapping[str, Any]] = {}
    for cluster in sorted({target.cluster for target in targets}):
        for names in batches([target.short for target in targets if target.cluster == cluster], BATCH):
            try:
                answer = client.describe_services(cluster=cluster, services=names)
            except Exception as error:
                from ..common.aws import code_of

                if code_of(error) not in MISSING:
                    raise
                continue
            found.update((f"{cluster}/{service['serviceName']}", service) for service in answer["services"])
    return {target.name: _seen(found.get(target.where)) for target in targets}


def act(clients: Callable[[str], Any], steps: Sequence[Step], calls: Calls) -> dict[str, Any]:
    """Turn each on or off: None, Refused or LEFT by target."""
    client = clients(SERVICE)
    scaling = clients(SCALING) if any(step.target.scaled for step in steps) else None
    return calls.all(SERVICE, {step.target.name: _work(client, scaling, step) for step in steps})


def _work(client: Any, scaling: Any, step: Step) -> Callable[[], None]:
    target, asked = step.target, step.state.numbers

    def work() -> None:
        off = step.action == "off"
        if target.scaled:
            sizes = {} if off or asked is None else {"MinCapacity": asked.get("min"), "MaxCapacity": asked.get("max")}
            if off:
                sizes = {"MinCapacity": 0}
            scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/{target.where}",
                ScalableDimension="ecs:service:DesiredCount",
                SuspendedState=dict.fromkeys(
                    ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), off
                ),
                **{key: value for key, value in sizes.items() if value is not None},
            )
        if off or asked is not None:
            count = 0 if off or asked is None else asked["desired"]
            client.update_service(cluster=target.cluster, service=target.short, desiredCount=count)

    return work


def _seen(service: Mapping[str, Any] | None) -> Seen:
    if service is None or service.get("status") in ("INACTIVE", "DRAINING"):
        return Seen("missing")
    desired, running = service["desiredCount"], service["runningCount"]
    if desired == 0:
        left = running + service.get("pendingCount", 0)
        detail = f"{left} tasks are still there" if left else ""
        return Seen("stopping" if left else "off", f"{left} tasks", detail=detail, desired=0, count=left)
    ready = running >= desired
    said = f"{running}/{desired} tasks running"
    return Seen("on" if ready else "starting", said, detail="" if ready else said, desired=desired, count=running)
