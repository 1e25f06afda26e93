"""The way of a request: listener → target group → instances, with the load balancer in front.

Who is attached to a target group is written in the group (`target_group_arns`), in `aws_autoscaling_attachment`, or in
`aws_lb_target_group_attachment`; who forwards to it, in listeners and their rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from giban.checks.queries import Named, multiplied, named_by, once_per_graph
from giban.checks.values import number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

BALANCER_TYPES = ("aws_lb", "aws_alb")
LISTENER_TYPES = ("aws_lb_listener", "aws_alb_listener")
LISTENER_RULE_TYPES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
TARGET_GROUP_TYPES = ("aws_lb_target_group", "aws_alb_target_group")
ATTACHMENT_TYPES = ("aws_lb_target_group_attachment", "aws_alb_target_group_attachment")

Key = tuple[str, str]


class Member(msgspec.Struct, frozen=True):
    """Something attached to a target group: an auto scaling group or an instance. `template` is what it boots from."""

    resource: Resource
    port: int | None
    """A port of its own, other than the target group's."""


class Serving:
    """Which target group has which members and stands behind which load balancers."""

    def __init__(self, graph: Graph) -> None:
        self.members: dict[Key, list[Member]] = {}
        self.balancers: dict[Key, list[Resource]] = {}
        self.listeners: dict[Key, list[Resource]] = {}
        """The listeners of a load balancer."""
        self.attached: set[Key] = set()
        """Groups that are attached to some target group, known or not."""
        for group in graph.all("aws_autoscaling_group"):
            if group.value("target_group_arns") or group.value("load_balancers") or group.blocks("traffic_source"):
                self.attached.add(group.key)
            identifiers = [body.get("identifier") for body in group.blocks("traffic_source")]
            for target in graph.targets(group, [group.value("target_group_arns"), identifiers]):
                self._member(target, group, None)
        for part in graph.all("aws_autoscaling_attachment", "aws_autoscaling_traffic_source_attachment"):
            members = graph.follow_all(part, "autoscaling_group_name")
            sources = [
                part.value("lb_target_group_arn"),
                part.value("alb_target_group_arn"),
                part.value("traffic_source"),
            ]
            for member in members:
                if member.type == "aws_autoscaling_group":
                    self.attached.add(member.key)
                    for target in graph.targets(part, sources):
                        self._member(target, member, None)
        for part in graph.all(*ATTACHMENT_TYPES):
            port = number(part, "port", default=None)
            for target in graph.follow_all(part, "target_group_arn"):
                for member in graph.follow_all(part, "target_id"):
                    if member.type == "aws_instance":
                        self._member(target, member, None if port is None else int(port))
        self._find_balancers(graph)

    def _member(self, target: Resource, member: Resource, port: int | None) -> None:
        if target.type in TARGET_GROUP_TYPES:
            self.members.setdefault(target.key, []).append(Member(member, port))

    def _find_balancers(self, graph: Graph) -> None:
        of_listener: dict[Key, Resource] = {}
        for listener in graph.all(*LISTENER_TYPES):
            balancer = graph.follow(listener, "load_balancer_arn")
            if balancer is not None and balancer.type in BALANCER_TYPES:
                of_listener[listener.key] = balancer
                self.listeners.setdefault(balancer.key, []).append(listener)
                self._forward(graph, listener, listener.value("default_action"), balancer)
        for rule in graph.all(*LISTENER_RULE_TYPES):
            parent = graph.follow(rule, "listener_arn")
            if parent is not None and parent.key in of_listener:
                self._forward(graph, rule, rule.value("action"), of_listener[parent.key])

    def _forward(self, graph: Graph, holder: Resource, actions: Any, balancer: Resource) -> None:
        for target in graph.targets(holder, actions):
            if target.type in TARGET_GROUP_TYPES:
                known = self.balancers.setdefault(target.key, [])
                if balancer not in known:
                    known.append(balancer)


serving = once_per_graph(Serving)


def template_of(graph: Graph, group: Resource) -> Resource | None:
    """The launch template or configuration of an auto scaling group, or of an instance that names one."""
    for path in (
        ("launch_template",),
        ("mixed_instances_policy", "launch_template", "launch_template_specification"),
        ("launch_configuration",),
    ):
        found = graph.follow(group, *path)
        if found is not None:
            fits = found.type in ("aws_launch_template", "aws_launch_configuration") and found.mode == "managed"
            return found if fits and not multiplied(found) else None
    return None


def hosts(graph: Graph, member: Resource) -> Resource | None:
    """What says how the machines of a member are: the instance itself, or the template of its group."""
    if member.type == "aws_instance" and member.value("launch_template") is None:
        return member
    return template_of(graph, member)


def port_of(target: Resource) -> int | None:
    """The port a target group sends to; None when it is not known, or when it has none (Lambda)."""
    found = number(target, "port", default=None)
    return int(found) if found is not None else None


def health_port(target: Resource) -> int | None:
    """The port of the health check: its own, or the traffic port."""
    own = text(target, "health_check", "port", default="traffic-port")
    if own is None:
        return None
    if own in ("traffic-port", ""):
        return port_of(target)
    return int(own) if own.isdigit() else None


def served(graph: Graph) -> Iterator[tuple[Resource, Member, list[Resource]]]:
    """Every target group with each of its members, and the load balancers in front."""
    index = serving(graph)
    for target in graph.all(*TARGET_GROUP_TYPES):
        for member in index.members.get(target.key, []):
            yield target, member, index.balancers.get(target.key, [])


def subnets_named(graph: Graph, balancer: Resource) -> Named:
    """The subnets of a load balancer: `subnets` or `subnet_mapping`."""
    mapped = [body.get("subnet_id") for body in balancer.blocks("subnet_mapping")]
    partial = "dynamic" in balancer.meta
    return named_by(graph, balancer, mapped or balancer.value("subnets"), partial)
