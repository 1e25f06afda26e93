"""The small HTTP client against servers that behave badly, byte by byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.agent.giban_agent import Address, parse_head, request, unchunked

Serve = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Callable[[Serve | bytes], str]]:
    """Starts a server that answers one connection with bytes, or with what a function does."""
    doors: list[tuple[socket.socket, threading.Thread]] = []

    def start(answer: Serve | bytes) -> str:
        door = socket.create_server(("127.0.0.1", 0))

        def once() -> None:
            connection, _ = door.accept()
            with connection:
                if callable(answer):
                    answer(connection)
                else:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=once, daemon=True)
        doors.append((door, thread))
        thread.start()
        return f"http://127.0.0.1:{door.getsockname()[1]}/status?a=1"

    yield start
    for door, thread in doors:
        thread.join()
        door.close()


def get(url: str, seconds: float = 5) -> tuple[int, dict[str, str], bytes]:
    return request("GET", url, {"X-Test": "1"}, seconds=seconds)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
            b"abc0123456789",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nCONTENT-LENGTH: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_answers(server: Callable[[Serve | bytes], str], answer: bytes, body: bytes) -> None:
    assert get(server(answer))[2] == body


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100000,
    ],
)  # fmt: skip
def test_bad_answers_are_errors(server: Callable[[Serve | bytes], str], answer: bytes) -> None:
    with pytest.raises((ValueError, OSError)):
        get(server(answer))


def test_an_answer_byte_by_byte_cannot_hold_it(server: Callable[[Serve | bytes], str]) -> None:
    def drip(connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            for letter in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100:
                connection.sendall(bytes([letter]))
                time.sleep(0.05)
        except OSError:
            pass  # the client hung up, as it should

    with pytest.raises(OSError, match=r"time|took"):
        get(server(drip), seconds=0.6)


def test_silence_ends(server: Callable[[Serve | bytes], str]) -> None:
    def hush(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with pytest.raises(OSError, match="time"):
        get(server(hush), seconds=0.3)


def test_what_is_sent(server: Callable[[Serve | bytes], str]) -> None:
    heard: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    url = server(listen)
    assert request("POST", url, {"Host": "dev-admin.example.com"}, b"body")[0] == 200
    head, _, body = heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /status?a=1 HTTP/1.1"
    assert {"Host: dev-admin.example.com", "Content-Length: 4", "Connection: close"} <= set(lines)
    assert body == b"body"


def test_a_redirect_is_not_followed(server: Callable[[Serve | bytes], str]) -> None:
    status, headers, _ = get(
        server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    )
    assert (status, headers["location"]) == (302, "http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dev-admin.example.com", ("https", "dev-admin.example.com", 443, "/", "dev-admin.example.com", False)),
        ("https://a.example:8443/x?y", ("https", "a.example", 8443, "/x?y", "a.example:8443", False)),
        ("http://[::1]:8080/h", ("http", "::1", 8080, "/h", "[::1]:8080", True)),
        ("http://[::1]", ("http", "::1", 80, "/", "[::1]", True)),
        ("http://127.0.0.1/", ("http", "127.0.0.1", 80, "/", "127.0.0.1", True)),
        ("http://dev.x.com.localhost:9", ("http", "dev.x.com.localhost", 9, "/", "dev.x.com.localhost:9", True)),
    ],
)  # fmt: skip
def test_addresses(url: str, expected: tuple[object, ...]) -> None:
    address = Address(url)
    found = (address.scheme, address.host, address.port, address.path, address.header, address.local)
    assert found == expected


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://x", "https://", "https:///x", "https://user@x", "https://x:0", "https://x:70000", "https://x:y",
     "https://x/a b", "https://x/\r\nHost: y", "https://x\n", "http://:80"],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|invalid literal"):
        Address(url)


@given(st.text())
def test_addresses_never_raise_another_error(url: str) -> None:
    try:
        Address(url)
    except ValueError:
        return


@given(st.binary())
def test_heads_never_raise_another_error(head: bytes) -> None:
    try:
        status, _ = parse_head(head)
    except ValueError:
        return
    assert 0 <= status <= 999


@given(st.binary())
def test_chunks_never_raise_another_error(data: bytes) -> None:
    try:
        unchunked(data)
    except ValueError:
        return


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.integers(0, 300))
def test_chunks_are_put_together(parts: list[bytes], cut: int) -> None:
    data = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    end = data.index(b"0\r\n\r\n", len(data) - 5) + 3
    assert unchunked(data) == b"".join(parts)
    assert unchunked(data[: min(cut, end - 1)]) is None
