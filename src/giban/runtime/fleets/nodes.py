"""Managed node groups of EKS: off means minimum and desired size 0; the maximum stays, EKS wants at least 1
(https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html).

Needs eks:DescribeNodegroup, UpdateNodegroupConfig.
"""

from __future__ import annotations

from .calls import LEFT, MISSING, Refused
from .seen import Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .calls import Calls
    from .decide import Step
    from .target import Target

SERVICE = "eks"
BROKEN = ("CREATE_FAILED", "DELETE_FAILED", "DELETING")


def look(clients: Callable[[str], Any], targets: Sequence[Target], calls: Calls) -> dict[str, Seen]:
    """Each by its target's name; EKS is asked about one at a time."""
    client = clients(SERVICE)

    def ask(target: Target) -> Callable[[], Seen]:
        return lambda: _seen(
            client.describe_nodegroup(clusterName=target.cluster, nodegroupName=target.short)["nodegroup"]
        )

    found = calls.all(SERVICE, {target.name: ask(target) for target in targets})
    return {name: _read(answer) for name, answer in found.items()}


def act(clients: Callable[[str], Any], steps: Sequence[Step], calls: Calls) -> dict[str, Any]:
    """Turn each on or off: None, Refused or LEFT by target."""
    client = clients(SERVICE)
    return calls.all(SERVICE, {step.target.name: _work(client, step) for step in steps})


def _work(client: Any, step: Step) -> Callable[[], None]:
    target, asked = step.target, step.state.numbers
    if step.action == "off":
        sizes: dict[str, int | None] = {"minSize": 0, "desiredSize": 0}
    else:
        sizes = {"minSize": (asked or {}).get("min"), "maxSize": (asked or {}).get("max")}
        sizes["desiredSize"] = (asked or {}).get("desired")
    given = {key: value for key, value in sizes.items() if value is not None}

    def work() -> None:
        if given:
            client.update_nodegroup_config(clusterName=target.cluster, nodegroupName=target.short, scalingConfig=given)

    return work


def _read(answer: Any) -> Seen:
    if isinstance(answer, Seen):
        return answer
    if isinstance(answer, Refused) and answer.code in MISSING:
        return Seen("missing")
    return Seen(
        "unknown", answer.text if isinstance(answer, Refused) else "AWS asked for fewer calls" if answer is LEFT else ""
    )


def _seen(group: Mapping[str, Any]) -> Seen:
    status, sizes = str(group["status"]), group.get("scalingConfig") or {}
    if status in BROKEN:
        return Seen("broken", status)
    least, most, desired = (int(sizes.get(key) or 0) for key in ("minSize", "maxSize", "desiredSize"))
    busy = status in ("CREATING", "UPDATING")
    off = desired == 0 and least == 0
    issues = [str(issue.get("code")) for issue in (group.get("health") or {}).get("issues") or ()]
    power = ("stopping" if busy else "off") if off else ("starting" if busy else "on")
    return Seen(
        power,  # type: ignore[arg-type]  # one of four literals
        status,
        ready=not busy and not issues,
        busy=busy,
        detail=", ".join(issues) or ("" if not busy else status),
        min=least,
        max=most,
        desired=desired,
    )
