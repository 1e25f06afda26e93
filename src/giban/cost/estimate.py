"""The estimate: every resource asked for its lines, added up per resource, component and environment.

An item without a known price is not in any sum; it is listed in `unknown` and told in the notes. Sums of rounded amounts
may differ from rounded sums by a cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

import msgspec

from giban.cost.context import Context, Line
from giban.cost.hints import Hint, hints
from giban.cost.prices import PriceBook, default_book
from giban.cost.ranges import ZERO, Range, total
from giban.cost.registry import pricer, why_free
from giban.cost.schedules import Scheduled, scheduled
from giban.cost.topology import FLEETS, Topology, copies
from giban.cost.usage import ASSUMPTIONS, HOURS, Assumption, Usage
from giban.graph.graph import Graph
from giban.graph.power import switched
from giban.graph.problems import Problem, Problems
from giban.graph.resource import Resource

NAMED = 6
"""How many things a note names before it says "and more"."""


class ResourceCost(msgspec.Struct, frozen=True):
    """What one resource costs in a month."""

    address: str
    stack: str
    component: str
    type: str
    region: str | None
    total: Range
    """Of the lines with a known price."""
    lines: tuple[Line, ...]
    unknown: int
    """Lines without a known price."""

    @property
    def key(self) -> tuple[str, str]:
        """Stack and address."""
        return (self.stack, self.address)


class ComponentCost(msgspec.Struct, frozen=True):
    """What one component costs in a month; resources without a component stand under ""."""

    component: str
    total: Range
    resources: int
    unknown: int
    """Items without a known price, which are not in `total`."""


class Unknown(msgspec.Struct, frozen=True):
    """Something that costs money, but nobody knows how much."""

    address: str
    stack: str
    component: str
    item: str
    why: str


class Sensitivity(msgspec.Struct, frozen=True):
    """How far the likely total moves when one assumption goes from its low to its high end."""

    name: str
    usd: float


class OnDemand(msgspec.Struct, frozen=True):
    """What a component with a machine that stops by itself costs, likely and in USD: off, and for every hour it is on."""

    component: str
    off: float
    """A month in which it is never on."""
    hour: float
    """Each hour on, on top of that."""
    hours: float
    """The hours of the estimate."""
    always: float
    """A month in which it never stops."""


class Estimate(msgspec.Struct, frozen=True):
    """USD a month, on demand, without tax, free tiers and discounts."""

    name: str
    environment: str | None
    total: Range
    components: list[ComponentCost]
    resources: list[ResourceCost]
    """Those that have lines, by stack and address."""
    unknown: list[Unknown]
    free: int
    """How many resources cost nothing."""
    assumptions: list[Assumption]
    """Those that were used."""
    sensitivity: list[Sensitivity]
    """The assumptions that matter, most first."""
    on_demand: list[OnDemand]
    """Components with a machine that stops when nobody works, by name."""
    scheduled: list[Scheduled]
    """Components that are off outside of their hours, by name."""
    hints: list[Hint]
    notes: list[str]


def estimate(graph: Graph, usage: Usage | None = None, book: PriceBook | None = None) -> Estimate:
    """The monthly cost of a graph. Raises Problems when usage was given for something that is not in it."""
    usage = usage or Usage()
    book = book or default_book()
    _check_scopes(graph, usage)
    topology = Topology(graph)
    context = Context(graph, topology, book, usage)
    costs: list[ResourceCost] = []
    unknown: list[Unknown] = []
    read: dict[str, list[Resource]] = {}
    nothing = 0
    for resource in graph.managed:
        usage.read.clear()
        lines = _lines(resource, context)
        if lines is None:
            if why_free(resource.type) is None:
                unknown.append(_unknown(resource, resource.type, "no price is known for this type"))
            else:
                nothing += 1
            continue
        for name in usage.read:
            read.setdefault(name, []).append(resource)
        unknown += [_unknown(resource, line.item, line.unknown) for line in lines if line.usd is None]
        if lines:
            costs.append(_cost(resource, lines))
    return Estimate(
        name=graph.name,
        environment=graph.environment,
        total=total(cost.total for cost in costs),
        components=_components(costs),
        resources=costs,
        unknown=unknown,
        free=nothing,
        assumptions=usage.listed(read),
        sensitivity=_sensitivity(read, context),
        on_demand=_on_demand(context),
        scheduled=scheduled(context, _lines),
        hints=hints(context),
        notes=_notes(costs, unknown, book, graph),
    )


def _lines(resource: Resource, context: Context) -> tuple[Line, ...] | None:
    """The lines of a resource; None when its type has no pricer."""
    function = pricer(resource.type)
    if function is None:
        return None
    context.resource = resource
    lines = tuple(function(resource, context))
    number = 1 if resource.type in FLEETS else copies(resource)
    return lines if number == 1 else tuple(_times(line, number) for line in lines)


def _times(line: Line, number: int) -> Line:
    usd = None if line.usd is None else line.usd * float(number)
    note = f"{line.note}; {number} of them".removeprefix("; ")
    return msgspec.structs.replace(line, quantity=line.quantity * float(number), usd=usd, note=note)


def _cost(resource: Resource, lines: tuple[Line, ...]) -> ResourceCost:
    return ResourceCost(
        address=resource.address,
        stack=resource.stack.key,
        component=resource.component,
        type=resource.type,
        region=resource.region,
        total=total(line.usd for line in lines if line.usd is not None),
        lines=lines,
        unknown=sum(line.usd is None for line in lines),
    )


def _unknown(resource: Resource, item: str, why: str) -> Unknown:
    return Unknown(resource.address, resource.stack.key, resource.component, item, why)


def _components(costs: Iterable[ResourceCost]) -> list[ComponentCost]:
    """By component, the most expensive first."""
    grouped: dict[str, list[ResourceCost]] = {}
    for cost in costs:
        grouped.setdefault(cost.component, []).append(cost)
    found = [
        ComponentCost(name, total(c.total for c in group), len(group), sum(c.unknown for c in group))
        for name, group in grouped.items()
    ]
    return sorted(found, key=lambda c: (-c.total.likely, -c.total.high, c.component))


def _sensitivity(read: dict[str, list[Resource]], context: Context) -> list[Sensitivity]:
    """Each assumption at its ends, all others likely; only the resources that read it are priced again."""
    found: list[Sensitivity] = []
    for name in sorted(name for name in read if context.usage.varies(name)):
        ends: list[float] = []
        for end in ("low", "high"):
            pinned = Context(context.graph, context.topology, context.book, context.usage.pinned(name, end))
            amounts = [line.usd for r in read[name] for line in _lines(r, pinned) or () if line.usd is not None]
            ends.append(total(amounts).likely)
        if ends[1] - ends[0] >= 0.005:
            found.append(Sensitivity(name, ends[1] - ends[0]))
    return sorted(found, key=lambda s: (-s.usd, s.name))


def _on_demand(context: Context) -> list[OnDemand]:
    """Each component with such machines, priced with its machines never on and always on."""
    machines = [fleet for fleet in context.topology.fleets() if switched(fleet)]
    found: list[OnDemand] = []
    for component in sorted({machine.component for machine in machines}):
        mine = [machine for machine in machines if machine.component == component]
        priced = [r for r in context.graph.managed if r.component == component] if component else list(mine)

        def month(hours: float, resources: list[Resource] = priced) -> float:
            own = Context(
                context.graph, context.topology, context.book, context.usage.exactly("workstation_hours", hours)
            )
            amounts = [line.usd for r in resources for line in _lines(r, own) or () if line.usd is not None]
            return total(amounts).likely

        off, always = month(0.0), month(HOURS)
        hours = fsum(context.running(machine).likely for machine in mine) / len(mine)
        found.append(OnDemand(component, off, (always - off) / HOURS, hours, always))
    return found


def _notes(costs: list[ResourceCost], unknown: list[Unknown], book: PriceBook, graph: Graph) -> list[str]:
    lines = [line for cost in costs for line in cost.lines]
    notes = ["On-demand list prices in USD a month, without tax, free tiers, credits and discounts."]
    dates = sorted({line.date for line in lines if line.date and line.usd not in (None, ZERO)})
    if dates:
        notes.append(f"Prices of {dates[0]} to {dates[-1]}; instance prices from an undated public catalogue.")
    derived = sorted({f"{line.item} = {line.derived}" for line in lines if line.derived})
    if derived:
        more = f" and {len(derived) - NAMED} more" if len(derived) > NAMED else ""
        notes.append(f"Derived, not listed: {'; '.join(derived[:NAMED])}{more}.")
    missing = sorted({stack.region for stack in graph.stacks if stack.region} - book.regions)
    if missing:
        notes.append(f"There are no prices for {', '.join(missing)}; `--prices FILE` adds a region.")
    if unknown:
        items = sorted({f"{u.item} ({u.address})" for u in unknown})
        more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
        notes.append(f"Not in the total, because no price is known: {', '.join(items[:NAMED])}{more}.")
    return notes


def _check_scopes(graph: Graph, usage: Usage) -> None:
    known = {r.address for r in graph.managed} | {r.component for r in graph if r.component}
    problems = []
    for scope in sorted(usage.scopes - known):
        from difflib import get_close_matches

        close = get_close_matches(scope, sorted(known), 1)
        fix = (
            f"Did you mean `{close[0]}`?"
            if close
            else f"Name an address or component, or one of {len(ASSUMPTIONS)} assumptions."
        )
        problems.append(Problem(f"Usage is given for `{scope}`, which is not in the environment.", fix, path=scope))
    if problems:
        raise Problems(problems)
