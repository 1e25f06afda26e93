"""Instances that take a moment to start and to stop, and say so, as on AWS; moto's (5.2.5) change at once and silently.

1. A call (RunInstances, StartInstances, StopInstances) makes an instance `pending` or `stopping`, and is refused where EC2
   refuses it: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
2. `STAY` seconds later a thread makes it `running` or `stopped`, holding the lock that requests hold too.
3. Each change is told as the event that EC2 sends:
   https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html

Instances that moto's auto scaling groups make are running at once: moto's groups and load balancers count on it. Their changes
are told too. Terminating is immediate for every instance.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from threading import Condition, Lock, Thread
from typing import Any

from giban.rehearsal.patching import put

STAY = 1.5
"""Seconds in `pending` and in `stopping`. AWS takes ten to sixty; Terraform's provider first looks after ten."""

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html"""

TAG = "giban:workstation"
"""Instances with this tag get a stand-in host (`hosts`)."""

Event = dict[str, Any]
Send = Callable[[list[Event]], None]


class States:
    """Moves instances along and tells. `lock` is the one under which moto answers; `send` gets each moment's events, in order."""

    def __init__(self, lock: Lock, send: Send, stay: float = STAY, clock: Callable[[], float] = time.monotonic) -> None:
        self.by_request = False
        """True while RunInstances is answered: whoever else makes instances wants them running."""
        self._lock = lock
        self._send = send
        self._stay = stay
        self._clock = clock
        self._changed = Condition()
        self._due: list[tuple[float, int, Any, str, bool]] = []
        self._count = 0

    def tell(self, instance: Any, state: str) -> None:
        """Have an event sent about a state, now."""
        self._put(self._clock(), instance, state, moves=False)

    def move(self, instance: Any, through: str, to: str) -> None:
        """Put an instance into a passing state now and into the lasting one after the stay. Called with the lock held."""
        _set_state(instance, through)
        self.tell(instance, through)
        self._put(self._clock() + self._stay, instance, to, moves=True)

    def start(self) -> None:
        """Do so from now on, in a thread of its own."""
        Thread(target=self._run, name="instance states", daemon=True).start()

    def due(self) -> list[Event]:
        """Make the changes whose time has come; their events, in order."""
        with self._changed:
            ripe = []
            while self._due and self._due[0][0] <= self._clock():
                ripe.append(heapq.heappop(self._due))
        events = []
        with self._lock:
            for _when, number, instance, state, moves in ripe:
                if moves:
                    if instance.giban_move != number:
                        continue  # terminated meanwhile
                    _set_state(instance, state)
                events.append(event(instance, state))
        return events

    def _put(self, when: float, instance: Any, state: str, *, moves: bool) -> None:
        with self._changed:
            self._count += 1
            if moves:
                instance.giban_move = self._count
            heapq.heappush(self._due, (when, self._count, instance, state, moves))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > self._clock():
                    self._changed.wait(self._due[0][0] - self._clock() if self._due else None)
            events = self.due()
            if events:
                self._send(events)


def event(instance: Any, state: str) -> Event:
    """What EC2 tells about an instance's state, with the account and region it belongs to."""
    backend = instance.ec2_backend
    arn = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:instance/{instance.id}"
    return {
        "account": backend.account_id,
        "region": backend.region_name,
        "source": "aws.ec2",
        "detail-type": "EC2 Instance State-change Notification",
        "resources": [arn],
        "detail": {"instance-id": instance.id, "state": state},
    }


def _set_state(instance: Any, state: str) -> None:
    instance._state.name, instance._state.code = state, CODES[state]


