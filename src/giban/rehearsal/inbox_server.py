"""The inbox's HTTP server on loopback: receivers for functions, a page for people, faults for tests.

    POST /<host>/<path>   what a function sends to https://<host>/<path>            GET /            the page
    GET  /inbox.json      messages; ?after=N: those changed since change N          PUT /faults      set a fault (Inbox.set_fault)
    POST /act             {"number", "action"}: press a button of a Slack message   DELETE /inbox    forget all

Guarded like the edge, without a token: whoever is on this machine may knock. Pages of other sites may not: `Host` has to be this
port on loopback, an `Origin` the page's own, and what changes something must not come from elsewhere.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from giban.rehearsal.addresses import local_url
from giban.rehearsal.guard import HEALTH_PATH
from giban.rehearsal.inbox import Inbox, Message
from giban.rehearsal.inbox_actions import name_of
from giban.rehearsal.inbox_services import Request, receive

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a request."""
_IDLE = 60
_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inbox_page")
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/inbox.js": ("inbox.js", "text/javascript; charset=utf-8"),
    "/inbox.css": ("inbox.css", "text/css; charset=utf-8"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

Act = Callable[[Message, dict[str, Any]], str]
"""Presses a button of a message; says what came of it. Raises OSError, ValueError when nothing did."""


class InboxServer:
    """Serves from the start, until the process ends."""

    def __init__(self, listener: socket.socket, inbox: Inbox, act: Act, edge_port: int = 0) -> None:
        self.port: int = listener.getsockname()[1]
        self.inbox = inbox
        self.act = act
        self.edge_port = edge_port
        server = self

        class Handler(_Handler):
            """A request to this inbox."""

            owner = server

        http_server = _Server(listener.getsockname(), Handler, bind_and_activate=False)
        http_server.socket.close()
        http_server.socket = listener
        Thread(target=http_server.serve_forever, name="inbox", daemon=True).start()

    def shown(self, message: Message) -> Message:
        """A message with addresses that this machine's browser reaches."""
        return {**message, "links": [{**link, "url": self.local(link["url"])} for link in message["links"]]}

    def local(self, url: str) -> str:
        """Where a link of a message leads here: links that acknowledge go to the edge, all others stay."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not self.edge_port or not parts.path.startswith("/ack/"):
            return url
        return local_url(name_of(host), self.edge_port) + parts.path


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A sender that goes away in the middle is nobody's error."""
        import sys
        import traceback

        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            traceback.print_exc(file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    owner: InboxServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """The page, its files, the messages."""
        path, _, query = self.path.partition("?")
        if self._refused(page=False):
            return
        if path == HEALTH_PATH:
            self._reply(200, b"ok", "text/plain")
        elif path in _FILES:
            name, kind = _FILES[path]
            with open(os.path.join(_PAGE, name), "rb") as file:
                self._reply(200, file.read(), kind)
        elif path == "/inbox.json":
            after = parse_qs(query).get("after", ["0"])[0]
            messages = self.owner.inbox.messages(int(after) if after.isdigit() else 0)
            self._json(
                {"messages": [self.owner.shown(message) for message in messages], "faults": self.owner.inbox.faults()}
            )
        elif path == "/favicon.ico":
            self._reply(204, b"", "image/png")
        elif path.startswith("/pictures/"):
            found = self.owner.inbox.picture(path.removeprefix("/pictures/"))
            self._reply(200 if found else 404, found or b"", "image/png")
        else:
            self._json({"message": "Not Found"}, 404)

    def do_POST(self) -> None:
        """A message for somebody, or a button."""
        body = self._body()
        if body is None or self._refused(page=True):
            return
        path = urlsplit(self.path).path
        if path == "/act":
            self._act(body)
            return
        host, _, rest = path.lstrip("/").partition("/")
        self._receive(host.lower(), "/" + unquote(rest), body)

    def do_PUT(self) -> None:
        """A fault."""
        body = self._body()
        if body is None or self._refused(page=True):
            return
        try:
            found = json.loads(body)
            if self.path != "/faults" or not isinstance(found, dict):
                raise ValueError("PUT /faults takes an object.")
            self.owner.inbox.set_fault(found)
        except ValueError as error:
            self._json({"message": str(error)}, 400)
            return
        self._json({"faults": self.owner.inbox.faults()})

    def do_DELETE(self) -> None:
        """Forget all."""
        if self._refused(page=True):
            return
        if self.path == "/inbox":
            self.owner.inbox.clear()
            self._json({})
        else:
            self._json({"message": "Not Found"}, 404)

    def log_message(self, *_args: Any) -> None:
        """No line per request: paths of webhooks are secrets."""

    def _receive(self, host: str, path: str, body: bytes) -> None:
        fault = self.owner.inbox.next_fault(host)
        request = Request(
            host, path, urlsplit(self.path).query, {key.lower(): value for key, value in self.headers.items()}, body
        )
        if fault is None:
            answer = receive(self.owner.inbox, request)
            self._reply(answer.status, answer.body, answer.kind)
            return
        if fault.get("accept"):
            receive(self.owner.inbox, request)
        if fault.get("delay"):
            time.sleep(fault["delay"])
        headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
        self._reply(fault.get("status", 500), b'{"message":"a fault of the rehearsal"}', "application/json", headers)

    def _act(self, body: bytes) -> None:
        try:
            asked = json.loads(body)
            message = self.owner.inbox.get(int(asked["number"]))
            action = message["actions"][int(asked.get("action", 0))] if message else None
            if message is None or action is None:
                raise ValueError("There is no such message any more.")
            said = self.owner.act(message, action)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self._json({"message": str(error)}, 400)
        except OSError as error:
            self._json({"message": f"Nobody answered: {error}"}, 502)
        else:
            self._json({"message": said})

    def _refused(self, *, page: bool) -> bool:
        """Answers and says True when the request is a foreign page's. `page`: it would change something."""
        hosts = self.headers.get_all("host", [])
        own = {f"{name}:{self.owner.port}" for name in ("127.0.0.1", "localhost")}
        sites = [site.lower() for site in self.headers.get_all("sec-fetch-site", [])]
        allowed = (
            {"none", "same-origin"} if page or self.path != "/" else {"none", "same-origin", "same-site", "cross-site"}
        )
        origins = self.headers.get_all("origin", [])
        if (
            len(hosts) == 1
            and hosts[0].lower() in own
            and all(origin == f"http://{hosts[0].lower()}" for origin in origins)
            and all(site in allowed for site in sites)
        ):
            return False
        self.close_connection = True
        self._json({"message": "Refused: the inbox answers to this machine's own tools and to its own page."}, 403)
        return True

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_LIMIT or "transfer-encoding" in self.headers:
            self.close_connection = True
            self._json({"message": "A request has a Content-Length, of at most 10 MB."}, 413)
            return None
        return self.rfile.read(int(length))

    def _json(self, document: Any, status: int = 200) -> None:
        self._reply(status, json.dumps(document, ensure_ascii=False).encode(), "application/json")

    def _reply(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if status != 204:
            self.wfile.write(body)
        self.wfile.flush()
