"""What schedules save: each component that has hours, priced as it is and as if it never went off."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from giban.cost.context import Context, Line
from giban.cost.ranges import Range, total
from giban.graph.power import WEEK, hours_of, hours_text
from giban.graph.resource import Resource

KINDS = ("aws_autoscaling_group", "aws_db_instance")
"""What can have hours, by its tag `giban:hours`."""

Lines = Callable[[Resource, Context], Iterable[Line] | None]


class Scheduled(msgspec.Struct, frozen=True):
    """A component with hours. Money is likely USD; a month has 730 hours, a week 168, and no holidays."""

    component: str
    week: float
    """Hours of a week in which it is on."""
    text: str
    """The same in words: `Mon-Fri 08:00-20:00 Asia/Seoul`."""
    month: float
    """What the component costs in a month."""
    always: float
    """What it would cost in a month without the schedule."""
    saved: float
    """What the schedule saves in a month."""
    hour: float
    """What is saved by each hour in which it is off."""


def scheduled(context: Context, lines: Lines) -> list[Scheduled]:
    """Every component with hours, by name. `lines` prices one resource."""
    always = Context(context.graph, context.topology, context.book, context.usage, always=True)
    found = []
    for resource in context.graph.all(*KINDS):
        hours = hours_of(resource)
        if hours is None:
            continue
        mine = (
            [r for r in context.graph.managed if r.component == resource.component]
            if resource.component
            else [resource]
        )
        now, then = (_month(mine, lines, each).likely for each in (context, always))
        off = (1 - hours.share) * context.use("hours", resource).likely
        week = hours.share * WEEK / 60
        found.append(
            Scheduled(
                resource.component, week, hours_text(hours), now, then, then - now, (then - now) / off if off else 0.0
            )
        )
    return sorted(found, key=lambda one: one.component)


def _month(resources: list[Resource], lines: Lines, context: Context) -> Range:
    return total(line.usd for resource in resources for line in lines(resource, context) or () if line.usd is not None)
