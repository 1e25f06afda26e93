"""The table of the workstations (`common.store`), and what its items are.

pk "want", "evidence", "observed"   sk workstation      one Query in pages reads all workstations
pk "event/<workstation>"            sk time#random      what was decided and done; kept 90 days
pk "device/…", "code/…", "nonce/…", "lock/…", "totp/…"  the admin API's
"""

from __future__ import annotations

from ..common.store import Item, Put, Store, item_of
from ..common.times import iso_exact
from .observed import Observed
from .signals import Signals
from .want import Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EVENT_LIFE = 90 * 86_400.0
"""Seconds an event is kept."""
KINDS = ("want", "evidence", "observed")


class Conflict(Exception):  # noqa: N818 - an answer, not an error
    """The opposite action won. `want` says what is wanted now, by whom and why."""

    def __init__(self, want: Want) -> None:
        super().__init__(f"{want.by or 'somebody'} turned it {want.want or 'over to nobody'} at the same moment")
        self.want = want


class State:
    """What the table holds of one workstation; each part carries the version it was read at."""

    __slots__ = ("name", "observed", "signals", "want")

    def __init__(
        self, name: str, want: Want | None = None, signals: Signals | None = None, observed: Observed | None = None
    ):
        self.name = name
        self.want = want or Want()
        self.signals = signals or Signals()
        self.observed = observed or Observed()


class Table(Store):
    """Reads and conditional writes. `client` is botocore's DynamoDB client."""

    def load(self, name: str) -> State:
        """One workstation, read consistently in one call. Parts that are not there are new."""
        found = self.fetch((kind, name) for kind in KINDS)
        return _state(name, *(found.get((kind, name)) for kind in KINDS))

    def load_all(self) -> tuple[dict[str, State], set[str]]:
        """Every workstation that has an item, read consistently in pages: the calls grow with the pages.

        And the names of those with an item that cannot be read (somebody edited it by hand): one of them must not keep the others
        from being stopped.
        """
        found: dict[str, dict[str, Item]] = {kind: {} for kind in KINDS}
        unreadable = set()
        for kind in KINDS:
            for raw in self.raw(kind, newest_first=False, before=None, limit=0):
                try:
                    item = item_of(raw)
                    found[kind][item.sk] = item
                except (KeyError, TypeError, ValueError):
                    unreadable.add(raw["sk"]["S"])
        states = {}
        for name in sorted({name for items in found.values() for name in items} - unreadable):
            try:
                states[name] = _state(name, *(found[kind].get(name) for kind in KINDS))
            except (AttributeError, TypeError, ValueError):
                unreadable.add(name)
        return states, unreadable

    def events(self, name: str, *, now: float, limit: int = 50, before: str | None = None) -> list[dict[str, Any]]:
        """Decisions and audit of one workstation, newest first; each with its `id`, which is `before` for the next page."""
        items = self.query(f"event/{name}", now=now, newest_first=True, before=before, limit=limit)
        return [{**item.doc, "id": item.sk} for item in items]


def event(name: str, now: float, token: str, doc: Mapping[str, Any]) -> Put:
    """An event as an item to write along with what it tells of. `token`: random text that keeps two of one moment apart."""
    at = iso_exact(now)
    return Put(f"event/{name}", f"{at}#{token}", {"at": at, **doc}, None, now + EVENT_LIFE)


def put_of(name: str, part: Want | Signals | Observed) -> Put:
    """How a part of a workstation's state is written: on condition of the version it was read at."""
    pk = "want" if isinstance(part, Want) else "evidence" if isinstance(part, Signals) else "observed"
    return Put(pk, name, part.document(), part.version)


def _state(name: str, want: Item | None, evidence: Item | None, observed: Item | None) -> State:
    return State(
        name,
        Want(want.doc, want.version) if want else None,
        Signals(evidence.doc, evidence.version) if evidence else None,
        Observed(observed.doc, observed.version) if observed else None,
    )
