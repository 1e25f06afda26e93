"""`apis`: HTTP APIs whose routes lead to functions, and the doorman of those that are not for everybody."""

from __future__ import annotations

from typing import Any

from giban.blueprint.durations import seconds_of
from giban.blueprint.types_serverless import Api, Cors
from giban.components.environment import Environment, Scope, checksum, identifier
from giban.components.functions import function
from giban.components.http_api import http_api, integration, may_call, own_domain, route, stage
from giban.components.serverless_functions import called
from giban.graph.resource import Resource

REMEMBERED = 300
"""Seconds that the doorman's answer counts for an address."""


def expand(env: Environment) -> None:
    """Every API of the blueprint."""
    for name in sorted(env.blueprint.apis):
        _api(env, name, env.blueprint.apis[name])


def host_of(env: Environment, api: Api) -> str | None:
    """The DNS name of an API; None when it has only the one that AWS gives it."""
    return f"{api.host}.{env.domain.name}" if api.host is not None and env.domain is not None else None


def _api(env: Environment, name: str, settings: Api) -> None:
    scope = env.scope("apis", name, was=settings.was)
    host = host_of(env, settings)
    six = any(":" in cidr for cidr in settings.allow)
    cors = {"cors_configuration": _cors(settings.cors, settings.routes)} if settings.cors is not None else {}
    api = http_api(scope, f"{env.prefix}: {name}", own_name=host is not None, six=six, **cors)
    asked = _doorman(env, name, settings, api) if settings.allow else {}
    integrations: dict[str, Resource] = {}
    for one in sorted(set(settings.routes.values())):
        target = called(env, one)
        integrations[one] = integration(scope, identifier(one), api, target.invoke_arn)
        may_call(scope, identifier(one), api, target.function, "*/*", **target.qualifier)
    labels = route_labels(list(settings.routes))
    for key, one in sorted(settings.routes.items()):
        route(scope, labels[key], api, key, integrations[one], **asked)
    staged = stage(scope, api, rate=settings.throttle.rate, burst=settings.throttle.burst, logs=settings.logs)
    if host is not None:
        own_domain(scope, api, staged, host, six=six)
    address = f"https://{host}" if host is not None else str(api.api_endpoint)
    env.region.output(f"{scope.label}_url", address, f"Where the API {name} answers.")


def route_labels(keys: list[str]) -> dict[str, str]:
    """The label of each route: `GET /results/{id}` is `get_results_id`; with a checksum where two would be the same."""
    words = {key: _label(key) for key in keys}
    taken = list(words.values())
    return {key: word if taken.count(word) == 1 else f"{word}_{checksum(key)[:6]}" for key, word in words.items()}


def _label(key: str) -> str:
    letters = "".join(letter.lower() if letter.isalnum() else " " for letter in key)
    return "_".join(letters.split())


def _cors(cors: Cors, routes: dict[str, str]) -> dict[str, Any]:
    """What browsers are told; the methods are those of the routes."""
    said = {key.partition(" ")[0] for key in routes}
    methods = ["*"] if said & {"ANY", "$default"} else sorted(said)
    return {
        "allow_origins": cors.origins,
        "allow_methods": methods,
        "allow_headers": [header.lower() for header in cors.headers],
        "allow_credentials": cors.credentials,
        "max_age": seconds_of(cors.keep),
    }


def _doorman(env: Environment, name: str, settings: Api, api: Resource) -> dict[str, Any]:
    """The function that lets addresses in, and what its routes say about it.

    HTTP APIs have neither web ACLs nor resource policies
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html).
    """
    was = f"{settings.was}-doorman" if settings.was else None
    scope: Scope = env.scope("apis", name, label=f"{name}-doorman", was=was)
    made = function(
        scope,
        "",
        scope.name,
        "doorman",
        ("doorman",),
        "runtime.doorman.handler.handle",
        f"Lets addresses in to the API {name}",
        {"GIBAN_ALLOW": ",".join(settings.allow)},
        [],
        timeout=5,
    )
    authorizer = scope.add(
        "aws_apigatewayv2_authorizer",
        api_id=api.id,
        name=scope.name,
        authorizer_type="REQUEST",
        authorizer_uri=made.invoke_arn,
        authorizer_payload_format_version="2.0",
        enable_simple_responses=True,
        # The answer is kept for each address: it is asked once in a while, not at every request.
        identity_sources=["$context.identity.sourceIp"],
        authorizer_result_ttl_in_seconds=REMEMBERED,
    )
    may_call(scope, "", api, made, f"authorizers/{authorizer.id}")
    return {"authorization_type": "CUSTOM", "authorizer_id": authorizer.id}
