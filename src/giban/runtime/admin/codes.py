"""One-time pairing codes: made by an operator, used once, within ten minutes. Only their hash is kept.

A code alone registers nothing: the password of the moment (TOTP) has to come with it.
"""

from __future__ import annotations

from ..common.store import Clash, Put
from .devices import hashed
from .totp import counter_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..power.table import Table

LIFE = 600.0
"""Seconds a code is valid."""
LENGTH = 8
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""30 letters and digits: without 0 O, 1 I L, and U, which are mistaken for others when read or heard. 8 of them: 39 bits."""
_COUNTER_LIFE = 86_400.0


def new_code(random: Callable[[int], bytes]) -> str:
    """A code; every letter equally likely: bytes past the last whole round of the alphabet are drawn again."""
    limit = 256 - 256 % len(ALPHABET)
    made = ""
    while len(made) < LENGTH:
        made += "".join(ALPHABET[byte % len(ALPHABET)] for byte in random(LENGTH) if byte < limit)
    return made[:LENGTH]


def normal(text: str) -> str:
    """A code as people type it, without blanks and dashes, in capitals."""
    return "".join(text.split()).replace("-", "").upper()


def is_code(text: str) -> bool:
    """Whether a normal text can be a code at all."""
    return len(text) == LENGTH and all(letter in ALPHABET for letter in text)


class Codes:
    """The codes of one workstation, and the last step of time whose password was used; kept in the table."""

    def __init__(self, table: Table, workstation: str) -> None:
        self.table = table
        self.pk = f"code/{workstation}"
        self.totp_pk = f"totp/{workstation}"

    def add(self, code: str, by: str, now: float) -> float:
        """Make a code valid; returns when it ends."""
        expires = now + LIFE
        self.table.put(Put(self.pk, hashed(code), {"by": by, "at": now, "until": expires}, 0, expires))
        return expires

    def use(self, code: str, given: str, secret: bytes, now: float) -> str | None:
        """Use up a code together with a password; returns who made the code, or None when either is wrong or was used before.

        A wrong password does not use the code up. Of two who know both, one wins.
        """
        counter = counter_of(secret, given, now)
        key = hashed(code)
        found = self.table.get(self.pk, key, now)
        if counter is None or found is None or not self._use_counter(counter, now):
            return None
        taken = self.table.take(self.pk, key, now)
        return str(taken.doc["by"]) if taken else None

    def _use_counter(self, counter: int, now: float) -> bool:
        """Whether this step of time has not been used yet, nor any after it (RFC 6238, 5.2); then it is used now."""
        last = self.table.get(self.totp_pk, "last")
        if last is not None and int(last.doc["counter"]) >= counter:
            return False
        try:
            version = last.version if last else 0
            self.table.put(Put(self.totp_pk, "last", {"counter": counter}, version, now + _COUNTER_LIFE))
        except Clash:
            return False
        return True

    def forget_counter(self) -> None:
        """For a new secret: its passwords have not been used."""
        self.table.take(self.totp_pk, "last")
