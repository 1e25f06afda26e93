"""From a graph to a picture: which card each resource becomes or is folded into, and where the card belongs."""

from __future__ import annotations

from giban.diagram import describe, week
from giban.diagram.folding import Folding
from giban.diagram.kinds import BOXES, CATEGORIES, KINDS, OTHER
from giban.diagram.model import Band, Card, Picture, Region, Subnet, Tier, Vpc
from giban.diagram.places import Places, Site
from giban.diagram.shelves import flow_shelves, tier_shelves
from giban.diagram.traffic import INTERNET, OPERATORS, USERS, Traffic
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]

_UNKNOWN = "unknown"
"""The region of resources whose region is a variable."""
_OUTSIDE = {
    USERS: Card(USERS, "users", "traffic", "Users", "browsers and apps"),
    OPERATORS: Card(OPERATORS, "terminal", "traffic", "Operators", "your team"),
    INTERNET: Card(INTERNET, "cloud", "traffic", "Internet", "the way out"),
}


def read(graph: Graph) -> Picture:
    """The picture of a graph. Every managed resource is in exactly one place of it: a card, a box, or folded into one."""
    return _Reader(graph).picture()


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.drawn = {r.key: r for r in graph if self._is_drawn(r)}
        self.places = {stack.key: Places(graph, list(stack.resources.values())) for stack in graph.stacks}
        self.supporting: dict[Key, list[str]] = {}
        self.loose: dict[str, list[Resource]] = {}
        folding = Folding(graph, self.drawn)
        for resource in graph.managed:
            if resource.key not in self.drawn:
                owner = folding.owner(resource)
                if owner is None:
                    self.loose.setdefault(self._region(resource), []).append(resource)
                else:
                    self.supporting.setdefault(owner, []).append(resource.address)
        self.ids: dict[Key, str] = {}
        self.groups = self._gather()
        self.edges = Traffic(graph, self.ids, self.drawn, self.places).collect()

    def _is_drawn(self, resource: Resource) -> bool:
        if resource.mode == "data":
            if resource.type == "aws_route53_zone":
                return not resource.args.get("private_zone") and not self._has_zone(resource)
            return resource.type in BOXES
        if resource.type == "aws_cloudwatch_metric_alarm":
            # An alarm that only moves a scaling policy is part of the group.
            actions = self.graph.follow_all(resource, "alarm_actions")
            return not actions or any(action.type != "aws_autoscaling_policy" for action in actions)
        return resource.type in KINDS or resource.type in BOXES

    def _has_zone(self, data: Resource) -> bool:
        name = data.args.get("name")
        return any(zone.args.get("name") == name for zone in self.graph.all("aws_route53_zone"))

    def _region(self, resource: Resource) -> str:
        """The box a resource belongs to: "" is the world outside of regions."""
        if resource.stack.key == "global":
            return ""
        return resource.region or resource.stack.region or _UNKNOWN

    def _place(self, resource: Resource) -> str:
        kind = KINDS[resource.type]
        if resource.type == "aws_route53_zone" and resource.args.get("vpc"):
            return "region"
        if resource.type == "aws_wafv2_web_acl" and resource.args.get("scope") == "CLOUDFRONT":
            return "global"
        if self._region(resource) == "":
            return "global"
        return kind.place

    def _gather(self) -> dict[str, list[Resource]]:
        """Resources by card id: one each, but several of a gathered type and region are one card."""
        found: dict[str, list[Resource]] = {}
        cards = [self.drawn[key] for key in sorted(self.drawn) if self.drawn[key].type not in BOXES]
        count: dict[tuple[str, str], int] = {}
        for resource in cards:
            kind = (resource.type, self._region(resource))
            count[kind] = count.get(kind, 0) + 1
        for resource in cards:
            card = "/".join(resource.key)
            place = KINDS[resource.type].place
            if place != "vpc" and count[resource.type, self._region(resource)] > KINDS[resource.type].gathered:
                owner = self.graph.follow(resource, "vpc_id") if resource.type == "aws_vpc_endpoint" else None
                card = f"{resource.stack.key}/{self._region(resource)}/{owner.address if owner else ''}/{resource.type}"
            found.setdefault(card, []).append(resource)
            self.ids[resource.key] = card
        return found

    def _card(self, card: str, zones: tuple[int, ...] = ()) -> Card:
        resources = self.groups[card]
        first = resources[0]
        kind = KINDS[first.type]
        title, subtitle = describe.title(first), describe.subtitle(self.graph, first)
        if len(resources) > 1:
            title, subtitle = f"{kind.plural or f'{kind.noun}s'} × {len(resources)}", _names(resources)
        return Card(
            id=card,
            icon=kind.icon,
            category=kind.category,
            title=title,
            subtitle=subtitle,
            zones=zones,
            chips=describe.chips(self.graph, first, zones) if zones else (),
            members=tuple(r.address for r in resources if r.mode == "managed"),
            supporting=tuple(a for r in resources for a in sorted(self.supporting.get(r.key, []))),
        )

    def picture(self) -> Picture:
        """Puts every card in its place."""
        regions = sorted({self._region(r) for r in self.graph} - {""})
        world = [self._card(card) for card in self.groups if self._place(self.groups[card][0]) == "global"]
        world += _others(self.loose.get("", []))
        mentioned = {end for edge in self.edges for end in (edge.source, edge.target)}
        graph = self.graph
        return Picture(
            title=" · ".join(part for part in (graph.name, graph.environment) if part),
            subtitle=", ".join(region for region in regions if region != _UNKNOWN),
            outside=tuple(card for name, card in _OUTSIDE.items() if name in mentioned),
            world=tuple(sorted(world, key=lambda card: (list(CATEGORIES).index(card.category), card.id))),
            regions=tuple(self._read_region(region) for region in regions),
            edges=self.edges,
            resources=len(graph.managed),
            week=week.read(graph),
        )

    def _read_region(self, region: str) -> Region:
        front: list[Card] = []
        beside: list[Card] = []
        standing: dict[tuple[str, int], dict[int, list[Card]]] = {}
        borders: dict[tuple[str, int], list[Card]] = {}
        for card, resources in self.groups.items():
            first = resources[0]
            place = self._place(first)
            if place == "global" or self._region(first) != region:
                continue
            places = self.places[first.stack.key]
            stand = places.stand(first) if place == "vpc" else None
            border = self._site(places, first) if place == "edge" else None
            if stand is not None:
                rows = standing.setdefault((first.stack.key, stand.site), {})
                rows.setdefault(stand.row, []).append(self._card(card, stand.zones))
            elif border is not None:
                borders.setdefault((first.stack.key, border), []).append(self._card(card))
            elif place == "front":
                front.append(self._card(card))
            else:
                beside.append(self._card(card))
        vpcs = []
        for key in sorted(self.places):
            for index, site in enumerate(self.places[key].sites):
                if self._site_region(site, key) == region:
                    vpcs.append(self._read_vpc(site, standing.get((key, index), {}), borders.get((key, index), [])))
        entrances = self._entrances(front, {card.id for card in beside})
        front = [card for card in front if card not in entrances]
        beside = [*entrances, *beside]
        flow, rest = flow_shelves(beside, self.edges) if len(beside) > 1 else ((), beside)
        bands = _bands(rest)
        others = _others(self.loose.get(region, []))
        if others:
            bands.append(Band(CATEGORIES["other"], tuple(others)))
        return Region(region, tuple(front), tuple(vpcs), flow, tuple(bands))

    def _entrances(self, front: list[Card], beside: set[str]) -> list[Card]:
        """What stands before services outside of any VPC, and only before these: an API before its functions."""
        leads = {card.id: {edge.target for edge in self.edges if edge.source == card.id} for card in front}
        return [card for card in front if leads[card.id] and leads[card.id] <= beside]

    def _site(self, places: Places, resource: Resource) -> int | None:
        """The VPC on whose border a gateway stands."""
        for target in [*self.graph.follow_all(resource), *self.graph.referrers(resource)]:
            for index, site in enumerate(places.sites):
                if site.vpc is not None and target.key == site.vpc.key:
                    return index
                if target.type.endswith("_gateway_attachment") and site.vpc in self.graph.follow_all(target):
                    return index
        return None

    def _site_region(self, site: Site, stack: str) -> str:
        first = site.vpc or next((r for row in site.rows for cell in row.cells.values() for r in cell), None)
        return self._region(first) if first is not None else stack

    def _read_vpc(self, site: Site, standing: dict[int, list[Card]], edge: list[Card]) -> Vpc:
        tiers = []
        for index, row in enumerate(site.rows):
            cells = tuple(self._cell(row.title, zone, row.cells[zone]) for zone in sorted(row.cells))
            shelves = tier_shelves(standing.get(index, []), self.edges, len(site.zones))
            tiers.append(Tier(row.title, row.exposure, cells, shelves))
        vpc = site.vpc
        return Vpc(
            title=vpc.label if vpc is not None else "subnets",
            cidr=describe.text_of(vpc.args.get("cidr_block")) if vpc is not None else "",
            zones=tuple(site.zones),
            tiers=tuple(tiers),
            edge=tuple(sorted((card for card in edge if card.icon != "plug"), key=lambda card: card.id)),
            plugs=tuple(sorted((card for card in edge if card.icon == "plug"), key=lambda card: card.id)),
            members=(vpc.address,) if vpc is not None and vpc.mode == "managed" else (),
            supporting=tuple(sorted(self.supporting.get(vpc.key, []))) if vpc is not None else (),
        )

    def _cell(self, title: str, zone: int, subnets: list[Resource]) -> Subnet:
        ranges = [describe.text_of(subnet.args.get("cidr_block")) for subnet in subnets]
        shown = next((text for text in ranges if text), "")
        return Subnet(
            zone=zone,
            title=title,
            cidr=f"{shown} +{len(subnets) - 1}" if len(subnets) > 1 else shown,
            members=tuple(subnet.address for subnet in subnets if subnet.mode == "managed"),
            supporting=tuple(a for subnet in subnets for a in sorted(self.supporting.get(subnet.key, []))),
        )


def _names(resources: list[Resource]) -> str:
    names = [describe.endpoint_service(r) if r.type == "aws_vpc_endpoint" else r.label for r in resources]
    return ", ".join(sorted(names))


def _bands(cards: list[Card]) -> list[Band]:
    found: list[Band] = []
    for category, heading in CATEGORIES.items():
        mine = sorted((card for card in cards if card.category == category), key=lambda card: (card.icon, card.id))
        if mine:
            found.append(Band(heading, tuple(mine)))
    return found


def _others(resources: list[Resource]) -> list[Card]:
    """Resources that belong to nothing drawn, a card for each type."""
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        by_type.setdefault(resource.type, []).append(resource)
    cards = []
    for type_ in sorted(by_type):
        mine = by_type[type_]
        name = type_.removeprefix("aws_")
        cards.append(
            Card(
                id=f"{mine[0].stack.key}/other/{mine[0].region}/{type_}",
                icon=OTHER.icon,
                category=OTHER.category,
                title=f"{name} × {len(mine)}" if len(mine) > 1 else mine[0].label,
                subtitle=_names(mine) if len(mine) > 1 else name,
                members=tuple(r.address for r in mine),
            )
        )
    return cards
