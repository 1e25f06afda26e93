"""What would be cheaper, with the amount: one small function per hint, over the priced graph.

A hint is not a finding: nothing is wrong with the environment, and what is saved may be worth its price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from giban.cost.context import Context
from giban.cost.prices import Price
from giban.cost.topology import copies, endpoint_service
from giban.cost.traffic import NatLoad, endpoint_gb, nat_load
from giban.graph.power import hours_of, switched
from giban.graph.resource import Resource

ARM = {"t3": "t4g", "t3a": "t4g", "m5": "m7g", "m6i": "m7g", "m7i": "m7g", "c6i": "c7g"}
"""Families on Arm processors that stand for families on x86."""
OFFICE_HOURS = 12 * 5 * 365 / 7 / 12
"""Hours a month of a schedule from 8 to 20 o'clock on five days a week."""
SMALLEST = 0.5
"""Hints below this many USD a month are not given."""


class Hint(msgspec.Struct, frozen=True):
    """One way to save. `usd` is the likely saving a month; it is 0 where prices to compare are missing."""

    id: str
    usd: float
    text: str
    resources: list[str]


def hints(context: Context) -> list[Hint]:
    """Every hint worth giving, the largest saving first."""
    found = [hint for function in _ALL for hint in function(context) if hint.usd >= SMALLEST]
    return sorted(found, key=lambda h: (-h.usd, h.id, h.resources))


def _usd(price: Price) -> float:
    return price.usd or 0.0


def _item(context: Context, about: Resource, service: str, item: str) -> float:
    return _usd(context.book.item(about.region or context.home, service, item))


def _gateways(context: Context) -> Iterator[tuple[Resource, NatLoad]]:
    for gateway in context.graph.all("aws_nat_gateway"):
        yield gateway, nat_load(gateway, context)


def storage_through_nat(context: Context) -> Iterator[Hint]:
    """S3 or DynamoDB traffic that pays for NAT although a gateway endpoint is free."""
    for gateway, load in _gateways(context):
        usd = load.storage.likely * _item(context, gateway, "VPC", "NAT gateway data processed")
        yield Hint(
            "gateway-endpoints",
            usd,
            f"About {load.storage.likely:.0f} GB a month to S3 and DynamoDB pass {gateway.address}; "
            "gateway endpoints on the private route tables take it for nothing.",
            [gateway.address],
        )


def one_gateway(context: Context) -> Iterator[Hint]:
    """What one NAT gateway instead of one per zone would save, and what that costs in availability."""
    by_vpc: dict[tuple[str, str], list[tuple[Resource, NatLoad]]] = {}
    for gateway, load in _gateways(context):
        vpc = context.topology.vpc(gateway)
        by_vpc.setdefault(vpc.key if vpc else (gateway.stack.key, ""), []).append((gateway, load))
    for group in by_vpc.values():
        number = sum(copies(gateway) for gateway, _ in group)
        if number < 2:
            continue
        first = group[0][0]
        hours = context.use("hours", first).likely
        each = _item(context, first, "VPC", "NAT gateway") + _item(
            context, first, "VPC", "public IPv4 address (in use or idle)"
        )
        data = sum(load.all.likely for _, load in group)
        more = data * (1 - 1 / number) * 2 * _item(context, first, "Data transfer", "cross-AZ (each direction)")
        yield Hint(
            "single-nat",
            (number - 1) * each * hours - more,
            f"One NAT gateway instead of {number} (`network.nat: single`); then the zone of that gateway takes "
            "all others off the internet when it fails.",
            [gateway.address for gateway, _ in group],
        )


