"""Sets arrows apart that run along the same line: bundles that overlap there get tracks beside each other."""

from __future__ import annotations

from itertools import pairwise

from giban.diagram.block import Rect

Point = tuple[int, int]
Bundle = tuple[str, str]

_SPACING = 7
_ROOM = 28
"""Tracks of one line take no more than this, however many there are."""
_CLEAR = 4
"""Tracks stay this far from cards."""
_APART = 6
"""Stretches nearer than this along a line count as overlapping."""

_OVER = 8
"""How far a joining path runs on past the rounded corner (radius 7) of the one it joins."""

Stretch = tuple[int, int, Bundle, int, int]
"""(from, to, bundle, path, first point) of a straight piece of a path."""


def set_apart(ways: list[tuple[Bundle, list[Point]]], cards: list[Rect], page: Rect) -> None:
    """Moves the points of the paths in place, but not onto cards and not off the page."""
    lines: dict[tuple[bool, int], list[Stretch]] = {}
    for path, (bundle, points) in enumerate(ways):
        for index, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
            across = ay == by
            start, end = sorted((ax, bx) if across else (ay, by))
            lines.setdefault((across, ay if across else ax), []).append((start, end, bundle, path, index))
    moves: dict[tuple[int, int], int] = {}
    for (across, place), stretches in sorted(lines.items()):
        order, tracks = _tracks(stretches, ways, across)
        if len(tracks) < 2:
            continue
        low, high = _room(stretches, place, across, cards, page)
        spacing = min(_SPACING, (high - low) / (len(tracks) - 1))
        first = min(max(-spacing * (len(tracks) - 1) / 2, low), high - spacing * (len(tracks) - 1))
        for bundle, number in order.items():
            for _, _, mine, path, index in stretches:
                if mine == bundle:
                    moves[path, index] = round(first + number * spacing)
    for path, (_, points) in enumerate(ways):
        old = list(points)
        for index in range(len(old)):
            x, y = old[index]
            for piece in (index - 1, index):
                if 0 <= piece < len(old) - 1 and (path, piece) in moves:
                    if old[piece][1] == old[piece + 1][1]:
                        y = old[index][1] + moves[path, piece]
                    else:
                        x = old[index][0] + moves[path, piece]
            points[index] = (x, y)


def _tracks(
    stretches: list[Stretch], ways: list[tuple[Bundle, list[Point]]], across: bool
) -> tuple[dict[Bundle, int], list[list[Bundle]]]:
    """The track of each bundle on one line, and who is on each track."""
    groups: dict[Bundle, list[Stretch]] = {}
    for stretch in stretches:
        groups.setdefault(stretch[2], []).append(stretch)
    tracks: list[list[Bundle]] = []
    place: dict[Bundle, int] = {}
    for bundle in sorted(groups, key=lambda bundle: (_lean(groups[bundle], ways, across), bundle)):
        for number, members in enumerate(tracks):
            if not any(_overlap(groups[bundle], groups[other]) for other in members):
                members.append(bundle)
                place[bundle] = number
                break
        else:
            place[bundle] = len(tracks)
            tracks.append([bundle])
    return place, tracks


def _room(stretches: list[Stretch], place: int, across: bool, cards: list[Rect], page: Rect) -> tuple[float, float]:
    """How far a line's tracks may be moved to both sides: up to the cards beside it and the end of the page."""
    low, high = -_ROOM / 2, _ROOM / 2
    end = page.h if across else page.w
    low, high = max(low, _CLEAR - place), min(high, end - _CLEAR - place)
    for start, stop, _, _, _ in stretches:
        for card in cards:
            near, far = (card.x, card.right) if across else (card.y, card.bottom)
            # The card that a stretch ends at is not beside it.
            if near < stop - _APART and start + _APART < far:
                before, after = (card.y, card.bottom) if across else (card.x, card.right)
                if after <= place:
                    low = max(low, after + _CLEAR - place)
                elif before >= place:
                    high = min(high, before - _CLEAR - place)
    return min(low, 0), max(high, 0)


def _lean(stretches: list[Stretch], ways: list[tuple[Bundle, list[Point]]], across: bool) -> float:
    """To which side the arrows of a bundle leave the line, so that they need not cross their neighbours."""
    axis = 1 if across else 0
    total = 0
    for _, _, _, path, index in stretches:
        points = ways[path][1]
        here = points[index][axis]
        if index > 0:
            total += points[index - 1][axis] - here
        if index + 2 < len(points):
            total += points[index + 2][axis] - here
    return total / len(stretches)


def _overlap(some: list[Stretch], others: list[Stretch]) -> bool:
    return any(a[0] < b[1] + _APART and b[0] < a[1] + _APART for a in some for b in others)


def joined(points: list[Point], other: list[Point]) -> list[Point]:
    """The part of a path until it runs into another one to the same target; the path itself when it never does."""
    same = 0
    while same < min(len(points), len(other)) and points[-1 - same] == other[-1 - same]:
        same += 1
    if same == 0:
        return points
    if same in (len(points), len(other)):
        return points[: len(points) - same + 1]
    mine, meeting, its = points[-same - 1], points[-same], other[-same - 1]
    axis = 0 if mine[1] == meeting[1] else 1
    along = its[1 - axis] == meeting[1 - axis] and (mine[axis] - meeting[axis]) * (its[axis] - meeting[axis]) > 0
    if not along:
        # From another direction: they share the way from the corner on.
        return [*points[: len(points) - same + 1], *_further(meeting, points[len(points) - same + 1 :])]
    if abs(its[axis] - meeting[axis]) >= abs(mine[axis] - meeting[axis]):
        return points[: len(points) - same]
    return [*points[: len(points) - same], its, *_further(its, [meeting])]


def _further(corner: Point, rest: list[Point]) -> list[Point]:
    """A little of the shared way: the corner of the other path is rounded, and would leave a gap."""
    if not rest:
        return []
    (x, y), (to_x, to_y) = corner, rest[0]
    return [(x + max(-_OVER, min(_OVER, to_x - x)), y + max(-_OVER, min(_OVER, to_y - y)))]


def length(points: list[Point]) -> int:
    """How long a path is."""
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(points))