def install(states: States) -> None:
    """Make moto's EC2 work this way."""
    from moto.core.utils import utcnow
    from moto.ec2.models.instances import Instance, InstanceBackend
    from moto.ec2.responses.instances import InstanceResponse

    begin, end, terminate = Instance.start, Instance.stop, Instance.terminate
    run, answer_run = InstanceBackend.run_instances, InstanceResponse.run_instances
    start_all, stop_all = InstanceBackend.start_instances, InstanceBackend.stop_instances
    modify = InstanceBackend.modify_instance_attribute

    def start(self: Any) -> Any:
        if self.state != "stopped":
            return _copy(self)
        before = begin(self)
        self.launch_time = utcnow()
        states.move(self, "pending", "running")
        return before

    def stop(self: Any) -> Any:
        if self.state != "running":
            return _copy(self)
        before = end(self)
        states.move(self, "stopping", "stopped")
        return before

    def end_for_good(self: Any) -> Any:
        known = self.state
        before = terminate(self)
        self.giban_move = 0
        if known != "terminated":
            states.tell(self, "shutting-down")
            states.tell(self, "terminated")
        return before

    def run_instances(self: Any, *args: Any, **kwargs: Any) -> Any:
        reservation = run(self, *args, **kwargs)
        for instance in reservation.instances:
            if states.by_request:
                states.move(instance, "pending", "running")
            else:
                states.tell(instance, "pending")
                states.tell(instance, "running")
        return reservation

    def answer_run_instances(self: Any) -> Any:
        states.by_request = True
        try:
            return answer_run(self)
        finally:
            states.by_request = False

    def start_instances(self: Any, instance_ids: list[str]) -> Any:
        for instance in self.get_multi_instances_by_id(instance_ids):
            if instance.state not in ("stopped", "pending", "running"):
                raise _wrong_state(f"The instance '{instance.id}' is not in a state from which it can be started.")
        return start_all(self, instance_ids)

    def stop_instances(self: Any, instance_ids: list[str]) -> Any:
        for instance in self.get_multi_instances_by_id(instance_ids):
            if instance.state == "pending":
                why = f"Instance '{instance.id}' cannot be stopped as it has never reached the 'running' state."
                raise _wrong_state(why)
            if instance.state not in ("running", "stopping", "stopped"):
                raise _wrong_state(f"This instance '{instance.id}' is not in a state from which it can be stopped.")
        return stop_all(self, instance_ids)

    def modify_instance_attribute(self: Any, instance_id: str, key: str, value: Any) -> Any:
        instance = self.get_instance(instance_id)
        if key in _ONLY_STOPPED and instance.state != "stopped":
            raise _wrong_state(f"The instance '{instance_id}' is not in the 'stopped' state.")
        return modify(self, instance_id, key, value)

    put(Instance, "giban_move", 0, new=True)
    put(Instance, "start", start)
    put(Instance, "stop", stop)
    put(Instance, "terminate", end_for_good)
    put(InstanceBackend, "run_instances", run_instances)
    put(InstanceBackend, "start_instances", start_instances)
    put(InstanceBackend, "stop_instances", stop_instances)
    put(InstanceBackend, "modify_instance_attribute", modify_instance_attribute)
    put(InstanceResponse, "run_instances", answer_run_instances)
    put(InstanceResponse, "start_instances", _true_answer(InstanceResponse.start_instances, "StartingInstances"))
    put(InstanceResponse, "stop_instances", _true_answer(InstanceResponse.stop_instances, "StoppingInstances"))


_ONLY_STOPPED = frozenset({"instance_type", "user_data", "kernel", "ramdisk"})
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html"""


def _copy(instance: Any) -> Any:
    from copy import copy

    return copy(instance._state)


def _wrong_state(why: str) -> Exception:
    from moto.ec2.exceptions import EC2ClientError

    made: Exception = EC2ClientError("IncorrectInstanceState", why)
    return made


def _true_answer(action: Callable[[Any], Any], key: str) -> Callable[[Any], Any]:
    """The call's answer with the state each instance is really in: moto says "stopping" of one that was stopped before."""

    def answer(self: Any) -> Any:
        from moto.ec2.models import ec2_backends

        result = action(self)
        items = {item["InstanceId"]: item for item in result.result[key]}
        for instance in ec2_backends[self.current_account][self.region].get_multi_instances_by_id(list(items)):
            items[instance.id]["CurrentState"] = {"Code": instance.state_code, "Name": instance.state}
        return result

    return answer


def machines() -> list[dict[str, Any]]:
    """Instances that want a stand-in host, of every region, but those that are gone. Called with the lock held."""
    from moto.ec2.models import ec2_backends

    found = []
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            # By the tags: there may be thousands of instances, and this is asked every second.
            marked = [id_ for id_, tags in backend.tags.items() if TAG in tags and id_.startswith("i-")]
            for instance in map(backend.get_instance_by_id, marked):
                if instance is not None and instance.state != "terminated":
                    found.append(_described(instance, backend.region_name, dict(backend.tags[instance.id])))
    return sorted(found, key=lambda machine: str(machine["id"]))


def _described(instance: Any, region: str, tags: dict[str, str]) -> dict[str, Any]:
    return {
        "id": instance.id,
        "region": region,
        "state": instance.state,
        "boot": instance.launch_time.timestamp(),
        "public": instance.public_ip,
        "private": instance.private_ip,
        "tags": tags,
    }
