"""From a blueprint's path to a graph: the first half of every command.

1. load      text, overlay and --set become one validated blueprint (`blueprint.load`); every problem at once
2. compile   every component adds its resources to the stacks (`components.compile`)
3. answer    checks, cost, picture and documents are functions of the graph, each called by its command
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from giban.blueprint.load import load
from giban.blueprint.types import Blueprint
from giban.components.compile import compile_graph
from giban.graph.graph import Graph
from giban.graph.problems import Position

if TYPE_CHECKING:
    from giban.checks.waivers import Waiver


class Compiled(msgspec.Struct, frozen=True):
    """A blueprint and what became of it."""

    blueprint: Blueprint
    graph: Graph
    positions: dict[tuple[str | int, ...], Position]
    environment: str | None

    @property
    def waivers(self) -> list[Waiver]:
        """The blueprint's waivers as the checks understand them."""
        from giban.checks.waivers import Waiver

        return [
            Waiver(
                check=waiver.check,
                resource=waiver.resource,
                reason=waiver.reason,
                until=waiver.until,
                where=self.positions.get(("waivers", index)),
            )
            for index, waiver in enumerate(self.blueprint.waivers)
        ]


def compile_blueprint(path: str, environment: str | None = None, sets: Iterable[str] = ()) -> Compiled:
    """Load and compile. Raises Problems with everything that is wrong."""
    loaded = load(path, environment, sets)
    positions = dict(loaded.positions)
    return Compiled(
        blueprint=loaded.blueprint,
        graph=compile_graph(loaded.blueprint, environment, positions, os.path.dirname(path)),
        positions=positions,
        environment=environment,
    )
