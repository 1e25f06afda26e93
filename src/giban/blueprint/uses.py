"""The entries of a function's `uses`: `tables.responses`, `buckets.uploads:read`, `alarms`, `secret:acme/token`."""

from __future__ import annotations

from typing import NamedTuple

NARROWED = ("buckets", "tables")
"""Sections of which only reading or only writing can be asked for."""
USABLE = ("buckets", "databases", "functions", "queues", "tables", "topics")
"""Sections a function can use something of."""
ALARMS = "alarms"
SECRET = "secret"  # noqa: S105 - the word in the blueprint


class Use(NamedTuple):
    """What a function uses."""

    section: str
    """A section of the blueprint, `alarms` or `secret`."""
    name: str
    """Which one; empty for `alarms`."""
    only: str
    """`read` or `write`; empty for both."""

    @property
    def reads(self) -> bool:
        """Whether it reads."""
        return self.only != "write"

    @property
    def writes(self) -> bool:
        """Whether it writes."""
        return self.only != "read"


def use_of(text: str) -> Use:
    """An entry, read. What it names need not exist."""
    if text.startswith(f"{SECRET}:"):
        return Use(SECRET, text.partition(":")[2], "read")
    what, _, only = text.partition(":")
    section, _, name = what.partition(".")
    return Use(section, name, only)


def variable_of(kind: str, name: str) -> str:
    """The environment variable that tells a function what something is called: `GIBAN_TABLE_RESPONSES`."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in f"{kind}_{name}")
    return f"GIBAN_{letters.upper()}"
