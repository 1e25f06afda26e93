"""How results are printed: JSON for programs, plain text for pipes, colours for terminals only."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
import msgspec


def print_json(result: Any) -> None:
    """Print a result (structs, dates and plain data) as indented JSON."""
    text = msgspec.json.format(msgspec.json.encode(result, order="deterministic"), indent=2)
    sys.stdout.write(text.decode() + "\n")


def use_colour(stream: Any = None) -> bool:
    """Colours only on a terminal, never with NO_COLOR (https://no-color.org) or TERM=dumb."""
    stream = stream or sys.stdout
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style(text: str, *, stream: Any = None, **styles: Any) -> str:
    """`click.style` that leaves the text alone where colours are off."""
    return click.style(text, **styles) if use_colour(stream) else text


def table(rows: list[list[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Lines of a table with two spaces between columns; columns in `right` are aligned to the right."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
