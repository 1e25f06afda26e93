"""When something should be on, by its schedules. Pure: the keeper decides by it, the command line explains by it.

A schedule is {"time_zone": IANA name, "on": "08:00 Mon-Fri", "off": "20:00 daily", "holidays": ["2026-12-25"], "grace": 7200};
the text of `on` and `off`, and what becomes of them when the clock changes, is `common.schedule`'s.

From a time of `on` to the next time of `off` it should be on. On a holiday (a date in the schedule's zone) `on` does not happen,
`off` does: a machine that ran into the holiday is stopped. Of an `on` and an `off` at the same moment `off` counts.
Several schedules: on while any of them says on, because nobody may lose a machine they count on. None: always on.
"""

from __future__ import annotations

from itertools import pairwise

from ..common import schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from typing import Any

    Schedule = Mapping[str, Any]
    Part = tuple[float, float, tuple[str, ...]]

GRACE = 2 * 3600.0
"""Seconds for which a start by hand outside of the hours is respected, unless the schedule says otherwise."""
DAY = 86_400.0
AROUND = 10 * DAY
"""Seconds looked at before and after a moment at first: a week, and what holidays and clock changes move."""
FARTHEST = 400 * DAY
"""Seconds after which looking for a change ends; a schedule whose every start is a holiday has none."""
HOURS_PER_MONTH = 730.0
"""A month as AWS's price list has it: https://aws.amazon.com/calculator/calculator-assumptions/"""
PLAIN_WEEK = 1_767_571_200.0
"""Monday 5 January 2026 in UTC: a week in which no zone changes its clock."""

_found: dict[tuple[object, ...], tuple[float, float, Hours]] = {}
"""Schedules to the last answer and the stretch of time it holds for: hundreds of targets share a few schedules."""


class Hours:
    """What schedules say of a moment."""

    __slots__ = ("on", "since", "until", "which", "why")

    def __init__(self, on: bool, since: float | None, until: float | None, which: tuple[str, ...], why: str) -> None:
        self.on = on
        self.since = since
        """When this began, seconds since 1970; None: longer ago than anybody asks for."""
        self.until = until
        """When it ends; None: not to be seen yet."""
        self.which = which
        """The schedules that say on at this moment; when it is off, all of them."""
        self.why = why
        """schedule, holiday (off, where it would be on without them) or always (no schedules)."""


class Span:
    """A stretch of time in which nothing changes."""

    __slots__ = ("end", "on", "start", "which")

    def __init__(self, start: float, end: float, on: bool, which: tuple[str, ...]) -> None:
        self.start = start
        self.end = end
        self.on = on
        self.which = which
        """The schedules that say on; empty when it is off."""


def check(schedule_: Schedule) -> None:
    """Raises ValueError, with what to write instead, for a schedule that cannot be followed."""
    zone, on, off = (schedule_.get(key) or "" for key in ("time_zone", "on", "off"))
    schedule.check(zone, on)
    schedule.check(zone, off)
    (*at_on, days_on), (*at_off, days_off) = schedule.parse(on), schedule.parse(off)
    if at_on == at_off and days_on & days_off:
        raise ValueError(f'"on" and "off" are both at {on.split()[0]}: choose different times.')
    for text in schedule_.get("holidays") or ():
        _date(text)
    if not 0 <= float(schedule_.get("grace") or 0) <= 7 * DAY:
        raise ValueError("A start by hand can be respected for seven days at most.")


def should_be(schedules: Mapping[str, Schedule], now: float) -> Hours:
    """What the schedules (by name) say of `now`. Raises ValueError for one that cannot be understood."""
    return _answer(schedules, now)[2] if schedules else Hours(True, None, None, (), "always")


def next_on(schedules: Mapping[str, Schedule], after: float) -> float | None:
    """The first start of any schedule after a moment, whether or not another says on already; None: none to be seen."""
    width = AROUND
    while schedules and width <= FARTHEST:
        times = [time for each in schedules.values() for time, on in _times(each, after, after + width) if on]
        found = min((time for time in times if time > after), default=None)
        if found is not None:
            return found
        width *= 4
    return None


def grace(schedules: Mapping[str, Schedule]) -> float:
    """Seconds for which a start by hand outside of the hours is respected: the longest that any schedule says."""
    said = [each.get("grace") for each in schedules.values()]
    return max((GRACE if seconds is None else float(seconds) for seconds in said), default=GRACE)


def week(schedules: Mapping[str, Schedule], start: float, days: float = 7) -> list[Span]:
    """The days from `start` on as stretches without a gap; the first and the last are cut off at the edges."""
    return list(_spans(schedules, start, start + days * DAY))


def changes(schedules: Mapping[str, Schedule], now: float, most: int = 4) -> list[tuple[float, bool]]:
    """The next changes between on and off within a fortnight: when, and whether it is on then."""
    found: list[tuple[float, bool]] = []
    last = None
    for span in _spans(schedules, now, now + 14 * DAY):
        if last is not None and span.on != last:
            found.append((span.start, span.on))
        last = span.on
    return found[:most]


