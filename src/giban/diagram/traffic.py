"""Who talks to whom, read from the topology: balancers, security groups, policies, routes, records, event sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from giban.diagram.describe import text_of
from giban.diagram.kinds import KINDS, LINKS
from giban.diagram.model import Edge
from giban.diagram.places import Places
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]

USERS, OPERATORS, INTERNET = "users", "operators", "internet"
"""Card ids of those outside."""

_BALANCERS = ("aws_lb", "aws_alb", "aws_elb")
_ADMIN_PORTS = frozenset({"22", "3389", "1194", "51820"})
_ROLE_STEPS = frozenset(
    {"aws_launch_template", "aws_launch_configuration", "aws_iam_instance_profile", "aws_ecs_task_definition"}
)
_USED = frozenset({"data", "storage", "messaging"})
_ASKED = frozenset({"aws_apigatewayv2_integration", "aws_apigatewayv2_authorizer", "aws_api_gateway_integration"})
"""Links that pass requests on; others pass data."""
_TELLERS = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm", "aws_budgets_budget")
"""What sends to a topic when something is wrong."""
_STARTED = frozenset({"aws_instance", "aws_autoscaling_group", "aws_db_instance", "aws_rds_cluster"})
"""What functions start and stop: administration, not data."""
_MANY = 4
"""With more groups than this, arrows to NAT gateways are left out: they would hide the rest."""


class Traffic:
    """Collects edges between cards; `ids` maps the key of a drawn resource to the id of its card."""

    def __init__(
        self, graph: Graph, ids: dict[Key, str], drawn: dict[Key, Resource], places: dict[str, Places]
    ) -> None:
        self.graph = graph
        self.ids = ids
        self.drawn = drawn
        self.places = places
        self.edges: dict[tuple[str, str], Edge] = {}

    def collect(self) -> tuple[Edge, ...]:
        """All edges, main traffic first; between two cards there is one at most."""
        self._balancers()
        self._links()
        self._security_groups()
        self._entrances()
        self._policies()
        self._egress()
        return tuple(self.edges.values())

    def _add(self, source: str | None, target: str | None, kind: str, label: str = "") -> None:
        if source and target and source != target and (target, source) not in self.edges:
            self.edges.setdefault((source, target), Edge(source, target, kind, label))

    def _cards(self, *types: str) -> Iterator[Resource]:
        for resource in self.graph.all(*types):
            if resource.key in self.drawn:
                yield resource

    def _id(self, resource: Resource | None) -> str | None:
        return self.ids.get(resource.key) if resource is not None else None

    # Load balancers ------------------------------------------------------------------------------------------------

    def _balancers(self) -> None:
        graph = self.graph
        for group in graph.all("aws_lb_target_group", "aws_alb_target_group"):
            port = text_of(group.args.get("port"))
            senders = {b.key: b for user in graph.referrers(group) for b in self._balancers_of(user)}
            receivers: list[Resource] = []
            for user in graph.referrers(group):
                if user.key in self.drawn and KINDS[user.type].category == "compute":
                    receivers.append(user)
                elif user.type == "aws_autoscaling_attachment":
                    receivers += graph.follow_all(user, "autoscaling_group_name")
                elif user.type.endswith("target_group_attachment"):
                    receivers += graph.follow_all(user, "target_id")
            for sender in senders.values():
                for receiver in receivers:
                    self._add(self._id(sender), self._id(receiver), "request", port)
        for balancer in self._cards("aws_elb"):
            for receiver in [*graph.referrers(balancer), *graph.follow_all(balancer, "instances")]:
                if receiver.key in self.drawn and KINDS[receiver.type].category == "compute":
                    self._add(self._id(balancer), self._id(receiver), "request")

    def _balancers_of(self, user: Resource) -> list[Resource]:
        """The balancers behind a listener or a rule."""
        if user.type.endswith("_listener_rule"):
            return [b for listener in self.graph.follow_all(user, "listener_arn") for b in self._balancers_of(listener)]
        if user.type.endswith("_listener"):
            return self.graph.follow_all(user, "load_balancer_arn")
        return []

    # Event sources, integrations, origins ----------------------------------------------------------------------------

    def _links(self) -> None:
        graph = self.graph
        for type_, (sender, receiver, label) in LINKS.items():
            for link in graph.all(type_):
                named = graph.follow_all(link, receiver) if receiver else graph.follow_all(link)
                target_list = [self._behind_alias(target) for target in named]
                for source in graph.follow_all(link, sender):
                    for target in target_list:
                        kind = "request" if type_ in _ASKED else "data"
                        self._add(self._id(source), self._id(target), kind, label)
        for schedule in self._cards("aws_scheduler_schedule"):
            for target in graph.follow_all(schedule, "target", "arn"):
                self._add(self._id(schedule), self._id(self._behind_alias(target)), "data")
        for queue in self._cards("aws_sqs_queue"):
            for dead in graph.follow_all(queue, "redrive_policy"):
                self._add(self._id(queue), self._id(dead), "data", "failed")
        for teller in self._cards(*_TELLERS):
            for argument in ("alarm_actions", "ok_actions", "notification"):
                for told in graph.follow_all(teller, argument):
                    if told.type == "aws_sns_topic":
                        self._add(self._id(teller), self._id(told), "data")
        for cdn in self._cards("aws_cloudfront_distribution"):
            for origin in graph.follow_all(cdn, "origin"):
                self._add(self._id(cdn), self._id(origin), "request")
        for endpoint in graph.all("aws_globalaccelerator_endpoint_group"):
            listener = graph.follow(endpoint, "listener_arn")
            accelerator = graph.follow(listener, "accelerator_arn") if listener is not None else None
            for target in graph.follow_all(endpoint, "endpoint_configuration"):
                self._add(self._id(accelerator), self._id(target), "request")

    def _behind_alias(self, target: Resource) -> Resource:
        """The function of an alias; anything else is itself."""
        if target.type != "aws_lambda_alias":
            return target
        return self.graph.follow(target, "function_name") or target

    # Security groups -------------------------------------------------------------------------------------------------

    def _permits(self) -> Iterator[tuple[Resource, Resource | None, str, str]]:
        """(group, allowed group or None, allowed range or "", port) of every rule that lets somebody in."""
        graph = self.graph
        for group in graph.all("aws_security_group"):
            for block in group.blocks("ingress"):
                yield from self._permit(group, block, block.get("security_groups"), block.get("cidr_blocks"))
        for rule in graph.all("aws_vpc_security_group_ingress_rule", "aws_security_group_rule"):
            if rule.args.get("type") == "egress":
                continue
            for group in graph.follow_all(rule, "security_group_id"):
                args = rule.args
                others = args.get("referenced_security_group_id") or args.get("source_security_group_id")
                yield from self._permit(rule, args, others, args.get("cidr_ipv4") or args.get("cidr_blocks"), group)

    def _permit(
        self, where: Resource, rule: dict[str, Any], groups: Any, ranges: Any, group: Resource | None = None
    ) -> Iterator[tuple[Resource, Resource | None, str, str]]:
        low, high = text_of(rule.get("from_port")), text_of(rule.get("to_port"))
        port = low if low == high else f"{low}–{high}"
        if text_of(rule.get("ip_protocol") or rule.get("protocol")) == "-1" or low in ("0", "-1"):
            port = ""
        mine = group or where
        for other in self.graph.targets(where, groups):
            yield (mine, other, "", port)
        for item in ranges if isinstance(ranges, list) else [ranges]:
            if text_of(item):
                yield (mine, None, text_of(item), port)

    def _holders(self) -> dict[Key, list[Resource]]:
        """Cards by security group, directly or through a launch template."""
        holders: dict[Key, list[Resource]] = {}
        for key in sorted(self.drawn):
            card = self.drawn[key]
            if card.type not in KINDS or KINDS[card.type].place != "vpc":
                continue
            near = self.graph.follow_all(card)
            near = [*near, *(r for t in near if t.type in _ROLE_STEPS for r in self.graph.follow_all(t))]
            for group in {r.key: r for r in near if r.type == "aws_security_group"}.values():
                holders.setdefault(group.key, []).append(card)
        return holders

    def _security_groups(self) -> None:
        holders = self._holders()
        for group, other, allowed, port in self._permits():
            for receiver in holders.get(group.key, ()):
                data = KINDS[receiver.type].category in _USED
                for sender in holders.get(other.key, ()) if other is not None else ():
                    kind = "admin" if port in _ADMIN_PORTS else "data" if data else "request"
                    self._add(self._id(sender), self._id(receiver), kind, port)
                if allowed and receiver.type in ("aws_instance", "aws_autoscaling_group") and self._is_public(receiver):
                    admin = port in _ADMIN_PORTS or allowed != "0.0.0.0/0"
                    self._add(OPERATORS if admin else USERS, self._id(receiver), "admin" if admin else "request", port)

    def _is_public(self, resource: Resource) -> bool:
        places = self.places.get(resource.stack.key)
        stand = places.stand(resource) if places else None
        return bool(places and stand and places.sites[stand.site].rows[stand.row].exposure == "public")

    # The way in ------------------------------------------------------------------------------------------------------

    def _entrances(self) -> None:
        graph = self.graph
        walls = self._walls()
        names = self._names()
        received = {target for _, target in self.edges}
        doors = [b for b in self._cards(*_BALANCERS) if b.args.get("internal") is not True]
        doors += self._cards("aws_globalaccelerator_accelerator", "aws_cloudfront_distribution")
        doors += self._cards("aws_apigatewayv2_api", "aws_api_gateway_rest_api")
        for door in doors:
            card = self._id(door)
            behind = card in received
            wall = walls.get(door.key)
            if wall:
                self._add(wall, card, "request")
            zones = names.get(door.key, [])
            for zone in zones:
                self._add(USERS, zone, "request")
                self._add(zone, wall or card, "request")
            if not zones and not behind:
                self._add(USERS, wall or card, "request")
        for document in self._cards("aws_ssm_document"):
            if document.args.get("document_type") == "Session":
                self._add(OPERATORS, self._id(document), "admin")
        for vpn in graph.all("aws_ec2_client_vpn_endpoint", "aws_vpn_gateway"):
            self._add(OPERATORS, self._id(vpn), "admin")

    def _walls(self) -> dict[Key, str]:
        """Card id of the web ACL by what it protects."""
        found: dict[Key, str] = {}
        for association in self.graph.all("aws_wafv2_web_acl_association"):
            wall = self._id(self.graph.follow(association, "web_acl_arn"))
            for target in self.graph.follow_all(association, "resource_arn"):
                if wall:
                    found[target.key] = wall
        for cdn in self._cards("aws_cloudfront_distribution"):
            wall = self._id(self.graph.follow(cdn, "web_acl_id"))
            if wall:
                found[cdn.key] = wall
        return found

    def _names(self) -> dict[Key, list[str]]:
        """Card ids of the public zones whose records lead to a resource."""
        zones = {
            text_of(zone.args.get("name")): self._id(zone)
            for zone in [*self.graph.all("aws_route53_zone", mode="data"), *self._cards("aws_route53_zone")]
            if zone.key in self.drawn and not zone.args.get("vpc")
        }
        found: dict[Key, list[str]] = {}
        for record in self.graph.all("aws_route53_record"):
            zone = self.graph.follow(record, "zone_id")
            if zone is None or zone.args.get("vpc") or zone.args.get("private_zone"):
                continue
            card = self._id(zone) or zones.get(text_of(zone.args.get("name")))
            named = [*self.graph.follow_all(record, "alias"), *self.graph.follow_all(record, "records")]
            for target in [api for name in named for api in self._behind(name)]:
                if card and card not in found.setdefault(target.key, []):
                    found[target.key].append(card)
        return found

    def _behind(self, target: Resource) -> list[Resource]:
        """What answers under a name: the APIs of a custom domain, else the target itself."""
        mappings = self.graph.referrers(target, "aws_apigatewayv2_api_mapping", "aws_api_gateway_base_path_mapping")
        return [api for link in mappings for api in self.graph.follow_all(link, "api_id")] or [target]

    # What roles may use ----------------------------------------------------------------------------------------------

    def _policies(self) -> None:
        logs = self._log_buckets()
        for key in sorted(self.drawn):
            card = self.drawn[key]
            if card.type not in KINDS or KINDS[card.type].category != "compute":
                continue
            for target in self._granted(card):
                if target.key in logs or target.key not in self.drawn or target.type not in KINDS:
                    continue
                if card.type == "aws_lambda_function" and target.type == "aws_lambda_function":
                    self._add(self._id(card), self._id(target), "request")
                elif card.type == "aws_lambda_function" and target.type in _STARTED:
                    self._add(self._id(card), self._id(target), "admin")
                elif KINDS[target.type].category in _USED or target.type == "aws_secretsmanager_secret":
                    self._add(self._id(card), self._id(target), "data")

    def _granted(self, card: Resource) -> Iterable[Resource]:
        """Everything that the policies of a card's roles mention."""
        graph = self.graph
        near = graph.follow_all(card)
        roles: dict[Key, Resource] = {}
        for _ in range(3):
            roles.update({r.key: r for r in near if r.type == "aws_iam_role"})
            near = [r for step in near if step.type in _ROLE_STEPS for r in graph.follow_all(step)]
        found: dict[Key, Resource] = {}
        for role in roles.values():
            papers = graph.referrers(role, "aws_iam_role_policy")
            for attachment in graph.referrers(role, "aws_iam_role_policy_attachment"):
                papers += graph.follow_all(attachment, "policy_arn")
            for paper in papers:
                for mentioned in graph.follow_all(paper, "policy"):
                    more = graph.follow_all(mentioned) if mentioned.type == "aws_iam_policy_document" else [mentioned]
                    found.update({r.key: r for r in more})
        if card.type == "aws_lambda_function":
            # Its policy may name what it starts by a tag; its settings name it by its ID.
            told = graph.follow_all(card, "environment")
            found.update({r.key: r for r in told if r.type in _STARTED})
        return found.values()

    def _log_buckets(self) -> set[Key]:
        """Buckets that receive logs; that everybody writes there is no news."""
        graph = self.graph
        found = {r.key for lb in graph.all(*_BALANCERS) for r in graph.follow_all(lb, "access_logs")}
        found |= {r.key for rule in graph.all("aws_s3_bucket_logging") for r in graph.follow_all(rule, "target_bucket")}
        return found

    # The way out -----------------------------------------------------------------------------------------------------

    def _egress(self) -> None:
        movers = []
        for key in sorted(self.drawn):
            card = self.drawn[key]
            if card.type in KINDS and KINDS[card.type].category == "compute":
                gates = [gate for gate in self._gates(card) if gate.type == "aws_nat_gateway"]
                movers += [(card, gates)] if gates else []
        if len(movers) <= _MANY:
            for card, gates in movers:
                for gate in gates:
                    self._add(self._id(card), self._id(gate), "egress")
        for nat in self._cards("aws_nat_gateway"):
            for gate in self._gates(nat):
                if gate.type == "aws_internet_gateway":
                    self._add(self._id(nat), self._id(gate), "egress")
        for gate in self._cards("aws_internet_gateway"):
            self._add(self._id(gate), INTERNET, "egress")

    def _gates(self, card: Resource) -> list[Resource]:
        """What the routes of a card's subnets lead to."""
        places = self.places.get(card.stack.key)
        if places is None:
            return []
        found: dict[Key, Resource] = {}
        for subnet in places.subnets_of(card):
            for route in places.routes(subnet):
                found.update({gate.key: gate for gate in self.graph.follow_all(route) if gate.key in self.drawn})
        return list(found.values())
