"""Where everything goes: arithmetic from the inside out, the same result for the same picture.

Rule per level: a shelf sets its cards beside each other with lanes between them and a gutter above; a tier stacks
shelves; a VPC stacks tiers over the columns of its zones; a region sets services beside its VPCs; the picture sets
regions beside each other under what is global. Nothing overlaps by construction: every level adds up what is in it.
"""

from __future__ import annotations

from giban.diagram import text
from giban.diagram.block import Block, Drawing, Frame, Label, Placed, Rect
from giban.diagram.model import Band, Card, Chip, Edge, Picture, Region, Shelf, Vpc
from giban.diagram.route import route

CARD_W, CARD_H, CHIP_H = 208, 52, 30
GAP, GUTTER = 28, 34
"""Room between cards of a row, and above each row."""
PAD, MARGIN = 20, 28
"""Room inside frames, and beside the zones of a VPC (long arrows run there)."""
STRIP = 22
"""Height of a line of heading."""
BAND_W, BAND_GAP = 214, 20
BESIDE = 72
"""Room between VPCs and the services beside them."""
TITLE_H = 62
TIER_NAME, ZONE_NAME, HEADING = "tier", "zone-name", "heading"


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
    world_rows = _chunks(list(picture.world), max(1, (inner - 2 * PAD + GAP) // (CARD_W + GAP)))
    if world_rows:
        y += STRIP + 8 + len(world_rows) * (CARD_H + GUTTER) + GUTTER // 2 + GAP
    top = y
    for row in rows:
        x = PAD + (inner - sum(block.w for block in row) - BESIDE * (len(row) - 1)) // 2
        for block in row:
            page.include(block, x, y)
            x += block.w + BESIDE
            page.lanes.append((x - BESIDE // 2, top - GAP, y + block.h))
        y += max(block.h for block in row) + GAP
    if not rows:
        y += GAP
    _world(page, picture, world_rows, world_y, inner)
    if picture.outside:
        _row(page, list(picture.outside), PAD, inner, outside_y, picture.edges)
    for lane in (PAD // 2, PAD + inner + PAD // 2):
        page.lanes.append((lane, outside_y, y))
    width, height = inner + 2 * PAD, y + STRIP
    paths = route(page, picture.edges)
    return Drawing(width, height, tuple(page.frames), tuple(page.labels), tuple(page.cards), tuple(paths))


def _world(page: Block, picture: Picture, rows: list[list[Card]], y: int, inner: int) -> None:
    if not rows:
        return
    height = STRIP + 8 + len(rows) * (CARD_H + GUTTER)
    page.frames.insert(0, Frame("world", Rect(PAD, y, inner, height)))
    _label(page, HEADING, PAD + 14, y + 6, "Global")
    for index, row in enumerate(rows):
        _row(page, row, PAD + PAD, inner - 2 * PAD, y + STRIP + GUTTER // 2 + index * (CARD_H + GUTTER), picture.edges)
    page.gutters.append((y + height + GUTTER // 3, PAD, PAD + inner))


def _row(page: Block, cards: list[Card], x: int, room: int, y: int, edges: tuple[Edge, ...], w: int = CARD_W) -> None:
    """A row of cards, each as near as possible above what it is connected with on the page."""
    centres = {placed.card.id: placed.rect.cx for placed in page.cards}
    wished = []
    for card in cards:
        near = [centres[e.target] for e in edges if e.source == card.id and e.target in centres]
        near += [centres[e.source] for e in edges if e.target == card.id and e.source in centres]
        wished.append((sum(near) // len(near) if near else x + room, not near, card.id, card))
    wished.sort(key=lambda wish: wish[:3])
    left = x
    places: list[int] = []
    for wish in wished:
        left = max(left, wish[0] - w // 2)
        places.append(left)
        left += w + GAP
    # What sticks out at the end pushes back to the left.
    limit = x + room
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], limit - w)
        limit = places[index] - GAP
    for place, wish in zip(places, wished, strict=True):
        page.cards.append(Placed(wish[3], Rect(place, y, w, CARD_H)))
    ends = [x - GAP // 2, *(place - GAP // 2 for place in places), *(place + w + GAP // 2 for place in places)]
    for lane in sorted({*ends, x + room + GAP // 2}):
        page.lanes.append((lane, y - GUTTER // 2, y + CARD_H + GUTTER // 2))
    for gutter in (y - GUTTER // 2, y + CARD_H + GUTTER // 2):
        page.gutters.append((gutter, x - GAP // 2, x + room + GAP // 2))


def _region(region: Region, edges: tuple[Edge, ...]) -> Block:
    """A region: front, VPCs and flow at the left, other services at the right."""
    blocks = [_vpc(vpc) for vpc in region.vpcs]
    if region.flow:
        blocks.append(_flow(region.flow))
    front_columns = max(1, (max([b.w for b in blocks] or [0]) + GAP) // (CARD_W + GAP)) if blocks else 4
    fronts = _chunks(list(region.front), front_columns)
    width = max([block.w for block in blocks] + [max(len(f) for f in fronts) * (CARD_W + GAP) if fronts else 0])
    left = Block()
    y = len(fronts) * (CARD_H + GUTTER)
    for block in blocks:
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
            out.lanes.append((x + BESIDE // 2, 0, head + max(left.h, right.h)))
            x += BESIDE
        out.include(right, x, head)
        x += right.w
    out.w = max(x + PAD, 320)
    out.h = head + max(left.h, right.h, STRIP) + PAD
    out.frames.insert(0, Frame("region", Rect(0, 0, out.w, out.h)))
    _label(out, HEADING, 14, 8, region.title, note="region")
    return out


def _vpc(vpc: Vpc) -> Block:
    """A VPC: zones as columns, tiers as rows, gateways across the upper border."""
    out = Block()
    count = max(1, len(vpc.zones))
    zone_w = max(300 if count < 4 else 260, _grid_need(vpc) // count)
    zone_w = max(zone_w, (len(vpc.edge) * (CARD_W + GAP) + 180) // count, 520 if count == 1 else 0)
    inner = count * zone_w + (count - 1) * 12
    out.w = inner + 2 * MARGIN + 2 * PAD
    left, top = MARGIN + PAD, 0
    if vpc.edge:
        top = CARD_H // 2 + 8
        x = out.w - PAD - MARGIN - len(vpc.edge) * (CARD_W + GAP) + GAP
        ends = [x - GAP // 2]
        for card in vpc.edge:
            out.cards.append(Placed(card, Rect(x, 8, CARD_W, CARD_H), on_border=True))
            x += CARD_W + GAP
            ends.append(x - GAP // 2)
        out.lanes += [(end, -GUTTER // 2, top + CARD_H) for end in ends]
        out.gutters.append((-GUTTER // 4, -PAD, out.w + PAD))
        out.gutters.append((8 + CARD_H + GUTTER // 2 - 4, MARGIN, out.w + BESIDE))
    head = top + (CARD_H // 2 + GUTTER if vpc.edge else STRIP + 12)
    zones = [Rect(left + index * (zone_w + 12), head, zone_w, 0) for index in range(count)]
    y = head + STRIP + 6
    for tier in vpc.tiers:
        start = y
        y += STRIP
        for shelf in tier.shelves:
            y = _shelf(out, shelf, zones, y)
        y += PAD if tier.shelves else 8
        for subnet in tier.subnets:
            zone = zones[subnet.zone]
            rect = Rect(zone.x + 8, start, zone_w - 16, y - start)
            hint = "\n".join((*subnet.members, *subnet.supporting))
            out.frames.append(Frame(tier.exposure, rect, hint))
            _label(out, TIER_NAME, rect.x + 10, rect.y + 4, subnet.title, note=subnet.cidr, room=zone_w - 36)
        y += 8
    out.h = y + 8 + PAD
    out.frames[:0] = [
        Frame("vpc", Rect(0, top, out.w, out.h - top), "\n".join((*vpc.members, *vpc.supporting))),
        *(Frame("zone", Rect(z.x, z.y, z.w, out.h - PAD - z.y)) for z in zones),
    ]
    room = out.w - 28 - len(vpc.edge) * (CARD_W + GAP)
    _label(out, HEADING, 14, top + 8, vpc.title, note=f"VPC {vpc.cidr}".strip(), room=room)
    for zone, name in zip(zones, vpc.zones, strict=True):
        _label(out, ZONE_NAME, zone.x + 10, zone.y + 6, name, room=zone_w - 20)
    for lane in (PAD + MARGIN // 2 - 6, out.w - PAD - MARGIN // 2 + 6):
        out.lanes.append((lane, 0, out.h))
    return out


def _grid_need(vpc: Vpc) -> int:
    """Width that the widest grid of a VPC wants."""
    slots = [len(shelf.slots) for tier in vpc.tiers for shelf in tier.shelves if shelf.form == "grid"]
    return max(slots, default=0) * (CARD_W + GAP) + GAP


def _shelf(out: Block, shelf: Shelf, zones: list[Rect], y: int) -> int:
    """Put one shelf below `y`; returns its lower end."""
    left, right = zones[0].x, zones[-1].right
    if shelf.form == "zoned":
        return _zoned(out, shelf.cards, zones, y)
    top = y + GUTTER
    height = CARD_H + (CHIP_H + 6 if any(card.chips for card in shelf.cards) else 0)
    if shelf.form == "spread":
        for card in shelf.cards:
            first, last = zones[min(card.zones)], zones[max(card.zones)]
            rect = Rect(first.x + 24, top, last.right - first.x - 48, height)
            out.cards.append(Placed(card, rect, tuple(_chips(card, rect, zones))))
        ends = [left + 12, right - 12]
    else:
        slot = (right - left) // len(shelf.slots)
        width = min(CARD_W + 12, slot - GAP)
        ends = [left + index * slot for index in range(1, len(shelf.slots))]
        ends += [left + 10, right - 10]
        for index, member in enumerate(shelf.slots):
            if member is not None:
                rect = Rect(left + index * slot + (slot - width) // 2, top, width, height)
                out.cards.append(Placed(member, rect, tuple(_chips(member, rect, None))))
    _channels(out, ends, zones, y, top + height)
    return top + height


def _channels(out: Block, ends: list[int], zones: list[Rect], y: int, bottom: int) -> None:
    """A gutter above and below a shelf, lanes through it."""
    out.lanes += [(end, y + GUTTER // 2, bottom + GUTTER // 2 + STRIP + GAP) for end in ends]
    for gutter in (y + GUTTER // 2, bottom + 10):
        out.gutters.append((gutter, PAD, zones[-1].right + MARGIN + PAD + BESIDE))


def _chips(card: Card, rect: Rect, zones: list[Rect] | None) -> list[tuple[Rect, Chip]]:
    """Where the chips of a card go: under their zone, or side by side when the card is narrow."""
    y = rect.y + CARD_H
    if zones is not None:
        width = min(zone.w for zone in zones) - 88
        return [(Rect(zones[chip.zone].cx - width // 2, y, width, CHIP_H - 4), chip) for chip in card.chips]
    count = max(1, len(card.chips))
    width = (rect.w - 20 - 6 * (count - 1)) // count
    return [(Rect(rect.x + 10 + i * (width + 6), y, width, CHIP_H - 4), chip) for i, chip in enumerate(card.chips)]


def _zoned(out: Block, cards: list[Card], zones: list[Rect], y: int) -> int:
    """Cards inside their own zone, as many side by side as fit."""
    fit = max(1, (zones[0].w - 20) // (CARD_W + GAP))
    columns = [_chunks([card for card in cards if card.zones[0] == index], fit) for index in range(len(zones))]
    for line in range(max(len(column) for column in columns)):
        top = y + GUTTER
        height = CARD_H
        ends: list[int] = []
        for zone, column in zip(zones, columns, strict=True):
            row = column[line] if line < len(column) else []
            slot = zone.w // max(1, len(row))
            ends += [zone.x + index * slot + 12 * (index == 0) for index in range(len(row) or 1)] + [zone.right - 12]
            for index, card in enumerate(row):
                out.cards.append(Placed(card, Rect(zone.x + index * slot + (slot - CARD_W) // 2, top, CARD_W, height)))
        ends += [zone.right + 6 for zone in zones[:-1]]
        _channels(out, ends, zones, y, top + height)
        y = top + height
    return y


def _flow(shelves: tuple[Shelf, ...]) -> Block:
    """Connected services without subnets, row under row."""
    out = Block()
    columns = max(len(shelf.slots) for shelf in shelves)
    out.w = columns * (CARD_W + GAP) + 2 * MARGIN
    y = 0
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
    out.lanes += [(MARGIN // 2, 0, out.h), (out.w - MARGIN // 2, 0, out.h)]
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
        _label(out, HEADING, 2, y + 4, band.title)
        y += STRIP + 4
        cards = sorted(band.cards, key=lambda card: card.id not in connected)
        depth = -(-len(cards) // columns)
        for index, card in enumerate(cards):
            column, row = divmod(index, depth)
            rect = Rect(column * (BAND_W + BAND_GAP), y + row * (CARD_H + BAND_GAP), BAND_W, CARD_H)
            out.cards.append(Placed(card, rect))
        for row in range(depth):
            out.gutters.append((y + row * (CARD_H + BAND_GAP) - BAND_GAP // 2, -BESIDE, out.w))
        for column in range(columns):
            out.lanes.append(
                (column * (BAND_W + BAND_GAP) - BAND_GAP // 2, y - BAND_GAP, y + depth * (CARD_H + BAND_GAP))
            )
        y += depth * (CARD_H + BAND_GAP) + 4
    out.h = max(0, y - BAND_GAP)
    return out


def _label(out: Block, kind: str, x: int, y: int, words: str, *, note: str = "", room: int = 10_000) -> None:
    size = 11.5
    words = text.fit(words, size, room, bold=True)
    left = room - text.width(words, size, bold=True) - 8
    note = text.fit(note, size, left) if left > 20 else ""
    width = text.width(words, size, bold=True) + (text.width(note, size) + 8 if note else 0)
    out.labels.append(Label(kind, Rect(x, y, int(width) + 1, 16), words, note))


def _chunks(items: list[Card], size: int) -> list[list[Card]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
