"""Writes a drawing as one SVG file: no font, icon, script or link from elsewhere; light and dark in the same file."""

from __future__ import annotations

from giban.diagram import text, week
from giban.diagram.block import Drawing, Label, Path, Placed, Rect
from giban.diagram.icons import ICONS
from giban.diagram.model import Card, Picture
from giban.diagram.sizes import PAD
from giban.diagram.text import escape
from giban.diagram.theme import style_sheet

_KINDS = {"request": "requests", "data": "data", "admin": "administration", "egress": "way out"}
_ROUND = 7


def write(picture: Picture, drawing: Drawing) -> str:
    """The whole file. The same drawing gives the same bytes."""
    chart = picture.week
    width = max(drawing.width, week.LEAST_W) if chart else drawing.width
    height = drawing.height + (week.height(chart) if chart else 0)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(f"Architecture of {picture.title}")}</title>',
        f'<desc id="desc">{escape(describe(picture))}</desc>',
        f"<style>{style_sheet()}{week.STYLE if chart else ''}</style>",
        _definitions(drawing),
        f'<rect class="page" width="{width}" height="{height}"/>',
        f'<text class="big" x="{PAD}" y="34">{escape(text.fit(picture.title, 20, width / 2, bold=True))}</text>',
        f'<text class="q" x="{PAD}" y="53">{escape(_count(picture))}</text>',
        *_legend(drawing, width),
    ]
    for frame in drawing.frames:
        tip = f"<title>{escape(frame.tooltip)}</title>" if frame.tooltip else ""
        radius = {"region": 12, "world": 12, "vpc": 10}.get(frame.kind, 8)
        out.append(f"<rect class={frame.kind!r} {_box(frame.rect)} rx={str(radius)!r}>{tip}</rect>".replace("'", '"'))
    out += [_path(path) for path in drawing.paths]
    out += [_label(label) for label in drawing.labels]
    out += [_card(placed) for placed in drawing.cards]
    out += [_path_label(path) for path in drawing.paths if path.label]
    if chart:
        out += week.draw(chart, PAD, drawing.height, width - 2 * PAD)
    out.append("</svg>\n")
    return "\n".join(out)


def describe(picture: Picture) -> str:
    """The picture in words, for those who do not see it."""
    names = {card.id: _name(card) for card in picture.cards()}
    parts = [_count(picture) + "."]
    for region in picture.regions:
        for vpc in region.vpcs:
            tiers = ", ".join(tier.title for tier in vpc.tiers)
            parts.append(f"Region {region.title}, VPC {vpc.title} {vpc.cidr}: tiers {tiers} in {len(vpc.zones)} zones.")
    flows = [f"{names[e.source]} to {names[e.target]}" for e in picture.edges if e.kind != "egress"]
    if flows:
        parts.append("Traffic: " + "; ".join(flows) + ".")
    if picture.week:
        parts.append("Hours of a week: " + "; ".join(f"{row.title} {row.note}" for row in picture.week.rows) + ".")
    return " ".join(parts)


def _name(card: Card) -> str:
    return f"{card.title} ({card.subtitle})" if card.subtitle else card.title


def _count(picture: Picture) -> str:
    where = f" in {picture.subtitle}" if picture.subtitle else ""
    shown = sum(len(card.members) for card in picture.cards())
    boxes = sum(
        len(vpc.members) + sum(len(subnet.members) for tier in vpc.tiers for subnet in tier.subnets)
        for region in picture.regions
        for vpc in region.vpcs
    )
    folded = picture.resources - shown - boxes
    total = f"{picture.resources} resource{'' if picture.resources == 1 else 's'}{where}"
    return f"{total}, {folded} of them folded into what they belong to (+n)" if folded else total


def _definitions(drawing: Drawing) -> str:
    icons = sorted({placed.card.icon for placed in drawing.cards})
    kinds = sorted({path.edge.kind for path in drawing.paths})
    symbols = [f'<symbol id="i-{icon}" viewBox="0 0 24 24">{ICONS[icon]}</symbol>' for icon in icons]
    heads = [
        f'<marker id="a-{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
        f' markerUnits="userSpaceOnUse" orient="auto"><path class="h-{kind}" d="M0 .6L8 4 0 7.4z"/></marker>'
        for kind in kinds
    ]
    return f"<defs>{''.join(symbols)}{''.join(heads)}</defs>"


