"""The user's own code: the archive of a folder, and what can be told about it before anything is deployed.

What is left out: names that begin with a dot (`.git`, `.env`, what editors keep), `__pycache__`, `*.pyc`. Packages have to be in
the folder (`pip install -t`, `npm ci`); giban installs nothing.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from giban.blueprint.paths import path_text
from giban.blueprint.types_serverless import Function
from giban.components.code import zipped
from giban.components.environment import Environment
from giban.graph.problems import Problem, Problems

LARGEST_ARCHIVE = 50 * 1024 * 1024
"""Bytes of an archive that is handed to Lambda directly, and
LARGEST_UNPACKED what it may be unpacked (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
LARGEST_UNPACKED = 250 * 1024 * 1024

ENDINGS = {"python": (".py",), "nodejs": (".js", ".mjs", ".cjs")}
"""Of the file that holds the handler, by language."""


def archive_of(folder: str) -> bytes:
    """The archive of a folder: the same bytes for the same files. Raises Problems when it is too large."""
    files = {}
    for name in sorted(_files(folder)):
        with open(os.path.join(folder, name), "rb") as opened:
            files[name.replace(os.sep, "/")] = opened.read()
    made = zipped(files)
    if len(made) > LARGEST_ARCHIVE:
        what = f"The archive of {folder} has {_megabytes(len(made))}, more than Lambda takes directly (50 MB)."
        raise Problems([Problem(what, "Leave out what the function does not need, or put packages into a layer.")])
    return made


def folder_of(env: Environment, source: str) -> str:
    """Where a function's folder is."""
    return os.path.normpath(os.path.join(env.folder, source))


def look(env: Environment, name: str, function: Function) -> None:
    """Tell what is wrong with a function's folder, at the place in the blueprint that names it."""
    for key, what, fix in _problems(folder_of(env, function.source), function):
        path = ("functions", name, key)
        env.problems.append(Problem(what, fix, env.position(*path), path_text(path)))


def _problems(folder: str, function: Function) -> Iterator[tuple[str, str, str]]:
    if not os.path.isdir(folder):
        fix = "Make it; the path is seen from the blueprint."
        if os.path.isfile(folder):
            fix = "Name the folder that the file is in."
        yield "source", f"There is no folder {folder}.", fix
        return
    size = 0
    try:
        for name in _files(folder):
            size += os.path.getsize(os.path.join(folder, name))
    except _LinkError as error:
        yield "source", f"{error} is a symbolic link, and archives hold none.", "Put the file itself there."
        return
    if size > LARGEST_UNPACKED:
        what = f"{folder} has {_megabytes(size)}, more than Lambda takes (250 MB)."
        yield "source", what, "Leave out what the function does not need."
    yield from _handler(folder, function)


def _handler(folder: str, function: Function) -> Iterator[tuple[str, str, str]]:
    module, _, called = function.handler.rpartition(".")
    language = "python" if function.runtime.startswith("python") else "nodejs"
    path = module.replace(".", "/") if language == "python" else module
    if language == "python" and "/" not in path and path in sys.stdlib_module_names:
        fix = "Rename the file, and name it anew with `handler`."
        yield "handler", f"Python has a module `{path}` of its own, which would be asked instead of {path}.py.", fix
        return
    candidates = [path + ending for ending in ENDINGS[language]]
    candidates += [f"{path}/__init__.py"] if language == "python" else []
    found = next((one for one in candidates if os.path.isfile(os.path.join(folder, one))), None)
    if found is None:
        fix = f"Write it, or name another with `handler`: {'file.function' if language == 'python' else 'file.export'}."
        yield "handler", f"There is no {candidates[0]} in {folder}.", fix
        return
    with open(os.path.join(folder, found), encoding="utf-8", errors="replace") as opened:
        text = opened.read()
    if language == "python" and not _defines(text, called):
        yield "handler", f"{found} has no `{called}`.", f"Write `def {called}(event, context):`, or name another."


def _defines(text: str, name: str) -> bool:
    """Whether Python code has a name at its top level, as far as that can be seen without running it."""
    word = rf"\b{re.escape(name)}\b"
    ways = (
        rf"^(async +)?def +{word}",
        rf"^{word} *[=:]",
        rf"^(from .* )?import .*({word}|\*)",
        rf"^class +{word}",
        rf"^ +{word},?$",
    )
    return any(re.search(way, text, re.MULTILINE) for way in ways)


class _LinkError(Exception):
    """A symbolic link in a folder."""


def _files(folder: str) -> Iterator[str]:
    """What of a folder goes into the archive, relative to it. Raises _LinkError at a symbolic link."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one != "__pycache__")
        for name in [*folders, *names]:
            if os.path.islink(os.path.join(place, name)) and not name.startswith("."):
                raise _LinkError(os.path.join(place, name))
        inside = os.path.relpath(place, folder)
        for name in sorted(names):
            if not name.startswith(".") and not name.endswith(".pyc"):
                yield name if inside == "." else os.path.join(inside, name)


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MB"
