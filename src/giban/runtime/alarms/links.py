"""Links that acknowledge: short (they go into text messages), signed, and valid for a day.

A token is the base64url of: when it ends (4 bytes), the channel it was sent to (1), the group (8 bytes of the SHA-256 of its
thread) and the first 15 bytes of an HMAC-SHA256 over these: 28 bytes, 38 characters, of which nobody guesses 120 bits.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LIFE = 86_400.0
"""Seconds a link is valid."""
HEAD, MAC = 13, 15
LENGTH = 38


def token_of(key: bytes, thread: str, channel: str, channels: Iterable[str], now: float) -> str:
    """The token for one channel's message about a thread."""
    import base64

    names = sorted(channels)
    place = names.index(channel) if channel in names[:255] else 255
    head = int(now + LIFE).to_bytes(4, "big") + bytes([place]) + mark_of(thread)
    return base64.urlsafe_b64encode(head + _mac(key, head)).decode().rstrip("=")


def opened(key: bytes, token: str, channels: Iterable[str], now: float) -> tuple[bytes, str] | None:
    """The mark of the thread and the channel of a token; None when it is not ours or its time is over."""
    import base64
    import hmac

    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "==")
    except ValueError:
        return None
    head, mac = raw[:HEAD], raw[HEAD:]
    if not hmac.compare_digest(mac, _mac(key, head)) or int.from_bytes(head[:4], "big") < now:
        return None
    names = sorted(channels)
    return head[5:], names[head[4]] if head[4] < len(names) else ""


def mark_of(thread: str) -> bytes:
    """What stands for a thread in a token."""
    import hashlib

    return hashlib.sha256(thread.encode()).digest()[:8]


def _mac(key: bytes, head: bytes) -> bytes:
    import hmac

    return hmac.digest(key, b"ack\n" + head, "sha256")[:MAC]
