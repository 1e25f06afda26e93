"""Which routes an alert takes, how it is grouped there, and what keeps it from being told."""

from __future__ import annotations

from . import matching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

GROUPED: dict[str, Any] = {"by": ["service"], "wait": 30.0, "interval": 300.0}
"""What a route with `group` has where it says nothing (wait and interval are Alertmanager's defaults)."""
UNGROUPED: dict[str, Any] = {"by": ["service", "name"], "wait": 0.0, "interval": 60.0}
"""A route without `group` tells at once, and what follows about the same within a minute together."""
REPEAT = 14_400.0
"""Seconds between reminders of what still fires (Alertmanager's default)."""
AFTER = 600.0
"""Seconds without acknowledgement until it is escalated."""
LONGEST_NAME = 60
LONGEST_KEY = 120
EVERYBODY = "everybody"
"""The route of a configuration without routes: to every channel."""


class Match:
    """A route that an alert takes."""

    __slots__ = ("by", "fallback", "id", "key", "route")

    def __init__(self, id: str, route: Mapping[str, Any], by: dict[str, str], fallback: bool) -> None:
        self.id = id
        self.route = route
        self.by = by
        """What the group has in common: {"service": "services.web"}."""
        self.key = group_key(by)
        self.fallback = fallback
        """No route matched, so the last one takes it."""

    @property
    def group(self) -> str:
        """The id of the group, outside of quiet hours."""
        return f"{self.id}/{self.key}"


class Timing:
    """The waits of a route, in seconds."""

    __slots__ = ("after", "interval", "repeat", "times", "wait")

    def __init__(self, route: Mapping[str, Any]) -> None:
        group = route.get("group")
        default = GROUPED if group else UNGROUPED
        escalate = route.get("escalate") or {}
        self.wait = _seconds((group or {}).get("wait"), default["wait"])
        """Before the first message of an incident."""
        self.interval = _seconds((group or {}).get("interval"), default["interval"])
        """Between messages about what changed."""
        self.repeat = _seconds(route.get("repeat"), REPEAT)
        """Between reminders; 0 = none."""
        self.after = max(1.0, _seconds(escalate.get("after"), AFTER))
        """Without acknowledgement until it is escalated, and between escalations."""
        self.times = 1 + int(_seconds(escalate.get("repeat"), 0.0)) if escalate.get("to") else 0
        """How often it is escalated in all."""


