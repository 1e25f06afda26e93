"""Small environments, built by hand, that the cost tests calculate with."""

from __future__ import annotations

from typing import Any

from giban.cost.estimate import Estimate, ResourceCost
from giban.graph.graph import Graph
from giban.graph.resource import Resource
from giban.graph.stack import Stack

SEOUL, TOKYO = "ap-northeast-2", "ap-northeast-1"


class World:
    """One VPC in one region; each method adds what its name says and returns it."""

    def __init__(self, region: str = SEOUL) -> None:
        self.region = region
        self.stack = Stack(region, region)
        self.vpc = self.stack.add("aws_vpc", "main", cidr_block="10.0.0.0/16")
        self._subnets = 0

    @property
    def graph(self) -> Graph:
        return Graph("world", [self.stack])

    def add(self, type_: str, label: str, **args: Any) -> Resource:
        return self.stack.add(type_, label, **args)

    def subnet(self, label: str, zone: str) -> Resource:
        self._subnets += 1
        return self.add(
            "aws_subnet",
            label,
            vpc_id=self.vpc.id,
            cidr_block=f"10.0.{self._subnets}.0/24",
            availability_zone=f"{self.region}{zone}",
        )

    def nat(self, label: str, subnet: Resource) -> Resource:
        address = self.add("aws_eip", label, domain="vpc")
        return self.add("aws_nat_gateway", label, subnet_id=subnet.id, allocation_id=address.id)

    def route(self, label: str, subnets: list[Resource], nat: Resource | None = None) -> Resource:
        table = self.add("aws_route_table", label, vpc_id=self.vpc.id)
        if nat is not None:
            self.add(
                "aws_route",
                label,
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat.id,
            )
        for subnet in subnets:
            name = f"{label}_{subnet.label}"
            self.add("aws_route_table_association", name, route_table_id=table.id, subnet_id=subnet.id)
        return table

    def group(self, label: str, subnets: list[Resource], **args: Any) -> Resource:
        """An auto scaling group of t3.small with 20 GB of gp3 each, one to three unless said otherwise."""
        security_groups = args.pop("security_groups", [])
        template = self.add(
            "aws_launch_template",
            label,
            instance_type=args.pop("instance_type", "t3.small"),
            block_device_mappings=[
                {"device_name": "/dev/xvda", "ebs": {"volume_size": 20, "volume_type": "gp3"}},
            ],
            vpc_security_group_ids=[group.id for group in security_groups] or None,
            component=args.get("component", ""),
        )
        return self.add(
            "aws_autoscaling_group",
            label,
            vpc_zone_identifier=[subnet.id for subnet in subnets],
            **{"launch_template": {"id": template.id, "version": "$Latest"}, "min_size": 1, "max_size": 3, **args},
        )

    def database(self, **args: Any) -> Resource:
        given = {
            "engine": "postgres",
            "instance_class": "db.t4g.medium",
            "allocated_storage": 50,
            "storage_type": "gp3",
            **args,
        }
        return self.add("aws_db_instance", "main", **given)


def of(estimate: Estimate, address: str) -> ResourceCost:
    """What one resource costs."""
    return next(cost for cost in estimate.resources if cost.address == address)


def usd(estimate: Estimate, address: str, item: str) -> tuple[float, float, float]:
    """One line of a resource, rounded to a hundredth of a cent."""
    line = next(line for line in of(estimate, address).lines if line.item == item)
    assert line.usd is not None, f"{address}: {item} is unknown"
    return (round(line.usd.low, 4), round(line.usd.likely, 4), round(line.usd.high, 4))
