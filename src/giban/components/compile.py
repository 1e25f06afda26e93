"""Blueprint to graph: every component expands, then raw Terraform and patches, then references are checked.

1. Each module of this package with `expand(env)` adds its resources; parts are made when the first one asks.
   Then those with `finish(env)` add what looks at all that is there (alarms).
2. `terraform:` adds what is not generated; `patch:` changes what is.
3. Every reference must lead to a resource and an attribute that exist (`written`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from giban.blueprint.types import Blueprint
from giban.components.environment import Environment
from giban.components.raw import add_raw, apply_patches
from giban.components.state import backend
from giban.components.written import problems_of, unknown_address
from giban.graph.graph import Graph
from giban.graph.problems import Position, Problem, Problems
from giban.graph.stack import AddressTakenError

ROOT_FINDINGS = ("provider.aws", "terraform.backend")
"""What findings about a whole root name instead of a resource (`checks.roots`)."""


def compile_graph(
    blueprint: Blueprint,
    environment: str | None,
    positions: Mapping[tuple[str | int, ...], Position],
    folder: str = "",
) -> Graph:
    """The graph of a validated blueprint that lies in `folder`. Raises Problems with everything that is wrong."""
    env = Environment(blueprint, environment, positions, folder)
    try:
        for expand in _components("expand"):
            expand(env)
        for finish in _components("finish"):
            finish(env)
    except AddressTakenError as error:
        there = error.there
        names = " and ".join(name for name in (there.component, error.component) if name)
        what = f"{names} both need the address `{there.address}`."
        raise Problems([Problem(what, "Rename one of them.", error.origin, error.component)]) from None
    stacks = [stack for stack in (env.globe, env.region) if stack.resources]
    problems = env.problems + add_raw(env) + apply_patches(env, stacks)
    graph = Graph(blueprint.name, stacks, environment, env.stage)
    problems += problems_of(env, stacks)
    problems += _waivers(env, graph)
    if problems:
        raise Problems(problems)
    for stack in stacks:
        stack.backend = backend(env, stack)
    return graph


def _components(step: str) -> Iterator[Callable[[Environment], None]]:
    """`expand` (or `finish`) of every module here that has one. The order is that of the names and does not matter to the result:
    what one component needs of another is made on demand."""
    from importlib import import_module
    from pkgutil import iter_modules

    import giban.components as package

    for module in iter_modules(package.__path__):
        function = getattr(import_module(f"{package.__name__}.{module.name}"), step, None)
        if function is not None:
            yield function


def _waivers(env: Environment, graph: Graph) -> list[Problem]:
    """Waivers for resources that are not there: a typing error that would silently waive nothing."""
    known = [*ROOT_FINDINGS, *(resource.address for resource in graph.managed)]
    return [
        unknown_address(
            waiver.resource, known, env.position("waivers", index, "resource"), f"waivers[{index}].resource"
        )
        for index, waiver in enumerate(env.blueprint.waivers)
        if waiver.resource not in known
    ]
