"""Input: fields of a body or a query, each checked, all that is wrong told at once."""

from __future__ import annotations

import re

from .http import invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HIDDEN = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
LINE = rf"^ *[^ {_HIDDEN}][^{_HIDDEN}]*$"
"""A text of one line that is not blank, without control characters and marks that turn the direction of writing. The same pattern
is in the API's description; json imports `re` anyway."""


class Fields:
    """Reads fields one by one and remembers what is wrong; `done` tells. A reader of a wrong field returns a harmless value."""

    def __init__(self, document: Mapping[str, Any], *, digits: bool = False) -> None:
        self._left = dict(document)
        self._digits = digits
        """Whether whole numbers come as text."""
        self._errors: list[dict[str, str]] = []

    @classmethod
    def of_query(cls, query: Mapping[str, list[str]]) -> Fields:
        """Fields of a query; a name that occurs twice is wrong."""
        made = cls({name: values[-1] for name, values in query.items()}, digits=True)
        for name, values in query.items():
            if len(values) > 1:
                made.wrong(name, "Give it once.")
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._left

    def wrong(self, name: str, detail: str) -> None:
        """Remember what is wrong with a field."""
        self._errors.append({"field": name[:64], "detail": detail})

    def text(self, name: str, least: int, most: int) -> str:
        """A text of one line, trimmed."""
        value = self._left.pop(name, None)
        if not is_line(value, least, most):
            self.wrong(name, f"Must be text of one line, {least} to {most} characters.")
            return ""
        return str(value).strip()

    def boolean(self, name: str) -> bool:
        """True or false."""
        value = self._left.pop(name, None)
        if not isinstance(value, bool):
            self.wrong(name, "Must be true or false.")
            return False
        return value

    def number(self, name: str, least: float, most: float) -> float:
        """A number, whole or not, `least` excluded."""
        value = self._left.pop(name, None)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least < value <= most:
            self.wrong(name, f"Must be a number above {least:g}, at most {most:g}.")
            return most
        return float(value)

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number."""
        value = self._left.pop(name, default)
        if self._digits and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            # JSON knows numbers only: 5.0 is 5.
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(name, f"Must be a whole number, {least} to {most}.")
            return least
        return value

    def any(self, name: str) -> Any:
        """A field as it is, for what only its owner can check; None when it is not there."""
        return self._left.pop(name, None)

    def done(self, *others: Fields) -> None:
        """Raises Problem 400 with everything that is wrong here and in others; what nobody read is wrong, too: a mistyped name
        must not be ignored.
        """
        errors: list[dict[str, str]] = []
        for fields in (self, *others):
            told = {error["field"] for error in fields._errors}
            errors += fields._errors
            errors += [
                {"field": name[:64], "detail": "Is not known here."} for name in fields._left if name not in told
            ]
        if errors:
            raise invalid(errors)


def is_line(value: Any, least: int, most: int) -> bool:
    """Whether a value is a text of one line of so many characters that can be written as UTF-8."""
    if not isinstance(value, str) or not least <= len(value) <= most or not re.fullmatch(LINE, value):
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)
