"""Checks of chains: a request has to leave one security group, enter the next, and find something listening there."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.firewalls import GROUP_TYPES, RULE_TYPES, Direction, Rule, firewalls, groups_of, reaches
from giban.checks.queries import Named, multiplied, names
from giban.checks.registry import Hit, check
from giban.checks.serving import BALANCER_TYPES, health_port, hosts, port_of, served, serving
from giban.checks.values import number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_ENGINE_PORTS = {
    "postgres": 5432,
    "aurora-postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "aurora": 3306,
    "aurora-mysql": 3306,
    "oracle": 1521,
    "sqlserver": 1433,
    "redis": 6379,
    "valkey": 6379,
    "memcached": 11211,
    "docdb": 27017,
    "neptune": 8182,
}
"""What each engine listens on when no port is given.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateDBInstance.Settings.html and the pages of the others."""
_LISTENING = {
    "aws_db_instance": None,
    "aws_rds_cluster": None,
    "aws_docdb_cluster": "docdb",
    "aws_neptune_cluster": "neptune",
    "aws_elasticache_cluster": None,
    "aws_elasticache_replication_group": "redis",
    "aws_memorydb_cluster": "redis",
}


@check("GB021", "error", fix="Open the same port on both sides: out of the one group and into the other.")
def chain_port_mismatch(graph: Graph) -> Iterator[Hit]:
    """Security-group chain whose port does not match the target.

    ## What it finds
    A rule between two security groups that the other side does not answer: one lets 8080 in from the other, which lets only 80
    out; or one lets 5432 out to a group that takes only 3306. And a database or cache whose security groups open other ports
    than the one it listens on. Where a machine has several groups, they count together.

    ## Why it matters
    Each rule looks right by itself, and connections time out. It shows only when everything is up.

    ## Example
    ```json
    {"resource": {
      "aws_vpc_security_group_egress_rule": {"web_to_was": {
        "security_group_id": "${aws_security_group.web.id}",
        "referenced_security_group_id": "${aws_security_group.was.id}",
        "ip_protocol": "tcp", "from_port": 80, "to_port": 80}},
      "aws_vpc_security_group_ingress_rule": {"was_from_web": {
        "security_group_id": "${aws_security_group.was.id}",
        "referenced_security_group_id": "${aws_security_group.web.id}",
        "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_vpc_security_group_egress_rule": {"web_to_was": {
        "security_group_id": "${aws_security_group.web.id}",
        "referenced_security_group_id": "${aws_security_group.was.id}",
        "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080}},
      "aws_vpc_security_group_ingress_rule": {"was_from_web": {
        "security_group_id": "${aws_security_group.was.id}",
        "referenced_security_group_id": "${aws_security_group.web.id}",
        "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
    """
    yield from _unanswered(graph, "ingress", "egress")
    yield from _unanswered(graph, "egress", "ingress")
    for database in graph.all(*_LISTENING):
        port = _listens_on(database)
        rules = _all_ingress(graph, groups_of(graph, database))
        if port is not None and rules and not any(rule.admits(port) for rule in rules):
            yield database, f"It listens on TCP port {port}, but its security groups open only {_ports(rules)}."


@check(
    "GB022", "error", fix="Let the load balancer's security group reach the target port and the health check's port."
)
def target_group_port_closed(graph: Graph) -> Iterator[Hit]:
    """Target-group port closed by the security group.

    ## What it finds
    A target group whose port, or whose health check's port, is not opened by the security groups of its instances (by launch
    template, launch configuration or instance), not opened to the load balancer in front, or not let out by the load
    balancer's own security groups.

    ## Why it matters
    All targets are unhealthy and users get 503. An auto scaling group with ELB health checks then replaces its instances
    without end.

    ## Example
    ```json
    {"resource": {
      "aws_lb_target_group": {"app": {"port": 8080, "protocol": "HTTP"}},
      "aws_vpc_security_group_ingress_rule": {"app_from_alb": {
        "security_group_id": "${aws_security_group.app.id}",
        "referenced_security_group_id": "${aws_security_group.alb.id}",
        "ip_protocol": "tcp", "from_port": 80, "to_port": 80}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lb_target_group": {"app": {"port": 8080, "protocol": "HTTP"}},
      "aws_vpc_security_group_ingress_rule": {"app_from_alb": {
        "security_group_id": "${aws_security_group.app.id}",
        "referenced_security_group_id": "${aws_security_group.alb.id}",
        "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html
    """
    for target, member, balancers in served(graph):
        host = hosts(graph, member.resource)
        if host is None or multiplied(target) or _is_udp(target):
            continue
        theirs = groups_of(graph, host)
        ingress = _all_ingress(graph, theirs)
        if ingress is None or not theirs.resources:
            continue
        for port, purpose in _needed(target, member.port):
            why = _closed(graph, port, ingress, theirs, host, member.resource, balancers)
            if why:
                yield target, f"It {purpose} TCP port {port}, but {why}."
                break


@check("GB024", "warning", fix="Open the listener's port in a security group of the load balancer.")
def balancer_lets_nothing_in(graph: Graph) -> Iterator[Hit]:
    """Load balancer whose security group lets nothing in.

    ## What it finds
    A load balancer with a listener on a port that none of its security groups opens to anybody. One that only redirects does
    not count as long as another is open.

    ## Why it matters
    The listener is there and healthy, and every connection to it times out.

    ## Example
    ```json
    {"resource": {
      "aws_lb": {"web": {"security_groups": ["${aws_security_group.alb.id}"]}},
      "aws_lb_listener": {"https": {"load_balancer_arn": "${aws_lb.web.arn}", "port": 443}},
      "aws_security_group": {"alb": {}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lb": {"web": {"security_groups": ["${aws_security_group.alb.id}"]}},
      "aws_lb_listener": {"https": {"load_balancer_arn": "${aws_lb.web.arn}", "port": 443}},
      "aws_security_group": {"alb": {"ingress": [
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html
    """
    for balancer in graph.all(*BALANCER_TYPES):
        groups = groups_of(graph, balancer)
        rules = _all_ingress(graph, groups)
        if rules is None or not groups.resources or multiplied(balancer):
            continue
        listeners = serving(graph).listeners.get(balancer.key, [])
        closed = {port for port in map(_port_of, listeners) if port and not any(_lets_in(rule, port) for rule in rules)}
        serves = {_port_of(listener) for listener in listeners if not _only_redirects(listener)}
        if len(closed) < len(listeners):
            closed &= serves
        if closed:
            listens = f"port{'s' if len(closed) > 1 else ''} {', '.join(map(str, sorted(closed)))}"
            yield balancer, f"It listens on {listens}, which {names(groups.resources)} does not open to anybody."


def _port_of(listener: Resource) -> int | None:
    port = number(listener, "port", default=None)
    return int(port) if port else None


def _only_redirects(listener: Resource) -> bool:
    actions = listener.blocks("default_action")
    return bool(actions) and all(action.get("type") == "redirect" for action in actions)


def _unanswered(graph: Graph, direction: Direction, back: Direction) -> Iterator[Hit]:
    """Rules that name a group whose own rules, together with those of the groups beside it, have no port in common."""
    index = firewalls(graph)
    for rule in index.every(direction):
        if rule.uncertain or rule.world or rule.other or rule.cidrs or multiplied(rule.holder):
            continue
        for peer in rule.groups.resources:
            if peer.key == rule.group.key:
                continue
            answers = _rules_beside(graph, peer, back)
            if answers is None:
                continue
            fitting = [one for one in answers if _may_name(one, rule.group)]
            if any(_share_a_port(rule, one) for one in fitting):
                continue
            there = _ports(fitting)
            if direction == "ingress":
                says = f"lets out only {there} to it" if fitting else "lets nothing out to it"
                yield rule.holder, f"{rule.group.address} opens {rule.ports} to {peer.address}, which {says}."
            else:
                says = f"opens only {there} to it" if fitting else "opens nothing to it"
                yield rule.holder, f"{rule.group.address} lets {rule.ports} out to {peer.address}, which {says}."


def _rules_beside(graph: Graph, group: Resource, direction: Direction) -> list[Rule] | None:
    """The rules of a group and of every group that its users have as well; None when some are not known."""
    index = firewalls(graph)
    groups = {group.key: group}
    for user in graph.referrers(group):
        if user.type in (*GROUP_TYPES, *RULE_TYPES):
            continue
        beside = groups_of(graph, user)
        if not beside.complete or group not in beside.resources:
            return None
        groups |= {one.key: one for one in beside.resources}
    if not all(index.complete(one, direction) for one in groups.values()):
        return None
    return [rule for one in groups.values() for rule in index.rules(one, direction)]


def _all_ingress(graph: Graph, groups: Named) -> list[Rule] | None:
    """Every ingress rule of some groups; None when they, or their rules, are not all known."""
    index = firewalls(graph)
    if not groups.complete or not all(index.complete(group, "ingress") for group in groups.resources):
        return None
    return [rule for group in groups.resources for rule in index.rules(group, "ingress")]


def _may_name(rule: Rule, group: Resource) -> bool:
    return bool(rule.other or rule.uncertain or rule.cidrs) or group in rule.groups.resources


def _share_a_port(one: Rule, other: Rule) -> bool:
    if one.uncertain or other.uncertain or "all" in (one.protocol, other.protocol):
        return True
    return one.protocol == other.protocol and one.first <= other.last and other.first <= one.last


def _ports(rules: list[Rule]) -> str:
    shown = list(dict.fromkeys(rule.ports for rule in sorted(rules, key=lambda rule: (rule.protocol, rule.first))))
    return " and ".join(shown) if len(shown) < 4 else f"{', '.join(shown[:3])} and others"


def _lets_in(rule: Rule, port: int) -> bool:
    someone = rule.cidrs or rule.groups.resources or rule.other or rule.uncertain
    return bool(someone) and (rule.admits(port) or rule.admits(port, "udp"))


def _listens_on(database: Resource) -> int | None:
    if database.value("port") is not None:
        port = number(database, "port", default=None)
        return int(port) if port else None
    engine = _LISTENING[database.type] or text(database, "engine", default="")
    if not engine:
        return None
    return _ENGINE_PORTS.get(engine, _ENGINE_PORTS.get(engine.split("-", 1)[0]))


def _is_udp(target: Resource) -> bool:
    return text(target, "protocol", default="") in ("UDP", None) or text(target, "target_type", default="") in (
        "lambda",
        "alb",
    )


def _needed(target: Resource, own: int | None) -> Iterator[tuple[int, str]]:
    port = own or port_of(target)
    if port:
        yield port, "sends to"
    check_port = (own or health_port(target)) if _on_traffic_port(target) else health_port(target)
    if check_port and check_port != port:
        yield check_port, "checks health on"


def _on_traffic_port(target: Resource) -> bool:
    return text(target, "health_check", "port", default="traffic-port") == "traffic-port"


def _closed(
    graph: Graph,
    port: int,
    ingress: list[Rule],
    theirs: Named,
    host: Resource,
    member: Resource,
    balancers: list[Resource],
) -> str | None:
    """Why a port is not reached, as the rest of a sentence; None when it is or may be."""
    opening = [rule for rule in ingress if rule.admits(port)]
    if not opening:
        opened = f"opens only {_ports(ingress)}" if ingress else "opens nothing"
        return f"{names(theirs.resources)} of {host.address} {opened}"
    for balancer in balancers:
        own = groups_of(graph, balancer)
        if not own.complete or not own.resources:
            continue
        if not any(reaches(graph, rule, own, balancer) for rule in opening):
            return f"{names(theirs.resources)} of {host.address} does not open it to {balancer.address}"
        index = firewalls(graph)
        if all(index.complete(group, "egress") for group in own.resources):
            out = [rule for group in own.resources for rule in index.rules(group, "egress")]
            if not any(rule.admits(port) and reaches(graph, rule, theirs, member) for rule in out):
                lets = f"lets out only {_ports(out)}" if out else "lets nothing out"
                return f"{names(own.resources)} of {balancer.address} {lets}"
    return None
