"""Boxes with coordinates: a block is a piece of the drawing with its own origin that can be put into a larger one."""

from __future__ import annotations

from msgspec import Struct

from giban.diagram.model import Card, Chip, Edge


class Rect(Struct, frozen=True):
    """A rectangle in whole pixels, from its upper left corner."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    @property
    def cx(self) -> int:
        return self.x + self.w // 2

    @property
    def cy(self) -> int:
        return self.y + self.h // 2

    def moved(self, dx: int, dy: int) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.w, self.h)

    def meets(self, other: Rect) -> bool:
        """True when the two share area (touching borders do not count)."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: Rect) -> bool:
        """True when the other lies inside."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom


class Label(Struct, frozen=True):
    """A text on the drawing: `kind` names its style; `rect` is the room it may take, arrows keep out of it."""

    kind: str
    rect: Rect
    text: str
    note: str = ""
    """A second, quieter text after the first."""


class Frame(Struct, frozen=True):
    """A box around others: `kind` is region, world, vpc, services, zone, public, private or isolated."""

    kind: str
    rect: Rect
    tooltip: str = ""


class Placed(Struct, frozen=True):
    """A card where it stands. `on_border` cards sit across the border of the VPC's frame."""

    card: Card
    rect: Rect
    chips: tuple[tuple[Rect, Chip], ...] = ()
    on_border: bool = False


class Path(Struct, frozen=True):
    """An arrow: corner points from source to target, and the room of its label (None where there is none)."""

    edge: Edge
    points: tuple[tuple[int, int], ...]
    label: Rect | None = None
    joins: bool = False
    """True when it ends where it meets an earlier arrow to the same target, and so has no head of its own."""


class Drawing(Struct, frozen=True):
    """Everything with coordinates, back to front."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    labels: tuple[Label, ...]
    cards: tuple[Placed, ...]
    paths: tuple[Path, ...]


class Block:
    """A piece of the drawing. `gutters` (y, from x, to x) and `lanes` (x, from y, to y) are where arrows may run."""

    def __init__(self) -> None:
        self.w = 0
        self.h = 0
        self.frames: list[Frame] = []
        self.labels: list[Label] = []
        self.cards: list[Placed] = []
        self.gutters: list[tuple[int, int, int]] = []
        self.lanes: list[tuple[int, int, int]] = []

    def include(self, other: Block, dx: int, dy: int) -> None:
        """Put another block into this one."""
        self.frames += [Frame(f.kind, f.rect.moved(dx, dy), f.tooltip) for f in other.frames]
        self.labels += [Label(t.kind, t.rect.moved(dx, dy), t.text, t.note) for t in other.labels]
        self.cards += [
            Placed(p.card, p.rect.moved(dx, dy), tuple((r.moved(dx, dy), c) for r, c in p.chips), p.on_border)
            for p in other.cards
        ]
        self.gutters += [(y + dy, x0 + dx, x1 + dx) for y, x0, x1 in other.gutters]
        self.lanes += [(x + dx, y0 + dy, y1 + dy) for x, y0, y1 in other.lanes]
