"""The reference of the language as Markdown (docs/blueprint.md), from the same types that read a blueprint."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from giban.blueprint.shapes import (
    Choice,
    Field,
    Free,
    Keys,
    ListOf,
    MapOf,
    Nothing,
    OneOf,
    Shape,
    Text,
    defaults_of,
    fields_of,
)
from giban.blueprint.words import either, inline, takes

Section = tuple[str, type[Struct]]


def reference(root: type[Struct]) -> str:
    """One table for each section: key, type, default, meaning. Ends with a line break."""
    sections = _sections(root)
    anchors: dict[type[Struct], str] = {}
    for name, type_ in sections:
        anchors.setdefault(type_, name)
    return "\n".join(_section(name, type_, anchors) for name, type_ in sections)


def _sections(root: type[Struct]) -> list[Section]:
    """Every Struct once, with the path under which it is met first, in the order of the text."""
    sections: list[Section] = []
    seen: set[type[Struct]] = set()

    def visit(name: str, type_: type[Struct]) -> None:
        if type_ in seen:
            return
        seen.add(type_)
        sections.append((name, type_))
        for field in fields_of(type_).values():
            for suffix, inner in _structs(field.shape, ""):
                visit(f"{name}.{field.name}{suffix}" if name else f"{field.name}{suffix}", inner)

    visit("", root)
    return sections


def _structs(shape: Shape, suffix: str) -> list[tuple[str, type[Struct]]]:
    match shape:
        case Keys(type=type_):
            return [(suffix, type_)]
        case ListOf(item=item):
            return _structs(item, f"{suffix}[]")
        case MapOf(value=value):
            return _structs(value, f"{suffix}.NAME")
        case OneOf(options=options):
            return [found for option in options for found in _structs(option, suffix)]
    return []


def _section(name: str, type_: type[Struct], anchors: dict[type[Struct], str]) -> str:
    fields, defaults = fields_of(type_), defaults_of(type_)
    kind = fields.get("kind")
    kinds = [f"`kind: {value}`" for value in kind.shape.values] if kind and isinstance(kind.shape, Choice) else []
    title = " with ".join([f"`{name}`", *([either(kinds)] if kinds else [])]) if name else "The whole"
    lines = [f"## {title}", "", " ".join((type_.__doc__ or "").split()), ""]
    lines += ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    lines += [_row(field, defaults.get(field.name), anchors) for field in fields.values()]
    return "\n".join(lines) + "\n"


def _row(field: Field, default: Any, anchors: dict[type[Struct], str]) -> str:
    shown = "**required**" if field.required else _default(default)
    meaning = field.description
    if field.examples:
        meaning += f" Example: `{inline(field.examples[0])}`."
    return f"| `{field.name}` | {_cell(_type(field.shape, anchors))} | {_cell(shown)} | {_cell(meaning.strip())} |"


def _default(default: Any) -> str:
    if default is None:
        return "–"
    text = inline(default)
    return "its own defaults" if isinstance(default, Struct) and text == "{}" else f"`{text}`"


def _type(shape: Shape, anchors: dict[type[Struct], str]) -> str:
    match shape:
        case Choice(values=values):
            return ", ".join(f"`{inline(value)}`" for value in values)
        case Keys(type=type_):
            name = anchors[type_]
            return f"section `{name}`"
        case ListOf(item=item):
            return f"list of {_type(item, anchors)}"
        case MapOf(value=value):
            return f"names to {_type(value, anchors)}"
        case OneOf(options=options):
            return " or ".join(_type(option, anchors) for option in options if not isinstance(option, Nothing))
        case Text(rules=rules) if rules.pattern:
            return f"text like `{rules.pattern}`"
        case Free():
            return "anything"
    return takes(shape)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
