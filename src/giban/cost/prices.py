"""The price book: what an item costs in a region, with unit, source and date; unknown is a price of None.

Only two things are derived when there is no price: a size within its family, and Multi-AZ from Single-AZ
(`data/README.md`). Everything else that is not in the files is unknown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import msgspec

from giban.graph.problems import Position, Problem, Problems

DATA = os.path.join(os.path.dirname(__file__), "data")
INSTANCE_SERVICE = "EC2 instances"

T_STEPS = {"nano": 0.5, "micro": 1.0, "small": 2.0, "medium": 4.0, "large": 8.0, "xlarge": 16.0, "2xlarge": 32.0}
"""How prices of burstable sizes step, each twice the one before (visible in ec2.csv for t3, t3a and t4g)."""
VCPUS = {"medium": 1.0, "large": 2.0, "xlarge": 4.0}
"""vCPUs by size; `Nxlarge` has 4 N. https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-specs.html"""
_NOT_BY_VCPU = re.compile(r"(g|p|inf|trn|dl|f|vt)\d")
"""Accelerators make the price of these families; they do not scale with vCPUs."""
_CLASS = re.compile(r"^((?:db|cache)\.[a-z0-9-]+)\.([a-z0-9]+) (.+)$")


class Price(msgspec.Struct, frozen=True):
    """What one unit costs, in USD. `usd` is None when it is not known in this region."""

    usd: float | None
    unit: str
    source: str = ""
    date: str = ""
    confidence: str = ""
    derived: str = ""
    """How it was derived from a price in the files; empty for a listed price."""

    @property
    def per(self) -> float:
        """How many things one unit is: 1,000,000 for "1M requests"."""
        return _per(self.unit)


class Row(NamedTuple):
    """One row of a price file."""

    service: str
    item: str
    unit: str
    usd: dict[str, float]
    source: str
    date: str
    confidence: str


@cache
def _per(unit: str) -> float:
    match = re.match(r"(\d+)(M?)\b", unit)
    return float(match[1]) * (1e6 if match[2] else 1.0) if match else 1.0


class PriceBook:
    """Prices by service and item, each for the regions that have one."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[tuple[str, str], Row] = {}
        self._sizes: dict[tuple[str, str, str], list[str]] = {}
        self.regions: set[str] = set()
        for row in rows:
            self._add(row)

    def _add(self, row: Row) -> None:
        key = (row.service, row.item)
        known = self._rows.get(key)
        if known is None:
            self._rows[key] = row
            self._index(row)
        else:
            # What comes later fills gaps and, region by region, replaces: that is how a user's file wins.
            source = row.source if row.usd else known.source
            both = f"{known.source}; {row.source}" if known.usd and row.usd.keys() - known.usd.keys() else source
            self._rows[key] = known._replace(
                usd=known.usd | row.usd,
                source=both,
                date=max(known.date, row.date),
                confidence=row.confidence or known.confidence,
            )
        self.regions.update(row.usd)

    def _index(self, row: Row) -> None:
        if row.service == INSTANCE_SERVICE:
            family, _, size = row.item.partition(".")
            self._sizes.setdefault((row.service, family, ""), []).append(size)
        elif match := _CLASS.match(row.item):
            self._sizes.setdefault((row.service, match[1], match[3]), []).append(match[2])

    def items(self) -> list[tuple[str, str]]:
        """Every (service, item), sorted."""
        return sorted(self._rows)

    def has(self, service: str, item: str) -> bool:
        """Whether a file names the item, with a price or without."""
        return (service, item) in self._rows

    def with_rows(self, rows: Iterable[Row]) -> PriceBook:
        """A book with further rows on top; they win where both have a price."""
        return PriceBook([*self._rows.values(), *rows])

    def item(self, region: str | None, service: str, item: str) -> Price:
        """The price of an item. Raises KeyError for an item that no file names: a mistake in a pricer, not a gap."""
        row = self._rows[(service, item)]
        usd = row.usd.get(region) if region else None
        return Price(usd, row.unit, row.source, row.date, row.confidence)

    def instance(self, region: str | None, type_: str) -> Price:
        """The hourly on-demand price of an EC2 instance with Linux; derived within the family when not listed."""
        family, _, size = type_.partition(".")
        return self._sized(region, INSTANCE_SERVICE, family, size, "")

    def sized(self, region: str | None, service: str, class_: str, suffix: str) -> Price:
        """The hourly price of a class such as `db.t4g.medium` with "Single-AZ", or `cache.r7g.large` with "Valkey"."""
        family, _, size = class_.rpartition(".")
        return self._sized(region, service, family, size, suffix)

    def database(self, region: str | None, service: str, class_: str, *, multi_az: bool) -> Price:
        """The hourly price of an RDS instance class; Multi-AZ is twice Single-AZ when it is not listed."""
        if multi_az:
            listed = self._listed(region, service, f"{class_} Multi-AZ")
            if listed is not None:
                return listed
        single = self.sized(region, service, class_, "Single-AZ")
        return twice(single) if multi_az else single

    def _listed(self, region: str | None, service: str, item: str) -> Price | None:
        row = self._rows.get((service, item))
        if row is None or region is None or region not in row.usd:
            return None
        return Price(row.usd[region], row.unit, row.source, row.date, row.confidence)

    def _sized(self, region: str | None, service: str, family: str, size: str, suffix: str) -> Price:
        def name(of: str) -> str:
            return f"{family}.{of} {suffix}".rstrip()

        listed = self._listed(region, service, name(size))
        if listed is not None:
            return listed
        weight = size_weight(family, size)
        candidates = [
            (max(weight / known, known / weight), -known, other, price)
            for other in self._sizes.get((service, family, suffix), ())
            if weight and (known := size_weight(family, other))
            if (price := self._listed(region, service, name(other))) is not None
        ]
        if not candidates or not weight:
            return Price(None, "hour")
        # The nearest listed size, the larger of two: small ones are rounded to a tenth of a cent.
        _, known, other, price = min(candidates, key=lambda c: c[:3])
        factor = weight / -known
        assert price.usd is not None  # noqa: S101 - _listed answers only with prices
        return msgspec.structs.replace(
            price, usd=price.usd * factor, derived=f"{factor:g} x {name(other)}", confidence="derived"
        )


