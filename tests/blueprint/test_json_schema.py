"""The JSON Schema agrees with the decoder, and everything the language's own types say about themselves is true."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from giban.blueprint.decode import attempt
from giban.blueprint.jsonschema import json_schema
from giban.blueprint.nodes import Mapping, parse
from giban.blueprint.shapes import Keys, ListOf, MapOf, OneOf, Rules, Shape, defaults_of, fields_of
from giban.blueprint.types import Blueprint
from giban.blueprint.words import inline
from giban.graph.problems import Position
from tests.blueprint.sample_language import Page

SCHEMA = json_schema(Page, "A page")
EDITOR = Draft202012Validator(SCHEMA)

TEXTS = st.sampled_from(["x", "web", "16", "1.5", "true", "no", "per-zone", "2027-03-31", "2027-02-30", ""])
SINGLES = (
    st.none() | st.booleans() | TEXTS | st.sampled_from([-1, 0, 1, 2, 7, 501, 0.5, 1.0, 2.5, -0.0, 1e16, 1e300, 1e-7])
)
ANYTHING = st.recursive(SINGLES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2))

NAMES = st.sampled_from(["web", "a-1", "true"])
WORDS = TEXTS | st.booleans() | st.sampled_from([16, 1.5])
SCALES = st.none() | st.fixed_dictionaries(
    {}, optional={"min": st.integers(1, 500), "max": st.sampled_from([1, 2.0, 500])}
)
DOORS = st.fixed_dictionaries({"allow": st.lists(WORDS, min_size=1, max_size=2)})
MACHINES = st.fixed_dictionaries(
    {"kind": st.just("machine")},
    optional={
        "port": st.none() | st.integers(1, 65535),
        "scale": SCALES,
        "env": st.none() | st.dictionaries(TEXTS, WORDS, max_size=2),
        "uses": st.none() | st.lists(WORDS, max_size=2),
    },
)
FUNCTIONS = st.fixed_dictionaries({"kind": st.sampled_from(["function", "job"])}, optional={"memory": st.integers()})
GOOD = st.fixed_dictionaries(
    {"name": NAMES | st.just(True)},
    optional={
        "version": st.sampled_from(["1", "16", "1.10", 16, 1.5]),
        "ratio": st.floats(0, 1),
        "on": st.booleans(),
        "until": st.none() | st.just("2027-03-31"),
        "days": st.sampled_from([1, 7, 30]),
        "mode": st.sampled_from(["none", "single", "per-zone"]),
        "access": st.just("closed") | st.none() | st.fixed_dictionaries({}, optional={"door": st.none() | DOORS}),
        "wall": st.booleans() | SCALES,
        "domain": st.none() | WORDS | DOORS,
        "services": st.none() | st.dictionaries(NAMES, MACHINES | FUNCTIONS, max_size=2),
        "waivers": st.none() | st.lists(SCALES, max_size=3),
        "type": WORDS,
        "patch": st.none()
        | st.dictionaries(TEXTS, st.none() | st.dictionaries(TEXTS, ANYTHING, max_size=2), max_size=2),
        "free": ANYTHING,
    },
)


@st.composite
def pages(draw: st.DrawFn) -> Any:
    """A good page in which up to two things are something else."""
    page = draw(GOOD)
    for _ in range(draw(st.integers(0, 2))):
        inside: Any = page
        keys: list[Any] = list(page)
        while keys:
            key = draw(st.sampled_from(keys))
            below = inside[key]
            deeper: list[Any] = []
            if isinstance(below, dict | list):
                deeper = list(below) if isinstance(below, dict) else list(range(len(below)))
            descend = draw(st.booleans())
            if deeper and descend:
                inside, keys = below, deeper
                continue
            if isinstance(inside, dict) and draw(st.booleans()):
                del inside[key]
                key = draw(TEXTS)
            inside[key] = draw(ANYTHING)
            break
    return page


def problems(data: Any, root: type[msgspec.Struct] = Page) -> list[str]:
    node = parse(json.dumps(data), "t.yaml") or Mapping({}, Position("t.yaml", 1, 1))
    return [str(problem) for problem in attempt(node, root).problems]


@given(GOOD)
def test_good_pages_are_good_for_both(data: Any) -> None:
    assert problems(data) == []
    assert [error.message for error in EDITOR.iter_errors(data)] == []


@given(pages())
def test_what_the_decoder_takes_the_editor_takes(data: Any) -> None:
    if not problems(data):
        assert [error.message for error in EDITOR.iter_errors(data)] == []


@given(pages())
def test_what_the_editor_takes_the_decoder_takes(data: Any) -> None:
    if EDITOR.is_valid(data):
        impossible_dates = [text for text in problems(data) if "There is no day" in text]
        assert problems(data) == impossible_dates


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(json_schema(Blueprint, "A blueprint"))


def test_what_an_editor_shows() -> None:
    definitions = SCHEMA["$defs"]
    assert definitions["Page"]["required"] == ["name"]
    assert definitions["Page"]["additionalProperties"] is False
    assert definitions["Page"]["properties"]["name"] == {
        "type": ["string", "boolean"],
        "pattern": "^[a-z][a-z0-9-]*$",
        "description": "What it is called.",
        "examples": ["web"],
    }
    assert definitions["Page"]["properties"]["mode"] == {"enum": ["none", "single", "per-zone"], "default": "single"}
    assert definitions["Machine"]["properties"]["port"] == {"type": ["integer", "null"], "minimum": 1, "maximum": 65535}
    assert definitions["Scale"]["properties"]["min"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 500,
        "description": "Fewest.",
        "default": 1,
    }


def test_a_schema_is_plain_json_and_always_the_same() -> None:
    assert json.dumps(json_schema(Page, "A page")) == json.dumps(SCHEMA)


def structs(shape: Shape) -> Iterator[type[msgspec.Struct]]:
    """Every Struct that can be met below a shape."""
    match shape:
        case Keys(type=type_):
            yield type_
            for field in fields_of(type_).values():
                yield from structs(field.shape)
        case ListOf(item=inner) | MapOf(value=inner):
            yield from structs(inner)
        case OneOf(options=options):
            for option in options:
                yield from structs(option)


LANGUAGE = sorted({*structs(Keys(Rules(), Blueprint)), *structs(Keys(Rules(), Page))}, key=lambda type_: type_.__name__)


@pytest.mark.parametrize("type_", LANGUAGE, ids=[type_.__name__ for type_ in LANGUAGE])
def test_examples_and_defaults_are_values_of_their_key(type_: type[msgspec.Struct]) -> None:
    schema = json_schema(type_, "x")
    defaults = defaults_of(type_)
    for name, field in fields_of(type_).items():
        values = [(value, False) for value in field.examples]
        if name in defaults:
            values.append((defaults[name], True))
        for value, is_default in values:
            text = f"{name}: {inline(value)}"
            node = parse(text, "t.yaml")
            assert isinstance(node, Mapping)
            result = attempt(node, type_)
            told = [str(problem) for problem in result.problems if f"  {name}\n" in str(problem)]
            assert told == [], text
            if is_default and result.value is not None:
                assert getattr(result.value, field.attribute) == value
            errors = Draft202012Validator(
                {**schema["$defs"][type_.__name__]["properties"][name], "$defs": schema["$defs"]}
            )
            plain = value.isoformat() if isinstance(value, datetime.date) else msgspec.to_builtins(value)
            assert [error.message for error in errors.iter_errors(plain)] == [], text


@pytest.mark.parametrize("type_", LANGUAGE, ids=[type_.__name__ for type_ in LANGUAGE])
def test_every_type_says_what_it_is(type_: type[msgspec.Struct]) -> None:
    assert type_.__doc__


def test_every_key_of_the_language_says_what_it_means() -> None:
    silent = [
        f"{type_.__name__}.{name}"
        for type_ in sorted(set(structs(Keys(Rules(), Blueprint))), key=lambda type_: type_.__name__)
        for name, field in fields_of(type_).items()
        if not field.description
    ]
    assert silent == []
