"""Checks of what security groups let in."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.firewalls import GROUP_TYPES, RULE_TYPES, Rule, firewalls
from giban.checks.queries import multiplied, passed_out
from giban.checks.registry import Hit, check
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_WEB = (80, 443)
_ADMIN = {22: "SSH", 3389: "RDP"}
_MEANT_FOR_ALL = frozenset({443, 500, 1194, 4500, 51820})
"""UDP that is made to be reached from anywhere and proves itself who comes: QUIC, IPsec, OpenVPN, WireGuard."""
_DATABASES = (
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_docdb_cluster",
    "aws_neptune_cluster",
    "aws_redshift_cluster",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticache_serverless_cache",
    "aws_memorydb_cluster",
    "aws_dax_cluster",
    "aws_opensearch_domain",
    "aws_elasticsearch_domain",
)


@check("GB007", "warning", fix="Add an aws_default_security_group for the VPC without ingress and egress.")
def default_security_group_open(graph: Graph) -> Iterator[Hit]:
    """Default security group that is not closed.

    ## What it finds
    A VPC whose default security group is left as AWS makes it, or an `aws_default_security_group` with rules.

    ## Why it matters
    Whatever is started without naming a group gets the default one. As AWS makes it, all its members reach each other on
    every port, and everything outside. Closed, a forgotten group shows at once, because nothing works.

    ## Example
    ```json
    {"resource": {"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
      "aws_default_security_group": {"main": {"vpc_id": "${aws_vpc.main.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    index = firewalls(graph)
    every = graph.all("aws_default_security_group")
    unknown = {group.stack.key for group in every if not graph.follow_all(group) and group.value("vpc_id") is not None}
    for vpc in graph.all("aws_vpc"):
        if vpc.stack.key not in unknown and not graph.referrers(vpc, "aws_default_security_group"):
            yield vpc, "The default security group is as AWS makes it: its members reach each other on every port."
    for group in every:
        if index.rules(group, "ingress") or index.rules(group, "egress"):
            yield group, "The default security group has rules, and whoever forgets to name a group gets them."


@check("GB017", "error", fix="Limit the rule to the addresses or the security group that need it.")
def open_to_the_world(graph: Graph) -> Iterator[Hit]:
    """Port open to the world.

    ## What it finds
    An ingress rule from `0.0.0.0/0` or `::/0` for anything but the web (TCP 80 and 443), ping, and UDP protocols that are
    made to be public (QUIC, IPsec, WireGuard, OpenVPN). SSH and RDP, all ports at once, and databases have checks of their own.

    ## Why it matters
    Every open port is found by scanners within minutes. What listens there is then only as safe as its latest flaw.

    ## Example
    ```json
    {"resource": {"aws_vpc_security_group_ingress_rule": {"app": {
      "security_group_id": "${aws_security_group.app.id}", "cidr_ipv4": "0.0.0.0/0",
      "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_vpc_security_group_ingress_rule": {"app": {
      "security_group_id": "${aws_security_group.app.id}",
      "referenced_security_group_id": "${aws_security_group.alb.id}",
      "ip_protocol": "tcp", "from_port": 8080, "to_port": 8080}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    for rule in firewalls(graph).every("ingress"):
        if not rule.world or rule.uncertain or rule.everything or _harmless(rule) or _admin(rule):
            continue
        if not _used_by_database(graph, rule.group):
            yield rule.holder, f"Everybody may reach {rule.ports} of {rule.group.address}."


@check("GB018", "error", fix="Use Session Manager, or limit the rule to the addresses you come from.")
def admin_port_open_to_the_world(graph: Graph) -> Iterator[Hit]:
    """SSH or RDP open to the world.

    ## What it finds
    An ingress rule from `0.0.0.0/0` or `::/0` whose ports include TCP 22 or 3389.

    ## Why it matters
    These ports are tried around the clock. One weak password, one key in a public repository or one flaw of the server, and
    the machine belongs to somebody else. Session Manager needs no open port at all.

    ## Example
    ```json
    {"resource": {"aws_security_group": {"bastion": {"ingress": [
      {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_security_group": {"bastion": {"ingress": [
      {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["203.0.113.0/24"]}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html
    """
    for rule in firewalls(graph).every("ingress"):
        if rule.world and not (rule.uncertain or rule.everything):
            for port in _admin(rule):
                yield rule.holder, f"Everybody may try {_ADMIN[port]} (TCP {port}) of {rule.group.address}."


@check("GB019", "error", fix="Name the protocol and the ports that are needed, and who may use them.")
def everything_open_to_the_world(graph: Graph) -> Iterator[Hit]:
    """All ports open to the world.

    ## What it finds
    An ingress rule from `0.0.0.0/0` or `::/0` for all protocols, or for all ports of TCP or UDP.

    ## Why it matters
    The machine then has no firewall: everything that listens, now or after the next package update, is public.

    ## Example
    ```json
    {"resource": {"aws_security_group_rule": {"all": {
      "type": "ingress", "security_group_id": "${aws_security_group.app.id}",
      "protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_security_group_rule": {"https": {
      "type": "ingress", "security_group_id": "${aws_security_group.app.id}",
      "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    for rule in firewalls(graph).every("ingress"):
        if rule.world and rule.everything:
            yield rule.holder, f"Everybody may reach {rule.ports} of {rule.group.address}."


@check("GB020", "error", fix="Name the security groups of the services that use the database as the source.")
def database_open_to_the_world(graph: Graph) -> Iterator[Hit]:
    """Database security group open to the world.

    ## What it finds
    An ingress rule from `0.0.0.0/0` or `::/0`, for any port, in a security group of a database, cache, warehouse or search
    domain.

    ## Why it matters
    In a private subnet it lets in everything that runs in the VPC or is connected to it. The day somebody makes the database
    public for a test, it lets in the world.

    ## Example
    ```json
    {"resource": {
      "aws_db_instance": {"main": {"vpc_security_group_ids": ["${aws_security_group.db.id}"]}},
      "aws_vpc_security_group_ingress_rule": {"db": {
        "security_group_id": "${aws_security_group.db.id}", "cidr_ipv4": "0.0.0.0/0",
        "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_db_instance": {"main": {"vpc_security_group_ids": ["${aws_security_group.db.id}"]}},
      "aws_vpc_security_group_ingress_rule": {"db": {
        "security_group_id": "${aws_security_group.db.id}",
        "referenced_security_group_id": "${aws_security_group.app.id}",
        "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html
    """
    for rule in firewalls(graph).every("ingress"):
        if rule.world and _used_by_database(graph, rule.group):
            database = graph.referrers(rule.group, *_DATABASES)[0]
            yield rule.holder, f"{rule.group.address} of {database.address} lets everybody in."


@check("GB023", "notice", fix="Remove the group, or give it to what it was made for.")
def unused_security_group(graph: Graph) -> Iterator[Hit]:
    """Security group that nothing uses.

    ## What it finds
    A security group that no instance, load balancer, database, interface… has; rules of other groups that name it do not
    count. One that an output hands on is left out.

    ## Why it matters
    It protects nothing, and rules that name it let nobody in. Often it was meant for something that now has the wrong group.

    ## Example
    ```json
    {"resource": {
      "aws_security_group": {"app": {}, "app_new": {}},
      "aws_instance": {"app": {"vpc_security_group_ids": ["${aws_security_group.app.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_security_group": {"app_new": {}},
      "aws_instance": {"app": {"vpc_security_group_ids": ["${aws_security_group.app_new.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/security-groups.html
    """
    for group in graph.all("aws_security_group"):
        users = [one for one in graph.referrers(group) if one.type not in (*GROUP_TYPES, *RULE_TYPES)]
        if not users and not multiplied(group) and not passed_out(group):
            yield group, "Nothing has this security group."


def _harmless(rule: Rule) -> bool:
    """The web, ping, and what is made to be public."""
    if rule.protocol.startswith("icmp"):
        return True
    if rule.first != rule.last:
        return False
    return rule.first in (_WEB if rule.protocol == "tcp" else _MEANT_FOR_ALL if rule.protocol == "udp" else ())


def _admin(rule: Rule) -> list[int]:
    return [port for port in _ADMIN if rule.protocol == "tcp" and rule.first <= port <= rule.last]


def _used_by_database(graph: Graph, group: Resource) -> bool:
    return bool(graph.referrers(group, *_DATABASES))
