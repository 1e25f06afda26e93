"""The load balancer of a service: HTTPS, redirects, access logs, its security group and target group."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.blueprint.types import Instances
from giban.components import dns, waf
from giban.components.environment import Environment, Scope, fit, part
from giban.components.logs import log_bucket
from giban.components.network import ANYWHERE, network
from giban.graph.resource import Resource

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.2 and 1.3 with forward secrecy only
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html)."""


class Balancer(msgspec.Struct, frozen=True):
    """What others need of a load balancer: who listens where, behind which group, under which URL."""

    group: Resource
    target_group: Resource
    port: int
    url: str


@part
def balancer(env: Environment, name: str) -> Balancer:
    """The load balancer of the service `name`, which has a port."""
    service = env.blueprint.services[name]
    scope = env.scope("services", name, was=service.was)
    net = network(env)
    group = _security_group(scope, service)
    load_balancer = scope.add(
        "aws_lb",
        name=fit(scope.name, 32),
        load_balancer_type="application",
        internal=not service.public,
        subnets=net.subnet_ids("public" if service.public else "was"),
        security_groups=[group.id],
        drop_invalid_header_fields=True,
        desync_mitigation_mode="defensive",
        enable_deletion_protection=env.production,
        access_logs={"enabled": True, "bucket": log_bucket(env).id, "prefix": f"alb/{scope.label}"},
        # Elastic Load Balancing tries to write when logging is switched on: the policy must be there first.
        depends_on=["aws_s3_bucket_policy.logs"],
    )
    target_group = _target_group(scope, service)
    url = _listeners(scope, service, load_balancer, target_group)
    if service.public:
        waf.attach(env, scope, load_balancer)
        env.region.output(f"{scope.label}_url", url, f"Where {name} answers.")
    return Balancer(group, target_group, 443 if env.domain else 80, url)


def _security_group(scope: Scope, service: Instances) -> Resource:
    env = scope.env
    group = scope.add(
        "aws_security_group",
        "alb",
        name=f"{scope.name}-alb",
        description=f"Load balancer of {scope.label}",
        vpc_id=network(env).vpc.id,
    )
    # Port 80 is open where people type addresses, to redirect them; inside the VPC nobody needs it.
    ports = {"http": 80} if env.domain is None else {"https": 443, **({"http": 80} if service.public else {})}
    ranges = [ANYWHERE] if service.public else [item for item in service.allow if "/" in item]
    for index, cidr in enumerate(ranges):
        for protocol, port in ports.items():
            scope.add(
                "aws_vpc_security_group_ingress_rule",
                f"alb_{protocol}" if service.public else f"alb_{protocol}_{index}",
                security_group_id=group.id,
                description=f"{protocol.upper()} from {'the internet' if service.public else cidr}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
            )
    return group


def _target_group(scope: Scope, service: Instances) -> Resource:
    return scope.add(
        "aws_lb_target_group",
        name=fit(scope.name, 32),
        vpc_id=network(scope.env).vpc.id,
        target_type="instance",
        protocol="HTTP",
        port=service.port,
        deregistration_delay=60,
        health_check={
            "enabled": True,
            "protocol": "HTTP",
            "path": service.health,
            "port": "traffic-port",
            "matcher": "200",
            "interval": 15,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
    )


def _listeners(scope: Scope, service: Instances, load_balancer: Resource, target_group: Resource) -> str:
    env = scope.env
    forward = {"type": "forward", "target_group_arn": target_group.arn}
    if env.domain is None:
        scope.add(
            "aws_lb_listener",
            "http",
            load_balancer_arn=load_balancer.arn,
            port=80,
            protocol="HTTP",
            default_action=forward,
        )
        return f"http://{load_balancer.dns_name}"
    if service.public:
        scope.add(
            "aws_lb_listener",
            "http",
            load_balancer_arn=load_balancer.arn,
            port=80,
            protocol="HTTP",
            default_action=_redirect(),
        )
    https = scope.add(
        "aws_lb_listener",
        "https",
        load_balancer_arn=load_balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=TLS_POLICY,
        certificate_arn=dns.certificate(env).certificate_arn,
        default_action=forward,
    )
    domain = env.domain.name
    if not service.public:
        host = f"{scope.label.replace('_', '-')}.internal.{domain}"
        dns.alias(env, scope.component, scope.label, host, load_balancer, internal=True)
        return f"https://{host}"
    if scope.component != f"services.{front(env)}":
        host = f"{scope.label.replace('_', '-')}.{domain}"
        dns.alias(env, scope.component, scope.label, host, load_balancer, internal=False)
        return f"https://{host}"
    host = f"www.{domain}"
    scope.add(
        "aws_lb_listener_rule",
        "apex",
        listener_arn=https.arn,
        priority=1,
        condition=[{"host_header": {"values": [domain]}}],
        action=[_redirect(host)],
    )
    dns.alias(env, scope.component, f"{scope.label}-apex", domain, load_balancer, internal=False)
    dns.alias(env, scope.component, f"{scope.label}-www", host, load_balancer, internal=False)
    return f"https://{host}"


def front(env: Environment) -> str:
    """The public service that has the domain itself: `web` when there is one, else the first in the blueprint."""
    public = [name for name, service in env.blueprint.services.items() if service.public and service.port]
    return "web" if "web" in public else public[0]


def _redirect(host: str | None = None) -> dict[str, Any]:
    target = {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}
    return {"type": "redirect", "redirect": {**target, "host": host} if host else target}
