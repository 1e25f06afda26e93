"""What people (or a rule, or the schedule) want of a workstation: one item of the table, changed on condition of its version.

`want` is the one place where on or off is decided. Whoever wants to start or stop a machine, a rule too, writes it here first;
only the winner of that write acts. So a stop that is carried out always has its reason here, and a start that comes at the same
moment as an idle stop either comes first (then nothing is stopped) or is remembered (then it is started again).
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

MOST_AHEAD = 72 * 3600.0
"""Seconds: no reservation or lease ends later than this from now (requirement W6)."""


class Want:
    """What is wanted. Never changed in place: `changed` and the functions below make a new one."""

    __slots__ = (
        "asked", "auto_stop", "by", "leases", "password_version", "request_id", "reservation", "reserved_at", "reserved_by",
        "since", "version", "want", "why",
    )  # fmt: skip

    def __init__(self, document: Mapping[str, Any] | None = None, version: int = 0) -> None:
        found = document or {}
        self.version = version
        """Of the item; 0 = there is none yet."""
        self.want: Literal["on", "off"] | None = found.get("want")
        """None: nobody asked for anything (or somebody outside changed the machine); it is left as it is."""
        self.asked: int = found.get("asked", 0)
        """How often on or off was decided: tells whether what was seen already answers what was asked last."""
        self.since: float = found.get("since", 0.0)
        self.by: str = found.get("by", "")
        """Who: a device, an operator, `keeper` (a rule), `schedule`, or `outside`."""
        self.why: str = found.get("why", "")
        """A reason code of words.py, or what a person wrote."""
        self.request_id: str = found.get("request_id", "")
        self.reservation: float | None = found.get("reservation")
        """When it shall be stopped; until then it stays on."""
        self.reserved_at: float | None = found.get("reserved_at")
        self.reserved_by: str = found.get("reserved_by", "")
        self.leases: tuple[dict[str, Any], ...] = tuple(found.get("leases", ()))
        """Each {"id", "until", "for", "by", "at"}."""
        self.auto_stop: bool = found.get("auto_stop", True)
        self.password_version: int = found.get("password_version", 0)

    def document(self) -> dict[str, Any]:
        """What is kept: every field that is not empty."""
        found = {name: getattr(self, name) for name in self.__slots__ if name != "version"}
        found["leases"] = list(self.leases)
        return {name: value for name, value in found.items() if value not in (None, "", [], 0) or name == "auto_stop"}

    def changed(self, **fields: Any) -> Want:
        """The same with other values in the named fields."""
        made = Want.__new__(Want)
        for name in Want.__slots__:
            setattr(made, name, fields[name] if name in fields else getattr(self, name))
        return made

    def same(self, other: Want) -> bool:
        """Whether both say the same, whatever their versions."""
        return self is other or bool(_said(self) == _said(other))


_said = attrgetter(*(name for name in Want.__slots__ if name != "version"))


def turned(want: Want, to: Literal["on", "off"] | None, *, by: str, why: str, at: float, request_id: str = "") -> Want:
    """On, off, or nobody's wish. Anything but on ends reservation and leases: they kept a machine that is not to run."""
    made = want.changed(want=to, asked=want.asked + 1, since=at, by=by, why=why, request_id=request_id)
    return made if to == "on" else made.changed(reservation=None, reserved_at=None, reserved_by="", leases=())


def reserved(want: Want, until: float, *, by: str, at: float) -> Want:
    """To be stopped at `until`, and not before. Raises ValueError outside of now … now + 72 h."""
    if not at < until <= at + MOST_AHEAD:
        raise ValueError("A reservation lies between now and 72 hours from now.")
    return want.changed(reservation=until, reserved_at=at, reserved_by=by)


def unreserved(want: Want) -> Want:
    """Without the reservation."""
    return want.changed(reservation=None, reserved_at=None, reserved_by="")


def leased(want: Want, identifier: str, until: float, reason: str, *, by: str, at: float) -> Want:
    """Kept until `until` because of `reason`; leases that ended are dropped. Raises ValueError past now + 72 h."""
    if not at < until <= at + MOST_AHEAD:
        raise ValueError("A lease ends between now and 72 hours from now.")
    lease = {"id": identifier, "until": until, "for": reason, "by": by, "at": at}
    return want.changed(leases=(*(old for old in want.leases if old["until"] > at), lease))


def unleased(want: Want, identifier: str) -> Want:
    """Without one lease; the same when it is not there."""
    return want.changed(leases=tuple(lease for lease in want.leases if lease["id"] != identifier))
