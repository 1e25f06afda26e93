"""Query logging of Route 53, which ministack 1.5.33 does not have: create, get, list and delete a configuration.

It records what was asked for, as the rest of the emulator does; no query is logged, because none is answered.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateQueryLoggingConfig.html
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring

Response = tuple[int, dict[str, str], bytes]

_PATH = re.compile(r"^/2013-04-01/queryloggingconfig(?:/([\w-]+))?$")


def add_to_route53() -> None:
    """Answer the paths of query logging before ministack's own router says that it does not know them."""
    from ministack.core.responses import AccountScopedDict
    from ministack.services import route53

    configurations = AccountScopedDict()
    handle = route53.handle_request
    empty = route53.reset

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        found = _PATH.match(path)
        if found is None:
            return await handle(method, path, headers, body, query)
        return _answer(route53, configurations, method, found[1], body)

    def reset() -> None:
        empty()
        configurations.clear()

    route53.handle_request = handle_request
    route53.reset = reset


def _answer(route53: Any, configurations: Any, method: str, id_: str | None, body: bytes) -> Response:
    if id_ is None and method == "POST":
        return _create(route53, configurations, body)
    if id_ is None:

        def listed(root: Element) -> None:
            parent = SubElement(root, "QueryLoggingConfigs")
            for item in configurations.values():
                _write(parent, item)

        return _reply(route53, "ListQueryLoggingConfigsResponse", listed)
    if id_ not in configurations:
        return _reply_error(route53, "NoSuchQueryLoggingConfig", f"There is no configuration {id_}.", 404)
    if method == "DELETE":
        del configurations[id_]
        return _reply(route53, "DeleteQueryLoggingConfigResponse", lambda _root: None)
    return _reply(route53, "GetQueryLoggingConfigResponse", lambda root: _write(root, configurations[id_]))


def _create(route53: Any, configurations: Any, body: bytes) -> Response:
    asked = {element.tag.rsplit("}", 1)[-1]: (element.text or "").strip() for element in fromstring(body)}  # noqa: S314
    zone = asked.get("HostedZoneId", "").removeprefix("/hostedzone/")
    if zone not in route53._zones:
        return _reply_error(route53, "NoSuchHostedZone", f"There is no hosted zone {zone}.", 404)
    if any(item["HostedZoneId"] == zone for item in configurations.values()):
        what = f"Hosted zone {zone} has a configuration already."
        return _reply_error(route53, "QueryLoggingConfigAlreadyExists", what, 409)
    made = {
        "Id": str(uuid.uuid4()),
        "HostedZoneId": zone,
        "CloudWatchLogsLogGroupArn": asked.get("CloudWatchLogsLogGroupArn", ""),
    }
    configurations[made["Id"]] = made
    status, headers, text = _reply(
        route53, "CreateQueryLoggingConfigResponse", lambda root: _write(root, made), status=201
    )
    location = f"https://route53.amazonaws.com/2013-04-01/queryloggingconfig/{made['Id']}"
    return status, {**headers, "Location": location}, text


def _write(parent: Element, item: dict[str, str]) -> None:
    element = SubElement(parent, "QueryLoggingConfig")
    for key, value in item.items():
        SubElement(element, key).text = value


def _reply(route53: Any, root: str, build: Any, status: int = 200) -> Response:
    made: Response = route53._xml_response(root, build, status)
    return made


def _reply_error(route53: Any, code: str, message: str, status: int) -> Response:
    made: Response = route53._error_response(code, message, status)
    return made
