"""What a user did wrong, where, and what to do about it: the one shape every stage reports in."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in a text the user wrote; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(msgspec.Struct, frozen=True):
    """One mistake. `where` is None when the text has no single place for it (a missing file, a whole folder)."""

    what: str
    """What is wrong, a full sentence."""
    fix: str
    """What to do about it, a full sentence; empty only when `what` says it all."""
    where: Position | None = None
    path: str = ""
    """The dotted path in the blueprint (`services.web.scale.max`) or the address of a resource."""

    def __str__(self) -> str:
        head = "  ".join(part for part in (str(self.where) if self.where else "", self.path) if part)
        body = " ".join(part for part in (self.what, self.fix) if part)
        return f"{head}\n  {body}" if head else body

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of the text: file, line, column; problems without a place come first."""
        where = self.where or Position("", 0, 0)
        return (where.file, where.line, where.column, self.path, self.what)


class Problems(Exception):  # noqa: N818 - it is a collection of problems, not one error
    """All mistakes found in one pass, in the order of the text."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=Problem.sort_key)
        super().__init__("\n".join(str(problem) for problem in self.problems))
