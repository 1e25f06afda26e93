"""A visitor's request to a name of the blueprint's, answered by ministack's API Gateway as AWS would answer it.

The edge hands over what came in, whole; here it is given to the API that the name is mapped to. Nothing of it passes ministack's
own front door, where a path such as `/_ministack/reset` or a form field would mean something.

Put right in what functions are given (ministack 1.5.33 says 127.0.0.1 and a name of its own, and leaves cookies among the
headers): https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import ipaddress
import re
from contextvars import ContextVar
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from giban.rehearsal.services import ACCOUNT

ALLOW = "GIBAN_ALLOW"
"""A function's variable that says whom it lets in; a visitor from this machine counts as the first of them."""

_OWN_ADDRESS = re.compile(r"([a-z0-9]+)\.execute-api(?:\..*)?")
"""An API's own address, in short or as on AWS: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-publish.html"""

Answer = tuple[int, dict[str, Any], bytes]


class _Visit(NamedTuple):
    source: str
    domain: str


_visit: ContextVar[_Visit | None] = ContextVar("visit", default=None)


class Door(NamedTuple):
    """Where a name leads: an API of a region."""

    domain: str
    region: str
    api: str
    stage: str
    path: str
    """The path that is left for the API, without the key of the mapping."""


def domains() -> list[str]:
    """Names that are mapped to an API, sorted."""
    from ministack.services import apigateway_v1 as v1

    mapped = (key[2] for key, _record in v1._domain_names.all_items() if v1._base_path_mappings.get_scoped(*key))
    return sorted(mapped)


def addresses() -> dict[str, str]:
    """Names that the hosted zones give an address of their own (A records), with the first of it."""
    from ministack.services import route53

    return {
        record["Name"].rstrip(".").lower(): record["ResourceRecords"][0]
        for records in list(route53._records.values())
        for record in records
        if record["Type"] == "A" and record.get("ResourceRecords")
    }


def find_door(domain: str, path: str) -> Door | None:
    """The API that a name and a path lead to. The longest key of the name's mappings wins."""
    from ministack.services import apigateway_v1 as v1

    own = _OWN_ADDRESS.fullmatch(domain)
    if own:
        return _default_endpoint(domain, own[1], path)
    scope = v1.find_domain_scope(domain)
    found = v1.resolve_base_path_mapping(domain, path)
    if scope is None or found is None:
        return None
    api, stage, rest = found
    return Door(domain, scope[1], api, stage, rest)


def _default_endpoint(domain: str, api: str, path: str) -> Door | None:
    """The address that every API has, unless it is closed."""
    from ministack.services import apigateway

    scope = apigateway.find_api_scope(api)
    found = apigateway._apis.get_scoped(*scope, api) if scope else None
    if scope is None or not found or found.get("disableExecuteApiEndpoint"):
        return None
    return Door(domain, scope[1], api, "$default", path)


async def answer(head: dict[str, Any], body: bytes) -> Answer | None:
    """The API's answer to a request; None when the name leads nowhere.

    `head` holds `domain`, `method`, `path` (escaped, as it came), `query` (likewise), `headers` (lower case) and `source`.
    """
    from ministack.core.responses import request_scope
    from ministack.services import apigateway, apigateway_v1

    door = find_door(head["domain"], apigateway.decode_http_api_path(head["path"]))
    if door is None:
        return None
    query = parse_qs(head["query"], keep_blank_values=True)
    with request_scope(ACCOUNT, door.region):
        source = _source(head["source"], door)
        headers = _as_forwarded(head["headers"], source, door.domain)
        token = _visit.set(_Visit(source, door.domain))
        try:
            made: Answer
            if apigateway_v1.find_api_scope(door.api) is not None:
                made = await apigateway_v1.handle_execute(
                    door.api, door.stage, head["method"], door.path, headers, body, query
                )
            else:
                made = await apigateway.handle_execute(
                    door.api,
                    door.stage,
                    door.path,
                    head["method"],
                    headers,
                    body,
                    query,
                    raw_query_string=head["query"],
                )
        finally:
            _visit.reset(token)
        return made


def put_events_right() -> None:
    """Functions behind an API saw 127.0.0.1 as everybody's address, an emulator's name as theirs, and no cookies."""
    from ministack.services import apigateway

    run = apigateway.run_reentrant

    async def run_reentrant(function: Any, *args: Any, **kwargs: Any) -> Any:
        for event in args:
            if isinstance(event, dict) and event.get("version") == "2.0" and "requestContext" in event:
                _put_right(event)
        return await run(function, *args, **kwargs)

    apigateway.run_reentrant = run_reentrant


