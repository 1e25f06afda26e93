"""The difference between two estimates: what is added, removed, dearer or cheaper, per component and resource."""

from __future__ import annotations

from typing import Literal

import msgspec

from giban.cost.context import Line
from giban.cost.estimate import Estimate, ResourceCost
from giban.cost.ranges import ZERO, Range

Kind = Literal["added", "removed", "changed"]


class Delta(msgspec.Struct, frozen=True):
    """A change in USD a month at each end; negative is cheaper."""

    low: float
    likely: float
    high: float


class Change(msgspec.Struct, frozen=True):
    """One component or resource that costs something else than before."""

    name: str
    kind: Kind
    before: Range
    after: Range
    delta: Delta
    stack: str = ""
    component: str = ""
    items: tuple[str, ...] = ()
    """What changed in a resource, in words."""


class Comparison(msgspec.Struct, frozen=True):
    """How the cost of an environment differs from another's."""

    before: str
    after: str
    total_before: Range
    total_after: Range
    delta: Delta
    components: list[Change]
    resources: list[Change]
    newly_unknown: list[str]
    """Items whose price is unknown only after the change; they are not in the difference."""


def compare(before: Estimate, after: Estimate) -> Comparison:
    """What `after` costs more or less than `before`, the largest change first."""
    return Comparison(
        before=_title(before),
        after=_title(after),
        total_before=before.total,
        total_after=after.total,
        delta=_delta(before.total, after.total),
        components=_components(before, after),
        resources=_resources(before, after),
        newly_unknown=sorted(_unknown(after) - _unknown(before)),
    )


def _title(estimate: Estimate) -> str:
    return f"{estimate.name} ({estimate.environment})" if estimate.environment else estimate.name


def _unknown(estimate: Estimate) -> set[str]:
    return {f"{unknown.item} ({unknown.address})" for unknown in estimate.unknown}


def _delta(before: Range, after: Range) -> Delta:
    return Delta(after.low - before.low, after.likely - before.likely, after.high - before.high)


def _components(before: Estimate, after: Estimate) -> list[Change]:
    old = {component.component: component.total for component in before.components}
    new = {component.component: component.total for component in after.components}
    changes = [_change(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]
    return _largest_first([change for change in changes if change is not None])


def _resources(before: Estimate, after: Estimate) -> list[Change]:
    old = {cost.key: cost for cost in before.resources}
    new = {cost.key: cost for cost in after.resources}
    changes = []
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        cost = other or one
        change = _change(key[1], one.total if one else None, other.total if other else None)
        if change is not None and cost is not None:
            items = _items(one, other) if one and other else ()
            changes.append(msgspec.structs.replace(change, stack=cost.stack, component=cost.component, items=items))
    return _largest_first(changes)


def _change(name: str, before: Range | None, after: Range | None) -> Change | None:
    one, other = before or ZERO, after or ZERO
    delta = _delta(one, other)
    if before is not None and after is not None and not any(map(_matters, (delta.low, delta.likely, delta.high))):
        return None
    kind: Kind = "added" if before is None else "removed" if after is None else "changed"
    return Change(name, kind, one, other, delta)


def _matters(usd: float) -> bool:
    return abs(usd) >= 0.005


def _items(before: ResourceCost, after: ResourceCost) -> tuple[str, ...]:
    """Which lines differ: `t3.small hours 2,190 -> 2,920`."""
    old = {line.item: line for line in before.lines}
    new = {line.item: line for line in after.lines}
    told = []
    for item in dict.fromkeys([*old, *new]):
        one, other = old.get(item), new.get(item)
        if one is None:
            told.append(f"+ {item}")
        elif other is None:
            told.append(f"- {item}")
        elif one.quantity.likely != other.quantity.likely:
            unit = f"x {other.unit}" if other.unit[:1].isdigit() else other.unit
            told.append(f"{item} {one.quantity.likely:,.4g} -> {other.quantity.likely:,.4g} {unit}")
        elif one.quantity != other.quantity:
            told.append(f"{item} up to {one.quantity.high:,.4g} -> {other.quantity.high:,.4g}")
        elif one.usd_per_unit != other.usd_per_unit:
            told.append(f"{item} at {_price(one)} -> {_price(other)} per {other.unit}")
    return tuple(told)


def _largest_first(changes: list[Change]) -> list[Change]:
    return sorted(changes, key=lambda c: (-abs(c.delta.likely), -abs(c.delta.high), c.stack, c.name))


def _price(line: Line) -> str:
    return "unknown" if line.usd_per_unit is None else f"{line.usd_per_unit:g}"
