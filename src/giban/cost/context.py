"""What a pricer is given: the prices of its region, the assumptions, the topology, and a way to write a line."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from giban.cost.prices import Price, PriceBook
from giban.cost.ranges import ZERO, Range, fixed, ordered
from giban.cost.topology import Topology, copies, internal
from giban.cost.usage import SECONDS, Usage
from giban.graph.graph import Graph
from giban.graph.power import least, peaks_of, share_on, switched
from giban.graph.resource import Resource

FIRST_TIER_GB = 10_240.0
"""Internet egress is cheaper above 10 TB a month (https://aws.amazon.com/ec2/pricing/on-demand/)."""


class Line(msgspec.Struct, frozen=True):
    """One item of a resource's bill: how much of it, at what price, in USD a month."""

    item: str
    unit: str
    quantity: Range
    usd_per_unit: float | None
    """None when the price is not known."""
    usd: Range | None
    """The amount; None when the price is not known and something is used."""
    note: str = ""
    derived: str = ""
    source: str = ""
    date: str = ""
    confidence: str = ""
    unknown: str = ""
    """Why there is no price, where there is none."""


class Context:
    """The pricing of one graph; `resource` is the one being priced."""

    __slots__ = ("always", "book", "graph", "home", "resource", "topology", "usage")

    def __init__(
        self, graph: Graph, topology: Topology, book: PriceBook, usage: Usage, *, always: bool = False
    ) -> None:
        self.graph = graph
        self.topology = topology
        self.book = book
        self.usage = usage
        self.always = always
        """Price what has hours as if it never went off."""
        regions = [stack.region for stack in graph.stacks if stack.region and stack.key != "global"]
        self.home = next(iter(regions), next((stack.region for stack in graph.stacks if stack.region), None))
        """The first region of the environment: prices of what has no region (DNS, CDN) are read from its column."""
        self.resource: Resource | None = None

    @property
    def region(self) -> str | None:
        """The region of the resource being priced."""
        return (self.resource.region if self.resource else None) or self.home

    def use(self, name: str, about: Resource | None = None) -> Range:
        """An assumption, as given for a resource (the one being priced by default), its component, or everything."""
        about = about or self.resource
        return self.usage.get(name, about.address, about.component) if about else self.usage.get(name)

    @property
    def hours(self) -> Range:
        """The hours that the resource runs in a month."""
        return self.use("hours")

    def line(self, service: str, item: str, quantity: Range, label: str, note: str = "") -> Line:
        """A line at the listed price. `quantity` counts things: requests, not millions of them."""
        return self.at(self.book.item(self.region, service, item), quantity, label, note)

    def global_line(self, service: str, item: str, quantity: Range, label: str, note: str = "") -> Line:
        """A line of a service without region, at the price in the home region's column."""
        return self.at(self.book.item(self.home, service, item), quantity, label, note)

    def at(self, price: Price, quantity: Range, label: str, note: str = "", unknown: str = "") -> Line:
        """A line at a price; `unknown` says why there is none, where a pricer knows better than "no price in"."""
        amount = quantity * (1 / price.per)
        usd = None if price.usd is None else amount * price.usd
        if price.usd is None and quantity == ZERO:
            usd = ZERO
        return Line(
            item=label,
            unit=price.unit,
            quantity=amount,
            usd_per_unit=price.usd,
            usd=usd,
            note=note,
            derived=price.derived,
            source=price.source,
            date=price.date,
            confidence=price.confidence,
            unknown=unknown or f"no price in {self.region}" if usd is None else "",
        )

    def unknown(self, label: str, unit: str, quantity: Range, why: str) -> Line:
        """A line for something that has a price which no file names."""
        return self.at(Price(None, unit), quantity, label, unknown=why)

    # Quantities that several families need.

    def running(self, fleet: Resource) -> Range:
        """The hours that an instance runs in a month: fewer than all for one that stops when nobody works."""
        return self.use("workstation_hours" if switched(fleet) else "hours", fleet)

    def share(self, resource: Resource) -> float:
        """Part of the time, 0 to 1, in which something is on that has hours."""
        return 1.0 if self.always else share_on(resource)

    def instances(self, fleet: Resource) -> Range:
        """How many instances of a fleet run, on average over the month: of a group that is off at night, fewer than by day."""
        return self.by_day(fleet) * self.share(fleet)

    def by_day(self, fleet: Resource) -> Range:
        """How many instances of a fleet run while it is on."""
        if fleet.type != "aws_autoscaling_group":
            return fixed(copies(fleet))
        low, high = (_count(fleet.args.get(name)) for name in ("min_size", "max_size"))
        if low is None or high is None:
            return fixed(low or high or 0)
        desired = _count(fleet.args.get("desired_capacity"))
        if desired is not None and not peaks_of(fleet):
            return ordered(low, min(max(desired, low), max(low, high)), max(low, high)) * float(copies(fleet))
        fill = self.use("group_fill", fleet)
        # With known peaks the group is at least that large, on average.
        lowest = least(fleet, low)
        span = max(0, high - lowest)
        return Range(*(lowest + span * part for part in (fill.low, fill.likely, fill.high))) * float(copies(fleet))

    def requests(self, balancer: Resource) -> Range:
        """Requests per second at a load balancer; an internal one gets its share of what the public ones get."""
        if not internal(balancer):
            return self.use("requests_per_second", balancer)
        public = self.topology.public_balancers(balancer.stack.key)
        calls = self.use("internal_calls", balancer)
        if not public:
            return self.use("requests_per_second", balancer) * calls
        requests = ZERO
        for one in public:
            requests = requests + self.use("requests_per_second", one)
        return requests * calls

    def monthly(self, per_second: Range) -> Range:
        """A rate per second as a number per month."""
        return per_second * SECONDS

    def answered_gb(self, balancer: Resource) -> Range:
        """GB of answers that a load balancer sends in a month."""
        return self.monthly(self.requests(balancer)) * self.use("response_kb", balancer) * 1e-6

    def internet(self, gb: Range, label: str, note: str = "") -> Iterator[Line]:
        """Lines for data sent to the internet, the first 10 TB and what is above."""
        yield self.line("Data transfer", "internet egress first 10 TB per month", gb.up_to(FIRST_TIER_GB), label, note)
        above = gb.over(FIRST_TIER_GB)
        if above != ZERO:
            yield self.line(
                "Data transfer", "internet egress next 40 TB per month", above, f"{label}, above 10 TB", note
            )


def _count(value: object) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(str(value))
    except ValueError:
        return None
