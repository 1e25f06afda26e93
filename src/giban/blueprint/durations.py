"""Durations as people write them: `30s`, `30m`, `2h`, `1h30m`, `3d`. The only place that knows how long each letter is."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Duration = Annotated[
    str,
    Meta(
        pattern=r"^([1-9][0-9]{0,5}m|[1-9][0-9]{0,3}h([1-9][0-9]?m)?|[1-9][0-9]{0,2}d)$",
        description="Minutes, hours or days: `30m`, `2h`, `1h30m`, `3d`.",
        examples=["30m"],
    ),
]

FineDuration = Annotated[
    str,
    Meta(
        pattern=r"^([1-9][0-9]{0,5}s|[1-9][0-9]{0,5}m|[1-9][0-9]{0,3}h([1-9][0-9]?m)?|[1-9][0-9]{0,2}d)$",
        description="Seconds, minutes, hours or days: `30s`, `5m`, `1h30m`, `4d`.",
        examples=["30s"],
    ),
]

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def seconds_of(duration: str) -> int:
    """The seconds of a `Duration` or `FineDuration`. The decoder has made sure that it is one."""
    total, digits = 0, ""
    for letter in duration:
        if letter in _SECONDS:
            total += int(digits) * _SECONDS[letter]
            digits = ""
        else:
            digits += letter
    return total
