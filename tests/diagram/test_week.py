"""The week of hours under a picture: read from tags, drawn in light and dark, absent where nothing has hours."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.diagram.draw import svg
from giban.diagram.model import Chart, Row
from giban.diagram.read import read
from giban.diagram.week import height, picture
from giban.diagram.week import read as week_of
from giban.graph.graph import Graph
from giban.graph.stack import Stack

NS = "{http://www.w3.org/2000/svg}"
OFFICE = "Mon-Fri 08:00-20:00 Asia/Seoul"


def graph(group: dict[str, str] | None = None, database: dict[str, str] | None = None) -> Graph:
    stack = Stack("ap-northeast-2", "ap-northeast-2")
    tags = [{"key": key, "value": value, "propagate_at_launch": False} for key, value in (group or {}).items()]
    stack.add("aws_autoscaling_group", "web", component="services.web", min_size=2, max_size=6, tag=tags)
    stack.add("aws_db_instance", "main", component="databases.main", instance_class="db.t4g.micro", tags=database or {})
    return Graph("scv", [stack])


def test_without_hours_there_is_no_chart() -> None:
    assert week_of(graph()) is None
    assert "Hours of a week" not in svg(read(graph()))


def test_rows_of_a_plain_week() -> None:
    chart = week_of(
        graph({"giban:hours": OFFICE, "giban:peaks": "Mon 11:30 6 / Mon 14:00 2 Asia/Seoul"}, {"giban:hours": OFFICE})
    )
    assert chart is not None
    assert chart.title == "Hours of a week, times of Asia/Seoul"
    assert [name for _, name in chart.days] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    group, database = chart.rows
    assert (group.title, group.category, group.note) == ("services.web", "compute", "60 of 168 h")
    assert (database.title, database.category) == ("databases.main", "data")
    assert [number for _, _, number in group.steps] == [2, 6, 2, 2, 2, 2, 2]
    assert database.steps[0] == (480 / 10_080, 1200 / 10_080, None)


def test_zones_that_differ_are_told_with_each_row() -> None:
    chart = week_of(graph({"giban:hours": OFFICE}, {"giban:hours": "Sat 10:00-12:00 Europe/Berlin"}))
    assert chart is not None
    assert chart.title == "Hours of a week"
    assert [row.note for row in chart.rows] == ["60 of 168 h, Asia/Seoul", "2 of 168 h, Europe/Berlin"]


def test_the_chart_stands_under_the_picture() -> None:
    plain, timed = svg(read(graph())), svg(read(graph({"giban:hours": OFFICE})))
    small, large = (ElementTree.fromstring(text) for text in (plain, timed))
    chart = week_of(graph({"giban:hours": OFFICE}))
    assert chart is not None
    assert int(large.get("height") or 0) == int(small.get("height") or 0) + height(chart)
    assert "services.web 60 of 168 h" in timed
    assert timed == svg(read(graph({"giban:hours": OFFICE})))


def test_one_file_on_its_own() -> None:
    chart = Chart(
        "Week", ((0.0, "Mon 23 Nov"), (0.5, "Tue 24 Nov")), (Row("a<b", "compute", "1 & 2", ((0.1, 0.4, 3),)),)
    )
    root = ElementTree.fromstring(picture(chart))
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    texts = [element.text for element in root.iter(f"{NS}text")]
    assert "a<b" in texts
    assert "3" in texts
    assert "Mon 23 Nov" in texts


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.integers(0, 500))), max_size=8),
    st.text(max_size=40),
)
def test_every_bar_is_inside(steps: list[tuple[float, float, int | None]], title: str) -> None:
    ordered = tuple((min(a, b), max(a, b), number) for a, b, number in steps)
    chart = Chart(title, ((0.0, "Mon"),), (Row(title, "compute", title, ordered),))
    root = ElementTree.fromstring(picture(chart))
    width, high = int(root.get("width") or 0), int(root.get("height") or 0)
    for rect in root.iter(f"{NS}rect"):
        x, y, w, h = (int(rect.get(key) or 0) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= high


@pytest.mark.parametrize("number", [0, 1, 500])
def test_a_bar_is_seen_however_few_there_are(number: int) -> None:
    chart = Chart("w", ((0.0, "Mon"),), (Row("a", "compute", "", ((0.0, 0.5, number), (0.5, 1.0, 500))),))
    root = ElementTree.fromstring(picture(chart))
    bars = [rect for rect in root.iter(f"{NS}rect") if rect.get("class") == "i-compute"]
    assert len(bars) == 2
    assert all(int(bar.get("height") or 0) >= 4 for bar in bars)
