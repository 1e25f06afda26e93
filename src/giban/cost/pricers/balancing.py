"""Load balancers: hours, capacity units, public addresses, and what they send to the internet."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.context import Context, Line
from giban.cost.ranges import ZERO, Range, largest
from giban.cost.registry import free, prices
from giban.cost.topology import internal
from giban.graph.resource import Resource

free(
    "part of its load balancer",
    "aws_lb_listener", "aws_alb_listener", "aws_lb_listener_rule", "aws_alb_listener_rule", "aws_lb_target_group",
    "aws_alb_target_group", "aws_lb_target_group_attachment", "aws_alb_target_group_attachment",
    "aws_lb_listener_certificate", "aws_alb_listener_certificate", "aws_lb_cookie_stickiness_policy",
)  # fmt: skip

CONNECTIONS_PER_LCU = 25.0
"""New connections a second in one LCU; the other dimension used is 1 GB an hour. Active connections and rule evaluations
stay below these for ordinary traffic. https://aws.amazon.com/elasticloadbalancing/pricing/"""
CONNECTIONS_PER_NLCU = 800.0
"""New TCP connections a second in one NLCU (same page)."""


@prices("aws_lb", "aws_alb")
def load_balancer(balancer: Resource, context: Context) -> Iterator[Line]:
    """Hours, capacity units by the larger of connections and data, a public address per zone, and internet egress.

    Between an ALB, its clients in the VPC and its targets no transfer between zones is charged
    (https://aws.amazon.com/ec2/pricing/on-demand/, "Data Transfer"); with an NLB that balances across zones it is
    (https://aws.amazon.com/elasticloadbalancing/faqs/).
    """
    kind = balancer.args.get("load_balancer_type", "application")
    sent = context.answered_gb(balancer)
    if kind == "network":
        yield context.line("ELB", "NLB", context.hours, "hours")
        units = _units(balancer, context, CONNECTIONS_PER_NLCU)
        yield context.line("ELB", "NLB LCU", units * context.hours, "capacity units", _rate(units, "NLCU"))
        zones = len(context.topology.zones(balancer))
        if balancer.args.get("enable_cross_zone_load_balancing") in (True, "true") and zones > 1:
            crossing = sent * (2 * (1 - 1 / zones))
            note = "balanced across zones, each direction paid"
            yield context.line("Data transfer", "cross-AZ (each direction)", crossing, "between zones", note)
    elif kind == "application":
        yield context.line("ELB", "ALB", context.hours, "hours")
        units = _units(balancer, context, CONNECTIONS_PER_LCU)
        yield context.line("ELB", "ALB LCU", units * context.hours, "capacity units", _rate(units, "LCU"))
    else:
        yield context.unknown(f"{kind} load balancer", "hour", context.hours, "no price in the files")
    if internal(balancer):
        return
    zones = len(context.topology.zones(balancer)) or 1
    if not balancer.blocks("subnet_mapping"):  # there, addresses are Elastic IPs and counted as such
        item = "public IPv4 address (in use or idle)"
        yield context.line("VPC", item, context.hours * float(zones), "public IPv4 addresses", "one per zone")
    behind_cdn = [r for r in context.graph.referrers(balancer) if r.type == "aws_cloudfront_distribution"]
    if behind_cdn:
        item = "AWS origin to CloudFront"
        yield context.line("Data transfer", item, sent, "to CloudFront", "paid at the distribution")
    else:
        yield from context.internet(sent, "to the internet", "requests x size of an answer")


@prices("aws_elb")
def classic(balancer: Resource, context: Context) -> Iterator[Line]:
    """A Classic Load Balancer: hours and data."""
    yield context.line("ELB", "Classic Load Balancer", context.hours, "hours")
    sent = context.monthly(context.use("requests_per_second")) * context.use("response_kb") * 1e-6
    yield context.line("ELB", "Classic Load Balancer data", sent, "data processed")
    if not internal(balancer):
        yield from context.internet(sent, "to the internet", "requests x size of an answer")


def _units(balancer: Resource, context: Context, connections: float) -> Range:
    requests = context.requests(balancer)
    by_connections = requests * context.use("connections_per_request", balancer) * (1 / connections)
    by_data = requests * context.use("response_kb", balancer) * (3600 * 1e-6)
    return largest(by_connections, by_data)


def _rate(units: Range, name: str) -> str:
    return "" if units == ZERO else f"{units.likely:.2f} {name} on average"
