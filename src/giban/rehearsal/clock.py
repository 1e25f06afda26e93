"""The rehearsal's clock: the system's, with a number of seconds added that a file says.

Belongs here: reading and setting the file `clock` of the state folder, and what people may write for a time. What goes by it:
the monitor (`monitor`), metrics and log lines of functions, schedules of EventBridge Scheduler, and whatever runs in a function
and asks `runtime.common.clock` (which reads the same file, by its path in `GIBAN_CLOCK`).
"""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime

FILE = "clock"
VARIABLE = "GIBAN_CLOCK"
"""Environment variable of functions with the file's path."""
REAL = "real"
"""The word for the system's own time."""
FARTHEST = 400 * 86400.0
"""Seconds the clock may be away from the system's: a year of schedules and a bit."""

_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)


class WrongTime(ValueError):  # noqa: N818 - a user's mistake, with what to write instead
    """What was written is no time for the clock."""

    exit_code = 2


class Clock:
    """The clock of the rehearsal in a state folder."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, FILE)

    def __call__(self) -> float:
        """Now, in seconds since 1970."""
        return time.time() + self.ahead()

    def ahead(self) -> float:
        """Seconds ahead of the system's clock; 0 while nobody has set it."""
        try:
            with open(self.path, encoding="ascii") as file:
                return float(file.read())
        except (OSError, ValueError):
            return 0.0

    def set_ahead(self, seconds: float) -> None:
        """Set it so many seconds ahead; 0 makes it the system's again. In one step, for readers in other processes."""
        if not seconds:
            if os.path.lexists(self.path):
                os.remove(self.path)
            return
        with open(
            os.open(f"{self.path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(repr(seconds))
        os.replace(f"{self.path}.new", self.path)


def ahead_for(text: str, system: float, ahead: float) -> float:
    """How many seconds ahead of the `system`'s time a clock that is `ahead` by some has to be for what people write.

    `+10m`, `+1d12h` (from what it shows now), `2026-11-27T08:00+09:00` (with the offset), `real`. Raises WrongTime.
    """
    text = text.strip()
    if text == REAL:
        return 0.0
    found = ahead + _span(text[1:], text) if text.startswith("+") else _moment(text) - system
    if abs(found) > FARTHEST:
        raise WrongTime(
            f"{text} is {abs(found) / 86400:.0f} days away from today; the clock goes {FARTHEST / 86400:.0f} days far."
        )
    return found


def shown(seconds: float) -> str:
    """A time for people, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(text: str, whole: str) -> float:
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        raise WrongTime(f'"{whole}" is no span of time: write it like +90s, +10m, +2h or +1d12h.')
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 86400.0 + hours * 3600 + minutes * 60 + seconds


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongTime(f'"{text}" is no time: write +10m, 2026-11-27T08:00+09:00 or {REAL}.') from None
    if moment.tzinfo is None:
        raise WrongTime(f'"{text}" does not say in which time zone: add the offset, like {text}+09:00, or Z for UTC.')
    return moment.timestamp()
