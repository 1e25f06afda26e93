"""Measures that all levels of the layout share, and the labels they set."""

from __future__ import annotations

from giban.diagram import text
from giban.diagram.block import Block, Label, Rect
from giban.diagram.model import Card

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
"""Height of title, count and legend."""
TIER_NAME, ZONE_NAME, HEADING = "tier", "zone-name", "heading"


def label(out: Block, kind: str, x: int, y: int, words: str, *, note: str = "", room: int = 10_000) -> None:
    """Set a heading with a quieter note after it, shortened to the room there is."""
    size = 11.5
    words = text.fit(words, size, room, bold=True)
    left = room - text.width(words, size, bold=True) - 8
    note = text.fit(note, size, left) if left > 20 else ""
    width = text.width(words, size, bold=True) + (text.width(note, size) + 8 if note else 0)
    out.labels.append(Label(kind, Rect(x, y, int(width) + 1, 16), words, note))


def chunks(items: list[Card], size: int) -> list[list[Card]]:
    """The cards in rows of at most so many."""
    return [items[start : start + size] for start in range(0, len(items), size)]
