"""Questions to the provider's schema: does this attribute exist, are these arguments right?

Arguments are judged as Terraform judges them in a JSON document, with its conversions: numbers and booleans become
strings and back, lists and sets each other, and nothing else
(https://developer.hashicorp.com/terraform/language/expressions/types#type-conversion, each tried with Terraform 1.11).
A string with a template in it passes wherever its value may turn out right. Types of other providers
(`random_password`, `terraform_data`) are not in the data and pass unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from giban.graph.provider import PROVIDER_VERSION, Arg, Args, TypeSchema, lookup, type_names

__all__ = [
    "PROVIDER_VERSION",
    "Arg",
    "Args",
    "ArgumentProblem",
    "TypeSchema",
    "attribute_exists",
    "check_arguments",
    "lookup",
    "suggest",
    "type_names",
    "with_nulls",
]

_META = frozenset(
    {"//", "connection", "count", "depends_on", "dynamic", "for_each", "lifecycle", "provider", "provisioner"}
)
"""What Terraform itself reads in a resource; `//` is a comment in JSON documents."""
_NESTED_META = frozenset({"//", "dynamic"})

_SINGULAR = {"s": "a string", "n": "a number", "b": "true or false", "o": "an object", "a": "anything"}
_PLURAL = {"s": "strings", "n": "numbers", "b": "true or false", "o": "objects", "l": "lists", "t": "sets", "m": "maps"}


class ArgumentProblem(msgspec.Struct, frozen=True):
    """One thing Terraform would refuse. `path` leads from the resource to the value: `("ingress", 0, "from_port")`."""

    path: tuple[str | int, ...]
    what: str
    fix: str


Path = tuple[str | int, ...]
Found = Iterator[ArgumentProblem]


def attribute_exists(mode: str, type_: str, name: str) -> bool:
    """True when an attribute can be referred to: `arn`, `master_user_secret[0].secret_arn`.

    True as well for types of other providers, which the data do not cover.
    """
    schema = lookup(type_, mode)
    if schema is None:
        return not _covered(type_)
    return name in schema.args or _path_exists(schema.args, name)


def suggest(mode: str, type_: str, name: str) -> str | None:
    """The attribute that was probably meant by `name`; None when none is close."""
    schema = lookup(type_, mode)
    return None if schema is None else _closest(name, schema.args)


def check_arguments(mode: str, type_: str, args: dict[str, Any]) -> list[ArgumentProblem]:
    """Everything Terraform would refuse in a resource's arguments (plain JSON data, meta arguments allowed).

    None means "not given". An attribute that holds objects need not name all their fields: see `with_nulls`.
    """
    schema = lookup(type_, mode)
    if schema is not None:
        return list(_check_body(schema.args, args, (), type_, _META))
    if not _covered(type_):
        return []
    close = _closest(type_, type_names(mode), 0.75)
    what = f"{'Resource' if mode == 'managed' else 'Data source'} type `{type_}` does not exist."
    fix = f"Did you mean `{close}`?" if close else f"See the types of hashicorp/aws {PROVIDER_VERSION}."
    return [ArgumentProblem((), what, fix)]


def with_nulls(mode: str, type_: str, args: dict[str, Any]) -> dict[str, Any]:
    """The arguments with an explicit null for every field left out of an attribute that holds objects.

    Terraform converts such an attribute (`ingress` of aws_security_group, `route` of aws_route_table) to an object type
    of which no field may be missing; in a JSON document nothing fills them in. Returns `args` itself where there is
    nothing to do.
    """
    schema = lookup(type_, mode)
    return args if schema is None or not schema.holds_objects else _fill(schema.args, args)


def _covered(type_: str) -> bool:
    """True when the data should have this type: it is of the provider they describe."""
    return type_.startswith("aws_")


def _closest(name: str, candidates: Iterable[str], likeness: float = 0.6) -> str | None:
    """`cidr` → `cidr_block`, `vcp_id` → `vpc_id`."""
    from difflib import get_close_matches

    longer = sorted((candidate for candidate in candidates if candidate.startswith(f"{name}_")), key=len)
    return next(iter(longer or get_close_matches(name, candidates, 1, likeness)), None)


def _path_exists(args: Args, path: str) -> bool:
    """Follow `a[0].b["c"].d` through the nested fields; what lies in maps and in data that were cut passes."""
    fields: Args | None = args
    shape = "o"
    for step in path.replace("[", ".[").split("."):
        if step.startswith("[") or step == "*" or step.isdigit():
            if shape[0] not in "ltma":
                return False
            shape = shape[1:] or "a"
        elif shape[0] in "ma":
            return True
        elif shape != "o" or fields is None or step not in fields:
            return False
        else:
            shape, fields = fields[step].shape, fields[step].nested
    return True


def _check_body(fields: Args, body: dict[str, Any], path: Path, owner: str, meta: frozenset[str]) -> Found:
    """A resource, a nested block, or an object in an attribute."""
    for name, value in body.items():
        if name in meta or value is None:
            continue
        arg = fields.get(name)
        if arg is None:
            close = _closest(name, [field for field, known in fields.items() if not known.read_only])
            fix = f"Did you mean `{close}`?" if close else f"Remove it; {owner} takes {_listing(fields)}."
            yield ArgumentProblem((*path, name), f"{owner} has no argument `{name}`.", fix)
        elif arg.read_only:
            yield ArgumentProblem((*path, name), "This is read-only: AWS gives the value.", "Remove it.")
        elif arg.block:
            yield from _check_block(arg, value, (*path, name))
        else:
            yield from _check_value(arg.shape, arg, value, (*path, name))
    for name in fields.required:
        if body.get(name) is None and name not in _dynamic_blocks(body):
            noun = "block" if fields[name].block else "argument"
            what = f"{owner} needs the {noun} `{name}`."
            yield ArgumentProblem((*path, name), what, f"Give {_expected(fields[name])}.")


def _check_block(arg: Arg, value: Any, path: Path) -> Found:
    """A nested block: an object, or a list of objects; never a template."""
    bodies = value if isinstance(value, list) else [value]
    if arg.single and len(bodies) > 1:
        yield ArgumentProblem(path, f"`{arg.name}` may stand once, not {len(bodies)} times.", "Keep one.")
    if arg.required and not bodies:
        yield ArgumentProblem(path, f"At least one `{arg.name}` is needed.", "Give one.")
    for number, body in enumerate(bodies):
        place = (*path, number) if isinstance(value, list) else path
        if not isinstance(body, dict):
            what = f"`{arg.name}` is a block: an object or a list of objects, not {_given(body)}."
            by_expression = "To make blocks from an expression, use `dynamic`."
            yield ArgumentProblem(place, what, by_expression if isinstance(body, str) else "Give an object.")
        elif arg.nested is not None:
            yield from _check_body(arg.nested, body, place, f"`{arg.name}`", _NESTED_META)


def _check_value(shape: str, arg: Arg, value: Any, path: Path) -> Found:
    """The value of an attribute, or a part of it; `shape` is what is left of its shape on the way inwards."""
    kind = shape[0]
    if value is None or kind == "a" or (isinstance(value, str) and _may_become(kind, value)):
        return
    if kind in "lt" and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _check_value(shape[1:], arg, item, (*path, number))
    elif kind == "m" and isinstance(value, dict):
        for key, item in value.items():
            yield from _check_value(shape[1:], arg, item, (*path, key))
    elif kind == "o" and isinstance(value, dict):
        if arg.nested is not None:
            yield from _check_body(arg.nested, value, path, f"`{arg.name}`", frozenset())
    elif not (
        (kind == "s" and isinstance(value, bool | int | float))
        or (kind == "n" and isinstance(value, int | float) and not isinstance(value, bool))
        or (kind == "b" and isinstance(value, bool))
    ):
        what = f"{_described(shape).capitalize()} is needed, not {_given(value)}."
        yield ArgumentProblem(path, what, _advice(kind, value))


def _may_become(kind: str, text: str) -> bool:
    """True when Terraform may turn this text into that kind, as it stands or when its templates are known."""
    bare = text.replace("$${", "").replace("%%{", "")
    has_template = "${" in bare or "%{" in bare
    if kind == "s":
        return True
    if kind in "nb":
        if has_template:
            return True
        return text in ("true", "false", "1", "0") if kind == "b" else _is_number(text)
    return has_template and text.startswith("${") and text.endswith("}")


def _is_number(text: str) -> bool:
    import re

    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) is not None


def _dynamic_blocks(body: dict[str, Any]) -> set[str]:
    """Names of the blocks that a `dynamic` of this body makes."""
    dynamic = body.get("dynamic")
    parts = dynamic if isinstance(dynamic, list) else [dynamic]
    return {name for part in parts if isinstance(part, dict) for name in part}


def _expected(arg: Arg) -> str:
    if arg.block:
        return "one object" if arg.single else "an object or a list of objects"
    return _described(arg.shape)


def _described(shape: str) -> str:
    """`ls` → "a list of strings"."""
    if len(shape) == 1:
        return _SINGULAR[shape]
    return f"a {_PLURAL[shape[0]][:-1]} of " + " of ".join(_PLURAL.get(letter, "anything") for letter in shape[1:])


def _given(value: Any) -> str:
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 40 else "a text"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


def _advice(kind: str, value: Any) -> str:
    if kind in "lt" and not isinstance(value, list):
        return "Write it in a list, even when it is one: [ … ]."
    if kind == "b":
        return "Write true or false."
    if kind in "sn" and isinstance(value, list) and len(value) == 1:
        return "Write it without the list."
    if kind == "s" and isinstance(value, dict):
        return "Give a string; where JSON is wanted, its text."
    return f"Give {_SINGULAR.get(kind, 'names with values, { … }')}."


def _listing(fields: Args) -> str:
    """The settable names, shortened: "`a`, `b`, `c` and 12 more"."""
    names = [f"`{name}`" for name, arg in sorted(fields.items()) if not arg.read_only]
    shown = names if len(names) <= 8 else names[:6]
    rest = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return ", ".join(shown) + rest if names else "none"


def _fill(fields: Args, body: dict[str, Any]) -> dict[str, Any]:
    return {name: _fill_argument(fields[name], value) if name in fields else value for name, value in body.items()}


def _fill_argument(arg: Arg, value: Any) -> Any:
    nested = arg.nested
    if nested is None:
        return value
    if isinstance(value, list):
        return [_fill_argument(arg, item) for item in value]
    if not isinstance(value, dict):
        return value
    if arg.shape.startswith("m"):
        return {key: _complete(nested, item) for key, item in value.items()}
    return _fill(nested, value) if arg.block else _complete(nested, value)


def _complete(fields: Args, value: Any) -> Any:
    """An object with every field of its type, null where not given."""
    return dict.fromkeys(sorted(fields)) | _fill(fields, value) if isinstance(value, dict) else value
