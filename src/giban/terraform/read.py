"""A folder of somebody's Terraform as a graph: JSON, HCL, override files, values of variables that are written down.

1. find      every folder that holds Terraform files is one root, one stack
2. parse     each file becomes a document of one shape, with the place of each resource
3. merge     override files are laid over, as Terraform does
4. put in    variables and locals with known values
5. insert    resources into the stack, unchecked: a check has to cope with what it finds

Modules are not followed: a folder below is read for itself, what `module.x.y` gives is not known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from giban.graph.graph import Graph
from giban.graph.problems import Position, Problem, Problems
from giban.graph.refs import is_unknown, strings
from giban.graph.stack import AddressTakenError, Stack
from giban.terraform import hcl, override
from giban.terraform.document import Document, Places, flat, not_too_deep, read_json
from giban.terraform.substitute import Scope

_SKIPPED = frozenset({"node_modules", "__pycache__"})
_FILE_CALL = re.compile(
    r'\b(?:file|filebase64|templatefile)\(\s*\\?"(?:\$\{path\.(?:module|root)\}/)?(?:\./)?([^"$\\]+)\\?"'
)
_LARGEST_FILE = 256 * 1024
"""Bytes of a text beside the documents that is still read; a boot script has a few thousand."""
_PASSED_ON = ("terraform", "module", "variable", "locals", "output", "moved", "import", "removed", "check")


def read_folder(path: str) -> Graph:
    """The graph of every root in a folder and below it. Raises Problems with all that could not be read.

    A stack's key is its folder relative to `path` ("." for `path` itself), a resource's component the name of its file
    without the suffix, its origin the line on which it begins.
    """
    if not os.path.isdir(path):
        what = f"`{path}` is a file." if os.path.exists(path) else f"There is no folder `{path}`."
        raise Problems([Problem(what, "Name the folder that holds *.tf.json or *.tf files.")])
    problems: list[Problem] = []
    stacks = [_stack(path, folder, names, problems) for folder, names in _roots(path)]
    if problems:
        raise Problems(problems)
    if not stacks:
        what = f"`{path}` holds no Terraform files."
        raise Problems([Problem(what, "Name the folder that holds *.tf.json or *.tf files.")])
    return Graph(os.path.basename(os.path.abspath(path)), stacks)


def _roots(path: str) -> Iterator[tuple[str, list[str]]]:
    """Folders with Terraform files, and the names of these, both sorted."""
    for folder, below, names in os.walk(path):
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        wanted = sorted(name for name in names if name.endswith((".tf.json", ".tf")) and not name.startswith("."))
        if wanted:
            yield folder, wanted


def _stack(path: str, folder: str, names: list[str], problems: list[Problem]) -> Stack:
    key = os.path.relpath(folder, path).replace(os.sep, "/")
    files = [(name, os.path.normpath(os.path.join(folder, name)).replace(os.sep, "/")) for name in names]
    merged = Document()
    for name, file in sorted(files, key=lambda item: override.is_override(item[0])):
        try:
            body, places = _parse(file)
            (override.lay_over if override.is_override(name) else override.add)(merged, body, places, file)
        except Problems as found:
            problems += found.problems
    scope = Scope(_variables(merged, folder, problems), _locals(merged))
    stack = Stack(key, None)
    _providers(stack, merged, scope)
    _backend(stack, merged, scope)
    stack.extra = {name: merged.blocks[name] for name in _PASSED_ON if merged.blocks.get(name)}
    for address, args in merged.resources.items():
        keyword, type_, label = address
        origin = merged.places.get(address)
        component = os.path.basename(origin.file).removesuffix(".json").removesuffix(".tf") if origin else ""
        body = _shape(scope.apply(args))
        try:
            stack.insert("data" if keyword == "data" else "managed", type_, label, body, component, origin, check=False)
        except (AddressTakenError, TypeError) as error:
            problems.append(Problem(f"This resource could not be read: {error}.", "Write it again.", origin))
    stack.outputs = {
        name: block
        for item in merged.blocks.get("output", [])
        for name, block in _named(item)
        if isinstance(block, dict)
    }
    stack.files.update(_texts(folder, merged))
    return stack


def _parse(file: str) -> tuple[dict[str, Any], Places]:
    text = _text(file)
    places: Places
    if file.endswith(".tf.json"):
        body, places = read_json(text, file)
    else:
        body = hcl.parse(text, file)
        places = {key: Position(file, *place) for key, place in hcl.lines(text).items()}
    not_too_deep(body, file)
    return body, places


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            return opened.read()
    except UnicodeDecodeError:
        what, fix = "This file is not UTF-8 text.", "Terraform reads UTF-8 only; save it so."
    except OSError as error:
        what, fix = f"This file cannot be read: {error.strerror}.", "Look at its permissions."
    raise Problems([Problem(what, fix, Position(file, 1, 1))])


def _named(block: Any) -> Iterator[tuple[str, Any]]:
    """(label, body) of blocks with one label, however they are nested in lists."""
    for item in flat(block):
        for label, bodies in item.items():
            for body in flat(bodies) or [{}]:
                yield label, body


def _variables(merged: Document, folder: str, problems: list[Problem]) -> dict[str, Any]:
    """Defaults, and over them the files that Terraform loads by itself, in its order.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    values = {
        name: body["default"]
        for item in merged.blocks.get("variable", [])
        for name, body in _named(item)
        if body.get("default") is not None
    }
    names = os.listdir(folder)
    own = [name for name in ("terraform.tfvars", "terraform.tfvars.json") if name in names]
    automatic = sorted(name for name in names if name.endswith((".auto.tfvars", ".auto.tfvars.json")))
    for name in own + automatic:
        file = os.path.normpath(os.path.join(folder, name)).replace(os.sep, "/")
        try:
            text = _text(file)
            given = read_json(text, file)[0] if name.endswith(".json") else hcl.parse(text, file)
            not_too_deep(given, file)
            values |= given
        except Problems as found:
            problems += found.problems
    return values


