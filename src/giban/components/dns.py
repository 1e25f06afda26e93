"""`domain`: the hosted zone (in the `global` root), one certificate validated through it, and an internal zone."""

from __future__ import annotations

from giban.components.encryption import global_key
from giban.components.environment import Environment, part
from giban.components.network import network
from giban.components.policies import document
from giban.graph.resource import Resource


def expand(env: Environment) -> None:
    """The zone is there as soon as there is a domain."""
    if env.domain is not None and env.domain.zone == "create":
        _hosted_zone(env)


def _hosted_zone(env: Environment) -> None:
    assert env.domain is not None  # noqa: S101 - `expand` asked
    scope = env.scope("dns", label="main", stack=env.globe)
    zone = scope.add("aws_route53_zone", name=env.domain.name, comment=f"{env.prefix}: public zone")
    # Query logs of public zones live in us-east-1 and need a resource policy
    # (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html).
    group = scope.add(
        "aws_cloudwatch_log_group",
        "queries",
        name=f"/aws/route53/{env.domain.name}",
        retention_in_days=env.blueprint.logs.days,
        kms_key_id=global_key(env).arn,
    )
    writer = scope.add(
        "aws_cloudwatch_log_resource_policy",
        "queries",
        policy_name=f"{env.prefix}-route53-queries",
        policy_document=document(
            {
                "Sid": "Route53Queries",
                "Effect": "Allow",
                "Principal": {"Service": "route53.amazonaws.com"},
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{group.arn}:*",
            }
        ),
    )
    scope.add(
        "aws_route53_query_log",
        zone_id=zone.zone_id,
        cloudwatch_log_group_arn=group.arn,
        depends_on=[writer.address],
    )
    env.globe.output("name_servers", zone.name_servers, "Name servers to enter at the registrar or in the parent zone.")


@part
def zone(env: Environment) -> Resource:
    """The hosted zone as the region's root sees it: looked up by name, because it is another root's."""
    assert env.domain is not None  # noqa: S101 - only asked for with a domain
    return env.scope("dns", label="main").data("aws_route53_zone", "main", name=env.domain.name, private_zone=False)


@part
def internal_zone(env: Environment) -> Resource:
    """The private zone `internal.<domain>`: internal services have names that only the VPC knows."""
    assert env.domain is not None  # noqa: S101 - only asked for with a domain
    return env.scope("dns", label="internal").add(
        "aws_route53_zone",
        name=f"internal.{env.domain.name}",
        comment=f"{env.prefix}: names inside the VPC",
        vpc={"vpc_id": network(env).vpc.id},
    )


@part
def certificate(env: Environment) -> Resource:
    """The validated certificate of the region: the domain, names under it, and internal names."""
    assert env.domain is not None  # noqa: S101 - only asked for with a domain
    scope = env.scope("dns", label="main")
    name = env.domain.name
    made = scope.add(
        "aws_acm_certificate",
        domain_name=name,
        subject_alternative_names=[f"*.{name}", f"*.internal.{name}"],
        validation_method="DNS",
        lifecycle={"create_before_destroy": True},
    )
    options = f"{made.address}.domain_validation_options"
    record = scope.add(
        "aws_route53_record",
        "validation",
        # A name and its wildcard share one record; overwriting makes the second write harmless.
        for_each=f"${{{{for option in {options} : option.domain_name => option}}}}",
        allow_overwrite=True,
        zone_id=zone(env).zone_id,
        name="${each.value.resource_record_name}",
        type="${each.value.resource_record_type}",
        records=["${each.value.resource_record_value}"],
        ttl=300,
    )
    return scope.add(
        "aws_acm_certificate_validation",
        certificate_arn=made.arn,
        validation_record_fqdns=f"${{[for record in {record.address} : record.fqdn]}}",
    )


def alias(env: Environment, component: str, label: str, name: str, balancer: Resource, *, internal: bool) -> Resource:
    """An alias record to a load balancer that follows its targets' health."""
    path = component.split(".")
    where = internal_zone(env) if internal else zone(env)
    return env.scope(*path, label=label).add(
        "aws_route53_record",
        zone_id=where.zone_id,
        name=name,
        type="A",
        alias={"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True},
    )
