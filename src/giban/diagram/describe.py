"""What stands on a card: a title and a short line, from arguments that are known before apply."""

from __future__ import annotations

from typing import Any

from giban.diagram.kinds import KINDS
from giban.diagram.model import Chip
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_ENGINES = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "aurora-postgresql": "Aurora PostgreSQL",
    "aurora-mysql": "Aurora MySQL",
    "redis": "Redis",
    "valkey": "Valkey",
    "memcached": "Memcached",
}
_GENERIC = frozenset({"this", "main", "default"})
_NAMELESS = frozenset({"aws_nat_gateway", "aws_internet_gateway"})
"""Nobody gives these a name worth a title."""


def text_of(value: Any) -> str:
    """A literal as text; empty when it is absent or only known after apply."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    return "" if "${" in str(value) else str(value)


def title(resource: Resource) -> str:
    """A title people recognise: the domain of a zone, else Terraform's own label."""
    if resource.type == "aws_route53_zone":
        return text_of(resource.args.get("name")) or resource.label
    if resource.type == "aws_acm_certificate":
        return text_of(resource.args.get("domain_name")) or resource.label
    if resource.type == "aws_vpc_endpoint":
        return endpoint_service(resource)
    kind = KINDS[resource.type]
    if resource.args.get("document_type") == "Session":
        return "Session Manager"
    if resource.type in _NAMELESS or (resource.label in _GENERIC and kind.category in ("traffic", "security")):
        return kind.noun
    return resource.label


def subtitle(graph: Graph, resource: Resource) -> str:
    """What it is, and the one or two numbers that matter."""
    noun = KINDS[resource.type].noun
    args = resource.args
    match resource.type:
        case "aws_lb" | "aws_alb":
            kind = {"network": "NLB", "gateway": "GWLB"}.get(text_of(args.get("load_balancer_type")), "ALB")
            side = "Internal" if args.get("internal") is True else "Public"
            return joined(f"{side} {kind}", listeners(graph, resource))
        case "aws_autoscaling_group":
            return joined(scale_text(args), instance_type(graph, resource), spot_text(resource)) or noun
        case "aws_instance" | "aws_spot_instance_request":
            return joined(noun, instance_type(graph, resource), "EIP" if has_fixed_address(graph, resource) else "")
        case "aws_ebs_volume":
            size = text_of(args.get("size"))
            return joined("EBS", text_of(args.get("type")), f"{size} GiB" if size else "") if size else noun
        case "aws_apigatewayv2_api":
            return "WebSocket API" if args.get("protocol_type") == "WEBSOCKET" else noun
        case "aws_sqs_queue" | "aws_sns_topic":
            fifo = args.get("fifo_queue") or args.get("fifo_topic")
            return noun.replace(" ", " FIFO ") if fifo in (True, "true") else noun
        case "aws_budgets_budget":
            amount, unit = text_of(args.get("limit_amount")).removesuffix(".00"), text_of(args.get("limit_unit"))
            return f"{amount} {unit} a month" if amount and args.get("time_unit") == "MONTHLY" else noun
        case "aws_scheduler_schedule":
            return joined(noun, text_of(args.get("schedule_expression")))
        case "aws_db_instance" | "aws_rds_cluster":
            engine = text_of(args.get("engine"))
            name = f"{_ENGINES.get(engine, engine)} {text_of(args.get('engine_version'))}".strip()
            size = text_of(args.get("instance_class"))
            storage = text_of(args.get("allocated_storage"))
            return joined(name or noun, size, f"{storage} GiB" if storage else "")
        case "aws_elasticache_replication_group" | "aws_elasticache_cluster":
            engine = text_of(args.get("engine")) or "redis"
            return joined(_ENGINES.get(engine, engine), text_of(args.get("node_type")))
        case "aws_lambda_function":
            return joined(noun, text_of(args.get("runtime")))
        case "aws_route53_zone":
            return "Private zone" if args.get("vpc") else noun
        case "aws_ssm_document" if args.get("document_type") == "Session":
            return "shell without an open port"
        case "aws_eks_cluster":
            return joined(noun, text_of(args.get("version")))
    return resource.label if title(resource) == noun else noun


