"""Times as text: ISO 8601 in UTC. Seconds since 1970 everywhere else."""

from __future__ import annotations

import time


def iso(seconds: float | None) -> str | None:
    """`2026-11-21T09:00:00Z`, or None for None."""
    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def iso_exact(seconds: float) -> str:
    """`2026-11-21T09:00:00.123Z`: with milliseconds, so that sorting the text sorts the times."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03d}Z"


def transition_time(text: str) -> float | None:
    """When EC2 says a change was asked for: the end of `User initiated (2026-11-21 09:00:00 GMT)`; None without one.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html, StateTransitionReason.
    """
    start = text.rfind("(")
    return parsed(text[start + 1 : start + 20]) if start >= 0 else None


def parsed(text: str) -> float | None:
    """Seconds of a time in UTC like `2026-11-21T09:00:00.000Z` or `2026-11-21 09:00:00`; None for what is none."""
    if len(text) < 19 or text[4] + text[7] != "--" or text[13] + text[16] != "::" or text[10] not in "T ":
        return None
    from calendar import timegm

    try:
        year, month, day, hour, minute, second = (
            int(text[first:last]) for first, last in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
        )
        return float(timegm((year, month, day, hour, minute, second)))
    except ValueError:
        return None
