"""What is in a picture and what belongs where, without coordinates: the data between `read` and the writers."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Chip(Struct, frozen=True):
    """What a card has in one zone: instances of a group, the standby of a database."""

    zone: int
    text: str
    quiet: bool = False
    """True for what does not serve now (a standby)."""


class Card(Struct, frozen=True):
    """One thing of the picture: a resource, or several of one type, or somebody outside."""

    id: str
    icon: str
    category: str
    title: str
    subtitle: str = ""
    zones: tuple[int, ...] = ()
    """Columns of the VPC's zones that it stands in."""
    chips: tuple[Chip, ...] = ()
    members: tuple[str, ...] = ()
    """Addresses of the resources that are this card."""
    supporting: tuple[str, ...] = ()
    """Addresses of rules, policies, attachments… that are folded into it."""


class Edge(Struct, frozen=True):
    """Traffic from a card to a card. `kind` is `request`, `data`, `egress` or `admin`."""

    source: str
    target: str
    kind: str
    label: str = ""


class Shelf(Struct, frozen=True):
    """One row of cards. `form` is `spread` (one card over its zones), `grid`, or `zoned` (each card in its own zone).

    In a grid a slot may be empty (None), so that a balancer stands above its group.
    """

    form: str
    slots: tuple[Card | None, ...]

    @property
    def cards(self) -> list[Card]:
        return [card for card in self.slots if card is not None]


class Subnet(Struct, frozen=True):
    """The subnets of one tier in one zone."""

    zone: int
    title: str
    cidr: str
    members: tuple[str, ...]
    supporting: tuple[str, ...] = ()


class Tier(Struct, frozen=True):
    """A row of subnets that serve one purpose. `exposure` is `public`, `private` (out through NAT) or `isolated`."""

    title: str
    exposure: str
    subnets: tuple[Subnet, ...]
    shelves: tuple[Shelf, ...]


class Vpc(Struct, frozen=True):
    """A VPC with its zones as columns and its tiers as rows; `edge` are gateways on its upper border, `plugs` endpoints on
    the lower one."""

    title: str
    cidr: str
    zones: tuple[str, ...]
    tiers: tuple[Tier, ...]
    edge: tuple[Card, ...] = ()
    plugs: tuple[Card, ...] = ()
    members: tuple[str, ...] = ()
    supporting: tuple[str, ...] = ()


class Band(Struct, frozen=True):
    """Cards under one heading."""

    title: str
    cards: tuple[Card, ...]


class Region(Struct, frozen=True):
    """A region: what stands before the VPCs, the VPCs, a flow of connected services, and the other services."""

    title: str
    front: tuple[Card, ...]
    vpcs: tuple[Vpc, ...]
    flow: tuple[Shelf, ...]
    bands: tuple[Band, ...]


Step = tuple[float, float, int | None]
"""From and to, as parts of the week (0 to 1), and the least number of instances; None where there is no such number."""


class Row(Struct, frozen=True):
    """One thing."""

    title: str
    category: str
    """Colour, as of cards."""
    note: str
    steps: tuple[Step, ...]
    """Where it is on, in order."""


class Chart(Struct, frozen=True):
    """The whole chart."""

    title: str
    days: tuple[tuple[float, str], ...]
    """Where each day begins, as a part of the week, and its name."""
    rows: tuple[Row, ...]


class Picture(Struct, frozen=True):
    """The whole picture."""

    title: str
    subtitle: str
    outside: tuple[Card, ...]
    world: tuple[Card, ...]
    """Global services."""
    regions: tuple[Region, ...]
    edges: tuple[Edge, ...]
    resources: int
    """Number of managed resources in the graph; each is in exactly one place of the picture."""
    week: Chart | None = None
    """The hours of what is turned on and off; None when nothing is."""

    def cards(self) -> Iterator[Card]:
        """Every card, from the outside in."""
        yield from self.outside
        yield from self.world
        for region in self.regions:
            yield from region.front
            for vpc in region.vpcs:
                yield from vpc.edge
                yield from vpc.plugs
                for tier in vpc.tiers:
                    for shelf in tier.shelves:
                        yield from shelf.cards
            for shelf in region.flow:
                yield from shelf.cards
            for band in region.bands:
                yield from band.cards

    def addresses(self) -> Iterator[str]:
        """Every address in the picture, drawn or folded."""
        for card in self.cards():
            yield from card.members
            yield from card.supporting
        for region in self.regions:
            for vpc in region.vpcs:
                yield from vpc.members
                yield from vpc.supporting
                for tier in vpc.tiers:
                    for subnet in tier.subnets:
                        yield from subnet.members
                        yield from subnet.supporting
