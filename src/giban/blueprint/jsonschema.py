"""The JSON Schema (draft 2020-12) of the language, from which editors complete and validate.

It takes what the decoder takes in YAML's plain forms: a number where text is expected, a section without a value.
It is no stricter than the decoder, and only a little laxer (what `giban.blueprint.validate` checks is not in it).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from giban.blueprint.shapes import (
    Choice,
    Day,
    Field,
    Flag,
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
    defaults_of,
    fields_of,
)

Schema = dict[str, Any]


def json_schema(root: type[Struct], title: str) -> Schema:
    """The schema of `root`; every Struct has its own entry in `$defs`."""
    definitions: dict[str, Schema] = {}
    _define(root, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$ref": f"#/$defs/{root.__name__}",
        "$defs": dict(sorted(definitions.items())),
    }


def _define(type_: type[Struct], definitions: dict[str, Schema]) -> None:
    if type_.__name__ in definitions:
        return
    schema: Schema = {}
    definitions[type_.__name__] = schema  # before its keys: a type may hold itself
    fields, defaults = fields_of(type_), defaults_of(type_)
    required = [name for name, field in fields.items() if field.required]
    # A section without a value is a section of defaults.
    schema["type"] = "object" if required else ["object", "null"]
    schema["description"] = " ".join((type_.__doc__ or "").split())
    schema["properties"] = {name: _property(field, defaults.get(name), definitions) for name, field in fields.items()}
    schema["additionalProperties"] = False
    if required:
        schema["required"] = required


def _property(field: Field, default: Any, definitions: dict[str, Schema]) -> Schema:
    schema = _schema(field.shape, definitions)
    if field.description:
        schema["description"] = field.description
    if field.examples:
        schema["examples"] = msgspec.to_builtins(field.examples)
    if default is not None and not isinstance(default, Struct):
        schema["default"] = msgspec.to_builtins(default)
    return schema


def _schema(shape: Shape, definitions: dict[str, Schema]) -> Schema:
    rules = shape.rules
    match shape:
        case Text():
            return _text(rules)
        case Whole() | Number():
            kind = "integer" if isinstance(shape, Whole) else "number"
            return _known(type=kind, minimum=rules.ge, maximum=rules.le)
        case Flag():
            return {"type": "boolean"}
        case Day():
            return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
        case Nothing():
            return {"type": "null"}
        case Choice(values=values):
            return {"enum": list(values)}
        case ListOf(item=item):
            return _known(
                type="array" if rules.min_length else ["array", "null"],
                items=_schema(item, definitions),
                minItems=rules.min_length,
                maxItems=rules.max_length,
            )
        case MapOf(key=key, value=value):
            return _known(
                type="object" if rules.min_length else ["object", "null"],
                propertyNames=_known(pattern=key.rules.pattern) or None,
                additionalProperties=_schema(value, definitions),
                minProperties=rules.min_length,
                maxProperties=rules.max_length,
            )
        case Keys(type=type_):
            _define(type_, definitions)
            return {"$ref": f"#/$defs/{type_.__name__}"}
        case OneOf(options=options):
            return _one_of([_schema(option, definitions) for option in options])
    return {}


def _text(rules: Rules) -> Schema:
    """Text; and numbers and truth values where their text would do, because the decoder reads them as text."""
    pattern = re.compile(rules.pattern or "")
    kinds = ["string"]
    if any(pattern.search(text) for text in ("1", "16", "1.5", "2000")):
        kinds.append("number")
    if pattern.search("true"):
        kinds.append("boolean")
    return _known(
        type=kinds[0] if len(kinds) == 1 else kinds,
        pattern=rules.pattern,
        minLength=rules.min_length,
        maxLength=rules.max_length,
    )


def _one_of(schemas: list[Schema]) -> Schema:
    """The options in the form that gives the shortest messages in an editor."""
    null = {"type": "null"}
    if null in schemas and len(schemas) == 2:
        other = next(schema for schema in schemas if schema != null)
        if "enum" in other:
            return {"enum": [*other["enum"], None]}
        if "type" in other:
            kinds = other["type"] if isinstance(other["type"], list) else [other["type"]]
            return {**other, "type": [*kinds, "null"] if "null" not in kinds else kinds}
    return {"anyOf": schemas}


def _known(**entries: Any) -> Schema:
    return {key: value for key, value in entries.items() if value is not None}
