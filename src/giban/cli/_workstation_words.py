"""The words of `giban workstation …`: name, value and blueprint in any number that makes sense, and lengths of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import click

from giban.cli._lengths import length_of
from giban.cli.options import BLUEPRINT, in_folder
from giban.graph.problems import Problem, Problems

MOST = 72 * 60
"""Minutes: the longest reservation or lease (requirement W6)."""


class Words(NamedTuple):
    """What the words of a command line mean."""

    name: str | None
    """None: the blueprint's only workstation."""
    value: str
    blueprint: str


def sort_words(words: Sequence[str], value: str = "") -> Words:
    """The meaning of `[NAME] [VALUE] [BLUEPRINT]`. `value` is what the value is called, empty when the command takes none.

    A blueprint is known by its ending or a slash, the rest by its place. Raises click.UsageError.
    """
    blueprints = [word for word in words if word.endswith((".yaml", ".yml")) or "/" in word]
    others = [word for word in words if word not in blueprints]
    if len(blueprints) > 1:
        raise click.UsageError(f"Two blueprints: {' and '.join(blueprints)}. Name one.")
    if value and not others:
        raise click.UsageError(f"{value} is missing.")
    given = others.pop() if value else ""
    if len(others) > 1:
        raise click.UsageError(f"Too many words: {' '.join(words)}. A workstation's name has no spaces.")
    return Words(others[0] if others else None, given, in_folder(blueprints[0]) if blueprints else BLUEPRINT)


def minutes(text: str) -> int:
    """`90m`, `2h`, `1h30m`, `3d` in minutes, as the blueprint writes them. Raises Problems when it is something else,
    or longer than 72 hours."""
    seconds = length_of(text)
    if seconds is None:
        duration = text.strip().lower()
        fix = (
            f"Write {duration}m for minutes or {duration}h for hours."
            if duration.isdecimal()
            else "Write 90m, 2h or 1h30m."
        )
        raise Problems([Problem(f"`{text}` is not a length of time.", fix)])
    found = seconds // 60
    if found > MOST:
        raise Problems([Problem(f"`{text}` is more than 72h.", "Write 72h or less: nothing is kept longer.")])
    return found
