"""Too many failures: a growing delay, per address, per device, and for reports with a wrong signature.

An attempt is counted before it is judged, on condition that nobody else counted meanwhile. So of many guesses at the same moment
only one is judged, and the limit holds however many connections a guesser opens. A success forgets what was counted.

Whoever is locked out is told to wait and nothing else. A registered device goes on working from an address that is locked: its
secret cannot be guessed, and one visitor behind a shared address shall not lock out all the others.
"""

from __future__ import annotations

from ..common.store import Clash, Put
from .http import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..common.store import Item
    from ..power.table import Table

FREE = 5
"""Failures without a delay: people mistype."""
FIRST_DELAY = 30.0
"""Seconds after the first failure that is not free; doubled by each further one."""
LONGEST_DELAY = 6 * 3600.0
FORGOTTEN_AFTER = 24 * 3600.0
"""Seconds without a failure, and not locked, after which it starts from nothing."""


def delay(failures: int) -> float:
    """Seconds to wait after this many failures in a row."""
    if failures < FREE:
        return 0.0
    # The exponent is bounded: 2 ** 10_000 is no float.
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - FREE, 20))


class Locks:
    """Failures of one workstation, kept in the table."""

    def __init__(self, table: Table, workstation: str) -> None:
        self.table = table
        self.pk = f"lock/{workstation}"

    def check(self, subject: str, now: float) -> Item | None:
        """What is counted of a subject. Raises Problem 429 while it is locked."""
        found = self.table.get(self.pk, subject, now)
        self.refuse(found, now)
        return found

    @staticmethod
    def refuse(found: Item | None, now: float) -> None:
        """Raises Problem 429 when what was counted locks at `now`."""
        until = float(found.doc.get("locked_until", 0.0)) if found else 0.0
        if until > now:
            raise waiting(until - now)

    def attempt(self, subject: str, now: float, found: Item | None) -> tuple[int, float]:
        """Count one attempt as failed in advance; `found` is what `check` returned. Returns failures and the delay that begins.

        Raises Problem 429 when another attempt of the same subject is being judged.
        """
        failures = (int(found.doc.get("failures", 0)) if found else 0) + 1
        wait = delay(failures)
        doc: dict[str, Any] = {"failures": failures, "at": now}
        if wait:
            doc["locked_until"] = now + wait
        version = found.version if found else self._version(subject, now)
        try:
            self.table.put(Put(self.pk, subject, doc, version, now + wait + FORGOTTEN_AFTER))
        except Clash:
            raise waiting(1.0) from None
        return failures, wait

    def forget(self, subject: str) -> None:
        """After a success."""
        self.table.take(self.pk, subject)

    def _version(self, subject: str, now: float) -> int:
        """Of an item that expired and may still be there. Raises Problem 429 when another attempt has just been counted."""
        there = self.table.get(self.pk, subject)
        if there is None:
            return 0
        if there.expires is None or there.expires > now:
            raise waiting(1.0)
        return there.version


def waiting(seconds: float) -> Problem:
    """429, with when to try again, in whole seconds, at least one."""
    whole = max(1, int(seconds) + (seconds > int(seconds)))
    return Problem(
        429, "locked", f"Too many tries. Wait {whole} s.", headers={"retry-after": str(whole)}, retry_after=whole
    )
