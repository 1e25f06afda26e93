"""What `power` and `scale.schedules` say of one target: schedules as the keeper reads them, and the tags that tell of them."""

from __future__ import annotations

from typing import Any

from giban.blueprint.durations import seconds_of
from giban.blueprint.types import PowerSchedule
from giban.blueprint.validate_power import moments, schedules_of, zone_of
from giban.components.environment import Environment
from giban.graph.power import HOURS_TAG, LONGEST_TAG, PEAKS_TAG, WEEK, Hours, Peaks, hours_text, peaks_text
from giban.graph.problems import Problem, Problems


def schedule_document(schedule: PowerSchedule) -> dict[str, Any]:
    """A schedule in the form of `giban.runtime.fleets`; times in seconds."""
    return {
        "time_zone": schedule.time_zone,
        "on": schedule.on,
        "off": schedule.off,
        "holidays": sorted(day.isoformat() for day in schedule.holidays),
        "grace": seconds_of(schedule.manual),
    }


def hours_tags(env: Environment, target: str) -> dict[str, str]:
    """The tags of a target that tell of its hours and its peaks; none when it always runs. Raises Problems when AWS takes no
    tag that long."""
    tags: dict[str, str] = {}
    names = schedules_of(env.blueprint, target)
    if names:
        tags[HOURS_TAG] = hours_text(_hours(env, names))
    section, _, name = target.partition(".")
    if section == "services" and env.blueprint.services[name].scale.schedules:
        tags[PEAKS_TAG] = peaks_text(_peaks(env, name, env.blueprint.power[names[0]].time_zone if names else None))
    for what, key in (("hours", HOURS_TAG), ("peaks", PEAKS_TAG)):
        if len(tags.get(key, "")) > LONGEST_TAG:
            where = ("power", names[0]) if what == "hours" else ("services", name, "scale", "schedules")
            text = f"The {what} of `{target}` are too many different ones for a tag of AWS."
            raise Problems([Problem(text, "Let more days have the same times.", env.position(*where), ".".join(where))])
    return tags


def _hours(env: Environment, names: list[str]) -> Hours:
    """The hours of a week without holidays and clock changes, in the zone of the first schedule."""
    from giban.runtime.common.schedule import find_zone
    from giban.runtime.fleets.hours import PLAIN_WEEK, week

    schedules = {name: {**schedule_document(env.blueprint.power[name]), "holidays": []} for name in names}
    zone = env.blueprint.power[names[0]].time_zone
    offset = _offset(find_zone(zone), PLAIN_WEEK)
    start = PLAIN_WEEK - offset
    spans = [
        (round(span.start - start) // 60, round(span.end - start) // 60) for span in week(schedules, start) if span.on
    ]
    # Stretches that differ in which schedule says so, but touch, are one.
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return Hours(tuple(joined), zone)


def _peaks(env: Environment, name: str, hours_zone: str | None) -> Peaks:
    """The peaks of a plain week, in the zone of the hours when there are some, so that the two can be laid over each other."""
    from giban.runtime.common.schedule import find_zone
    from giban.runtime.fleets.hours import PLAIN_WEEK

    own = peaks_zone(env, name)
    zone = hours_zone or own
    later = round(_offset(find_zone(zone), PLAIN_WEEK) - _offset(find_zone(own), PLAIN_WEEK)) // 60
    peaks = env.blueprint.services[name].scale.schedules
    return Peaks(tuple(sorted(((m + later) % WEEK, peak.min) for peak in peaks for m in moments(peak.at))), zone)


def _offset(zone: Any, moment: float) -> float:
    from datetime import UTC, datetime

    shift = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
    return shift.total_seconds() if shift else 0.0


def peak_documents(env: Environment, name: str) -> list[dict[str, Any]]:
    """The peaks of a service in the form of `giban.runtime.fleets`."""
    return [{"at": peak.at, "min": peak.min} for peak in env.blueprint.services[name].scale.schedules]


def peaks_zone(env: Environment, name: str) -> str:
    """The time zone of a service's peaks. Only asked of services that have some: validation makes sure of it."""
    zone = zone_of(env.blueprint, name)
    assert zone is not None  # noqa: S101 - validation asks for one
    return zone


def kept(env: Environment, name: str) -> bool:
    """Whether the keeper decides how many instances a service has at least and at most."""
    return bool(schedules_of(env.blueprint, f"services.{name}") or env.blueprint.services[name].scale.schedules)
