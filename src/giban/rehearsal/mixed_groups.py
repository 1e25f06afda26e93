"""Groups with a mixed instances policy: how many instances they have, which of these are Spot instances, and that an update of
something else leaves the policy alone.

moto 5.2.5 rounds the on-demand and the Spot part down, each for itself: a group of two with one on demand and 70 % of the rest
on Spot gets one instance, and Terraform waits ten minutes for the other. AWS has as many as are desired, and rounds in favour of
on-demand ones (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html).
"""

from __future__ import annotations

from math import ceil
from typing import Any

from giban.rehearsal.patching import put

MARK = "giban_bought"
"""Attribute of an instance that has been given its kind."""
REPLACING = ("launch_config_name", "launch_template", "mixed_instances_policy")
"""What takes the place of a policy."""


def sizes_of_mixed_groups() -> None:
    """As many instances as desired; those beyond the on-demand part say that they are on Spot."""
    from moto.autoscaling.models import FakeAutoScalingGroup

    resized = FakeAutoScalingGroup.set_desired_capacity

    def resize(self: Any, new_capacity: int | None) -> None:
        policy = self.mixed_instances_policy
        if not policy or any("WeightedCapacity" in each for each in policy["LaunchTemplate"].get("Overrides") or []):
            resized(self, new_capacity)
            return
        self.mixed_instances_policy = None
        try:
            resized(self, new_capacity)
        finally:
            self.mixed_instances_policy = policy
        _mark(self, policy.get("InstancesDistribution") or {})

    put(FakeAutoScalingGroup, "set_desired_capacity", resize)
    updated = FakeAutoScalingGroup.update

    def update(self: Any, **given: Any) -> None:
        # moto forgets the policy when an update does not name it again: every plan wanted it back.
        policy = self.mixed_instances_policy
        updated(self, **given)
        if policy and not any(given.get(name) for name in REPLACING):
            self.mixed_instances_policy = policy
            _mark(self, policy.get("InstancesDistribution") or {})

    put(FakeAutoScalingGroup, "update", update)


def on_demand(number: int, base: int, percent: int) -> int:
    """How many of so many instances are on demand."""
    above = max(0, number - base)
    return min(number, base) + ceil(above * percent / 100)


def _mark(group: Any, distribution: dict[str, Any]) -> None:
    """Instances that are there stay what they are; new ones are on demand until there are enough of these."""
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    percent = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    instances = [state.instance for state in group.active_instances()]
    left = on_demand(len(instances), base, percent)
    known = [instance for instance in instances if hasattr(instance, MARK)]
    left -= sum(instance.lifecycle is None for instance in known)
    for instance in instances:
        if hasattr(instance, MARK):
            continue
        setattr(instance, MARK, True)
        if left > 0:
            left -= 1
        else:
            instance.lifecycle = "spot"
