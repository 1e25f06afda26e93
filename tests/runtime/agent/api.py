"""An admin API that behaves: checks signatures as the real one does, refuses replays, and answers what a test scripts."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import Any

from giban.runtime.admin.reports import checked
from giban.runtime.admin.signature import Signed, is_right, is_timely

KEY = bytes.fromhex("ab" * 32)
ANSWER = {
    "decision": {"action": "stay", "reason": "ssh"},
    "reservation": None,
    "password_version": 0,
    "max_uptime": 259200,
}


class Api:
    """`script`: answers for the next requests, (status, headers, body); afterwards every good report is taken.

    `clock_ahead`: seconds by which this server's clock is ahead of the host's.
    """

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.requests: list[tuple[float, dict[str, str], bytes]] = []
        self.script: list[tuple[int, dict[str, str], bytes]] = []
        self.answer: dict[str, Any] = dict(ANSWER)
        self.clock_ahead = 0.0
        self.nonces: set[str] = set()
        self.healthy = True
        self.arrived = threading.Condition()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, answer = api.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                self.send(status, headers, answer)

            def do_GET(self) -> None:
                self.send(200 if api.healthy and self.path == "/healthz" else 503, {}, b'{"status":"alive"}')

            def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answer one report."""
        with self.arrived:
            self.requests.append((time.monotonic(), headers, body))
            found = self.script.pop(0) if self.script else self.judge(path, headers, body)
            self.arrived.notify_all()
            return found

    def judge(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What the real API would say."""
        signed = Signed.of(headers)
        if path != "/service/status" or signed is None:
            return problem(400, "bad")
        if not is_right(KEY, signed, "POST", path, body, headers["x-giban-time"]):
            return problem(401, "signature")
        now = time.time() + self.clock_ahead
        if not is_timely(signed, now):
            return problem(
                401, "clock", now=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)), server_time=int(now)
            )
        if signed.nonce in self.nonces:
            return problem(409, "replay")
        self.nonces.add(signed.nonce)
        self.reports.append(json.loads(body))
        checked(self.reports[-1])
        return 200, {"Content-Type": "application/json"}, json.dumps(self.answer).encode()

    def wait(self, count: int) -> None:
        """Until so many reports were taken in all."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.reports) >= count, 30), f"{len(self.reports)} reports came"

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def problem(status: int, kind: str, **more: object) -> tuple[int, dict[str, str], bytes]:
    """An error as the API words it."""
    document = {"type": f"/problems/{kind}", "title": kind, "status": status, "detail": f"It is {kind}.", **more}
    return status, {"Content-Type": "application/problem+json"}, json.dumps(document).encode()
