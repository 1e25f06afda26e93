"""What belongs to a whole Terraform root, not to one resource: its state, its provider, its outputs.

A finding needs an address. For these it is `terraform.backend` or `provider.aws`, which no resource can have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.graph.graph import Graph
from giban.graph.refs import find_refs
from giban.graph.resource import Resource
from giban.graph.stack import Stack


def backend_of(stack: Stack) -> Resource:
    """The root's state, as something a finding can point to."""
    return Resource(stack, "managed", "terraform", "backend", stack.backend or {}, {}, "state", None)


def provider_of(stack: Stack) -> Resource:
    """The root's provider, as something a finding can point to."""
    return Resource(stack, "managed", "provider", "aws", {}, {}, "", None)


def exported(resource: Resource) -> bool:
    """Whether an output of the root hands the resource to others, or a module of it gets it."""
    elsewhere = [resource.stack.outputs, resource.stack.extra]
    return any(ref.address == resource.address for ref in find_refs(elsewhere))


def roots(graph: Graph) -> list[Stack]:
    """The stacks that are applied by themselves: not those that another one uses as a module."""
    from posixpath import join, normpath

    used = {
        normpath(join(stack.key, source))
        for stack in graph.stacks
        for source in _values(stack.extra.get("module"), "source")
        if isinstance(source, str) and source.startswith(("./", "../"))
    }
    return [stack for stack in graph.stacks if stack.key not in used and "modules" not in stack.key.split("/")]


def has_backend(stack: Stack) -> bool:
    """Whether the state lies somewhere that others reach: any backend but `local`, or HCP Terraform."""
    settings = stack.extra.get("terraform")
    named = [name for backend in _values(settings, "backend") if isinstance(backend, dict) for name in backend]
    return stack.backend is not None or any(name != "local" for name in named) or any(_values(settings, "cloud"))


def _values(value: Any, key: str) -> Iterator[Any]:
    """Every value of a key in nested data, where blocks may be lists or single objects."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key:
                yield from item if isinstance(item, list) else [item]
            else:
                yield from _values(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, key)