def routes(config: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The routes in their order, each with an id that stays when other routes come and go.

    The id is the route's name, else what it matches, so a change of its channels or waits goes on with the same groups.
    """
    found: list[tuple[str, Mapping[str, Any]]] = []
    used: dict[str, int] = {}
    for route in config.get("routes") or ():
        name = _name(route)
        used[name] = used.get(name, 0) + 1
        found.append((name if used[name] == 1 else f"{name}-{used[name]}", route))
    return found or [(EVERYBODY, {"to": sorted(config.get("channels") or {})})]


def routes_of(alert: Mapping[str, Any], config: Mapping[str, Any]) -> list[Match]:
    """The routes the alert takes: the first that matches, and the next ones while these say `continue`.

    When none matches it is the last route, and without routes every channel: nothing is lost because nobody routed it.
    """
    every = routes(config)
    found = []
    for name, route in every:
        if matching.matches(route.get("match"), alert):
            found.append(Match(name, route, _common(alert, route), False))
            if not route.get("continue"):
                break
    if not found:
        name, route = every[-1]
        found.append(Match(name, route, _common(alert, route), True))
    return found


def inhibits(alert: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether the alert mutes others while it fires."""
    return any(matching.matches(rule.get("if"), alert) for rule in config.get("inhibit") or () if rule.get("if"))


def inhibited_by(
    alert: Mapping[str, Any], config: Mapping[str, Any], firing: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The firing alert that mutes this one. What matches both sides of a rule is not muted by it (Alertmanager's rule)."""
    for rule in config.get("inhibit") or ():
        cause, target = rule.get("if"), rule.get("then") or {}
        same = [key for key, wanted in target.items() if wanted is True]
        wanted = {key: value for key, value in target.items() if value is not True}
        if not cause or not target or matching.matches(cause, alert) or not matching.matches(wanted, alert):
            continue
        # What the alert does not have is not "the same": a missing region must not mute everything.
        values = [matching.value_of(key, alert) for key in same]
        if not all(values):
            continue
        for other in sorted(firing, key=lambda one: str(one.get("key"))):
            if (
                other.get("status") == "firing"
                and other.get("key") != alert.get("key")
                and matching.matches(cause, other)
                and [matching.value_of(key, other) for key in same] == values
            ):
                return other
    return None


class Suppression:
    """Why an alert that fires is not told now."""

    __slots__ = ("by", "id", "reason", "text", "until")

    def __init__(self, reason: str, id: str, by: str, text: str, until: float | None) -> None:
        self.reason = reason
        """silence, mute or inhibited."""
        self.id = id
        self.by = by
        self.text = text
        self.until = until

    @property
    def code(self) -> str:
        """Tells one suppression from another: "silence:deploy"."""
        return f"{self.reason}:{self.id}"


def suppression(
    now: float,
    alert: Mapping[str, Any],
    config: Mapping[str, Any],
    silences: Sequence[Mapping[str, Any]],
    mutes: Sequence[Mapping[str, Any]],
    firing: Iterable[Mapping[str, Any]],
) -> Suppression | None:
    """What keeps the alert from being told at `now`: a planned stop, else a silence, else another alert."""
    for reason, documents in (("mute", mutes), ("silence", silences)):
        for found in sorted(documents, key=lambda one: str(one.get("id"))):
            if active(now, found) and found.get("match") and matching.matches(found["match"], alert):
                who, why = str(found.get("by") or ""), str(found.get("why") or "")
                return Suppression(reason, str(found.get("id")), who, why, found.get("until"))
    other = inhibited_by(alert, config, firing)
    if other is None:
        return None
    return Suppression("inhibited", str(other["key"]), str(other["key"]), str(other.get("title") or ""), None)


def active(now: float, found: Mapping[str, Any]) -> bool:
    """Whether a silence or mute holds at `now`: from its beginning until just before its end; no end = until it is lifted."""
    until = found.get("until")
    return float(found.get("from") or 0.0) <= now and (until is None or now < float(until))


def group_key(by: Mapping[str, str]) -> str:
    """The values in one text, reversible enough that two groups never share it; cut with a checksum when it is long."""
    key = "|".join(value.replace("%", "%25").replace("|", "%7C") for value in by.values()) or "all"
    return short(key, LONGEST_KEY)


def short(text: str, most: int) -> str:
    """The text, or when it is longer its beginning and a checksum of the whole."""
    if len(text) <= most:
        return text
    from zlib import crc32

    return f"{text[: most - 9]}~{crc32(text.encode()):08x}"


def explain(
    alert: Mapping[str, Any],
    config: Mapping[str, Any],
    now: float,
    silences: Sequence[Mapping[str, Any]],
    mutes: Sequence[Mapping[str, Any]],
    firing: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """See `explaining.explain`."""
    from .explaining import explain as made

    return made(alert, config, now, silences, mutes, firing)


def explain_text(explained: Mapping[str, Any]) -> list[str]:
    """See `explaining.explain_text`."""
    from .explaining import explain_text as made

    return made(explained)


def _common(alert: Mapping[str, Any], route: Mapping[str, Any]) -> dict[str, str]:
    group = route.get("group")
    by = (group or {}).get("by")
    fields: list[str] = by if by is not None else (GROUPED if group else UNGROUPED)["by"]
    return {field: matching.value_of(field, alert) or "" for field in fields}


def _name(route: Mapping[str, Any]) -> str:
    given = str(route.get("name") or "")
    if not given:
        match = route.get("match") or {}
        parts = [
            str(one)
            for key in sorted(match)
            for one in (match[key] if isinstance(match[key], list | tuple) else [match[key]])
        ]
        given = "+".join(parts) or "rest"
    plain = "".join(letter if letter.isalnum() or letter in "._*+-" else "_" for letter in given)
    return short(plain, LONGEST_NAME)


def _seconds(value: object, default: object) -> float:
    found = default if value is None else value
    return max(0.0, float(found)) if isinstance(found, int | float) else 0.0
