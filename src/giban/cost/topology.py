"""What follows from the graph alone, whatever the usage: zones, routes, endpoints, who runs where, who talks to whom.

Works on any Terraform, not only on what giban generates. A zone is told by its name or by the text of the expression
that names it: two subnets with the same text are in the same zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from giban.graph.graph import Graph
from giban.graph.resource import Resource

FLEETS = ("aws_autoscaling_group", "aws_instance")
"""The types that stand for running instances."""

OTHER_WRITERS = (
    "aws_apigatewayv2_stage", "aws_flow_log", "aws_lambda_function", "aws_route53_query_log",
    "aws_wafv2_web_acl_logging_configuration",
)  # fmt: skip
"""What writes to the log group it refers to."""


FUNCTION_PREFIX = "/aws/lambda/"
"""Log groups that functions write to unless they say otherwise
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html)."""


class Leg(NamedTuple):
    """The part of a fleet in one subnet."""

    fleet: Resource
    subnet: Resource
    share: float
    """Of the fleet's instances."""
    crossing: float
    """Share of these that are in another zone than the NAT gateway."""


class Topology:
    """Questions about a graph; answers are kept, so that every pricer may ask again."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._tables: dict[tuple[str, str], Resource] | None = None
        self._subnets: dict[tuple[str, str], list[Resource]] = {}
        self._gateways: dict[tuple[str, str], list[Resource]] = {}
        self._endpoints: dict[tuple[str, str], set[str]] = {}
        self._callers: dict[tuple[str, str], list[Resource]] = {}
        self._fleets: list[Resource] | None = None
        self._public: dict[str, list[Resource]] | None = None
        self._legs: dict[tuple[str, str], list[Leg]] = {}
        self._log_groups: dict[tuple[str, str], list[Resource]] | None = None

    def fleets(self) -> list[Resource]:
        """Everything that runs instances."""
        if self._fleets is None:
            self._fleets = self.graph.all(*FLEETS)
        return self._fleets

    def public_balancers(self, stack_key: str) -> list[Resource]:
        """The application and network load balancers of a stack that face the internet."""
        if self._public is None:
            self._public = {}
            for balancer in self.graph.all("aws_lb", "aws_alb"):
                if not internal(balancer):
                    self._public.setdefault(balancer.stack.key, []).append(balancer)
        return self._public.get(stack_key, [])

    def legs(self, gateway: Resource) -> list[Leg]:
        """The parts of fleets whose traffic a NAT gateway takes, by fleet and subnet."""
        found = self._legs.get(gateway.key)
        if found is None:
            found = self._legs[gateway.key] = list(self._find_legs(gateway))
        return found

    def _find_legs(self, gateway: Resource) -> Iterator[Leg]:
        here = set(self.zones(gateway))
        one_each = copies(gateway) > 1
        for fleet in self.fleets():
            subnets = self.subnets(fleet)
            places = sum(copies(subnet) for subnet in subnets)
            for subnet in subnets:
                gateways = self.nat_gateways(subnet)
                if gateway not in gateways:
                    continue
                zones = subnet_zones(subnet)
                away = 0.0 if one_each or not here else sum(zone not in here for zone in zones) / len(zones)
                share = copies(subnet) / places / len(gateways) if places else 0.0
                yield Leg(fleet, subnet, share, away)

    def template(self, group: Resource) -> Resource | None:
        """The launch template (or configuration) of an auto scaling group."""
        for path in (("launch_template",), ("mixed_instances_policy",), ("launch_configuration",)):
            for target in self.graph.follow_all(group, *path):
                if target.type in ("aws_launch_template", "aws_launch_configuration"):
                    return target
        return None

    def subnets(self, resource: Resource) -> list[Resource]:
        """The subnets a resource is in, through a subnet group where there is one."""
        found = self._subnets.get(resource.key)
        if found is None:
            found = self._subnets[resource.key] = self._find_subnets(resource)
        return found

    def _find_subnets(self, resource: Resource) -> list[Resource]:
        for argument in (
            "subnet_ids",
            "subnets",
            "vpc_zone_identifier",
            "subnet_id",
            "subnet_mapping",
            "network_configuration",
        ):
            direct = [t for t in self.graph.follow_all(resource, argument) if t.type == "aws_subnet"]
            if direct:
                return direct
        for argument in ("db_subnet_group_name", "subnet_group_name"):
            group = self.graph.follow(resource, argument)
            if group is not None:
                return self.subnets(group)
        return []

    def zones(self, resource: Resource) -> list[str]:
        """The zones a resource is in, without repeats; empty when its subnets are not known."""
        names = [zone for subnet in self.subnets(resource) for zone in subnet_zones(subnet)]
        return list(dict.fromkeys(names))

    def vpc(self, resource: Resource) -> Resource | None:
        """The VPC of a resource, by its own argument or its first subnet."""
        own = self.graph.follow(resource, "vpc_id")
        if own is not None:
            return own
        return next((vpc for s in self.subnets(resource) if (vpc := self.graph.follow(s, "vpc_id")) is not None), None)

    def table(self, subnet: Resource) -> Resource | None:
        """The route table of a subnet; without an association, the main table of its VPC where the graph has it."""
        if self._tables is None:
            self._tables = {}
            for link in self.graph.all("aws_route_table_association"):
                table = self.graph.follow(link, "route_table_id")
                for target in self.graph.follow_all(link, "subnet_id"):
                    if table is not None:
                        self._tables[target.key] = table
            for link in self.graph.all("aws_main_route_table_association"):
                vpc, table = self.graph.follow(link, "vpc_id"), self.graph.follow(link, "route_table_id")
                if vpc is not None and table is not None:
                    self._tables[vpc.key] = table
        vpc = self.graph.follow(subnet, "vpc_id")
        return self._tables.get(subnet.key) or (self._tables.get(vpc.key) if vpc is not None else None)

    def nat_gateways(self, subnet: Resource) -> list[Resource]:
        """The NAT gateways that the subnet's route table sends traffic to (several when zones share a `count`)."""
        table = self.table(subnet)
        if table is None:
            return []
        found = self._gateways.get(table.key)
        if found is None:
            found = self._gateways[table.key] = [
                target
                for route in [*table.blocks("route"), *(r.args for r in self.graph.referrers(table, "aws_route"))]
                for target in self.graph.targets(table, route.get("nat_gateway_id"))
                if target.type == "aws_nat_gateway"
            ]
        return found

    def gateway_endpoint(self, subnet: Resource, service: str) -> bool:
        """Whether the subnet's route table has the gateway endpoint of `s3` or `dynamodb`."""
        table = self.table(subnet)
        if table is None:
            return False
        endpoints = self.graph.referrers(table, "aws_vpc_endpoint") + [
            endpoint
            for link in self.graph.referrers(table, "aws_vpc_endpoint_route_table_association")
            if (endpoint := self.graph.follow(link, "vpc_endpoint_id")) is not None
        ]
        return any(endpoint_service(endpoint) == service for endpoint in endpoints)

    def interface_endpoints(self, vpc: Resource | None) -> set[str]:
        """The services that the VPC reaches through interface endpoints: {"ssm", "logs"}."""
        if vpc is None:
            return set()
        found = self._endpoints.get(vpc.key)
        if found is None:
            found = self._endpoints[vpc.key] = {
                endpoint_service(endpoint)
                for endpoint in self.graph.referrers(vpc, "aws_vpc_endpoint")
                if endpoint.args.get("vpc_endpoint_type") == "Interface"
            }
        return found

    def callers(self, resource: Resource) -> list[Resource]:
        """The fleets whose security groups the groups of `resource` let in."""
        found = self._callers.get(resource.key)
        if found is None:
            let_in = {source.key for group in self.security_groups(resource) for source in self._sources(group)}
            found = self._callers[resource.key] = [
                fleet for fleet in self.fleets() if any(g.key in let_in for g in self.security_groups(fleet))
            ]
        return found

    def log_groups(self, fleet: Resource) -> list[Resource]:
        """The log groups that a fleet's instances write to: those of its component that nothing else writes to."""
        if self._log_groups is None:
            self._log_groups = {}
            for group in self.graph.all("aws_cloudwatch_log_group"):
                others = str(group.args.get("name", "")).startswith(FUNCTION_PREFIX)
                if group.component and not others and not self.graph.referrers(group, *OTHER_WRITERS):
                    self._log_groups.setdefault((group.stack.key, group.component), []).append(group)
        return self._log_groups.get((fleet.stack.key, fleet.component), [])

    def writers(self, group: Resource) -> list[Resource]:
        """The fleets that write to a log group."""
        own = (group.stack.key, group.component)
        fleets = [fleet for fleet in self.fleets() if (fleet.stack.key, fleet.component) == own]
        return [fleet for fleet in fleets if group in self.log_groups(fleet)]

    def security_groups(self, resource: Resource) -> list[Resource]:
        """The security groups of a resource; of a group's instances, those of its launch template."""
        holder = (self.template(resource) or resource) if resource.type == "aws_autoscaling_group" else resource
        values: list[Any] = [
            holder.args.get(name)
            for name in ("vpc_security_group_ids", "security_groups", "security_group_ids", "network_interfaces")
        ]
        return [t for t in self.graph.targets(holder, values) if t.type == "aws_security_group"]

    def _sources(self, group: Resource) -> list[Resource]:
        """The security groups that a group's inbound rules name, in any of the three ways to write a rule."""
        values: list[Any] = [block.get("security_groups") for block in group.blocks("ingress")]
        for rule in self.graph.referrers(group, "aws_vpc_security_group_ingress_rule", "aws_security_group_rule"):
            inbound = rule.args.get("type", "ingress") == "ingress"
            if inbound and group in self.graph.follow_all(rule, "security_group_id"):
                values += [rule.args.get("referenced_security_group_id"), rule.args.get("source_security_group_id")]
        return self.graph.targets(group, values)


