"""Coordinates inside a VPC: zones as columns, tiers as rows, shelves of cards over them."""

from __future__ import annotations

from giban.diagram.block import Block, Frame, Placed, Rect
from giban.diagram.model import Card, Chip, Shelf, Vpc
from giban.diagram.sizes import (
    BESIDE,
    CARD_H,
    CARD_W,
    CHIP_H,
    GAP,
    GUTTER,
    HEADING,
    MARGIN,
    PAD,
    STRIP,
    TIER_NAME,
    ZONE_NAME,
    chunks,
    label,
)


def vpc_block(vpc: Vpc) -> Block:
    """A VPC: zones as columns, tiers as rows, gateways across the upper border."""
    out = Block()
    count = max(1, len(vpc.zones))
    # With an odd number the middle of the VPC is the middle of a zone: its heading must not reach there.
    zone_w = max(330 if count % 2 else 300 if count == 2 else 260, _grid_need(vpc) // count)
    zone_w = max(zone_w, (len(vpc.edge) * (CARD_W + GAP) + 180) // count, 520 if count == 1 else 0)
    inner = count * zone_w + (count - 1) * 12
    out.w = inner + 2 * MARGIN + 2 * PAD
    left, top = MARGIN + PAD, 0
    if vpc.edge:
        top = CARD_H // 2 + 8
        x = out.w - 16 - len(vpc.edge) * (CARD_W + GAP) + GAP
        ends = [x - GAP // 2]
        for card in vpc.edge:
            out.cards.append(Placed(card, Rect(x, 8, CARD_W, CARD_H), on_border=True))
            x += CARD_W + GAP
            ends.append(x - GAP // 2)
        out.lanes += [(end, -GUTTER // 2, top + CARD_H) for end in ends]
        out.gutters.append((8 + CARD_H + GUTTER // 2 - 4, MARGIN, out.w + BESIDE))
    head = top + (CARD_H // 2 + GUTTER if vpc.edge else STRIP + 12)
    zones = [Rect(left + index * (zone_w + 12), head, zone_w, 0) for index in range(count)]
    y = head + STRIP + 6
    panels: list[Frame] = []
    for tier in vpc.tiers:
        start = y
        y += STRIP
        panel_from = y + GUTTER // 4
        for shelf in tier.shelves:
            if shelf.form == "zoned":
                break
            y = _shelf(out, shelf, zones, y)
        if any(shelf.form == "grid" for shelf in tier.shelves):
            # One panel over all zones: what stands in a grid is in each of them, not in the one behind it.
            y += PAD // 2
            rect = Rect(zones[0].x + 12, panel_from, zones[-1].right - zones[0].x - 24, y - panel_from)
            panels.append(Frame("panel", rect))
        for shelf in tier.shelves:
            if shelf.form == "zoned":
                y = _shelf(out, shelf, zones, y)
        if tier.shelves:
            _gutter(out, zones, y + PAD // 2)
        y += PAD if tier.shelves else 8
        for subnet in tier.subnets:
            zone = zones[subnet.zone]
            rect = Rect(zone.x + 8, start, zone_w - 16, y - start)
            hint = "\n".join((*subnet.members, *subnet.supporting))
            out.frames.append(Frame(tier.exposure, rect, hint))
            label(out, TIER_NAME, rect.x + 16, rect.y + 4, subnet.title, note=subnet.cidr, room=zone_w - 40)
        y += 8
    bottom = y + PAD + (CARD_H // 2 if vpc.plugs else 0)
    out.h = bottom + (CARD_H // 2 if vpc.plugs else 0)
    x = left + 24
    for card in vpc.plugs:
        out.cards.append(Placed(card, Rect(x, bottom - CARD_H // 2, CARD_W, CARD_H), on_border=True))
        x += CARD_W + GAP
    out.frames[:0] = [
        Frame("vpc", Rect(0, top, out.w, bottom - top), "\n".join((*vpc.members, *vpc.supporting))),
        *(Frame("zone", Rect(z.x, z.y, z.w, y - z.y)) for z in zones),
    ]
    out.frames += panels
    room = out.w - left - 28 - len(vpc.edge) * (CARD_W + GAP)
    label(out, HEADING, left, top + 8, vpc.title, note=f"VPC {vpc.cidr}".strip(), room=room)
    for zone, name in zip(zones, vpc.zones, strict=True):
        label(out, ZONE_NAME, zone.x + 10, zone.y + 6, name, room=zone_w - 20)
    for lane in (PAD + MARGIN // 2, out.w - PAD - MARGIN // 2):
        out.lanes.append((lane, -GUTTER // 2, out.h))
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
    """A gutter above a shelf, and lanes through it that are long enough to meet those of the next ones."""
    out.lanes += [(end, y - 3 * GUTTER, bottom + 3 * GUTTER) for end in ends]
    _gutter(out, zones, y + GUTTER // 2)


def _gutter(out: Block, zones: list[Rect], y: int) -> None:
    """A gutter through the VPC and on to what stands beside it."""
    out.gutters.append((y, PAD, zones[-1].right + MARGIN + PAD + BESIDE))


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
    columns = [chunks([card for card in cards if card.zones[0] == index], fit) for index in range(len(zones))]
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
