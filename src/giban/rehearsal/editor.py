"""Stands in for code-server on a stand-in host: answers `/healthz` as it does, and has no editor to show."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_PAGE = """<!doctype html><meta charset="utf-8"><title>Rehearsed workstation</title>
<body style="font: 1.1rem/1.6 system-ui; max-width: 34rem; margin: 20vh auto; padding: 0 1rem">
<h1>Here the editor would open</h1>
<p>The workstation is rehearsed: no machine has booted, so there is no code-server. On AWS this address shows its login.</p>
"""


class Editor:
    """An HTTP server on loopback, closed until the machine has booted."""

    def __init__(self) -> None:
        self.port = 0
        """0 while it is closed."""
        self._server: ThreadingHTTPServer | None = None

    def open(self) -> None:
        """Answer from now on; nothing when it does already."""
        if self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
            self._server.daemon_threads = True
            self.port = self._server.server_port
            Thread(target=self._server.serve_forever, name="editor", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server, self.port = None, 0


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        """`/healthz` as https://coder.com/docs/code-server/FAQ#what-is-the-healthz-endpoint says; else a page."""
        if self.path == "/healthz":
            kind, text = "application/json", json.dumps({"status": "alive", "lastHeartbeat": int(time.time() * 1000)})
        else:
            kind, text = "text/html; charset=utf-8", _PAGE
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """No line per request."""
