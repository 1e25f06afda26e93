"""The entry of Lambda: one event in, one answer out. The order in which a request is judged is in this package's docstring."""

from __future__ import annotations

import json
import os

from ..common import clock
from . import access, origins
from .http import Answer, Problem, operator_request_of, read, request_of
from .routes import HOST, OPEN, Found
from .world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .http import Request

BUSY = (
    "InternalError", "InternalFailure", "InternalServerError", "InternalServiceError", "LimitExceededException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ServiceUnavailable", "Throttling",
    "ThrottlingException", "Unavailable",
)  # fmt: skip
"""Codes of AWS that go away by themselves."""

_worlds: list[World] = []


def handle(event: Any, _context: object = None) -> dict[str, Any]:
    """Lambda's entry. Events of API Gateway are answered as it takes them, operators with {"status", "body"}."""
    if not _worlds:
        from ..common.aws import client

        _worlds.append(World(os.environ, client, clock.now, os.urandom))
    return answer(_worlds[0], event)


def answer(world: World, event: Any) -> dict[str, Any]:
    """The answer to one event. Never raises for what the event holds."""
    began = world.now()
    if isinstance(event, dict) and "operator" in event and "requestContext" not in event:
        return _operator(world, event, began)
    request = request_of(event)
    found = _safely(lambda: _judged(world, request, event if isinstance(event, dict) else {}))
    if found.status == 401 and request.navigates and request.method == "GET":
        # Somebody came by a bookmark: the page knows how to pair.
        found = Answer(303, headers={"location": "/"}, cookies=found.cookies)
    _log(request, found.status, began, world.now())
    return found.event(head=request.method == "HEAD")


def _judged(world: World, request: Request, event: Mapping[str, Any]) -> Answer:
    now = world.now()
    found = Found(request)
    if found.who == HOST:
        caller = access.host(world, request, event, now)
        return found.for_caller(caller)(world, caller, request, found.parameters)
    access.check_address(world, request)
    if found.acts:
        origins.check(request)
    caller = access.visitor(world, request, now) if found.who == OPEN else access.device(world, request, now)
    function = found.for_caller(caller)
    read(request, event)
    made = function(world, caller, request, found.parameters)
    if caller.fresh_cookie and not made.cookies:
        made.cookies.append(caller.fresh_cookie)
    return made


def _operator(world: World, event: Mapping[str, Any], began: float) -> dict[str, Any]:
    requests: list[Request] = []

    def judged() -> Answer:
        request = operator_request_of(event)
        requests.append(request)
        found, caller = Found(request), access.operator(request)
        return found.for_caller(caller)(world, caller, request, found.parameters)

    made = _safely(judged)
    if requests:
        _log(requests[0], made.status, began, world.now())
    body = json.loads(made.body) if isinstance(made.body, bytes) else made.body
    return {"status": made.status, "body": body}


def _safely(work: Any) -> Answer:
    """What a piece of work answers, or why not. A fault of ours is told in the log, not to the caller."""
    from ..common.aws import code_of
    from ..common.store import Clash

    try:
        made: Answer = work()
        return made
    except Problem as problem:
        return problem.answer()
    except Exception as error:
        if isinstance(error, Clash) or code_of(error) in BUSY:
            found = Problem(503, "busy", "Too much at once; try again in a moment.", headers={"retry-after": "2"})
            return found.answer()
        import traceback

        # Only where it happened: the text of an error can hold what was sent.
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        print(json.dumps({"fault": type(error).__name__, "code": code_of(error), "where": where}))
        return Problem(500, "fault", "This API failed; its log tells where. Nothing is lost; try again.").answer()


def _log(request: Request, status: int, began: float, ended: float) -> None:
    """One line per request, without query, cookies or body."""
    line = {
        "method": request.method[:8],
        "path": request.path[:128],
        "status": status,
        "ms": round((ended - began) * 1000),
    }
    print(json.dumps(line | {"who": "operator"} if request.operator else line))
