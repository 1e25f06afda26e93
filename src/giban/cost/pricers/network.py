"""VPC: NAT gateways, public addresses, endpoints, transit; and what of a network costs nothing."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.context import Context, Line
from giban.cost.ranges import ZERO, fixed
from giban.cost.registry import free, prices
from giban.cost.topology import copies, endpoint_service
from giban.cost.traffic import endpoint_gb, nat_load
from giban.graph.resource import Resource

free(
    "networks, their routing and filtering cost nothing; traffic is counted where it is sent",
    "aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_egress_only_internet_gateway", "aws_route_table", "aws_route",
    "aws_route_table_association", "aws_main_route_table_association", "aws_default_route_table", "aws_default_vpc",
    "aws_default_subnet", "aws_default_network_acl", "aws_network_acl", "aws_network_acl_rule",
    "aws_network_acl_association", "aws_vpc_dhcp_options", "aws_vpc_dhcp_options_association",
    "aws_vpc_ipv4_cidr_block_association", "aws_network_interface", "aws_network_interface_attachment",
    "aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry", "aws_vpc_endpoint_route_table_association",
    "aws_vpc_endpoint_subnet_association", "aws_vpc_endpoint_security_group_association", "aws_vpc_endpoint_policy",
    "aws_vpc_peering_connection_accepter", "aws_vpc_peering_connection_options", "aws_ec2_instance_connect_endpoint",
    "aws_eip_association", "aws_ec2_transit_gateway", "aws_ec2_transit_gateway_route_table",
    "aws_ec2_transit_gateway_route", "aws_ec2_transit_gateway_route_table_association",
    "aws_ec2_transit_gateway_route_table_propagation",
)  # fmt: skip
free(
    "security groups cost nothing",
    "aws_security_group", "aws_default_security_group", "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule",
)  # fmt: skip


@prices("aws_nat_gateway")
def nat_gateway(gateway: Resource, context: Context) -> Iterator[Line]:
    """Hours, every GB processed, what crosses zones to reach it, and what goes out to the internet.

    Crossing is paid in each direction (https://aws.amazon.com/vpc/pricing/, "NAT gateway").
    """
    load = nat_load(gateway, context)
    one = 1 / max(1, copies(gateway))
    if gateway.args.get("availability_mode") == "regional":
        zones = max(1, len({z for f in context.topology.fleets() for z in context.topology.zones(f)}))
        item = "regional NAT gateway per AZ"
        yield context.line("VPC", item, context.hours * float(zones), "hours", f"{zones} zones")
    else:
        yield context.line("VPC", "NAT gateway", context.hours, "hours")
    who = f"of {', '.join(load.fleets)}" if load.fleets else "no instance is routed here"
    yield context.line("VPC", "NAT gateway data processed", load.all * one, "data processed", who)
    if load.crossing != ZERO:
        note = "from and to other zones, each direction paid"
        yield context.line(
            "Data transfer", "cross-AZ (each direction)", load.crossing * (2 * one), "between zones", note
        )
    if load.upload != ZERO:
        yield from context.internet(load.upload * one, "to the internet")


@prices("aws_eip")
def elastic_ip(address: Resource, context: Context) -> Iterator[Line]:
    """Every public IPv4 address is paid by the hour, in use or not (https://aws.amazon.com/vpc/pricing/)."""
    users = context.graph.referrers(address, "aws_nat_gateway", "aws_eip_association", "aws_lb", "aws_instance")
    idle = not users and "instance" not in address.args and "network_interface" not in address.args
    note = "attached to nothing" if idle else ""
    yield context.line("VPC", "public IPv4 address (in use or idle)", context.hours, "public IPv4 address", note)


@prices("aws_vpc_endpoint")
def endpoint(resource: Resource, context: Context) -> Iterator[Line]:
    """Gateway endpoints cost nothing; interface endpoints by zone and hour, and by GB."""
    kind = resource.args.get("vpc_endpoint_type", "Gateway")
    service = endpoint_service(resource)
    if kind == "Gateway":
        # "No additional charge", said of both services and without a region, so one row answers for all:
        # https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
        price = context.book.item("ap-northeast-2", "VPC", "gateway endpoint for S3")
        yield context.at(price, context.hours, "gateway endpoint", "no charge")
        return
    if kind != "Interface":
        yield context.unknown(f"{kind} endpoint", "hour", context.hours, "no price in the files")
        return
    zones = len(context.topology.zones(resource)) or 1
    note = f"in {zones} zone{'s' if zones > 1 else ''}"
    yield context.line("VPC", "interface endpoint per AZ", context.hours * float(zones), "hours", note)
    gb = endpoint_gb(resource, service, context)
    yield context.line("VPC", "interface endpoint data (first 1 PB)", gb, "data processed")


@prices("aws_ec2_transit_gateway_vpc_attachment")
def transit_attachment(_resource: Resource, context: Context) -> Iterator[Line]:
    """Hours of an attachment; how much data goes that way is not known."""
    yield context.line("VPC", "transit gateway attachment", context.hours, "hours")
    yield context.unknown("data", "GB", fixed(1), "how much goes this way is not known")


@prices("aws_vpc_peering_connection")
def peering(_resource: Resource, context: Context) -> Iterator[Line]:
    """The connection costs nothing; data between zones is paid in each direction, and how much is not known."""
    yield context.unknown("data between zones", "GB", fixed(1), "how much goes this way is not known")
