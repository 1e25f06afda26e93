"""Who may talk to an emulator: wrappers that refuse every request but those of this machine's own tools.

An emulator takes unsigned requests from anyone who reaches its port. Loopback keeps other machines out, but not web
pages: a browser on this machine sends requests wherever a page tells it to, and a name that resolves to 127.0.0.1
(DNS rebinding) makes the page look like the same origin. Other users of the machine reach loopback too. Hence:

- `Host` must be this port on loopback, by number or `localhost`: a rebound name is refused.
- Any `Origin`, and any `Sec-Fetch-Site` but `none` and `same-origin`, is a web page's request: refused.
- The run's token must come along, where every AWS client puts its session token: header or query
  `X-Amz-Security-Token`. It is a random secret of the start, in a file only this user can read.
- No `Access-Control-*` header leaves, so no page could read an answer.

`HEALTH_PATH` answers "ok" without the token and says nothing else.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEALTH_PATH = "/_giban/health"
_TOKEN_HEADER = "x-amz-security-token"  # noqa: S105 - the header's name, not a secret
_PAGE_FREE_SITES = frozenset({"none", "same-origin"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """The rule itself, the same for both kinds of server. `port` is the one bound, `token` the run's secret."""

    def __init__(self, port: int, token: str) -> None:
        if not token:
            raise ValueError("a guard without a token would let everybody in")
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self._token = token.encode()

    def refusal(self, path: str, query: str, headers: Iterable[tuple[str, str]]) -> str | None:
        """Why a request may not pass, a sentence for its sender; None when it may. Header names in any case."""
        values: dict[str, list[str]] = {}
        for name, value in headers:
            values.setdefault(name.lower(), []).append(value)
        hosts = values.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return "Refused: this emulator answers only to its own address on loopback."
        if "origin" in values:
            return "Refused: requests of web pages (with an Origin) are not answered."
        if any(site.lower() not in _PAGE_FREE_SITES for site in values.get("sec-fetch-site", [])):
            return "Refused: requests of web pages (cross-site) are not answered."
        if path == HEALTH_PATH:
            return None
        given = values.get(_TOKEN_HEADER, [])
        given += [value for name, value in parse_qsl(query) if name.lower() == _TOKEN_HEADER]
        if len(given) != 1:
            return "Refused: the token of this rehearsal is missing (the session token of its credentials)."
        if not hmac.compare_digest(given[0].encode(), self._token):
            return "Refused: this is not the token of this rehearsal; it was started anew, or is another one."
        return None


def _leaves(name: str) -> bool:
    return not name.lower().startswith("access-control-")


def guard_wsgi(application: WSGIApplication, guard: Guard) -> WSGIApplication:
    """The WSGI application behind the guard."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = [(key[5:].replace("_", "-"), str(value)) for key, value in environ.items() if key.startswith("HTTP_")]
        path = environ.get("PATH_INFO", "")
        reason = guard.refusal(path, environ.get("QUERY_STRING", ""), headers)
        if reason is not None or path == HEALTH_PATH:
            body = (reason or "ok").encode()
            status = "403 Forbidden" if reason else "200 OK"
            start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
            return [body]

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [pair for pair in headers if _leaves(pair[0])], exc_info)

        return application(environ, start)

    return guarded


def guard_asgi(application: AsgiApp, guard: Guard) -> AsgiApp:
    """The ASGI application behind the guard; its web sockets are guarded like its requests."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        path = scope["path"]
        reason = guard.refusal(path, scope.get("query_string", b"").decode("latin-1"), headers)
        if reason is None and path != HEALTH_PATH:
            await application(scope, receive, _without_cors(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason or "ok"})
        else:
            body = (reason or "ok").encode()
            fields = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 403 if reason else 200, "headers": fields})
            await send({"type": "http.response.body", "body": body})

    return guarded


def _without_cors(send: Send) -> Send:
    async def stripped(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            fields = [pair for pair in message.get("headers", []) if _leaves(pair[0].decode("latin-1"))]
            message = {**message, "headers": fields}
        await send(message)

    return stripped
