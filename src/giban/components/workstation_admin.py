"""The admin side of a workstation: the function behind an HTTP API at `<name>-admin.<domain>`."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.components.dns import certificate, zone
from giban.components.environment import Environment, Scope, part
from giban.components.functions import function
from giban.components.logs import log_group
from giban.components.policies import allow
from giban.components.workstation_host import host
from giban.components.workstation_parts import (
    admin_host,
    editor_host,
    host_secret,
    pairing_secret,
    power_statements,
    secret_statements,
    settings_of,
    table,
    workstation,
    workstation_scope,
)
from giban.graph.resource import Resource

TIMEOUT = 25
"""Seconds; an HTTP API gives up after 30 (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html)."""


@part
def admin(env: Environment, name: str) -> Resource:
    """The function, the API in front of it, and its address."""
    scope = workstation_scope(env, name, "admin")
    made = function(
        scope,
        "",
        scope.name,
        "admin",
        ("admin", "power"),
        "runtime.admin.handler.handle",
        f"Admin API of the workstation {name}",
        {
            "GIBAN_WORKSTATION": name,
            "GIBAN_TABLE": str(table(env).ref("name")),
            "GIBAN_ALLOW": ",".join(workstation(env, name).allow),
            "GIBAN_INSTANCE": str(host(env, name).instance.id),
            "GIBAN_HOST_SECRET": str(host_secret(env, name).arn),
            "GIBAN_PAIRING_SECRET": str(pairing_secret(env, name).arn),
            "GIBAN_SETTINGS": msgspec.json.encode(settings_of(env, name)).decode(),
            "GIBAN_IDE_URL": f"https://{editor_host(env, name)}",
        },
        [
            allow(
                "Table",
                [
                    "dynamodb:BatchGetItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                ],
                table(env).arn,
                # Devices, codes and counters of other workstations are none of its business.
                Condition={
                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["evidence", "observed", "want", f"*/{name}"]}
                },
            ),
            *power_statements(env, [host(env, name).instance]),
            *secret_statements(env, [host_secret(env, name), pairing_secret(env, name)]),
        ],
        timeout=TIMEOUT,
    )
    _api(scope, name, made)
    return made


def _api(scope: Scope, name: str, function_: Resource) -> None:
    env = scope.env
    # An IPv6 address reaches the API only where the list of allowed ranges has one: the rest of the world need not try.
    both = any(":" in cidr for cidr in workstation(env, name).allow)
    family: dict[str, Any] = {"ip_address_type": "dualstack"} if both else {}
    api = scope.add(
        "aws_apigatewayv2_api",
        name=scope.name,
        description=f"Admin API of the workstation {name}",
        protocol_type="HTTP",
        # The function asks who calls and from where; one way in is enough, under its own name.
        disable_execute_api_endpoint=True,
        **family,
    )
    integration = scope.add(
        "aws_apigatewayv2_integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=function_.invoke_arn,
        payload_format_version="2.0",
        timeout_milliseconds=29_000,
    )
    scope.add(
        "aws_apigatewayv2_route",
        api_id=api.id,
        route_key="$default",
        target=f"integrations/{integration.id}",
    )
    group = log_group(scope, f"/aws/apigateway/{scope.name}", "access")
    # No query, no header, no cookie: nothing secret is in these.
    line = {
        "time": "$context.requestTime",
        "id": "$context.requestId",
        "address": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "milliseconds": "$context.responseLatency",
        "error": "$context.integrationErrorMessage",
    }
    stage = scope.add(
        "aws_apigatewayv2_stage",
        api_id=api.id,
        name="$default",
        auto_deploy=True,
        default_route_settings={"throttling_burst_limit": 40, "throttling_rate_limit": 20},
        access_log_settings={"destination_arn": group.arn, "format": msgspec.json.encode(line).decode()},
    )
    scope.add(
        "aws_lambda_permission",
        statement_id="api",
        action="lambda:InvokeFunction",
        function_name=function_.function_name,
        principal="apigateway.amazonaws.com",
        source_arn=f"{api.execution_arn}/*/*",
    )
    domain = scope.add(
        "aws_apigatewayv2_domain_name",
        domain_name=admin_host(env, name),
        domain_name_configuration={
            "certificate_arn": certificate(env).certificate_arn,
            "endpoint_type": "REGIONAL",
            "security_policy": "TLS_1_2",
            **family,
        },
    )
    scope.add("aws_apigatewayv2_api_mapping", api_id=api.id, domain_name=domain.id, stage=stage.id)
    target = domain.domain_name_configuration[0]
    for suffix, kind in (("", "A"), *((("ipv6", "AAAA"),) if both else ())):
        scope.add(
            "aws_route53_record",
            suffix,
            zone_id=zone(env).zone_id,
            name=admin_host(env, name),
            type=kind,
            alias={
                "name": target.child("target_domain_name"),
                "zone_id": target.child("hosted_zone_id"),
                "evaluate_target_health": False,
            },
        )
    env.region.output(
        f"{scope.label}_url",
        f"https://{admin_host(env, name)}",
        f"Where the workstation {name} is started and stopped.",
    )
