"""How arrows run: along gutters and lanes that the layout keeps free, around cards and headings.

One arrow after the other takes the cheapest way (Dijkstra over the crossings of gutters and lanes; corners cost, sharing
a line with a stranger costs a little, joining an arrow to the same target is cheap). Then arrows that share a line are
set apart (`tracks`), and labels find a free place.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import pairwise

from msgspec import Struct

from giban.diagram.block import Block, Path, Placed, Rect
from giban.diagram.model import Edge
from giban.diagram.text import width
from giban.diagram.tracks import Bundle, Point, joined, length, set_apart

_BEND = 60
_STRANGER = 14
_REACH = 130
"""How far from a card its first gutter or lane may be."""
_EDGE = 18
"""Arrows meet a card this far from its corners at least."""
_ORDER = {"request": 0, "data": 1, "admin": 2, "egress": 3}
LABEL_SIZE = 10.5


Used = dict[tuple[int, int], set[Bundle]]
"""Who runs on the stretch between two crossings."""
Wall = tuple[int, int, int, int]
"""Left, top, right, bottom of what arrows keep away from."""


class _Port(Struct, frozen=True):
    """A way from a card to the net: points from the card to where it meets a gutter or lane, and the crossings next to it."""

    points: tuple[Point, ...]
    nodes: tuple[tuple[int, int], ...]
    """(node, extra length)"""
    cost: float
    across: bool
    """True when the last stretch is horizontal."""


class _Net:
    """Crossings of gutters and lanes, and the free stretches between them."""

    def __init__(self, block: Block) -> None:
        self.gutters = _merge(block.gutters)
        self.lanes = _merge(block.lanes)
        self.walls = [_wall(p.rect, 5) for p in block.cards] + [_wall(label.rect, 2) for label in block.labels]
        self.at: list[Point] = []
        self.links: list[list[tuple[int, int, bool]]] = []
        self.on_gutter: list[list[tuple[int, int]]] = [[] for _ in self.gutters]
        self.on_lane: list[list[tuple[int, int]]] = [[] for _ in self.lanes]
        for lane, (x, top, bottom) in enumerate(self.lanes):
            for gutter, (y, left, right) in enumerate(self.gutters):
                if top <= y <= bottom and left <= x <= right:
                    node = len(self.at)
                    self.at.append((x, y))
                    self.links.append([])
                    self.on_gutter[gutter].append((x, node))
                    self.on_lane[lane].append((y, node))
        for crossings in self.on_gutter:
            self._join(crossings, across=True)
        for crossings in self.on_lane:
            self._join(crossings, across=False)

    def _join(self, crossings: list[tuple[int, int]], *, across: bool) -> None:
        crossings.sort()
        for (start, first), (end, second) in pairwise(crossings):
            if self.free(self.at[first], self.at[second]):
                self.links[first].append((second, end - start, across))
                self.links[second].append((first, end - start, across))

    def free(self, start: Point, end: Point, but: Wall | None = None) -> bool:
        """True when nothing but the card `but` stands between two points of one line."""
        left, right = (start[0], end[0]) if start[0] < end[0] else (end[0], start[0])
        top, bottom = (start[1], end[1]) if start[1] < end[1] else (end[1], start[1])
        # The innermost loop of the whole drawing: plain numbers, no calls.
        for wall in self.walls:
            if wall[0] <= right and left <= wall[2] and wall[1] <= bottom and top <= wall[3] and wall is not but:
                return False
        return True

    def ports(self, rect: Rect, costs: dict[str, float]) -> list[_Port]:
        """Every way from a card to the net, on the sides that have a cost."""
        own = _wall(rect, 5)
        wall = next(wall for wall in self.walls if wall == own)
        found: list[_Port] = []
        for side, cost in costs.items():
            if side in ("top", "bottom"):
                found += self._up_or_down(rect, wall, side == "bottom", cost)
            else:
                found += self._sideways(rect, wall, side == "right", cost)
        return found

    def _up_or_down(self, rect: Rect, wall: Wall, down: bool, cost: float) -> list[_Port]:
        edge = rect.bottom if down else rect.y
        near = [
            (abs(y - edge), index)
            for index, (y, left, right) in enumerate(self.gutters)
            if (y > edge) == down and abs(y - edge) <= _REACH and left <= rect.right and rect.x <= right
        ]
        places = {rect.cx}
        if rect.w > 300:
            places |= {x for x, _, _ in self.lanes if rect.x + _EDGE <= x <= rect.right - _EDGE}
        found = []
        for x in sorted(places):
            for _, index in sorted(near)[:2]:
                y = self.gutters[index][0]
                if not self.free((x, edge), (x, y), wall):
                    break
                nodes = self._beside(self.on_gutter[index], x, (x, y))
                found.append(_Port(((x, edge), (x, y)), nodes, cost + abs(x - rect.cx) * 0.05, False))
        return found

    def _sideways(self, rect: Rect, wall: Wall, to_right: bool, cost: float) -> list[_Port]:
        edge, y = (rect.right if to_right else rect.x), rect.cy
        near = [
            (abs(x - edge), index)
            for index, (x, top, bottom) in enumerate(self.lanes)
            if (x > edge) == to_right and abs(x - edge) <= _REACH and top <= y <= bottom
        ]
        found = []
        for _, index in sorted(near)[:3]:
            x = self.lanes[index][0]
            if not self.free((edge, y), (x, y), wall):
                break
            found.append(_Port(((edge, y), (x, y)), self._beside(self.on_lane[index], y, (x, y)), cost, True))
        return found

    def _beside(self, crossings: list[tuple[int, int]], place: int, point: Point) -> tuple[tuple[int, int], ...]:
        """The nearest crossings on both sides of a place on a line that can be reached."""
        before = max((c for c in crossings if c[0] <= place), default=None)
        after = min((c for c in crossings if c[0] > place), default=None)
        return tuple(
            (crossing[1], abs(crossing[0] - place))
            for crossing in (before, after)
            if crossing is not None and self.free(point, self.at[crossing[1]])
        )


def route(block: Block, edges: tuple[Edge, ...]) -> list[Path]:
    """The paths of all edges whose two cards are on the block, main traffic first."""
    net = _Net(block)
    page = Rect(0, 0, block.w, block.h)
    cards = {placed.card.id: placed for placed in block.cards}
    used: Used = {}
    ways: list[tuple[Edge, list[Point]]] = []
    for edge in sorted(edges, key=lambda edge: (_ORDER[edge.kind], edge.source, edge.target)):
        if edge.source in cards and edge.target in cards:
            ways.append((edge, _way(net, edge, cards[edge.source], cards[edge.target], used)))
    set_apart([(bundle(edge), points) for edge, points in ways], [placed.rect for placed in block.cards], page)
    taken = [placed.rect for placed in block.cards] + [label.rect for label in block.labels]
    paths = []
    drawn: dict[Bundle, list[list[Point]]] = {}
    said: set[tuple[Bundle, str, Point]] = set()
    for edge, points in ways:
        # Arrows that arrive as one are labelled once.
        sign = (bundle(edge), edge.label, points[-1])
        label = _label_place(edge, points, taken) if sign not in said else None
        said.add(sign)
        if label is not None:
            taken.append(label)
        earlier = drawn.setdefault(bundle(edge), [])
        parts = [part for part in (joined(points, other) for other in earlier) if len(part) > 1]
        shown = min(parts, key=length, default=points)
        earlier.append(points)
        paths.append(Path(edge, tuple(shown), label, joins=shown is not points))
    return paths


def bundle(edge: Edge) -> Bundle:
    """Arrows of one kind to one target may run as one."""
    return (edge.target, edge.kind)


def _way(net: _Net, edge: Edge, start_at: Placed, end_at: Placed, used: Used) -> list[Point]:
    source, target = start_at.rect, end_at.rect
    straight = _straight(net, source, target)
    if straight:
        return straight
    starts = net.ports(source, _side_costs(start_at, target, edge.kind == "egress", leaving=True))
    ends = net.ports(target, _side_costs(end_at, source, False, leaving=False))
    best: tuple[float, list[Point]] = (float("inf"), [])
    for start in starts:
        for end in ends:
            (ax, ay), (bx, by) = start.points[-1], end.points[-1]
            if (ay == by and not start.across and not end.across) or (ax == bx and start.across and end.across):
                cost = start.cost + end.cost + abs(ax - bx) + abs(ay - by) + (2 * _BEND if (ax, ay) != (bx, by) else 0)
                cost += _stub(start) + _stub(end)
                if cost < best[0] and net.free((ax, ay), (bx, by)):
                    best = (cost, [*start.points, *reversed(end.points)])
    # Without any free way, an elbow in front of everything is better than an arrow that is not there.
    elbow = [(source.cx, source.cy), (target.cx, source.cy), (target.cx, target.y)]
    return _tidy(_search(net, starts, ends, bundle(edge), used, best) or elbow)


def _straight(net: _Net, source: Rect, target: Rect) -> list[Point]:
    """A straight arrow, where two cards face each other with nothing between."""
    small, large = sorted((source, target), key=lambda rect: rect.w)
    if source.bottom < target.y or target.bottom < source.y:
        x = small.cx
        if large.x + _EDGE <= x <= large.right - _EDGE:
            upper, lower = (source, target) if source.bottom < target.y else (target, source)
            if lower.y - upper.bottom <= 12 or net.free((x, upper.bottom + 6), (x, lower.y - 6)):
                ends = [(x, upper.bottom), (x, lower.y)]
                return ends if upper is source else ends[::-1]
    elif source.cy == target.cy:
        left, right = (source, target) if source.x < target.x else (target, source)
        if right.x - left.right <= 12 or net.free((left.right + 6, source.cy), (right.x - 6, source.cy)):
            ends = [(left.right, source.cy), (right.x, source.cy)]
            return ends if left is source else ends[::-1]
    return []


def _side_costs(placed: Placed, other: Rect, sideways: bool, *, leaving: bool) -> dict[str, float]:
    """How welcome each side of a card is for an arrow to or from another card."""
    rect = placed.rect
    below, above = other.y >= rect.bottom, other.bottom <= rect.y
    costs = {
        "top": 0.0 if above else 90.0 if not below else 240.0,
        "bottom": 0.0 if below else 90.0 if not above else 240.0,
        "left": 20.0 if other.right <= rect.x else 60.0,
        "right": 20.0 if other.x >= rect.right else 60.0,
    }
    if sideways:
        costs["left"] = costs["right"] = 0.0
        costs["top"] += 160
        costs["bottom"] += 160
    if placed.on_border:
        # An arrow to its side would run on the border itself.
        costs["left"] += 500
        costs["right"] += 500
    if not leaving:
        costs["bottom"] += 20
    return costs


def _search(
    net: _Net,
    starts: list[_Port],
    ends: list[_Port],
    mine: Bundle,
    used: Used,
    best: tuple[float, list[Point]],
) -> list[Point]:
    """Dijkstra from all start ports to all end ports; `best` is the way to beat."""
    goals: dict[int, list[tuple[float, bool, _Port]]] = {}
    for port in ends:
        for node, extra in port.nodes:
            goals.setdefault(node, []).append((port.cost + extra + _stub(port), port.across, port))
    heap: list[tuple[float, int, int, bool, int, int]] = []
    came: dict[tuple[int, bool], tuple[tuple[int, bool] | None, int]] = {}
    count = 0
    for index, port in enumerate(starts):
        for node, extra in port.nodes:
            # The port's stub ends on a line; moving along that line is the other direction.
            turn = _BEND if extra else 0
            state_across = (not port.across) if extra else port.across
            heappush(heap, (port.cost + extra + turn + _stub(port), count, node, state_across, -1, index))
            count += 1
    limit, found = best
    finish: tuple[tuple[int, bool], _Port] | None = None
    while heap:
        cost, _, node, across, previous, start = heappop(heap)
        if cost >= limit:
            break
        state = (node, across)
        if state in came:
            continue
        came[state] = ((previous >> 1, bool(previous & 1)) if previous >= 0 else None, start)
        for rest, end_across, port in goals.get(node, ()):
            arriving = (not end_across) if net.at[node] != port.points[-1] else end_across
            whole = cost + rest + _BEND * ((across != arriving) + (arriving != end_across))
            if whole < limit:
                limit = whole
                finish = (state, port)
        for following, far, along in net.links[node]:
            owners = used.get((min(node, following), max(node, following)), ())
            price = far * 0.6 if mine in owners else far + _STRANGER * len(owners)
            more = cost + price + (_BEND if along != across else 0)
            if more < limit and (following, along) not in came:
                count += 1
                heappush(heap, (more, count, following, along, node << 1 | across, start))
    if finish is None:
        return found
    nodes: list[int] = []
    step: tuple[int, bool] | None = finish[0]
    start = 0
    while step is not None:
        nodes.append(step[0])
        step, start = came[step]
    nodes.reverse()
    for one, two in pairwise(nodes):
        used.setdefault((min(one, two), max(one, two)), set()).add(mine)
    return [*starts[start].points, *(net.at[node] for node in nodes), *reversed(finish[1].points)]


def _stub(port: _Port) -> int:
    (ax, ay), (bx, by) = port.points
    return abs(ax - bx) + abs(ay - by)


def _tidy(points: list[Point]) -> list[Point]:
    """Without repeated points and without points in the middle of a straight line."""
    out: list[Point] = []
    for point in points:
        if out and out[-1] == point:
            continue
        while len(out) >= 2 and (out[-1][0] == out[-2][0] == point[0] or out[-1][1] == out[-2][1] == point[1]):
            out.pop()
        out.append(point)
    return out


def _label_place(edge: Edge, points: list[Point], taken: list[Rect]) -> Rect | None:
    """A free place for the label beside the last stretch of an arrow, the nearest to its head."""
    if not edge.label:
        return None
    wide = int(width(edge.label, LABEL_SIZE)) + 4
    for (ax, ay), (bx, by) in reversed(list(pairwise(points))):
        if ax == bx:
            step = -1 if by > ay else 1
            for distance in range(12, abs(by - ay) - 6, 8):
                for x in (bx + 5, bx - wide - 5):
                    rect = Rect(x, by + step * distance - 7, wide, 13)
                    if not any(rect.meets(other) for other in taken):
                        return rect
        else:
            step = -1 if bx > ax else 1
            for distance in range(12 + wide // 2, abs(bx - ax) - 6, 12):
                for y in (by - 16, by + 4):
                    rect = Rect(bx + step * distance - wide // 2, y, wide, 13)
                    if not any(rect.meets(other) for other in taken):
                        return rect
    return None


def _merge(lines: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Lines at one coordinate whose stretches touch become one."""
    out: list[tuple[int, int, int]] = []
    for at, start, end in sorted(lines):
        if out and out[-1][0] == at and start <= out[-1][2]:
            out[-1] = (at, out[-1][1], max(end, out[-1][2]))
        else:
            out.append((at, start, end))
    return out


def _wall(rect: Rect, by: int) -> Wall:
    return (rect.x - by, rect.y - by, rect.right + by, rect.bottom + by)
