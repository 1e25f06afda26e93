"""One HTTP request to a receiver of messages: a fresh connection, a limit in time and size, redirects not followed.

Addresses hold secrets (a Slack webhook is one), so errors and logs name the host only.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

INBOX = "GIBAN_INBOX"
"""Environment variable of the rehearsal: `https://host/path` is sent to `$GIBAN_INBOX/host/path` instead."""
TIMEOUT = 8.0
"""Seconds for connecting, sending and the whole answer."""
MOST_BYTES = 64 * 1024
"""Of an answer; the rest is left unread."""


class Unreachable(Exception):  # noqa: N818 - says what, like the other errors here
    """No answer. `unsure`: the request was sent, so the receiver may have accepted it."""

    def __init__(self, reason: str, *, unsure: bool) -> None:
        super().__init__(reason)
        self.unsure = unsure


class Reply:
    """An answer. Header names are in lower case."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = dict(headers)
        self.body = body

    def json(self) -> dict[str, object]:
        """The JSON object of the body; {} when it is none."""
        import json

        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def text(self, most: int = 200) -> str:
        """The beginning of the body as one line."""
        return " ".join(self.body[: most * 4].decode("utf-8", "replace").split())[:most]


def post(url: str, headers: Mapping[str, str], body: bytes, timeout: float = TIMEOUT) -> Reply:
    """POST `body` and return the answer, whatever its status.

    Raises ValueError for a URL that is not https or has no host, and Unreachable when no answer came in `timeout` seconds.
    """
    import http.client
    import threading

    scheme, host, port, path = target(url)
    made: http.client.HTTPConnection
    if scheme == "https":
        import ssl

        made = http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    else:
        made = http.client.HTTPConnection(host, port, timeout=timeout)
    sent = False
    # A socket's timeout is for each read: a receiver that answers a byte a second would hold us for hours.
    late = threading.Event()
    timer = threading.Timer(timeout, _hang_up, [made, late])
    timer.daemon = True
    timer.start()
    try:
        made.connect()
        sent = True
        made.request("POST", path, body, {"user-agent": "giban-alarms", "connection": "close", **headers})
        answer = made.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, names, answer.read(MOST_BYTES))
    except (OSError, http.client.HTTPException) as error:
        kind = "timed out" if isinstance(error, TimeoutError) or late.is_set() else type(error).__name__
        raise Unreachable(f"{host_of(url)}: {kind}", unsure=sent) from None
    finally:
        timer.cancel()
        made.close()


def target(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path a request to `url` really goes to. Raises ValueError; the URL is not in its text."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ValueError("The address of the receiver is not a URL.") from None
    if parts.scheme != "https" or not parts.hostname or not url.strip().isprintable() or " " in url.strip():
        raise ValueError("The address of the receiver must begin with https:// and have a host.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    inbox = os.environ.get(INBOX)
    if inbox:
        there = urlsplit(inbox)
        return there.scheme, there.hostname or "", there.port or 80, f"/{parts.netloc.rpartition('@')[2]}{path}"
    return "https", parts.hostname, port or 443, path


def host_of(url: str) -> str:
    """The host of a URL, for people."""
    from urllib.parse import urlsplit

    try:
        return urlsplit(url.strip()).hostname or "receiver"
    except ValueError:
        return "receiver"


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds a receiver asks to wait: Retry-After in seconds or as a date; None when it says nothing that can be read.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; a decimal number as Discord sends it is taken too.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    # Not a number is not smaller than anything.
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None


def _hang_up(connection: object, late: Event) -> None:
    import socket

    late.set()
    found = getattr(connection, "sock", None)
    if found is not None:
        try:
            # Not SSLSocket's own, which would take TLS away from under the reader.
            socket.socket.shutdown(found, socket.SHUT_RDWR)
        except OSError:
            return
