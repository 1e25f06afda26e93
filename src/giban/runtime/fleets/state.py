"""What the table remembers of one target: pk "fleet", sk the target's name; what was done is in pk "event/<target>"."""

from __future__ import annotations

from ..common.store import Put
from ..common.times import iso_exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

FLEET = "fleet"
"""The partition."""
EVENT_LIFE = 90 * 86_400.0
"""Seconds an event is kept."""


class State:
    """Never changed in place but by `decide`, on a copy."""

    __slots__ = (
        "by", "derived", "effective", "goal", "manual", "muted", "name", "numbers", "problem", "reached", "remembered",
        "restart_at", "saved_seconds", "saved_usd", "since", "tried", "tries", "version", "why",
    )  # fmt: skip

    def __init__(self, name: str, document: Mapping[str, Any] | None = None, version: int = 0) -> None:
        found = document or {}
        self.name = name
        self.version = version
        """Of the item; 0 = there is none yet."""
        self.goal: Literal["on", "off"] | None = found.get("goal")
        """What it is driven to; None before it was seen for the first time."""
        self.since: float = found.get("since", 0.0)
        self.why: str = found.get("why", "")
        self.by: str = found.get("by", "")
        self.numbers: dict[str, int] | None = found.get("numbers")
        """The size that belongs to the goal; None: whatever size it has."""
        self.derived: list[int | None] | None = found.get("derived")
        """Minimum, maximum and desired number as they followed last from the blueprint and the time of day: only a change of
        these is enforced, so what somebody does by hand stays until the next one."""
        self.reached: float | None = found.get("reached")
        """When AWS had taken over the goal: from then on anything else is somebody's doing."""
        self.effective: float | None = found.get("effective")
        """When it had come true."""
        self.tries: int = found.get("tries", 0)
        self.tried: float = found.get("tried", 0.0)
        self.manual: dict[str, Any] | None = found.get("manual")
        """{"to", "by", "why", "at", "until"}: overrides the schedules until then (None: until it is taken back)."""
        self.remembered: dict[str, Any] | None = found.get("remembered")
        """{"min", "max", "desired", "suspended"}: as it was before it was turned off."""
        self.muted: float | None = found.get("muted")
        """Since when its alarms are muted."""
        self.problem: dict[str, Any] | None = found.get("problem")
        """{"code", "detail", "since", "told"}, with "ended" when only the all-clear has yet to be told."""
        self.restart_at: float | None = found.get("restart_at")
        self.saved_seconds: float = found.get("saved_seconds", 0.0)
        self.saved_usd: float = found.get("saved_usd", 0.0)
        if self.goal not in ("on", "off", None) or not isinstance(self.manual or {}, dict):
            raise ValueError(f"{name}: this is no state of a target")

    def document(self) -> dict[str, Any]:
        """What is kept: every field that is not empty."""
        found = {key: getattr(self, key) for key in self.__slots__ if key not in ("name", "version")}
        return {key: value for key, value in found.items() if value not in (None, "", 0)}

    def copy(self) -> State:
        """The same, to be changed."""
        return State(self.name, self.document(), self.version)

    def put(self) -> Put:
        """How it is written: on condition of the version it was read at."""
        return Put(FLEET, self.name, self.document(), self.version)


def event(name: str, now: float, number: int, token: str, document: Mapping[str, Any]) -> Put:
    """What was done, as an item to write along with it. `number` puts those of one moment in order, `token` (random text) keeps
    those of two keepers apart.
    """
    at = iso_exact(now)
    return Put(f"event/{name}", f"{at}#{number}{token}", {"at": at, **document}, None, now + EVENT_LIFE)
