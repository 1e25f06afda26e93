"""Checks of how many instances a group may have, in how many zones, and whether there is room for them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from giban.checks.firewalls import subnets_of_peer
from giban.checks.networks import RESERVED, SUBNET_TYPES, block_of, subnets_of, zones
from giban.checks.queries import multiplied, once_per_graph, only
from giban.checks.registry import Hit, check
from giban.checks.serving import BALANCER_TYPES, serving, subnets_named
from giban.checks.values import listed, made_dynamically, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_BALANCER_ADDRESSES = 8
"""Free addresses an application load balancer asks for in each subnet.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-considerations"""

Key = tuple[str, str]


class _Demand(msgspec.Struct, frozen=True):
    """How many addresses a group needs in each of its subnets: spread evenly, and with one of its zones lost."""

    group: Resource
    subnets: tuple[Resource, ...]
    even: int
    zone_lost: int


@check("GB032", "error", fix="Give the group a subnet in each of at least two zones.", relaxed=True)
def group_in_a_single_zone(graph: Graph) -> Iterator[Hit]:
    """Group in a single zone.

    ## What it finds
    An auto scaling group all of whose subnets (or `availability_zones`) are in one zone, also when there are several subnets.

    ## Why it matters
    When the zone fails, everything is gone at once, and the group has no place to start anew: the whole point of an auto
    scaling group.

    ## Example
    ```json
    {"resource": {
      "aws_subnet": {
        "web_1": {"availability_zone": "ap-northeast-2a"}, "web_2": {"availability_zone": "ap-northeast-2a"}},
      "aws_autoscaling_group": {"web": {"vpc_zone_identifier": ["${aws_subnet.web_1.id}", "${aws_subnet.web_2.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_subnet": {
        "web_1": {"availability_zone": "ap-northeast-2a"}, "web_2": {"availability_zone": "ap-northeast-2c"}},
      "aws_autoscaling_group": {"web": {"vpc_zone_identifier": ["${aws_subnet.web_1.id}", "${aws_subnet.web_2.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html
    """
    for group in graph.all("aws_autoscaling_group"):
        found = zones(subnets_of(graph, group, "vpc_zone_identifier"))
        literal = listed(group.value("availability_zones"))
        if found is None and len(literal) == 1 and "${" not in str(literal[0]):
            found = {str(literal[0])}
        if found is not None and len(found) == 1:
            yield group, f"All its instances are in one zone ({next(iter(found))})."


@check("GB037", "error", fix="Let min_size ≤ desired_capacity ≤ max_size.")
def group_sizes(graph: Graph) -> Iterator[Hit]:
    """Group sizes that contradict each other.

    ## What it finds
    An auto scaling group whose `max_size` is less than `min_size`, or whose `desired_capacity` is outside the two.

    ## Why it matters
    AWS refuses the group, after the network and the load balancer have been made.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 4, "max_size": 2}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 4}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html
    """
    for group in graph.all("aws_autoscaling_group"):
        least, most = number(group, "min_size", default=None), number(group, "max_size", default=None)
        wanted = number(group, "desired_capacity", default=None)
        if least is not None and most is not None and most < least:
            yield group, f"max_size ({most:g}) is less than min_size ({least:g})."
        elif wanted is not None and least is not None and wanted < least:
            yield group, f"desired_capacity ({wanted:g}) is less than min_size ({least:g})."
        elif wanted is not None and most is not None and wanted > most:
            yield group, f"desired_capacity ({wanted:g}) is more than max_size ({most:g})."


@check("GB038", "error", fix="Make the subnets larger, add subnets, or lower max_size.")
def subnet_too_small(graph: Graph) -> Iterator[Hit]:
    """Subnet too small for the group's maximum.

    ## What it finds
    A subnet with fewer addresses than its auto scaling groups need at `max_size`, spread evenly over their subnets. AWS keeps
    five addresses of every subnet; other groups, load balancers (eight free addresses each), NAT gateways, instances and
    interface endpoints in the same subnet are counted too.

    ## Why it matters
    The group stops growing on the day it has to (`InsufficientFreeAddressesInSubnet`). The range of a subnet cannot be
    changed: it has to be replaced with everything in it.

    ## Example
    ```json
    {"resource": {
      "aws_subnet": {"web_a": {"cidr_block": "10.0.0.0/28"}, "web_c": {"cidr_block": "10.0.0.16/28"}},
      "aws_autoscaling_group": {"web": {
        "max_size": 30, "vpc_zone_identifier": ["${aws_subnet.web_a.id}", "${aws_subnet.web_c.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_subnet": {"web_a": {"cidr_block": "10.0.0.0/24"}, "web_c": {"cidr_block": "10.0.1.0/24"}},
      "aws_autoscaling_group": {"web": {
        "max_size": 30, "vpc_zone_identifier": ["${aws_subnet.web_a.id}", "${aws_subnet.web_c.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    for demand in _demands(graph):
        short = _short(graph, demand, lost=False)
        if short:
            yield demand.group, short


@check("GB101", "warning", fix="Make the subnets larger, add a zone, or lower max_size.", relaxed=True)
def subnet_too_small_without_a_zone(graph: Graph) -> Iterator[Hit]:
    """Subnet too small when a zone is lost.

    ## What it finds
    A subnet with room for its share of the group's maximum, but not for what it gets when one of the group's zones fails and
    the group starts everything in the others.

    ## Why it matters
    Capacity in another zone is what the second zone is for. It is missing exactly when it is needed.

    ## Example
    ```json
    {"resource": {
      "aws_subnet": {
        "web_a": {"cidr_block": "10.0.0.0/28", "availability_zone": "ap-northeast-2a"},
        "web_c": {"cidr_block": "10.0.0.16/28", "availability_zone": "ap-northeast-2c"}},
      "aws_autoscaling_group": {"web": {
        "max_size": 16, "vpc_zone_identifier": ["${aws_subnet.web_a.id}", "${aws_subnet.web_c.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_subnet": {
        "web_a": {"cidr_block": "10.0.0.0/27", "availability_zone": "ap-northeast-2a"},
        "web_c": {"cidr_block": "10.0.0.32/27", "availability_zone": "ap-northeast-2c"}},
      "aws_autoscaling_group": {"web": {
        "max_size": 16, "vpc_zone_identifier": ["${aws_subnet.web_a.id}", "${aws_subnet.web_c.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html
    """
    for demand in _demands(graph):
        if demand.zone_lost > demand.even and not _short(graph, demand, lost=False):
            short = _short(graph, demand, lost=True)
            if short:
                yield demand.group, short


@check("GB039", "notice", fix="Let max_size be more than min_size and add an aws_autoscaling_policy.")
def group_does_not_scale(graph: Graph) -> Iterator[Hit]:
    """Group that does not scale.

    ## What it finds
    An auto scaling group behind a load balancer whose `max_size` is its `min_size`, and any group with room to grow that no
    scaling policy, schedule or scaling plan refers to.

    ## Why it matters
    It keeps a number of instances alive and does nothing else: at a peak it is too small, at night too large.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6}},
      "aws_autoscaling_policy": {"cpu": {
        "autoscaling_group_name": "${aws_autoscaling_group.web.name}", "policy_type": "TargetTrackingScaling"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
    """
    scalers = ("aws_autoscaling_policy", "aws_autoscaling_schedule", "aws_autoscalingplans_scaling_plan")
    policies = graph.all(*scalers)
    by_name = {(one.stack.key, text(one, "autoscaling_group_name")) for one in policies}
    if any(name is None and not graph.follow_all(one) for one, name in _with_names(policies)):
        return  # A policy of a group that cannot be told: it may be any.
    attached = serving(graph).attached
    for group in graph.all("aws_autoscaling_group"):
        least, most = number(group, "min_size", default=None), number(group, "max_size", default=None)
        if least is None or most is None or _scaled_by_cluster(graph, group):
            continue
        if least == most and least > 0:
            if group.key in attached:
                yield group, f"It always has {least:g} instance{'s' if least > 1 else ''}, whatever the load."
        elif most > least and not graph.referrers(group, *scalers):
            name = text(group, "name")
            if not name or (group.stack.key, name) not in by_name:
                yield group, f"It may have {least:g} to {most:g} instances, and nothing ever changes their number."


def _with_names(policies: list[Resource]) -> Iterator[tuple[Resource, str | None]]:
    return ((policy, text(policy, "autoscaling_group_name")) for policy in policies)


def _scaled_by_cluster(graph: Graph, group: Resource) -> bool:
    """Whether a cluster sets the size: the Kubernetes cluster autoscaler (by tag) or a capacity provider of ECS."""
    tags = [tag.get("key") for tag in group.blocks("tag")]
    by_tag = any("k8s.io/cluster-autoscaler" in str(key) for key in tags) or made_dynamically(group, "tag")
    return by_tag or bool(graph.referrers(group, "aws_ecs_capacity_provider"))


@once_per_graph
def _demands(graph: Graph) -> list[_Demand]:
    found = []
    for group in graph.all("aws_autoscaling_group"):
        subnets = subnets_of(graph, group, "vpc_zone_identifier")
        most = number(group, "max_size", default=None)
        if most is None or not subnets.complete or not subnets.resources or multiplied(group):
            continue
        even = -(-int(most) // len(subnets.resources))
        places = zones(subnets)
        several = places is not None and len(places) > 1 and len(places) == len(subnets.resources)
        lost = -(-int(most) // (len(subnets.resources) - 1)) if several else even
        found.append(_Demand(group, subnets.resources, even, lost))
    return found


@once_per_graph
def _taken(graph: Graph) -> dict[Key, int]:
    """Addresses in each subnet that others than auto scaling groups need."""
    taken: dict[Key, int] = {}

    def take(subnets: tuple[Resource, ...], addresses: int) -> None:
        for subnet in subnets:
            taken[subnet.key] = taken.get(subnet.key, 0) + addresses

    for balancer in graph.all(*BALANCER_TYPES):
        kind = text(balancer, "load_balancer_type", default="application")
        addresses = _BALANCER_ADDRESSES if kind == "application" else 1
        take(only(subnets_named(graph, balancer), *SUBNET_TYPES).known, addresses)
    for single in graph.all("aws_instance", "aws_nat_gateway", "aws_network_interface"):
        if not multiplied(single):
            take(subnets_of_peer(graph, single).known, 1)
    for endpoint in graph.all("aws_vpc_endpoint"):
        if not multiplied(endpoint):
            take(subnets_of(graph, endpoint, "subnet_ids").known, 1)
    return taken


@once_per_graph
def _grown(graph: Graph) -> dict[Key, int]:
    """Addresses in each subnet that all groups need at their maximum."""
    grown: dict[Key, int] = {}
    for demand in _demands(graph):
        for subnet in demand.subnets:
            grown[subnet.key] = grown.get(subnet.key, 0) + demand.even
    return grown


def _short(graph: Graph, demand: _Demand, *, lost: bool) -> str | None:
    """Which subnet of a group is too small, as a sentence."""
    own = demand.zone_lost if lost else demand.even
    for subnet in demand.subnets:
        size = block_of(graph, subnet)
        if size is None:
            continue
        others = _taken(graph).get(subnet.key, 0) + _grown(graph)[subnet.key] - demand.even
        room = size.size - RESERVED - others
        if own > room:
            when = "with a zone lost it" if lost else "at its maximum it"
            used = f"{size.size - RESERVED} addresses" + (f", {others} of them for others" if others else "")
            return f"{when.capitalize()} needs {own} addresses in {subnet.address} ({size}), which has {used}."
    return None