def _locals(merged: Document) -> dict[str, Any]:
    return {name: value for item in merged.blocks.get("locals", []) for name, value in item.items()}


def _providers(stack: Stack, merged: Document, scope: Scope) -> None:
    for item in merged.blocks.get("provider", []):
        for name, body in _named(item):
            if name != "aws":
                continue
            given = scope.apply(body)
            region = given.get("region")
            known = region if isinstance(region, str) and not is_unknown(region) else None
            alias = given.get("alias")
            if alias:
                stack.provider_regions[str(alias)] = known
                continue
            stack.region = known
            for block in flat(given.get("default_tags")):
                tags = block.get("tags")
                if isinstance(tags, dict):
                    stack.tags = {str(key): str(value) for key, value in tags.items() if value is not None}
                elif tags is not None:
                    # An expression: some tags, not known which. Kept as one, so that `is_unknown(stack.tags)` says so.
                    stack.tags = {str(tags): ""}


def _backend(stack: Stack, merged: Document, scope: Scope) -> None:
    for item in merged.blocks.get("terraform", []):
        for block in flat(item.get("backend")):
            for body in flat(block.get("s3")):
                stack.backend = scope.apply(body)


def _shape(args: dict[str, Any]) -> dict[str, Any]:
    """Meta arguments as one form: `lifecycle` an object, `depends_on` addresses without `${}`, no comments."""
    shaped = {name: value for name, value in args.items() if name != "//"}
    if "lifecycle" in shaped:
        shaped["lifecycle"] = {name: value for block in flat(shaped["lifecycle"]) for name, value in block.items()}
    after = shaped.get("depends_on")
    if isinstance(after, list):
        shaped["depends_on"] = [_unwrapped(item) for item in after]
    if isinstance(shaped.get("provider"), str):
        shaped["provider"] = _unwrapped(shaped["provider"])
    return shaped


def _unwrapped(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
        return value[2:-1].strip()
    return value


def _texts(folder: str, merged: Document) -> dict[str, str]:
    """Files inside the folder that expressions read (`file("files/boot.sh")`), by the path as it is written."""
    inside = os.path.realpath(folder) + os.sep
    found: dict[str, str] = {}
    for text in strings(list(merged.resources.values())):
        if "file(" not in text and "filebase64(" not in text:
            continue
        for name in _FILE_CALL.findall(text):
            place = os.path.realpath(os.path.join(folder, name))
            if name in found or not place.startswith(inside) or not os.path.isfile(place):
                continue
            if os.path.getsize(place) <= _LARGEST_FILE:
                with open(place, encoding="utf-8", errors="replace") as opened:
                    found[name] = opened.read()
    return found
