"""`services` of kind `instances`: launch template, auto scaling group over all zones, the paths to what it uses."""

from __future__ import annotations

from typing import Any

from giban.blueprint.defaults import limits_of, nat_of
from giban.blueprint.types import Instances
from giban.components.balancer import Balancer, balancer
from giban.components.boot import user_data
from giban.components.databases import database
from giban.components.endpoints import gateway_endpoints
from giban.components.environment import Environment, Scope, part
from giban.components.images import image
from giban.components.network import ANYWHERE, network
from giban.components.role import instance_profile, used
from giban.components.scaling import add_policies
from giban.components.wiring import callers, reachable
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """Every service of the blueprint."""
    for name in sorted(env.blueprint.services):
        _service(env, name)


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


def _service(env: Environment, name: str) -> None:
    service = env.blueprint.services[name]
    scope = env.scope("services", name, was=service.was)
    front = balancer(env, name) if service.port else None
    group = instances_group(env, name)
    _egress(scope, name, service, group)
    if front:
        _ingress(scope, name, service, group, front)
    artifact = service.artifact or f"{name}/app.tar.gz"
    template = _launch_template(scope, name, service, group, artifact)
    scaling_group = _auto_scaling_group(scope, service, template, front)
    add_policies(scope, service.scale, scaling_group)


def _ingress(scope: Scope, name: str, service: Instances, group: Resource, front: Balancer) -> None:
    """From the callers to the balancer, and from the balancer to the instances: each end opens for the other only."""
    env = scope.env
    scope.add(
        "aws_vpc_security_group_egress_rule",
        "alb_instances",
        security_group_id=front.group.id,
        description=f"To the instances of {name}",
        referenced_security_group_id=group.id,
        **_tcp(service.port),
    )
    scope.add(
        "aws_vpc_security_group_ingress_rule",
        "instances_alb",
        security_group_id=group.id,
        description="From the load balancer",
        referenced_security_group_id=front.group.id,
        **_tcp(service.port),
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
            **_tcp(front.port),
        )


def _egress(scope: Scope, name: str, service: Instances, group: Resource) -> None:
    env = scope.env
    if nat_of(env.blueprint, env.stage) == "none":
        # Without NAT there is only the VPC (interface endpoints) and the gateway endpoints.
        destinations: dict[str, dict[str, Any]] = {
            "https_vpc": {"cidr_ipv4": network(env).vpc.cidr_block},
            **{
                f"https_{service_name}": {"prefix_list_id": endpoint.prefix_list_id}
                for service_name, endpoint in gateway_endpoints(env).items()
            },
        }
    else:
        destinations = {"https": {"cidr_ipv4": ANYWHERE}}
    for suffix, destination in destinations.items():
        scope.add(
            "aws_vpc_security_group_egress_rule",
            suffix,
            security_group_id=group.id,
            description="HTTPS to AWS and to package sources",
            **destination,
            **_tcp(443),
        )
    for item in used(service, "databases"):
        target = database(env, item)
        label = item.replace("-", "_")
        scope.add(
            "aws_vpc_security_group_egress_rule",
            f"to_{label}_db",
            security_group_id=group.id,
            description=f"To database {item}",
            referenced_security_group_id=target.group.id,
            **_tcp(target.port),
        )
        scope.add(
            "aws_vpc_security_group_ingress_rule",
            f"{label}_db",
            security_group_id=target.group.id,
            description=f"From {name}",
            referenced_security_group_id=group.id,
            **_tcp(target.port),
        )
    for item in reachable(env, name):
        target_balancer = balancer(env, item)
        scope.add(
            "aws_vpc_security_group_egress_rule",
            f"to_{item.replace('-', '_')}",
            security_group_id=group.id,
            description=f"To {item}",
            referenced_security_group_id=target_balancer.group.id,
            **_tcp(target_balancer.port),
        )


def _tcp(port: int | None) -> dict[str, Any]:
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port}


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


def _auto_scaling_group(scope: Scope, service: Instances, template: Resource, front: Balancer | None) -> Resource:
    env = scope.env
    low, high = limits_of(service.scale, len(env.zones))
    return scope.add(
        "aws_autoscaling_group",
        name=scope.name,
        min_size=low,
        max_size=high,
        vpc_zone_identifier=network(env).subnet_ids("web" if service.public else "was"),
        launch_template={"id": template.id, "version": template.latest_version},
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
            {"key": key, "value": value, "propagate_at_launch": True}
            for key, value in sorted({**scope.stack.tags, "Name": scope.name}.items())
        ],
        # Scaling policies own the number of instances.
        lifecycle={"ignore_changes": ["desired_capacity"]},
    )
