"""Cases as text: what happens when, and what is told when.

times      `0`, `30s`, `5m`, `1h30m` after the start; or, where a case has a zone, `22:30` and `+1 08:00` (next day)
steps      fire a [P1] [key=value …] · ok a · event e [P1] [x3] · silence ID k=v… until TIME · lift ID · mute ID k=v… [until TIME]
           end-mute ID TIME · ack [who] · unack · look (at everything, though nothing is due) · end
told       TIME channels kind: +new !event ~still -recovered
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .rules_router import START, Router, post, told

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Clock:
    """Reads and writes the times of a case."""

    def __init__(self, zone: str = "", day: str = "2026-11-20") -> None:
        self.zone = ZoneInfo(zone) if zone else None
        self.day = datetime.fromisoformat(day).replace(tzinfo=self.zone)

    def read(self, words: list[str]) -> float:
        """Takes the time from the front of the words."""
        if self.zone is None:
            return START + span(words.pop(0))
        days = int(words.pop(0)) if words[0].startswith("+") else 0
        hour, _, minute = words.pop(0).partition(":")
        minute, _, second = minute.partition(":")
        day = self.day + timedelta(days=days)
        return day.replace(hour=int(hour), minute=int(minute), second=int(second or 0)).timestamp()

    def write(self, at: float) -> str:
        if self.zone is None:
            return text(at - START)
        local = datetime.fromtimestamp(at, self.zone)
        days = (local.date() - self.day.date()).days
        clock = local.strftime("%H:%M:%S").removesuffix(":00")
        return f"+{days} {clock}" if days else clock


def span(words: str) -> float:
    """`1h30m` in seconds."""
    total, digits = 0.0, ""
    for letter in words:
        if letter in UNITS:
            total += float(digits) * UNITS[letter]
            digits = ""
        else:
            digits += letter
    assert not digits or words == "0", words
    return total


def text(seconds: float) -> str:
    found, rest = "", round(seconds)
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, UNITS[unit])
        found += f"{count}{unit}" if count else ""
    return found or "0"


def play(config: dict[str, Any], steps: str, clock: Clock | None = None) -> Router:
    """Do the steps, letting everything happen that is due between them."""
    clock = clock or Clock()
    router = Router(config)
    for line in steps.strip().splitlines():
        words = line.split("#")[0].split()
        now = clock.read(words)
        router.run(now - 0.001)
        _step(router, now, words, clock)
        router.look(now)
    return router


def messages(router: Router, clock: Clock | None = None) -> list[str]:
    """What was told, the channels of one message in one line."""
    clock = clock or Clock()
    lines: dict[tuple[float, str, int], list[str]] = {}
    what: dict[tuple[float, str, int], str] = {}
    for message in router.messages:
        key = (message["at"], message["thread"], message["sequence"])
        lines.setdefault(key, []).append(message["channel"])
        what[key] = told(message)
    return [f"{clock.write(key[0])} {','.join(lines[key])} {what[key]}" for key in lines]


def wanted(expected: str) -> list[str]:
    return [" ".join(line.split("#")[0].split()) for line in expected.strip().splitlines()]


def _step(router: Router, now: float, words: list[str], clock: Clock) -> None:
    verb = words.pop(0)
    if verb in ("fire", "ok", "event"):
        name, more = words[0], dict(word.split("=", 1) for word in words[1:] if "=" in word)
        priority = next((word for word in words[1:] if word in ("P1", "P2", "P3", "P4")), "P2")
        status = {"fire": "firing", "ok": "resolved", "event": "event"}[verb]
        times = next((int(word[1:]) for word in words[1:] if word.startswith("x") and word[1:].isdigit()), 1)
        ends = more.pop("ends", "")
        alert = post(name, now, status, priority, id=f"{name}@{now}", **more)
        router.take(now, {**alert, "times": times, "ends": ends})
    elif verb in ("silence", "mute"):
        id = words.pop(0)
        until = None
        if "until" in words:
            at = words.index("until")
            until = clock.read(words[at + 1 :])
            words = words[:at]
        match = dict(word.split("=", 1) for word in words)
        found = {"id": id, "match": match, "from": now, "until": until, "by": "lee", "why": "planned"}
        (router.silences if verb == "silence" else router.mutes).append(found)
    elif verb == "lift":
        router.silences = [found for found in router.silences if found["id"] != words[0]]
        router.look(now, everything=True)
    elif verb == "end-mute":
        for found in router.mutes:
            if found["id"] == words[0]:
                found["until"] = clock.read(words[1:])
    elif verb in ("ack", "unack"):
        router.acknowledge(now, words[0] if words else "kim", undo=verb == "unack")
    elif verb == "look":
        router.look(now, everything=True)
    else:
        assert verb == "end", verb
