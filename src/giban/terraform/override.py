"""Documents of a root taken together, and override files laid over them as Terraform does.

https://developer.hashicorp.com/terraform/language/files/override: an argument replaces the argument, blocks of a type
replace all blocks of that type, `lifecycle` is merged argument by argument, `locals` value by value.
"""

from __future__ import annotations

from typing import Any

from giban.graph.problems import Position, Problem, Problems
from giban.terraform.document import Document, Places, flat, resources

_RESOURCES = ("resource", "data")


def is_override(name: str) -> bool:
    """Whether a file of this name is an override file."""
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def add(merged: Document, body: dict[str, Any], places: Places, file: str) -> None:
    """Add a document. Raises Problems when a resource is there already."""
    problems = []
    for address, args in resources(body, file, places):
        if address in merged.resources:
            first = merged.places.get(address)
            what = f"`{'.'.join(address[1:])}` is written twice" + (f", first at {first}." if first else ".")
            problems.append(Problem(what, "Rename one of them.", places.get(address), ".".join(address[1:])))
            continue
        merged.resources[address] = args
        merged.places[address] = places.get(address, Position(file, 1, 1))
    for name, value in body.items():
        if name not in _RESOURCES:
            merged.blocks.setdefault(name, []).extend(flat(value))
    if problems:
        raise Problems(problems)


def lay_over(merged: Document, body: dict[str, Any], places: Places, file: str) -> None:
    """Lay an override document over what is there. Raises Problems when it overrides a resource that is not."""
    problems = []
    for address, args in resources(body, file, places):
        base = merged.resources.get(address)
        if base is None:
            path = ".".join(address[1:])
            what = f"`{path}` is in an override file, but no other file has it."
            fix = "Move it to a file whose name does not end in _override, or correct its name."
            problems.append(Problem(what, fix, places.get(address), path))
            continue
        lifecycle = {
            name: value
            for side in (base.get("lifecycle"), args.get("lifecycle"))
            for block in flat(side)
            for name, value in block.items()
        }
        merged.resources[address] = {**base, **args, **({"lifecycle": lifecycle} if lifecycle else {})}
    for name, value in body.items():
        if name in _RESOURCES:
            continue
        if name in ("variable", "provider", "output"):
            _merge_labelled(merged.blocks.setdefault(name, []), flat(value))
        elif name == "terraform":
            _merge_settings(merged.blocks.setdefault(name, []), flat(value))
        else:
            # Locals are read in order and the later value counts, which is what merging means for them.
            merged.blocks.setdefault(name, []).extend(flat(value))
    if problems:
        raise Problems(problems)


def _merge_labelled(base: list[dict[str, Any]], over: list[dict[str, Any]]) -> None:
    """Blocks with a label: variables and outputs by name, providers by name and alias."""
    there: dict[tuple[str, str], dict[str, Any]] = {}
    for item in base:
        for label, bodies in item.items():
            for body in flat(bodies):
                there.setdefault((label, str(body.get("alias", ""))), body)
    for item in over:
        for label, bodies in item.items():
            for body in flat(bodies):
                known = there.get((label, str(body.get("alias", ""))))
                if known is None:
                    base.append({label: body})
                else:
                    known.update(body)


def _merge_settings(base: list[dict[str, Any]], over: list[dict[str, Any]]) -> None:
    """`terraform` blocks: a backend (or `cloud`) replaces the one there, the rest is added."""
    for item in over:
        if "backend" in item or "cloud" in item:
            for block in base:
                block.pop("backend", None)
                block.pop("cloud", None)
        base.append(item)
