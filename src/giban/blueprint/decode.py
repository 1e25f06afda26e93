"""A tree of nodes to a value of the language's types: every problem in one pass, each with its position.

Scalars are read by the type expected at their place (`giban.blueprint.scalars`). A section without a value (`uploads:`)
is a section of defaults. A value that is wrong does not stop the pass: its default, or an example, stands in for it, so
that validation of the rest can still run; what had to be replaced is told in `Attempt.replaced`.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct

from giban.blueprint import scalars
from giban.blueprint.nodes import MAX_PROBLEMS, Mapping, Node, Scalar, Sequence, entry_position
from giban.blueprint.paths import Path, Positions, path_text
from giban.blueprint.shapes import (
    Choice,
    Day,
    Field,
    Flag,
    Free,
    Keys,
    ListOf,
    MapOf,
    Nothing,
    Number,
    OneOf,
    Rules,
    Shape,
    Text,
    Whole,
    fields_of,
)
from giban.graph.problems import Position, Problem, Problems

T = TypeVar("T", bound=Struct)


class Attempt(Struct, Generic[T]):
    """What came of decoding."""

    value: T | None
    """The value; with stand-ins at the paths in `replaced`; None when there are none that make sense."""
    positions: Positions
    problems: list[Problem]
    replaced: list[Path]


class _Broken:
    """Stands for a value that could not be read."""


_BROKEN = _Broken()


def decode(node: Node, root: type[T]) -> tuple[T, Positions]:
    """The value that `node` writes down, and where each part of it stands. Raises Problems."""
    attempt_ = attempt(node, root)
    if attempt_.problems or attempt_.value is None:
        raise Problems(attempt_.problems)
    return attempt_.value, attempt_.positions


def attempt(node: Node, root: type[T]) -> Attempt[T]:
    """Like `decode`, but hands the problems back with as much of the value as can be had."""
    decoder = _Decoder()
    value = decoder.value(node, Keys(Rules(), root), ())
    problems = decoder.problems
    if decoder.uncounted:
        shown = f"These are the first {MAX_PROBLEMS} problems; {decoder.uncounted} more are not shown."
        problems.append(Problem(what=shown, fix="Correct these first."))
    whole = None if isinstance(value, _Broken) or decoder.incomplete else cast("T", value)
    return Attempt(whole, Positions(decoder.positions, node.position), problems, decoder.replaced)


class _Decoder:
    def __init__(self) -> None:
        self.positions: dict[Path, Position] = {}
        self.problems: list[Problem] = []
        self.uncounted = 0
        self.replaced: list[Path] = []
        self.incomplete = False

    def value(self, node: Node, shape: Shape, path: Path) -> Any:
        """The value of `node`, or `_BROKEN` after telling why."""
        match shape:
            case OneOf():
                return self._one_of(node, shape, path)
            case Keys():
                if isinstance(node, Mapping):
                    return self._struct(node, shape.type, path)
                if _is_null(node):
                    return self._struct(Mapping({}, node.position), shape.type, path)
            case MapOf():
                if isinstance(node, Mapping):
                    return self._map(node, shape, path)
                if _is_null(node):
                    return {}
            case ListOf():
                if isinstance(node, Sequence):
                    return self._list(node, shape, path)
                if _is_null(node):
                    return self._list(Sequence((), node.position), shape, path)
            case Free():
                return self._free(node, path)
            case _:
                if isinstance(node, Scalar):
                    return self._scalar(node, shape, path)
        return self._mismatch(node, shape, path)

    def _struct(self, node: Mapping, type_: type[Struct], path: Path) -> Any:
        fields = fields_of(type_)
        values: dict[str, Any] = {}
        broken = False
        for key, (where, child) in node.entries.items():
            child_path = (*path, key)
            self.positions[child_path] = position = entry_position(where, child)
            field = fields.get(key)
            if field is None:
                if len(self.problems) < MAX_PROBLEMS:
                    from giban.blueprint.words import unknown_key

                    self._tell(child_path, where, *unknown_key(key, type_))
                else:
                    self.uncounted += 1
                continue
            value = self.value(child, field.shape, child_path)
            if value is _BROKEN:
                value = self._stand_in(field, child_path, position)
            if value is _BROKEN:
                broken = broken or field.required
            else:
                values[field.attribute] = value
        if len(values) < len(fields):
            for field in fields.values():
                if field.required and field.name not in node.entries:
                    from giban.blueprint.words import missing_key

                    where = self.positions.get(path, node.position)
                    self._tell((*path, field.name), where, *missing_key(field))
                    value = self._stand_in(field, (*path, field.name), where)
                    if value is _BROKEN:
                        broken = True
                    else:
                        values[field.attribute] = value
        return _BROKEN if broken else type_(**values)

    def _stand_in(self, field: Field, path: Path, position: Position) -> Any:
        """A value for a field that was told to be wrong: `_BROKEN` lets the default stand in."""
        self.replaced.append(path)
        if len(path) == 1 and _holds_more(field.shape):
            self.incomplete = True  # whoever refers to something in this section would be blamed for it
        if not field.required:
            return _BROKEN
        if field.examples:
            from giban.blueprint.nodes import parse
            from giban.blueprint.words import inline

            example = parse(inline(field.examples[0]), position.file)
            if example is not None:
                return _Decoder().value(example, field.shape, path)
        return field.shape.values[0] if isinstance(field.shape, Choice) else _BROKEN

    def _map(self, node: Mapping, shape: MapOf, path: Path) -> Any:
        result: dict[Any, Any] = {}
        for key, (where, child) in node.entries.items():
            child_path = (*path, key)
            self.positions[child_path] = entry_position(where, child)
            name = self._scalar(Scalar(key, False, where), shape.key, child_path)
            value = self.value(child, shape.value, child_path)
            if name is _BROKEN or value is _BROKEN:
                self.replaced.append(child_path)
                self.incomplete = self.incomplete or value is _BROKEN
            if value is not _BROKEN:
                result[key if name is _BROKEN else name] = value
        return result if self._length(node, len(node.entries), shape, path) and _enough(result, shape) else _BROKEN

    def _list(self, node: Sequence, shape: ListOf, path: Path) -> Any:
        result: list[Any] = []
        for number, child in enumerate(node.items):
            child_path = (*path, number)
            self.positions[child_path] = child.position
            value = self.value(child, shape.item, child_path)
            if value is _BROKEN:
                self.replaced.append(child_path)
            else:
                result.append(value)
        return result if self._length(node, len(node.items), shape, path) and _enough(result, shape) else _BROKEN

    def _length(self, node: Node, length: int, shape: Shape, path: Path) -> bool:
        rules = shape.rules
        if (rules.min_length is None or length >= rules.min_length) and (
            rules.max_length is None or length <= rules.max_length
        ):
            return True
        from giban.blueprint.words import wrong_length

        self._tell(path, self.positions.get(path, node.position), *wrong_length(length, shape, path))
        return False

    def _free(self, node: Node, path: Path) -> Any:
        if isinstance(node, Scalar):
            return scalars.read_free(node.text) if node.plain else node.text
        if isinstance(node, Sequence):
            items = []
            for number, child in enumerate(node.items):
                child_path = (*path, number)
                self.positions[child_path] = child.position
                items.append(self._free(child, child_path))
            return items
        entries = {}
        for key, (where, child) in node.entries.items():
            child_path = (*path, key)
            self.positions[child_path] = entry_position(where, child)
            entries[key] = self._free(child, child_path)
        return entries

    def _scalar(self, node: Scalar, shape: Shape, path: Path) -> Any:
        value = read(node, shape)
        return self._mismatch(node, shape, path) if value is None else value

    def _one_of(self, node: Node, shape: OneOf, path: Path) -> Any:
        options = shape.options
        null = _is_null(node)
        if null and any(isinstance(option, Nothing | Free) for option in options):
            return None
        if isinstance(node, Scalar) and not null:
            # Text takes everything, so it is asked last.
            for option in sorted(options, key=lambda option: isinstance(option, Text)):
                value = read(node, option)
                if value is not None:
                    return value
            return self._mismatch(node, shape, path)
        kinds = (ListOf,) if isinstance(node, Sequence) else (Keys, MapOf, ListOf) if null else (Keys, MapOf)
        fitting = [option for option in options if isinstance(option, (*kinds, Free))]
        if len(fitting) == 1:
            return self.value(node, fitting[0], path)
        structs = [option for option in fitting if isinstance(option, Keys)]
        if structs and isinstance(node, Mapping):
            return self._tagged(node, structs, path)
        return self._mismatch(node, shape, path)

    def _tagged(self, node: Mapping, options: list[Keys], path: Path) -> Any:
        """One of several Structs: the one whose choice (`kind`) the text makes."""
        tag = tag_of(options)
        _, said = node.entries.get(tag, (None, None))
        for option in options:
            choice = fields_of(option.type)[tag].shape
            if isinstance(said, Scalar) and isinstance(choice, Choice) and said.text in choice.values:
                return self._struct(node, option.type, path)
        values = tuple(value for option in options for value in _choices(option, tag))
        where = self.positions.get(path, node.position)
        if said is None:
            from giban.blueprint.words import missing_key

            self._tell((*path, tag), where, *missing_key(Field(tag, tag, Choice(Rules(), values), True)))
            return _BROKEN
        return self._mismatch(said, Choice(Rules(), values), (*path, tag))

    def _mismatch(self, node: Node, shape: Shape, path: Path) -> _Broken:
        """Tells that `node` is not what `shape` takes."""
        if len(self.problems) >= MAX_PROBLEMS:
            self.uncounted += 1
            return _BROKEN
        from giban.blueprint.words import mismatch

        where = node.position if isinstance(node, Scalar) else self.positions.get(path, node.position)
        self._tell(path, where, *mismatch(node, shape, path))
        return _BROKEN

    def _tell(self, path: Path, where: Position, what: str, fix: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(what=what, fix=fix, where=where, path=path_text(path)))
        else:
            self.uncounted += 1


def _enough(read: list[Any] | dict[Any, Any], shape: Shape) -> bool:
    """Whether enough is left without the items that were told to be wrong."""
    return len(read) >= (shape.rules.min_length or 0)


def _holds_more(shape: Shape) -> bool:
    return isinstance(shape, Keys | MapOf | ListOf) or (
        isinstance(shape, OneOf) and any(_holds_more(option) for option in shape.options)
    )


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def tag_of(options: list[Keys]) -> str:
    """The key by which a text chooses between Structs: a required choice that all of them have."""
    for name, field in fields_of(options[0].type).items():
        if field.required and all(_choices(option, name) for option in options):
            return name
    names = ", ".join(option.type.__name__ for option in options)
    raise TypeError(f"nothing tells these types apart: {names}; give each a required key of type Literal")


def _choices(option: Keys, name: str) -> tuple[str | int | bool, ...]:
    field = fields_of(option.type).get(name)
    return field.shape.values if field is not None and isinstance(field.shape, Choice) else ()


def read(node: Scalar, shape: Shape) -> Any:
    """The value of a scalar by the type expected, None when it does not fit."""
    text, rules = node.text, shape.rules
    match shape:
        case Text():
            if node.is_null or not _text_fits(text, rules):
                return None
            return text
        case Flag():
            return scalars.TRUTH.get(text.lower()) if node.plain else None
        case Whole():
            number = scalars.read_whole(text) if node.plain else None
            return number if number is not None and _in_range(number, rules) else None
        case Number():
            real = scalars.read_number(text) if node.plain else None
            return real if real is not None and _in_range(real, rules) else None
        case Choice(values=values):
            return _choose(node, values)
        case Day():
            return read_day(text)
        case Free():
            return scalars.read_free(text) if node.plain else text
    return None


def _choose(node: Scalar, values: tuple[str | int | bool, ...]) -> str | int | bool | None:
    text = node.text
    if text in values:
        return text
    if not node.plain:
        return None
    whole = scalars.read_whole(text)
    truth = scalars.TRUTH.get(text.lower())
    for value in values:
        if isinstance(value, bool):
            if value is truth:
                return value
        elif isinstance(value, int) and value == whole:
            return value
    return None


def _in_range(number: float, rules: Rules) -> bool:
    return (rules.ge is None or number >= rules.ge) and (rules.le is None or number <= rules.le)


_patterns: dict[str, re.Pattern[str]] = {}


def _text_fits(text: str, rules: Rules) -> bool:
    if rules.pattern is not None:
        pattern = _patterns.get(rules.pattern)
        if pattern is None:
            # `$` also fits before a line break at the end, and \d every script's digits; the language means neither.
            source = rules.pattern[:-1] + r"\Z" if rules.pattern.endswith("$") else rules.pattern
            pattern = _patterns[rules.pattern] = re.compile(source, re.ASCII)
        if not pattern.search(text):
            return False
    return (rules.min_length is None or len(text) >= rules.min_length) and (
        rules.max_length is None or len(text) <= rules.max_length
    )


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def read_day(text: str) -> datetime.date | None:
    """The date a text means; None for any other form and for days that do not exist."""
    if not _DAY.match(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
