"""Checks of address ranges and of what a VPC has as a whole: overlaps, flow logs, addresses that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.networks import SUBNET_TYPES, Block, block, block_of, vpc_key, vpc_of
from giban.checks.queries import multiplied, passed_out
from giban.checks.registry import Hit, check
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check("GB003", "error", fix="Give every subnet of the VPC a range of its own.")
def overlapping_subnets(graph: Graph) -> Iterator[Hit]:
    """Subnets with overlapping ranges.

    ## What it finds
    Two subnets of one VPC whose address ranges share addresses, also when the ranges are made by `cidrsubnet` from the
    VPC's own.

    ## Why it matters
    AWS refuses the second one (`InvalidSubnet.Conflict`), minutes into an apply, with half of the network made.

    ## Example
    ```json
    {"resource": {"aws_subnet": {
      "a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.0.0/23"},
      "b": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.1.0/24"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_subnet": {
      "a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.0.0/23"},
      "b": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.2.0/24"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    by_vpc: dict[tuple[str, str], list[tuple[Block, Resource]]] = {}
    for subnet in graph.all(*SUBNET_TYPES):
        key, found = vpc_key(graph, subnet), block_of(graph, subnet)
        if key is not None and found is not None:
            by_vpc.setdefault(key, []).append((found, subnet))
    for subnets in by_vpc.values():
        for one, other in _overlaps(subnets):
            yield one, f"{block_of(graph, one)} shares addresses with {other.address} ({block_of(graph, other)})."


@check("GB004", "error", fix="Choose a range inside the VPC's, or associate a further range with the VPC.")
def subnet_outside_vpc(graph: Graph) -> Iterator[Hit]:
    """Subnet outside the range of its VPC.

    ## What it finds
    A subnet whose addresses are not inside the VPC's `cidr_block`, nor inside a range added by
    `aws_vpc_ipv4_cidr_block_association`.

    ## Why it matters
    AWS refuses it (`InvalidSubnet.Range`) when the VPC and everything before the subnet has been made.

    ## Example
    ```json
    {"resource": {
      "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
      "aws_subnet": {"a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.1.0.0/24"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
      "aws_subnet": {"a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.1.0/24"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    """
    for subnet in graph.all("aws_subnet"):
        vpc, own = vpc_of(graph, subnet), block_of(graph, subnet)
        if vpc is None or own is None or multiplied(vpc):
            continue
        added = graph.referrers(vpc, "aws_vpc_ipv4_cidr_block_association")
        ranges = [block_of(graph, holder) for holder in (vpc, *added)]
        if None not in ranges and not any(own.within(one) for one in ranges if one is not None):
            yield subnet, f"{own} is not inside {', '.join(map(str, ranges))} of {vpc.address}."


@check("GB005", "warning", fix="Give each VPC a range of its own, before the first machine is in it.")
def overlapping_vpcs(graph: Graph) -> Iterator[Hit]:
    """VPCs with overlapping ranges.

    ## What it finds
    Two VPCs of one root (one state, one region) whose address ranges share addresses, by themselves or with what
    `aws_vpc_ipv4_cidr_block_association` adds.

    ## Why it matters
    VPCs with the same addresses cannot be peered, and a transit gateway or a VPN cannot tell them apart. The range of a VPC
    cannot be changed later: everything in it has to be made anew.

    ## Example
    ```json
    {"resource": {"aws_vpc": {"shop": {"cidr_block": "10.0.0.0/16"}, "office": {"cidr_block": "10.0.128.0/17"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_vpc": {"shop": {"cidr_block": "10.0.0.0/16"}, "office": {"cidr_block": "10.1.0.0/16"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations
    """
    by_root: dict[tuple[str, str | None], list[tuple[Block, Resource]]] = {}
    for holder in graph.all("aws_vpc", "aws_vpc_ipv4_cidr_block_association"):
        vpc, found = vpc_of(graph, holder), block_of(graph, holder)
        if vpc is not None and found is not None and not multiplied(vpc):
            by_root.setdefault((vpc.stack.key, vpc.region), []).append((found, vpc))
    for vpcs in by_root.values():
        for one, other in _overlaps(vpcs):
            if one is not other:
                peered = _peered(graph, one, other)
                tail = ", and the two are peered." if peered else ", so the two can never be connected."
                yield one, f"It shares addresses with {other.address}{tail}"


@check("GB006", "warning", fix="Add an aws_flow_log for the VPC.", relaxed=True)
def vpc_without_flow_log(graph: Graph) -> Iterator[Hit]:
    """VPC without flow logs.

    ## What it finds
    A VPC that no `aws_flow_log` of the root belongs to.

    ## Why it matters
    After an incident the first question is who talked to whom. Flow logs cannot be switched on for the past. They also show
    what a security group refuses, which is the quickest way to find a closed port.

    ## Example
    ```json
    {"resource": {"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
      "aws_flow_log": {"main": {
        "vpc_id": "${aws_vpc.main.id}", "traffic_type": "ALL",
        "log_destination_type": "s3", "log_destination": "${aws_s3_bucket.logs.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
    """
    unknown = {log.stack.key for log in graph.all("aws_flow_log") if _of_unknown_vpc(graph, log)}
    for vpc in graph.all("aws_vpc"):
        if vpc.stack.key not in unknown and not graph.referrers(vpc, "aws_flow_log"):
            yield vpc, "Nothing records who talks to whom in this VPC."


@check("GB016", "notice", fix="Attach the address, or remove it.")
def unattached_address(graph: Graph) -> Iterator[Hit]:
    """Elastic IP address that nothing uses.

    ## What it finds
    An `aws_eip` without `instance` or `network_interface` that no NAT gateway, load balancer, association or other resource
    refers to. One that an output hands on is left out.

    ## Why it matters
    Every public IPv4 address costs money by the hour, used or not.

    ## Example
    ```json
    {"resource": {"aws_eip": {"spare": {"domain": "vpc"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_eip": {"nat": {"domain": "vpc"}},
      "aws_nat_gateway": {"a": {"allocation_id": "${aws_eip.nat.id}", "subnet_id": "${aws_subnet.public_a.id}"}}}}
    ```

    ## References
    - https://aws.amazon.com/vpc/pricing/ (public IPv4 addresses)
    """
    no_use = ("aws_route53_record", "aws_security_group", "aws_security_group_rule", "aws_wafv2_ip_set")
    for address in graph.all("aws_eip"):
        if address.value("instance") or address.value("network_interface") or passed_out(address):
            continue
        users = [user for user in graph.referrers(address) if user.type not in no_use]
        if not [user for user in users if not user.type.startswith("aws_vpc_security_group_")]:
            yield address, "The address costs money by the hour, and nothing uses it."


def _overlaps(ranges: list[tuple[Block, Resource]]) -> Iterator[tuple[Resource, Resource]]:
    """Each range that begins inside an earlier one, with that one: sorted once, then compared with the furthest so far.

    Of two that begin together the larger comes first, so the part is reported and not the whole.
    """
    furthest: tuple[Block, Resource] | None = None
    for found, resource in sorted(ranges, key=lambda item: (item[0].first, -item[0].last, item[1].key)):
        if furthest is not None and found.overlaps(furthest[0]):
            yield resource, furthest[1]
        if furthest is None or found.last > furthest[0].last:
            furthest = (found, resource)


PRIVATE = tuple(
    found
    for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")
    if (found := block(cidr)) is not None
)
"""Ranges that belong to nobody on the internet: RFC 1918, RFC 6598 (shared by carriers, used by EKS for pods) and RFC 2544."""


@check("GB120", "warning", fix="Choose a private range: inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")
def public_range_inside(graph: Graph) -> Iterator[Hit]:
    """Network uses addresses that belong to somebody else.

    ## What it finds
    A VPC, or a further range of one, that is not inside the private ranges: `8.8.0.0/16`, `172.32.0.0/16`.

    ## Why it matters
    AWS takes it. But the machines inside never reach the real owner of these addresses: with `8.8.0.0/16` no DNS server of
    Google, with others a customer or a bank. A VPC cannot change its range later.

    ## Example
    ```yaml
    network: {cidr: 8.8.0.0/16}
    ```
    Use instead:
    ```yaml
    network: {cidr: 10.8.0.0/16}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    - https://www.rfc-editor.org/rfc/rfc1918
    """
    for resource in graph.all("aws_vpc", "aws_vpc_ipv4_cidr_block_association"):
        found = block_of(graph, resource)
        if found is not None and not any(found.within(one) for one in PRIVATE):
            yield resource, f"{found} are public addresses of somebody else, who cannot be reached from inside."


def _peered(graph: Graph, one: Resource, other: Resource) -> bool:
    return any(
        {graph.follow(peering, "vpc_id"), graph.follow(peering, "peer_vpc_id")} == {one, other}
        for peering in graph.referrers(one, "aws_vpc_peering_connection")
    )


def _of_unknown_vpc(graph: Graph, log: Resource) -> bool:
    """Whether a flow log may belong to any VPC: `each.value`, a variable, or a VPC found out at apply."""
    value = log.value("vpc_id")
    return isinstance(value, str) and "${" in value and not graph.follow_all(log, "vpc_id")