def hours_per_month(schedules: Mapping[str, Schedule]) -> float:
    """Hours of an average month in which it is on, for an estimate of the cost. Holidays are left out of it."""
    plain = {name: {**each, "holidays": ()} for name, each in schedules.items()}
    on = sum(span.end - span.start for span in week(plain, PLAIN_WEEK) if span.on)
    return HOURS_PER_MONTH * on / (7 * DAY)


def peak(peaks: Sequence[Mapping[str, Any]], zone: str, now: float) -> Mapping[str, Any] | None:
    """The entry ({"at": "11:30 Mon-Fri", "min": 6}) whose time came last; of several at once the last. None without any."""
    found = None
    latest = float("-inf")
    for each in peaks:
        at = schedule.previous(zone, each["at"], now)
        if at >= latest:
            found, latest = each, at
    return found


def _answer(schedules: Mapping[str, Schedule], now: float) -> tuple[float, float, Hours]:
    key = tuple((name, *_key(schedules[name])) for name in sorted(schedules))
    known = _found.get(key)
    if known is None or not known[0] <= now < known[1]:
        known = _found[key] = _look(schedules, now)
    return known


def _look(schedules: Mapping[str, Schedule], now: float) -> tuple[float, float, Hours]:
    width = AROUND
    while True:
        before: list[Span] = []
        until = None
        for span in _spans(schedules, now - width, now + width):
            if span.start > now and span.on != before[-1].on:
                until = span.start
                break
            before.append(span)
        here = before[-1].on
        first = len(before) - 1
        while first > 0 and before[first - 1].on == here:
            first -= 1
        since = before[first].start if first > 0 else None
        if (since is not None and until is not None) or width > FARTHEST:
            break
        width *= 4
    at = next(span for span in reversed(before) if span.start <= now)
    if here:
        return at.start, at.end, Hours(True, since, until, at.which, "schedule")
    first_valid, last_valid, why = at.start, at.end, "schedule"
    if any(each.get("holidays") for each in schedules.values()):
        # The hours that a holiday took away are no change, but another reason.
        begin, end, plain = _answer({name: {**each, "holidays": ()} for name, each in schedules.items()}, now)
        first_valid, last_valid, why = max(begin, at.start), min(end, at.end), "holiday" if plain.on else "schedule"
    return first_valid, last_valid, Hours(False, since, until, tuple(sorted(schedules)), why)


def _spans(schedules: Mapping[str, Schedule], start: float, end: float) -> Iterable[Span]:
    if not schedules:
        yield Span(start, end, True, ())
        return
    parts = {name: _intervals(each, start, end) for name, each in sorted(schedules.items())}
    edges = {start, end}
    for intervals in parts.values():
        edges.update(edge for interval in intervals for edge in interval if start < edge < end)
    ordered = sorted(edges)
    last: Span | None = None
    for first, following in pairwise(ordered):
        which = tuple(name for name, found in parts.items() if any(begin <= first < stop for begin, stop in found))
        if last is not None and last.which == which:
            last.end = following
            continue
        if last is not None:
            yield last
        last = Span(first, following, bool(which), which)
    if last is not None:
        yield last


def _intervals(each: Schedule, start: float, end: float) -> list[tuple[float, float]]:
    """When one schedule says on, as far as it touches the window; the last may reach past it."""
    found: list[tuple[float, float]] = []
    began: float | None = None
    # Every schedule has an `off` in ten days, so what was before the window does not matter.
    for time, on in _times(each, start - AROUND, end):
        if on and began is None:
            began = time
        elif not on and began is not None:
            found.append((began, time))
            began = None
    if began is not None:
        found.append((began, end + DAY))
    return [(begin, stop) for begin, stop in found if stop > start and begin < end]


def _times(each: Schedule, start: float, end: float) -> Sequence[tuple[float, bool]]:
    """Every time of `on` (holidays left out) and `off` in the window, in order; `off` after an `on` of the same moment."""
    from datetime import UTC, datetime, timedelta

    tz = schedule.find_zone(each["time_zone"])
    holidays = {_date(text) for text in each.get("holidays") or ()}
    texts = ((schedule.parse(each["on"]), True), (schedule.parse(each["off"]), False))
    day = datetime.fromtimestamp(start, UTC).astimezone(tz).date() - timedelta(days=1)
    last = datetime.fromtimestamp(end, UTC).astimezone(tz).date() + timedelta(days=1)
    found: list[tuple[float, bool]] = []
    while day <= last:
        for (hour, minute, days), on in texts:
            if day.weekday() in days and not (on and day in holidays):
                moment = schedule.moment_of(datetime(day.year, day.month, day.day, hour, minute, tzinfo=tz))
                if start <= moment <= end:
                    found.append((moment, on))
        day += timedelta(days=1)
    return sorted(found, key=lambda each: (each[0], not each[1]))


def _date(text: object) -> date:
    from datetime import date

    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f'"{text}" is no date: write holidays like "2026-12-25".') from None


def _key(each: Schedule) -> tuple[object, ...]:
    return each["time_zone"], each["on"], each["off"], tuple(map(str, each.get("holidays") or ()))