def _legend(drawing: Drawing, width: int) -> list[str]:
    kinds = [kind for kind in _KINDS if any(path.edge.kind == kind for path in drawing.paths)]
    widths = [int(text.width(_KINDS[kind], 11)) + 48 for kind in kinds]
    x = width - PAD - sum(widths)
    out = []
    for kind, room in zip(kinds, widths, strict=True):
        out.append(f'<path class="e e-{kind}" marker-end="url(#a-{kind})" d="M{x} 30h26"/>')
        out.append(f'<text class="cs q" x="{x + 32}" y="34">{_KINDS[kind]}</text>')
        x += room
    return out


def _box(rect: Rect) -> str:
    return f'x="{rect.x}" y="{rect.y}" width="{rect.w}" height="{rect.h}"'


def _path(path: Path) -> str:
    kind = path.edge.kind
    head = "" if path.joins else f' marker-end="url(#a-{kind})"'
    return f'<path class="e e-{kind}"{head} d="{_corners(path.points)}"/>'


def _corners(points: tuple[tuple[int, int], ...]) -> str:
    """The path with rounded corners."""
    out = [f"M{points[0][0]} {points[0][1]}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_ROUND, _distance(before, here) // 2, _distance(here, after) // 2)
        start, end = _towards(here, before, radius), _towards(here, after, radius)
        out.append(f"L{start[0]} {start[1]}Q{here[0]} {here[1]} {end[0]} {end[1]}")
    return "".join([*out, f"L{points[-1][0]} {points[-1][1]}"])


def _distance(a: tuple[int, int], b: tuple[int, int]) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(start: tuple[int, int], end: tuple[int, int], by: int) -> tuple[int, int]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    return (start[0] + (dx > 0) * by - (dx < 0) * by, start[1] + (dy > 0) * by - (dy < 0) * by)


def _path_label(path: Path) -> str:
    rect = path.label
    assert rect is not None  # noqa: S101 - the caller asked
    return f'<text class="el q" x="{rect.x + 2}" y="{rect.y + 10}">{escape(path.edge.label)}</text>'


def _label(label: Label) -> str:
    kind = "cs q" if label.kind == "zone-name" else "h"
    note = f'<tspan class="n q" dx="7">{escape(label.note)}</tspan>' if label.note else ""
    return f'<text class="{kind}" x="{label.rect.x}" y="{label.rect.y + 12}">{escape(label.text)}{note}</text>'


def _card(placed: Placed) -> str:
    card, rect = placed.card, placed.rect
    count = f"+{len(card.supporting)}" if card.supporting else ""
    room = rect.w - 52 - 10
    title = text.fit(card.title, 13, room - (text.width(count, 10) + 6 if count else 0), bold=True)
    subtitle = text.fit(card.subtitle, 11, room)
    x, y = rect.x, rect.y
    out = [
        f"<g><title>{escape(_tooltip(card))}</title>",
        f'<rect class="card" {_box(rect)} rx="8"/>',
        f'<rect class="i-{card.category}" x="{x + 10}" y="{y + 10}" width="32" height="32" rx="7"/>',
        f'<use class="icon" href="#i-{card.icon}" x="{x + 15}" y="{y + 15}" width="22" height="22"/>',
        f'<text class="ct" x="{x + 52}" y="{y + 23}">{escape(title)}</text>',
    ]
    if subtitle:
        out.append(f'<text class="cs q" x="{x + 52}" y="{y + 40}">{escape(subtitle)}</text>')
    if count:
        out.append(f'<text class="num q" text-anchor="end" x="{rect.right - 9}" y="{y + 17}">{count}</text>')
    for place, chip in placed.chips:
        quiet = " quiet" if chip.quiet else ""
        # In a narrow chip the number must do.
        words = chip.text if text.width(chip.text, 11) <= place.w - 34 else chip.text.split(" ")[0]
        words = text.fit(words, 11, place.w - 24)
        start = place.cx - int(text.width(words, 11) / 2) - 4
        out.append(f'<rect class="chip{quiet}" {_box(place)} rx="6"/>')
        out.append(f'<use class="ci" href="#i-{card.icon}" x="{start - 8}" y="{place.y + 6}" width="14" height="14"/>')
        out.append(f'<text class="cs q" x="{start + 12}" y="{place.y + 17}">{escape(words)}</text>')
    out.append("</g>")
    return "".join(out)


def _tooltip(card: Card) -> str:
    return "\n".join([_name(card), *card.members, *(f"+ {address}" for address in card.supporting)])
