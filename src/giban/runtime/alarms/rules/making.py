"""Making an alert of what was read: every field there, no text too long, times as seconds."""

from __future__ import annotations

from ...common.times import parsed
from .routing import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_KEY, MOST_TITLE, MOST_TEXT, MOST_LABEL, MOST_LABELS = 200, 200, 2_000, 200, 20
AHEAD = 300.0
"""Seconds that the clock of a source may be ahead. A time further ahead would make all that follows look old."""
PRIORITIES = ("P1", "P2", "P3", "P4")


class Unreadable(ValueError):  # noqa: N818 - an answer about the message, not a failure
    """What arrived is nothing we know; says why, and what would be readable."""


def alert(
    key: str,
    now: float,
    config: Mapping[str, Any],
    *,
    source: str,
    status: str,
    priority: str,
    service: str,
    kind: str,
    name: str,
    title: str,
    text: str = "",
    at: float | None = None,
    since: float | None = None,
    occurrence: str = "",
    ends: str = "",
    region: str = "",
    resource: str = "",
    value: float | None = None,
    threshold: float | None = None,
    unit: str = "",
    metric: dict[str, Any] | None = None,
    times: int = 1,
    console: str | None = None,
    runbook: str | None = None,
    do: str = "",
    labels: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The document that the package describes. `at` missing: now. `occurrence` missing: made of key, time and status."""
    made_at = now if at is None else min(at, now + AHEAD)
    short_key = short(key, MOST_KEY)
    return {
        "key": short_key,
        "occurrence": short(occurrence or f"{short_key}@{made_at:.3f}@{status}", 2 * MOST_KEY),
        "source": source,
        "status": status,
        "ends": ends,
        "priority": priority,
        "service": line(service, MOST_LABEL),
        "kind": kind,
        "name": line(name, MOST_LABEL),
        "title": line(title, MOST_TITLE) or short_key,
        "text": cut(text.strip(), MOST_TEXT),
        "region": region or str(config.get("region") or ""),
        "resource": cut(resource, MOST_LABEL),
        "value": value,
        "threshold": threshold,
        "unit": unit,
        "metric": metric,
        "since": made_at if since is None else min(since, made_at),
        "at": made_at,
        "times": times,
        "console": console,
        "runbook": web(runbook),
        "do": cut(do.strip(), MOST_TEXT),
        "labels": labels_of(labels or {}),
    }


def service_of(config: Mapping[str, Any], resource: str, otherwise: str) -> str:
    """The service that an instance or database belongs to, where the configuration knows it."""
    return str((config.get("resources") or {}).get(resource) or otherwise)


def labels_of(given: Mapping[str, object]) -> dict[str, str]:
    """As texts, bounded; what has no value is left out."""
    found = {cut(str(key), 60): cut(str(value), MOST_LABEL) for key, value in given.items() if value not in (None, "")}
    return dict(sorted(found.items())[:MOST_LABELS])


def line(text: str, most: int) -> str:
    """One line without control characters."""
    return cut(" ".join("".join(letter if letter.isprintable() else " " for letter in text).split()), most)


def cut(text: str, most: int) -> str:
    """The beginning of a text, with … where it was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"


def web(url: object) -> str | None:
    """The address when it is one for a browser; nothing else may become a link."""
    found = url if isinstance(url, str) else ""
    return found[:MOST_TEXT] if found.startswith(("https://", "http://")) and " " not in found else None


def number(value: object) -> float | None:
    """A number, also from text like "$1,234.50"; None for what is none."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = (
            float(value) if isinstance(value, int | float) else float(str(value).strip().lstrip("$").replace(",", ""))
        )
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e300 else None


def moment(text: object) -> float | None:
    """Seconds of a time as AWS writes it: `2026-11-21T09:00:00.123+0000`, `2026-11-21T09:00:00Z`, `2026-11-21 09:00:00.5`."""
    if not isinstance(text, str):
        return None
    whole = parsed(text)
    if whole is None:
        return None
    rest = text[19:]
    fraction = ""
    if rest.startswith("."):
        fraction = rest[1 : 1 + len(rest[1:]) - len(rest[1:].lstrip("0123456789"))]
        rest = rest[1 + len(fraction) :]
    offset = 0
    digits = rest[1:].replace(":", "")
    if rest[:1] in ("+", "-") and len(digits) == 4 and digits.isdigit():
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * (-1 if rest[0] == "-" else 1)
    return whole + (float(f"0.{fraction}") if fraction else 0.0) - offset


def text_of(value: object) -> str:
    """A value as text; "" for None and for what is no plain value."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
