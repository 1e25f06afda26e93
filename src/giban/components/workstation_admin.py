"""The admin side of a workstation: the function behind an HTTP API at `<name>-admin.<domain>`."""

from __future__ import annotations

import msgspec

from giban.components.environment import Environment, Scope, part
from giban.components.functions import function
from giban.components.http_api import http_api, integration, may_call, own_domain, route, stage
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
    six = any(":" in cidr for cidr in workstation(env, name).allow)
    # The function asks who calls and from where.
    api = http_api(scope, f"Admin API of the workstation {name}", own_name=True, six=six)
    route(scope, "", api, "$default", integration(scope, "", api, function_.invoke_arn))
    staged = stage(scope, api, rate=20, burst=40)
    may_call(scope, "", api, function_, "*/*")
    own_domain(scope, api, staged, admin_host(env, name), six=six)
    env.region.output(
        f"{scope.label}_url",
        f"https://{admin_host(env, name)}",
        f"Where the workstation {name} is started and stopped.",
    )
