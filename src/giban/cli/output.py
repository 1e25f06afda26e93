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


def write_file(path: str, text: str) -> None:
    """Write a text beside the file and rename it, so that there is never half a file; symbolic links stay links.

    What is not a plain file (/dev/stdout, a named pipe) is written to and never replaced.
    Raises Problems when there is no such folder or `path` is one, OSError when it cannot be written.
    """
    from giban.graph.problems import Problem, Problems

    real = os.path.realpath(path)
    folder = os.path.dirname(real)
    if not os.path.isdir(folder):
        raise Problems(
            [Problem(f"There is no folder {os.path.dirname(path) or folder}.", "Make it, or write elsewhere.")]
        )
    if os.path.isdir(real):
        raise Problems([Problem(f"{path} is a folder.", "Name a file in it.")])
    if os.path.exists(path) and not os.path.isfile(real):
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        return
    beside = f"{real}.{os.getpid()}.part"
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(beside, real)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        # Only there when something went wrong on the way.
        if os.path.exists(beside):
            os.unlink(beside)


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
