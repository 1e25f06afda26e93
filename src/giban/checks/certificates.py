"""Certificates, who uses them, and the names they and the records have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from giban.checks.values import listed, text
from giban.graph.graph import Graph
from giban.graph.refs import find_refs, is_unknown
from giban.graph.resource import Resource

_USERS: dict[str, tuple[tuple[str, ...], bool]] = {
    "aws_cloudfront_distribution": (("viewer_certificate", "acm_certificate_arn"), True),
    "aws_cognito_user_pool_domain": (("certificate_arn",), True),
    "aws_lb_listener": (("certificate_arn",), False),
    "aws_alb_listener": (("certificate_arn",), False),
    "aws_lb_listener_certificate": (("certificate_arn",), False),
    "aws_apigatewayv2_domain_name": (("domain_name_configuration", "certificate_arn"), False),
}
"""Where a certificate is named, and whether it must be in us-east-1."""


class User(msgspec.Struct, frozen=True):
    """A resource that uses a certificate."""

    resource: Resource
    at_the_edge: bool
    certificate: Resource | None
    """The certificate in this root; None when it is named by an ARN, or looked up."""
    waits: bool
    """Whether it is named through its validation."""
    region: str | None
    names: frozenset[str]
    """The names it covers; empty when they are not known."""


def users(graph: Graph) -> Iterator[User]:
    """Everything that uses an ACM certificate."""
    for type_, (path, at_the_edge) in _USERS.items():
        for resource in graph.all(type_):
            yield from _user(graph, resource, path, at_the_edge)
    for resource in graph.all("aws_api_gateway_domain_name"):
        yield from _user(graph, resource, ("certificate_arn",), True)
        yield from _user(graph, resource, ("regional_certificate_arn",), False)


def _user(graph: Graph, resource: Resource, path: tuple[str, ...], at_the_edge: bool) -> Iterator[User]:
    value = resource.value(*path)
    if not isinstance(value, str) or not value:
        return
    if not is_unknown(value):
        fields = value.split(":")
        region = fields[3] if len(fields) > 5 and fields[2] == "acm" else None
        yield User(resource, at_the_edge, None, False, region, frozenset())
        return
    named = graph.follow(resource, *path)
    found = named
    if found is not None and found.type == "aws_acm_certificate_validation":
        found = graph.follow(found, "certificate_arn")
    if found is not None and found.type == "aws_acm_certificate":
        made = found if found.mode == "managed" else None
        names = _names(found) if made else frozenset()
        yield User(resource, at_the_edge, made, found is not named, found.region, names)


def _names(certificate: Resource) -> frozenset[str]:
    names = [certificate.value("domain_name"), *listed(certificate.value("subject_alternative_names"))]
    if is_unknown(names) or not all(isinstance(name, str) for name in names):
        return frozenset()
    return frozenset(name.lower().rstrip(".") for name in names)


def of_balancers(graph: Graph) -> dict[tuple[str, str], frozenset[str]]:
    """The names that the certificates of each load balancer cover; nothing for one of which not all are known."""
    names: dict[tuple[str, str], set[str]] = {}
    unknown: set[tuple[str, str]] = set()
    for user in users(graph):
        listener: Resource | None = user.resource
        if user.resource.type == "aws_lb_listener_certificate":
            listener = graph.follow(user.resource, "listener_arn")
        balancer = graph.follow(listener, "load_balancer_arn") if listener is not None else None
        if balancer is not None:
            names.setdefault(balancer.key, set()).update(user.names)
            if not user.names:
                unknown.add(balancer.key)
    return {key: frozenset(found) for key, found in names.items() if key not in unknown}


def covers(names: Iterable[str], name: str) -> bool:
    """Whether a certificate with these names is good for `name`; a wildcard stands for one label."""
    name = name.lower().rstrip(".")
    parent = name.partition(".")[2]
    return any(known == name or (known.startswith("*.") and known[2:] == parent) for known in names)


def zone_name(graph: Graph, record: Resource) -> str | None:
    """The name of the zone a record is in; None when it is not known."""
    zone = graph.follow(record, "zone_id")
    name = text(zone, "name") if zone is not None and zone.type == "aws_route53_zone" else None
    return name.lower().rstrip(".") if name else None


def record_name(graph: Graph, record: Resource) -> str | None:
    """The full name of a record: the provider appends the name of the zone where it is missing. None when not known."""
    name = record.value("name")
    zone = zone_name(graph, record)
    if isinstance(name, str) and zone and is_unknown(name):
        # `${aws_route53_zone.main.name}` is the zone's own name.
        refs = find_refs(name)
        own = graph.follow(record, "zone_id")
        if len(refs) == 1 and own is not None and refs[0].address == own.address and refs[0].attribute == "name":
            name = name.replace(str(refs[0]), zone)
    if not isinstance(name, str) or is_unknown(name) or not zone:
        return None
    name = name.lower().rstrip(".")
    if name == zone or name.endswith(f".{zone}"):
        return name
    return f"{name}.{zone}" if name else zone
