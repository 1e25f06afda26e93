"""The price book: listed, derived, unknown; files that are read; what the shipped data promises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from giban.cost.prices import DATA, PriceBook, Row, book_with, default_book, size_weight, vcpus
from giban.graph.problems import Problems

SEOUL, TOKYO = "ap-northeast-2", "ap-northeast-1"


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return default_book()


def test_listed_prices_keep_their_source_and_date(book: PriceBook) -> None:
    nat = book.item(SEOUL, "VPC", "NAT gateway")
    assert (nat.usd, nat.unit, nat.date, nat.derived) == (0.059, "hour", "2026-10-01", "")
    assert "AWS Price List ap-northeast-2" in nat.source
    assert book.item(TOKYO, "VPC", "NAT gateway").usd == 0.062


def test_an_empty_cell_is_unknown_and_never_zero(book: PriceBook) -> None:
    assert book.item(TOKYO, "VPC", "transit gateway attachment").usd is None
    assert book.item("eu-west-1", "VPC", "NAT gateway").usd is None
    assert book.item(SEOUL, "VPC", "gateway endpoint for S3").usd == 0.0


def test_an_item_that_no_file_names_is_a_mistake(book: PriceBook) -> None:
    with pytest.raises(KeyError):
        book.item(SEOUL, "VPC", "NAT gatway")


def test_sizes_within_a_family_scale_with_their_vcpus(book: PriceBook) -> None:
    # m7i.4xlarge is listed at 0.9912 with 16 vCPUs; m7i.8xlarge has 32.
    price = book.instance(SEOUL, "m7i.8xlarge")
    assert price.usd == pytest.approx(2 * 0.9912)
    assert price.derived == "2 x m7i.4xlarge"
    # r7g.xlarge is empty in Seoul; r7g.large is 0.1292.
    assert book.instance(SEOUL, "r7g.xlarge").usd == pytest.approx(2 * 0.1292)
    assert book.instance(TOKYO, "r7g.xlarge").derived == ""


def test_burstable_sizes_scale_with_the_published_steps(book: PriceBook) -> None:
    # Tokyo lists only db.t4g.micro (0.025): small is 2, medium 4 of its steps.
    medium = book.database(TOKYO, "RDS PostgreSQL", "db.t4g.medium", multi_az=False)
    assert medium.usd == pytest.approx(4 * 0.025)
    assert medium.derived == "4 x db.t4g.micro Single-AZ"


@pytest.mark.parametrize("type_", ["g5.12xlarge", "t3.metal", "m7i.metal-24xl", "m99.large", "x", ""])
def test_what_does_not_scale_is_unknown(book: PriceBook, type_: str) -> None:
    assert book.instance(SEOUL, type_).usd is None


def test_multi_az_is_listed_or_twice_single_az(book: PriceBook) -> None:
    listed = book.database(SEOUL, "RDS PostgreSQL", "db.t4g.micro", multi_az=True)
    assert (listed.usd, listed.derived) == (0.051, "")
    derived = book.database(SEOUL, "RDS PostgreSQL", "db.t4g.medium", multi_az=True)
    assert derived.usd == pytest.approx(2 * 0.102)
    assert derived.derived == "2 x Single-AZ"
    both = book.database(SEOUL, "RDS PostgreSQL", "db.t4g.xlarge", multi_az=True)
    assert both.usd == pytest.approx(2 * 2 * 0.203)
    assert both.derived == "2 x (2 x db.t4g.large Single-AZ)"


def test_a_unit_tells_how_many_things_it_is(book: PriceBook) -> None:
    assert book.item(SEOUL, "S3", "GET").per == 10_000
    assert book.item(SEOUL, "SQS", "standard queue requests").per == 1_000_000
    assert book.item(SEOUL, "S3", "PUT COPY POST LIST").per == 1_000
    assert book.item(SEOUL, "EBS", "gp3 storage").per == 1


def test_additions_never_change_a_price() -> None:
    from giban.cost.prices import _read

    given = {(row.service, row.item): row.usd for row in _read(os.path.join(DATA, "services.csv"))}
    for row in _read(os.path.join(DATA, "additions.csv")):
        assert not given.get((row.service, row.item), {}).keys() & row.usd.keys(), row


def test_every_price_has_a_source_and_a_confidence(book: PriceBook) -> None:
    for service, item in book.items():
        for region in (SEOUL, TOKYO):
            price = book.item(region, service, item)
            if price.usd is not None:
                assert price.source not in ("", "not found"), (service, item)
                assert price.confidence in ("high", "medium", "low"), (service, item)
                if price.confidence == "high":
                    assert price.date, (service, item)


def test_weights_and_vcpus() -> None:
    assert size_weight("t4g", "nano") == 0.5
    assert size_weight("db.r7g", "large") == 2
    assert size_weight("m7i", "24xlarge") == 96
    assert size_weight("p5", "xlarge") is None
    assert (vcpus("db.t4g.medium"), vcpus("db.t4g.2xlarge"), vcpus("db.r7g.xlarge"), vcpus("?")) == (2, 8, 4, None)


def test_a_users_file_wins_and_adds_regions(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        "service,item,unit,ap_northeast_2_usd,eu_west_1_usd,source,date,confidence\n"
        "VPC,NAT gateway,hour,0.05,0.048,contract,2026-11-01,high\n"
    )
    book = book_with(str(path))
    assert book.item(SEOUL, "VPC", "NAT gateway").usd == 0.05
    assert book.item(TOKYO, "VPC", "NAT gateway").usd == 0.062
    assert book.item("eu-west-1", "VPC", "NAT gateway").usd == 0.048
    assert "eu-west-1" in book.regions
    assert default_book().item(SEOUL, "VPC", "NAT gateway").usd == 0.059


def test_a_users_instance_file(tmp_path: Path) -> None:
    path = tmp_path / "ec2.csv"
    path.write_text("instance_type,eu_west_1_usd_h\nt3.small,0.0228\n")
    assert book_with(str(path)).instance("eu-west-1", "t3.medium").usd == pytest.approx(0.0456)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "service,item,unit,ap_northeast_2_usd,source,date,confidence\nVPC,NAT gateway,hour,much,x,2026,high\n",
            ":2:1",
        ),
        ("service,item,unit,ap_northeast_2_usd,source,date,confidence\nVPC,NAT gateway,hour,-1,x,2026,high\n", ":2:1"),
        ("service,item,unit,ap_northeast_2_usd,source,date,confidence\nVPC,NAT\n", ":2:1"),
        ("service,item\nVPC,NAT\n", ":1:1"),
        ("", ":1:1"),
    ],
)
def test_a_bad_price_file_says_where(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(Problems, match=f"bad.csv{place}"):
        book_with(str(path))


def test_a_missing_price_file(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="cannot be read"):
        book_with(str(tmp_path / "none.csv"))


def test_rows_that_come_later_fill_gaps() -> None:
    first = Row("S", "i", "hour", {SEOUL: 1.0}, "a", "2026-01-01", "high")
    second = Row("S", "i", "hour", {TOKYO: 2.0}, "b", "2026-02-01", "medium")
    book = PriceBook([first, second])
    assert (book.item(SEOUL, "S", "i").usd, book.item(TOKYO, "S", "i").usd) == (1.0, 2.0)
    assert book.item(TOKYO, "S", "i").source == "a; b"
