"""What messages are sent to in tests: a real HTTP server on loopback that answers like the services do, or badly, as it is told.

with serving() as receiver:
    receiver.plans["hooks.slack.com"] = [answered(500), HANG]     # the next two requests; then it works
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """What is answered; `after`: seconds before that, in which a sender may lose patience."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = {}
    after: float = 0.0
    takes: bool = True
    """Whether the message counts as accepted."""


class Received(msgspec.Struct, frozen=True):
    """A request as it arrived."""

    host: str
    path: str
    headers: dict[str, str]
    body: bytes
    answer: Answer

    def json(self) -> Any:
        """Its JSON body."""
        return json.loads(self.body)


def answered(status: int, body: bytes = b"", **headers: str) -> Answer:
    """A refusal."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, named, takes=200 <= status < 300)


HANG = Answer(after=3.0, takes=False)
"""Takes the request, answers when nobody listens any more, and has forgotten it."""
ACCEPT_AND_HANG = Answer(after=3.0)
"""The same, but the message counts."""


class Receiver:
    """All services at once; the first part of the path is the host."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.plans: dict[str, list[Answer]] = defaultdict(list)
        self.rule: Callable[[str, str, bytes], Answer | None] = lambda host, path, body: None
        self.lock = threading.Lock()
        self.numbers = 0
        self.closing = threading.Event()

    def to(self, host: str, *, path: str = "") -> list[Received]:
        """What a host accepted."""
        with self.lock:
            return [one for one in self.received if one.host == host and path in one.path and one.answer.takes]

    def tried(self, host: str) -> list[Received]:
        """What was sent to a host, accepted or not."""
        with self.lock:
            return [one for one in self.received if one.host == host]

    def take(self, host: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Decide, and remember."""
        with self.lock:
            self.numbers += 1
            number = self.numbers
            planned = self.plans[host].pop(0) if self.plans[host] else None
            answer = planned or self.rule(host, path, body) or usual(host, path, number, self.url)
            self.received.append(Received(host, path, headers, body, answer))
        return answer


def usual(host: str, path: str, number: int, base: str) -> Answer:
    """What the service answers when all is well."""
    document: Any = None
    if host == "slack.com":
        document = {"ok": True, "ts": f"1700000000.{number:06}", "channel": "C0123"}
        if path.endswith("getUploadURLExternal"):
            document = {"ok": True, "upload_url": "https://files.slack.com/upload/v1/x", "file_id": f"F{number}"}
    elif host == "events.pagerduty.com":
        return Answer(202, json.dumps({"status": "success", "dedup_key": "x"}).encode())
    elif host == "api.telegram.org":
        document = {"ok": True, "result": {"message_id": number}}
    elif host == "discord.com":
        document = {"id": str(number)}
    return Answer() if document is None else Answer(body=json.dumps(document).encode())


@contextmanager
def serving() -> Iterator[Receiver]:
    """Serve until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            host, _, rest = self.path[1:].partition("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(host, f"/{rest}", headers, body)
            if answer.after:
                receiver.closing.wait(answer.after)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:
            """The list of requests is the log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wait_for(condition: Callable[[], bool]) -> None:
    """A minute is plenty on any machine."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)
