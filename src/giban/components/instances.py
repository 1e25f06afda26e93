"""`services` of kind `instances`: launch template, auto scaling group over all zones, the paths to what it uses."""

from __future__ import annotations

from typing import Any

from giban.blueprint.defaults import limits_of
from giban.blueprint.types import Instances, Spot
from giban.components.balancer import Balancer, balancer
from giban.components.boot import user_data
from giban.components.environment import Environment, Scope, part
from giban.components.images import image
from giban.components.network import network
from giban.components.power_hours import hours_tags, kept
from giban.components.reach import tcp, to_aws, to_database
from giban.components.role import instance_profile, used
from giban.components.scaling import add_policies
from giban.components.wiring import callers, reachable
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """Every service of the blueprint."""
    for name in sorted(env.blueprint.services):
        scaling_group(env, name)


@part
def instances_group(env: Environment, name: str) -> Resource:
    """The security group of a service's instances; others refer to it in their rules."""
    scope = env.scope("services", name, was=env.blueprint.services[name].was)
    return scope.add(
        "aws_security_group",
        name=scope.name,
        description=f"Instances of {name}",
        vpc_id=network(env).vpc.id,
        # Rules of other groups point here: the new group must be there before the old one goes.
        lifecycle={"create_before_destroy": True},
    )


@part
def scaling_group(env: Environment, name: str) -> Resource:
    """The auto scaling group of a service, with everything that belongs to the service."""
    service = env.blueprint.services[name]
    scope = env.scope("services", name, was=service.was)
    front = balancer(env, name) if service.port else None
    group = instances_group(env, name)
    _egress(scope, name, service, group)
    if front:
        _ingress(scope, name, service, group, front)
    artifact = service.artifact or f"{name}/app.tar.gz"
    template = _launch_template(scope, name, service, group, artifact)
    made = _auto_scaling_group(scope, name, service, template, front)
    add_policies(scope, service.scale, made)
    return made


def _ingress(scope: Scope, name: str, service: Instances, group: Resource, front: Balancer) -> None:
    """From the callers to the balancer, and from the balancer to the instances: each end opens for the other only."""
    env = scope.env
    scope.add(
        "aws_vpc_security_group_egress_rule",
        "alb_instances",
        security_group_id=front.group.id,
        description=f"To the instances of {name}",
        referenced_security_group_id=group.id,
        **tcp(service.port),
    )
    scope.add(
        "aws_vpc_security_group_ingress_rule",
        "instances_alb",
        security_group_id=group.id,
        description="From the load balancer",
        referenced_security_group_id=front.group.id,
        **tcp(service.port),
    )
    if service.public:
        return
    for caller in callers(env, name):
        scope.add(
            "aws_vpc_security_group_ingress_rule",
            f"alb_from_{caller.replace('-', '_')}",
            security_group_id=front.group.id,
            description=f"From {caller}",
            referenced_security_group_id=instances_group(env, caller).id,
            **tcp(front.port),
        )


def _egress(scope: Scope, name: str, service: Instances, group: Resource) -> None:
    env = scope.env
    to_aws(scope, group)
    for item in used(service, "databases"):
        to_database(scope, group, name, item)
    for item in reachable(env, name):
        target_balancer = balancer(env, item)
        scope.add(
            "aws_vpc_security_group_egress_rule",
            f"to_{item.replace('-', '_')}",
            security_group_id=group.id,
            description=f"To {item}",
            referenced_security_group_id=target_balancer.group.id,
            **tcp(target_balancer.port),
        )


def _launch_template(scope: Scope, name: str, service: Instances, group: Resource, artifact: str) -> Resource:
    tags = {**scope.stack.tags, "Name": scope.name}
    return scope.add(
        "aws_launch_template",
        name=scope.name,
        description=f"Instances of {name}",
        update_default_version=True,
        image_id=image(scope.env, service.image, service.instance),
        instance_type=service.instance,
        iam_instance_profile={"arn": instance_profile(scope, name, service, artifact).arn},
        # IMDSv2 only, and not reachable from containers.
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "enabled",
        },
        monitoring={"enabled": True},
        network_interfaces=[
            {
                "associate_public_ip_address": "false",
                "delete_on_termination": "true",
                "security_groups": [group.id],
            }
        ],
        block_device_mappings=[
            {
                "device_name": "/dev/xvda",
                "ebs": {
                    "volume_size": service.disk,
                    "volume_type": "gp3",
                    "encrypted": "true",
                    "delete_on_termination": "true",
                },
            }
        ],
        # Default tags of the provider do not reach what a launch template makes.
        tag_specifications=[{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
        user_data=user_data(scope, name, service, artifact),
    )


def _auto_scaling_group(
    scope: Scope, name: str, service: Instances, template: Resource, front: Balancer | None
) -> Resource:
    env = scope.env
    low, high = limits_of(service.scale, len(env.zones))
    tags = {**scope.stack.tags, "Name": scope.name}
    own = hours_tags(env, f"services.{name}")
    return scope.add(
        "aws_autoscaling_group",
        name=scope.name,
        min_size=low,
        max_size=high,
        vpc_zone_identifier=network(env).subnet_ids("web" if service.public else "was"),
        **(_mixed(service, service.spot, template) if service.spot else {"launch_template": _latest(template)}),
        target_group_arns=[front.target_group.arn] if front else None,
        health_check_type="ELB" if front else "EC2",
        health_check_grace_period=300,
        default_instance_warmup=120,
        enabled_metrics=["GroupDesiredCapacity", "GroupInServiceInstances", "GroupTotalInstances"],
        # A new version of the launch template replaces the instances a few at a time, and goes back if they fail.
        instance_refresh={
            "strategy": "Rolling",
            "preferences": {"min_healthy_percentage": 90, "instance_warmup": "120", "auto_rollback": True},
        },
        tag=[
            {"key": key, "value": value, "propagate_at_launch": key in tags}
            for key, value in sorted({**tags, **own}.items())
        ],
        # Scaling policies own the number of instances; of a group with hours or peaks, the keeper owns the limits too.
        lifecycle={"ignore_changes": ["desired_capacity", *(KEPT if kept(env, name) else [])]},
    )


KEPT = ["max_size", "min_size", "suspended_processes"]
"""What the keeper changes of a group. It applies the blueprint's numbers itself: Terraform would find them changed at night."""


def _latest(template: Resource) -> dict[str, Any]:
    return {"id": template.id, "version": template.latest_version}


def _mixed(service: Instances, spot: Spot, template: Resource) -> dict[str, Any]:
    """On-demand instances first, then the wanted part on spot capacity.

    With Capacity Rebalancing the group itself answers when EC2 wants an instance back: it starts another one, takes the old one
    out of the load balancer and terminates it when its requests have ended, which have a minute here and two minutes at most
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html). Nothing else has to listen
    for interruption notices (https://github.com/aws/aws-node-termination-handler/pull/759).
    """
    types = [service.instance, *spot.instances]
    return {
        "capacity_rebalance": True,
        "mixed_instances_policy": {
            "instances_distribution": {
                "on_demand_allocation_strategy": "prioritized",
                "on_demand_base_capacity": spot.base,
                "on_demand_percentage_above_base_capacity": 100 - spot.percent,
                # What AWS recommends: the pools that are least likely to be taken back, of those the cheapest
                # (https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html).
                "spot_allocation_strategy": "price-capacity-optimized",
            },
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": template.id,
                    "version": template.latest_version,
                },
                "override": [{"instance_type": type_} for type_ in types],
            },
        },
    }
