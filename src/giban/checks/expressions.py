"""The literal part of a Terraform expression: what stands inside `jsonencode({…})`, as far as it is written out.

Objects, lists, texts, numbers and true or false become data; everything else stays an expression, `"${…}"`, which the rest
of giban reads as "not known before apply". This is not an evaluator: nothing is looked up and no function is called.
"""

from __future__ import annotations

import re
from typing import Any

_CALL = re.compile(r"\$\{\s*jsonencode\s*\((.*)\)\s*\}", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_KEY = re.compile(r'\s*(?:"([^"$]*)"|([A-Za-z_][\w-]*)|(\(.*?\)))\s*(?:=(?![=>])|:(?!:))', re.DOTALL)
_COMMENT = re.compile(r"(?m)^\s*(#|//).*$")
_OPEN = {"{": "}", "[": "]", "(": ")"}
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def jsonencoded(text: str) -> Any:
    """The data inside `"${jsonencode(…)}"`; None when the text is anything else."""
    found = _CALL.fullmatch(text.strip())
    return literal(found[1]) if found else None


def literal(expression: str) -> Any:
    """An expression as data: `{a = 1, b = var.x}` → `{"a": 1, "b": "${var.x}"}`."""
    source = expression.strip()
    if source in _WORDS:
        return _WORDS[source]
    if _NUMBER.fullmatch(source):
        return float(source) if "." in source else int(source)
    if source and _end(source, 0) == len(source):
        inner = source[1:-1]
        if source[0] == '"':
            return _unescape(inner)
        if source[0] == "[" and not _is_loop(inner):
            return [literal(part) for part in _parts(inner)]
        if source[0] == "{" and not _is_loop(inner):
            return _object(inner, source)
    return f"${{{source}}}"


def _object(inner: str, source: str) -> Any:
    found: dict[str, Any] = {}
    for part in _parts(inner):
        key = _KEY.match(part)
        if key is None:
            return f"${{{source}}}"
        name = key[1] if key[1] is not None else key[2] or f"${{{key[3][1:-1]}}}"
        found[name] = literal(part[key.end() :])
    return found


def _is_loop(inner: str) -> bool:
    return re.match(r"\s*for\s", inner) is not None


def _parts(inner: str) -> list[str]:
    """The items of a list or object, parted by commas or line ends that are in no bracket and no text."""
    inner = _COMMENT.sub("", inner)
    parts: list[str] = []
    start = at = 0
    while at < len(inner):
        if inner[at] in '"{[(':
            at = _end(inner, at)
            continue
        # A line end parts items unless the value is still to come (`key =⏎ value`).
        if inner[at] == "," or (inner[at] == "\n" and not inner[start:at].rstrip().endswith(("=", ":"))):
            parts.append(inner[start:at])
            start = at + 1
        at += 1
    parts.append(inner[start:])
    return [part for part in parts if part.strip()]


def _end(source: str, at: int) -> int:
    """Where the text or bracket that begins at `at` has its end (the place after it); `at` when it begins none."""
    if source[at] == '"':
        return _end_of_text(source, at + 1)
    closing = _OPEN.get(source[at])
    if closing is None:
        return at
    at += 1
    while at < len(source):
        if source[at] == closing:
            return at + 1
        at = _end(source, at) if source[at] in '"{[(' else at + 1
    return at


def _end_of_text(source: str, at: int) -> int:
    while at < len(source) and source[at] != '"':
        if source[at] == "\\":
            at += 2
        elif source.startswith("${", at):
            at = _end(source, at + 1)
        else:
            at += 1
    return at + 1


def _unescape(inner: str) -> str:
    return re.sub(r'\\(["\\ntr])', lambda found: _ESCAPES[found[1]], inner)