def internal(balancer: Resource) -> bool:
    """Whether a load balancer is internal; `false` is Terraform's default."""
    return balancer.args.get("internal") in (True, "true")


def subnet_zones(subnet: Resource) -> list[str]:
    """The zone of a subnet as text; several for a subnet with `count`."""
    zone = subnet.args.get("availability_zone") or subnet.args.get("availability_zone_id") or subnet.address
    number = copies(subnet)
    return [str(zone)] if number <= 1 else [f"{zone}[{index}]" for index in range(number)]


def copies(resource: Resource) -> int:
    """How many of a resource there are by `count` or `for_each`; 1 when that is not known before apply."""
    count, each = resource.meta.get("count"), resource.meta.get("for_each")
    if isinstance(count, int) and not isinstance(count, bool):
        return max(0, count)
    if isinstance(count, str) and count.isdecimal():
        return int(count)
    return len(each) if isinstance(each, dict | list) else 1


def endpoint_service(endpoint: Resource) -> str:
    """The service of a VPC endpoint, without the region: `s3`, `ecr.api`."""
    name = str(endpoint.args.get("service_name") or "")
    _, _, rest = name.partition("amazonaws.")
    if not rest:
        return name.rpartition(".")[2]
    # com.amazonaws.<region>.<service>; the region may be an expression with dots of its own.
    return rest.rpartition("}.")[2] if "}." in rest else rest.partition(".")[2]


def public_address(topology: Topology, resource: Resource) -> bool:
    """Whether instances of a fleet get a public address of their own by their settings or by their subnet's."""
    holder = topology.template(resource) if resource.type == "aws_autoscaling_group" else resource
    if holder is None:
        return False
    own = holder.args.get("associate_public_ip_address")
    for interface in holder.blocks("network_interfaces"):
        own = interface.get("associate_public_ip_address", own)
    if own is not None:
        return own in (True, "true")
    return any(subnet.args.get("map_public_ip_on_launch") in (True, "true") for subnet in topology.subnets(resource))
