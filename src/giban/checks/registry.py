"""How a check is declared and found: a decorator, and a walk over the files of `rules/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

import msgspec

from giban.graph.graph import Graph
from giban.graph.problems import Position
from giban.graph.resource import Resource

Severity = Literal["error", "warning", "notice"]
"""`error`: it will not work, is open to strangers, or loses data. `warning`: it will hurt some day.
`notice`: worth knowing."""

Hit = tuple[Resource, str]
"""What a check function yields: the resource, and one sentence saying what is wrong with this very resource."""

Function = Callable[[Graph], Iterable[Hit]]


class Check(msgspec.Struct, frozen=True):
    """A declared check. `fix` says in one sentence what to do; the docstring holds the whole page.

    `relaxed` checks are about availability and protection that a development stage does without: there they are notices.
    """

    id: str
    severity: Severity
    family: str
    fix: str
    function: Function
    relaxed: bool = False

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")

    @property
    def name(self) -> str:
        """The function's name with dashes: `nat-route-into-another-zone`."""
        return self.function.__name__.replace("_", "-")


class Finding(msgspec.Struct, frozen=True):
    """Something a check found: which check, on which resource, what, and what to do about it."""

    check: str
    severity: Severity
    resource: str
    stack: str
    component: str
    message: str
    fix: str
    where: Position | None = None
    waived: str | None = None
    """The reason of the waiver that covers it; None when it counts."""


_CHECKS: dict[str, Check] = {}


def check(id_: str, severity: Severity, *, fix: str, relaxed: bool = False) -> Callable[[Function], Function]:
    """Declare a check. The family is the file's name; IDs are never reused."""

    def declare(function: Function) -> Function:
        if id_ in _CHECKS:
            raise ValueError(f"{id_} is declared twice: {_CHECKS[id_].name} and {function.__name__}")
        family = function.__module__.rsplit(".", 1)[-1]
        _CHECKS[id_] = Check(id_, severity, family, fix, function, relaxed)
        return function

    return declare


def all_checks() -> list[Check]:
    """Every declared check, by ID."""
    from importlib import import_module
    from pkgutil import iter_modules

    from giban.checks import rules

    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")
    return [_CHECKS[id_] for id_ in sorted(_CHECKS)]


def run(graph: Graph, checks: Iterable[Check] | None = None) -> list[Finding]:
    """Run checks (all of them by default) over a graph; findings by place in the text, then check and address.

    What is only found because of a patch is found where the patch is written.
    """
    chosen = all_checks() if checks is None else list(checks)
    found = {finding for item in chosen for finding in _findings(item, graph)}
    patched = {resource.key: resource.patch for resource in graph if resource.patch is not None}
    suspects = {finding for finding in found if (finding.stack, finding.resource) in patched}
    if suspects:
        names = {finding.check for finding in suspects}
        with _unpatched(graph) as before:
            there = {finding for item in chosen if item.id in names for finding in _findings(item, before)}
        for finding in suspects - there:
            patch = patched[finding.stack, finding.resource]
            found.remove(finding)
            found.add(msgspec.structs.replace(finding, where=patch.origin or finding.where))
    return in_order(found)


@contextmanager
def _unpatched(graph: Graph) -> Iterator[Graph]:
    """The same environment as it was generated, without patches, for as long as the context lasts."""
    changed = [(resource, resource.patch) for resource in graph if resource.patch is not None]
    kept = [(resource, resource.args, resource.meta) for resource, _ in changed]
    try:
        for resource, patch in changed:
            resource.args, resource.meta = patch.args, patch.meta
        yield Graph(graph.name, graph.stacks, graph.environment, graph.stage)
    finally:
        for resource, args, meta in kept:
            resource.args, resource.meta = args, meta


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by place in the text, those without a place last; then by check and address."""
    return sorted(findings, key=lambda f: (f.where or Position("~", 0, 0), f.check, f.stack, f.resource, f.message))


def _findings(item: Check, graph: Graph) -> Iterator[Finding]:
    severity: Severity = "notice" if item.relaxed and graph.stage == "development" else item.severity
    for resource, message in item.function(graph):
        yield Finding(
            check=item.id,
            severity=severity,
            resource=resource.address,
            stack=resource.stack.key,
            component=resource.component,
            message=message,
            fix=item.fix,
            where=resource.origin,
        )
