"""What many checks ask: is this one resource or many, which resources does a list name, is the list all of them?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from giban.checks.values import listed, made_dynamically
from giban.graph.graph import Graph
from giban.graph.refs import expressions
from giban.graph.resource import Resource

Answer = TypeVar("Answer")

_ONE = re.compile(r"\$\{\s*([a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)\.(?:id|arn|name|subnet_id|vpc_id)\s*\}")


def once_per_graph(make: Callable[[Graph], Answer]) -> Callable[[Graph], Answer]:
    """Keep what is derived from a graph for as long as the graph: several checks ask for the same index."""
    kept: WeakKeyDictionary[Graph, Answer] = WeakKeyDictionary()

    def answer(graph: Graph) -> Answer:
        if graph not in kept:
            kept[graph] = make(graph)
        return kept[graph]

    return answer


class Named(msgspec.Struct, frozen=True):
    """The resources that an argument names. `complete` says that they are all, each written out as one."""

    resources: tuple[Resource, ...] = ()
    complete: bool = True

    @property
    def known(self) -> tuple[Resource, ...]:
        """The resources that stand for one thing each; those made by `count` or `for_each` are left out."""
        return tuple(resource for resource in self.resources if not multiplied(resource))


def multiplied(resource: Resource) -> bool:
    """Whether `count` or `for_each` make one resource into an unknown number of them."""
    return "count" in resource.meta or "for_each" in resource.meta


def named(graph: Graph, resource: Resource, *path: str) -> Named:
    """The managed resources that an argument names: `named(graph, group, "vpc_zone_identifier")`."""
    return named_by(graph, resource, resource.value(*path), made_dynamically(resource, path[0]))


def named_by(graph: Graph, resource: Resource, value: Any, partial: bool = False) -> Named:
    """The managed resources that a value inside `resource` names."""
    found: dict[str, Resource] = {}
    complete = not partial
    for item in listed(value):
        one = _ONE.fullmatch(item) if isinstance(item, str) else None
        target = resource.stack.resources.get(one[1]) if one else None
        if target is not None and target.mode == "managed":
            found[target.address] = target
            complete = complete and not multiplied(target)
        else:
            complete = False
            for other in graph.targets(resource, item):
                if other.mode == "managed":
                    found[other.address] = other
    return Named(tuple(found.values()), complete)


def together(parts: list[Named]) -> Named:
    """Several arguments that name things of one kind, as one."""
    found = {resource.key: resource for part in parts for resource in part.resources}
    return Named(tuple(found.values()), all(part.complete for part in parts))


def only(found: Named, *types: str) -> Named:
    """The resources of these types; others there make it incomplete, for what they stand for is not known."""
    kept = tuple(resource for resource in found.resources if resource.type in types)
    return Named(kept, found.complete and len(kept) == len(found.resources))


def dangling(resource: Resource, value: Any) -> str | None:
    """The address that a value names although nothing in the root has it; None when all is there."""
    from giban.graph.refs import find_refs

    for ref in find_refs(value):
        if ref.address.startswith(("aws_", "data.aws_")) and ref.address not in resource.stack.resources:
            return ref.address
    return None


def passed_out(resource: Resource) -> bool:
    """Whether an output hands the resource on, so that somebody outside this root may attach things to it."""
    address = resource.address
    return any(
        re.search(rf"(?<![\w.-]){re.escape(address)}(?![\w-])", expression)
        for output in resource.stack.outputs.values()
        for text in listed(output.get("value"))
        if isinstance(text, str)
        for expression in expressions(text)
    )


def names(resources: tuple[Resource, ...] | list[Resource], most: int = 3) -> str:
    """Addresses for a message: "aws_subnet.a, aws_subnet.b and 4 more"."""
    addresses = sorted({resource.address for resource in resources})
    if len(addresses) <= most:
        return ", ".join(addresses[:-1]) + (" and " if len(addresses) > 1 else "") + addresses[-1] if addresses else ""
    return f"{', '.join(addresses[:most])} and {len(addresses) - most} more"
