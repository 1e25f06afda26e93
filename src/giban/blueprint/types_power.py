"""`power`: when services and databases run. See `types` for the whole."""

from __future__ import annotations

import datetime
from typing import Annotated

from msgspec import Meta

from giban.blueprint.durations import Duration
from giban.blueprint.section import Section
from giban.blueprint.weekly import TimeOfWeek, TimeZone


class PowerSchedule(Section, frozen=True, kw_only=True):
    """Hours in which services and databases are on; outside of them nothing runs that is named here and in no other schedule.

    A target of several schedules is on when any of them says so. What somebody starts outside of the hours stays on for a while,
    what somebody stops inside of them stays off until the next time of `on`."""

    time_zone: TimeZone
    on: Annotated[
        TimeOfWeek, Meta(description="When they are started: time of day and days.", examples=["08:00 Mon-Fri"])
    ]
    off: Annotated[
        TimeOfWeek, Meta(description="When they are stopped: time of day and days.", examples=["20:00 daily"])
    ]
    targets: Annotated[
        list[str],
        Meta(
            min_length=1,
            description="What the schedule is for: `services.NAME`, `databases.NAME`. Workstations have a schedule of their own. "
            "Take something out of its last schedule while it is on: a database that is off then stays off.",
            examples=[["services.web", "databases.main"]],
        ),
    ]
    holidays: Annotated[
        list[datetime.date],
        Meta(
            description="Days on which they are not started, by the calendar of the time zone.",
            examples=[["2026-12-25"]],
        ),
    ] = []
    manual: Annotated[
        Duration,
        Meta(
            description="How long something stays on that was started outside of the hours, 10m to 7d; the next time of `on` "
            "ends it sooner.",
            examples=["2h"],
        ),
    ] = "2h"
