"""Arguments as a check wants them: true, false or "not known before apply"; a number; a text; a block that is not there.

Terraform converts `"true"`, `"1"` and 1 by itself, so a check that compares with `is True` misses half of what people
write. Every function here gives None for a value that is an expression: such a value neither passes nor fails.
"""

from __future__ import annotations

from typing import Any

from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


def flag(resource: Resource, *path: str, default: bool) -> bool | None:
    """A true-or-false argument; `default` is what the provider takes when it is not given."""
    value = resource.value(*path)
    if value is None:
        return None if made_dynamically(resource, path[0]) else default
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def number(resource: Resource, *path: str, default: int | None) -> float | None:
    """A number; None also when it is not given and there is no `default`."""
    value = resource.value(*path)
    if value is None:
        return None if made_dynamically(resource, path[0]) else default
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def text(resource: Resource, *path: str, default: str = "") -> str | None:
    """A text without expressions in it."""
    value = resource.value(*path)
    if value is None:
        return None if made_dynamically(resource, path[0]) else default
    return str(value) if isinstance(value, str | int | float) and not is_unknown(value) else None


def given(resource: Resource, *path: str) -> bool:
    """Whether an argument is written at all, known or not; null and empty text count as not given."""
    value = resource.value(*path)
    return (value is not None and value != "") or made_dynamically(resource, path[0])


def made_dynamically(resource: Resource, block: str) -> bool:
    """Whether a `dynamic` of the resource makes blocks of this name, whose number and content are not known."""
    dynamic = resource.meta.get("dynamic")
    parts = dynamic if isinstance(dynamic, list) else [dynamic]
    return any(isinstance(part, dict) and block in part for part in parts)


def listed(value: Any) -> list[Any]:
    """One item or many as a list, as IAM and Terraform both allow."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
