"""Lengths of time on the command line, as the blueprint writes them."""

from __future__ import annotations


def length_of(text: str) -> int | None:
    """`90m`, `2h`, `1h30m`, `3d` in seconds; None when it is something else."""
    import msgspec

    from giban.blueprint.durations import Duration, seconds_of

    try:
        return seconds_of(msgspec.convert(text.strip().lower(), Duration))
    except msgspec.ValidationError:
        return None
