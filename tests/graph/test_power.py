"""Hours and peaks as tags: what is written is read back, what is not ours says nothing, averages are right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.graph.power import (
    WEEK,
    Hours,
    Peaks,
    hours_of,
    hours_text,
    least,
    peaks_of,
    peaks_text,
    read_hours,
    read_peaks,
    share_on,
    stepped,
    switched,
)
from giban.graph.resource import Resource
from giban.graph.stack import Stack

OFFICE = Hours(tuple((day * 1440 + 480, day * 1440 + 1200) for day in range(5)), "Asia/Seoul")


def group(**tags: str) -> Resource:
    listed = [{"key": f"giban:{key}", "value": value, "propagate_at_launch": False} for key, value in tags.items()]
    return Stack("r", "ap-northeast-2").add("aws_autoscaling_group", "web", min_size=2, max_size=6, tag=listed)


@pytest.mark.parametrize(
    ("spans", "text"),
    [
        (OFFICE.spans, "Mon-Fri 08:00-20:00 Asia/Seoul"),
        (((0, WEEK),), "Mon-Sun 00:00-24:00 Asia/Seoul"),
        (((1200, 1920),), "Mon 20:00-24:00 Tue 00:00-08:00 Asia/Seoul"),
        (((0, 60), (600, 660), (WEEK - 30, WEEK)), "Mon 00:00-01:00+10:00-11:00 Sun 23:30-24:00 Asia/Seoul"),
    ],
)
def test_hours_as_text(spans: tuple[tuple[int, int], ...], text: str) -> None:
    assert hours_text(Hours(spans, "Asia/Seoul")) == text
    assert read_hours(text) == Hours(spans, "Asia/Seoul")


def test_peaks_as_text() -> None:
    peaks = Peaks(((690, 6), (840, 2), (2 * 1440 + 690, 6), (2 * 1440 + 840, 2)), "Asia/Tokyo")
    assert peaks_text(peaks) == "Mon+Wed 11:30 6 / Mon+Wed 14:00 2 Asia/Tokyo"
    assert read_peaks(peaks_text(peaks)) == peaks


@st.composite
def spans(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.lists(st.integers(0, WEEK), min_size=2, max_size=12, unique=True)))
    return tuple((edges[index], edges[index + 1]) for index in range(0, len(edges) - 1, 2))


@given(spans())
def test_what_is_written_is_read_back(found: tuple[tuple[int, int], ...]) -> None:
    hours = Hours(found, "Asia/Seoul")
    assert read_hours(hours_text(hours)) == hours
    assert 0 < hours.share <= 1


@given(st.dictionaries(st.integers(0, WEEK - 1), st.integers(0, 500), min_size=1, max_size=9))
def test_peaks_that_are_written_are_read_back(found: dict[int, int]) -> None:
    peaks = Peaks(tuple(sorted(found.items())), "UTC")
    assert read_peaks(peaks_text(peaks)) == peaks


@given(spans(), st.dictionaries(st.integers(0, WEEK - 1), st.integers(0, 500), max_size=9))
def test_pieces_fill_the_spans(found: tuple[tuple[int, int], ...], peaks: dict[int, int]) -> None:
    steps = tuple(sorted(peaks.items()))
    pieces = list(stepped(found, steps))
    assert sum(end - begin for begin, end, _ in pieces) == sum(end - begin for begin, end in found)
    for begin, end, number in pieces:
        assert begin < end
        before = [least for minute, least in steps if minute <= begin] or [least for _, least in steps]
        assert number == (before[-1] if before else None)


@pytest.mark.parametrize(
    "text",
    [
        "", "Asia/Seoul", "Mon Asia/Seoul", "Mon-Fri 08:00 Asia/Seoul", "Fri-Mon 25:00-26:00 X", "Mon-Fri 20:00-08:00 Asia/Seoul",
        "Mon-Fri 8:00-9:00 Asia/Seoul", "Moon 08:00-09:00 Asia/Seoul", "Mon 08:00-09:00", "Mon 08:00_09:00 UTC",
        "Mon xx:yy-09:00 UTC",
        "Mon 08:00-09:00 Tue Asia/Seoul UTC",
    ],
)  # fmt: skip
def test_a_tag_of_somebody_else_says_nothing(text: str) -> None:
    assert read_hours(text) is None
    assert share_on(group(hours=text)) == 1.0


@pytest.mark.parametrize(
    "text",
    ["", "UTC", "Mon 11:30 six UTC", "Mon 11:30 UTC", "Mon 31:30 6 UTC", "Noday 11:30 6 UTC", "Mon 11:30 -6 UTC"],
)
def test_peaks_of_somebody_else_say_nothing(text: str) -> None:
    assert read_peaks(text) is None
    assert least(group(peaks=text), 2) == 2


@given(st.text(max_size=60))
def test_no_text_stumbles(text: str) -> None:
    read_hours(text)
    read_peaks(text)


def test_hours_of_a_group_and_of_a_database() -> None:
    stack = Stack("r", "ap-northeast-2")
    tags = {"Name": "x", "giban:hours": hours_text(OFFICE)}
    database = stack.add("aws_db_instance", "main", instance_class="db.t4g.micro", tags=tags)
    assert hours_of(database) == OFFICE == hours_of(group(hours=hours_text(OFFICE)))
    assert share_on(database) == pytest.approx(60 / 168)
    assert hours_of(group()) is None
    assert peaks_of(group()) is None


def test_the_least_number_on_average_counts_the_hours_it_is_on() -> None:
    peaks = "Mon-Fri 11:30 6 / Mon-Fri 14:00 2 Asia/Seoul"
    # 12 hours a day, two and a half of them six instances.
    assert least(group(hours=hours_text(OFFICE), peaks=peaks), 2) == pytest.approx((2.5 * 6 + 9.5 * 2) / 12)
    assert least(group(peaks=peaks), 2) == pytest.approx((5 * 2.5 * 6 + (168 - 12.5) * 2) / 168)
    assert least(group(), 3) == 3


@pytest.mark.parametrize("tags", [None, {}, {"Name": "x"}, "${var.tags}", {"giban:hours": 7}, {"giban:hours": None}])
def test_odd_tags(tags: Any) -> None:
    stack = Stack("r", None)
    args = {"ami": "ami-1", "instance_type": "t3.small", **({"tags": tags} if tags is not None else {})}
    machine = stack.insert("managed", "aws_instance", "a", args, "", None, check=False)
    assert not switched(machine)
    assert hours_of(machine) is None
