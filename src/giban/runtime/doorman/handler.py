"""The doorman's function: a Lambda authorizer with simple answers, in payload format 2.0.

The address is the one API Gateway saw, not what a header says
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
"""

from __future__ import annotations

from os import environ

from ..common.addresses import allowed, networks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_allow = networks(environ.get("GIBAN_ALLOW", ""))
"""Read once: a list that cannot be understood lets nobody in, because the function does not start."""


def handle(event: dict[str, Any], _context: object) -> dict[str, bool]:
    """Whether the caller's address is on the list. What is no such event is refused."""
    try:
        address = event["requestContext"]["http"]["sourceIp"]
    except (KeyError, TypeError):
        return {"isAuthorized": False}
    return {"isAuthorized": isinstance(address, str) and allowed(address, _allow)}
