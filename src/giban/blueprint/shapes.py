"""What the types of the language accept, as plain data: read by the decoder, the JSON Schema and the reference.

A shape is made from a type annotation on first use. (`msgspec.inspect.type_info` gives the same, for all types at once
and at 9 ms instead of 2; it is the most expensive thing a small blueprint would do.)
"""

from __future__ import annotations

import datetime
import types
import typing
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct


class Rules(Struct, frozen=True):
    """What `msgspec.Meta` says about a value; limits are inclusive."""

    description: str | None = None
    examples: list[Any] | None = None
    ge: float | None = None
    le: float | None = None
    pattern: str | None = None
    meaning: str | None = None
    """The pattern in words: the description that stands beside it."""
    min_length: int | None = None
    max_length: int | None = None


class Shape(Struct, frozen=True):
    """The base of all shapes."""

    rules: Rules


class Text(Shape, frozen=True):
    """`str`"""


class Whole(Shape, frozen=True):
    """`int`"""


class Number(Shape, frozen=True):
    """`float`"""


class Flag(Shape, frozen=True):
    """`bool`"""


class Day(Shape, frozen=True):
    """`datetime.date`"""


class Nothing(Shape, frozen=True):
    """`None`"""


class Free(Shape, frozen=True):
    """`Any`: whatever YAML can say."""


class Choice(Shape, frozen=True):
    """`Literal`"""

    values: tuple[str | int | bool, ...]


class ListOf(Shape, frozen=True):
    """`list[item]`"""

    item: Shape


class MapOf(Shape, frozen=True):
    """`dict[key, value]`"""

    key: Shape
    value: Shape


class Keys(Shape, frozen=True):
    """A Struct: keys that are known."""

    type: type[Struct]


class OneOf(Shape, frozen=True):
    """`X | Y`"""

    options: tuple[Shape, ...]


class Field(Struct, frozen=True):
    """One key of a Struct."""

    name: str
    """As it is written in a blueprint."""
    attribute: str
    """As Python calls it."""
    shape: Shape
    required: bool

    @property
    def description(self) -> str:
        """What the key means."""
        return _first(self.shape, "description") or ""

    @property
    def examples(self) -> list[Any]:
        """Values one might write."""
        return _first(self.shape, "examples") or []


def _first(shape: Shape, rule: str) -> Any:
    """A rule of the shape itself, else of the first option that has it."""
    own = getattr(shape.rules, rule)
    if own is None and isinstance(shape, OneOf):
        return next((found for option in shape.options if (found := _first(option, rule)) is not None), None)
    return own


_NO_RULES = Rules()
_SIMPLE: dict[Any, type[Shape]] = {
    str: Text,
    int: Whole,
    float: Number,
    bool: Flag,
    datetime.date: Day,
    type(None): Nothing,
    None: Nothing,
    Any: Free,
}
_RULE_NAMES = tuple(name for name in Rules.__struct_fields__ if name != "meaning")
_REFUSED_RULES = ("gt", "lt", "multiple_of", "tz")
_fields: dict[type[Struct], dict[str, Field]] = {}


def fields_of(type_: type[Struct]) -> dict[str, Field]:
    """The keys of a Struct by the name a blueprint uses, in the order of the class."""
    known = _fields.get(type_)
    if known is None:
        known = _fields[type_] = _read_fields(type_)
    return known


def _read_fields(type_: type[Struct]) -> dict[str, Field]:
    hints = typing.get_type_hints(type_, include_extras=True)
    attributes = type_.__struct_fields__
    defaults = type_.__struct_defaults__
    required = len(attributes) - len(defaults)
    fields: dict[str, Field] = {}
    for number, (attribute, name) in enumerate(zip(attributes, type_.__struct_encode_fields__, strict=True)):
        needed = number < required or defaults[number - required] is msgspec.NODEFAULT
        fields[name] = Field(name, attribute, shape_of(hints[attribute]), needed)
    return fields


def _rules_of(metas: list[Meta]) -> Rules:
    """The rules of several `Meta`; of two that say the same thing, the outer one counts."""
    said: dict[str, Any] = {}
    for meta in metas:
        for rule in _REFUSED_RULES:
            if getattr(meta, rule) is not None:
                raise TypeError(f"the blueprint language does not use the rule {rule!r}")
        for rule in _RULE_NAMES:
            value = getattr(meta, rule)
            if value is not None:
                said[rule] = value
        if meta.pattern is not None:
            said["meaning"] = meta.description
    return Rules(**said)


def defaults_of(type_: type[Struct]) -> dict[str, Any]:
    """The defaults of a Struct by the name a blueprint uses; keys without one are left out."""
    from msgspec.structs import fields

    defaults: dict[str, Any] = {}
    for info in fields(type_):
        if info.default is not msgspec.NODEFAULT:
            defaults[info.encode_name] = info.default
        elif info.default_factory is not msgspec.NODEFAULT:
            defaults[info.encode_name] = info.default_factory()
    return defaults


def shape_of(annotation: Any, rules: Rules = _NO_RULES) -> Shape:
    """The shape of a type annotation. Raises TypeError for annotations the language does not use."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None:
        if annotation in _SIMPLE:
            return _SIMPLE[annotation](rules)
        if isinstance(annotation, type) and issubclass(annotation, Struct):
            return Keys(rules, annotation)
    if origin is Annotated:
        return shape_of(arguments[0], _rules_of([item for item in arguments[1:] if isinstance(item, Meta)]))
    if origin is Literal:
        return Choice(rules, arguments)
    if origin is Union or origin is types.UnionType:
        return OneOf(rules, tuple(shape_of(argument) for argument in arguments))
    if origin is list:
        return ListOf(rules, shape_of(arguments[0]))
    if origin is dict:
        return MapOf(rules, shape_of(arguments[0]), shape_of(arguments[1]))
    raise TypeError(f"the blueprint language has no shape for {annotation!r}")
