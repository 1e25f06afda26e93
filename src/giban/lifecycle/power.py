"""The power schedules of a blueprint: what the keeper will do in a week, and the keeper itself.

What is told of a week is read from the configuration inside of the keeper's archive and decided by the keeper's own rules
(docs/decisions/0009), so it is what will happen, not what a second implementation thinks.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from giban.blueprint.report import did_you_mean
from giban.graph.graph import Graph
from giban.graph.power import stepped
from giban.graph.problems import Problem, Problems
from giban.lifecycle.archives import configured

HANDLER = "runtime.power.keeper.handle"
CONFIG = "runtime/fleets/config.json"
"""Where the configuration lies in the keeper's archive."""
HOUR = 3600.0
CATEGORIES = {"rds": "data"}
"""Colour of a kind in a chart; compute for all others."""


class Keeper(msgspec.Struct, frozen=True):
    """The keeper of a blueprint."""

    function: str
    region: str
    config: dict[str, Any]

    @property
    def targets(self) -> list[str]:
        """What it turns on and off, sorted."""
        return sorted(self.config["targets"])


class Stretch(msgspec.Struct, frozen=True):
    """A time in which something is on, cut at the edges of the week. Seconds since 1970."""

    begin: float
    end: float
    which: tuple[str, ...]
    """The schedules that say so."""


class PlannedTarget(msgspec.Struct, frozen=True):
    """One target's week."""

    target: str
    kind: str
    schedules: list[str]
    on: list[Stretch]
    hours_on: float
    hours_off: float
    saved: float | None
    """Likely USD that the hours off save; None when no price is known."""
    peaks: list[tuple[float, int]]
    """When the least number of instances changes, and to what; the first is what holds at the begin of the week."""

    @property
    def together(self) -> list[tuple[float, float]]:
        """`on` without regard to which schedule says so: stretches that touch are one."""
        found: list[tuple[float, float]] = []
        for stretch in self.on:
            if found and found[-1][1] == stretch.begin:
                found[-1] = (found[-1][0], stretch.end)
            else:
                found.append((stretch.begin, stretch.end))
        return found


class WeekPlan(msgspec.Struct, frozen=True):
    """Seven days, from midnight to midnight in one time zone. A day of a clock change has 23 or 25 hours."""

    zone: str
    days: list[tuple[float, datetime.date]]
    """When each day begins, and its date."""
    end: float
    targets: list[PlannedTarget]
    notes: list[str]

    @property
    def begin(self) -> float:
        """The first midnight."""
        return self.days[0][0]

    @property
    def saved(self) -> float | None:
        """Likely USD that the week saves; None when no price is known."""
        known = [target.saved for target in self.targets if target.saved is not None]
        return sum(known) if known else None


def keeper(graph: Graph) -> Keeper:
    """The keeper of a blueprint. Raises Problems when nothing has a power schedule or peaks."""

    found = configured(graph, HANDLER, CONFIG)
    if found is not None:
        function, config = found
        return Keeper(str(function.value("function_name")), str(function.region), config)
    what = "Nothing in the blueprint has power schedules or peaks."
    raise Problems([Problem(what, "Add a section `power`, or `scale.schedules` to a service; see docs/operations.md.")])


def find(found: Keeper, target: str) -> str:
    """The target of that name, which may be written without its section. Raises Problems when there is none, or several."""
    named = [known for known in found.targets if target in (known, known.partition(".")[2])]
    if len(named) == 1:
        return named[0]
    if named:
        raise Problems([Problem(f"Several targets are called `{target}`.", f"Name one: {', '.join(named)}.")])
    fix = did_you_mean(target, found.targets, f"There is: {', '.join(found.targets)}.")
    raise Problems([Problem(f"No power schedule is for `{target}`.", fix)])


def week(found: Keeper, start: datetime.date | None, now: float, prices: dict[str, float]) -> WeekPlan:
    """The week from a day on, from today when there is none. `prices` are USD saved by an hour off, by target."""
    from giban.runtime.common.schedule import find_zone

    config = found.config
    zone = _zone(config)
    tz = find_zone(zone)
    first = start or datetime.datetime.fromtimestamp(now, tz).date()
    midnights = [
        datetime.datetime.combine(first + datetime.timedelta(days=day), datetime.time(), tz).timestamp()
        for day in range(8)
    ]
    days = [(midnights[day], first + datetime.timedelta(days=day)) for day in range(7)]
    targets = [_planned(config, name, midnights[0], midnights[7], prices.get(name)) for name in found.targets]
    return WeekPlan(zone, days, midnights[7], targets, _notes(config, days, midnights[7]))


