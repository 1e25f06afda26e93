"""Times of the week as people write them, `08:00 Mon-Fri`, and the time zone they are meant in. What they mean is decided by the
code that runs them (`giban.runtime.common.schedule`)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from giban.blueprint.report import did_you_mean

TimeZone = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
        description="Name of a time zone as in the IANA list, `Asia/Seoul`.",
        examples=["Asia/Seoul"],
    ),
]
_TIME_OF_WEEK = (
    r"^([01][0-9]|2[0-3]):[0-5][0-9] (daily|weekdays|weekends"
    r"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun)([,-](Mon|Tue|Wed|Thu|Fri|Sat|Sun))*)$"
)
TimeOfWeek = Annotated[
    str,
    Meta(
        pattern=_TIME_OF_WEEK,
        description="Time of day in 24 hours and days: `Mon-Fri`, `Mon,Wed`, `weekdays`, `weekends` or `daily`.",
        examples=["09:00 Mon-Fri"],
    ),
]


def zone_problem(name: str) -> tuple[str, str] | None:
    """What is wrong with the name of a time zone and what to do; None when it is one, or when this machine cannot tell."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        from zoneinfo import available_timezones

        known = available_timezones()
        # A machine without a list of zones cannot tell; the function that runs the schedule brings its own.
        if not known:
            return None
        fix = did_you_mean(name, known, "Write it as in the IANA list: `Asia/Seoul`.")
        return f"There is no time zone `{name}`.", fix
    return None
