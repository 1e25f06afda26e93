"""Where things stand: subnets become zones (columns) and tiers (rows) of their VPC, and resources find theirs."""

from __future__ import annotations

import re

from msgspec import Struct

from giban.diagram.kinds import BOXES
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]
"""`Resource.key`."""

_ZONE_TOKEN = re.compile(r"^(az|zone)?\d*[a-f]?$")
_GENERIC = frozenset({"", "this", "main", "default", "subnet", "subnets"})
_ZONE_INDEX = re.compile(r"aws_availability_zones\.[\w-]+\.(?:names|zone_ids)\[(\d+)\]")
_EXPOSURE = {"public": 0, "private": 1, "isolated": 2}
_ORDER = (
    ("public", "dmz", "edge"),
    ("web", "front", "frontend"),
    ("was", "app", "api", "application", "backend", "private"),
    ("cache", "intra"),
    ("db", "data", "database", "rds"),
)
"""Usual names of tiers, from the internet inwards; other names come in the middle."""


class Row(Struct):
    """One tier of a VPC: its subnets by column."""

    title: str
    exposure: str
    cells: dict[int, list[Resource]]


class Site(Struct):
    """One VPC's zones and tiers. `vpc` is None for subnets whose VPC is not in the graph."""

    vpc: Resource | None
    zones: list[str]
    rows: list[Row]


class Stand(Struct, frozen=True):
    """Where a resource stands: site, row, columns."""

    site: int
    row: int
    zones: tuple[int, ...]


class Places:
    """The sites of one stack, and the stand of every resource that names subnets."""

    def __init__(self, graph: Graph, resources: list[Resource]) -> None:
        self.graph = graph
        self.sites: list[Site] = []
        self._where: dict[Key, tuple[int, int, int]] = {}
        subnets = [r for r in resources if r.type in BOXES[2:]]
        by_vpc: dict[Key, list[Resource]] = {}
        vpcs: dict[Key, Resource | None] = {}
        for resource in resources:
            if resource.type in BOXES[:2]:
                vpcs[resource.key] = resource
                by_vpc[resource.key] = []
        for subnet in subnets:
            vpc = graph.follow(subnet, "vpc_id")
            key = vpc.key if vpc is not None and vpc.type in BOXES[:2] else ("", "")
            vpcs.setdefault(key, vpc if key != ("", "") else None)
            by_vpc.setdefault(key, []).append(subnet)
        for key in sorted(by_vpc, key=lambda key: (key == ("", ""), key)):
            self._add_site(vpcs[key], by_vpc[key])

    def _add_site(self, vpc: Resource | None, subnets: list[Resource]) -> None:
        if vpc is not None and vpc.mode == "data" and not subnets:
            return
        zones = sorted({zone_of(subnet) for subnet in subnets})
        rows: dict[tuple[int, int, str, str], Row] = {}
        for subnet in subnets:
            exposure = self.exposure(subnet)
            title = tier_name(subnet) or exposure
            key = (_EXPOSURE[exposure], _rank(title), title, exposure)
            rows.setdefault(key, Row(title, exposure, {})).cells.setdefault(zones.index(zone_of(subnet)), []).append(
                subnet
            )
        site = Site(vpc, zones, [rows[key] for key in sorted(rows)])
        for index, row in enumerate(site.rows):
            for column, cell in row.cells.items():
                for subnet in cell:
                    self._where[subnet.key] = (len(self.sites), index, column)
        self.sites.append(site)

    def exposure(self, subnet: Resource) -> str:
        """`public`, `private` (a way out through NAT or the like) or `isolated`, by the subnet's route table."""
        targets = [target.type for route in self.routes(subnet) for target in self.graph.follow_all(route)]
        if "aws_internet_gateway" in targets:
            return "public"
        if any(t.startswith(("aws_nat_", "aws_network_interface", "aws_instance", "aws_ec2_transit")) for t in targets):
            return "private"
        words = re.split(r"[_-]", subnet.label)
        if subnet.args.get("map_public_ip_on_launch") is True or "public" in words:
            return "public"
        return "isolated" if targets or self.tables(subnet) else "private"

    def tables(self, subnet: Resource) -> list[Resource]:
        """Route tables associated with a subnet."""
        return [
            table
            for association in self.graph.referrers(subnet, "aws_route_table_association")
            for table in self.graph.follow_all(association, "route_table_id")
        ]

    def routes(self, subnet: Resource) -> list[Resource]:
        """What says where a subnet's traffic goes: the routes of its tables, and the tables themselves (inline routes)."""
        found: list[Resource] = []
        for table in self.tables(subnet):
            found += self.graph.referrers(table, "aws_route")
            if table.args.get("route"):
                found.append(table)
        return found

    def subnets_of(self, resource: Resource) -> list[Resource]:
        """The subnets a resource stands in, named by itself, by its subnet group or by its mount targets."""
        near = self.graph.follow_all(resource)
        found = [r for r in near if r.key in self._where]
        if not found:
            through = [r for r in near if r.type.endswith("_subnet_group") or r.type == "aws_network_interface"]
            if resource.type == "aws_ebs_volume":
                # A volume stands where the instance is that has it.
                attached = self.graph.referrers(resource, "aws_volume_attachment")
                through += [host for link in attached for host in self.graph.follow_all(link, "instance_id")]
            if resource.type == "aws_efs_file_system":
                through += self.graph.referrers(resource, "aws_efs_mount_target")
            found = [r for group in through for r in self.graph.follow_all(group) if r.key in self._where]
        return found

    def stand(self, resource: Resource) -> Stand | None:
        """Where a resource stands: the tier most of its subnets are in, the inner one of two equals."""
        spots = [self._where[subnet.key] for subnet in self.subnets_of(resource)]
        if not spots:
            return None
        count: dict[tuple[int, int], int] = {}
        for site, row, _ in spots:
            count[site, row] = count.get((site, row), 0) + 1
        best = max(count, key=lambda place: (count[place], place))
        return Stand(*best, tuple(sorted({zone for site, row, zone in spots if (site, row) == best})))


def zone_of(subnet: Resource) -> str:
    """The name of the subnet's zone as far as it can be read."""
    value = subnet.args.get("availability_zone") or subnet.args.get("availability_zone_id")
    if isinstance(value, str):
        if "${" not in value:
            return value
        match = _ZONE_INDEX.search(value)
        if match:
            return f"zone {int(match[1]) + 1}"
        letter = re.search(r"\}([a-f])$", value)
        if letter:
            return f"zone {letter[1]}"
    if subnet.meta.keys() & {"count", "for_each"} or subnet.type == "aws_subnets":
        return "every zone"
    for token in reversed(re.split(r"[_-]", subnet.label)):
        if token and _ZONE_TOKEN.match(token):
            return f"zone {token.removeprefix('az').removeprefix('zone') or token}"
    return "a zone"


def tier_name(subnet: Resource) -> str:
    """What the subnet's label says without its zone: `web` of `web_a`; empty when that is nothing of its own."""
    tokens = [token for token in re.split(r"[_-]", subnet.label.lower()) if not _ZONE_TOKEN.match(token)]
    tokens = [token.rstrip("0123456789") for token in tokens if token not in _GENERIC]
    return "-".join(token for token in tokens if token)


def _rank(title: str) -> int:
    words = title.split("-")
    for rank, names in enumerate(_ORDER):
        if any(word in names for word in words):
            return rank
    return 2
