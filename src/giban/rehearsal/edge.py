"""The way in: one HTTP server on loopback that plays name server, TLS and API Gateway's front for the blueprint's names.

`https://dev-admin.scv.example.com` of the blueprint is `http://dev-admin.scv.example.com.localhost:PORT` here (`addresses`). A
name is found as on AWS, by the API's custom domain, or else by the address in the hosted zone, which leads to a stand-in host.

What code behind it sees is what it would see on AWS: the blueprint's name, `https`, and a visitor's address. From 127.0.0.1
that is the first address the function lets in; from any other (127.0.0.2 …) it is that address, an outsider's.

Anybody on this machine may knock here, like anybody on the internet there. Hence no token is needed and none is ever handed on;
what a page of another site or a rebound name may do is for the code behind it to refuse, but for `Host`, which has to be known.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from giban.rehearsal.addresses import SUFFIX, local_url
from giban.rehearsal.frames import DOORS_PATH, VISIT_PATH, pack, unpack
from giban.rehearsal.guard import HEALTH_PATH

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a request. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
HEADER_LIMIT = 10_240
"""Bytes of request line and headers together. Same page."""
ANSWER_LIMIT = 30.0
"""Seconds an API may take. Same page."""
_IDLE = 60
"""Seconds a connection may stay open without a request."""
_OF_ONE_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""

LeadsTo = Callable[[str], int]
"""The port on loopback at which the machine with an address answers, 0 when none does."""


class Backend:
    """ministack, as the edge talks to it."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token

    def visit(self, head: dict[str, Any], body: bytes) -> tuple[bool, dict[str, Any], bytes]:
        """(whether the name leads to an API, the head of the answer, its body). Raises OSError, http.client.HTTPException."""
        status, content = self._ask("POST", VISIT_PATH, pack(head, body))
        if status not in (200, 404):
            raise http.client.HTTPException(f"ministack answered {status}")
        try:
            return status == 200, *unpack(content)
        except ValueError as error:
            raise http.client.HTTPException(f"ministack answered {error}") from error

    def domains(self) -> list[str]:
        """Names that lead to an API. Raises OSError, http.client.HTTPException."""
        status, content = self._ask("GET", DOORS_PATH, b"")
        if status != 200:
            raise http.client.HTTPException(f"ministack answered {status}")
        found: list[str] = json.loads(content)["apis"]
        return found

    def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_LIMIT)
        try:
            connection.request(method, path, body, {"X-Amz-Security-Token": self._token})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Edge:
    """Serves visitors. `listener` is bound and listening; `leads_to` finds the machines behind addresses."""

    def __init__(self, listener: socket.socket, backend: Backend, leads_to: LeadsTo = lambda _address: 0) -> None:
        self.port: int = listener.getsockname()[1]
        self.backend = backend
        self.leads_to = leads_to
        self._serve(listener, None)

    def way_out(self, address: str) -> tuple[int, Callable[[], None]]:
        """(a further port, how to close it) whose visitors count as coming from an address: a stand-in host's way out."""
        listener = socket.create_server(("127.0.0.1", 0))
        server = self._serve(listener, address)

        def close() -> None:
            server.shutdown()
            server.server_close()

        return listener.getsockname()[1], close

    def _serve(self, listener: socket.socket, source: str | None) -> ThreadingHTTPServer:
        edge = self

        class Handler(_Visitor):
            """A visitor of this edge."""

            def __init__(self, *args: Any) -> None:
                self.edge = edge
                self.counts_as = source
                super().__init__(*args)

        server = _Server(listener.getsockname(), Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        Thread(target=server.serve_forever, name="edge", daemon=True).start()
        return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A visitor that goes away in the middle is nobody's error."""
        import sys
        import traceback

        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            traceback.print_exc(file=sys.stderr)


class _Refused(Exception):  # noqa: N818 - an answer, not an error
    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.body = json.dumps({"message": message}).encode()
        super().__init__(message)


class _Visitor(BaseHTTPRequestHandler):
    """One connection of a visitor's."""

    edge: Edge
    counts_as: str | None
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    wbufsize = -1
    disable_nagle_algorithm = True

    def _any(self) -> None:
        try:
            self._answer()
        except _Refused as refused:
            # What is left of the request cannot be told from the next one.
            self.close_connection = True
            self._reply(refused.status, {"content-type": "application/json"}, refused.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any  # noqa: N815 - names of the base class

    def log_message(self, *_args: Any) -> None:
        """No line per request: paths may hold what is nobody's business."""

    def _answer(self) -> None:
        domain = self._domain()
        headers = self._headers()
        path, _, query = self.path.partition("?")
        if not path.startswith("/"):
            raise _Refused(400, "Bad Request")
        body = self._body()
        if domain is None:
            self._at_no_name(path)
            return
        head = {
            "domain": domain,
            "method": self.command,
            "path": path,
            "query": query,
            "headers": _seen_from_outside(headers, domain, self.edge.port),
            "source": self.counts_as or self.client_address[0],
        }
        try:
            there, found, content = self.edge.backend.visit(head, body)
        except TimeoutError:
            raise _Refused(504, "Endpoint request timed out") from None
        except (OSError, http.client.HTTPException):
            raise _Refused(502, "The rehearsal's emulators do not answer; giban rehearsal status says why") from None
        if there:
            self._reply(found["status"], _back_inside(found["headers"], domain, self.edge.port), content)
        elif found["address"]:
            self._pass_on(found["address"], headers, body)
        else:
            self._misdirected(found["domains"])

    def _domain(self) -> str | None:
        """The blueprint's name the request is for; None when it is for this machine itself."""
        hosts = self.headers.get_all("host", [])
        name, _, port = hosts[0].lower().rpartition(":") if len(hosts) == 1 else ("", "", "")
        own = {str(self.edge.port), str(self.connection.getsockname()[1])}
        if port in own and name in ("127.0.0.1", "localhost"):
            return None
        if port not in own or not name.endswith(SUFFIX):
            # Said to whatever page has a name that leads here: nothing.
            raise _Refused(421, "Misdirected Request")
        return name.removesuffix(SUFFIX)

    def _headers(self) -> dict[str, str]:
        """Lower case, of several hops' concern only; repeated ones joined, as API Gateway does."""
        found: dict[str, str] = {}
        named = {part.strip().lower() for part in self.headers.get("connection", "").split(",")}
        size = len(self.requestline)
        for name, value in self.headers.items():
            key = name.lower()
            size += len(name) + len(value) + 4
            if key not in _OF_ONE_HOP and key not in named:
                joint = "; " if key == "cookie" else ","
                found[key] = f"{found[key]}{joint}{value}" if key in found else value
        if size > HEADER_LIMIT:
            raise _Refused(431, "Request Header Fields Too Large")
        return found

    def _body(self) -> bytes:
        lengths = self.headers.get_all("content-length", [])
        if "transfer-encoding" in self.headers:
            raise _Refused(411, "Length Required")
        if not lengths:
            return b""
        if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise _Refused(400, "Bad Request")
        if int(lengths[0]) > BODY_LIMIT:
            # Read on for a while: whoever is still sending would not see the answer.
            for _ in range(min(int(lengths[0]), 4 * BODY_LIMIT) // 65536):
                self.rfile.read(65536)
            raise _Refused(413, "Request Entity Too Large")
        body = self.rfile.read(int(lengths[0]))
        if len(body) < int(lengths[0]):
            raise _Refused(400, "Bad Request")
        return body

    def _at_no_name(self, path: str) -> None:
        if path == HEALTH_PATH:
            self._reply(200, {"content-type": "text/plain"}, b"ok")
            return
        try:
            self._misdirected(self.edge.backend.domains())
        except (OSError, http.client.HTTPException):
            raise _Refused(502, "The rehearsal's emulators do not answer; giban rehearsal status says why") from None

    def _misdirected(self, domains: list[str]) -> None:
        links = "".join(f"  https://{domain} is {local_url(domain, self.edge.port)}\n" for domain in domains)
        text = f"Nothing of the blueprint's has this name.\n{links or '  There are no names yet: giban up'}"
        self._reply(421, {"content-type": "text/plain; charset=utf-8"}, text.encode())

    def _pass_on(self, address: str, headers: dict[str, str], body: bytes) -> None:
        """To the machine that has the address."""
        port = self.edge.leads_to(address)
        if not port:
            raise _Refused(504, f"No machine answers at {address}; it may be stopped")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_LIMIT)
        try:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP}
            self._reply(answer.status, kept, answer.read())
        except (OSError, http.client.HTTPException):
            raise _Refused(504, f"The machine at {address} does not answer") from None
        finally:
            connection.close()

    def _reply(self, status: int, headers: dict[str, Any], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _OF_ONE_HOP and name.lower() != "content-length":
                for one in value if isinstance(value, list) else [value]:
                    self.send_header(name, _one_line(one))
        if status >= 200 and status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)
        self.wfile.flush()


def _one_line(value: Any) -> str:
    """A header's value without line breaks: what a function returns must not add headers or answers of its own."""
    return str(value).replace("\r", " ").replace("\n", " ")


def _seen_from_outside(headers: dict[str, str], domain: str, port: int) -> dict[str, str]:
    """The visitor's headers with addresses of this edge as they would be on AWS."""
    here, there = local_url(domain, port), f"https://{domain}"
    changed = dict(headers)
    for name in ("origin", "referer"):
        value = headers.get(name, "")
        if value == here or value.startswith(f"{here}/"):
            changed[name] = there + value.removeprefix(here)
    return changed


def _back_inside(headers: dict[str, Any], domain: str, port: int) -> dict[str, Any]:
    """The answer's headers with addresses of the blueprint's name as they are here."""
    return {
        name: local_url(domain, port) + value.removeprefix(f"https://{domain}")
        if name.lower() == "location" and isinstance(value, str) and urlsplit(value)[:2] == ("https", domain)
        else value
        for name, value in headers.items()
    }
