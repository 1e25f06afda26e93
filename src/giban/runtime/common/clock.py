"""The time. In the rehearsal it can be set ahead, to see a week of schedules in a minute; deployed, it is the system's."""

from __future__ import annotations

import os
import time

CLOCK = "GIBAN_CLOCK"
"""Environment variable with the path of a file that holds the seconds to add to the system's clock; unset outside a rehearsal."""


def now() -> float:
    """Seconds since 1970."""
    path = os.environ.get(CLOCK)
    return time.time() + ahead(path) if path else time.time()


def ahead(path: str) -> float:
    """What the file says; 0 when there is none or it holds no number."""
    try:
        with open(path, encoding="ascii") as file:
            return float(file.read())
    except (OSError, ValueError):
        return 0.0
