"""What components share: names, stage, stacks, positions, and parts that are made once on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from zlib import crc32

from giban.blueprint.defaults import Stage, domain_of, stage_of
from giban.blueprint.regions import ZONES
from giban.blueprint.types import Blueprint
from giban.graph import schema
from giban.graph.problems import Position, Problem
from giban.graph.resource import Resource
from giban.graph.stack import Stack

T = TypeVar("T")

GLOBAL_REGION = "us-east-1"
"""Where Route 53, CloudFront certificates and budgets have their home."""


class Environment:
    """One environment being compiled: the blueprint, its stacks, and the parts that are there already."""

    def __init__(
        self,
        blueprint: Blueprint,
        environment: str | None,
        positions: Mapping[tuple[str | int, ...], Position],
        folder: str = "",
    ) -> None:
        self.folder = folder
        """Where the blueprint lies; what it names beside itself is looked for there."""
        self.problems: list[Problem] = []
        """What components find wrong that validation cannot see, such as a folder that is not there."""
        self.blueprint = blueprint
        self.environment = environment
        self.positions = positions
        self.stage: Stage = stage_of(blueprint, environment)
        self.prefix = f"{blueprint.name}-{environment}" if environment else blueprint.name
        self.region_name = blueprint.regions[0]
        self.zones = ZONES[self.region_name][: blueprint.network.zones]
        self.domain = domain_of(blueprint)
        tags = {
            "Project": blueprint.name,
            "Environment": environment or "default",
            "Stage": self.stage,
            "ManagedBy": "terraform",
            **({"Owner": blueprint.owner} if blueprint.owner else {}),
            **blueprint.tags,
        }
        self.region = Stack(self.region_name, self.region_name, tags)
        self.globe = Stack("global", GLOBAL_REGION, tags)
        self.parts: dict[Any, Any] = {}

    @property
    def production(self) -> bool:
        """Whether defaults lean to availability and protection rather than to price."""
        return self.stage == "production"

    def position(self, *path: str | int) -> Position | None:
        """Where a key stands in the text; its nearest parent when it is a default."""
        while path:
            if path in self.positions:
                return self.positions[path]
            path = path[:-1]
        return None

    def scope(self, *path: str, label: str | None = None, was: str | None = None, stack: Stack | None = None) -> Scope:
        """The scope of a component: `env.scope("services", "web")`."""
        return Scope(self, path, label or path[-1], was, stack or self.region)

    @property
    def account_id(self) -> str:
        """The account's number, as an expression."""
        stack = self.region
        account = stack.data("aws_caller_identity", "current", component="identity")
        return str(account.account_id)


class Scope:
    """One component's view: adds resources under its own label, physical name, component name and position.

    With `was`, every resource is also declared as moved from its old label, and keeps its name in AWS.
    """

    def __init__(self, env: Environment, path: tuple[str, ...], label: str, was: str | None, stack: Stack) -> None:
        self.env = env
        self.component = ".".join(path)
        self.origin = env.position(*path)
        self.label = identifier(label)
        self.was = identifier(was) if was else None
        self.stack = stack
        self.name = f"{env.prefix}-{was or label}"
        """Its name in AWS."""

    def add(self, type_: str, suffix: str = "", /, **args: Any) -> Resource:
        """Add `type_` as `<label>` or `<label>_<suffix>`; taggable types get the tag Name unless `tags` are given."""
        label = f"{self.label}_{suffix}" if suffix else self.label
        if "tags" not in args and _taggable(type_):
            args["tags"] = {"Name": f"{self.name}-{suffix.replace('_', '-')}" if suffix else self.name}
        resource = self.stack.add(type_, label, component=self.component, origin=self.origin, **args)
        if self.was:
            old = f"{self.was}_{suffix}" if suffix else self.was
            self.stack.moved.append((f"{type_}.{old}", resource.address))
        return resource

    def data(self, type_: str, label: str, /, **args: Any) -> Resource:
        """Add (or find) a data source; data sources are shared, so the label is given whole."""
        return self.stack.data(type_, label, component=self.component, origin=self.origin, **args)


def _taggable(type_: str) -> bool:
    known = schema.lookup(type_)
    return known is not None and "tags" in known.args


def part(function: Callable[..., T]) -> Callable[..., T]:
    """Make what the function makes once per environment (and further arguments); later calls return the same."""

    @wraps(function)
    def once(env: Environment, *args: Any) -> T:
        key = (function, *args)
        if key not in env.parts:
            env.parts[key] = function(env, *args)
        found: T = env.parts[key]
        return found

    return once


def identifier(name: str) -> str:
    """A name as a Terraform label: dashes become underscores."""
    return name.replace("-", "_")


def fit(name: str, limit: int) -> str:
    """The name, cut to `limit` characters with a checksum at the end when it is longer.

    Load balancers and target groups allow 32 (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/),
    IAM roles 64.
    """
    if len(name) <= limit:
        return name
    return f"{name[: limit - 7].rstrip('-')}-{checksum(name)[:6]}"


def checksum(text: str) -> str:
    """Eight hexadecimal digits that stay the same for the same text."""
    return f"{crc32(text.encode()):08x}"
