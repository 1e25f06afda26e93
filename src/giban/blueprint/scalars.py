"""Reading a single value by the type that is expected, from its source text.

| expected | taken | refused, with what to write instead |
|---|---|---|
| text | anything that was written: `no`, `16`, `1.10`, `2027-03-31` stay what they look like | nothing (`key:`), `null`, `~` |
| true or false | true/false, yes/no, on/off in any case | quoted words, 0 and 1 |
| whole number | `16`, `+16`, `1_000`, `1e3`, `2.0` | `010` (8 or 10?), `0x10`, `12:30`, `1,000`, `20GB`, quoted numbers |
| number | the same and `0.5` | the same, `.inf`, `.nan` |
| date | `2027-03-31`, quoted or not | any other form, days that do not exist |
| anything (`patch`, `terraform`) | true/false, null and decimal numbers of YAML 1.2; all else is text | - |

Where anything goes, a number is only a number when Terraform would print it as it was written. `8.0`, `1.10`, `010` and
`1e3` stay text: engine versions and account ids keep their digits, and Terraform turns text into numbers by itself.
"""

from __future__ import annotations

import re

MAX_DIGITS = 40
"""Longest number that is read as one. Our own limit; no argument of a resource has a number of more digits."""

TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:_[0-9]{3})+)\Z")
_DECIMAL = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\Z")
_PLAIN_INT = re.compile(r"(?:0|-?[1-9][0-9]*)\Z")
_LARGEST_EXACT = 2.0**53


def read_whole(text: str) -> int | None:
    """The whole number a plain text means, None when it is not one."""
    if len(text) > MAX_DIGITS:
        return None
    if _INT.match(text):
        return int(text)
    if _DECIMAL.match(text):
        number = float(text)
        if number.is_integer() and abs(number) <= _LARGEST_EXACT:
            return int(number)
    return None


def read_number(text: str) -> float | None:
    """The number a plain text means, None when it is not one or not finite."""
    if len(text) > MAX_DIGITS:
        return None
    if _INT.match(text):
        return float(int(text))
    if _DECIMAL.match(text):
        number = float(text)
        return number if abs(number) != float("inf") else None
    return None


def read_free(text: str) -> str | int | float | bool | None:
    """What a plain text means where anything goes: YAML 1.2, but numbers only if they print as they were written."""
    if text in NULLS:
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    first = text[0]
    if (first.isdigit() or first == "-") and len(text) <= MAX_DIGITS:
        if _PLAIN_INT.match(text):
            return int(text)
        if _DECIMAL.match(text):
            number = float(text)
            if repr(number) == text and not number.is_integer():
                return number
    return text