def interface_endpoints(context: Context) -> Iterator[Hint]:
    """Interface endpoints that cost more than the NAT traffic they take, where there is a NAT gateway anyway."""
    for endpoint in context.graph.all("aws_vpc_endpoint"):
        vpc = context.topology.vpc(endpoint)
        gateways = [g for g in context.graph.all("aws_nat_gateway") if context.topology.vpc(g) is vpc]
        if endpoint.args.get("vpc_endpoint_type") != "Interface" or not gateways:
            continue
        zones = len(context.topology.zones(endpoint)) or 1
        hours = context.use("hours", endpoint).likely
        name = endpoint_service(endpoint)
        gb = endpoint_gb(endpoint, name, context).likely
        here = zones * hours * _item(context, endpoint, "VPC", "interface endpoint per AZ")
        here += gb * _item(context, endpoint, "VPC", "interface endpoint data (first 1 PB)")
        there = gb * _item(context, endpoint, "VPC", "NAT gateway data processed")
        yield Hint(
            "interface-endpoint",
            here - there,
            f"The interface endpoint `{name}` costs more than its {gb:.0f} GB a month would through the NAT "
            "gateway that is there; keep it when that traffic must not take that way.",
            [endpoint.address],
        )


def arm(context: Context) -> Iterator[Hint]:
    """The same size on an Arm processor."""
    for fleet in context.topology.fleets():
        holder = context.topology.template(fleet) or fleet
        type_ = str(holder.args.get("instance_type") or "")
        family, _, size = type_.partition(".")
        if family not in ARM:
            continue
        other = f"{ARM[family]}.{size}"
        region = fleet.region or context.home
        now, then = context.book.instance(region, type_).usd, context.book.instance(region, other).usd
        if now is None or then is None:
            continue
        hours = context.instances(fleet).likely * context.running(fleet).likely
        text = f"{other} instead of {type_}, where the software runs on Arm."
        yield Hint("arm", (now - then) * hours, text, [fleet.address])


def office_hours(context: Context) -> Iterator[Hint]:
    """Instances and databases that run only in office hours: for anything but production."""
    saved, about = 0.0, []
    for fleet in context.topology.fleets():
        if switched(fleet) or hours_of(fleet):
            continue
        holder = context.topology.template(fleet) or fleet
        price = context.book.instance(fleet.region or context.home, str(holder.args.get("instance_type") or ""))
        saved += _idle(context, fleet) * _usd(price) * context.instances(fleet).likely
        about.append(fleet.address)
    for database in context.graph.all("aws_db_instance"):
        service = {"postgres": "RDS PostgreSQL", "mysql": "RDS MySQL"}.get(str(database.args.get("engine")))
        if service is None or hours_of(database):
            continue
        multi_az = database.args.get("multi_az") in (True, "true")
        class_ = str(database.args.get("instance_class"))
        price = context.book.database(database.region or context.home, service, class_, multi_az=multi_az)
        saved += _idle(context, database) * _usd(price)
        about.append(database.address)
    text = (
        "Where nobody works at night: instances and databases running from 8 to 20 o'clock on weekdays only "
        '(`power: {office: {time_zone: …, on: "08:00 Mon-Fri", off: "20:00 daily", targets: […]}}`).'
    )
    yield Hint("office-hours", saved, text, about)


def _idle(context: Context, about: Resource) -> float:
    return max(0.0, context.use("hours", about).likely - OFFICE_HOURS)


def idle_addresses(context: Context) -> Iterator[Hint]:
    """Elastic IPs that are attached to nothing."""
    for address in context.graph.all("aws_eip"):
        attached = "instance" in address.args or "network_interface" in address.args
        if attached or context.graph.referrers(address):
            continue
        usd = context.use("hours", address).likely * copies(address)
        usd *= _item(context, address, "VPC", "public IPv4 address (in use or idle)")
        yield Hint("idle-address", usd, "This address is attached to nothing and paid all the same.", [address.address])


def gp2(context: Context) -> Iterator[Hint]:
    """gp2 volumes, which gp3 replaces for less."""
    for volume in context.graph.all("aws_ebs_volume"):
        if volume.args.get("type", "gp2") != "gp2":
            continue
        gb = float(volume.args.get("size") or 0) if str(volume.args.get("size") or 0).isdecimal() else 0.0
        old, new = (_item(context, volume, "EBS", f"{kind} storage") for kind in ("gp2", "gp3"))
        if old and new:
            yield Hint(
                "gp3", gb * (old - new) * copies(volume), "gp3 instead of gp2, with no less speed.", [volume.address]
            )


_ALL: tuple[Callable[[Context], Iterable[Hint]], ...] = (
    storage_through_nat,
    one_gateway,
    interface_endpoints,
    arm,
    office_hours,
    idle_addresses,
    gp2,
)
