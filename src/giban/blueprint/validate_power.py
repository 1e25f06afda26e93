"""Rules of `power`, and of `scale.schedules` and `spot` of services, that their types cannot say. See `validate`."""

from __future__ import annotations

from giban.blueprint.defaults import limits_of
from giban.blueprint.durations import seconds_of
from giban.blueprint.instance_types import architecture
from giban.blueprint.paths import Path
from giban.blueprint.report import Report, did_you_mean
from giban.blueprint.types import Blueprint, Instances, Peak, PowerSchedule
from giban.blueprint.weekly import zone_problem

SECTIONS = ("services", "databases")
"""What a power schedule can be for."""
MANUAL = (600, 7 * 86_400)
"""Seconds: fewer and somebody is thrown out while the machine still starts; more and the schedule is none."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def power(blueprint: Blueprint) -> Report:
    """Every rule."""
    for name, schedule in blueprint.power.items():
        path: Path = ("power", name)
        wrong = zone_problem(schedule.time_zone)
        if wrong:
            yield (*path, "time_zone"), *wrong
        yield from _hours(path, schedule)
        yield from _targets(blueprint, path, schedule)
    for name, service in blueprint.services.items():
        yield from _peaks(blueprint, ("services", name, "scale"), name, service)
        yield from _spot(blueprint, ("services", name), service)


def schedules_of(blueprint: Blueprint, target: str) -> list[str]:
    """The names of the power schedules of a target (`services.web`), sorted."""
    return sorted(name for name, schedule in blueprint.power.items() if target in schedule.targets)


def zone_of(blueprint: Blueprint, name: str) -> str | None:
    """The time zone of a service's peaks: its own, else the one that all of its power schedules have; None without one."""
    own = blueprint.services[name].scale.time_zone
    zones = {blueprint.power[schedule].time_zone for schedule in schedules_of(blueprint, f"services.{name}")}
    return own or (zones.pop() if len(zones) == 1 else None)


def moments(text: str) -> set[int]:
    """The minutes of the week, from Monday 00:00, that a text like `08:00 Mon-Fri` names."""
    from giban.runtime.common.schedule import parse

    hour, minute, days = parse(text)
    return {day * 1440 + hour * 60 + minute for day in days}


def _hours(path: Path, schedule: PowerSchedule) -> Report:
    both = sorted(moments(schedule.on) & moments(schedule.off))
    if both:
        when = f"{', '.join(DAYS[minute // 1440] for minute in both)} at {schedule.on[:5]}"
        never = moments(schedule.on) <= moments(schedule.off)
        what = "It is never on" if never else "It cannot be decided"
        yield (
            (*path, "off"),
            f"{what}: {when} it is started and stopped at once.",
            "Give `on` and `off` different times.",
        )
    if not MANUAL[0] <= seconds_of(schedule.manual) <= MANUAL[1]:
        yield (*path, "manual"), f"{schedule.manual} is not between 10m and 7d.", "Choose 10m to 7d."
    for index, day in enumerate(schedule.holidays):
        if day in schedule.holidays[:index]:
            yield (*path, "holidays", index), f"{day} is listed twice.", "Write each day once."


def _targets(blueprint: Blueprint, path: Path, schedule: PowerSchedule) -> Report:
    known = [f"{section}.{name}" for section in SECTIONS for name in getattr(blueprint, section)]
    for index, target in enumerate(schedule.targets):
        where = (*path, "targets", index)
        section, _, name = target.partition(".")
        if target in schedule.targets[:index]:
            yield where, f"`{target}` is listed twice.", "Write each once."
        elif target in known:
            continue
        elif section == "workstations" and name in blueprint.workstations:
            fix = f"Remove it here; `workstations.{name}.schedule` says when it is started."
            yield where, "A workstation stops by itself when nobody works.", fix
        else:
            yield where, f"There is no `{target}` to switch.", did_you_mean(target, known)


def _peaks(blueprint: Blueprint, path: Path, name: str, service: Instances) -> Report:
    scale = service.scale
    if scale.time_zone is not None:
        wrong = zone_problem(scale.time_zone)
        if wrong:
            yield (*path, "time_zone"), *wrong
        if not scale.schedules:
            yield (
                (*path, "time_zone"),
                "There are no `schedules` for it to be the time zone of.",
                "Add some, or remove it.",
            )
    if not scale.schedules:
        return
    if zone_of(blueprint, name) is None:
        fix = "Add `time_zone: Asia/Seoul` beside `schedules`."
        several = len(schedules_of(blueprint, f"services.{name}")) > 1
        what = "Its power schedules are in different time zones" if several else "It is in no power schedule"
        yield (*path, "schedules"), f"In which time zone? {what}.", fix
    if len({peak.min for peak in scale.schedules}) == 1:
        least = scale.schedules[0].min
        what = f"From the first of these times on `min` is {least} for ever: nothing brings it back."
        yield (*path, "schedules"), what, f"Add a time with another `min`, or set `scale.min` to {least}."
    yield from _one_by_one(path, scale.schedules, limits_of(scale, blueprint.network.zones)[1])


def _one_by_one(path: Path, peaks: list[Peak], most: int) -> Report:
    taken: dict[int, int] = {}
    for index, peak in enumerate(peaks):
        where = (*path, "schedules", index)
        if peak.min > most:
            yield (
                (*where, "min"),
                f"{peak.min} is more than max ({most}).",
                f"Set max to {peak.min} or more, or lower it here.",
            )
        both = sorted(moments(peak.at) & taken.keys())
        if both:
            other = peaks[taken[both[0]]]
            what = f"On {DAYS[both[0] // 1440]} at {peak.at[:5]} there are two: {other.min} and {peak.min}."
            yield (*where, "at"), what, "Leave one out."
        taken.update(dict.fromkeys(moments(peak.at), index))


def _spot(blueprint: Blueprint, path: Path, service: Instances) -> Report:
    if service.spot is None:
        return
    most = limits_of(service.scale, blueprint.network.zones)[1]
    if service.spot.base >= most:
        what = f"All of its instances are on-demand: there are never more than {most}."
        yield (*path, "spot", "base"), what, f"Set base to {most - 1} or lower, or raise `scale.max`."
    where = (*path, "spot", "instances")
    types = [service.instance, *service.spot.instances]
    for index, type_ in enumerate(service.spot.instances):
        if type_ in types[: index + 1]:
            yield (*where, index), f"`{type_}` is listed twice.", "Write each once; `instance` is the first."
        elif architecture(type_) != architecture(service.instance):
            what = f"`{type_}` has another processor than `{service.instance}`; one image runs on one kind only."
            yield (*where, index), what, "Choose types of one kind: all Graviton, or all Intel and AMD."
