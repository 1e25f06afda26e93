"""A week of hours as a chart: a row for each thing that is turned on and off, bars where it is on, steps where it has peaks.

Under the picture of an architecture it shows a plain week, read from the tags; `giban power plan` draws one with dates.
"""

from __future__ import annotations

from collections.abc import Iterator

from giban.diagram import text
from giban.diagram.model import Chart, Row
from giban.diagram.sizes import PAD
from giban.diagram.text import escape
from giban.diagram.theme import style_sheet
from giban.graph.graph import Graph
from giban.graph.power import DAYS, WEEK, hours_of, peaks_of, stepped
from giban.graph.resource import Resource

HEAD, ROW, BAR = 46, 34, 22
"""Heights: title and names of days; a row; a bar in it."""
NAME_W, NOTE_W, LEAST_W = 150, 162, 800
"""Widths: names of rows, notes after the bars, and the whole at least."""
CATEGORIES = {"aws_autoscaling_group": "compute", "aws_db_instance": "data"}
"""What can have hours or peaks, and the colour of its bars."""


def read(graph: Graph) -> Chart | None:
    """The plain week of everything that has hours or peaks; None when nothing has."""
    found = [resource for resource in graph.all(*CATEGORIES) if hours_of(resource) or peaks_of(resource)]
    if not found:
        return None
    zones = {timed.zone for resource in found for timed in (hours_of(resource), peaks_of(resource)) if timed}
    where = f", times of {zones.pop()}" if len(zones) == 1 else ""
    days = tuple((day / 7, name) for day, name in enumerate(DAYS))
    return Chart(f"Hours of a week{where}", days, tuple(_row(resource, not where) for resource in found))


def _row(resource: Resource, several_zones: bool) -> Row:
    hours, peaks = hours_of(resource), peaks_of(resource)
    spans = hours.spans if hours else ((0, WEEK),)
    on = sum(end - begin for begin, end in spans) / 60
    timed = hours or peaks
    note = f"{on:.4g} of 168 h" + (f", {timed.zone}" if timed and several_zones else "")
    pieces = stepped(spans, peaks.steps if peaks else ())
    steps = tuple((begin / WEEK, end / WEEK, number) for begin, end, number in pieces)
    return Row(resource.component or resource.address, CATEGORIES[resource.type], note, steps)


def height(chart: Chart) -> int:
    """Pixels that the chart is high, with the room around it."""
    return HEAD + ROW * len(chart.rows) + PAD


def draw(chart: Chart, x: int, y: int, width: int) -> list[str]:
    """The chart as SVG elements, its upper left corner at x, y."""
    left, room = x + NAME_W, width - NAME_W - NOTE_W
    top, bottom = y + HEAD - 4, y + HEAD + ROW * len(chart.rows)
    out = [f'<text class="h" x="{x}" y="{y + 14}">{escape(chart.title)}</text>']
    edges = [left + round(place * room) for place, _ in chart.days]
    for (_, name), begin, end in zip(chart.days, edges, [*edges[1:], left + room], strict=True):
        out.append(f'<rect class="zone" x="{begin}" y="{top}" width="{end - begin}" height="{bottom - top}"/>')
        words = text.fit(name, 11, end - begin - 4)
        out.append(
            f'<text class="cs q" text-anchor="middle" x="{(begin + end) // 2}" y="{top - 6}">{escape(words)}</text>'
        )
    for index, row in enumerate(chart.rows):
        out += _drawn(row, x, y + HEAD + index * ROW, left, room)
    return out


def _drawn(row: Row, x: int, y: int, left: int, room: int) -> Iterator[str]:
    yield f"<g><title>{escape(f'{row.title}: {row.note}')}</title>"
    title = text.fit(row.title, 12, NAME_W - 10)
    yield f'<text x="{x}" y="{y + 20}">{escape(title)}</text>'
    most = max((number or 0 for _, _, number in row.steps), default=0)
    for begin, end, number in row.steps:
        here, there = left + round(begin * room), left + round(end * room)
        high = BAR if number is None or not most else max(4, round(BAR * number / most))
        if there <= here:
            continue
        yield (
            f'<rect class="i-{row.category}" x="{here}" y="{y + 4 + BAR - high}" width="{there - here}" height="{high}" rx="2"/>'
        )
    shown = ((begin, end, number) for begin, end, number in row.steps if number is not None)
    for begin, end, number in shown:
        if (end - begin) * room >= text.width(str(number), 10) + 2:
            high = max(4, round(BAR * number / most)) if most else BAR
            at = left + round((begin + end) / 2 * room)
            # Inside of a high bar, above a low one.
            inside = high >= 14
            kind = "num on" if inside else "num q"
            yield f'<text class="{kind}" text-anchor="middle" x="{at}" y="{y + (21 if inside else 24 - high)}">{number}</text>'
    yield f'<text class="cs q" x="{left + room + 10}" y="{y + 20}">{escape(text.fit(row.note, 11, NOTE_W - 10))}</text></g>'


def picture(chart: Chart, width: int = 920) -> str:
    """The chart as one SVG file."""
    width = max(width, LEAST_W)
    high = height(chart) + PAD
    told = "; ".join(f"{row.title} {row.note}" for row in chart.rows)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {high}" width="{width}" height="{high}"'
            ' role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(chart.title)}</title>',
            f'<desc id="desc">{escape(told)}.</desc>',
            f"<style>{style_sheet()}{STYLE}</style>",
            f'<rect class="page" width="{width}" height="{high}"/>',
            *draw(chart, PAD, PAD, width - 2 * PAD),
            "</svg>\n",
        ]
    )


STYLE = ".on{fill:#fff}"
"""What a chart needs beside the style sheet of pictures: numbers on bars."""
