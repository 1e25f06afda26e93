"""Quiet hours: when low priorities wait for the morning.

    hours: "22:00-08:00"                      every night
    hours: "22:00-08:00 Mon-Thu"              nights that begin on these days
    hours: ["22:00-08:00", "00:00-24:00 Sat,Sun"]

Clock changes as in `runtime.common.schedule`: a time that does not exist on a day is taken as much later as is missing, one
that exists twice is taken the first time.
"""

from __future__ import annotations

from ...common import schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

HOLD = ("P2", "P3", "P4")
"""Priorities that wait when `hold` is not given: P1 wakes people."""
MOST_LINKS = 14
"""How many spans that follow each other without a break are put together; so nothing waits for ever."""


def until(now: float, quiet: Mapping[str, Any] | None) -> float | None:
    """When the quiet that holds at `now` ends (always later than `now`); None when it is not quiet."""
    if not quiet:
        return None
    zone, spans = quiet["time_zone"], _spans(quiet["hours"])
    end = _end(zone, spans, now)
    for _ in range(MOST_LINKS):
        more = _end(zone, spans, end) if end is not None else None
        if more is None:
            break
        end = more
    return end


def holds(priority: str, quiet: Mapping[str, Any] | None) -> bool:
    """Whether alerts of this priority wait while it is quiet."""
    return bool(quiet) and priority in ((quiet or {}).get("hold") or HOLD)


def check(quiet: Mapping[str, Any]) -> None:
    """Raises ValueError, with what to write instead, when the quiet hours cannot be understood."""
    hours = quiet.get("hours")
    if not hours or not isinstance(hours, str | list):
        raise ValueError('Quiet hours are written like "22:00-08:00" or "22:00-08:00 Mon-Fri".')
    schedule.find_zone(str(quiet.get("time_zone") or "UTC"))
    for begin, end in _spans(hours):
        schedule.parse(begin)
        schedule.parse(end)
    for priority in quiet.get("hold") or ():
        if priority not in ("P1", "P2", "P3", "P4"):
            raise ValueError(f'"{priority}" is no priority: write P1, P2, P3 or P4.')


def _end(zone: str, spans: list[tuple[str, str]], now: float) -> float | None:
    """The latest end of the spans that hold at `now`."""
    ends = []
    for begin, end in spans:
        began = schedule.previous(zone, begin, now)
        over = schedule.following(zone, end, began)
        if over > now:
            ends.append(over)
    return max(ends, default=None)


def _spans(hours: object) -> list[tuple[str, str]]:
    """Begin (with its days) and end of each span, as schedules. Raises ValueError."""
    spans = []
    for text in hours if isinstance(hours, list) else [hours]:
        clock, _, days = str(text).strip().partition(" ")
        begin, dash, end = clock.partition("-")
        if not dash:
            raise ValueError(f'"{text}" is no span of hours: write it like "22:00-08:00" or "22:00-08:00 Mon-Fri".')
        spans.append((f"{begin} {days}".strip(), f"{'00:00' if end == '24:00' else end} daily"))
    return spans
