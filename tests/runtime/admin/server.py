"""The admin function behind a small HTTP server on loopback: what API Gateway is on AWS. For tests that need real HTTP.

    with serve(world) as base: …      # http://127.0.0.1:PORT

The visitor's address is always one of the allow list; API Gateway takes it from the connection.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from giban.runtime.admin.handler import answer
from giban.runtime.admin.world import World

from .stage import INSIDE


def event_of(request: BaseHTTPRequestHandler, body: bytes, address: str) -> dict[str, Any]:
    """The event API Gateway makes of a request: headers of one name joined, cookies apart, anything but text in base64."""
    parts = urlsplit(request.path)
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers.items():
        if name.lower() == "cookie":
            cookies += [one.strip() for one in value.split(";")]
        else:
            lower = name.lower()
            headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
    path = unquote(parts.path)
    made: dict[str, Any] = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": parts.query, "headers": headers,
        "requestContext": {
            "domainName": headers.get("host", "").partition(":")[0], "stage": "$default",
            "http": {"method": request.command, "path": path, "protocol": "HTTP/1.1", "sourceIp": address},
        },
        "isBase64Encoded": False,
    }  # fmt: skip
    if cookies:
        made["cookies"] = cookies
    if body:
        kind = headers.get("content-type", "")
        if kind.startswith(("application/json", "text/")):
            made["body"] = body.decode("utf-8", "replace")
        if made.get("body", "").encode() != body:
            made |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return made


@contextmanager
def serve(world: World, port: int = 0, address: Callable[[], str] = lambda: INSIDE) -> Iterator[str]:
    """Serve until the block ends; yields the base URL. `address` tells who the visitor is."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Any:
            # BaseHTTPRequestHandler looks for do_<METHOD>: any method goes to the function.
            if name.startswith("do_"):
                return self.pass_on
            raise AttributeError(name)

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            made = answer(world, event_of(self, body, address()))
            text = base64.b64decode(made["body"]) if made["isBase64Encoded"] else made["body"].encode()
            self.send_response(made["statusCode"])
            for name, value in made["headers"].items():
                self.send_header(name, value)
            for cookie in made.get("cookies", []):
                self.send_header("set-cookie", cookie)
            if made["statusCode"] not in (204, 304):
                self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: Any) -> None:
            """The function logs each request itself."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
