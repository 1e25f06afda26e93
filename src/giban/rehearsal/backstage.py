"""Paths behind the guard that giban's own processes use among themselves: `/_giban/…`, on moto and on ministack."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from giban.rehearsal import aws_events, visits
from giban.rehearsal.frames import DOORS_PATH, EVENTS_PATH, MACHINES_PATH, VISIT_PATH, pack, unpack
from giban.rehearsal.guard import AsgiApp, Receive, Scope, Send

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_machines(application: Application, lock: Lock) -> Application:
    """moto's WSGI application, which says at `MACHINES_PATH` what instances want a stand-in host."""
    from giban.rehearsal.instance_states import machines

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != MACHINES_PATH:
            return application(environ, start_response)
        with lock:
            body = json.dumps(machines()).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def with_visits_and_events(application: AsgiApp) -> AsgiApp:
    """ministack's ASGI application, which takes visitors of the edge and AWS's own events too."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path == DOORS_PATH:
            doors = {"apis": visits.domains(), "addresses": visits.addresses()}
            await _send(send, 200, json.dumps(doors).encode())
        elif path == EVENTS_PATH:
            aws_events.deliver(json.loads(await _read(receive)))
            await _send(send, 200, b"{}")
        elif path == VISIT_PATH:
            await _visit(receive, send)
        else:
            await application(scope, receive, send)

    return answer


async def _visit(receive: Receive, send: Send) -> None:
    head, body = unpack(await _read(receive))
    try:
        answer = await visits.answer(head, body)
    except Exception:
        # Whatever the emulator stumbles over, a visitor gets what API Gateway says then, and the log the reason.
        traceback.print_exc(file=sys.stderr)
        answer = (500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}')
    if answer is None:
        found = {"domains": visits.domains(), "address": visits.addresses().get(head["domain"])}
        await _send(send, 404, pack(found))
        return
    status, headers, content = answer
    await _send(send, 200, pack({"status": status, "headers": headers}, content or b""))


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, status: int, body: bytes) -> None:
    fields = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
