"""The signature of a host's report: HMAC-SHA256 over method, path, time, nonce and body.

X-Giban-Time       seconds since 1970, by the host's clock
X-Giban-Nonce      32 hexadecimal digits, never used twice
X-Giban-Signature  hex HMAC-SHA256(key, "POST\n/service/status\n<time>\n<nonce>\n<sha256 of the body, hex>")
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW = 300.0
"""Seconds by which the host's clock may differ. A nonce is remembered for longer than a signature is valid."""
NONCE_LIFE = 2 * WINDOW + 60
TIME, NONCE, SIGNATURE = "x-giban-time", "x-giban-nonce", "x-giban-signature"
_HEX = frozenset("0123456789abcdef")


class Signed:
    """What a report says of itself in its headers; well-formed, not yet believed."""

    __slots__ = ("nonce", "signature", "time")

    def __init__(self, time: int, nonce: str, signature: str) -> None:
        self.time = time
        self.nonce = nonce
        self.signature = signature

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Signed | None:
        """From headers with names in lower case; None when one is missing or not of its form."""
        time, nonce, signature = (headers.get(name, "") for name in (TIME, NONCE, SIGNATURE))
        if not (0 < len(time) <= 12 and time.isascii() and time.isdigit()):
            return None
        if not (_is_hex(nonce, 32) and _is_hex(signature, 64)):
            return None
        return cls(int(time), nonce, signature)


def expected(key: bytes, method: str, path: str, time: int | str, nonce: str, body: bytes) -> str:
    """The right signature, hexadecimal."""
    import hashlib
    import hmac

    text = f"{method}\n{path}\n{time}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.digest(key, text.encode(), "sha256").hex()


def is_right(key: bytes, signed: Signed, method: str, path: str, body: bytes, time_text: str) -> bool:
    """Whether the signature is that of the key; compared in constant time. `time_text`: the header as it was sent."""
    import hmac

    right = expected(key, method, path, time_text, signed.nonce, body)
    return hmac.compare_digest(right.encode(), signed.signature.encode())


def is_timely(signed: Signed, now: float) -> bool:
    """Whether it was signed now, as far as clocks agree."""
    return abs(now - signed.time) <= WINDOW


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and all(character in _HEX for character in text)
