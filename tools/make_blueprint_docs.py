"""Writes docs/blueprint.md, the reference of the language, from the types.

python tools/make_blueprint_docs.py            # writes it
python tools/make_blueprint_docs.py --check    # says whether it is out of date, exit code 1 when it is
"""

from __future__ import annotations

import sys
from pathlib import Path

from giban.blueprint.reference import reference
from giban.blueprint.types import Blueprint

INTRODUCTION = """# Blueprint reference

Every key of `giban.yaml`, its meaning and its default; `giban schema` prints the same as a JSON Schema for editors. A key
without a default may be left out, or says in its meaning what it becomes.

`environments/<env>.yaml` is merged over it with `-e <env>`: mappings key by key, lists and values as a whole, `null` goes back
to the default. `--set a.b=c` comes last. Text need not be quoted where text is expected: `no`, `16`, `1.10` stay as they look.

"""

PAGE = Path(__file__).parents[1] / "docs" / "blueprint.md"


def main() -> None:
    """Write, or with --check compare."""
    text = INTRODUCTION + reference(Blueprint)
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return
    if "--check" in sys.argv:
        print("docs/blueprint.md is out of date: run `make docs`")
        sys.exit(1)
    PAGE.write_text(text, encoding="utf-8")
    print("wrote docs/blueprint.md")


if __name__ == "__main__":
    main()
