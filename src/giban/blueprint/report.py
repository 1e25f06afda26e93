"""What rules of validation yield, and the words they share. See `validate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from giban.blueprint.paths import Path

Report = Iterator[tuple[Path, str, str]]
"""What a rule yields: where in the blueprint, what is wrong, what to do."""


def did_you_mean(name: str, known: Iterable[str], nothing: str = "") -> str:
    """The known name that was probably meant, as a question; `nothing` when none is close, or what there is."""
    from difflib import get_close_matches  # only needed when something is wrong

    there = list(known)
    close = get_close_matches(name, there, 1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return nothing or (f"Known are {', '.join(f'`{one}`' for one in there)}." if there else "Declare it first.")


def variable_problem(name: str, value: str) -> tuple[str, str] | None:
    """What is wrong with an environment variable and what to do; None when nothing is."""
    if not (name.isascii() and name.replace("_", "a").isalnum()) or name[:1].isdigit():
        fix = "Use letters, digits and underscores, not beginning with a digit."
        return f"`{name}` cannot be the name of an environment variable.", fix
    if not is_one_line(value):
        return "The value has a line break or another control character.", "Write it on one line, without."
    return None


def is_one_line(text: str) -> bool:
    """Whether a text has no control characters but tabs."""
    return all(letter == "\t" or (letter >= " " and not "\x7f" <= letter <= "\x9f") for letter in text)
