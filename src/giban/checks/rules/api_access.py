"""Checks of who may call an API from where, and of routes that lead nowhere. The family of the API's other checks is `apis`."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.queries import multiplied, passed_out
from giban.checks.registry import Hit, check
from giban.checks.values import flag, given, listed, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

_EVERY_ORIGIN = frozenset({"*", "https://*", "http://*"})


@check("GB158", "error", fix="List the origins of your own pages, or switch allow_credentials off.")
def every_website_with_credentials(graph: Graph) -> Iterator[Hit]:
    """API lets every website act for its visitors.

    ## What it finds
    An HTTP API or function URL whose CORS settings allow credentials and every origin (`*`, `https://*`).

    ## Why it matters
    Any page that a signed-in visitor opens can call the API with the visitor's cookies and read the answer. With `*` AWS and the
    browsers refuse the pair; with `https://*` it works, for everybody.

    ## Example
    ```json
    {"resource": {"aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP",
      "cors_configuration": {"allow_origins": ["https://*"], "allow_credentials": true}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP",
      "cors_configuration": {"allow_origins": ["https://scv.example.com"], "allow_credentials": true}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    for type_, block in (("aws_apigatewayv2_api", "cors_configuration"), ("aws_lambda_function_url", "cors")):
        for api in graph.all(type_):
            origins = {str(one) for one in listed(api.value(block, "allow_origins"))} & _EVERY_ORIGIN
            if origins and flag(api, block, "allow_credentials", default=False):
                yield (
                    api,
                    f"Every page on the internet ({sorted(origins)[0]}) may call it with its visitor's credentials.",
                )


_ROUTES = {
    "aws_apigatewayv2_route": ("api_id", "authorization_type", "route_key"),
    "aws_api_gateway_method": ("rest_api_id", "authorization", "http_method"),
}
"""Where the API, the authorization and the method of a route are written."""


@check(
    "GB159", "notice", fix="Give the route the authorizer of the others, or waive this where it is meant to be public."
)
def route_without_authorizer(graph: Graph) -> Iterator[Hit]:
    """Route is open while others of its API are not.

    ## What it finds
    A route (or method) without authorization in an API of which other routes have one. `OPTIONS` is left out: a browser asks it
    before it sends credentials. So are methods that want an API key.

    ## Why it matters
    A route that is added later gets no authorizer by itself, and the API looks protected to whoever tries another path.

    ## Example
    ```json
    {"resource": {
      "aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP"}},
      "aws_apigatewayv2_route": {
        "read": {"api_id": "${aws_apigatewayv2_api.main.id}", "route_key": "GET /orders", "authorization_type": "JWT"},
        "drop": {"api_id": "${aws_apigatewayv2_api.main.id}", "route_key": "DELETE /orders"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP"}},
      "aws_apigatewayv2_route": {
        "read": {"api_id": "${aws_apigatewayv2_api.main.id}", "route_key": "GET /orders", "authorization_type": "JWT"},
        "drop": {"api_id": "${aws_apigatewayv2_api.main.id}", "route_key": "DELETE /orders", "authorization_type": "JWT"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
    """
    for type_, (owner, authorization, key) in _ROUTES.items():
        for api in graph.all("aws_apigatewayv2_api", "aws_api_gateway_rest_api"):
            routes = [one for one in graph.referrers(api, type_) if graph.follow(one, owner) is api]
            kinds = {one.key: text(one, authorization, default="NONE") for one in routes}
            closed = [one for one in routes if kinds[one.key] not in ("NONE", None)]
            for route in routes if closed else ():
                name = text(route, key) or route.label
                if kinds[route.key] == "NONE" and not name.startswith("OPTIONS") and not _wants_key(route):
                    yield route, f"Everybody may call {name}; {closed[0].address} asks who calls."


def _wants_key(route: Resource) -> bool:
    return flag(route, "api_key_required", default=False) is not False


@check("GB160", "warning", fix="Give the route a target (integrations/<id>), or remove what is not used.")
def route_to_nowhere(graph: Graph) -> Iterator[Hit]:
    """Route without an integration, or integration without a route.

    ## What it finds
    A route of an HTTP or WebSocket API that has no `target`, and an integration that no route names and no output hands on.

    ## Why it matters
    The one answers every request with an error. The other costs nothing, but whoever wrote it believes that requests arrive.

    ## Example
    ```json
    {"resource": {
      "aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP"}},
      "aws_apigatewayv2_route": {"orders": {"api_id": "${aws_apigatewayv2_api.main.id}", "route_key": "GET /orders"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP"}},
      "aws_apigatewayv2_integration": {"orders": {"api_id": "${aws_apigatewayv2_api.main.id}",
        "integration_type": "HTTP_PROXY", "integration_uri": "https://orders.example.com"}},
      "aws_apigatewayv2_route": {"orders": {"api_id": "${aws_apigatewayv2_api.main.id}", "route_key": "GET /orders",
        "target": "integrations/${aws_apigatewayv2_integration.orders.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """
    for route in graph.all("aws_apigatewayv2_route"):
        if not given(route, "target"):
            yield route, f"{text(route, 'route_key') or 'It'} has no target: every request ends with an error."
    for integration in graph.all("aws_apigatewayv2_integration"):
        if multiplied(integration) or passed_out(integration):
            continue
        if not graph.referrers(integration, "aws_apigatewayv2_route", "aws_apigatewayv2_route_response"):
            yield integration, "No route leads to it."


_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLS_1_0"})
"""Versions of TLS that browsers have given up (https://datatracker.ietf.org/doc/html/rfc8996)."""


@check("GB161", "warning", fix="Set the newest policy: TLSv1.2_2021 (or newer) for a distribution, TLS_1_2 for an API.")
def old_tls_at_the_door(graph: Graph) -> Iterator[Hit]:
    """Distribution or API accepts old TLS versions.

    ## What it finds
    A CloudFront distribution with a certificate of its own whose `minimum_protocol_version` is below TLS 1.2 (as is the default),
    and a domain of a REST API with the policy `TLS_1_0`. Load balancers have a check of their own (GB027).

    ## Why it matters
    TLS 1.0 and 1.1 have known weaknesses and were withdrawn in 2021; who needs them is a scanner. Audits ask for this first.

    ## Example
    ```json
    {"resource": {"aws_cloudfront_distribution": {"site": {"viewer_certificate": {
      "acm_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/x", "ssl_support_method": "sni-only",
      "minimum_protocol_version": "TLSv1.1_2016"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_cloudfront_distribution": {"site": {"viewer_certificate": {
      "acm_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/x", "ssl_support_method": "sni-only",
      "minimum_protocol_version": "TLSv1.2_2021"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
    """
    for site in graph.all("aws_cloudfront_distribution"):
        own = any(given(site, "viewer_certificate", name) for name in ("acm_certificate_arn", "iam_certificate_id"))
        least = text(site, "viewer_certificate", "minimum_protocol_version", default="TLSv1")
        if own and least in _OLD:
            yield site, f"Viewers may come with {least}."
    for domain in graph.all("aws_api_gateway_domain_name"):
        policy = text(domain, "security_policy")
        if policy in _OLD:
            yield domain, f"Callers may come with TLS 1.0 ({policy})."
