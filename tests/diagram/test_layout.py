"""Nothing overlaps, children are inside parents, texts fit, arrows go around cards: for graphs of any size."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giban.diagram import text
from giban.diagram.block import Drawing, Placed, Rect
from giban.diagram.layout import lay_out
from giban.diagram.model import Band, Card, Chip, Edge, Picture, Region, Shelf, Subnet, Tier, Vpc
from giban.diagram.read import read
from giban.lifecycle.pipeline import compile_blueprint
from tests.diagram.graphs import Tiered

SIZES = [
    {"zones": 1, "web": 1, "was": 0, "databases": 0, "buckets": 0},
    {"zones": 2},
    {"zones": 3, "web": 2, "was": 3, "databases": 2, "buckets": 4, "alarms": 20},
    {"zones": 4, "web": 1, "was": 12, "databases": 3, "buckets": 14},
]

ROOT = Path(__file__).parents[2]
BLUEPRINTS = sorted([*ROOT.glob("examples/*/giban.yaml"), *ROOT.glob("tests/cases/*/giban.yaml")])


def drawing(**size: Any) -> tuple[Picture, Drawing]:
    picture = read(Tiered(**size).graph)
    return picture, lay_out(picture)


def check(picture: Picture, drawn: Drawing) -> None:
    """Every promise of the layout."""
    page = Rect(0, 0, drawn.width, drawn.height)
    cards = drawn.cards
    assert {placed.card.id for placed in cards} == {card.id for card in picture.cards()}
    assert len(cards) == len(list(picture.cards()))
    for placed in cards:
        assert page.holds(placed.rect), placed
    for one, two in combinations(cards, 2):
        assert not one.rect.meets(two.rect), (one.card.id, two.card.id)
    for placed in cards:
        check_chips(placed)
    check_frames(drawn, page)
    check_labels(drawn, page)
    check_paths(picture, drawn, page)


def check_chips(placed: Placed) -> None:
    for rect, chip in placed.chips:
        assert placed.rect.holds(rect), chip
        assert rect.y >= placed.rect.y + 48, "below the texts of the card"
    for (one, _), (two, _) in combinations(placed.chips, 2):
        assert not one.meets(two)


def check_frames(drawn: Drawing, page: Rect) -> None:
    kinds: dict[str, list[Rect]] = {}
    for frame in drawn.frames:
        assert page.holds(frame.rect)
        kinds.setdefault(frame.kind, []).append(frame.rect)
    subnets = [rect for kind in ("public", "private", "isolated") for rect in kinds.get(kind, [])]
    for siblings in (
        kinds.get("region", []),
        kinds.get("vpc", []),
        kinds.get("zone", []),
        subnets,
        kinds.get("panel", []),
    ):
        for one, two in combinations(siblings, 2):
            assert not one.meets(two)
    for child, parent in (("vpc", "region"), ("zone", "vpc"), ("panel", "vpc")):
        for rect in kinds.get(child, []):
            assert any(outer.holds(rect) for outer in kinds[parent]), (child, rect)
    for rect in subnets:
        assert any(zone.holds(rect) for zone in kinds["zone"])
    inside = [placed for placed in drawn.cards if placed.card.zones]
    for placed in inside:
        assert any(vpc.holds(placed.rect) for vpc in kinds["vpc"])
        heights = [rect for rect in subnets if rect.y <= placed.rect.y and placed.rect.bottom <= rect.bottom]
        assert heights, "inside the height of its tier"
    for placed in drawn.cards:
        if placed.on_border:
            assert any(vpc.meets(placed.rect) and not vpc.holds(placed.rect) for vpc in kinds["vpc"])
        elif not placed.card.zones:
            for vpc in kinds.get("vpc", []):
                assert not vpc.meets(placed.rect), "beside the VPC, not in it"


def check_labels(drawn: Drawing, page: Rect) -> None:
    for label in drawn.labels:
        assert page.holds(label.rect)
        assert not any(label.rect.meets(placed.rect) for placed in drawn.cards), label
    for one, two in combinations(drawn.labels, 2):
        assert not one.rect.meets(two.rect), (one, two)


def check_paths(picture: Picture, drawn: Drawing, page: Rect) -> None:
    at = {placed.card.id: placed.rect for placed in drawn.cards}
    assert len(drawn.paths) == len(picture.edges)
    for path in drawn.paths:
        source, target = at[path.edge.source], at[path.edge.target]
        assert touches(source, path.points[0]), path
        assert path.joins or touches(target, path.points[-1]), path
        assert len(path.points) >= 2
        for (ax, ay), (bx, by) in pairwise(path.points):
            assert ax == bx or ay == by, "only straight and square"
            assert page.holds(Rect(min(ax, bx), min(ay, by), abs(ax - bx), abs(ay - by)))
            stretch = Rect(min(ax, bx), min(ay, by), max(1, abs(ax - bx)), max(1, abs(ay - by)))
            for id_, rect in at.items():
                inner = Rect(rect.x + 1, rect.y + 1, rect.w - 2, rect.h - 2)
                assert not stretch.meets(inner), (path.edge, id_)
        if path.label is not None:
            assert not any(path.label.meets(rect) for rect in at.values())


def touches(rect: Rect, point: tuple[int, int]) -> bool:
    x, y = point
    across = rect.x <= x <= rect.right and y in (rect.y, rect.bottom)
    along = rect.y <= y <= rect.bottom and x in (rect.x, rect.right)
    return across or along


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_reference_sizes(size: dict[str, int]) -> None:
    picture, drawn = drawing(**size)
    check(picture, drawn)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_arrow_crosses_a_heading(size: dict[str, int]) -> None:
    _, drawn = drawing(**size)
    for path in drawn.paths:
        for (ax, ay), (bx, by) in pairwise(path.points):
            stretch = Rect(min(ax, bx), min(ay, by), max(1, abs(ax - bx)), max(1, abs(ay - by)))
            for label in drawn.labels:
                assert not stretch.meets(label.rect), (path.edge, label)


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_blueprints(blueprint: Path) -> None:
    """The examples and every case of the suite, as the product compiles them."""
    graph = compile_blueprint(str(blueprint)).graph
    picture = read(graph)
    assert sorted(picture.addresses()) == sorted(resource.address for resource in graph.managed)
    check(picture, lay_out(picture))


@settings(max_examples=30, deadline=None)
@given(
    zones=st.integers(1, 4), web=st.integers(0, 7), was=st.integers(0, 9), databases=st.integers(0, 3),
    buckets=st.integers(0, 16), alarms=st.integers(0, 3),
)  # fmt: skip
def test_any_size(**size: int) -> None:
    picture, drawn = drawing(**size)
    check(picture, drawn)


names = st.text(min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_picture(data: st.DataObject) -> None:
    """Pictures that no reader makes: arrows between anything, long and strange names."""
    zones = data.draw(st.integers(1, 4))
    ids = iter(range(10_000))

    def card(*columns: int, chips: bool = False) -> Card:
        shown = tuple(Chip(zone, data.draw(names)) for zone in columns) if chips else ()
        return Card(f"c{next(ids)}", "box", "other", data.draw(names), data.draw(names), columns, shown)

    def shelf() -> Shelf:
        form = data.draw(st.sampled_from(["spread", "grid", "zoned"]))
        columns = tuple(range(zones))
        if form == "spread":
            return Shelf("spread", (card(*columns, chips=data.draw(st.booleans())),))
        if form == "grid":
            return Shelf("grid", tuple(card(*columns, chips=True) for _ in range(data.draw(st.integers(1, 6)))))
        return Shelf(
            "zoned", tuple(card(data.draw(st.integers(0, zones - 1))) for _ in range(data.draw(st.integers(1, 5))))
        )

    def ordered(shelves: list[Shelf]) -> tuple[Shelf, ...]:
        return tuple(sorted(shelves, key=lambda shelf: shelf.form == "zoned"))

    tiers = tuple(
        Tier(
            data.draw(names),
            data.draw(st.sampled_from(["public", "private", "isolated"])),
            tuple(Subnet(zone, data.draw(names), data.draw(names), ()) for zone in range(zones)),
            ordered([shelf() for _ in range(data.draw(st.integers(0, 2)))]),
        )
        for _ in range(data.draw(st.integers(1, 4)))
    )
    vpc = Vpc(
        data.draw(names), data.draw(names), tuple(f"zone {z}" for z in range(zones)), tiers,
        edge=tuple(card() for _ in range(data.draw(st.integers(0, 3)))),
        plugs=tuple(card() for _ in range(data.draw(st.integers(0, 1)))),
    )  # fmt: skip

    def cards(most: int) -> tuple[Card, ...]:
        return tuple(card() for _ in range(data.draw(st.integers(0, most))))

    def region(vpcs: tuple[Vpc, ...]) -> Region:
        flow = tuple(Shelf("grid", (card(), *cards(4))) for _ in range(data.draw(st.integers(0, 2))))
        bands = tuple(Band(data.draw(names), (card(), *cards(8))) for _ in range(data.draw(st.integers(0, 3))))
        return Region(data.draw(names), cards(3), vpcs, flow, bands)

    regions = tuple(region((vpc,) if index == 0 else ()) for index in range(data.draw(st.integers(1, 3))))
    outside, world = cards(3), cards(9)
    picture = Picture("p", "", outside, world, regions, (), 0)
    all_ids = [c.id for c in picture.cards()]
    edges: dict[tuple[str, str], Edge] = {}
    if len(all_ids) > 1:
        for _ in range(data.draw(st.integers(0, 12))):
            pair = data.draw(st.tuples(st.sampled_from(all_ids), st.sampled_from(all_ids)))
            if pair[0] != pair[1]:
                kind = data.draw(st.sampled_from(["request", "data", "egress", "admin"]))
                edges[pair] = Edge(*pair, kind, data.draw(st.sampled_from(["", "443", "1024–65535"])))
    full = Picture("p", "", outside, world, regions, tuple(edges.values()), 0)
    check(full, lay_out(full))


def test_same_picture_same_drawing() -> None:
    assert drawing(zones=3, was=5) == drawing(zones=3, was=5)


def test_nothing_at_all() -> None:
    empty = Picture("empty", "", (), (), (), (), 0)
    drawn = lay_out(empty)
    assert drawn.cards == ()
    assert drawn.width > 0
    assert drawn.height > 0


@given(names, st.floats(8, 24), st.integers(0, 400))
def test_fitted_text_fits(words: str, size: float, room: int) -> None:
    fitted = text.fit(words, size, room)
    assert not fitted or text.width(fitted, size) <= room
    assert fitted == words or text.width(words, size) > room


def test_widths_are_upper_estimates() -> None:
    # Advance widths in Liberation Sans (metrically Arial), in units of 2048 per em.
    arial = {"a": 1139, "m": 1706, "W": 1933, "i": 455, "0": 1139, "-": 682, ".": 569, " ": 569, "·": 682, "A": 1366}
    for letter, units in arial.items():
        assert text.width(letter, 2048) >= units * 0.98, letter
