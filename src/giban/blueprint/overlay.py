"""One tree laid over another: environments over the blueprint, `--set` over both.

Mappings are merged key by key; lists and single values are replaced; null removes the key, so that its default counts
again (as in JSON Merge Patch, RFC 7396). Every value keeps the position of the text it came from.

In the sections named in `PAYLOAD` null is data from the third level on: `patch: {aws_x.y: {argument: null}}` removes an
argument from what is generated, and an overlay must be able to say that.
"""

from __future__ import annotations

from collections.abc import Iterable

from giban.blueprint.nodes import Mapping, Node, Scalar, Sequence, parse
from giban.blueprint.paths import Path, path_text, split_path
from giban.graph.problems import Position, Problem, Problems

PAYLOAD = frozenset({"patch"})
_PAYLOAD_DEPTH = 2


def merge(base: Node, overlay: Node) -> Node:
    """`overlay` over `base`."""
    return _merge(base, overlay, ())


def _merge(base: Node | None, overlay: Node, path: Path) -> Node:
    if not isinstance(overlay, Mapping):
        return overlay
    old = base.entries if isinstance(base, Mapping) else {}
    entries = dict(old)
    for key, (where, value) in overlay.entries.items():
        if _removes(value, path):
            entries.pop(key, None)
        else:
            before = old.get(key)
            entries[key] = (where, _merge(before[1] if before else None, value, (*path, key)))
    # A section keeps its first place: that is where its missing keys are looked for.
    return Mapping(entries, base.position if isinstance(base, Mapping) else overlay.position)


def _removes(value: Node, path: Path) -> bool:
    """Whether an entry of the mapping at `path` with this value removes its key."""
    data = len(path) >= _PAYLOAD_DEPTH and path[0] in PAYLOAD
    return isinstance(value, Scalar) and value.is_null and not data


def set_values(node: Node, settings: Iterable[str]) -> Node:
    """`node` with settings of the form `path=value` laid over it, one after the other.

    A path is written as in error messages: `services.web.scale.max`, `patch.'aws_db_instance.main'.port`,
    `waivers[0].until` (an item that exists, or the one after the last). A value that begins with `[`, `{` or a quote is
    YAML; anything else is the text itself, read by the type that is expected. Nothing after `=` is the empty text; null
    removes the key. Raises Problems: all settings that cannot be understood.
    """
    problems: list[Problem] = []
    for setting in settings:
        try:
            path, end = split_path(setting)
            if end == len(setting):
                raise ValueError("it has no `=`")
        except ValueError as error:
            problems.append(
                Problem(
                    what=f"--set {setting[:60]!r} is not understood: {error}.",
                    fix="Write --set KEY.KEY=VALUE, for example --set services.web.scale.max=4; put keys with dots "
                    "in quotes.",
                )
            )
            continue
        try:
            source = f"--set {path_text(path)}"
            value = _value(setting[end + 1 :], source)
            node = _assign(node, path, value, Position(source, 1, 1), ())
        except Problems as error:
            problems.extend(error.problems)
    if problems:
        raise Problems(problems)
    return node


def _value(text: str, source: str) -> Node:
    start = Position(source, 1, 1)
    if text.lstrip()[:1] in ("[", "{", "'", '"') and text.strip():
        return parse(text, source) or Scalar("", False, start)
    parse(f"'{text.replace(chr(39), '')}'", source)  # the same characters are refused as in a file
    stripped = text.strip()
    return Scalar(stripped, stripped != "", start)


def _assign(node: Node | None, path: Path, value: Node, where: Position, done: Path) -> Node:
    """`node`, which stands at `done`, with `value` laid over what is at `path` in it."""
    if not path:
        return _merge(node, value, done)
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = node.items if isinstance(node, Sequence) else ()
        if step > len(items):
            what = (
                f"There is no item {path_text((*done, step))}: the list has {len(items)} item{'s' * (len(items) != 1)}."
            )
            fix = f"Use [0] to [{len(items)}]; the last of these adds an item."
            raise Problems([Problem(what=what, fix=fix, where=where, path=path_text(done))])
        item = _assign(items[step] if step < len(items) else None, rest, value, where, (*done, step))
        position = node.position if isinstance(node, Sequence) else where
        return Sequence((*items[:step], item, *items[step + 1 :]), position)
    entries = dict(node.entries) if isinstance(node, Mapping) else {}
    old_where, old = entries.get(step, (where, None))
    if not rest and _removes(value, done):
        entries.pop(step, None)
    else:
        entries[step] = (old_where if rest else where, _assign(old, rest, value, where, (*done, step)))
    return Mapping(entries, node.position if isinstance(node, Mapping) else where)
