"""An HTTP API in front of functions: the API itself, its stage with throttling and access log, and a name of its own.

An HTTP API knows neither web ACLs nor resource policies; who may come in is asked by the function behind it, or by a doorman
(`serverless_apis`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from giban.components.dns import certificate, zone
from giban.components.environment import Scope
from giban.components.logs import log_group
from giban.graph.resource import Resource

MILLISECONDS = 29_000
"""How long an API waits for its function. 30 seconds are the most
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html)."""

LINE = {
    "time": "$context.requestTime",
    "id": "$context.requestId",
    "address": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}
"""A line of the access log. No query, no header, no cookie: nothing secret is in these."""


def http_api(scope: Scope, description: str, *, own_name: bool, six: bool, **more: Any) -> Resource:
    """The API. With a name of its own (`own_domain`) it has no other; `six` opens it to IPv6 too."""
    return scope.add(
        "aws_apigatewayv2_api",
        name=scope.name,
        description=description,
        protocol_type="HTTP",
        # One way in is enough, under its own name.
        **({"disable_execute_api_endpoint": True} if own_name else {}),
        **_family(six),
        **more,
    )


def integration(scope: Scope, suffix: str, api: Resource, invoke_arn: Any) -> Resource:
    """The connection of an API with a function (or an alias of one), by its `invoke_arn`."""
    return scope.add(
        "aws_apigatewayv2_integration",
        suffix,
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=invoke_arn,
        payload_format_version="2.0",
        timeout_milliseconds=MILLISECONDS,
    )


def route(scope: Scope, suffix: str, api: Resource, key: str, to: Resource, **more: Any) -> Resource:
    """A route of an API (`$default`, `GET /results`) to an integration."""
    return scope.add(
        "aws_apigatewayv2_route",
        suffix,
        api_id=api.id,
        route_key=key,
        target=f"integrations/{to.id}",
        **more,
    )


def stage(scope: Scope, api: Resource, *, rate: int, burst: int, logs: bool = True) -> Resource:
    """The stage that is always deployed: `rate` requests a second and `burst` at once, and an access log."""
    log: dict[str, Any] = {}
    if logs:
        group = log_group(scope, f"/aws/apigateway/{scope.name}", "access")
        line = msgspec.json.encode(LINE).decode()
        log = {"access_log_settings": {"destination_arn": group.arn, "format": line}}
    return scope.add(
        "aws_apigatewayv2_stage",
        api_id=api.id,
        name="$default",
        auto_deploy=True,
        default_route_settings={"throttling_burst_limit": burst, "throttling_rate_limit": rate},
        **log,
    )


def may_call(scope: Scope, suffix: str, api: Resource, function: Resource, what: str, **more: Any) -> Resource:
    """Lets the API call a function; `what` is the part of it that may (`*/*`, `authorizers/ID`)."""
    return scope.add(
        "aws_lambda_permission",
        suffix,
        statement_id=f"api_{scope.label}" if suffix else "api",
        action="lambda:InvokeFunction",
        function_name=function.function_name,
        principal="apigateway.amazonaws.com",
        source_arn=f"{api.execution_arn}/{what}",
        **more,
    )


def own_domain(scope: Scope, api: Resource, stage_: Resource, host: str, *, six: bool) -> None:
    """The API under a name of the domain, with the region's certificate and records for IPv4 (and IPv6)."""
    env = scope.env
    domain = scope.add(
        "aws_apigatewayv2_domain_name",
        domain_name=host,
        domain_name_configuration={
            "certificate_arn": certificate(env).certificate_arn,
            "endpoint_type": "REGIONAL",
            "security_policy": "TLS_1_2",
            **_family(six),
        },
    )
    scope.add("aws_apigatewayv2_api_mapping", api_id=api.id, domain_name=domain.id, stage=stage_.id)
    target = domain.domain_name_configuration[0]
    for suffix, kind in (("", "A"), *((("ipv6", "AAAA"),) if six else ())):
        scope.add(
            "aws_route53_record",
            suffix,
            zone_id=zone(env).zone_id,
            name=host,
            type=kind,
            alias={
                "name": target.child("target_domain_name"),
                "zone_id": target.child("hosted_zone_id"),
                "evaluate_target_health": False,
            },
        )


def _family(six: bool) -> dict[str, Any]:
    """An IPv6 address reaches an API only where it is wanted: the rest of the world need not try."""
    return {"ip_address_type": "dualstack"} if six else {}
