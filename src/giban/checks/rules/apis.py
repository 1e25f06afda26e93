"""Checks of APIs: what holds callers back, and what is known of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.values import flag, given
from giban.graph.graph import Graph

_THROTTLES = ("throttling_rate_limit", "throttling_burst_limit")


@check(
    "GB110",
    "warning",
    fix="Set throttling_rate_limit and throttling_burst_limit in default_route_settings.",
    relaxed=True,
)
def stage_without_throttling(graph: Graph) -> Iterator[Hit]:
    """API without throttling.

    ## What it finds
    A stage of an HTTP or WebSocket API whose `default_route_settings` lack a rate or a burst limit.

    ## Why it matters
    Such an API may use all of what the account has in the region, 10,000 requests a second. One script in a loop then takes
    the other APIs down with it, and every call is paid for: the API's, the function's, the table's.

    ## Example
    ```json
    {"resource": {"aws_apigatewayv2_stage": {"main": {"api_id": "${aws_apigatewayv2_api.main.id}", "name": "$default"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_apigatewayv2_stage": {"main": {"api_id": "${aws_apigatewayv2_api.main.id}", "name": "$default",
      "default_route_settings": {"throttling_rate_limit": 20, "throttling_burst_limit": 40}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """
    for stage in graph.all("aws_apigatewayv2_stage"):
        missing = [name for name in _THROTTLES if not given(stage, "default_route_settings", name)]
        if missing:
            yield stage, f"Callers are not held back ({' and '.join(missing)} not set)."


@check(
    "GB111",
    "warning",
    fix="Add access_log_settings with a log group and a format that has the address and the status.",
    relaxed=True,
)
def stage_without_access_log(graph: Graph) -> Iterator[Hit]:
    """API without an access log.

    ## What it finds
    A stage of an API (HTTP, WebSocket or REST) without `access_log_settings`.

    ## Why it matters
    Requests that never reach a function, because they are throttled, refused or malformed, leave no trace anywhere else. After an
    attack nobody can say who came, and when something fails nobody can say how often.

    ## Example
    ```json
    {"resource": {"aws_apigatewayv2_stage": {"main": {"api_id": "${aws_apigatewayv2_api.main.id}", "name": "$default"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_apigatewayv2_stage": {"main": {"api_id": "${aws_apigatewayv2_api.main.id}", "name": "$default",
      "access_log_settings": {"destination_arn": "${aws_cloudwatch_log_group.api.arn}",
        "format": "$context.identity.sourceIp $context.httpMethod $context.path $context.status"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    """
    for stage in graph.all("aws_apigatewayv2_stage", "aws_api_gateway_stage"):
        if not given(stage, "access_log_settings"):
            yield stage, "Nobody can tell afterwards who called it."


_MAPPINGS = {
    "aws_apigatewayv2_api": "aws_apigatewayv2_api_mapping",
    "aws_api_gateway_rest_api": "aws_api_gateway_base_path_mapping",
}


@check("GB112", "warning", fix="Set disable_execute_api_endpoint to true.")
def api_with_a_back_door(graph: Graph) -> Iterator[Hit]:
    """API with a domain of its own also answers under AWS's name.

    ## What it finds
    An HTTP or REST API that is mapped to a custom domain and does not set `disable_execute_api_endpoint`.

    ## Why it matters
    What stands before the domain, such as a distribution with a web ACL or client certificates, is not before
    `https://<id>.execute-api.<region>.amazonaws.com`. Scanners know the pattern.

    ## Example
    ```json
    {"resource": {
      "aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP"}},
      "aws_apigatewayv2_api_mapping": {"main": {"api_id": "${aws_apigatewayv2_api.main.id}",
        "domain_name": "api.scv.example.com", "stage": "$default"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_apigatewayv2_api": {"main": {"name": "main", "protocol_type": "HTTP", "disable_execute_api_endpoint": true}},
      "aws_apigatewayv2_api_mapping": {"main": {"api_id": "${aws_apigatewayv2_api.main.id}",
        "domain_name": "api.scv.example.com", "stage": "$default"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html
    """
    for api in graph.all(*_MAPPINGS):
        mapped = graph.referrers(api, _MAPPINGS[api.type])
        if mapped and flag(api, "disable_execute_api_endpoint", default=False) is False:
            yield api, f"It answers under its default name too, past what stands before {mapped[0].address}."
