"""What the blueprint says about one workstation; written into the function's environment by the component."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DAY = 86_400.0
MOST_UPTIME = 30 * DAY
"""Seconds; no `max_uptime` above this is taken: what runs a month is not a workstation."""

LEAST = 10.0
"""Seconds; shorter than this nothing could be heard of a machine in time. What people may write is the blueprint's business."""


class Settings:
    """Rules of one workstation; all times in seconds."""

    __slots__ = ("idle", "max_uptime", "schedule", "silent", "sizes", "tab")

    def __init__(
        self,
        *,
        idle: float = 1800.0,
        max_uptime: float = 3 * DAY,
        silent: float = 900.0,
        tab: float = 7200.0,
        sizes: tuple[str, ...] = (),
        schedule: tuple[str, str] | None = None,
    ) -> None:
        self.idle = idle
        """Stop after this long without activity."""
        self.max_uptime = max_uptime
        """Stop after this long, always."""
        self.silent = silent
        """Trust nothing the agent said last after this long without a report."""
        self.tab = tab
        """How long a connected browser counts after the last touch."""
        self.sizes = sizes
        """Instance types in the order they are tried; empty: the type is left alone."""
        self.schedule = schedule
        """Time zone and text ("Asia/Seoul", "09:00 Mon-Fri"), or None."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Settings:
        """Settings from their JSON document; what is left out has its default.

        Raises ValueError that names every wrong entry: a wrong setting is the component's fault, not a reason to guess.
        """
        problems: list[str] = []
        times = {}
        for name, least, most in (
            ("idle", LEAST, 7 * DAY),
            ("max_uptime", LEAST, MOST_UPTIME),
            ("silent", LEAST, 7 * DAY),
            ("tab", 0.0, 30 * DAY),
        ):
            value = document.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
                problems.append(f"{name} must be {least:.0f} to {most:.0f} seconds, not {value!r}")
            else:
                times[name] = float(value)
        sizes = document.get("sizes") or []
        if not isinstance(sizes, (list, tuple)) or not all(isinstance(size, str) and size for size in sizes):
            problems.append(f"sizes must be a list of instance types, not {sizes!r}")
            sizes = []
        schedule = _schedule(document.get("schedule"), problems)
        problems += [f"unknown: {name}" for name in document if name not in cls.__slots__]
        if problems:
            raise ValueError("settings: " + "; ".join(problems))
        return cls(**times, sizes=tuple(sizes), schedule=schedule)


def _schedule(value: Any, problems: list[str]) -> tuple[str, str] | None:
    if value is None:
        return None
    from ..common.schedule import check

    zone, text = (value.get("time_zone"), value.get("start")) if isinstance(value, dict) else (None, None)
    if not isinstance(zone, str) or not isinstance(text, str):
        problems.append(f"schedule must have a time_zone and a start, not {value!r}")
        return None
    try:
        check(zone, text)
    except ValueError as error:
        problems.append(f"schedule: {error}")
        return None
    return zone, text
