"""One request to a receiver: what it takes, how long it waits, what it says when it fails."""

from __future__ import annotations

import socket
import threading
import time
from email.utils import formatdate

import pytest

from giban.runtime.alarms.web import MOST_BYTES, Unreachable, post, retry_after, target

from .receivers import HANG, Answer, Receiver, answered


def test_in_the_rehearsal_every_host_is_the_inbox(receiver: Receiver) -> None:
    reply = post("https://hooks.slack.com/services/T/B/X?a=1", {"content-type": "text/plain"}, b"hello")
    assert (reply.status, reply.body) == (200, b"ok")
    [got] = receiver.to("hooks.slack.com")
    assert (got.path, got.body, got.headers["content-type"]) == ("/services/T/B/X?a=1", b"hello", "text/plain")


def test_without_an_inbox_it_goes_where_the_url_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIBAN_INBOX", raising=False)
    assert target("https://hook.example.com:8443/a?b=c") == ("https", "hook.example.com", 8443, "/a?b=c")
    assert target(" https://hook.example.com ") == ("https", "hook.example.com", 443, "/")


@pytest.mark.parametrize(
    "url",
    ["http://hook.example.com/x", "hook.example.com", "", "https://", "https://h:port/", "ftp://h/",
     "https://h/a b", "https://h/a\nb", "https://[::1/"],
)  # fmt: skip
def test_anything_but_https_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="receiver") as caught:
        post(f"{url}", {}, b"")
    assert len(url) < 9 or url not in str(caught.value)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.plans["h"] = [answered(302, b"", location="https://elsewhere/")]
    assert post("https://h/x", {}, b"secret").status == 302
    assert receiver.tried("elsewhere") == []


def test_no_answer_in_time_is_unsure(receiver: Receiver) -> None:
    receiver.plans["h"] = [HANG]
    with pytest.raises(Unreachable, match="h: timed out") as caught:
        post("https://h/secret", {}, b"", 0.2)
    assert caught.value.unsure
    assert "secret" not in str(caught.value)


def test_nobody_listening_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("GIBAN_INBOX", f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable) as caught:
        post("https://h/x", {}, b"")
    assert not caught.value.unsure


def test_a_receiver_that_answers_a_letter_at_a_time_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("GIBAN_INBOX", f"http://127.0.0.1:{server.getsockname()[1]}")

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                try:
                    for letter in b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 1000:
                        connection.send(bytes([letter]))
                        time.sleep(0.05)
                except OSError:
                    ended.set()

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(Unreachable, match="timed out"):
            post("https://h/x", {}, b"", 0.4)
        assert ended.wait(30)
        thread.join()


def test_an_endless_answer_is_cut(receiver: Receiver) -> None:
    receiver.plans["h"] = [Answer(body=b"x" * (MOST_BYTES + 5))]
    assert len(post("https://h/x", {}, b"").body) == MOST_BYTES


def test_an_answer_that_is_no_json_is_empty(receiver: Receiver) -> None:
    receiver.plans["h"] = [Answer(body=b"[1]"), Answer(body=b"<html>"), Answer(body=b'{"ok": true}')]
    assert [post("https://h/", {}, b"").json() for _ in range(3)] == [{}, {}, {"ok": True}]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0.35", 0.35), (" 12 ", 12.0), ("", None), ("soon", None), ("-5", 0.0), ("nan", None), ("inf", None),
        (formatdate(1_000_090, usegmt=True), 90.0), (formatdate(999_000, usegmt=True), 0.0), ("Wed, 99 Nov", None),
    ],
)  # fmt: skip
def test_retry_after_in_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text} if text else {}, 1_000_000.0) == seconds
