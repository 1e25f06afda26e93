"""EC2 that behaves, and can be told to run out of capacity or to fail: what moto cannot. Time is the test's."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

MOVE = 20.0
"""Seconds in `pending` and `stopping`."""


class FakeEC2:
    """A few calls of botocore's EC2 client, with their checks and errors."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.calls: list[tuple[str, Any]] = []
        self.full: set[str] = set()
        """Types without capacity."""
        self.breaks: dict[str, str] = {}
        """Instance to the reason with which EC2 stops it while it starts."""
        self.refuses: dict[str, str] = {}
        """Call or instance to the code with which it is refused."""
        self._instances: dict[str, dict[str, Any]] = {}

    def add(
        self, state: str = "running", *, type: str = "t3.large", launched: float | None = None, name: str = ""
    ) -> str:
        """A new instance in a settled state."""
        instance = f"i-{len(self._instances):017x}"
        self._instances[instance] = {
            "state": state,
            "type": type,
            "launched": self.clock() if launched is None else launched,
            "at": 0.0,
            "reason": "",
            "transition": "",
            "name": name,
        }
        return instance

    def outside(self, instance: str, state: str, reason: str = "Client.UserInitiatedShutdown") -> None:
        """Somebody changes an instance elsewhere; settled at once."""
        found = self._instances[instance]
        found["state"], found["reason"] = state, "" if state == "running" else reason
        found["transition"] = "" if state == "running" else f"User initiated ({_stamp(self.clock())})"
        if state == "running":
            found["launched"] = self.clock()

    def state(self, instance: str) -> str:
        """How an instance is now."""
        found = self._instances[instance]
        if found["state"] in ("pending", "stopping") and self.clock() >= found["at"] + MOVE:
            broken = self.breaks.get(instance)
            if found["state"] == "pending" and broken is None:
                found["state"] = "running"
            else:
                found["reason"] = broken if found["state"] == "pending" else found["reason"]
                found["state"] = "stopped"
        state: str = found["state"]
        return state

    def type(self, instance: str) -> str:
        """Its instance type."""
        found: str = self._instances[instance]["type"]
        return found

    def named(self, call: str) -> list[Any]:
        """What was given to each call of that name."""
        return [given for name, given in self.calls if name == call]

    def describe_instances(self, **request: Any) -> dict[str, Any]:
        filters = request.get("Filters", [])
        self.calls.append(("describe_instances", request.get("InstanceIds") or filters))
        self._refuse("describe_instances")
        if "InstanceIds" in request:
            chosen = request["InstanceIds"]
            self._known("DescribeInstances", chosen)
        else:
            chosen = [instance for instance in self._instances if all(self._fits(instance, entry) for entry in filters)]
        start, most = int(request.get("NextToken", 0)), request.get("MaxResults", 1000)
        answer: dict[str, Any] = {
            "Reservations": [{"Instances": [self._raw(instance)]} for instance in chosen[start : start + most]]
        }
        if start + most < len(chosen):
            answer["NextToken"] = str(start + most)
        return answer

    def start_instances(self, **request: Any) -> None:
        instances: list[str] = request["InstanceIds"]
        self.calls.append(("start_instances", list(instances)))
        self._refuse("start_instances", *instances)
        self._known("StartInstances", instances)
        for instance in instances:
            if self.state(instance) not in ("stopped", "pending", "running"):
                raise refused("StartInstances", "IncorrectInstanceState")
            if self.state(instance) == "stopped" and self._instances[instance]["type"] in self.full:
                raise refused("StartInstances", "InsufficientInstanceCapacity")
        for instance in instances:
            if self.state(instance) == "stopped":
                self._instances[instance].update(
                    state="pending", at=self.clock(), launched=self.clock(), reason="", transition=""
                )

    def stop_instances(self, **request: Any) -> None:
        instances: list[str] = request["InstanceIds"]
        self.calls.append(("stop_instances", list(instances)))
        self._refuse("stop_instances", *instances)
        self._known("StopInstances", instances)
        if any(self.state(instance) not in ("running", "stopping", "stopped") for instance in instances):
            raise refused("StopInstances", "IncorrectInstanceState")
        for instance in instances:
            if self.state(instance) == "running":
                self._instances[instance].update(
                    state="stopping",
                    at=self.clock(),
                    reason="Client.UserInitiatedShutdown",
                    transition=f"User initiated ({_stamp(self.clock())})",
                )

    def modify_instance_attribute(self, **request: Any) -> None:
        instance, type = request["InstanceId"], request["InstanceType"]["Value"]
        self.calls.append(("modify_instance_attribute", (instance, type)))
        self._refuse("modify_instance_attribute", instance)
        if self.state(instance) != "stopped":
            raise refused("ModifyInstanceAttribute", "IncorrectInstanceState")
        self._instances[instance]["type"] = type

    def _raw(self, instance: str) -> dict[str, Any]:
        found, state = self._instances[instance], self.state(instance)
        return {
            "InstanceId": instance,
            "State": {"Name": state},
            "InstanceType": found["type"],
            "LaunchTime": datetime.datetime.fromtimestamp(found["launched"], datetime.UTC),
            "StateReason": {"Code": found["reason"]},
            "StateTransitionReason": found["transition"],
        }

    def _fits(self, instance: str, entry: dict[str, Any]) -> bool:
        if entry["Name"] == "instance-id":
            assert len(entry["Values"]) <= 200
            return instance in entry["Values"]
        assert entry["Name"] == "tag:giban:power"
        name: str = self._instances[instance]["name"]
        return any(name.startswith(value.removesuffix("*")) for value in entry["Values"]) and bool(name)

    def _known(self, call: str, instances: list[str]) -> None:
        if any(instance not in self._instances for instance in instances):
            raise refused(call, "InvalidInstanceID.NotFound")

    def _refuse(self, call: str, *instances: str) -> None:
        for name in (call, *instances):
            if name in self.refuses:
                raise refused(call, self.refuses[name])


def refused(call: str, code: str) -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": f"{call}: {code}"}}, call)


def _stamp(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
