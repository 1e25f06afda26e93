"""Single instances, started and stopped in batches like the workstations (`power.machines`).

Needs ec2:DescribeInstances, StartInstances, StopInstances.
"""

from __future__ import annotations

from ..power.machines import GONE, look_at_all, start, stop
from .calls import LATER, LEFT, THROTTLED, Refused
from .seen import Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..power.machines import Failure, Machine
    from .calls import Calls
    from .decide import Step
    from .target import Target

SERVICE = "ec2"


def look(clients: Callable[[str], Any], targets: Sequence[Target], _calls: Calls) -> dict[str, Seen]:
    """Each by its target's name."""
    found = look_at_all(clients(SERVICE), [target.where for target in targets], "")
    return {target.name: _seen(found[target.where]) for target in targets}


def act(clients: Callable[[str], Any], steps: Sequence[Step], _calls: Calls) -> dict[str, Any]:
    """Start or stop: None, Refused or LEFT by target."""
    client = clients(SERVICE)
    wanted = {step.target.where: step for step in steps}
    said = stop(client, [number for number, step in wanted.items() if step.action == "off"])
    said.update(start(client, [number for number, step in wanted.items() if step.action == "on"]))
    return {wanted[number].target.name: _said(failure) for number, failure in said.items()}


def _said(failure: Failure | None) -> Any:
    if failure is None:
        return None
    return LEFT if failure.code in (*THROTTLED, *LATER) else Refused(failure.code, failure.message)


def _seen(machine: Machine) -> Seen:
    if machine.state in GONE:
        return Seen("missing", machine.state)
    if machine.state in ("pending", "stopping"):
        return Seen("starting" if machine.state == "pending" else "stopping", machine.state, busy=True)
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html: the codes of what EC2 does begin with Server.
    by_aws = machine.state == "stopped" and machine.reason.startswith("Server.")
    return Seen("on" if machine.state == "running" else "off", machine.state, by_aws=by_aws)
