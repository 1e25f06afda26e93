"""Refreshing prices, against a server on loopback that speaks the Price List's protocol (JSON 1.1, pages)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from giban.cli._price_list import PriceListError
from giban.cli.group import giban
from giban.cost.pricelist import QUERIES, refresh, table
from giban.cost.prices import book_with, default_book
from tests.cost.worlds import SEOUL, World

MINIMAL = str(Path(__file__).resolve().parents[2] / "examples" / "minimal" / "giban.yaml")


def product(usd: float, *, free_first: bool = False) -> dict[str, Any]:
    """A product as the Price List words it."""
    tiers = [{"unit": "x", "beginRange": "10240", "pricePerUnit": {"USD": str(usd / 2)}}]
    tiers.append({"unit": "x", "beginRange": "1" if free_first else "0", "pricePerUnit": {"USD": str(usd)}})
    if free_first:
        tiers.append({"unit": "x", "beginRange": "0", "pricePerUnit": {"USD": "0.0000000000"}})
    dimensions = {str(number): tier for number, tier in enumerate(tiers)}
    return {"product": {"sku": "X"}, "terms": {"OnDemand": {"X.Y": {"priceDimensions": dimensions}}}}


CATALOGUE: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("AmazonEC2", "APN2-NatGateway-Hours"): [product(0.06)],
    ("AmazonEC2", "APN2-EBS:VolumeP-Throughput.gp3"): [product(49.152)],
    ("AWSDataTransfer", "APN2-DataTransfer-Out-Bytes"): [product(0.127, free_first=True)],
    ("AmazonS3", "APN2-Requests-Tier2"): [product(0.00000035)],
    ("awskms", "ap-northeast-2-KMS-Keys"): [product(1)],
    ("AmazonEC2", "t3.small"): [product(0.027)],
    ("AWSSecretsManager", "APN2-AWSSecretsManager-Secrets"): [product(0.4), product(0.5)],
}


def lookup(code: str, attributes: dict[str, str]) -> list[dict[str, Any]]:
    assert attributes["regionCode"] == SEOUL
    return CATALOGUE.get((code, attributes.get("usagetype") or attributes["instanceType"]), [])


class PriceList(BaseHTTPRequestHandler):
    """GetProducts, a product a page."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
        found = lookup(body["ServiceCode"], {f["Field"]: f["Value"] for f in body["Filters"]})
        start = int(body.get("NextToken") or 0)
        answer: dict[str, Any] = {
            "FormatVersion": "aws_v1",
            "PriceList": [json.dumps(p) for p in found[start : start + 1]],
        }
        if start + 1 < len(found):
            answer["NextToken"] = str(start + 1)
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def price_list(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PriceList)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_ENDPOINT_URL_PRICING": url,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


def test_prices_are_read_in_our_units() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")])
    rows, missing = refresh(world.graph, lookup, "2026-11-21")
    prices = {(row.service, row.item): row.usd[SEOUL] for row in rows}
    assert prices == {
        ("VPC", "NAT gateway"): 0.06,
        ("EBS", "gp3 additional throughput"): 0.048,
        ("Data transfer", "internet egress first 10 TB per month"): 0.127,
        ("S3", "GET"): 0.0035,
        ("KMS", "customer managed key (per key version)"): 1.0,
        ("EC2 instances", "t3.small"): 0.027,
    }
    assert "Secrets Manager: secret in ap-northeast-2 (several prices)" in missing
    assert "WAF: web ACL in ap-northeast-2 (no price)" in missing


def test_every_query_is_an_item_of_the_price_files_in_its_unit() -> None:
    for query in QUERIES:
        assert default_book().item(SEOUL, query.service, query.item).unit == query.unit


def test_the_command_writes_a_file_that_estimates_use(price_list: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    result = CliRunner().invoke(giban, ["cost", MINIMAL, "--refresh-prices", str(path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "not there: Secrets Manager: secret" in result.output
    book = book_with(str(path))
    assert book.item(SEOUL, "VPC", "NAT gateway").usd == 0.06
    assert book.item(SEOUL, "VPC", "NAT gateway data processed").usd == 0.059, "what was not there stays as shipped"
    assert [p.name for p in tmp_path.iterdir()] == ["prices.csv"]
    used = CliRunner().invoke(giban, ["cost", MINIMAL, "--prices", str(path), "--json"], catch_exceptions=False)
    assert "AWS Price List AmazonEC2 ap-northeast-2" in used.output


def test_without_an_answer_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = CliRunner().invoke(giban, ["cost", MINIMAL, "--refresh-prices", str(tmp_path / "prices.csv")])
    assert isinstance(result.exception, PriceListError)
    assert not list(tmp_path.iterdir())


def test_a_table_has_a_column_per_region() -> None:
    world = World()
    rows, _ = refresh(world.graph, lookup, "2026-11-21")
    head, first, *_ = table(rows)
    assert head == ["service", "item", "unit", "ap_northeast_2_usd", "source", "date", "confidence"]
    assert first == [
        "Data transfer",
        "internet egress first 10 TB per month",
        "GB",
        "0.127",
        "AWS Price List AWSDataTransfer ap-northeast-2",
        "2026-11-21",
        "high",
    ]
