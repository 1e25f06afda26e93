"""What a decision hands back: changed documents, messages, and history, which says why nothing was told where nothing was."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Outcome:
    """What has to be written, in one transaction."""

    __slots__ = ("alert", "group", "groups", "history", "messages")

    def __init__(self) -> None:
        self.alert: dict[str, Any] | None = None
        """The alert as it has to be stored; None = it did not change."""
        self.group: dict[str, Any] | None = None
        """Of advance and acknowledge: the group as it is now, changed or not."""
        self.groups: dict[str, dict[str, Any]] = {}
        """The groups that changed."""
        self.messages: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []

    def note(
        self,
        at: float,
        what: str,
        alerts: Iterable[str] = (),
        *,
        group: str | None = None,
        reason: str = "",
        text: str = "",
        by: str = "",
        until: float | None = None,
    ) -> None:
        """Add to the history. The same about several alerts at one look is one record: a storm must not fill the table."""
        keys = list(alerts)
        for found in self.history:
            told = (found["what"], found["group"], found["reason"], found["by"], found["until"])
            if keys and told == (what, group, reason, by, until) and found["at"] == at:
                found["alerts"] += [key for key in keys if key not in found["alerts"]]
                found["alert"] = found["alerts"][0] if len(found["alerts"]) == 1 else None
                return
        self.history.append(
            {
                "at": at,
                "what": what,
                "alert": keys[0] if len(keys) == 1 else None,
                "alerts": keys,
                "group": group,
                "reason": reason,
                "text": text,
                "by": by,
                "until": until,
            }
        )
