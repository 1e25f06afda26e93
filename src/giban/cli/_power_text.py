"""The keeper's answers and the week of a power schedule as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from giban.cli._workstation_text import clock, moment
from giban.cli.output import style, table

if TYPE_CHECKING:
    from giban.lifecycle.operate import Document
    from giban.lifecycle.power import PlannedTarget, WeekPlan

COLOURS = {"on": "green", "starting": "yellow", "stopping": "yellow", "broken": "red", "missing": "red"}
WHY = {
    "schedule": "by its schedules",
    "holiday": "a holiday",
    "manual": "by hand",
    "outside": "by hand, outside of the keeper",
    "first_seen": "as it was found at first",
    "always": "always on",
}
"""Reasons of the keeper in words."""
OUTSIDE = "outside"
"""Who the keeper says it was when it does not know: somebody at the console, or Terraform."""


def plan_lines(plan: WeekPlan) -> Iterator[str]:
    """The week as a table: a row for each target, a column for each day."""
    days = [f"{day:%a} {day.day}" for _, day in plan.days]
    rows = [["", *days, "on", "off", "saved"]]
    for target in plan.targets:
        saved = "unknown" if target.saved is None else f"{target.saved:,.2f}"
        hours = [f"{target.hours_on:.4g} h", f"{target.hours_off:.4g} h", saved if target.hours_off else ""]
        rows.append([target.target, *(_day(plan, target, index) for index in range(7)), *hours])
        if target.peaks:
            rows.append(["  at least", *(_least(plan, target, index) for index in range(7)), "", "", ""])
    first = plan.days[0][1]
    yield style(f"Week of {first:%a} {first.day} {first:%b %Y}, times of {plan.zone}, saved in USD", bold=True)
    yield ""
    yield from table(rows, right=frozenset({8, 9, 10}))
    if plan.saved is not None:
        yield ""
        yield f"The week saves about {plan.saved:,.2f} USD against running all the time."
    if plan.notes:
        yield ""
        yield from plan.notes


def _day(plan: WeekPlan, target: PlannedTarget, index: int) -> str:
    """`08-20`, `08:30-12 13-20`, `all day`, or a dash."""
    begin, end = _edges(plan, index)
    cut = [(max(here, begin), min(there, end)) for here, there in target.together]
    parts = [(here, there) for here, there in cut if here < there]
    if parts == [(begin, end)]:
        return "all day"
    return " ".join(f"{_clock(plan, here, begin)}-{_clock(plan, there, begin)}" for here, there in parts) or "-"


def _least(plan: WeekPlan, target: PlannedTarget, index: int) -> str:
    """The changes of a day that happen while it is on: `11:30 6, 14 2`."""
    begin, end = _edges(plan, index)
    found = []
    for at, least in target.peaks:
        if begin <= at < end and at != plan.begin and any(on.begin <= at < on.end for on in target.on):
            found.append(f"{_clock(plan, at, begin)} {least}")
    return ", ".join(found)


def _edges(plan: WeekPlan, index: int) -> tuple[float, float]:
    edges = [*(begin for begin, _ in plan.days), plan.end]
    return edges[index], edges[index + 1]


def _clock(plan: WeekPlan, at: float, begin: float) -> str:
    """`08`, `08:30`; the end of a day is 24."""
    from giban.runtime.common.schedule import find_zone

    local = datetime.fromtimestamp(at, find_zone(plan.zone))
    if at > begin and local.hour == local.minute == 0:
        return "24"
    return f"{local:%H}" if local.minute == 0 else f"{local:%H:%M}"


def status_lines(document: Document, prices: Mapping[str, float]) -> Iterator[str]:
    """Every target: what it is, why, until when, what stands in the way; then what has been saved."""
    now = moment(document.get("now")) or datetime.now().astimezone()
    targets: dict[str, Document] = document.get("targets") or {}
    rows = [["", "", "why", "until", ""]]
    for name, target in sorted(targets.items()):
        rows.append([name, _power(target), _why(target), _until(target, now), _numbers(target)])
    lines = table(rows)
    yield lines[0]
    for line, (_, target) in zip(lines[1:], sorted(targets.items()), strict=True):
        power = str(target.get("power"))
        head, word, tail = line.partition(power)
        yield head + style(word, fg=COLOURS.get(power)) + tail
        problem = target.get("problem")
        if problem:
            yield style(f"  {problem.get('detail')} (since {_moment(problem.get('since'), now)})", fg="yellow")
    hours = {name: float((target.get("saved") or {}).get("hours") or 0) for name, target in targets.items()}
    if any(hours.values()):
        usd = sum(prices[name] * off for name, off in hours.items() if name in prices)
        yield ""
        yield f"Off for {sum(hours.values()):,.0f} hours so far, about {usd:,.2f} USD not spent."


def _power(target: Document) -> str:
    """`on`; `on, goes off` where it is not yet what it should be."""
    power, should = str(target.get("power")), target.get("should")
    return (
        f"{power}, goes {should}" if power in ("on", "off") and should in ("on", "off") and power != should else power
    )


def _why(target: Document) -> str:
    manual = target.get("manual")
    if manual and manual.get("by") != OUTSIDE:
        return f"turned {manual.get('to')} by {manual.get('by')}"
    return WHY.get(str(target.get("why")), str(target.get("why")))


def _until(target: Document, now: datetime) -> str:
    until = (target.get("manual") or {}).get("until") or target.get("until")
    return _moment(until, now)


def _numbers(target: Document) -> str:
    """`2 of 2 to 6` instances of a group; a database's own status where it says more than on or off."""
    capacity = target.get("capacity")
    if capacity and capacity.get("max"):
        return f"{capacity.get('count')} instances, {capacity.get('min')} to {capacity.get('max')}"
    said = str(target.get("status") or "")
    return said if target.get("power") not in ("on", "off") else ""


def turned_line(document: Document) -> str:
    """What became of on, off or auto."""
    name, power = document.get("target"), document.get("power")
    should, now = document.get("should"), datetime.now().astimezone()
    until = _until(document, now)
    held = f" until {until}" if until else ""
    if document.get("done") or power == should:
        return f"{name} is {power}{held}."
    return f"{name} is {power}; it is to be {should}{held}. `giban power status` tells when it is."


def history_lines(document: Document) -> Iterator[str]:
    """What was done, the newest first."""
    now = datetime.now().astimezone()
    events: list[dict[str, Any]] = document.get("events") or []
    rows = [
        [
            _moment(event.get("at"), now),
            str(event.get("what") or ""),
            str(event.get("by") or ""),
            str(event.get("why") or ""),
        ]
        for event in events
    ]
    yield from table(rows) or ["Nothing has happened yet."]


def _moment(text: Any, now: datetime) -> str:
    at = moment(text)
    return clock(at, now) if at else ""
