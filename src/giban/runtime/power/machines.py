"""Instances of EC2: looked at in pages, started and stopped in batches.

Needs: ec2:DescribeInstances; on the instances ec2:StartInstances, ec2:StopInstances, ec2:ModifyInstanceAttribute; and
kms:CreateGrant on the key of their volumes, or EC2 stops them again while they start
(https://repost.aws/knowledge-center/kms-iam-ec2-permission).
"""

from __future__ import annotations

from ..common.aws import code_of, message_of
from ..common.times import parsed, transition_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

PAGE = 1000
"""Instances of one page: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html."""
FILTER_VALUES = 200
"""Values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html."""
BATCH = 100
"""Instances started or stopped by one call. EC2 recommends smaller batches than what it takes; a failed one is halved."""
GONE = ("missing", "terminated", "shutting-down")
"""States from which a machine does not come back."""


class Machine:
    """An instance as EC2 describes it."""

    __slots__ = ("changed_at", "id", "launched", "reason", "spot", "state", "type")

    def __init__(
        self,
        id: str,
        state: str,
        *,
        launched: float | None = None,
        type: str = "",
        reason: str = "",
        changed_at: float | None = None,
        spot: bool = False,
    ) -> None:
        self.id = id
        self.state = state
        """pending, running, stopping, stopped, shutting-down, terminated; `missing` when EC2 does not know it."""
        self.launched = launched
        """When it was started last (LaunchTime), seconds since 1970."""
        self.type = type
        self.reason = reason
        """Code of the last change of state: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html."""
        self.changed_at = changed_at
        """When a user's stop was asked for, where EC2 says so."""
        self.spot = spot


class Failure:
    """Why EC2 refused an instance."""

    __slots__ = ("code", "message")

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message


def look(ec2: Any, instance: str) -> Machine:
    """One instance as it is now."""
    try:
        answer = ec2.describe_instances(InstanceIds=[instance])
    except Exception as error:
        if not code_of(error).startswith("InvalidInstanceID"):
            raise
        return Machine(instance, "missing")
    return next(_machines(answer), Machine(instance, "missing"))


def look_at_all(ec2: Any, instances: Iterable[str], prefix: str) -> dict[str, Machine]:
    """Many instances: by the tag `giban:power` = `<prefix>/…` in pages; what the tag does not bring is asked for by number.

    Without a prefix all are asked for by number.
    """
    wanted = set(instances)
    found = {}
    for machine in _pages(ec2, {"Name": "tag:giban:power", "Values": [f"{prefix}/*"]}) if prefix else ():
        if machine.id in wanted:
            found[machine.id] = machine
    # Somebody may have taken the tag off; that must not make a machine look gone.
    rest = sorted(wanted - found.keys())
    for first in range(0, len(rest), FILTER_VALUES):
        for machine in _pages(ec2, {"Name": "instance-id", "Values": rest[first : first + FILTER_VALUES]}):
            found[machine.id] = machine
    return {instance: found.get(instance) or Machine(instance, "missing") for instance in sorted(wanted)}


def start(ec2: Any, instances: Iterable[str]) -> dict[str, Failure | None]:
    """Start instances in batches; for each why it was refused, or None. Starting what runs does nothing."""
    return _in_batches(lambda batch: ec2.start_instances(InstanceIds=batch), sorted(instances))


def stop(ec2: Any, instances: Iterable[str]) -> dict[str, Failure | None]:
    """Stop instances in batches; for each why it was refused, or None. Stopping what is stopped does nothing."""
    return _in_batches(lambda batch: ec2.stop_instances(InstanceIds=batch), sorted(instances))


def resize(ec2: Any, instance: str, type: str) -> Failure | None:
    """Give a stopped instance another type."""
    try:
        ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": type})
    except Exception as error:
        return _failure(error)
    return None


def _pages(ec2: Any, filter: Mapping[str, Any]) -> Iterator[Machine]:
    request: dict[str, Any] = {"Filters": [filter], "MaxResults": PAGE}
    while True:
        answer = ec2.describe_instances(**request)
        yield from _machines(answer)
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _machines(answer: Mapping[str, Any]) -> Iterator[Machine]:
    for reservation in answer["Reservations"]:
        for raw in reservation["Instances"]:
            launched: Any = raw.get("LaunchTime")
            yield Machine(
                raw["InstanceId"],
                raw["State"]["Name"],
                launched=parsed(launched) if isinstance(launched, str) else launched and launched.timestamp(),
                type=raw.get("InstanceType", ""),
                reason=(raw.get("StateReason") or {}).get("Code") or "",
                changed_at=transition_time(raw.get("StateTransitionReason") or ""),
                spot=raw.get("InstanceLifecycle") == "spot",
            )


def _in_batches(call: Callable[[list[str]], Any], instances: list[str]) -> dict[str, Failure | None]:
    results: dict[str, Failure | None] = {}
    waiting = [instances[first : first + BATCH] for first in range(0, len(instances), BATCH)]
    while waiting:
        batch = waiting.pop()
        try:
            call(batch)
        except Exception as error:
            failure = _failure(error)
            if len(batch) > 1 and _is_of_one(failure.code):
                # One of them is refused, and the call with it: halves find it in few calls.
                middle = len(batch) // 2
                waiting += [batch[:middle], batch[middle:]]
            else:
                results.update(dict.fromkeys(batch, failure))
        else:
            results.update(dict.fromkeys(batch))
    return results


def _is_of_one(code: str) -> bool:
    """Whether an error is about single instances; the others (no permission, too many calls) are about the whole call."""
    return code.startswith(
        ("Insufficient", "InvalidInstance", "InvalidKMSKey", "Incorrect", "Unsupported", "OperationNotPermitted")
    ) or (code.endswith("LimitExceeded") and code != "RequestLimitExceeded")


def _failure(error: Exception) -> Failure:
    """What EC2 says, as data; what is no answer of EC2 (no connection) too: the next look tries again."""
    return Failure(code_of(error) or type(error).__name__, message_of(error) or str(error))
