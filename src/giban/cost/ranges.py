"""A quantity or an amount that is not known exactly: low, likely, high.

Amounts are floats, not decimals: they come from assumptions that are good to one digit, and unit prices have up to ten
digits after the point. Sums are made with `math.fsum`, which does not depend on the order of its terms, and money is
rounded where it is printed; so the same input gives the same output to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

import msgspec


class Range(msgspec.Struct, frozen=True):
    """Low, likely and high of one quantity, never below zero and in this order."""

    low: float
    likely: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def __mul__(self, other: Range | float) -> Range:
        if isinstance(other, Range):
            return Range(self.low * other.low, self.likely * other.likely, self.high * other.high)
        return Range(self.low * other, self.likely * other, self.high * other)

    def over(self, threshold: float) -> Range:
        """What exceeds a free allowance or the end of a tier."""
        return Range(*(max(0.0, value - threshold) for value in (self.low, self.likely, self.high)))

    def less(self, part: Range) -> Range:
        """What is left when a part of it is something else, end by end."""
        return Range(*(max(0.0, a - b) for a, b in zip(self._ends, part._ends, strict=True)))

    def up_to(self, limit: float) -> Range:
        """What lies within a tier."""
        return Range(*(min(limit, value) for value in (self.low, self.likely, self.high)))

    @property
    def _ends(self) -> tuple[float, float, float]:
        return self.low, self.likely, self.high

    @property
    def known(self) -> bool:
        """True when all three are the same."""
        return self.low == self.likely == self.high


ZERO = Range(0.0, 0.0, 0.0)


def fixed(value: float) -> Range:
    """A quantity that is known exactly."""
    return Range(float(value), float(value), float(value))


def ordered(low: float, likely: float, high: float) -> Range:
    """A range of three computed numbers; a later one is never below an earlier one."""
    middle = max(low, likely)
    return Range(float(low), float(middle), float(max(middle, high)))


def largest(*ranges: Range) -> Range:
    """The largest of several at each end: what a charge by the greatest of several dimensions needs."""
    return Range(max(r.low for r in ranges), max(r.likely for r in ranges), max(r.high for r in ranges))


def smallest(*ranges: Range) -> Range:
    """The smallest of several at each end: a quantity that cannot exceed another."""
    return Range(min(r.low for r in ranges), min(r.likely for r in ranges), min(r.high for r in ranges))


def total(ranges: Iterable[Range]) -> Range:
    """The sum, independent of the order of its terms."""
    terms = list(ranges)
    return Range(fsum(r.low for r in terms), fsum(r.likely for r in terms), fsum(r.high for r in terms))
