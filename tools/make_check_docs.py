"""Writes docs/checks: a page for each check, taken from its docstring, and a table of all of them.

python tools/make_check_docs.py            # writes what differs, removes pages of checks that are gone
python tools/make_check_docs.py --check    # says what differs, exit code 1 when something does
"""

from __future__ import annotations

import sys
from pathlib import Path

from giban.checks.formats import page
from giban.checks.registry import Check, all_checks
from giban.checks.waivers import WAIVER_CHECKS

FOLDER = Path(__file__).parents[1] / "docs" / "checks"

INTRODUCTION = """# Checks

`giban check` runs these over a blueprint before anything is created, and `giban check --terraform DIR` over a folder of
anybody's Terraform, JSON or HCL. They follow references, so they see what lies between resources; a value that is known only
after `apply` neither passes nor fails.

- **error**: it will not work, is open to strangers, or loses data.
- **warning**: it will hurt some day. `giban check` ends with exit code 1 from here on (`--fail-on` changes that).
- **notice**: worth knowing.

Severities with a * are notices in development stages. A finding that is accepted for a while is waived in the blueprint:

```yaml
waivers: [{check: GB012, resource: aws_lb.web, reason: "legacy clients until March", until: 2027-03-31}]
```

The last day is `until`; after it the finding counts again, and the waiver is a finding too. Findings about a whole Terraform root
have the address `terraform.backend` or `provider.aws`. What checkov says about the generated documents is in
[checkov.md](checkov.md); how to add a check in [add-a-check.md](../add-a-check.md).

"""


def pages() -> dict[str, str]:
    """File name to text, of every page."""
    checks = [*all_checks(), *WAIVER_CHECKS]
    return {"README.md": INTRODUCTION + "\n".join(_table(checks)) + "\n", **{f"{c.id}.md": page(c) for c in checks}}


def _table(checks: list[Check]) -> list[str]:
    head = ["| ID | Severity | Family | What it finds |", "|---|---|---|---|"]
    return head + [
        f"| [{c.id}]({c.id}.md) | {c.severity}{'*' * c.relaxed} | {c.family.replace('_', ' ')} | {c.title} |"
        for c in checks
    ]


def differing(folder: Path = FOLDER) -> dict[Path, str | None]:
    """What has to be written, and what removed (None)."""
    wanted = {folder / name: text for name, text in pages().items()}
    differ: dict[Path, str | None] = {
        path: text for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    gone = [path for path in folder.glob("GB*.md") if path not in wanted]
    return {**differ, **dict.fromkeys(gone)}


def main(arguments: list[str]) -> int:
    """Write or compare; the exit code."""
    differ = differing()
    for path, text in sorted(differ.items()):
        print(path.relative_to(FOLDER.parents[1]))
        if "--check" in arguments:
            continue
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if differ and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