def size_weight(family: str, size: str) -> float | None:
    """How much of a family's unit a size is: its step in a t family, its vCPUs elsewhere; None when unknown."""
    bare = family.rpartition(".")[2]
    if re.match(r"t\d", bare):
        return T_STEPS.get(size)
    if _NOT_BY_VCPU.match(bare):
        return None
    return VCPUS.get(size) or (4.0 * int(match[1]) if (match := re.fullmatch(r"(\d{1,2})xlarge", size)) else None)


def vcpus(class_: str) -> float | None:
    """vCPUs of an instance type or class; None when its name does not tell."""
    family, _, size = class_.rpartition(".")
    if re.match(r"t\d", family.rpartition(".")[2]):
        return {"xlarge": 4.0, "2xlarge": 8.0}.get(size, 2.0) if size in T_STEPS else None
    return size_weight(family, size)


def twice(price: Price) -> Price:
    """Multi-AZ derived from Single-AZ: twice (t4g.micro in Seoul: 0.025 and 0.051)."""
    if price.usd is None:
        return price
    derived = f"2 x ({price.derived})" if price.derived else "2 x Single-AZ"
    return msgspec.structs.replace(price, usd=2 * price.usd, derived=derived, confidence="derived")


@cache
def default_book() -> PriceBook:
    """The prices that come with giban."""
    files = (_read(os.path.join(DATA, name)) for name in ("services.csv", "additions.csv"))
    return PriceBook([*_read(os.path.join(DATA, "ec2.csv")), *(row for rows in files for row in rows)])


def book_with(path: str) -> PriceBook:
    """The shipped prices with a user's file (same columns) on top. Raises Problems when it cannot be used."""
    return default_book().with_rows(_read(path))


def _read(path: str) -> list[Row]:
    """The rows of a price file. Raises Problems with the line of each mistake."""
    import csv

    try:
        with open(path, encoding="utf-8", newline="") as stream:
            table = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Problems([Problem(f"The price file {path} cannot be read: {reason}.", "Check the path.")]) from None
    head = table[0] if table else []
    instances = "instance_type" in head
    wanted = ["instance_type"] if instances else ["service", "item", "unit", "source", "date", "confidence"]
    regions = {
        column.removesuffix("_h").removesuffix("_usd").replace("_", "-"): number
        for number, column in enumerate(head)
        if re.fullmatch(r"[a-z0-9_]+_usd(_h)?", column)
    }
    missing = [column for column in wanted if column not in head]
    if missing or not regions:
        what = (
            f"The price file {path} lacks the columns {', '.join([*missing, *([] if regions else ['<region>_usd'])])}."
        )
        raise Problems([Problem(what, "The form is described in docs/add-a-price.md.", Position(path, 1, 1))])
    at = {column: head.index(column) for column in wanted}
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, cells in enumerate(table[1:], 2):
        if not cells:
            continue
        try:
            usd = {region: _price(cells[column]) for region, column in regions.items() if cells[column]}
            texts = {column: cells[index] for column, index in at.items()}
        except (ValueError, IndexError):
            what = "The row has too few cells, or a price that is not a number of USD, zero or more."
            problems.append(Problem(what, "Leave a cell empty when a price is not known.", Position(path, number, 1)))
            continue
        if instances:
            rows.append(Row(INSTANCE_SERVICE, texts["instance_type"], "hour", usd, _EC2_SOURCE, "", "medium"))
        else:
            rows.append(Row(**texts, usd=usd))
    if problems:
        raise Problems(problems)
    return rows


_EC2_SOURCE = "public SkyPilot catalogue catalogs/v8/aws/vms.csv (skypilot-org/skypilot-catalog)"


def _price(cell: str) -> float:
    value = float(cell)
    if not 0 <= value < float("inf"):
        raise ValueError(cell)
    return value
