"""The two secrets of a workstation: the host's (its key and the IDE's password), and the one of pairing (TOTP).

Values exist in Secrets Manager and in the answers that must show them, nowhere else: not in errors, logs, or the table.
"""

from __future__ import annotations

import json

from ..common.first_values import value_of
from ..power.first_values import host_value
from .totp import SECRET_BYTES, base32, secret_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KEY_LIFE = 300.0
"""Seconds a key is kept in memory: a report a minute shall not cost a call each, a new key shall soon count."""
KEY_REST = 30.0
"""Seconds between two looks for a new key because a signature was wrong."""


class Secrets:
    """Reads and writes both. `client` makes a Secrets Manager client, `random` gives random bytes."""

    def __init__(
        self, client: Callable[[], Any], host_arn: str, pairing_arn: str, random: Callable[[int], bytes]
    ) -> None:
        self._client = client
        self._host_arn = host_arn
        self._pairing_arn = pairing_arn
        self._random = random
        self._key = b""
        self._key_read: float | None = None

    def agent_key(self, now: float, *, fresh: bool = False) -> bytes:
        """The key of the host's reports. `fresh`: look again, unless that was done a moment ago."""
        age = None if self._key_read is None else now - self._key_read
        if age is None or not 0 <= age < (KEY_REST if fresh else KEY_LIFE):
            self._key = bytes.fromhex(self._host()["agent_key"])
            self._key_read = now
        return self._key

    def set_password(self, password: str) -> None:
        """Keep a new password of the IDE. The key stays."""
        self._write(self._host_arn, {**self._host(), "password": password})

    def totp(self) -> str:
        """The secret of the one-time passwords, base32; made when there is none yet."""
        return str(value_of(self._client(), self._pairing_arn, self._first_totp)["totp"])

    def totp_bytes(self) -> bytes:
        """The same as bytes. Raises ValueError when it is no base32."""
        return secret_of(self.totp())

    def rotate_totp(self) -> str:
        """A new secret; authenticator apps with the old one no longer pair."""
        # A first value has to be there before: one that is filled in later would replace the new one.
        self.totp()
        self._write(self._pairing_arn, made := self._first_totp())
        return made["totp"]

    def _host(self) -> dict[str, str]:
        return value_of(self._client(), self._host_arn, lambda: host_value(self._random))

    def _first_totp(self) -> dict[str, str]:
        return {"totp": base32(self._random(SECRET_BYTES))}

    def _write(self, arn: str, value: dict[str, str]) -> None:
        self._client().put_secret_value(SecretId=arn, SecretString=json.dumps(value, sort_keys=True))
