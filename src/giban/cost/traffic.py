"""How much data takes which way in a month: through NAT, through endpoints, between zones.

The topology says which way; the assumptions say how much. The flows of one instance are: the internet, S3, DynamoDB
(where the graph has tables), other AWS APIs, and its logs (where it has a log group). Each leaves a private subnet
through its NAT gateway unless an endpoint takes it: a gateway endpoint on the subnet's route table, or an interface
endpoint in the VPC.
"""

from __future__ import annotations

import msgspec

from giban.cost.context import Context
from giban.cost.ranges import ZERO, Range
from giban.cost.topology import Leg
from giban.graph.resource import Resource

NOT_APIS = frozenset({"logs", "s3", "dynamodb"})
"""Endpoints that take a flow of their own, not the calls to "other APIs"."""


class NatLoad(msgspec.Struct, frozen=True):
    """GB through one NAT gateway in a month."""

    internet: Range = ZERO
    storage: Range = ZERO
    """S3 and DynamoDB traffic, which gateway endpoints would take for nothing."""
    apis: Range = ZERO
    """Calls to AWS APIs and logs, which interface endpoints could take."""
    crossing: Range = ZERO
    """The part of all of it that comes from another zone."""
    upload: Range = ZERO
    """The part that goes out to the internet."""
    fleets: tuple[str, ...] = ()

    @property
    def all(self) -> Range:
        """Everything the gateway processes."""
        return self.internet + self.storage + self.apis


def nat_load(gateway: Resource, context: Context) -> NatLoad:
    """What a NAT gateway processes, from the fleets in the subnets whose route tables lead to it."""
    load = NatLoad()
    for leg in context.topology.legs(gateway):
        internet, storage, apis = _flows(leg, context)
        every = internet + storage + apis
        load = NatLoad(
            internet=load.internet + internet,
            storage=load.storage + storage,
            apis=load.apis + apis,
            crossing=load.crossing + every * leg.crossing,
            upload=load.upload + internet * context.use("upload_share", leg.fleet),
            fleets=(*load.fleets, *(() if leg.fleet.address in load.fleets else (leg.fleet.address,))),
        )
    return load


def _flows(leg: Leg, context: Context) -> tuple[Range, Range, Range]:
    topology, fleet = context.topology, leg.fleet
    interface = topology.interface_endpoints(topology.vpc(leg.subnet))
    storage = ZERO
    if not topology.gateway_endpoint(leg.subnet, "s3") and "s3" not in interface:
        storage = storage + context.use("s3_gb_per_instance", fleet)
    if (
        context.graph.all("aws_dynamodb_table")
        and not topology.gateway_endpoint(leg.subnet, "dynamodb")
        and "dynamodb" not in interface
    ):
        storage = storage + context.use("dynamodb_gb_per_instance", fleet)
    apis = ZERO
    if not interface - NOT_APIS:
        apis = apis + context.use("api_gb_per_instance", fleet)
    if "logs" not in interface and topology.log_groups(fleet):
        apis = apis + context.use("log_gb_per_instance", fleet)
    number = context.instances(fleet) * leg.share
    return context.use("internet_gb_per_instance", fleet) * number, storage * number, apis * number


def endpoint_gb(endpoint: Resource, service: str, context: Context) -> Range:
    """GB through one interface endpoint: its service's flow of every instance in the VPC; API calls are spread evenly."""
    vpc = context.graph.follow(endpoint, "vpc_id")
    others = len(context.topology.interface_endpoints(vpc) - NOT_APIS)
    flow, parts = {
        "logs": ("log_gb_per_instance", 1),
        "s3": ("s3_gb_per_instance", 1),
        "dynamodb": ("dynamodb_gb_per_instance", 1),
    }.get(service, ("api_gb_per_instance", max(1, others)))
    gb = ZERO
    for fleet in context.topology.fleets():
        writes = flow != "log_gb_per_instance" or context.topology.log_groups(fleet)
        if vpc is not None and context.topology.vpc(fleet) is vpc and writes:
            gb = gb + context.instances(fleet) * context.use(flow, fleet) * (1 / parts)
    return gb


def database_crossing(database: Resource, context: Context) -> Range:
    """GB in a month between a database's primary and callers in other zones.

    The primary is in one of the zones of its subnet group and callers are spread over them, so with Z zones the share
    (Z - 1) / Z crosses; where the database's zone is written down, the callers outside of it are counted.
    """
    topology = context.topology
    written = database.args.get("availability_zone")
    zones = topology.zones(database)
    crossing = ZERO
    for fleet in topology.callers(database):
        callers = topology.zones(fleet)
        if isinstance(written, str) and callers:
            share = sum(zone != written for zone in callers) / len(callers)
        else:
            share = 1 - 1 / len(zones) if zones else 0.0
        crossing = crossing + context.instances(fleet) * context.use("database_gb_per_instance", fleet) * share
    return crossing
