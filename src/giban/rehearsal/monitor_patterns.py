"""Filter patterns of CloudWatch Logs: which log lines a metric filter or a subscription filter takes.

Terms (`ERROR Traceback`, `"exact phrase"`, `?one ?other`, `-not`), `%regular expression%` and JSON
(`{ $.level = "ERROR" && $.took > 100 }`). Not: space-delimited patterns in square brackets.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

Matches = Callable[[str], bool]


class WrongPattern(ValueError):  # noqa: N818 - a user's mistake
    """A pattern that cannot be read, or is of the kind that is left out."""


@lru_cache(maxsize=500)
def compiled(pattern: str) -> Matches:
    """What tells whether a line is taken. Raises WrongPattern."""
    text = pattern.strip()
    if not text:
        return lambda _line: True
    if text.startswith("{"):
        return _json(text)
    if text.startswith("["):
        raise WrongPattern(f"patterns of fields are not known here: {pattern}")
    return _terms(text)


def value_of(selector: str, line: str) -> float | None:
    """A metric's value: a number, or what a JSON line has at `$.field`; None when there is none."""
    found: Any = selector
    if selector.startswith("$"):
        try:
            found = _field(json.loads(line), _path(selector))
        except (ValueError, WrongPattern):
            return None
    if isinstance(found, bool):
        return None
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|(\S+))')


def _terms(text: str) -> Matches:
    all_: list[Matches] = []
    any_: list[Matches] = []
    none: list[Matches] = []
    place = 0
    while place < len(text):
        found = _TERM.match(text, place)
        if found is None:
            raise WrongPattern(f"not understood: {text}")
        sign, quoted, expression, word = found.groups()
        term = _term(quoted, expression, word, text)
        {"": all_, "?": any_, "-": none}[sign].append(term)
        place = found.end()

    def matches(line: str) -> bool:
        if any(term(line) for term in none) or not all(term(line) for term in all_):
            return False
        # Beside a term that must be there, the optional ones make no difference, as in CloudWatch.
        return bool(all_) or not any_ or any(term(line) for term in any_)

    return matches


def _term(quoted: str | None, expression: str | None, word: str | None, pattern: str) -> Matches:
    if expression is not None:
        return _search(expression, pattern)
    text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else word or ""
    return lambda line: text in line


def _search(expression: str, pattern: str) -> Matches:
    try:
        found = re.compile(expression)
    except re.error as error:
        raise WrongPattern(f"{pattern}: {error}") from None
    return lambda line: found.search(line) is not None


_TOKEN = re.compile(
    r"""\s*(?:(\(|\)|&&|\|\|)|(IS|NOT|EXISTS|NULL|TRUE|FALSE)\b|(\$(?:\[[^\]]*\]|[^\s=!<>()&|\[])*)|(!=|>=|<=|=|>|<)"""
    r"""|("(?:[^"\\]|\\.)*"|%[^%]*%|[^\s()&|{}]+))"""
)
_Token = tuple[str, str]
_Test = Callable[[Any], bool]


def _json(text: str) -> Matches:
    if not text.endswith("}"):
        raise WrongPattern(f"a bracket is not closed: {text}")
    parser = _Parser(text[1:-1].strip(), text)
    test = parser.any()
    if parser.tokens:
        raise WrongPattern(f"not understood: {text}")

    def matches(line: str) -> bool:
        try:
            found = json.loads(line)
        except ValueError:
            return False
        return isinstance(found, (dict, list)) and test(found)

    return matches


