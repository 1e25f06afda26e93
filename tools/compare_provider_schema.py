"""Compare the shipped schema with what a real provider says of itself.

    terraform providers schema -json > real.json        # in a folder that is initialised with hashicorp/aws
    python tools/compare_provider_schema.py real.json [TYPE…]

Two versions of the provider differ, so each line is to be judged: a change of the provider (fine) or a mistake of
`make_provider_schema.py`. The summary at the end counts what agrees and what does not.
"""

from __future__ import annotations

import argparse
import collections
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from giban.graph.provider import Args, lookup, type_names

_LETTERS = {
    "string": "s",
    "number": "n",
    "bool": "b",
    "dynamic": "a",
    "list": "l",
    "set": "t",
    "map": "m",
    "single": "",
}

Fields = dict[str, tuple[str, Any]]
"""Name → its flag, marks and shape as one text, and its nested fields or None."""


def real_fields(block: dict[str, Any]) -> Fields:
    """The fields of a block as `terraform providers schema -json` gives them."""
    fields: Fields = {}
    for name, attribute in block.get("attributes", {}).items():
        shape, nested = _shape(attribute["type"])
        fields[name] = (_flag(attribute) + "W" * attribute.get("write_only", False) + shape, nested)
    for name, child in block.get("block_types", {}).items():
        mode = child["nesting_mode"]
        mark = "S" if mode == "single" or child.get("max_items") == 1 else "B"
        flag = "r" if child.get("min_items", 0) else "o"
        fields[name] = (flag + mark + _LETTERS[mode] + "o", real_fields(child["block"]))
    return fields


def _flag(attribute: dict[str, Any]) -> str:
    if attribute.get("required"):
        return "r"
    if attribute.get("optional"):
        return "d" if attribute.get("computed") else "o"
    return "c"


def _shape(type_: Any) -> tuple[str, Fields | None]:
    if isinstance(type_, str):
        return _LETTERS[type_], None
    outer, inner = type_
    if outer == "object":
        # An object type has no flags of its own: "?" agrees with whatever is shipped.
        return "o", {name: ("?" + _shape(field)[0], _shape(field)[1]) for name, field in inner.items()}
    shape, nested = _shape(inner)
    return _LETTERS[outer] + shape, nested


def shipped_fields(args: Args) -> Fields:
    """The same for the shipped data."""
    fields: Fields = {}
    for name, arg in args.items():
        flag = "r" if arg.required else "c" if arg.read_only else "d" if arg.computed else "o"
        mark = "W" * arg.write_only + ("S" if arg.single else "B" if arg.block else "")
        fields[name] = (flag + mark + arg.shape, None if arg.nested is None else shipped_fields(arg.nested))
    return fields


def differences(path: str, real: Fields, shipped: Fields) -> Iterator[tuple[str, str]]:
    """(what, where) of every field; what is "same" where both agree."""
    for name in sorted(real.keys() | shipped.keys()):
        where = f"{path}.{name}"
        if name not in shipped or name not in real:
            yield "only in " + ("the real provider" if name in real else "the shipped data"), where
            continue
        (theirs, their_nested), (ours, our_nested) = real[name], shipped[name]
        same = ours[1:] == theirs[1:] if theirs.startswith("?") else ours == theirs
        yield "same" if same else f"shipped {ours}, real {theirs}", where
        if their_nested is not None and our_nested is not None:
            yield from differences(where, their_nested, our_nested)


def main() -> None:
    """Print the differences, then how many of each there are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("schema", type=Path)
    parser.add_argument("types", nargs="*", help="only these resource types")
    arguments = parser.parse_args()
    provider = json.loads(arguments.schema.read_text())["provider_schemas"]["registry.terraform.io/hashicorp/aws"]
    counts = collections.Counter[str]()
    for mode, key in (("managed", "resource_schemas"), ("data", "data_source_schemas")):
        for type_ in sorted(provider[key].keys() | set(type_names(mode))):
            if arguments.types and (type_ not in arguments.types or mode == "data"):
                continue
            shipped, real = lookup(type_, mode), provider[key].get(type_)
            if shipped is None or real is None:
                counts[f"{mode} type only in " + ("the shipped data" if shipped else "the real provider")] += 1
                continue
            for what, where in differences(type_, real_fields(real["block"]), shipped_fields(shipped.args)):
                counts[what] += 1
                if what != "same" and not where.endswith((".region", ".id")):
                    print(f"{where}: {what}")
    print()
    for what, count in counts.most_common():
        print(f"{count:7} {what}")


if __name__ == "__main__":
    main()
