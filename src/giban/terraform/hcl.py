"""HCL text in the shape of Terraform's JSON documents, so that whoever reads a graph never sees which one it was.

Reading is python-hcl2's; the extra `hcl` brings it. Here are its import, its errors and the differences of shape.
"""

from __future__ import annotations

import re
from typing import Any

from giban.graph.problems import Position, Problem, Problems

_HEREDOC = re.compile(r"<<(-?)(\w+)[ \t]*\n(.*?)[ \t]*\2\s*", re.DOTALL)
_BLOCK = re.compile(r'^([ \t]*)(resource|data)\s+"?([\w-]+)"?\s+"?([\w-]+)"?\s*\{', re.MULTILINE)


def parse(text: str, file: str) -> dict[str, Any]:
    """The document, blocks as lists of objects. Raises Problems for text that is not HCL, or without python-hcl2."""
    hcl2, lark = _library(file)
    options = hcl2.SerializationOptions(
        with_comments=False, explicit_blocks=False, preserve_heredocs=True, strip_string_quotes=True
    )
    try:
        document = hcl2.loads(text, serialization_options=options)
    except lark.exceptions.LarkError as error:
        raise Problems([_mistake(error, text, file)]) from None
    except (RecursionError, RuntimeError, ValueError) as error:
        what = f"This could not be read as HCL: {error}."
        raise Problems([Problem(what, "Run `terraform fmt`, which says more.", Position(file, 1, 1))]) from None
    return {str(key): _bare(value) for key, value in document.items()}


def lines(text: str) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Line and column of every `resource` and `data` block by (keyword, type, label)."""
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    line, counted = 1, 0
    for match in _BLOCK.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        found.setdefault((match[2], match[3], match[4]), (line, len(match[1]) + 1))
    return found


def _library(file: str) -> tuple[Any, Any]:
    try:
        import hcl2
        import lark
    except ImportError:
        fix = "Install it with: pip install 'giban[hcl]'. Terraform's JSON (*.tf.json) needs nothing."
        raise Problems([Problem("Reading HCL needs python-hcl2.", fix, Position(file, 1, 1))]) from None
    return hcl2, lark


def _mistake(error: Any, text: str, file: str) -> Problem:
    line, column = getattr(error, "line", -1), getattr(error, "column", -1)
    last = text.count("\n") + 1
    # At the end of the file there is no token, and lark says -1.
    line = line if isinstance(line, int) and 0 < line <= last else last
    column = column if isinstance(column, int) and column > 0 else 1
    rows = text.splitlines()
    shown = rows[line - 1].strip() if line <= len(rows) else ""
    what = f"This is not HCL: `{shown[:60]}`." if shown else "The file ends before a block is closed."
    return Problem(what, "Run `terraform fmt`, which says more.", Position(file, line, column))


def _bare(value: Any) -> Any:
    """Keys without the quotes that labels keep, and keys that are expressions in Terraform's JSON form."""
    if isinstance(value, dict):
        return {_key(key): _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return _heredoc(value) if isinstance(value, str) and value.startswith("<<") else value


def _heredoc(value: str) -> str:
    """The text of `<<EOF … EOF`; `<<-EOF` loses the indentation of its least indented line. python-hcl2 would do it too,
    but puts backslashes before quotes and backslashes, which a heredoc does not have."""
    found = _HEREDOC.fullmatch(value)
    if found is None:
        return value
    rows = found[3].split("\n")
    shared = min((len(row) - len(row.lstrip()) for row in rows if row.strip()), default=0) if found[1] else 0
    return "\n".join(row[shared:] if row.strip() else "" for row in rows)


def _key(key: Any) -> str:
    text = str(key)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    return "${" + text[3:-2] + "}" if text.startswith("${(") and text.endswith(")}") else text
