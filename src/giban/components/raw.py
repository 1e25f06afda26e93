"""`terraform` adds to, `patch` changes what is generated. Both are checked like the rest."""

from __future__ import annotations

from typing import Any

from giban.blueprint.paths import path_text
from giban.components.environment import Environment
from giban.components.written import is_label, unknown_address
from giban.graph import schema
from giban.graph.problems import Problem
from giban.graph.refs import plain
from giban.graph.resource import META_ARGUMENTS, Patch, Resource
from giban.graph.stack import AddressTakenError, SchemaError, Stack

PASSED_THROUGH = ("check", "ephemeral", "import", "locals", "module", "moved", "output", "removed", "variable")
"""Top-level blocks that are written as they are (https://developer.hashicorp.com/terraform/language/syntax/json)."""


def add_raw(env: Environment) -> list[Problem]:
    """Add the `terraform` section to the region's root."""
    problems: list[Problem] = []
    for key, body in env.blueprint.terraform.items():
        path = ("terraform", key)
        if key in ("resource", "data"):
            problems += _add_blocks(env, "managed" if key == "resource" else "data", key, body)
        elif key in PASSED_THROUGH:
            if isinstance(body, dict | list):
                env.region.extra[key] = plain(body)
            else:
                problems.append(_problem(env, path, "An object is expected here.", "See Terraform's JSON syntax."))
        else:
            known = ", ".join(f"`{name}`" for name in ("data", "resource", *PASSED_THROUGH))
            problems.append(_problem(env, path, f"`{key}` cannot be added.", f"It is one of {known}."))
    return problems


def _add_blocks(env: Environment, mode: str, key: str, body: Any) -> list[Problem]:
    if not isinstance(body, dict):
        return [_problem(env, ("terraform", key), "An object is expected: type, name, arguments.", _EXAMPLE)]
    problems: list[Problem] = []
    for type_, labelled in body.items():
        if not isinstance(labelled, dict):
            problems.append(
                _problem(env, ("terraform", key, type_), "An object is expected: name, arguments.", _EXAMPLE)
            )
            continue
        for label, args in labelled.items():
            path = ("terraform", key, type_, label)
            if not is_label(label):
                fix = "Write a letter first, then letters, digits, _ and -."
                problems.append(_problem(env, path, f"`{label}` cannot be a name in Terraform.", fix))
                continue
            if not isinstance(args, dict):
                problems.append(_problem(env, path, "An object of arguments is expected.", _EXAMPLE))
                continue
            try:
                env.region.insert(mode, type_, label, args, "terraform", env.position(*path))
            except SchemaError as error:
                problems += [_argument_problem(env, path, found) for found in error.problems]
            except AddressTakenError as error:
                fix = f"Choose another name, or change the generated one with `patch: {{{error.there.address}: …}}`."
                problems.append(_problem(env, path, f"{error}.", fix))
    return problems


_EXAMPLE = "For example `terraform: {resource: {aws_sns_topic: {extra: {name: extra}}}}`."


def apply_patches(env: Environment, stacks: list[Stack]) -> list[Problem]:
    """Change arguments of generated resources: mappings are merged, everything else replaced, null removes."""
    problems: list[Problem] = []
    for address, changes in env.blueprint.patch.items():
        resource = next((s.resources[address] for s in stacks if address in s.resources), None)
        if resource is None:
            addresses = [a for s in stacks for a in s.resources if not a.startswith("data.")]
            path = ("patch", address)
            problems.append(unknown_address(address, addresses, env.position(*path), path_text(path)))
            continue
        resource.patch = Patch(plain(resource.args), plain(resource.meta), env.position("patch", address))
        problems += _patch(env, resource, address, plain_with_none(changes))
    return problems


def _patch(env: Environment, resource: Resource, address: str, changes: dict[str, Any]) -> list[Problem]:
    for key, value in changes.items():
        _merge(resource.meta if key in META_ARGUMENTS else resource.args, key, value)
    found = schema.check_arguments(resource.mode, resource.type, {**resource.args, **resource.meta})
    return [_argument_problem(env, ("patch", address), problem) for problem in found]


def _merge(into: dict[str, Any], key: str, value: Any) -> None:
    there = into.get(key)
    if value is None:
        into.pop(key, None)
    elif isinstance(value, dict) and isinstance(there, dict):
        for inner, item in value.items():
            _merge(there, inner, item)
    else:
        into[key] = plain(value)


def plain_with_none(value: Any) -> Any:
    """The patch as it stands, nulls included: they mean "remove"."""
    return {str(key): item for key, item in value.items()}


def _argument_problem(env: Environment, path: tuple[str, ...], found: schema.ArgumentProblem) -> Problem:
    return _problem(env, (*path, *found.path), found.what, found.fix)


def _problem(env: Environment, path: tuple[str | int, ...], what: str, fix: str) -> Problem:
    return Problem(what, fix, env.position(*path), path_text(path))