class _Parser:
    """&& binds closer than ||."""

    def __init__(self, body: str, pattern: str) -> None:
        self._pattern = pattern
        self.tokens: list[_Token] = []
        place = 0
        while place < len(body):
            found = _TOKEN.match(body, place)
            if found is None:
                raise WrongPattern(f"not understood: {pattern}")
            kind = ("sign", "word", "field", "compare", "value")[(found.lastindex or 1) - 1]
            self.tokens.append((kind, found[found.lastindex or 1]))
            place = found.end()

    def any(self) -> _Test:
        """One or several parts with || between them."""
        parts = [self._all()]
        while self._take("||"):
            parts.append(self._all())
        return lambda found: any(part(found) for part in parts)

    def _all(self) -> _Test:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return lambda found: all(part(found) for part in parts)

    def _one(self) -> _Test:
        if self._take("("):
            inner = self.any()
            if not self._take(")"):
                raise WrongPattern(f"a bracket is not closed: {self._pattern}")
            return inner
        path = _path(self._next("field"))
        if self._take("IS"):
            return self._state(path)
        if self._take("NOT"):
            self._next("word", "EXISTS")
            return lambda found: _field(found, path) is _NOTHING
        return self._comparison(path)

    def _state(self, path: list[str | int]) -> _Test:
        word = self._next("word")
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}
        if word not in wanted:
            raise WrongPattern(f"not understood: {self._pattern}")
        return lambda found: _field(found, path) is wanted[word]

    def _comparison(self, path: list[str | int]) -> _Test:
        compare = self._next("compare")
        if not self.tokens or self.tokens[0][0] not in ("value", "word"):
            raise WrongPattern(f"a value is missing: {self._pattern}")
        value = self.tokens.pop(0)[1]
        number = _number(value)
        if compare in ("=", "!="):
            same = _same(value, number, self._pattern)
            return lambda found: _is(_field(found, path), same, wanted=compare == "=")
        if number is None:
            raise WrongPattern(f"{value} is no number: {self._pattern}")
        work = {">": float.__gt__, ">=": float.__ge__, "<": float.__lt__, "<=": float.__le__}[compare]

        def test(found: Any) -> bool:
            there = _field(found, path)
            return isinstance(there, (int, float)) and not isinstance(there, bool) and bool(work(float(there), number))

        return test

    def _next(self, kind: str, text: str = "") -> str:
        if not self.tokens or self.tokens[0][0] != kind or (text and self.tokens[0][1] != text):
            raise WrongPattern(f"not understood: {self._pattern}")
        return self.tokens.pop(0)[1]

    def _take(self, text: str) -> bool:
        if self.tokens and self.tokens[0][1] == text and self.tokens[0][0] in ("sign", "word"):
            self.tokens.pop(0)
            return True
        return False


def _same(value: str, number: float | None, pattern: str) -> _Test:
    if value.startswith("%"):
        search = _search(value.strip("%"), pattern)
        return lambda there: isinstance(there, str) and search(there)
    text = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
    quoted = value.startswith('"')

    def same(there: Any) -> bool:
        if isinstance(there, (int, float)) and not isinstance(there, bool):
            return number is not None and not quoted and float(there) == number
        return isinstance(there, str) and (
            fnmatchcase(there, re.sub(r"([\[?])", r"[\1]", text)) if "*" in text else there == text
        )

    return same


def _is(there: Any, same: _Test, *, wanted: bool) -> bool:
    """A field that is not there is neither the same nor another."""
    return there is not _NOTHING and same(there) == wanted


_NOTHING = object()


def _field(found: Any, path: list[str | int]) -> Any:
    for part in path:
        known = part < len(found) if isinstance(part, int) and isinstance(found, list) else False
        if not known and not (isinstance(part, str) and isinstance(found, dict) and part in found):
            return _NOTHING
        found = found[part]
    return found


def _path(selector: str) -> list[str | int]:
    """`$.a.b[0]['c d']` as its parts."""
    parts: list[str | int] = []
    rest = selector[1:]
    while rest:
        found = re.match(r"""\.([\w@-]+)|\[(\d+)\]|\[['"]([^'"]*)['"]\]""", rest)
        if found is None:
            raise WrongPattern(f"not understood: {selector}")
        parts.append(int(found[2]) if found[2] else found[1] or found[3])
        rest = rest[found.end() :]
    return parts


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
