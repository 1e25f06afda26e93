"""One-time passwords by time (TOTP, RFC 6238): the second factor of pairing a device. Pure: time comes in as an argument."""

from __future__ import annotations

STEP = 30
"""Seconds a password is shown (RFC 6238, 5.2)."""
DIGITS = 6
SECRET_BYTES = 20
"""As long as the output of SHA-1, which RFC 4226 (4, R6) recommends; SHA-1 is what every authenticator app has."""


def password(secret: bytes, counter: int, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The password of a step of time (RFC 4226, 5.3)."""
    import hmac

    code = hmac.digest(secret, counter.to_bytes(8, "big"), algorithm)
    offset = code[-1] & 0x0F
    number = int.from_bytes(code[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def counter_of(secret: bytes, given: str, now: float, drift: int = 1) -> int | None:
    """The step whose password `given` is: this one, or one up to `drift` steps away (a clock may be off); None for a wrong one.

    Every step is compared, and in constant time, so that how long it takes tells nothing.
    """
    import hmac

    step = int(now // STEP)
    found = None
    for counter in range(max(0, step - drift), step + drift + 1):
        if hmac.compare_digest(password(secret, counter).encode(), given.encode("utf-8", "replace")):
            found = counter
    return found


def uri(secret: str, workstation: str, issuer: str) -> str:
    """The `otpauth:` address behind the QR code: https://github.com/google/google-authenticator/wiki/Key-Uri-Format.

    `secret` is base32 without padding.
    """
    from urllib.parse import quote

    label = f"{quote(issuer, safe='')}:{quote(workstation, safe='')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}&algorithm=SHA1&digits={DIGITS}&period={STEP}"


def base32(secret: bytes) -> str:
    """A secret as text, without padding, as apps take it."""
    import base64

    return base64.b32encode(secret).decode("ascii").rstrip("=")


def secret_of(text: str) -> bytes:
    """The secret in a base32 text, with or without padding, in either case. Raises ValueError."""
    import base64

    plain = text.strip().upper().rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))
