"""The guard's rule by itself, and its wrappers around applications that answer everything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from giban.rehearsal.guard import HEALTH_PATH, Guard, guard_asgi, guard_wsgi

PORT = 4567
TOKEN = "s3cret"
GUARD = Guard(PORT, TOKEN)
GOOD = [("Host", f"127.0.0.1:{PORT}"), ("X-Amz-Security-Token", TOKEN)]


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}", f"[::1]:{PORT}"])
def test_this_machine_s_names_pass(host: str) -> None:
    assert GUARD.refusal("/", "", [("host", host), GOOD[1]]) is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:80",
        f"127.0.0.2:{PORT}",
        f"evil.example:{PORT}",
        f"localhost.evil.example:{PORT}",
        f"bucket.localhost:{PORT}",
        f"127.0.0.1:{PORT}@evil.example",
        f"127.0.0.1:{PORT} ",
        "",
    ],
)
def test_other_names_are_refused(host: str) -> None:
    reason = GUARD.refusal("/", "", [("host", host), GOOD[1]])
    assert reason is not None
    assert "its own address" in reason


@pytest.mark.parametrize("hosts", [[], [GOOD[0], ("host", "evil.example")], [GOOD[0], GOOD[0]]])
def test_there_is_exactly_one_host(hosts: list[tuple[str, str]]) -> None:
    assert GUARD.refusal("/", "", [*hosts, GOOD[1]]) is not None


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"http://127.0.0.1:{PORT}", ""])
def test_every_origin_is_refused(origin: str) -> None:
    reason = GUARD.refusal("/", "", [*GOOD, ("Origin", origin)])
    assert reason is not None
    assert "web pages" in reason


@pytest.mark.parametrize(
    ("site", "passes"), [("none", True), ("same-origin", True), ("cross-site", False), ("same-site", False)]
)
def test_fetches_from_other_sites_are_refused(site: str, passes: bool) -> None:
    assert (GUARD.refusal("/", "", [*GOOD, ("Sec-Fetch-Site", site)]) is None) == passes


@pytest.mark.parametrize(
    "given", [[], [("x-amz-security-token", "wrong")], [("x-amz-security-token", "")], [GOOD[1], GOOD[1]]]
)
def test_the_token_is_needed_exactly_once(given: list[tuple[str, str]]) -> None:
    reason = GUARD.refusal("/", "", [GOOD[0], *given])
    assert reason is not None
    assert "token" in reason
    assert TOKEN not in reason


def test_a_presigned_address_carries_the_token_in_its_query() -> None:
    assert GUARD.refusal("/bucket/key", f"X-Amz-Algorithm=x&X-Amz-Security-Token={TOKEN}", GOOD[:1]) is None
    assert GUARD.refusal("/bucket/key", "X-Amz-Security-Token=wrong", GOOD[:1]) is not None


def test_a_token_in_header_and_query_is_refused() -> None:
    assert GUARD.refusal("/", f"X-Amz-Security-Token={TOKEN}", GOOD) is not None


def test_health_needs_no_token_but_the_right_name() -> None:
    assert GUARD.refusal(HEALTH_PATH, "", GOOD[:1]) is None
    assert GUARD.refusal(HEALTH_PATH, "", [("host", "evil.example")]) is not None
    assert GUARD.refusal(HEALTH_PATH, "", [*GOOD, ("origin", "https://evil.example")]) is not None


def test_there_is_no_guard_without_a_token() -> None:
    with pytest.raises(ValueError, match="token"):
        Guard(PORT, "")


def wsgi(headers: Iterable[tuple[str, str]], path: str = "/") -> tuple[str, dict[str, str], bytes]:
    """What a guarded WSGI application answers that allows every origin."""

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Access-Control-Allow-Origin", "*"), ("X-Kept", "yes")])
        return [b"data"]

    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    del environ["HTTP_HOST"]
    environ.update({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}, PATH_INFO=path)
    answer: list[Any] = []

    def start_response(status: str, fields: Any, *_rest: Any) -> Any:
        answer.extend([status, fields])

    body = guard_wsgi(application, GUARD)(environ, start_response)
    return answer[0], dict(answer[1]), b"".join(body)


def test_wsgi_passes_and_strips() -> None:
    assert wsgi(GOOD) == ("200 OK", {"X-Kept": "yes"}, b"data")


def test_wsgi_refuses_and_answers_health() -> None:
    status, fields, body = wsgi(GOOD[:1])
    assert (status, fields["Content-Type"]) == ("403 Forbidden", "text/plain")
    assert b"token" in body
    assert wsgi(GOOD[:1], HEALTH_PATH)[2] == b"ok"


def asgi(kind: str, headers: Iterable[tuple[str, str]], path: str = "/") -> list[dict[str, Any]]:
    """What a guarded ASGI application sends that allows every origin."""

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            fields = [(b"Access-Control-Allow-Origin", b"*"), (b"x-kept", b"yes")]
            await send({"type": "http.response.start", "status": 200, "headers": fields})
            await send({"type": "http.response.body", "body": b"data"})
        else:
            await send({"type": f"{scope['type']}.passed"})

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> dict[str, Any]:
        return {}

    fields = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": kind, "path": path, "query_string": b"", "headers": fields}

    async def run() -> None:
        await guard_asgi(application, GUARD)(scope, receive, send)

    asyncio.run(run())
    return sent


def test_asgi_passes_and_strips() -> None:
    start, body = asgi("http", GOOD)
    assert (start["status"], start["headers"], body["body"]) == (200, [(b"x-kept", b"yes")], b"data")


def test_asgi_refuses_and_answers_health() -> None:
    start, body = asgi("http", GOOD[:1])
    assert start["status"] == 403
    assert b"token" in body["body"]
    assert asgi("http", GOOD[:1], HEALTH_PATH)[1]["body"] == b"ok"


def test_web_sockets_are_guarded_too() -> None:
    assert asgi("websocket", GOOD) == [{"type": "websocket.passed"}]
    assert asgi("websocket", GOOD[:1])[0]["type"] == "websocket.close"
    assert asgi("websocket", [*GOOD, ("Origin", "https://evil.example")])[0]["type"] == "websocket.close"


def test_the_application_s_own_start_and_end_pass() -> None:
    assert asgi("lifespan", []) == [{"type": "lifespan.passed"}]
