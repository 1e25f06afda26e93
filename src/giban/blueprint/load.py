"""From a path to a validated blueprint: read, lay overlays over it, decode, validate. Every problem at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from msgspec import Struct

from giban.blueprint.decode import Attempt, attempt
from giban.blueprint.nodes import MAX_BYTES, Mapping, Node, parse
from giban.blueprint.overlay import merge, set_values
from giban.blueprint.paths import Positions, path_text
from giban.blueprint.types import Blueprint
from giban.graph.problems import Position, Problem, Problems

ENVIRONMENTS = "environments"
"""The folder beside a blueprint that holds one overlay for each environment."""

Read = Callable[[str], bytes]


class Loaded(Struct, frozen=True):
    """A blueprint without problems, and where everything in it was written."""

    blueprint: Blueprint
    positions: Positions
    files: tuple[str, ...]
    """The files that were read, the blueprint first."""
    environment: str | None


def read_file(path: str) -> bytes:
    """The content of a file, cut a byte after the largest text that is taken. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def load(path: str, environment: str | None = None, sets: Iterable[str] = (), read: Read = read_file) -> Loaded:
    """The blueprint at `path` with environments/<environment>.yaml and the settings of `--set` laid over it.

    Raises Problems: syntax errors of all files together; then everything that is wrong with the values.
    """
    node, files = read_nodes(path, environment, sets, read)
    result = attempt(node, Blueprint)
    problems = list(result.problems)
    if result.value is not None:
        from giban.blueprint.validate import validate

        found = validate(result.value, result.positions, environment)
        problems += _without_echoes(found, result) if problems else found
    if problems or result.value is None:
        raise Problems(problems)
    return Loaded(result.value, result.positions, files, environment)


def read_nodes(
    path: str, environment: str | None, sets: Iterable[str], read: Read = read_file
) -> tuple[Node, tuple[str, ...]]:
    """The merged tree and the files it came from. Raises Problems."""
    problems: list[Problem] = []
    files = [path]
    base: Node | None = None
    try:
        base = _read(path, read, "Write one, or make one with `giban new`.")
        if base is None:
            what = "The blueprint is empty."
            problems.append(
                Problem(what=what, fix="Begin with `name:` and `regions:`, or `giban new`.", where=Position(path, 1, 1))
            )
    except Problems as error:
        problems += error.problems
    overlay: Node | None = None
    if environment is not None:
        try:
            overlay_path = _overlay_path(path, environment)
            files.append(overlay_path)
            overlay = _read(overlay_path, read, _existing(path))
        except Problems as error:
            problems += error.problems
    node = base if base is not None else Mapping({}, Position(path, 1, 1))
    if overlay is not None:
        if isinstance(overlay, Mapping):
            node = merge(node, overlay)
        else:
            problems.append(
                Problem(
                    what="An environment is a mapping of what differs from the blueprint; this is not one.",
                    fix="Write keys of the blueprint, for example `network: {nat: single}`.",
                    where=overlay.position,
                )
            )
    try:
        node = set_values(node, sets)
    except Problems as error:
        problems += error.problems
    if problems:
        raise Problems(problems)
    return node, tuple(files)


def _read(path: str, read: Read, fix: str) -> Node | None:
    try:
        source = read(path)
    except FileNotFoundError:
        raise Problems([Problem(what=f"There is no file {path}.", fix=_similar(path) or fix)]) from None
    except IsADirectoryError:
        inner = os.path.join(path, "giban.yaml")
        raise Problems([Problem(what=f"{path} is a folder.", fix=f"Name the file: {inner}")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Problems([Problem(what=f"{path!r} cannot be read: {reason}.", fix="Correct the path.")]) from None
    return parse(source, path)


def _similar(path: str) -> str:
    """A hint when the file is there with the other ending."""
    stem, ending = os.path.splitext(path)
    other = stem + {".yaml": ".yml", ".yml": ".yaml"}.get(ending, "")
    return f"There is {other}: name it, or rename it." if other != stem and os.path.isfile(other) else ""


def _overlay_path(path: str, environment: str) -> str:
    if not environment.replace("-", "").replace("_", "").isalnum():
        what = f"{environment[:60]!r} cannot be the name of an environment."
        raise Problems([Problem(what=what, fix="Use letters, digits, - and _. " + _existing(path))])
    return os.path.join(os.path.dirname(path), ENVIRONMENTS, f"{environment}.yaml")


def environments(path: str) -> list[str]:
    """The names of the environments beside the blueprint at `path`, sorted."""
    try:
        names = os.listdir(os.path.join(os.path.dirname(path), ENVIRONMENTS))
    except OSError:
        return []
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def _existing(path: str) -> str:
    names = environments(path)
    if not names:
        return f"There are no environments yet; they are files {ENVIRONMENTS}/NAME.yaml beside the blueprint."
    return f"There are: {', '.join(names)}."


def _without_echoes(found: list[Problem], result: Attempt[Blueprint]) -> list[Problem]:
    """Without problems in sections where a stand-in had to be used: those may be about the stand-in."""
    hidden = {path_text(path[:-1] or path) for path in result.replaced}
    return [
        problem
        for problem in found
        if not any(
            problem.path == section or problem.path.startswith((f"{section}.", f"{section}[")) for section in hidden
        )
    ]
