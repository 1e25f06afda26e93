"""All stacks of an environment, and the few questions that checks, cost and picture ask of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.graph.refs import find_refs
from giban.graph.resource import Resource
from giban.graph.stack import Stack


class Graph:
    """The whole environment: one stack per region plus `global`. Read-only once built; indexes are made on first use.

    `stage` is "production" or "development"; in development some findings count less.
    """

    def __init__(
        self, name: str, stacks: list[Stack], environment: str | None = None, stage: str = "production"
    ) -> None:
        self.name = name
        self.environment = environment
        self.stage = stage
        self.stacks = stacks
        self._by_type: dict[tuple[str, str], list[Resource]] | None = None
        self._referrers: dict[tuple[str, str], list[Resource]] | None = None
        self._targets: dict[tuple[str, str], list[Resource]] = {}

    def __iter__(self) -> Iterator[Resource]:
        """Every resource and data source, by stack and address."""
        for stack in self.stacks:
            for address in sorted(stack.resources):
                yield stack.resources[address]

    def __len__(self) -> int:
        return sum(len(stack.resources) for stack in self.stacks)

    @property
    def managed(self) -> list[Resource]:
        """Every resource that Terraform makes (no data sources), by stack and address."""
        return [resource for resource in self if resource.mode == "managed"]

    def all(self, *types: str, mode: str = "managed") -> list[Resource]:
        """The resources of these types, by stack and address."""
        if self._by_type is None:
            self._by_type = {}
            for resource in self:
                self._by_type.setdefault((resource.mode, resource.type), []).append(resource)
        if len(types) == 1:
            return self._by_type.get((mode, types[0]), [])
        found = [r for type_ in types for r in self._by_type.get((mode, type_), [])]
        return sorted(found, key=lambda resource: resource.key)

    def get(self, address: str, stack_key: str | None = None) -> Resource | None:
        """The resource at an address; the first stack that has it when `stack_key` is not given."""
        for stack in self.stacks:
            if stack_key in (None, stack.key) and address in stack.resources:
                return stack.resources[address]
        return None

    def follow_all(self, resource: Resource, *path: str) -> list[Resource]:
        """The resources that an argument of `resource` refers to (all its arguments when no path is given)."""
        if not path:
            cached = self._targets.get(resource.key)
            if cached is None:
                cached = self._targets[resource.key] = self.targets(resource, [resource.args, resource.meta])
            return cached
        return self.targets(resource, resource.value(*path))

    def follow(self, resource: Resource, *path: str) -> Resource | None:
        """The first resource that an argument refers to: `graph.follow(subnet, "vpc_id")`; None when it names none."""
        return next(iter(self.follow_all(resource, *path)), None)

    def targets(self, resource: Resource, value: Any) -> list[Resource]:
        """The resources that a nested value found inside `resource` refers to, without repeats, in order."""
        found: dict[str, Resource] = {}
        for ref in find_refs(value):
            target = resource.stack.resources.get(ref.address)
            if target is not None:
                found[ref.address] = target
        return list(found.values())

    def referrers(self, resource: Resource, *types: str) -> list[Resource]:
        """Who refers to `resource`, of these types (of any when none is given), by address."""
        if self._referrers is None:
            self._referrers = {}
            for source in self:
                for target in self.follow_all(source):
                    self._referrers.setdefault(target.key, []).append(source)
        found = self._referrers.get(resource.key, [])
        return [source for source in found if source.type in types] if types else found
