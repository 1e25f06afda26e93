"""What was seen and tried last: one item of the table, written by looks (reconcile, keeper) only, on condition of its version."""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Observed:
    """The memory of the keeper. Times in seconds since 1970, None = never."""

    __slots__ = (
        "decision", "launched", "notice", "reached", "retry_at", "rounds", "since", "size", "start_asked", "start_at",
        "start_count", "state", "stop_at", "type", "version",
    )  # fmt: skip

    def __init__(self, document: Mapping[str, Any] | None = None, version: int = 0) -> None:
        found = document or {}
        self.version = version
        """Of the item; 0 = nothing was ever seen."""
        self.state: str = found.get("state", "")
        """The instance's state, "" before the first look."""
        self.since: float | None = found.get("since")
        """When that state was first seen."""
        self.launched: float | None = found.get("launched")
        """EC2's LaunchTime as it was while the machine ran last."""
        self.type: str = found.get("type", "")
        self.reached: int | None = found.get("reached")
        """Which `asked` of the want has come true; what changes after that was done by somebody else."""
        self.start_at: float | None = found.get("start_at")
        """When a start was tried last, for which `asked`, how often for it, with which of the sizes."""
        self.start_asked: int | None = found.get("start_asked")
        self.start_count: int = found.get("start_count", 0)
        self.size: int = found.get("size", 0)
        self.rounds: int = found.get("rounds", 0)
        """How often all sizes were without capacity, for the back-off."""
        self.retry_at: float | None = found.get("retry_at")
        """No start before this."""
        self.stop_at: float | None = found.get("stop_at")
        """When a stop was tried last."""
        self.decision: dict[str, Any] = dict(found.get("decision", {}))
        """The last decision that differed from the one before: {"action", "reason", "until", "at"}."""
        self.notice: dict[str, Any] = dict(found.get("notice", {}))
        """What people should know: {"code", "at", "detail"}; codes in words.NOTICES. Empty = nothing."""

    def copy(self) -> Observed:
        """Another one that is the same, to be changed in place."""
        made = Observed.__new__(Observed)
        for name in Observed.__slots__:
            setattr(made, name, getattr(self, name))
        return made

    def same(self, other: Observed) -> bool:
        """Whether both say the same, whatever their versions."""
        return bool(_said(self) == _said(other))

    def document(self) -> dict[str, Any]:
        """What is kept: every field that is not empty."""
        found = {name: getattr(self, name) for name in self.__slots__ if name != "version"}
        return {name: value for name, value in found.items() if value not in (None, "", {}, 0) or name == "reached"}


_said = attrgetter(*(name for name in Observed.__slots__ if name != "version"))
