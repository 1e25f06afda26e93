"""What a route, a silence, a mute or an inhibition is about: one small language of matches."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

FIELDS = ("priority", "service", "kind", "name", "region", "source", "status", "resource", "key")
"""Fields of an alert that can be matched; "label.<x>" besides."""
PLURALS = {
    "priorities": "priority",
    "statuses": "status",
    **{f"{field}s": field for field in FIELDS[1:] if field != "status"},
}
MOST_TEXT = 1_000
"""Characters of a value that are looked at: a match must not become slow by what somebody posts."""


def matches(match: Mapping[str, Any] | None, alert: Mapping[str, Any]) -> bool:
    """Whether every key of the match holds for the alert; a match without keys holds for all."""
    return all(_holds(key, wanted, alert) for key, wanted in (match or {}).items())


def why_not(match: Mapping[str, Any] | None, alert: Mapping[str, Any]) -> str | None:
    """The first key that does not hold, as a sentence; None when all hold."""
    for key, wanted in (match or {}).items():
        if not _holds(key, wanted, alert):
            value = value_of(key, alert)
            if value is None:
                return f'"{key}" is nothing that can be matched'
            return f'{key} is "{value}", not {" or ".join(_list(wanted)) or "anything"}'
    return None


def check(match: object) -> None:
    """Raises ValueError, with what to write instead, when a match cannot mean anything."""
    if not isinstance(match, dict):
        raise ValueError('A match is written like {priority: [P1, P2], service: "services.*"}.')
    for key, wanted in match.items():
        if not (isinstance(key, str) and _known(key)):
            raise ValueError(f'"{key}" cannot be matched: write one of {", ".join(FIELDS)} or label.<name>.')
        if not isinstance(wanted, str) and not (
            isinstance(wanted, list) and wanted and all(isinstance(one, str) for one in wanted)
        ):
            raise ValueError(f'"{key}" needs a text or a list of texts.')


def value_of(key: str, alert: Mapping[str, Any]) -> str | None:
    """What an alert has under a key of a match: "" when it has nothing there, None when there is no such key."""
    if key.startswith("label."):
        return str((alert.get("labels") or {}).get(key[6:], ""))
    field = PLURALS.get(key, key)
    return str(alert.get(field) or "") if field in FIELDS else None


def like(pattern: str, text: str) -> bool:
    """Whether the text is what the pattern says: * stands for any characters, ? for one. Takes time in proportion to both."""
    text = text[:MOST_TEXT]
    at, star, mark = 0, -1, 0
    p = 0
    while at < len(text):
        # A star in the pattern is one even where the text has a star too.
        if p < len(pattern) and pattern[p] == "*":
            star, mark = p, at
            p += 1
        elif p < len(pattern) and pattern[p] in ("?", text[at]):
            p += 1
            at += 1
        elif star >= 0:
            mark += 1
            p, at = star + 1, mark
        else:
            return False
    return not pattern[p:].strip("*")


def _known(key: str) -> bool:
    return PLURALS.get(key, key) in FIELDS or (key.startswith("label.") and len(key) > 6)


def _holds(key: str, wanted: object, alert: Mapping[str, Any]) -> bool:
    value = value_of(key, alert)
    return value is not None and any(like(pattern, value) for pattern in _list(wanted))


def _list(wanted: object) -> list[str]:
    return [str(one) for one in wanted] if isinstance(wanted, list | tuple) else [str(wanted)]
