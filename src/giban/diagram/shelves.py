"""Rows of cards: who stands above whom inside a tier, and in which order connected services follow each other."""

from __future__ import annotations

from giban.diagram.model import Card, Edge, Shelf

_SPREAD = 2
"""Up to this many services, each stretches over its zones; more of them stand side by side in a grid."""
_COLUMNS = 6
"""Most columns of a grid."""


def tier_shelves(cards: list[Card], edges: tuple[Edge, ...], zones: int) -> tuple[Shelf, ...]:
    """The rows of one tier: services over several zones first, then what stands in a single zone."""
    single = [c for c in cards if len(c.zones) == 1 and (zones > 1 or not (c.chips or c.icon == "balancer"))]
    wide = [card for card in cards if card not in single]
    shelves: list[Shelf] = []
    stacks = _stacks(wide, edges)
    if len(stacks) <= _SPREAD:
        shelves += [Shelf("spread", (card,)) for stack in stacks for card in stack]
    else:
        columns = grid_columns(len(stacks))
        for start in range(0, len(stacks), columns):
            shelves += _grid(stacks[start : start + columns], columns)
    if single:
        single.sort(key=lambda card: (card.zones, card.id))
        shelves.append(Shelf("zoned", tuple(single)))
    return tuple(shelves)


def grid_columns(count: int) -> int:
    """Columns for a grid of so many, a little wider than high."""
    columns = 1
    while columns < _COLUMNS and columns * columns * 2 < count * 3:
        columns += 1
    rows = -(-count // columns)
    return -(-count // rows)


def _stacks(cards: list[Card], edges: tuple[Edge, ...]) -> list[list[Card]]:
    """Cards that belong above each other: a balancer and what is behind it."""
    by_id = {card.id: card for card in sorted(cards, key=lambda card: (card.title, card.id))}
    below: dict[str, str] = {}
    taken: set[str] = set()
    for edge in edges:
        upper = by_id.get(edge.source)
        if upper is None or upper.icon != "balancer" or edge.target not in by_id:
            continue
        if edge.source not in below and edge.target not in taken:
            below[edge.source] = edge.target
            taken.add(edge.target)
    stacks = []
    for card in by_id.values():
        if card.id not in taken:
            stack = [card]
            while stack[-1].id in below and by_id[below[stack[-1].id]] not in stack:
                stack.append(by_id[below[stack[-1].id]])
            stacks.append(stack)
    return stacks


def _grid(stacks: list[list[Card]], columns: int) -> list[Shelf]:
    """Rows of a grid; a stack without a balancer keeps the place above it free."""
    height = max(len(stack) for stack in stacks)
    rows = []
    for level in range(height):
        slots: list[Card | None] = []
        for stack in stacks:
            place = level - (height - len(stack))
            slots.append(stack[place] if place >= 0 else None)
        slots += [None] * (columns - len(slots))
        rows.append(Shelf("grid", tuple(slots)))
    return rows


def flow_shelves(cards: list[Card], edges: tuple[Edge, ...]) -> tuple[tuple[Shelf, ...], list[Card]]:
    """Services that talk to each other, in rows from source to target; and the cards that talk to none of them."""
    ids = {card.id for card in cards}
    inner = [edge for edge in edges if edge.source in ids and edge.target in ids]
    joined = {end for edge in inner for end in (edge.source, edge.target)}
    rank = dict.fromkeys(sorted(joined), 0)
    # Longest path; as many rounds as there are cards, so that a circle ends too.
    for _ in range(len(rank)):
        moved = False
        for edge in inner:
            if rank[edge.target] < rank[edge.source] + 1 < len(rank):
                rank[edge.target] = rank[edge.source] + 1
                moved = True
        if not moved:
            break
    rows: dict[int, list[Card]] = {}
    for card in sorted(cards, key=lambda card: card.id):
        if card.id in rank:
            rows.setdefault(rank[card.id], []).append(card)
    shelves = []
    places: dict[str, float] = {}
    for level in sorted(rows):
        row = _under_their_sources(rows[level], inner, places)
        places |= {card.id: (index + 0.5) / len(row) for index, card in enumerate(row)}
        for start in range(0, len(row), _COLUMNS):
            shelves.append(Shelf("grid", tuple(row[start : start + _COLUMNS])))
    return tuple(shelves), [card for card in cards if card.id not in joined]


def _under_their_sources(row: list[Card], edges: list[Edge], places: dict[str, float]) -> list[Card]:
    """A row in the order of what leads to it in the rows above, so that few arrows cross."""

    def wish(card: Card) -> tuple[float, str, str]:
        above = [places[edge.source] for edge in edges if edge.target == card.id and edge.source in places]
        below = min((edge.target for edge in edges if edge.source == card.id), default="")
        # Without anything above, beside what leads to the same.
        return (sum(above) / len(above) if above else 0.5, "" if above else below, card.id)

    return sorted(row, key=wish)
