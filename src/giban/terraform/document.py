"""One Terraform document as data: what its JSON may look like, and on which line each resource stands.

Every level of labels may be an object or a list of objects, and a key may stand twice
(https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping).
"""

from __future__ import annotations

import json
import re
from typing import Any

from giban.graph.problems import Position, Problem, Problems

Address = tuple[str, str, str]
"""Keyword ("resource" or "data"), type and label."""
Places = dict[Address, Position]

_DEEPEST = 100
"""Levels of objects and lists; the deepest block of the AWS provider (a statement of a web ACL) is at about 30."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')


class Document:
    """All documents of a root taken together: resources by address, every other block as a list in the order read."""

    def __init__(self) -> None:
        self.resources: dict[Address, dict[str, Any]] = {}
        self.places: Places = {}
        self.blocks: dict[str, list[dict[str, Any]]] = {}


def flat(value: Any) -> list[dict[str, Any]]:
    """The objects of a block, however deep in lists."""
    if isinstance(value, dict):
        return [value]
    return [found for item in value for found in flat(item)] if isinstance(value, list) else []


def not_too_deep(body: dict[str, Any], file: str) -> None:
    """Raise Problems when a document is nested so deep that nobody can have meant it, and nothing could walk it."""
    level: list[Any] = [body]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    what = f"This document is nested more than {_DEEPEST} levels deep."
    raise Problems([Problem(what, "Correct the text.", Position(file, 1, 1))])


def read_json(text: str, file: str) -> tuple[dict[str, Any], Places]:
    """A document and the places of its resources. Raises Problems when it is not a JSON object."""
    try:
        body = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        where = Position(file, error.lineno, error.colno)
        raise Problems([Problem(f"This is not JSON: {error.msg}.", "Correct the text here.", where)]) from None
    except (RecursionError, ValueError) as error:
        what = f"This could not be read as JSON: {error}."
        raise Problems([Problem(what, "Correct the text.", Position(file, 1, 1))]) from None
    if not isinstance(body, dict):
        what = "A Terraform document is one JSON object."
        raise Problems([Problem(what, 'Write { "resource": … }.', Position(file, 1, 1))])
    return body, _places(text, file)


def resources(body: dict[str, Any], file: str, places: Places) -> list[tuple[Address, dict[str, Any]]]:
    """Every resource and data source of a document. Raises Problems where one is not an object."""
    found: list[tuple[Address, dict[str, Any]]] = []
    problems: list[Problem] = []
    for keyword in ("resource", "data"):
        if body.get(keyword) is not None and not _all_objects(body[keyword]):
            problems.append(_not_an_object(keyword, Position(file, 1, 1)))
        for types in flat(body.get(keyword)):
            for type_, labels in types.items():
                if type_ == "//":
                    continue
                if not _all_objects(labels):
                    problems.append(_not_an_object(f"{keyword}.{type_}", Position(file, 1, 1)))
                for named in flat(labels):
                    for label, args in named.items():
                        if label == "//":
                            continue
                        address = (keyword, type_, label)
                        if not _all_objects(args):
                            where = places.get(address, Position(file, 1, 1))
                            problems.append(_not_an_object(f"{type_}.{label}", where))
                        found += [(address, item) for item in flat(args)]
    if problems:
        raise Problems(problems)
    return found


def _all_objects(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and all(_all_objects(item) for item in value))


def _not_an_object(path: str, where: Position) -> Problem:
    return Problem(f"`{path}` is not an object.", "Write { … } with names and values.", where, path)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = [found[key], value] if key in found else value
    return found


def _places(text: str, file: str) -> Places:
    """The line and column of each label, found by counting braces; lists do not deepen the path."""
    found: Places = {}
    path: list[str] = []
    key = ""
    at = 0
    line, counted = 1, 0
    for match in _TOKEN.finditer(text):
        part = match[0]
        if part[0] == '"':
            if len(path) <= 3:
                key, at = part, match.start()
        elif part == "{":
            if len(path) == 3 and path[1] in ('"resource"', '"data"'):
                line += text.count("\n", counted, at)
                counted = at
                address = (path[1][1:-1], _plain(path[2]), _plain(key))
                found.setdefault(address, Position(file, line, at - text.rfind("\n", 0, at)))
            path.append(key)
        elif part == "}" and path:
            key = path.pop()
    return found


def _plain(part: str) -> str:
    return str(json.loads(part)) if "\\" in part else part[1:-1]
