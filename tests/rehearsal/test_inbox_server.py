"""The inbox over HTTP: who is let in, faults, the page, buttons."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from giban.rehearsal.errors import EmulatorFailed
from giban.rehearsal.inbox import Inbox
from giban.rehearsal.inbox_actions import Buttons, name_of
from giban.rehearsal.inbox_reading import InboxReader
from giban.rehearsal.inbox_server import BODY_LIMIT, InboxServer

NOW = 1_795_262_400.0


def pressed(message: dict[str, Any], action: dict[str, Any]) -> str:
    if action["value"] == "nobody":
        raise ConnectionRefusedError("no")
    return f"{action['value']} of {message['title']}"


@pytest.fixture
def server(tmp_path: Path) -> InboxServer:
    listener = socket.create_server(("127.0.0.1", 0))
    (tmp_path / "inbox.port").write_text(str(listener.getsockname()[1]))
    return InboxServer(listener, Inbox(str(tmp_path), lambda: NOW), pressed, edge_port=8080)


def ask(
    server: InboxServer, method: str, path: str, document: Any = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = None if document is None else json.dumps(document)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
        kind = answer.getheader("Content-Type") or ""
        return answer.status, json.loads(content) if "json" in kind else content, dict(answer.getheaders())
    finally:
        connection.close()


def test_what_a_function_sends_is_there(server: InboxServer, tmp_path: Path) -> None:
    assert ask(server, "POST", "/hooks.slack.com/services/rehearsal/team", {"text": "P1 hello"})[:2] == (200, b"ok")
    reader = InboxReader(str(tmp_path))
    assert [message["title"] for message in reader.read()] == ["P1 hello"]
    assert reader.read() == []
    assert reader.url == f"http://127.0.0.1:{server.port}/"
    reader.clear()
    assert InboxReader(str(tmp_path)).read() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/inbox.json"),
        ("POST", "/act"),
        ("POST", "/hooks.slack.com/x"),
        ("PUT", "/faults"),
        ("DELETE", "/inbox"),
    ],
)
def test_pages_of_other_sites_are_refused(server: InboxServer, method: str, path: str, headers: dict[str, str]) -> None:
    server.inbox.add({"title": "kept"})
    status, said, _headers = ask(server, method, path, {"text": "x"} if method in ("POST", "PUT") else None, **headers)
    assert (status, said["message"].startswith("Refused")) == (403, True)
    assert [message["title"] for message in server.inbox.messages()] == ["kept"]
    assert server.inbox.faults() == []


def test_its_own_page_is_let_in(server: InboxServer) -> None:
    own = f"http://127.0.0.1:{server.port}"
    assert ask(server, "DELETE", "/inbox", Origin=own, Sec_Fetch_Site="same-origin")[0] == 200
    assert ask(server, "GET", "/", Sec_Fetch_Site="cross-site")[0] == 200, "a link in a terminal or a mail"


def test_the_page_can_load_nothing_from_elsewhere(server: InboxServer) -> None:
    for path, kind in (("/", "text/html"), ("/inbox.js", "text/javascript"), ("/inbox.css", "text/css")):
        status, body, headers = ask(server, "GET", path)
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, kind)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert b"http://" not in body.replace(b"http://www.w3.org", b"")
        assert b"innerHTML" not in body


@pytest.mark.parametrize(
    "path", ["/../inbox.py", "/inbox.py", "/pictures/../../inbox.jsonl", "/pictures/x", "/nothing"]
)
def test_nothing_else_is_given_out(server: InboxServer, path: str) -> None:
    assert ask(server, "GET", path)[0] == 404


def test_faults(server: InboxServer, tmp_path: Path) -> None:
    reader = InboxReader(str(tmp_path))
    reader.set_fault(host="hooks.slack.com", status=429, retry_after=2, times=1)
    status, _said, headers = ask(server, "POST", "/hooks.slack.com/services/rehearsal/team", {"text": "x"})
    assert (status, headers["Retry-After"]) == (429, "2")
    assert server.inbox.messages() == []
    reader.set_fault(status=503, accept=True, delay=0.2)
    begin = time.monotonic()
    assert ask(server, "POST", "/x.example/in", {"text": "x"})[0] == 503
    assert time.monotonic() - begin >= 0.2
    assert len(server.inbox.messages()) == 1, "taken, and then failed"
    assert ask(server, "POST", "/x.example/in", {"text": "y"})[0] == 200
    with pytest.raises(EmulatorFailed, match="a fault has"):
        reader.set_fault(shape="round")


@pytest.mark.parametrize("path", ["/faults", "/inbox", "/x"])
def test_what_is_no_fault(server: InboxServer, path: str) -> None:
    assert ask(server, "PUT", path, [1])[0] == 400


def test_a_body_that_is_too_large(server: InboxServer) -> None:
    assert ask(server, "POST", "/x.example/in", None, Content_Length=str(BODY_LIMIT + 1))[0] == 413
    assert ask(server, "POST", "/x.example/in", None, Transfer_Encoding="chunked")[0] == 413


def test_buttons(server: InboxServer, tmp_path: Path) -> None:
    server.inbox.add({"title": "it", "actions": [{"text": "Ack", "action_id": "a", "value": "v"}]})
    server.inbox.add({"title": "it", "actions": [{"text": "Ack", "action_id": "a", "value": "nobody"}]})
    assert InboxReader(str(tmp_path)).press(1) == "v of it"
    assert ask(server, "POST", "/act", {"number": 2})[0] == 502
    wrong: list[Any] = [{"number": 3}, {"number": 1, "action": 1}, {}, {"number": "x"}, []]
    for asked in wrong:
        assert ask(server, "POST", "/act", asked)[0] == 400


def test_links_that_acknowledge_lead_to_the_edge(server: InboxServer) -> None:
    links = [
        "https://alarms.scv.example.com/ack/abc",
        "http://a1b2.execute-api.localhost:4566/ack/abc",
        "https://a1b2.execute-api.ap-northeast-2.amazonaws.com/ack/abc",
        "https://console.aws.amazon.com/x",
    ]
    server.inbox.add({"title": "it", "links": [{"text": "x", "url": url} for url in links]})
    shown = ask(server, "GET", "/inbox.json")[1]["messages"][0]["links"]
    assert [link["url"] for link in shown] == [
        "http://alarms.scv.example.com.localhost:8080/ack/abc",
        "http://a1b2.execute-api.localhost:8080/ack/abc",
        "http://a1b2.execute-api.localhost:8080/ack/abc",
        "https://console.aws.amazon.com/x",
    ]


def test_without_a_rehearsal_it_says_what_to_do(tmp_path: Path) -> None:
    reader = InboxReader(str(tmp_path))
    assert reader.url == ""
    with pytest.raises(EmulatorFailed, match="giban rehearsal start"):
        reader.read()
    (tmp_path / "inbox.port").write_text("1")
    with pytest.raises(EmulatorFailed, match="giban rehearsal status"):
        reader.read()


class Slacked:
    """Stands for the edge and the function behind it: believes what Slack's key has signed."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                at = self.headers["X-Slack-Request-Timestamp"]
                right = hmac.new(b"signing", f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
                assert self.headers["X-Slack-Signature"] == f"v0={right}"
                assert at == str(int(NOW))
                assert self.path == "/slack"
                owner.seen.append((self.headers["host"], json.loads(parse_qs(body.decode())["payload"][0])))
                self.send_response(owner.status)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """No lines."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def slacked() -> Iterator[Slacked]:
    made = Slacked()
    yield made
    made.server.shutdown()
    made.server.server_close()


BOT = {"kind": "slack_bot", "channel": "C1", "signing_secret": "scv/signing", "secret": "scv/bot"}
MESSAGE = {"to": "C1", "title": "it", "ids": {"ts": "1.2", "channel": "C1"}}
ACTION = {"text": "Ack", "action_id": "giban_ack", "value": "P1/web"}


def buttons(slacked: Slacked, channels: dict[str, Any], api: str = "https://alarms.scv.example.com") -> Buttons:
    routers = [{"region": "ap-northeast-2", "api": api, "config": {"channels": channels}}]
    secrets = {("scv/signing", "ap-northeast-2"): "signing"}
    return Buttons(slacked.port, lambda: routers, lambda name, region: secrets.get((name, region)), lambda: NOW)


def test_a_button_is_what_slack_would_send(slacked: Slacked) -> None:
    assert buttons(slacked, {"bot": BOT}).press(MESSAGE, ACTION) == "acknowledged"
    host, payload = slacked.seen[0]
    assert host == f"alarms.scv.example.com.localhost:{slacked.port}"
    assert payload["type"] == "block_actions"
    assert payload["actions"][0]["action_id"] == "giban_ack"
    assert payload["actions"][0]["value"] == "P1/web"
    assert payload["container"]["message_ts"] == "1.2"
    assert payload["channel"]["id"] == "C1"
    assert payload["user"]["id"]


def test_a_button_of_an_environment_without_a_domain(slacked: Slacked) -> None:
    buttons(slacked, {"bot": BOT}, "http://a1b2.execute-api.localhost:4566").press(MESSAGE, ACTION)
    assert slacked.seen[0][0] == f"a1b2.execute-api.localhost:{slacked.port}"
    assert name_of("a1b2.execute-api.ap-northeast-2.amazonaws.com") == "a1b2.execute-api"


def test_a_button_that_nobody_takes(slacked: Slacked) -> None:
    for channels in (
        {},
        {"bot": {**BOT, "channel": "C2"}},
        {"bot": {**BOT, "signing_secret": "none"}},
        {"a": {"kind": "slack"}},
    ):
        with pytest.raises(ValueError, match="No environment here"):
            buttons(slacked, channels).press(MESSAGE, ACTION)
    slacked.status = 401
    with pytest.raises(ValueError, match="answered 401"):
        buttons(slacked, {"bot": BOT}).press(MESSAGE, ACTION)
