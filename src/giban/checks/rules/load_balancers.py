"""Checks of load balancers, their listeners and their target groups."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.networks import SUBNET_TYPES, subnets_of, zones
from giban.checks.queries import only
from giban.checks.registry import Hit, check
from giban.checks.serving import BALANCER_TYPES, LISTENER_TYPES, TARGET_GROUP_TYPES, served, subnets_named
from giban.checks.values import flag, given, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_MODERN_POLICIES = (
    "ELBSecurityPolicy-TLS13-1-2-",
    "ELBSecurityPolicy-TLS13-1-3-",
    "ELBSecurityPolicy-TLS-1-2-",
    "ELBSecurityPolicy-FS-1-2-",
)
"""Policies that begin so accept TLS 1.2 and 1.3 only.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""


@check("GB012", "warning", fix="Set drop_invalid_header_fields to true.")
def balancer_forwards_invalid_headers(graph: Graph) -> Iterator[Hit]:
    """Load balancer forwards invalid header fields.

    ## What it finds
    An application load balancer without `drop_invalid_header_fields`.

    ## Why it matters
    Header names with other characters than letters, digits and hyphens are read differently by different servers. With such
    differences requests are smuggled past the rules of a firewall or a proxy.

    ## Example
    ```json
    {"resource": {"aws_lb": {"web": {"load_balancer_type": "application"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb": {"web": {"load_balancer_type": "application", "drop_invalid_header_fields": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    for balancer in _application(graph):
        if flag(balancer, "drop_invalid_header_fields", default=False) is False:
            yield balancer, "It hands header fields with invalid names on to the targets."


@check("GB025", "error", fix="Give the load balancer a subnet in each of at least two zones.", relaxed=True)
def balancer_in_a_single_zone(graph: Graph) -> Iterator[Hit]:
    """Load balancer in a single zone.

    ## What it finds
    A load balancer all of whose subnets are in one availability zone.

    ## Why it matters
    AWS refuses an application load balancer with one zone. A network load balancer is made, and gone when its zone is.

    ## Example
    ```json
    {"resource": {"aws_lb": {"web": {"subnets": ["${aws_subnet.public_a.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb": {"web": {"subnets": ["${aws_subnet.public_a.id}", "${aws_subnet.public_c.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-considerations
    """
    for balancer in graph.all(*BALANCER_TYPES):
        found = zones(only(subnets_named(graph, balancer), *SUBNET_TYPES))
        if found is not None and len(found) == 1:
            yield balancer, f"All its subnets are in one zone ({next(iter(found))})."


@check("GB026", "error", fix="Let the HTTP listener redirect to HTTPS, and serve there.")
def http_listener_serves(graph: Graph) -> Iterator[Hit]:
    """HTTP listener that serves instead of redirecting.

    ## What it finds
    A listener of an internet-facing application load balancer with protocol `HTTP` whose default action, or a rule, forwards
    to targets.

    ## Why it matters
    Passwords, cookies and everything else travel readable, and can be changed on the way.

    ## Example
    ```json
    {"resource": {"aws_lb_listener": {"http": {"port": 80, "protocol": "HTTP",
      "default_action": {"type": "forward", "target_group_arn": "${aws_lb_target_group.web.arn}"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb_listener": {"http": {"port": 80, "protocol": "HTTP",
      "default_action": {"type": "redirect",
        "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
    """
    public = {one.key for one in _application(graph) if flag(one, "internal", default=False) is False}
    for listener in graph.all(*LISTENER_TYPES):
        balancer = graph.follow(listener, "load_balancer_arn")
        if balancer is None or balancer.key not in public or not _is_http(listener):
            continue
        if any(action.get("type") == "forward" for action in listener.blocks("default_action")):
            yield listener, f"It forwards plain HTTP on port {listener.value('port')} to targets."
        for rule in graph.referrers(listener, "aws_lb_listener_rule", "aws_alb_listener_rule"):
            if any(action.get("type") == "forward" for action in rule.blocks("action")):
                yield rule, f"It forwards plain HTTP of {listener.address} to targets."


@check("GB027", "error", fix="Set ssl_policy to ELBSecurityPolicy-TLS13-1-2-Res-2021-06 or a newer one.")
def old_tls_policy(graph: Graph) -> Iterator[Hit]:
    """Listener accepts old TLS versions.

    ## What it finds
    An HTTPS or TLS listener whose `ssl_policy` accepts TLS 1.0 or 1.1, or that names none: the provider then takes
    `ELBSecurityPolicy-2016-08`, which does.

    ## Why it matters
    TLS 1.0 and 1.1 were withdrawn in 2021 (RFC 8996) for ciphers that can be broken; PCI DSS forbids them.

    ## Example
    ```json
    {"resource": {"aws_lb_listener": {"https": {"port": 443, "protocol": "HTTPS"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb_listener": {"https": {"port": 443, "protocol": "HTTPS",
      "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
    - https://www.rfc-editor.org/rfc/rfc8996
    """
    for listener in graph.all(*LISTENER_TYPES):
        if text(listener, "protocol") not in ("HTTPS", "TLS"):
            continue
        policy = text(listener, "ssl_policy", default="ELBSecurityPolicy-2016-08") or "ELBSecurityPolicy-2016-08"
        if text(listener, "ssl_policy") is not None and not policy.startswith(_MODERN_POLICIES):
            says = "" if given(listener, "ssl_policy") else "It names no policy, and the default is "
            yield listener, f"{says}{policy}, which accepts TLS 1.0." if says else f"{policy} accepts TLS before 1.2."


@check(
    "GB028",
    "warning",
    fix="Add access_logs with enabled = true and a bucket that it may write to.",
    relaxed=True,
)
def balancer_without_access_logs(graph: Graph) -> Iterator[Hit]:
    """Load balancer without access logs.

    ## What it finds
    An application or network load balancer without `access_logs`, or with `enabled` false.

    ## Why it matters
    Who called what, from where, and how long it took is nowhere else: after an attack, or when a customer says "it was slow
    yesterday", there is nothing to look at.

    ## Example
    ```json
    {"resource": {"aws_lb": {"web": {"load_balancer_type": "application"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb": {"web": {"load_balancer_type": "application",
      "access_logs": {"enabled": true, "bucket": "${aws_s3_bucket.logs.id}", "prefix": "alb/web"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
    """
    for balancer in graph.all(*BALANCER_TYPES):
        if text(balancer, "load_balancer_type", default="application") not in ("application", "network"):
            continue
        if flag(balancer, "access_logs", "enabled", default=False) is False:
            yield balancer, "Nothing records the requests."


@check("GB029", "warning", fix="Set enable_deletion_protection to true.", relaxed=True)
def balancer_not_protected(graph: Graph) -> Iterator[Hit]:
    """Load balancer that can be deleted by mistake.

    ## What it finds
    A load balancer without `enable_deletion_protection` and without `lifecycle.prevent_destroy`.

    ## Why it matters
    A new load balancer has a new name, and a network load balancer new addresses: DNS records of others and allow lists of
    customers point to the old one.

    ## Example
    ```json
    {"resource": {"aws_lb": {"web": {"enable_deletion_protection": false}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb": {"web": {"enable_deletion_protection": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#deletion-protection
    """
    for balancer in graph.all(*BALANCER_TYPES):
        kept = balancer.meta.get("lifecycle")
        if isinstance(kept, dict) and kept.get("prevent_destroy") in (True, "true"):
            continue
        if flag(balancer, "enable_deletion_protection", default=False) is False:
            yield balancer, "One command deletes it, and its name with it."


@check("GB030", "warning", fix="Give health_check a path that answers only when the application works.")
def target_group_health_check(graph: Graph) -> Iterator[Hit]:
    """Target group without a health check of its own.

    ## What it finds
    An HTTP or HTTPS target group that names no health check `path`, has its health check switched off, or checks by TCP only.

    ## Why it matters
    The default path is `/`: an expensive page, a redirect that counts as unhealthy, or a page that answers although the
    database is gone. A TCP check only says that a port is open.

    ## Example
    ```json
    {"resource": {"aws_lb_target_group": {"app": {"port": 8080, "protocol": "HTTP"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_lb_target_group": {"app": {"port": 8080, "protocol": "HTTP", "health_check": {"path": "/healthz"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """
    for target in graph.all(*TARGET_GROUP_TYPES):
        if text(target, "protocol") not in ("HTTP", "HTTPS") or text(target, "target_type") == "lambda":
            continue
        if flag(target, "health_check", "enabled", default=True) is False:
            yield target, "Its health check is switched off."
        elif text(target, "health_check", "protocol") == "TCP":
            yield target, "Its health check only opens a TCP connection."
        elif text(target, "health_check", "path") == "" and not given(target, "health_check", "path"):
            yield target, "It names no health check path, so `/` is asked."


@check("GB031", "error", fix="Give the load balancer a subnet in every zone that the targets run in.")
def targets_in_a_zone_without_balancer(graph: Graph) -> Iterator[Hit]:
    """Targets in a zone that the load balancer does not serve.

    ## What it finds
    An auto scaling group behind a load balancer with subnets in a zone where the load balancer has none.

    ## Why it matters
    Targets in a zone that is not enabled for the load balancer get no traffic and stay `unused`: instances that are paid for
    and do nothing, and a group that believes it has capacity.

    ## Example
    ```json
    {"resource": {
      "aws_lb": {"web": {"subnets": ["${aws_subnet.public_a.id}", "${aws_subnet.public_b.id}"]}},
      "aws_autoscaling_group": {"web": {"vpc_zone_identifier": ["${aws_subnet.web_a.id}", "${aws_subnet.web_c.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lb": {"web": {"subnets": ["${aws_subnet.public_a.id}", "${aws_subnet.public_c.id}"]}},
      "aws_autoscaling_group": {"web": {"vpc_zone_identifier": ["${aws_subnet.web_a.id}", "${aws_subnet.web_c.id}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#availability-zones
    """
    for _, member, balancers in served(graph):
        if member.resource.type != "aws_autoscaling_group":
            continue
        theirs = zones(subnets_of(graph, member.resource, "vpc_zone_identifier"))
        for balancer in balancers:
            served_zones = zones(only(subnets_named(graph, balancer), *SUBNET_TYPES))
            if theirs is None or served_zones is None or not _comparable(theirs | served_zones):
                continue
            missing = sorted(theirs - served_zones)
            if missing:
                yield member.resource, f"It runs in {', '.join(missing)}, where {balancer.address} has no subnet."


def _application(graph: Graph) -> list[Resource]:
    return [
        balancer
        for balancer in graph.all(*BALANCER_TYPES)
        if text(balancer, "load_balancer_type", default="application") == "application"
    ]


def _is_http(listener: Resource) -> bool:
    protocol = text(listener, "protocol")
    return protocol == "HTTP" or (protocol == "" and number(listener, "port", default=None) == 80)


def _comparable(found: set[str]) -> bool:
    """Whether zones are written in one form: all names, all IDs, or places in one list."""
    forms = {zone.rsplit("[", 1)[0] if "${" in zone else ("id" if "-az" in zone else "name") for zone in found}
    return len(forms) == 1 and not any(zone.startswith(("aws_subnet.", "aws_default_subnet.")) for zone in found)
