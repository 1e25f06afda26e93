"""The picture of a metric: PNG that any program reads."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from giban.runtime.alarms.chart import FONT, HEIGHT, LIMIT, LINE, PALETTE, SPAN, WIDTH, drawn, picture_of, short

from .receivers import Receiver
from .stage import Stage, alarm

END = 1_795_000_000.0


def pixels(png: bytes) -> bytes:
    """Read it strictly: signature, each chunk's checksum, the rows without a filter."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + content)
        found[kind] = content
        place += 12 + length
    assert list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    assert len(found[b"PLTE"]) == 3 * len(PALETTE)
    raw = zlib.decompress(found[b"IDAT"])
    assert len(raw) == HEIGHT * (WIDTH + 1)
    assert {raw[row * (WIDTH + 1)] for row in range(HEIGHT)} == {0}
    return b"".join(raw[row * (WIDTH + 1) + 1 : (row + 1) * (WIDTH + 1)] for row in range(HEIGHT))


def curve(values: list[float]) -> list[tuple[float, float]]:
    step = SPAN / (len(values) - 1)
    return [(END - SPAN + number * step, value) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    "values", [[1, 2, 3], [0, 0], [-5, 5], [-5, -1], [1e12, 2e12], [1e-6, 2e-6], [float(n % 7) for n in range(180)]]
)
@pytest.mark.parametrize("threshold", [None, 0.0, 80.0, -3.0, 1e9])
def test_any_values_make_a_picture(values: list[float], threshold: float | None) -> None:
    found = pixels(drawn(curve(values), threshold, END - SPAN, END))
    assert max(found) < len(PALETTE)
    assert LINE in found
    assert (LIMIT in found) == (threshold is not None)


def test_values_outside_of_the_time_stay_in_the_picture() -> None:
    pixels(drawn([(0.0, 1.0), (END * 2, 2.0)], 1.0, END - SPAN, END))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (80.0, "80"), (97.25, "97.2"), (1500.0, "1.5k"), (2e6, "2M"),
     (3.25e9, "3.25G"), (-4e12, "-4T"), (0.005, "5m"), (123.4, "123")],
)  # fmt: skip
def test_numbers_are_short_and_their_letters_are_in_the_font(value: float, text: str) -> None:
    assert short(value) == text
    assert set(text) <= set(FONT)


class CloudWatch:
    def __init__(self, values: list[float]) -> None:
        self.values = values
        self.asked: dict[str, Any] = {}

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        points = curve(self.values) if len(self.values) > 1 else [(END, value) for value in self.values]
        return {"MetricDataResults": [{"Timestamps": [time for time, _ in points], "Values": self.values}]}


METRIC = {
    "namespace": "AWS/EC2",
    "name": "CPUUtilization",
    "dimensions": {"b": "2", "a": "1"},
    "statistic": "AVERAGE",
    "period": 10,
}


def test_the_metric_of_the_alarm_is_asked_for() -> None:
    client = CloudWatch([1.0, 2.0])
    assert picture_of(client, {"metric": METRIC, "threshold": 80}, END) is not None
    [query] = client.asked["MetricDataQueries"]
    assert query["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}],
        },
        "Period": 60, "Stat": "Average",
    }  # fmt: skip
    assert client.asked["EndTime"] - client.asked["StartTime"] == SPAN


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values_are_no_picture(values: list[float]) -> None:
    assert picture_of(CloudWatch(values), {"metric": METRIC}, END) is None
    assert picture_of(CloudWatch(values), {"metric": None}, END) is None
    assert picture_of(CloudWatch(values), {}, END) is None


def test_a_chart_comes_after_the_message_and_its_failure_stops_nothing(
    new_stage: Callable[..., Stage], receiver: Receiver, client: Any
) -> None:
    stage = new_stage("bot", "tg")
    metric = {"MetricName": "CPUUtilization", "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "acme-dev-web"}]}
    import datetime

    for minutes in range(0, 100, 5):
        at = datetime.datetime.fromtimestamp(stage.now - 60 * minutes, datetime.UTC)
        client("cloudwatch").put_metric_data(
            Namespace="AWS/EC2", MetricData=[{**metric, "Timestamp": at, "Value": 50.0 + minutes}]
        )
    stage.take(alarm())
    paths = [one.path for one in receiver.tried("slack.com")]
    assert paths[0].endswith("chat.postMessage")
    assert paths[-1].endswith("files.completeUploadExternal")
    [picture] = receiver.to("files.slack.com")
    pixels(picture.body)
    assert receiver.to("api.telegram.org")[0].path.endswith("/sendPhoto")

    other = new_stage("bot")
    broken = other.client

    def without(service: str) -> Any:
        if service == "cloudwatch":
            raise RuntimeError("away")
        return broken(service)

    other.client = without
    other.world = other.new_world()
    other.take(alarm())
    assert other.waiting("bot") == 0
