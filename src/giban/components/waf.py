"""`waf`: one web ACL with managed rules, a rate limit and address lists, attached to every public load balancer."""

from __future__ import annotations

from typing import Any

from giban.blueprint.defaults import waf_of
from giban.blueprint.types import Waf
from giban.components.environment import Environment, Scope, part
from giban.components.logs import log_group
from giban.graph.resource import Resource


def attach(env: Environment, scope: Scope, balancer: Resource) -> None:
    """Attach the web ACL to a public load balancer, unless the blueprint leaves it out."""
    if waf_of(env.blueprint) is not None:
        scope.add("aws_wafv2_web_acl_association", resource_arn=balancer.arn, web_acl_arn=web_acl(env).arn)


@part
def web_acl(env: Environment) -> Resource:
    """The regional web ACL with its log."""
    settings = waf_of(env.blueprint) or Waf()
    scope = env.scope("waf", label="main")
    acl = scope.add(
        "aws_wafv2_web_acl",
        name=env.prefix,
        description=f"{env.prefix}: public load balancers",
        scope="REGIONAL",
        default_action={"allow": {}},
        rule=_rules(env, settings, scope),
        visibility_config=_visibility(env.prefix),
    )
    # WAF only writes to log groups whose name begins so
    # (https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html).
    group = log_group(scope, f"aws-waf-logs-{env.prefix}", "waf")
    scope.add(
        "aws_wafv2_web_acl_logging_configuration",
        resource_arn=acl.arn,
        log_destination_configs=[group.arn],
        # What is let in is in the load balancer's access log already; logging it here again costs more than the ACL.
        logging_filter={
            "default_behavior": "DROP",
            "filter": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "condition": [{"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")],
                }
            ],
        },
        redacted_fields=[{"single_header": {"name": name}} for name in ("authorization", "cookie")],
    )
    return acl


def _rules(env: Environment, settings: Waf, scope: Scope) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []

    def add(name: str, statement: dict[str, Any], **effect: Any) -> None:
        rules.append(
            {
                "name": name,
                "priority": len(rules),
                "statement": statement,
                "visibility_config": _visibility(f"{env.prefix}-{name}"),
                **effect,
            }
        )

    for name, ranges in (("allow", settings.allow), ("block", settings.block)):
        if ranges:
            addresses = scope.add(
                "aws_wafv2_ip_set",
                name,
                name=f"{env.prefix}-{name}",
                description=f"{env.prefix}: always {name}",
                scope="REGIONAL",
                ip_address_version="IPV4",
                addresses=sorted(ranges),
            )
            add(name, {"ip_set_reference_statement": {"arn": addresses.arn}}, action={name: {}})
    add("rate", {"rate_based_statement": {"limit": settings.rate, "aggregate_key_type": "IP"}}, action={"block": {}})
    for group in settings.rules:
        add(
            group,
            {"managed_rule_group_statement": {"name": group, "vendor_name": "AWS"}},
            override_action={"count" if settings.count_only else "none": {}},
        )
    return rules


def _visibility(name: str) -> dict[str, Any]:
    return {"metric_name": name, "cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True}