def hide_errors_of_functions() -> None:
    """A function that failed was answered with 502 and its traceback; API Gateway says 500 and nothing else."""
    from ministack.services import lambda_svc

    shape = lambda_svc.lambda_execute_result_to_api_proxy_response

    def shaped(result: dict[str, Any]) -> Any:
        if result.get("error") and not result.get("throttle"):
            headers = {"Content-Type": "application/json"}
            return {"statusCode": 500, "headers": headers, "body": '{"message":"Internal Server Error"}'}, None
        return shape(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = shaped


def visitor() -> tuple[str, str]:
    """(address, name) of the visitor whose request is being answered; both empty when nobody came through the edge."""
    visit = _visit.get()
    return (visit.source, visit.domain) if visit is not None else ("", "")


def doormen_see_the_visitor() -> None:
    """An authorizer's answer was kept for 127.0.0.1, everybody's address: one who was let in let all others in after him."""
    from ministack.services import apigateway

    sources = apigateway._request_authorizer_identity_sources

    def identity_sources(wanted: Any, headers: Any, query: Any, variables: Any, context: Any = None) -> Any:
        source, domain = visitor()
        seen = {"identity.sourceIp": source, "domainName": domain} if source else {}
        return sources(wanted, headers, query, variables, {**(context or {}), **seen})

    apigateway._request_authorizer_identity_sources = identity_sources


def close_default_endpoints() -> None:
    """`disable_execute_api_endpoint` had no effect: the API still answered at the address that every API has."""
    from ministack.services import apigateway

    execute = apigateway.handle_execute

    async def handle_execute(api_id: str, *args: Any, **kwargs: Any) -> Any:
        scope = apigateway.find_api_scope(api_id)
        api = apigateway._apis.get_scoped(*scope, api_id) if scope else None
        if api and api.get("disableExecuteApiEndpoint") and _visit.get() is None:
            return 403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}'
        return await execute(api_id, *args, **kwargs)

    apigateway.handle_execute = handle_execute


def _put_right(event: dict[str, Any]) -> None:
    # The token by which a caller came past the guard is not a header that AWS would hand on.
    headers = {name: value for name, value in event["headers"].items() if name != "x-amz-security-token"}
    cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
    event["headers"] = headers
    if cookies:
        event["cookies"] = cookies
    visit = _visit.get()
    if visit is not None:
        context = event["requestContext"]
        context["domainName"], context["domainPrefix"] = visit.domain, visit.domain.partition(".")[0]
        context["http"]["sourceIp"] = visit.source


def _as_forwarded(headers: dict[str, str], source: str, domain: str) -> dict[str, str]:
    """The headers as API Gateway hands them on."""
    before = headers.get("x-forwarded-for")
    return {
        **headers,
        "host": domain,
        "x-forwarded-for": f"{before}, {source}" if before else source,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }


def _source(address: str, door: Door) -> str:
    """Whom a visitor counts as: from 127.0.0.1 the first that the function lets in, else what the address says."""
    return first_allowed(_allowed(door)) or address if address == "127.0.0.1" else address


def first_allowed(allow: str) -> str | None:
    """The first address of a list of ranges; of a range with more than two, the one behind the network's own."""
    for part in allow.split(","):
        try:
            network = ipaddress.ip_network(part.strip(), strict=False)
        except ValueError:
            continue
        return str(network[1] if network.num_addresses > 2 else network[0])
    return None


def _allowed(door: Door) -> str:
    """What an API's doorman, or else the functions behind it, say about whom they let in; empty when none says anything."""
    from ministack.services import apigateway, lambda_svc

    doormen = apigateway._authorizers.get_scoped(ACCOUNT, door.region, door.api, {}).values()
    behind = apigateway._integrations.get_scoped(ACCOUNT, door.region, door.api, {}).values()
    for uri in [*(one.get("authorizerUri", "") for one in doormen), *(one.get("integrationUri", "") for one in behind)]:
        reference = apigateway._extract_lambda_ref_from_integration_uri(uri)
        _data, config, _name = lambda_svc._get_func_record_for_ref_in_scope(
            reference, account_id=ACCOUNT, region=door.region
        )
        variables = ((config or {}).get("Environment") or {}).get("Variables") or {}
        if variables.get(ALLOW):
            return str(variables[ALLOW])
    return ""
