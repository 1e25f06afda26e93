"""Where a value stands in a blueprint: paths, their text form, and the position each path was written at.

A path is a tuple of keys and list indexes, `("services", "web", "allow", 0)`. Its text form, `services.web.allow[0]`,
is what errors print and what `--set` takes; keys that hold more than letters, digits, `_` and `-` are put in single
quotes: `patch.'aws_db_instance.main'.port`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from giban.graph.problems import Position, Problem

Path = tuple[str | int, ...]

MAX_STEPS = 100
"""Longest path `--set` takes; as deep as a file may nest (`giban.blueprint.nodes.MAX_DEPTH`)."""

_BARE = re.compile(r"[^\s.'\"\[\]=]+")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def path_text(path: Path) -> str:
    """`("services", "web", "allow", 0)` as `services.web.allow[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _PLAIN_KEY.match(step) else _quoted(step))
    return text


def _quoted(key: str) -> str:
    return "'" + key.replace("'", "''") + "'"


def split_path(text: str) -> tuple[Path, int]:
    """The path at the beginning of `text` and where it ends: at `=` or at the end of the text.

    Quotes may be single or double; a quote inside is written twice. Raises ValueError, saying what is wrong.
    """
    steps: list[str | int] = []
    at = 0
    while True:
        if at < len(text) and text[at] in "'\"":
            key, at = _read_quoted(text, at)
        else:
            bare = _BARE.match(text, at)
            if bare is None:
                raise ValueError("a key is missing" + (f" after {text[:at]!r}" if at else ""))
            key, at = bare.group(), bare.end()
        steps.append(key)
        while at < len(text) and text[at] == "[":
            close = text.find("]", at)
            index = text[at + 1 : close] if close > 0 else ""
            if not (index.isascii() and index.isdigit() and len(index) < 7):
                raise ValueError("square brackets take the number of a list item, the first is [0]")
            steps.append(int(index))
            at = close + 1
        if len(steps) > MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS} steps")
        if at == len(text) or text[at] == "=":
            return tuple(steps), at
        if text[at] != ".":
            raise ValueError(f"{text[at]!r} cannot stand in a key without quotes")
        at += 1


def _read_quoted(text: str, start: int) -> tuple[str, int]:
    quote, at, key = text[start], start + 1, ""
    while True:
        end = text.find(quote, at)
        if end < 0:
            raise ValueError(f"the quote {quote} is not closed")
        key += text[at:end]
        if text[end + 1 : end + 2] != quote:
            return key, end + 1
        key += quote
        at = end + 2


class Positions(Mapping[Path, Position]):
    """The position of every path that the blueprint spells out, whatever file it came from."""

    __slots__ = ("_exact", "root")

    def __init__(self, exact: dict[Path, Position], root: Position) -> None:
        self._exact = exact
        self.root = root
        """The beginning of the blueprint."""

    def __getitem__(self, path: Path) -> Position:
        return self._exact[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._exact)

    def __len__(self) -> int:
        return len(self._exact)

    def of(self, *path: str | int) -> Position:
        """Position of `path`; of its nearest parent when it is a default that nobody wrote."""
        for length in range(len(path), 0, -1):
            position = self._exact.get(path[:length])
            if position is not None:
                return position
        return self.root

    def problem(self, path: Path, what: str, fix: str) -> Problem:
        """A problem at `path`, with its position and its text form."""
        return Problem(what=what, fix=fix, where=self.of(*path), path=path_text(path))
