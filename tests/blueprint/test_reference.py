"""The reference names every section and key once, with type, default and meaning."""

from __future__ import annotations

from giban.blueprint.reference import reference
from giban.blueprint.types import Blueprint
from tests.blueprint.sample_language import Page


def rows(text: str) -> dict[str, list[str]]:
    """The tables by heading: rows without their outer bars."""
    tables: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("## "):
            tables[line[3:]] = []
        elif line.startswith("| `"):
            tables[list(tables)[-1]].append(line[2:-2])
    return tables


def test_sections_in_the_order_of_the_language() -> None:
    assert list(rows(reference(Page))) == [
        "The whole",
        "`access`",
        "`access.door`",
        "`wall`",
        "`services.NAME` with `kind: machine`",
        "`services.NAME` with `kind: function` or `kind: job`",
    ]


def test_rows() -> None:
    tables = rows(reference(Page))
    assert tables["`wall`"] == [
        "`min` | a whole number from 1 to 500 | `1` | Fewest.",
        "`max` | a whole number from 1 to 500 | `3` | Most.",
    ]
    whole = dict(row.split(" | ", 1) for row in tables["The whole"])
    assert whole["`name`"] == "text like `^[a-z][a-z0-9-]*$` | **required** | What it is called. Example: `web`."
    assert whole["`mode`"].startswith("`none`, `single`, `per-zone` | `single` |")
    assert whole["`access`"].startswith("`closed` or section `access` | `closed` |")
    assert whole["`services`"].startswith("names to section `services.NAME` or section `services.NAME`")
    assert whole["`until`"].startswith("a date (2027-03-31) | – |")
    assert whole["`type`"].startswith("text | `x` |")


def test_every_section_of_the_language_is_there() -> None:
    tables = rows(reference(Blueprint))
    names = [row.split("`")[1] for row in tables["The whole"]]
    assert {"name", "regions", "network", "access", "services", "databases", "patch", "terraform"} <= set(names)
    assert all(tables.values())
    assert all(row.count(" | ") == 3 for table in tables.values() for row in table)
