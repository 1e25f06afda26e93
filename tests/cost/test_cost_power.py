"""What hours, peaks and spot make of a bill; the arithmetic stands in the tests."""

from __future__ import annotations

from typing import Any

import pytest

from giban.cost.estimate import Estimate, estimate
from giban.cost.usage import parse_usage
from tests.cost.worlds import World, of

OFFICE = "Mon-Fri 08:00-20:00 Asia/Seoul"
SHARE = 60 / 168
T3_SMALL = 0.026
"""USD an hour in Seoul."""


class Fleet(World):
    """A group of two to six t3.small and a database, each with tags of its own."""

    def __init__(
        self, group: dict[str, str] | None = None, database: dict[str, str] | None = None, **args: Any
    ) -> None:
        super().__init__()
        tags = [{"key": key, "value": value, "propagate_at_launch": False} for key, value in (group or {}).items()]
        limits = {"component": "services.web", "min_size": 2, "max_size": 6}
        self.group("web", [self.subnet("a", "a")], tag=tags, **limits, **args)
        self.database(component="databases.main", tags=database or {})


def likely(estimate: Estimate, address: str, item: str) -> float:
    """The likely USD of one line."""
    line = next(line for line in of(estimate, address).lines if line.item == item)
    assert line.usd is not None, f"{address}: {item} is unknown"
    return line.usd.likely


def test_hours_of_a_group_and_its_volumes() -> None:
    always, office = estimate(Fleet().graph), estimate(Fleet({"giban:hours": OFFICE}).graph)
    assert likely(always, "aws_autoscaling_group.web", "t3.small hours") == pytest.approx(3 * 730 * T3_SMALL)
    assert likely(office, "aws_autoscaling_group.web", "t3.small hours") == pytest.approx(3 * 730 * SHARE * T3_SMALL)
    assert likely(office, "aws_autoscaling_group.web", "gp3 volume") == pytest.approx(
        SHARE * likely(always, "aws_autoscaling_group.web", "gp3 volume")
    ), "volumes of a group come and go with its instances"


def test_a_database_that_is_off_keeps_its_storage() -> None:
    always, office = estimate(Fleet().graph), estimate(Fleet(database={"giban:hours": OFFICE}).graph)
    hours = "db.t4g.medium hours"
    assert likely(office, "aws_db_instance.main", hours) == pytest.approx(
        SHARE * likely(always, "aws_db_instance.main", hours)
    )
    assert likely(office, "aws_db_instance.main", "gp3 storage") == likely(
        always, "aws_db_instance.main", "gp3 storage"
    )
    line = next(line for line in of(office, "aws_db_instance.main").lines if line.item == hours)
    assert "on 60 of 168 hours a week" in line.note


def test_peaks_raise_the_least_number() -> None:
    peaks = {"giban:peaks": "Mon-Fri 11:30 6 / Mon-Fri 14:00 2 Asia/Seoul"}
    found = estimate(Fleet(peaks).graph)
    line = next(line for line in of(found, "aws_autoscaling_group.web").lines if line.item == "t3.small hours")
    low = (12.5 * 6 + (168 - 12.5) * 2) / 168
    assert line.quantity.low == pytest.approx(low * 730)
    assert line.quantity.likely == pytest.approx((low + 0.25 * (6 - low)) * 730)
    assert line.quantity.high == pytest.approx(6 * 730)


def test_what_a_schedule_saves() -> None:
    found = estimate(Fleet({"giban:hours": OFFICE}, {"giban:hours": OFFICE}).graph)
    database, group = found.scheduled
    assert (database.component, group.component) == ("databases.main", "services.web")
    assert group.week == pytest.approx(60)
    assert group.text == OFFICE
    alone = estimate(Fleet().graph)
    always = {component.component: component.total.likely for component in alone.components}
    for one in (database, group):
        assert one.always == pytest.approx(always[one.component])
        assert one.saved == pytest.approx(one.always - one.month)
        assert one.hour * 730 * (1 - SHARE) == pytest.approx(one.saved)
    assert alone.scheduled == []


def test_the_hint_is_for_what_has_no_hours_yet() -> None:
    def about(world: World) -> list[str]:
        return [
            address for hint in estimate(world.graph).hints if hint.id == "office-hours" for address in hint.resources
        ]

    assert about(Fleet()) == ["aws_autoscaling_group.web", "aws_db_instance.main"]
    assert about(Fleet({"giban:hours": OFFICE})) == ["aws_db_instance.main"]
    assert about(Fleet({"giban:hours": OFFICE}, {"giban:hours": OFFICE})) == []


def test_fewer_hours_of_everything_are_fewer_of_these_too() -> None:
    world = Fleet({"giban:hours": OFFICE})
    half = estimate(world.graph, parse_usage([], ["hours=365"]))
    whole = estimate(world.graph)
    item = ("aws_autoscaling_group.web", "t3.small hours")
    assert likely(half, *item) == pytest.approx(likely(whole, *item) / 2)


def spot(base: int, on_demand: int, **tags: str) -> World:
    settings = {"on_demand_base_capacity": base, "on_demand_percentage_above_base_capacity": on_demand}
    template = {
        "launch_template_specification": {"launch_template_id": "${aws_launch_template.web.id}"},
        "override": [{"instance_type": "t3.small"}, {"instance_type": "t3a.small"}],
    }
    return Fleet(
        {f"giban:{key}": value for key, value in tags.items()},
        launch_template=None,
        mixed_instances_policy={"instances_distribution": settings, "launch_template": template},
    )


def test_spot_instances_cost_a_part() -> None:
    """Three instances, one of them and 30 % of the others on demand: 1.6 and 1.4."""
    found = estimate(spot(1, 30).graph)
    assert likely(found, "aws_autoscaling_group.web", "t3.small hours") == pytest.approx(1.6 * 730 * T3_SMALL)
    assert likely(found, "aws_autoscaling_group.web", "t3.small hours for Spot") == pytest.approx(
        1.4 * 730 * T3_SMALL / 2
    )
    assert "spot_price" in {assumption.name for assumption in found.assumptions}


def test_a_group_of_spot_alone_has_no_other_hours() -> None:
    found = estimate(spot(0, 0).graph, parse_usage([], ["spot_price=0.3"]))
    items = {line.item for line in of(found, "aws_autoscaling_group.web").lines}
    assert "t3.small hours" not in items
    assert likely(found, "aws_autoscaling_group.web", "t3.small hours for Spot") == pytest.approx(
        3 * 730 * T3_SMALL * 0.3
    )


def test_spot_with_hours() -> None:
    found = estimate(spot(1, 30, hours=OFFICE).graph)
    assert likely(found, "aws_autoscaling_group.web", "t3.small hours for Spot") == pytest.approx(
        1.4 * SHARE * 730 * T3_SMALL / 2
    )