def joined(*parts: str) -> str:
    """The parts that are there, with dots between."""
    return " · ".join(part for part in parts if part)


def scale_text(args: dict[str, Any]) -> str:
    """`2–6` from a group's smallest and largest size."""
    low, high = text_of(args.get("min_size")), text_of(args.get("max_size"))
    if not low or not high:
        return ""
    return f"{low}–{high} instances" if low != high else f"{low} instance{'s' if low != '1' else ''}"


def spot_text(resource: Resource) -> str:
    """`70 % Spot`: the part of a group's instances above its on-demand base that are Spot instances; empty for none."""
    distribution = next(iter(resource.blocks("mixed_instances_policy", "instances_distribution")), {})
    above = distribution.get("on_demand_percentage_above_base_capacity")
    return f"{100 - above} % Spot" if isinstance(above, int) and above < 100 else ""


def instance_type(graph: Graph, resource: Resource) -> str:
    """The instance type, its own or its launch template's."""
    own = text_of(resource.args.get("instance_type"))
    if own:
        return own
    for template in graph.follow_all(resource):
        if template.type in ("aws_launch_template", "aws_launch_configuration"):
            return text_of(template.args.get("instance_type"))
    return ""


def has_fixed_address(graph: Graph, instance: Resource) -> bool:
    """Whether an Elastic IP stays with the instance."""
    holders = graph.referrers(instance, "aws_eip", "aws_eip_association")
    return any(graph.follow(holder, name) is instance for holder in holders for name in ("instance", "instance_id"))


def listeners(graph: Graph, balancer: Resource) -> str:
    """Protocols of a balancer that carry traffic: `HTTPS`; redirects are not mentioned."""
    found = set()
    for listener in graph.referrers(balancer, "aws_lb_listener", "aws_alb_listener"):
        if listener.value("default_action", "type") != "redirect":
            protocol = text_of(listener.args.get("protocol"))
            found.add(f"{protocol} {text_of(listener.args.get('port'))}".strip())
    return ", ".join(sorted(found - {""}))


def endpoint_service(endpoint: Resource) -> str:
    """`s3` of `com.amazonaws.ap-northeast-2.s3`, `ecr.api` likewise."""
    name = endpoint.args.get("service_name")
    if isinstance(name, str) and name.count(".") >= 3:
        return name.split(".", 3)[3] if "${" not in name.split(".", 3)[3] else endpoint.label
    return endpoint.label


def chips(graph: Graph, resource: Resource, zones: tuple[int, ...]) -> tuple[Chip, ...]:
    """What a card over several zones has in each of them; the first word must do where there is little room."""
    if resource.type == "aws_autoscaling_group":
        low, high = resource.args.get("min_size"), resource.args.get("max_size")
        if isinstance(low, int) and isinstance(high, int):
            count = len(zones)
            least, most = low // count, -(-high // count)
            number = str(least) if least == most else f"{least}–{most}"
            return tuple(Chip(zone, f"{number} instance{'' if number == '1' else 's'}") for zone in zones)
        return tuple(Chip(zone, "instances") for zone in zones)
    if resource.type == "aws_db_instance":
        if resource.args.get("multi_az") is True and len(zones) > 1:
            return (Chip(zones[0], "primary"), Chip(zones[1], "standby", quiet=True))
        return (Chip(zones[0], "single instance"),)
    if resource.type == "aws_rds_cluster":
        members = graph.referrers(resource, "aws_rds_cluster_instance")
        names = ["writer"] + ["reader"] * (len(zones) - 1)
        return tuple(
            Chip(zone, name, name == "reader") for zone, name in zip(zones, names[: len(members)], strict=False)
        )
    if resource.type in ("aws_elasticache_replication_group",):
        nodes = resource.args.get("num_cache_clusters")
        count = nodes if isinstance(nodes, int) else 1
        return tuple(
            Chip(zone, "primary" if place == 0 else "replica", place > 0) for place, zone in enumerate(zones[:count])
        )
    if resource.type in ("aws_eks_node_group", "aws_ecs_service"):
        return tuple(Chip(zone, "nodes" if resource.type == "aws_eks_node_group" else "tasks") for zone in zones)
    return ()
