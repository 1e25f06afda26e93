"""What the user writes in Terraform's own language (`terraform:`, `patch:`) beyond the arguments of one resource:
names, meta-arguments and references. Terraform would refuse each of them too, but later and at a line of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from giban.blueprint.paths import path_text
from giban.components.environment import Environment
from giban.graph import schema
from giban.graph.problems import Position, Problem
from giban.graph.refs import expressions, find_refs, strings
from giban.graph.resource import META_ARGUMENTS, Resource
from giban.graph.stack import Stack

Path = tuple[str | int, ...]

LIFECYCLE: dict[str, tuple[type, ...]] = {
    "create_before_destroy": (bool,),
    "prevent_destroy": (bool,),
    "ignore_changes": (list, str),
    "replace_triggered_by": (list,),
    "precondition": (dict, list),
    "postcondition": (dict, list),
}
"""https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle"""

_NAMED = re.compile(r"(?<![\w.\"-])(var|local|module)\.([A-Za-z_][\w-]*)")
_BLOCKS = {"var": "variable", "local": "locals", "module": "module"}


def is_label(text: str) -> bool:
    """Whether Terraform takes the text as a name (https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers)."""
    return text.replace("-", "_").isidentifier() and not text.startswith("-")


def problems_of(env: Environment, stacks: list[Stack]) -> list[Problem]:
    """Everything wrong with names, meta-arguments and references of raw blocks, patches and what they are in."""
    found: list[Problem] = []
    for stack in stacks:
        for resource in stack.resources.values():
            found += _dangling(env, resource)
            if resource.component == "terraform":
                kind = "resource" if resource.mode == "managed" else "data"
                path: Path = ("terraform", kind, resource.type, resource.label)
                found += _meta(env, path, resource, resource.meta)
                found += _names(env, path, {**resource.args, **resource.meta}, stack)
    for address, changes in env.blueprint.patch.items():
        patched = next((stack.resources[address] for stack in stacks if address in stack.resources), None)
        if patched is not None:
            meta = {key: value for key, value in changes.items() if key in META_ARGUMENTS and value is not None}
            found += _meta(env, ("patch", address), patched, meta)
            found += _names(env, ("patch", address), changes, patched.stack)
    for key, body in env.region.extra.items():
        found += _names(env, ("terraform", key), body, env.region)
        found += _lost(env.region, body, env.position("terraform", key), f"terraform.{key}")
    taken = env.region.outputs.keys() & _mapping(env.region.extra.get("output"))
    fix = "Choose another name."
    found += [
        _problem(env, ("terraform", "output", name), f"There is an output `{name}` already.", fix)
        for name in sorted(taken)
    ]
    return found


def unknown_address(address: str, known: list[str], where: Position | None, path: str) -> Problem:
    """The problem of an address that names nothing, with the one that was probably meant."""
    from difflib import get_close_matches

    close = get_close_matches(address, known, 1)
    fix = f"Did you mean `{close[0]}`?" if close else "`giban plan` lists every address."
    return Problem(f"There is no resource `{address}`.", fix, where, path)


def _dangling(env: Environment, resource: Resource) -> list[Problem]:
    """References to nothing. Only what the user wrote can have them; generated ones are checked when they are made."""
    patch = env.blueprint.patch.get(resource.address)
    where, path = resource.origin, resource.address
    if patch is not None:
        where, path = env.position("patch", resource.address), path_text(("patch", resource.address))
    return _lost(resource.stack, [resource.args, resource.meta], where, path)


def _lost(stack: Stack, value: Any, where: Position | None, path: str) -> list[Problem]:
    found = []
    for ref in find_refs(value):
        target = stack.resources.get(ref.address)
        head = ref.attribute.split(".", 1)[0].split("[", 1)[0]
        if target is None:
            found.append(unknown_address(ref.address, list(stack.resources), where, path))
        elif head and not schema.attribute_exists(target.mode, target.type, head):
            close = schema.suggest(target.mode, target.type, head)
            fix = f"Did you mean `{close}`?" if close else f"See the attributes of {target.type}."
            found.append(Problem(f"`{ref.address}` has no attribute `{head}`.", fix, where, path))
    return found


def _names(env: Environment, path: Path, value: Any, stack: Stack) -> Iterator[Problem]:
    """`var.x`, `local.x` and `module.x` that are not declared, and templates that are never closed."""
    for text in strings(value):
        bare = text.replace("$${", "")
        if "${" in bare and "}" not in bare[bare.rindex("${") :]:
            fix = "Close it with }, or write $${ for the characters themselves."
            yield _problem(env, path, f"The expression in `{text[:60]}` is not closed.", fix)
        for expression in expressions(text):
            for kind, name in _NAMED.findall(expression):
                if name not in _mapping(stack.extra.get(_BLOCKS[kind])):
                    fix = f"Declare it in `terraform: {{{_BLOCKS[kind]}: …}}`, or correct the name."
                    yield _problem(env, path, f"There is no `{kind}.{name}`.", fix)


def _mapping(body: Any) -> dict[str, Any]:
    """A block of Terraform's JSON as one mapping; it may be written as a list of them."""
    parts = body if isinstance(body, list) else [body]
    return {str(key): value for part in parts if isinstance(part, dict) for key, value in part.items()}


