"""The language in words: what a shape takes, what was found instead, what to write. For errors and the reference only."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from giban.blueprint import scalars
from giban.blueprint.nodes import Mapping, Node, Scalar, Sequence
from giban.blueprint.paths import Path
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

Words = tuple[str, str]
"""What is wrong, and what to do about it."""

_LONGEST = 60
_BARE_TEXT = re.compile(r"(?:[A-Za-z/][A-Za-z0-9_./-]*|[0-9.]+/[0-9]+)\Z")


def inline(value: Any) -> str:
    """A value as YAML in one line, which a blueprint would read as that value."""
    if isinstance(value, str):
        bare = _BARE_TEXT.match(value) and value.lower() not in scalars.TRUTH and value not in scalars.NULLS
        return value if bare else msgspec.json.encode(value).decode()
    if isinstance(value, bool | int | float) or value is None:
        return msgspec.json.encode(value).decode()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Struct):
        return inline(_unlike_defaults(value))
    return "[" + ", ".join(inline(item) for item in value) + "]"


def _unlike_defaults(value: Struct) -> dict[str, Any]:
    from giban.blueprint.shapes import defaults_of

    defaults = defaults_of(type(value))
    said = {name: getattr(value, field.attribute) for name, field in fields_of(type(value)).items()}
    return {name: item for name, item in said.items() if name not in defaults or defaults[name] != item}


def either(parts: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = list(parts)
    return f"{', '.join(first)} or {last}" if first else last


def example_of(shape: Shape) -> Any:
    """A value that one might write here, None when the types give none."""
    if shape.rules.examples:
        return shape.rules.examples[0]
    match shape:
        case Choice(values=values):
            return values[0]
        case Flag():
            return True
        case Day():
            return datetime.date(2027, 3, 31)
        case Whole() | Number():
            return None if shape.rules.ge is None else int(shape.rules.ge)
        case ListOf(item=item):
            example = example_of(item)
            return None if example is None else [example]
        case Keys(type=type_):
            needed = {name: example_of(field.shape) for name, field in fields_of(type_).items() if field.required}
            return None if not needed or None in needed.values() else needed
        case OneOf(options=options):
            return next((found for option in options if (found := example_of(option)) is not None), None)
    return None


def takes(shape: Shape) -> str:
    """What a shape takes: `a whole number from 1 to 4`."""
    rules = shape.rules
    match shape:
        case Text():
            return "text"
        case Whole():
            return "a whole number" + _range(rules)
        case Number():
            return "a number" + _range(rules)
        case Flag():
            return "true or false"
        case Day():
            return "a date (2027-03-31)"
        case Nothing():
            return "nothing"
        case Choice(values=values):
            return either(inline(value) for value in values)
        case ListOf(item=item):
            return f"a list of {_several(item)}"
        case MapOf(value=value):
            return f"a mapping of names to {_several(value)}"
        case Keys(type=type_):
            names = list(fields_of(type_))
            return "a mapping with the keys " + ", ".join(names[:6]) + ("…" if len(names) > 6 else "")
        case OneOf(options=options):
            return either(takes(option) for option in options if not isinstance(option, Nothing))
    return "anything"


def _several(shape: Shape) -> str:
    match shape:
        case Text():
            return "texts"
        case Whole():
            return "whole numbers" + _range(shape.rules)
        case Keys():
            return "mappings"
        case Free():
            return "values"
        case MapOf():
            return "mappings"
    return takes(shape)


def _range(rules: Rules) -> str:
    if rules.ge is not None and rules.le is not None:
        return f" from {rules.ge:.15g} to {rules.le:.15g}"
    if rules.ge is not None:
        return f", {rules.ge:.15g} or more"
    return f", {rules.le:.15g} or less" if rules.le is not None else ""


def found(node: Node) -> str:
    """What a node is: `the text "abc"`."""
    if isinstance(node, Mapping):
        return "a mapping (`key: value`)"
    if isinstance(node, Sequence):
        return "a list"
    if node.is_null:
        return "no value"
    if node.plain and node.text.lower() in scalars.TRUTH:
        return node.text
    if node.plain and scalars.read_number(node.text) is not None:
        return f"the number {node.text}"
    return f"the text {shortened(node.text)}"


def shortened(text: str) -> str:
    """Text in quotes, cut when it is long."""
    return '"' + (text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…").replace("\n", "\\n") + '"'


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    if len(word) > _LONGEST:
        return None
    by_lower = {candidate.lower(): candidate for candidate in known}
    lower = word.lower()
    for variant in (lower, lower.replace("-", "_"), lower.replace("_", "-"), f"{lower}s", lower.removesuffix("s")):
        if variant in by_lower:
            return by_lower[variant]
    match = difflib.get_close_matches(lower, by_lower, n=3, cutoff=0.6)
    # Two letters in the wrong order are the commonest slip: `prot` is `port`, though `spot` is as close.
    match.sort(key=lambda close: sorted(close) != sorted(lower))
    return by_lower[match[0]] if match else None


def unknown_key(key: str, type_: type[Struct]) -> Words:
    """A key that the Struct does not have."""
    fields = fields_of(type_)
    what = f"There is no key {shortened(key)} here."
    meant = closest(key, fields)
    if meant is not None:
        return what, f'Did you mean "{meant}"?'
    for name, field in fields.items():
        for option in _options(field.shape):
            if isinstance(option, Keys) and key in fields_of(option.type):
                return what, f"It belongs under {name}: `{name}: {{{key}: …}}`."
    return what, f"Possible here: {', '.join(fields)}."


def missing_key(field: Field) -> Words:
    """A key that has to be there."""
    example = example_of(field.shape)
    add = f"Add `{field.name}: {inline(example)}`" if example is not None else f"Add {field.name}, {takes(field.shape)}"
    meaning = f" ({field.description.rstrip('.')})" if field.description else ""
    return f'The key "{field.name}" is missing.', f"{add}{meaning}."


def wrong_length(length: int, shape: Shape, path: Path) -> Words:
    """A list, mapping or text that is too short or too long."""
    rules = shape.rules
    unit = "characters" if isinstance(shape, Text) else "entries"
    if rules.min_length is not None and length < rules.min_length:
        what = "This is empty." if length == 0 else f"This has {length} {unit}, fewer than {rules.min_length}."
        return what, f"Write at least {rules.min_length}{_for_example(shape, path)}."
    return f"This has {length} {unit}, more than {rules.max_length}.", f"Write at most {rules.max_length}."


def mismatch(node: Node, shape: Shape, path: Path) -> Words:
    """A value that is not what the shape takes."""
    options = _options(shape)
    if isinstance(node, Scalar):
        if node.is_null:
            return "There is no value here.", f"Write {takes(shape)}{_for_example(shape, path)}."
        singles = [option for option in options if not isinstance(option, Keys | MapOf | ListOf | Nothing)]
        others = [takes(option) for option in options if isinstance(option, Keys | MapOf | ListOf)]
        for option in options:
            if isinstance(option, Keys) and node.text in fields_of(option.type):
                example = example_of(fields_of(option.type)[node.text].shape)
                shown = inline({node.text: example}) if example is not None else f"{{{node.text}: …}}"
                written = f"{_last(path)}: {shown}" if path else shown[1:-1]
                return f'"{node.text}" is a key of a mapping here.', f"Write `{written}`."
        if len(singles) == 1:
            what, fix = _scalar_mismatch(node, singles[0], path)
            return what, fix.rstrip(".") + f"; or write {either(others)}." if others else fix
        if not singles and any(isinstance(option, ListOf) for option in options):
            item = inline(node.text) if not node.plain else node.text
            return (
                f"Expected {takes(shape)}, found {found(node)}.",
                f"Put it in brackets to make a list of one: [{item[:_LONGEST]}].",
            )
    fix = f"Write {takes(shape)}{_for_example(shape, path)}."
    if isinstance(node, Sequence) and any(isinstance(option, MapOf | Keys) for option in options):
        fix = "Write `key: value` lines without the dashes" + (_for_example(shape, path) or "") + "."
    return f"Expected {takes(shape)}, found {found(node)}.", fix


def _scalar_mismatch(node: Scalar, shape: Shape, path: Path) -> Words:
    text, rules = node.text, shape.rules
    expected = f"Expected {takes(shape)}, found {found(node)}."
    match shape:
        case Whole() | Number():
            number = scalars.read_whole(text) if isinstance(shape, Whole) else scalars.read_number(text)
            if number is not None and not node.plain:
                return expected, f"Remove the quotes: {text}"
            if number is not None:
                if rules.ge is not None and number < rules.ge:
                    return f"{text} is less than {rules.ge:.15g}.", f"Write {takes(shape)}."
                return f"{text} is more than {rules.le:.15g}.", f"Write {takes(shape)}."
            return expected, _number_hint(text) or f"Write {takes(shape)}{_for_example(shape, path)}."
        case Flag():
            if text.lower() in scalars.TRUTH:
                return expected, "Remove the quotes."
            meant = {"1": "true", "0": "false", "y": "true", "n": "false"}.get(text.lower())
            return expected, f"Write {meant}." if meant else "Write true or false."
        case Choice(values=values):
            words = [value for value in values if isinstance(value, str)]
            meant = closest(text, words)
            if meant is not None:
                return f"{shortened(text)} is not possible here.", f'Did you mean "{meant}"? Possible: {takes(shape)}.'
            if not node.plain and any(not isinstance(value, str) and inline(value) == text for value in values):
                return expected, f"Remove the quotes: {text}"
            return f"Not possible here: {found(node)}.", f"Write {takes(shape)}."
        case Day():
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                return f"There is no day {text}.", "Write a date of the calendar: year-month-day."
            return expected, "Write year-month-day with two digits each: 2027-03-31."
        case Text():
            if rules.pattern is None:
                return wrong_length(len(text), shape, path)
            meaning = rules.meaning or f"It has to match {rules.pattern}"
            example = f" For example {inline(example_of(shape))}." if rules.examples else ""
            return f"{shortened(text)} is not possible here.", f"Expected: {meaning.rstrip('.')}.{example}"
    return expected, f"Write {takes(shape)}."


def _number_hint(text: str) -> str:
    if len(text) > scalars.MAX_DIGITS:
        return f"A number has at most {scalars.MAX_DIGITS} digits."
    if re.fullmatch(r"[-+]?0[0-9]+", text):
        octal = f" (or {int(text, 8)}, if it was meant octal)" if re.fullmatch(r"[-+]?0[0-7]+", text) else ""
        return f"Write {int(text)}, without the zero before it{octal}."
    if re.fullmatch(r"[-+]?0[xX][0-9a-fA-F]+|[-+]?0[oO][0-7]+|[-+]?0[bB][01]+", text):
        return f"Write it in decimal digits: {int(text, 0)}."
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+", text):
        return f"Write it without commas: {text.replace(',', '')}."
    unit = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]+)", text)
    if unit is not None:
        return f"Write the number alone: {unit[1]}."
    if scalars.read_number(text) is not None:
        return "Write a number without a fraction."
    return ""


def _options(shape: Shape) -> tuple[Shape, ...]:
    return shape.options if isinstance(shape, OneOf) else (shape,)


def _last(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _for_example(shape: Shape, path: Path) -> str:
    example = example_of(shape)
    if example is None or isinstance(shape, Flag | Choice | Day):
        return ""
    prefix = f"{path[-1]}: " if path and isinstance(path[-1], str) else "- " if path else ""
    return f", for example `{prefix}{inline(example)}`"
