"""Paths behind the guard that giban's own processes use among themselves: `/_giban/…`, on moto and on ministack."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from giban.rehearsal import aws_events, notices, routers, telemetry, visits
from giban.rehearsal.frames import (
    DOORS_PATH,
    EVENTS_PATH,
    INTERRUPT_PATH,
    MACHINES_PATH,
    NOTICES_PATH,
    ROUTERS_PATH,
    TELEMETRY_PATH,
    VISIT_PATH,
    pack,
    unpack,
)
from giban.rehearsal.guard import AsgiApp, Receive, Scope, Send

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_machines(application: Application, lock: Lock, interrupt: Callable[[str], bool]) -> Application:
    """moto's WSGI application, which says at `MACHINES_PATH` what instances want a stand-in host, and interrupts instances."""
    from giban.rehearsal.instance_states import machines

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path not in (MACHINES_PATH, INTERRUPT_PATH):
            return application(environ, start_response)
        size = int(environ.get("CONTENT_LENGTH") or 0)
        sent = environ["wsgi.input"].read(size) if size else b""
        with lock:
            found = machines() if path == MACHINES_PATH else interrupt(sent.decode("ascii", "replace").strip())
        body = json.dumps(found).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def with_visits_and_events(application: AsgiApp, clock: Callable[[], float]) -> AsgiApp:
    """ministack's ASGI application, which takes visitors of the edge and AWS's own events too."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path == DOORS_PATH:
            doors = {"apis": visits.domains(), "addresses": visits.addresses()}
            await _send(send, 200, json.dumps(doors).encode())
        elif path == EVENTS_PATH:
            aws_events.deliver(json.loads(await _read(receive)))
            await _send(send, 200, b"{}")
        elif path == NOTICES_PATH:
            notices.deliver(json.loads(await _read(receive)))
            await _send(send, 200, b"{}")
        elif path == TELEMETRY_PATH:
            await _send(send, 200, json.dumps(telemetry.drain(clock)).encode())
        elif path == ROUTERS_PATH:
            await _send(send, 200, json.dumps(routers.found()).encode())
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
