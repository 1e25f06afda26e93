"""What a message says, before any service's form: a headline, a part for each alert, links. Text is not escaped here.

Times stay seconds where a service can show them in the reader's own zone; `clock_text` makes text of them for the others.
"""

from __future__ import annotations

from .words import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_PARTS = 8
"""Alerts shown in detail by one message; the rest is counted. A wall of text is not read at night."""
SYMBOLS = {
    "resolved": "✅", "acknowledged": "👤", "digest": "🌅", "escalation": "🚨", "announcement": "📣",
    "P1": "🔴", "P2": "🟠", "P3": "🟡", "P4": "🔵",
}  # fmt: skip
COLORS = {
    "resolved": 0x2EB67D, "acknowledged": 0x6B7280,
    "P1": 0xD92D20, "P2": 0xF79009, "P3": 0xFAC515, "P4": 0x2E90FA,
}  # fmt: skip
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class View:
    """How messages look in one environment."""

    __slots__ = ("environment", "language", "zone")

    def __init__(self, environment: str = "", language: str = "en", zone: str = "UTC") -> None:
        self.environment = environment
        self.language = language
        self.zone = zone

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> View:
        """From the router's configuration: `environment`, `language` (en, ko), `time_zone` (IANA; UTC when left out)."""
        return cls(
            str(config.get("environment") or ""),
            str(config.get("language") or "en"),
            str(config.get("time_zone") or "UTC"),
        )


class Part:
    """One alert of a message."""

    __slots__ = ("do", "facts", "links", "since", "status", "text", "title")

    def __init__(self, alert: Mapping[str, Any], view: View) -> None:
        self.title = str(alert.get("title") or alert.get("name") or alert.get("key") or "?")
        self.status = str(alert.get("status") or "firing")
        self.text = str(alert.get("text") or "")
        self.do = str(alert.get("do") or "")
        self.since = alert.get("since") if isinstance(alert.get("since"), (int, float)) else None
        self.facts = facts(alert, view.language)
        self.links = [
            (word(view.language, key), str(alert[key]))
            for key in ("console", "runbook")
            if str(alert.get(key) or "").startswith("https://")
        ]


class Card:
    """A message, ready to be put into a service's form."""

    __slots__ = ("color", "kind", "more", "parts", "priority", "symbol", "title", "view")

    def __init__(self, message: Mapping[str, Any], view: View) -> None:
        self.view = view
        self.kind = str(message.get("kind") or "firing")
        self.priority = str(message.get("priority") or "P3")
        alerts = [alert for alert in message.get("alerts") or () if isinstance(alert, dict)]
        self.parts = [Part(alert, view) for alert in alerts[:MOST_PARTS]]
        self.more = max(0, len(alerts) - MOST_PARTS) + _whole(message.get("more"))
        self.title = str(message.get("title") or (self.parts[0].title if self.parts else ""))
        self.symbol = SYMBOLS.get(self.kind) or SYMBOLS.get(self.priority, "")
        self.color = COLORS.get(self.kind) or COLORS.get(self.priority, COLORS["P4"])

    def headline(self) -> str:
        """One line: `🔴 P1 CPU of web is high · firing · scv-dev`."""
        kind = "event" if self.kind == "firing" and self.parts and self.parts[0].status == "event" else self.kind
        tail = [word(self.view.language, kind), self.view.environment]
        return f"{self.symbol} {self.priority} {self.title} · {' · '.join(part for part in tail if part)}".strip()

    def more_text(self) -> str:
        """How many alerts are not shown; "" for none."""
        return word(self.view.language, "more", n=self.more) if self.more else ""

    def plain(self, ack: str | None = None) -> str:
        """The whole message as plain text of several lines."""
        language = self.view.language
        lines = [self.headline()]
        for part in self.parts:
            lines.append("")
            if part.title != self.title or len(self.parts) > 1:
                lines.append(f"{SYMBOLS['resolved'] if part.status == 'resolved' else '•'} {part.title}")
            if part.text and part.text != part.title:
                lines.append(part.text)
            lines += [f"{label}: {value}" for label, value in part.facts]
            if part.since is not None:
                lines.append(f"{word(language, 'since')}: {clock_text(part.since, self.view.zone)}")
            if part.do:
                lines.append(f"{word(language, 'do')}: {part.do}")
            lines += [f"{label}: {url}" for label, url in part.links]
        if self.more:
            lines += ["", self.more_text()]
        if ack:
            lines += ["", f"{word(language, 'acknowledge')}: {ack}"]
        return "\n".join(lines)


def facts(alert: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Where it is, and how far from the threshold."""
    made = [(word(language, key), str(alert[key])) for key in ("service", "resource", "region") if alert.get(key)]
    value, threshold = alert.get("value"), alert.get("threshold")
    unit = str(alert.get("unit") or "")
    if value is not None:
        text = amount(value, unit)
        if threshold is not None:
            text += f" ({word(language, 'threshold')} {amount(threshold, unit)})"
        made.append((word(language, "value"), text))
    return made


def amount(value: Any, unit: str) -> str:
    """A number as people write it, with its unit; text as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    size, prefix = next(((size, prefix) for size, prefix in UNITS if abs(value) >= size), (1.0, ""))
    if unit.lower() in ("%", "percent", ""):
        size, prefix = (1.0, "") if abs(value) < 1e6 else (size, prefix)
    number = f"{value / size:.1f}" if abs(value / size) < 1000 else f"{value / size:.0f}"
    sign = {"percent": "%", "bytes": "B", "count": "", "none": "", "seconds": "s", "milliseconds": "ms"}.get(
        unit.lower(), unit
    )
    number = number.removesuffix(".0")
    return number + (f" {prefix}{sign}" if prefix + sign else "")


def clock_text(seconds: float, zone: str) -> str:
    """A time in the environment's zone: `2026-11-21 18:00 KST`."""
    from datetime import UTC, datetime

    from ..common.schedule import find_zone

    try:
        local = datetime.fromtimestamp(seconds, UTC).astimezone(find_zone(zone))
    except ValueError:
        local = datetime.fromtimestamp(seconds, UTC)
    return f"{local:%Y-%m-%d %H:%M %Z}"


def cut(text: str, most: int) -> str:
    """At most `most` characters; what is cut off is shown by an ellipsis."""
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
