"""Where everything goes: arithmetic from the inside out, the same result for the same picture.

Rule per level: a shelf sets its cards beside each other with lanes between them and a gutter above; a tier stacks
shelves; a VPC stacks tiers over the columns of its zones; a region sets services beside its VPCs; the picture sets
regions beside each other under what is global. Nothing overlaps by construction: every level adds up what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from giban.diagram.block import Block, Drawing, Frame, Placed, Rect
from giban.diagram.layout_vpc import vpc_block
from giban.diagram.model import Band, Card, Edge, Picture, Region, Shelf
from giban.diagram.route import route
from giban.diagram.sizes import (
    BAND_GAP,
    BAND_W,
    BESIDE,
    CARD_H,
    CARD_W,
    GAP,
    GUTTER,
    HEADING,
    MARGIN,
    PAD,
    STRIP,
    TITLE_H,
    chunks,
    label,
)

Free = Sequence[int]
"""Columns (x) that arrows want to pass."""


def lay_out(picture: Picture) -> Drawing:
    """Coordinates for everything in the picture."""
    regions = [_region(region, picture.edges) for region in picture.regions]
    across = 1 if len(regions) < 2 else 2
    rows = [regions[start : start + across] for start in range(0, len(regions), across)]
    inner = max([sum(block.w for block in row) + BESIDE * (len(row) - 1) for row in rows] or [0])
    inner = max(inner, 640, len(picture.outside) * (CARD_W + GAP))
    page = Block()
    y = TITLE_H
    outside_y = y + GUTTER // 2
    if picture.outside:
        y = outside_y + CARD_H + GUTTER
    world_y = y
    world_rows = chunks(list(picture.world), max(1, (inner - 2 * PAD + GAP) // (CARD_W + GAP)))
    if world_rows:
        y += STRIP + len(world_rows) * (CARD_H + GUTTER) + GAP
    top = y
    for row in rows:
        page.gutters.append((y - GAP // 3, PAD // 2, PAD + inner + PAD // 2))
        x = PAD + (inner - sum(block.w for block in row) - BESIDE * (len(row) - 1)) // 2
        for index, block in enumerate(row):
            if index:
                page.lanes.append((x - BESIDE // 2, top - GAP, y + block.h))
            page.include(block, x, y)
            x += block.w + BESIDE
        y += max(block.h for block in row) + GAP
    if not rows:
        y += GAP
    _world(page, picture, world_rows, world_y, inner)
    if picture.outside:
        _row(page, list(picture.outside), PAD, inner, outside_y, picture.edges)
    for lane in (PAD // 2, PAD + inner + PAD // 2):
        page.lanes.append((lane, outside_y - GUTTER, y))
    page.w, page.h = inner + 2 * PAD, y - GAP + PAD
    paths = route(page, picture.edges)
    return Drawing(page.w, page.h, tuple(page.frames), tuple(page.labels), tuple(page.cards), tuple(paths))


def _world(page: Block, picture: Picture, rows: list[list[Card]], y: int, inner: int) -> None:
    if not rows:
        return
    height = STRIP + len(rows) * (CARD_H + GUTTER) - 6
    page.frames.insert(0, Frame("world", Rect(PAD, y, inner, height)))
    label(page, HEADING, PAD + 14, y + 6, "Global")
    here = {card.id for row in rows for card in row}
    outside = {card.id for card in picture.outside}
    passing = {e.source if e.target in outside else e.target for e in picture.edges if {e.source, e.target} & outside}
    free = [placed.rect.cx for placed in page.cards if placed.card.id in passing - here]
    for index, row in enumerate(rows):
        top = y + STRIP + 6 + index * (CARD_H + GUTTER)
        _row(page, row, PAD + PAD, inner - 2 * PAD, top, picture.edges, free)
    page.gutters.append((y + height + GUTTER // 3, PAD, PAD + inner))


def _row(page: Block, cards: list[Card], x: int, room: int, y: int, edges: tuple[Edge, ...], free: Free = ()) -> None:
    """A row of cards, each as near as possible above what it is connected with on the page.

    Cards without connections come last from the right; they leave the columns `free` to arrows that pass by.
    """
    centres = {placed.card.id: placed.rect.cx for placed in page.cards}
    wished: list[tuple[int, str, Card]] = []
    lonely: list[Card] = []
    for card in cards:
        near = [centres[e.target] for e in edges if e.source == card.id and e.target in centres]
        near += [centres[e.source] for e in edges if e.target == card.id and e.source in centres]
        if near:
            wished.append((sum(near) // len(near), card.id, card))
        else:
            lonely.append(card)
    wished.sort(key=lambda wish: wish[:2])
    places = _side_by_side([wish[0] for wish in wished], x, room)
    rest = _in_gaps(len(lonely), places, free, x, room)
    if len(rest) < len(lonely):
        # Too narrow for courtesy: everything in one line.
        places = _side_by_side([*(wish[0] for wish in wished), *[x + room] * len(lonely)], x, room)
        rest = places[len(wished) :]
    everyone = [wish[2] for wish in wished] + lonely
    for place, card in zip([*places[: len(wished)], *rest], everyone, strict=True):
        page.cards.append(Placed(card, Rect(place, y, CARD_W, CARD_H)))
    taken = [*places[: len(wished)], *rest]
    ends = [x - GAP // 2, *(place - GAP // 2 for place in taken), *(place + CARD_W + GAP // 2 for place in taken)]
    for lane in sorted({*ends, x + room + GAP // 2}):
        # Long enough to meet the gutters of the rows above and below.
        page.lanes.append((lane, y - 2 * GUTTER, y + CARD_H + 2 * GUTTER))
    for gutter in (y - GUTTER // 2, y + CARD_H + GUTTER // 2):
        page.gutters.append((gutter, x - GUTTER, x + room + GUTTER))


def _side_by_side(centres: list[int], x: int, room: int) -> list[int]:
    """Left edges of cards near their wished centres (in rising order), apart from each other and inside the room."""
    places: list[int] = []
    left = x
    for centre in centres:
        left = max(left, centre - CARD_W // 2)
        places.append(left)
        left += CARD_W + GAP
    limit = x + room
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], limit - CARD_W)
        limit = places[index] - GAP
    return places


def _in_gaps(count: int, taken: list[int], free: Free, x: int, room: int) -> list[int]:
    """Left edges for so many more cards, from the right end leftwards, past the taken places and the free columns."""
    places: list[int] = []
    at = x + room - CARD_W
    while len(places) < count and at >= x:
        card = next((place for place in taken if place - GAP < at + CARD_W and at < place + CARD_W + GAP), None)
        column = next((place for place in free if at - GAP // 2 < place < at + CARD_W + GAP // 2), None)
        if card is not None:
            at = card - GAP - CARD_W
        elif column is not None:
            at = column - GAP // 2 - CARD_W
        else:
            places.append(at)
            at -= CARD_W + GAP
    return places


def _region(region: Region, edges: tuple[Edge, ...]) -> Block:
    """A region: front, VPCs and flow at the left, other services at the right."""
    blocks = [vpc_block(vpc) for vpc in region.vpcs]
    if region.flow:
        # What people come in through stands above what it looks after.
        blocks.insert(0 if _entered(region.flow, edges) else len(blocks), _flow(region.flow))
    front_columns = max(1, (max([b.w for b in blocks] or [0]) + GAP) // (CARD_W + GAP)) if blocks else 4
    fronts = chunks(list(region.front), front_columns)
    width = max([block.w for block in blocks] + [max(len(f) for f in fronts) * (CARD_W + GAP) if fronts else 0])
    left = Block()
    y = len(fronts) * (CARD_H + GUTTER)
    for block in blocks:
        # From the region's own lanes into whatever stands here.
        left.gutters.append((y - GUTTER // 4, -PAD, width + BESIDE))
        left.include(block, (width - block.w) // 2, y)
        y += block.h + GAP
    for index, row in enumerate(fronts):
        _row(left, row, 0, width, GUTTER // 2 + index * (CARD_H + GUTTER), edges)
    left.w, left.h = width, max(0, y - GAP if blocks else y)
    right = _bands(region.bands, left.h, {end for edge in edges for end in (edge.source, edge.target)})
    out = Block()
    head = STRIP + 14
    x = PAD
    if left.w:
        out.include(left, x, head)
        x += left.w
    if right.w:
        if left.w:
            out.lanes.append((x + BESIDE // 2, -GAP, head + max(left.h, right.h)))
            x += BESIDE
        out.include(right, x, head)
        x += right.w
    for lane in (PAD // 2, x + PAD // 2):
        out.lanes.append((lane, -GAP, head + max(left.h, right.h)))
    out.w = max(x + PAD, 320)
    out.h = head + max(left.h, right.h, STRIP) + PAD
    out.frames.insert(0, Frame("region", Rect(0, 0, out.w, out.h)))
    label(out, HEADING, 14, 8, region.title, note="region", room=out.w - 28)
    return out


def _entered(shelves: tuple[Shelf, ...], edges: tuple[Edge, ...]) -> bool:
    """Whether requests come to these services from elsewhere."""
    here = {card.id for shelf in shelves for card in shelf.cards}
    return any(edge.kind == "request" and edge.target in here and edge.source not in here for edge in edges)


def _flow(shelves: tuple[Shelf, ...]) -> Block:
    """Connected services without subnets, row under row in a frame."""
    out = Block()
    columns = max(len(shelf.slots) for shelf in shelves)
    out.w = columns * (CARD_W + GAP) + 2 * MARGIN
    functions = any(card.icon == "function" for shelf in shelves for card in shelf.cards)
    label(out, HEADING, 14, 8, "Serverless" if functions else "Services")
    y = STRIP
    for shelf in shelves:
        slot = (out.w - 2 * MARGIN) // len(shelf.slots)
        top = y + GUTTER
        for index, card in enumerate(shelf.cards):
            out.cards.append(Placed(card, Rect(MARGIN + index * slot + (slot - CARD_W) // 2, top, CARD_W, CARD_H)))
        ends = [MARGIN + index * slot for index in range(len(shelf.slots) + 1)]
        out.lanes += [(end, top - GUTTER // 2, top + CARD_H + GUTTER // 2) for end in ends]
        out.gutters += [(gutter, 0, out.w + BESIDE) for gutter in (top - GUTTER // 2, top + CARD_H + GUTTER // 2)]
        y = top + CARD_H
    out.h = y + GUTTER
    out.frames.append(Frame("services", Rect(0, 0, out.w, out.h)))
    out.lanes += [(lane, -GUTTER // 2, out.h) for lane in (MARGIN // 2, out.w - MARGIN // 2)]
    return out


def _bands(bands: tuple[Band, ...], height: int, connected: set[str]) -> Block:
    """Services by heading, in as few columns as the height beside them allows."""
    for columns in (1, 2, 3, 4, 5):
        block = _bands_in(bands, columns, connected)
        if block.h <= max(height, 260 * columns if not height else 420):
            break
    return block if bands else Block()


def _bands_in(bands: tuple[Band, ...], columns: int, connected: set[str]) -> Block:
    out = Block()
    out.w = columns * (BAND_W + BAND_GAP) - BAND_GAP
    y = 0
    for band in bands:
        label(out, HEADING, 2, y + 4, band.title, room=out.w - 4)
        y += STRIP + 4
        cards = sorted(band.cards, key=lambda card: card.id not in connected)
        depth = -(-len(cards) // columns)
        for index, card in enumerate(cards):
            column, row = divmod(index, depth)
            rect = Rect(column * (BAND_W + BAND_GAP), y + row * (CARD_H + BAND_GAP), BAND_W, CARD_H)
            out.cards.append(Placed(card, rect))
        for row in range(depth):
            out.gutters.append((y + row * (CARD_H + BAND_GAP) - BAND_GAP // 2, -BESIDE, out.w + BAND_GAP))
        for column in range(columns):
            out.lanes.append(
                (column * (BAND_W + BAND_GAP) - BAND_GAP // 2, y - BAND_GAP, y + depth * (CARD_H + BAND_GAP))
            )
        y += depth * (CARD_H + BAND_GAP) + 4
    out.h = max(0, y - BAND_GAP)
    for lane in (-BAND_GAP // 2, out.w + BAND_GAP // 2):
        out.lanes.append((lane, -2 * STRIP - GAP, out.h))
    return out
