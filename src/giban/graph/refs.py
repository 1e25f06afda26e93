"""References between resources, written as Terraform writes them: `${aws_vpc.main.id}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

EXPRESSION = re.compile(r"(?<!\$)\$\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
"""One template expression; `$${` is an escaped, literal `${`."""

_ADDRESS = re.compile(
    r"(?<![\w.\"-])((?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)(?:\[[^\]]*\])?((?:\.[A-Za-z_*][\w-]*|\[[^\]]*\])*)"
)


_TOKEN = re.compile(r"\$\$\{|%%\{|[$%]\{|[\"{}\\]")


class Ref:
    """A reference to an attribute of a resource; as text it is a Terraform expression, so it composes in f-strings."""

    __slots__ = ("address", "attribute")

    def __init__(self, address: str, attribute: str) -> None:
        self.address = address
        self.attribute = attribute

    def __str__(self) -> str:
        return f"${{{self.address}.{self.attribute}}}"

    def __repr__(self) -> str:
        return f"Ref({self.address}.{self.attribute})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((self.address, self.attribute))

    @property
    def expression(self) -> str:
        """The bare expression, for use inside a larger one: `aws_vpc.main.id`."""
        return f"{self.address}.{self.attribute}"

    def __getitem__(self, index: int | str) -> Ref:
        """An element of a list or map attribute: `certificate.domain_validation_options[0]`."""
        key = f'"{index}"' if isinstance(index, str) else str(index)
        return Ref(self.address, f"{self.attribute}[{key}]")

    def child(self, name: str) -> Ref:
        """A nested attribute: `db.master_user_secret[0].child("secret_arn")`."""
        return Ref(self.address, f"{self.attribute}.{name}")


def plain(value: Any) -> Any:
    """The value as plain JSON data: `Ref`s become expressions, tuples lists, `None` entries of mappings vanish."""
    if isinstance(value, str | int | float) or value is None:
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Ref):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not Terraform data")


def strings(value: Any) -> Iterator[str]:
    """Every string inside nested data, keys of mappings included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                yield key
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)
    elif isinstance(value, Ref):
        yield str(value)


def expressions(text: str) -> Iterator[str]:
    """The code of every template expression in a text.

    What stands in string literals is left out (`"my_app.py"` names no resource), the expressions in them are not, and
    neither is a literal used as an index (`["a"]`).
    """
    if '"' not in text and "%{" not in text:
        yield from (match[1] for match in EXPRESSION.finditer(text))
        return
    within: list[str] = []  # What is open: `{` stands for code and for a brace in it, `"` for a string literal.
    code: list[str] = []
    position = start = literal = 0
    while token := _TOKEN.search(text, position):
        kind, position = token[0], token.end()
        if within and within[-1] == "{":
            if kind == '"':
                within.append(kind)
                code.append(text[start : token.start()])
                literal = token.start()
            elif kind.endswith("{"):
                within.append("{")
            elif kind == "}":
                within.pop()
                if not within or within[-1] == '"':
                    code.append(text[start : token.start()])
                    if not within:
                        yield "".join(code)
                        code = []
        elif kind in ("${", "%{"):
            within.append("{")
            code.append(" ")
            start = position
        elif within and kind == "\\":
            position += 1
        elif within and kind == '"':
            within.pop()
            index = code[-1].endswith("[")
            code.append(text[literal:position] if index else '""')
            start = position


def find_refs(value: Any) -> list[Ref]:
    """Every reference to a resource inside nested data, in the order they stand."""
    return [
        Ref(match[1], match[2].lstrip("."))
        for text in strings(value)
        if "${" in text or "%{" in text
        for expression in expressions(text)
        for match in _ADDRESS.finditer(expression)
    ]


def is_unknown(value: Any) -> bool:
    """True when some part of the value is an expression, known only after apply."""
    return any("${" in text and EXPRESSION.search(text) for text in strings(value))
