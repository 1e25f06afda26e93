"""When machines run: those that are started and stopped on demand, those with hours, groups with known peaks.

It stands in tags, so that AWS's console tells it and a folder of Terraform tells it too:

    giban:power   scv/dev                                     an instance that is started and stopped on demand
    giban:hours   Mon-Fri 08:00-20:00 Asia/Seoul              on in these hours, off in all others
    giban:peaks   Mon-Fri 11:30 6 / Mon-Fri 14:00 2 Asia/Seoul   from these times on the least number of instances

Hours are those of a week without holidays and clock changes: good for a month's cost and a picture. What runs when is decided by
the keeper, from the blueprint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

import msgspec

from giban.graph.resource import Resource

POWER_TAG = "giban:power"
"""The tag of instances that are started and stopped on demand; nothing without it is ever stopped."""
HOURS_TAG = "giban:hours"
PEAKS_TAG = "giban:peaks"
LONGEST_TAG = 256
"""Characters of a tag's value: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""

DAY = 1440
WEEK = 7 * DAY
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Span = tuple[int, int]
"""Minutes of a week, from Monday 00:00: from the first to before the second."""
Peak = tuple[int, int]
"""A minute of a week, and the least number of instances from then on."""


class Hours(msgspec.Struct, frozen=True):
    """The hours of a week in which something is on."""

    spans: tuple[Span, ...]
    """In order, without overlap."""
    zone: str

    @property
    def share(self) -> float:
        """Part of the week, 0 to 1."""
        return sum(end - begin for begin, end in self.spans) / WEEK


class Peaks(msgspec.Struct, frozen=True):
    """The least numbers of instances over a week."""

    steps: tuple[Peak, ...]
    """In the order of the week; the last holds until the first of the next week."""
    zone: str


def switched(resource: Resource) -> bool:
    """Whether an instance is started and stopped on demand, by its tag."""
    tags = resource.args.get("tags")
    return resource.type == "aws_instance" and isinstance(tags, dict) and POWER_TAG in tags


def hours_of(resource: Resource) -> Hours | None:
    """The hours of a resource by its tag; None without one, or with one that says nothing readable."""
    return read_hours(_tag(resource, HOURS_TAG) or "")


def share_on(resource: Resource) -> float:
    """Part of the time that a resource is on by its hours: 1.0 without any."""
    hours = hours_of(resource)
    return 1.0 if hours is None else hours.share


def peaks_of(resource: Resource) -> Peaks | None:
    """The peaks of a group by its tag; None without one, or with one that says nothing readable."""
    return read_peaks(_tag(resource, PEAKS_TAG) or "")


def least(resource: Resource, otherwise: float) -> float:
    """The least number of instances of a group, on average while it is on; `otherwise` when it has no peaks."""
    peaks = peaks_of(resource)
    hours = hours_of(resource)
    spans = hours.spans if hours else ((0, WEEK),)
    on = sum(end - begin for begin, end in spans)
    if not peaks or not on:
        return otherwise
    return sum((end - begin) * (number or 0) for begin, end, number in stepped(spans, peaks.steps)) / on


def stepped(
    spans: Iterable[tuple[float, float]], steps: Sequence[tuple[float, int]]
) -> Iterator[tuple[float, float, int | None]]:
    """Spans cut where a step begins, each piece with the least number that holds in it; None without steps."""
    for begin, end in spans:
        cuts = [begin, *(minute for minute, _ in steps if begin < minute < end), end]
        for here, there in pairwise(cuts):
            before = [number for minute, number in steps if minute <= here] or [number for _, number in steps]
            yield here, there, before[-1] if before else None


def hours_text(hours: Hours) -> str:
    """Hours as the tag has them."""
    days = []
    for day in range(7):
        first = day * DAY
        parts = [
            (max(b, first) - first, min(e, first + DAY) - first)
            for b, e in hours.spans
            if b < first + DAY and e > first
        ]
        days.append("+".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in parts))
    return " ".join([*(f"{names} {ranges}" for names, ranges in _by_days(days) if ranges), hours.zone])


def peaks_text(peaks: Peaks) -> str:
    """Peaks as the tag has them."""
    at: dict[tuple[int, int], list[int]] = {}
    for minute, number in peaks.steps:
        at.setdefault((minute % DAY, number), []).append(minute // DAY)
    parts = []
    for (clock, number), days in at.items():
        marks = ["x" if day in days else "" for day in range(7)]
        names = "+".join(names for names, mark in _by_days(marks) if mark)
        parts.append(f"{names} {_clock(clock)} {number}")
    return f"{' / '.join(parts)} {peaks.zone}"


def _by_days(values: list[str]) -> list[tuple[str, str]]:
    """Neighbouring days with the same value as one: `Mon-Fri`."""
    found: list[tuple[int, int, str]] = []
    for day, value in enumerate(values):
        if found and found[-1][2] == value:
            found[-1] = (found[-1][0], day, value)
        else:
            found.append((day, day, value))
    return [(DAYS[a] if a == b else f"{DAYS[a]}-{DAYS[b]}", value) for a, b, value in found]


@cache
def read_hours(text: str) -> Hours | None:
    """What `hours_text` wrote; None when it is something else."""
    words = text.split()
    if len(words) < 3 or len(words) % 2 == 0:
        return None
    spans: list[Span] = []
    for names, ranges in zip(words[:-1:2], words[1::2], strict=True):
        days = _days(names)
        if days is None:
            return None
        for part in ranges.split("+"):
            begin, dash, end = part.partition("-")
            here, there = _minutes(begin), _minutes(end)
            if not dash or here is None or there is None or here >= there:
                return None
            spans += [(day * DAY + here, day * DAY + there) for day in days]
    return Hours(tuple(_joined(sorted(spans))), words[-1])


@cache
def read_peaks(text: str) -> Peaks | None:
    """What `peaks_text` wrote; None when it is something else."""
    parts, _, zone = text.rpartition(" ")
    found: list[Peak] = []
    for part in parts.split(" / "):
        words = part.split()
        if len(words) != 3 or not words[2].isdecimal():
            return None
        clock = _minutes(words[1])
        for names in words[0].split("+"):
            days = _days(names)
            if clock is None or days is None:
                return None
            found += [(day * DAY + clock, int(words[2])) for day in days]
    return Peaks(tuple(sorted(found)), zone)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch as one."""
    found: list[Span] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _days(names: str) -> range | None:
    first, dash, last = names.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        return None
    return range(DAYS.index(first), DAYS.index(last or first) + 1) or None


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minutes(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    if not colon or len(text) != 5 or not (hour + minute).isdecimal():
        return None
    found = int(hour) * 60 + int(minute)
    return found if found <= DAY else None


def _tag(resource: Resource, name: str) -> str | None:
    """The value of a tag, also where a resource has a block for each."""
    tags = resource.args.get("tags")
    if isinstance(tags, dict):
        value = tags.get(name)
    else:
        value = next((tag.get("value") for tag in resource.blocks("tag") if tag.get("key") == name), None)
    return value if isinstance(value, str) else None
