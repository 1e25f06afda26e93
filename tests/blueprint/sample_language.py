"""A small language that uses every kind of type the decoder knows, and helpers that read it."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from giban.blueprint.decode import Attempt, attempt, decode
from giban.blueprint.nodes import Mapping, parse
from giban.graph.problems import Position, Problem, Problems

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", description="Lower-case letters.", examples=["web"])]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all."""


class Scale(Section, frozen=True, kw_only=True):
    """How many."""

    min: Annotated[int, Meta(ge=1, le=500, description="Fewest.")] = 1
    max: Annotated[int, Meta(ge=1, le=500, description="Most.")] = 3


class Machine(Section, frozen=True, kw_only=True):
    """A service on machines."""

    kind: Literal["machine"]
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    scale: Scale = Scale()
    env: dict[str, str] = {}
    uses: list[str] = []


class Function(Section, frozen=True, kw_only=True):
    """A service on functions."""

    kind: Literal["function", "job"]
    memory: int = 128


class Door(Section, frozen=True, kw_only=True):
    """A way in."""

    allow: Annotated[list[str], Meta(min_length=1, examples=[["203.0.113.0/24"]])]


class Access(Section, frozen=True, kw_only=True):
    """Ways in."""

    door: Door | None = None


class Page(Section, frozen=True, kw_only=True):
    """The whole."""

    name: Annotated[Name, Meta(description="What it is called.")]
    version: Annotated[str, Meta(pattern=r"^\d+(\.\d+)?$", description="Digits and dots.")] = "1"
    ratio: Annotated[float, Meta(ge=0, le=1)] = 0.5
    on: bool = True
    until: datetime.date | None = None
    days: Literal[1, 7, 30] = 7
    mode: Literal["none", "single", "per-zone"] = "single"
    access: Literal["closed"] | Access = "closed"
    wall: bool | Scale = True
    domain: str | Door | None = None
    services: dict[Name, Machine | Function] = {}
    waivers: Annotated[list[Scale], Meta(max_length=3)] = []
    type_: str = field(name="type", default="x")
    patch: dict[str, dict[str, Any]] = {}
    free: Any = None


def page(text: str) -> Page:
    """The page that YAML text after `name: web` says."""
    node = parse(f"name: web\n{text}", "t.yaml")
    assert node is not None
    return decode(node, Page)[0]


def tried(text: str) -> Attempt[Page]:
    """What came of decoding a whole text."""
    return attempt(parse(text, "t.yaml") or Mapping({}, Position("t.yaml", 1, 1)), Page)


def problems_of(text: str) -> list[Problem]:
    """What is wrong with a whole text, syntax or values."""
    try:
        return sorted(tried(text).problems, key=Problem.sort_key)
    except Problems as error:
        return error.problems


def only(text: str) -> str:
    """The only problem of a whole text, as it is printed."""
    problems = problems_of(text)
    assert len(problems) == 1, [str(problem) for problem in problems]
    return str(problems[0])