def _meta(env: Environment, path: Path, resource: Resource, meta: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong with the meta-arguments the user gave."""
    stack = resource.stack
    if "lifecycle" in meta:
        yield from _lifecycle(env, (*path, "lifecycle"), meta["lifecycle"])
    if "depends_on" in meta:
        wanted = meta["depends_on"]
        known = [*stack.resources, *(f"module.{name}" for name in _mapping(stack.extra.get("module")))]
        if not isinstance(wanted, list):
            fix = "Write for example depends_on: [aws_vpc.main]."
            yield _problem(env, (*path, "depends_on"), "A list of addresses is needed.", fix)
        else:
            where = env.position(*path, "depends_on")
            text = path_text((*path, "depends_on"))
            yield from (unknown_address(str(one), known, where, text) for one in wanted if one not in known)
    if "provider" in meta and str(meta["provider"]).strip("${}") not in _providers(stack, resource.type):
        fix = "Leave it out: the root has one AWS provider, that of its region."
        yield _problem(env, (*path, "provider"), f"There is no provider `{meta['provider']}`.", fix)
    many = [key for key in ("count", "for_each") if meta.get(key) is not None]
    if len(many) == 2:
        yield _problem(env, path, "`count` and `for_each` exclude each other.", "Remove one of them.")
    elif many and resource.component != "terraform" and (user := _user_of(resource)):
        fix = "Add further ones under `terraform: {resource: …}` instead."
        what = f"`{resource.address}` cannot become several: {user} refers to it."
        yield _problem(env, (*path, many[0]), what, fix)


def _lifecycle(env: Environment, path: Path, body: Any) -> Iterator[Problem]:
    if not isinstance(body, dict):
        fix = "Write for example lifecycle: {prevent_destroy: true}."
        yield _problem(env, path, "`lifecycle` is a mapping.", fix)
        return
    for key, value in body.items():
        if key not in LIFECYCLE:
            yield _problem(env, (*path, key), f"`lifecycle` has no `{key}`.", f"It takes {', '.join(LIFECYCLE)}.")
        elif value is not None and (
            not isinstance(value, LIFECYCLE[key]) or (isinstance(value, str) and value != "all")
        ):
            yield _problem(env, (*path, key), f"This is no value for `{key}`.", _LIFECYCLE_VALUES[key])


_LIFECYCLE_VALUES = {
    "create_before_destroy": "Write true or false.",
    "prevent_destroy": "Write true or false.",
    "ignore_changes": "Write a list of arguments, or all.",
    "replace_triggered_by": "Write a list of addresses.",
    "precondition": "Write {condition: …, error_message: …}.",
    "postcondition": "Write {condition: …, error_message: …}.",
}


def _providers(stack: Stack, type_: str) -> set[str]:
    """What `provider` may name: the provider of the type, and the aliases of the root."""
    return {type_.split("_", 1)[0], *(f"aws.{alias}" for alias in stack.provider_regions)}


def _user_of(resource: Resource) -> str:
    """Who refers to a resource: the first address, or output; empty when nobody does."""
    users = {other.address: [other.args, other.meta] for other in resource.stack.resources.values()}
    users |= {f"the output {name}": [body] for name, body in resource.stack.outputs.items()}
    return next(
        (
            user
            for user, body in users.items()
            if user != resource.address and any(ref.address == resource.address for ref in find_refs(body))
        ),
        "",
    )


def _problem(env: Environment, path: Path, what: str, fix: str) -> Problem:
    return Problem(what, fix, env.position(*path), path_text(path))
