"""When a machine is started by itself: text like "09:00 Mon-Fri" in an IANA time zone.

    HH:MM [days]     24-hour time; days: Mon-Fri, Fri-Mon (over the weekend), Mon,Wed,Sat-Sun, daily, weekdays, weekends
                     (none = daily)

Clock changes: a time that does not exist on that day (the clock goes forward over it) is taken as many minutes later as are
missing, 02:30 becomes 03:30; a time that exists twice is taken once, the first time. So every day has exactly one start.

Lambda's Python brings zone data with some versions and not with others (https://github.com/aws/aws-lambda-dotnet/issues/1620
shows the bare image of Amazon Linux 2023 without it), so what zoneinfo does not find is read from the copy that dateutil
carries, which comes with botocore.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

CATCH_UP = 2 * 3600.0
"""Seconds after a scheduled start within which a missed one is still done. Longer ago it is left to the people."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORDS = {"daily": "mon-sun", "weekdays": "mon-fri", "weekends": "sat-sun"}

_zones: dict[str, ZoneInfo] = {}
_spans: dict[tuple[str, str], tuple[float, float]] = {}
"""Schedule to the times it was last found between: thousands of machines share a few schedules."""


def check(zone: str, text: str) -> None:
    """Raises ValueError, with what to write instead, when the schedule cannot be understood."""
    parse(text)
    find_zone(zone)


def parse(text: str) -> tuple[int, int, frozenset[int]]:
    """Hour, minute and the days (Monday = 0) of a schedule. Raises ValueError with what to write instead."""
    clock, _, days = text.strip().partition(" ")
    hour, colon, minute = clock.partition(":")
    if not (colon and _digits(hour, 2) and _digits(minute, 2) and len(minute) == 2):
        raise ValueError(f'"{clock}" is not a time of day: write it like "09:00".')
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f'"{clock}" is not a time of day: it lies between "00:00" and "23:59".')
    found: set[int] = set()
    for part in (days.replace(" ", "") or "daily").lower().split(","):
        first, dash, last = WORDS.get(part, part).partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f'"{part}" is no day: write days like "Mon-Fri", "Mon,Wed", "daily" or "weekends".')
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return int(hour), int(minute), frozenset(found)


def previous(zone: str, text: str, now: float) -> float:
    """The last scheduled time that is not after `now`, in seconds since 1970."""
    return _around(zone, text, now)[0]


def following(zone: str, text: str, now: float) -> float:
    """The first scheduled time after `now`, in seconds since 1970."""
    return _around(zone, text, now)[1]


def _around(zone: str, text: str, now: float) -> tuple[float, float]:
    span = _spans.get((zone, text))
    if span is None or not span[0] <= now < span[1]:
        span = _spans[zone, text] = _find(zone, text, now)
    return span


def _find(zone: str, text: str, now: float) -> tuple[float, float]:
    from datetime import UTC, datetime, timedelta

    hour, minute, days = parse(text)
    tz = find_zone(zone)
    today = datetime.fromtimestamp(now, UTC).astimezone(tz).date()
    # Nine days each way: a week, and a day more for what clock changes and date lines move.
    times = sorted(
        moment_of(datetime(day.year, day.month, day.day, hour, minute, tzinfo=tz))
        for day in (today + timedelta(days=shift) for shift in range(-9, 10))
        if day.weekday() in days
    )
    before = max(moment for moment in times if moment <= now)
    return before, min(moment for moment in times if moment > now)


def moment_of(local: datetime) -> float:
    """Of a wall clock time. fold=0 gives both rules: the first of two, and the old offset (so: later) inside of a gap."""
    return local.replace(fold=0).timestamp()


def find_zone(name: str) -> ZoneInfo:
    """The time zone, from the system, else from dateutil's copy. Raises ValueError when there is none of that name."""
    zone = _zones.get(name)
    if zone is None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = _carried(name)
        _zones[name] = zone
    return zone


def _carried(name: str) -> ZoneInfo:
    import tarfile
    from zoneinfo import ZoneInfo

    wrong = ValueError(f'There is no time zone "{name}": write an IANA name like "Asia/Seoul".')
    try:
        from importlib.resources import files

        with (
            files("dateutil.zoneinfo").joinpath("dateutil-zoneinfo.tar.gz").open("rb") as file,
            tarfile.open(fileobj=file) as archive,
        ):
            found = archive.extractfile(name)
            if found is None:
                raise wrong
            return ZoneInfo.from_file(found, key=name)
    except (KeyError, ValueError, ImportError, OSError):
        raise wrong from None


def _digits(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isascii() and text.isdigit()
