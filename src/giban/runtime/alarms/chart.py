"""A small picture of a metric over the last hours, with its threshold: PNG of 16 colours at most, made with zlib alone.

https://www.w3.org/TR/png-3/; values from GetMetricData
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 14, 30
"""Pixels around the drawing, for the numbers."""
SPAN = 3 * 3600
"""Seconds shown."""
POINTS = 180
"""At most so many values are asked for."""
WHITE, GRID, TEXT, LINE, FILL, LIMIT = range(6)
PALETTE = ((255, 255, 255), (228, 231, 236), (71, 84, 103), (46, 144, 250), (219, 236, 254), (217, 45, 32))
FONT = {
    "0": "69996", "1": "26227", "2": "E168F", "3": "E161E", "4": "99F11", "5": "F8E1E", "6": "68E96", "7": "F1244",
    "8": "69696", "9": "69716", ".": "00002", "-": "00700", "k": "8ACA9", "M": "9FF99", "G": "68B96", "T": "72222",
    "m": "00FBB", "h": "88E99", " ": "00000",
}  # fmt: skip
"""Letters of four by five pixels: a hexadecimal digit for each row."""
SCALE = 2
"""Pixels of one of a letter's."""


def picture_of(client: Any, alert: Mapping[str, Any], now: float) -> bytes | None:
    """The alert's metric as PNG; None when there is nothing to draw. `client`: CloudWatch. Raises what CloudWatch raises."""
    metric = alert.get("metric") or {}
    if not metric.get("namespace") or not metric.get("name"):
        return None
    period = max(60, int(metric.get("period") or 60))
    while SPAN / period > POINTS:
        period *= 2
    statistic = str(metric.get("statistic") or "Average")
    answer = client.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric["namespace"],
                        "MetricName": metric["name"],
                        "Dimensions": [
                            {"Name": name, "Value": value}
                            for name, value in sorted((metric.get("dimensions") or {}).items())
                        ],
                    },
                    "Period": period,
                    # CloudWatch's alarm notices write AVERAGE where GetMetricData wants Average; percentiles stay (p99).
                    "Stat": _statistic(statistic),
                },
            }
        ],
        StartTime=now - SPAN,
        EndTime=now,
        ScanBy="TimestampAscending",
    )
    found = answer["MetricDataResults"][0] if answer.get("MetricDataResults") else {}
    points = sorted(
        (_seconds(time), float(value))
        for time, value in zip(found.get("Timestamps", ()), found.get("Values", ()), strict=False)
    )
    if len(points) < 2:
        return None
    threshold = alert.get("threshold")
    return drawn(points, float(threshold) if isinstance(threshold, (int, float)) else None, now - SPAN, now)


def drawn(points: Sequence[tuple[float, float]], threshold: float | None, start: float, end: float) -> bytes:
    """Points (seconds, value) as PNG. Zero is always shown, unless all values are negative."""
    from itertools import pairwise
    from math import ceil, floor

    canvas = Canvas()
    values = [value for _, value in points] + ([threshold] if threshold is not None else [])
    low, high = min(0.0, *values), max(*values, 0.0)
    if high == low:
        high = low + 1.0
    step = round_step((high - low) / 4)
    low, high = step * floor(low / step), step * ceil(high / step)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def place(time: float, value: float) -> tuple[int, int]:
        return (
            round(LEFT + (right - LEFT) * min(1.0, max(0.0, (time - start) / (end - start)))),
            round(bottom - (bottom - TOP) * (value - low) / (high - low)),
        )

    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        y = place(start, value)[1]
        canvas.line(LEFT, y, right, y, GRID)
        text = short(value)
        canvas.text(LEFT - 8 - canvas.width(text), y - 5, text)
    for hours in range(int((end - start) // 3600) + 1):
        x = place(end - hours * 3600, low)[0]
        canvas.line(x, bottom, x, bottom + 4, TEXT)
        text = "0" if hours == 0 else f"-{hours}h"
        canvas.text(min(x - canvas.width(text) // 2, WIDTH - canvas.width(text)), bottom + 9, text)
    drawn_points = [place(time, value) for time, value in points]
    ground = place(start, max(low, 0.0))[1]
    for (x0, y0), (x1, y1) in pairwise(drawn_points):
        for x in range(x0, x1 + 1):
            y = y0 if x1 == x0 else round(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            canvas.line(x, min(y, ground), x, max(y, ground), FILL)
    for (x0, y0), (x1, y1) in pairwise(drawn_points):
        canvas.line(x0, y0, x1, y1, LINE, thick=True)
    if threshold is not None:
        y = place(start, threshold)[1]
        for x in range(LEFT, right, 10):
            canvas.line(x, y, min(x + 5, right), y, LIMIT, thick=True)
    return canvas.png()


def round_step(least: float) -> float:
    """The smallest step that people count in (1, 2, 2.5 or 5 times a power of ten) and that is not below `least`."""
    from math import floor, log10

    power = 10.0 ** floor(log10(least))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least * 0.999999)


def short(value: float) -> str:
    """A number of at most six letters."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return _plain(value / size) + letter
    if 0 < abs(value) < 0.01:
        return _plain(value * 1000) + "m"
    return _plain(value)


class Canvas:
    """Pixels, a byte each."""

    def __init__(self) -> None:
        self.pixels = bytearray(WIDTH * HEIGHT)

    def dot(self, x: int, y: int, color: int) -> None:
        """One pixel; outside of the picture nothing happens."""
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            self.pixels[y * WIDTH + x] = color

    def line(self, x0: int, y0: int, x1: int, y1: int, color: int, *, thick: bool = False) -> None:
        """A line of one pixel, or two."""
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)
            self.dot(x, y, color)
            if thick:
                self.dot(x, y + 1, color)

    def text(self, x: int, y: int, text: str) -> None:
        """Letters of the font, the upper left corner at x, y."""
        for number, letter in enumerate(text):
            for row, bits in enumerate(FONT.get(letter, FONT[" "])):
                for column in range(4):
                    if int(bits, 16) & (8 >> column):
                        left, top = x + number * 5 * SCALE + column * SCALE, y + row * SCALE
                        for pixel in range(SCALE * SCALE):
                            self.dot(left + pixel % SCALE, top + pixel // SCALE, TEXT)

    @staticmethod
    def width(text: str) -> int:
        """Pixels a text takes."""
        return len(text) * 5 * SCALE - SCALE

    def png(self) -> bytes:
        """The picture."""
        import zlib
        from struct import pack

        rows = b"".join(b"\0" + self.pixels[y * WIDTH : (y + 1) * WIDTH] for y in range(HEIGHT))

        def chunk(kind: bytes, content: bytes) -> bytes:
            return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))

        head = pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
        palette = b"".join(bytes(color) for color in PALETTE)
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", head)
            + chunk(b"PLTE", palette)
            + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b"")
        )


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _statistic(text: str) -> str:
    names = {
        "average": "Average",
        "sum": "Sum",
        "minimum": "Minimum",
        "maximum": "Maximum",
        "samplecount": "SampleCount",
    }
    return names.get(text.lower(), text)


def _seconds(time: Any) -> float:
    return float(time) if isinstance(time, (int, float)) else float(time.timestamp())
