"""The difference between two estimates."""

from __future__ import annotations

import pytest

from giban.cost.compare import compare
from giban.cost.estimate import Estimate, estimate
from tests.cost.worlds import World


def with_group(size: int, *, address: bool = False, instance: str = "t3.small") -> Estimate:
    world = World()
    world.group(
        "web", [world.subnet("a", "a")], min_size=size, max_size=size, instance_type=instance, component="services.web"
    )
    if address:
        world.add("aws_eip", "x", domain="vpc", component="network")
    return estimate(world.graph)


def test_nothing_changed() -> None:
    found = compare(with_group(2), with_group(2))
    assert (found.components, found.resources, found.delta.likely) == ([], [], 0)


def test_something_added() -> None:
    found = compare(with_group(2), with_group(2, address=True))
    assert [(c.name, c.kind) for c in found.components] == [("network", "added")]
    assert [(r.name, r.kind, r.component) for r in found.resources] == [("aws_eip.x", "added", "network")]
    assert found.delta.likely == pytest.approx(3.65)
    assert found.total_after.likely - found.total_before.likely == pytest.approx(3.65)


def test_something_removed_costs_less() -> None:
    found = compare(with_group(2, address=True), with_group(2))
    assert [(r.name, r.kind) for r in found.resources] == [("aws_eip.x", "removed")]
    assert found.delta.likely == pytest.approx(-3.65)


def test_something_changed_says_what() -> None:
    found = compare(with_group(2), with_group(3))
    (resource,) = found.resources
    assert (resource.name, resource.kind) == ("aws_autoscaling_group.web", "changed")
    assert resource.delta.likely == pytest.approx(18.98 + 1.824)
    assert resource.items == ("t3.small hours 1,460 -> 2,190 hour", "gp3 volume 40 -> 60 GB-month")


def test_another_instance_type() -> None:
    (resource,) = compare(with_group(1), with_group(1, instance="t4g.small")).resources
    assert resource.items == ("- t3.small hours", "+ t4g.small hours")
    assert resource.delta.likely == pytest.approx(730 * (0.0208 - 0.026))


def test_what_is_unknown_only_afterwards_is_said() -> None:
    found = compare(with_group(1), with_group(1, instance="p5.48xlarge"))
    assert found.newly_unknown == ["p5.48xlarge hours (aws_autoscaling_group.web)"]


def test_there_and_back_is_nothing() -> None:
    there, back = with_group(1), with_group(4, address=True)
    assert compare(there, back).delta.likely == pytest.approx(-compare(back, there).delta.likely)
