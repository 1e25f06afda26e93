"""The shipped schema of the AWS provider: every resource type and data source, its arguments and attributes.

The data are made by `tools/make_provider_schema.py` and described in `docs/provider-schema.md`. Only the types that
are asked for are unpacked, so a process that uses forty of them pays a few milliseconds. What is asked of the data
(is this argument right, does this attribute exist) is in `giban.graph.schema`.
"""

from __future__ import annotations

import os
import zlib
from functools import cache
from typing import Any, Literal

import msgspec

Kind = Literal["string", "number", "bool", "list", "set", "map", "object", "any"]

PROVIDER_VERSION = "6.69.1"
"""The version of hashicorp/aws that the shipped data describe."""

_FILE = os.path.join(os.path.dirname(__file__), "data", "provider-schema.bin")

_KINDS: dict[str, Kind] = {
    "s": "string",
    "n": "number",
    "b": "bool",
    "l": "list",
    "t": "set",
    "m": "map",
    "o": "object",
    "a": "any",
}


class Arg:
    """One argument or attribute of a type or of a nested block. Not to be changed: one object serves all callers."""

    __slots__ = ("_marks", "_nested", "_tree", "name", "shape")

    shape: str
    """The type as letters, outermost first: `ls` list of strings, `to` set of objects, `mms` map of maps of strings."""

    def __init__(self, name: str, code: str, tree: dict[str, Any] | None) -> None:
        """`code` is a flag (r required, o optional, c computed, d optional and computed), marks in capitals
        (W write-only, B block, S block that stands once at most), and the shape."""
        self.name = name
        self.shape = code[1:].lstrip("WBS")
        self._marks = code[: len(code) - len(self.shape)]
        self._tree = tree
        self._nested: Args | None = None

    @property
    def required(self) -> bool:
        """It must be given."""
        return self._marks[0] == "r"

    @property
    def optional(self) -> bool:
        """It may be given or left out."""
        return self._marks[0] in "od"

    @property
    def computed(self) -> bool:
        """The provider gives a value, always or where none is set."""
        return self._marks[0] in "cd"

    @property
    def read_only(self) -> bool:
        """The provider gives the value; setting it is an error."""
        return self._marks[0] == "c"

    @property
    def write_only(self) -> bool:
        """Sent to AWS, never kept in the state (`password_wo`)."""
        return "W" in self._marks

    @property
    def block(self) -> bool:
        """A nested block, written as an object or a list of objects; otherwise an attribute with a value."""
        return "B" in self._marks or "S" in self._marks

    @property
    def single(self) -> bool:
        """A block that may stand once at most."""
        return "S" in self._marks

    @property
    def kind(self) -> Kind:
        """The outermost type. "any" where the data were cut (endlessly nested rules)."""
        return _KINDS[self.shape[0]]

    @property
    def element(self) -> Kind | None:
        """The kind of what a list, set or map holds; None for everything else."""
        return _KINDS[self.shape[1]] if len(self.shape) > 1 else None

    @property
    def nested(self) -> Args | None:
        """The fields of a block or of the objects in an attribute; None when there are none or they were cut."""
        if self._nested is None and self._tree is not None:
            self._nested = Args(self._tree)
        return self._nested

    def __repr__(self) -> str:
        return f"<Arg {self.name} {self.shape}>"


class Args(dict[str, Arg]):
    """Name → Arg of one type or nested block. `required` are the names that must be given."""

    __slots__ = ("required",)

    def __init__(self, tree: dict[str, Any]) -> None:
        for name, code in tree.items():
            self[name] = Arg(name, code, None) if isinstance(code, str) else Arg(name, code[0], code[1])
        self.required = tuple(arg.name for arg in self.values() if arg.required)


class TypeSchema:
    """A resource type or data source."""

    __slots__ = ("args", "holds_objects", "type")

    def __init__(self, type_: str, tree: dict[str, Any]) -> None:
        self.type = type_
        self.args = Args(tree)
        self.holds_objects = _holds_objects(tree)
        """Some attribute (not block) holds objects; Terraform wants every field of those named, see `with_nulls`."""


def _holds_objects(tree: dict[str, Any]) -> bool:
    for code in tree.values():
        if isinstance(code, list) and code[0][0] != "c":
            is_block = "B" in code[0] or "S" in code[0]
            if not is_block or _holds_objects(code[1]):
                return True
    return False


class Store:
    """The opened data file: a line of JSON with sizes, the index, the shared dictionary, one chunk a type."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            head_line = file.readline()
            rest = file.read()
        self.head: dict[str, Any] = msgspec.json.decode(head_line)
        end_of_index = self.head["index"]
        self._start = end_of_index + self.head["dictionary"]
        self.index: dict[str, dict[str, list[int]]] = msgspec.json.decode(zlib.decompress(rest[:end_of_index]))
        self._dictionary = zlib.decompress(rest[end_of_index : self._start])
        self._chunks = rest

    def tree(self, mode: str, type_: str) -> dict[str, Any] | None:
        """The unpacked tree of one type: name → code, or [code, tree]."""
        place = self.index.get(mode, {}).get(type_)
        if place is None:
            return None
        start = self._start + place[0]
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS, self._dictionary)
        tree: dict[str, Any] = msgspec.json.decode(unpacker.decompress(self._chunks[start : start + place[1]]))
        return tree


@cache
def _store() -> Store:
    return Store(_FILE)


@cache
def lookup(type_: str, mode: str = "managed") -> TypeSchema | None:
    """The schema of a type; None when the shipped data have no such type."""
    tree = _store().tree(mode, type_)
    return None if tree is None else TypeSchema(type_, tree)


@cache
def type_names(mode: str = "managed") -> tuple[str, ...]:
    """Every known type, sorted."""
    return tuple(sorted(_store().index.get(mode, ())))