def _zone(config: dict[str, Any]) -> str:
    """The time zone that most targets have; the first by name of several."""
    zones: list[str] = [
        config["schedules"][name]["time_zone"] for entry in config["targets"].values() for name in entry["schedules"]
    ]
    zones += [entry["time_zone"] for entry in config["targets"].values() if entry.get("time_zone")]
    return min(sorted(set(zones)), key=lambda zone: -zones.count(zone), default="UTC")


def _planned(config: dict[str, Any], name: str, begin: float, end: float, usd: float | None) -> PlannedTarget:
    from giban.runtime.fleets import hours

    entry = config["targets"][name]
    schedules = {each: config["schedules"][each] for each in entry["schedules"]}
    spans = [span for span in hours.week(schedules, begin, (end - begin) / hours.DAY) if span.on]
    on = [Stretch(span.start, span.end, span.which) for span in spans]
    hours_on = sum(stretch.end - stretch.begin for stretch in on) / HOUR
    hours_off = (end - begin) / HOUR - hours_on
    saved = None if usd is None else usd * hours_off
    return PlannedTarget(
        name, entry["kind"], entry["schedules"], on, hours_on, hours_off, saved, _peaks(entry, begin, end)
    )


def _peaks(entry: dict[str, Any], begin: float, end: float) -> list[tuple[float, int]]:
    from giban.runtime.common import schedule

    peaks = entry.get("peaks") or []
    if not peaks:
        return []
    zone = entry["time_zone"]
    _, at_first = max((schedule.previous(zone, peak["at"], begin), peak["min"]) for peak in peaks)
    found = {begin: at_first}
    for peak in peaks:
        moment = schedule.following(zone, peak["at"], begin)
        while moment < end:
            found[moment] = peak["min"]
            moment = schedule.following(zone, peak["at"], moment)
    return sorted(found.items())


def _notes(config: dict[str, Any], days: list[tuple[float, datetime.date]], end: float) -> list[str]:
    """What people should know to read the week: clock changes, holidays, schedules that overlap."""
    notes = []
    for (begin, day), following in zip(days, [*(moment for moment, _ in days[1:]), end], strict=True):
        length = (following - begin) / HOUR
        if length != 24:
            notes.append(f"{day:%a} {day.day} {day:%b} has {length:g} hours: the clock changes.")
        for name, schedule in sorted(config["schedules"].items()):
            if day.isoformat() in schedule["holidays"]:
                notes.append(f"{day:%a} {day.day} {day:%b} is a holiday of {name}: it starts nothing.")
    for name, entry in sorted(config["targets"].items()):
        if len(entry["schedules"]) > 1:
            notes.append(f"{name} is on when one of its schedules says so: {', '.join(entry['schedules'])}.")
    return notes


def chart(plan: WeekPlan) -> str:
    """The week as one SVG file."""
    from giban.diagram.model import Chart, Row
    from giban.diagram.week import picture

    length = plan.end - plan.begin

    def part(moment: float) -> float:
        return (moment - plan.begin) / length

    rows = []
    for target in plan.targets:
        pieces = stepped(target.together, target.peaks)
        steps = tuple((part(here), part(there), number) for here, there, number in pieces)
        note = f"{target.hours_on:g} of {length / HOUR:g} h"
        if target.saved is not None and target.hours_off:
            note += f", saves {target.saved:,.0f} USD"
        rows.append(Row(target.target, CATEGORIES.get(target.kind, "compute"), note, steps))
    days = tuple((part(begin), f"{day:%a} {day.day} {day:%b}") for begin, day in plan.days)
    return picture(Chart(f"Week of {plan.days[0][1]}, times of {plan.zone}", days, tuple(rows)))


def prices_of(graph: Graph) -> dict[str, float]:
    """USD that an hour off saves, by target, as the estimate has it."""
    from giban.cost.estimate import estimate

    return {one.component: one.hour for one in estimate(graph).scheduled}
