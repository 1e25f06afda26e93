"""Overlays and --set: what wins, what disappears, and that every value keeps the place it was written at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.blueprint.nodes import Mapping, Node, Scalar, Sequence, parse
from giban.blueprint.overlay import merge, set_values
from giban.blueprint.paths import Path, path_text, split_path
from giban.graph.problems import Position, Problems

KEYS = st.sampled_from(["a", "b", "c", "d.e", "patch"])
TEXTS = st.sampled_from(["x", "y", "1", ""])


def trees(*, nulls: bool) -> st.SearchStrategy[Any]:
    """Plain data of a blueprint: a mapping of mappings, lists and single values."""
    singles = TEXTS | st.none() if nulls else TEXTS
    return st.dictionaries(
        KEYS,
        st.recursive(singles, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)),
        max_size=4,
    )


def alike() -> st.SearchStrategy[Any]:
    """Trees in which a key is a mapping everywhere or nowhere."""
    singles = {"x": TEXTS, "y": st.lists(TEXTS, max_size=2)}
    inner = st.fixed_dictionaries({}, optional=singles)
    middle = st.fixed_dictionaries({}, optional={**singles, "m": inner, "n": inner})
    return st.fixed_dictionaries({}, optional={**singles, "m": middle, "n": middle})


def tree(data: Any, file: str = "t.yaml") -> Node:
    node = parse(json.dumps(data), file)
    assert node is not None
    return node


def plain(node: Node) -> Any:
    """The data of a node, null as None."""
    if isinstance(node, Scalar):
        return None if node.is_null else node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def json_merge_patch(target: Any, patch: Any, depth: tuple[str, ...] = ()) -> Any:
    """RFC 7396, section 2, with the exception for what `patch` holds."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None and not (len(depth) >= 2 and depth[0] == "patch"):
            result.pop(key, None)
        else:
            result[key] = json_merge_patch(result.get(key), value, (*depth, key))
    return result


def leaves(node: Node, path: Path = ()) -> dict[Path, Scalar]:
    if isinstance(node, Scalar):
        return {path: node}
    if isinstance(node, Sequence):
        return {k: v for number, item in enumerate(node.items) for k, v in leaves(item, (*path, number)).items()}
    return {k: v for key, (_, value) in node.entries.items() for k, v in leaves(value, (*path, key)).items()}


@given(trees(nulls=True), trees(nulls=True))
def test_merging_is_json_merge_patch(base: Any, overlay: Any) -> None:
    assert plain(merge(tree(base), tree(overlay))) == json_merge_patch(base, overlay)


@given(trees(nulls=True))
def test_an_empty_overlay_changes_nothing(data: Any) -> None:
    base = tree(data)
    assert merge(base, tree({})) == base


@given(trees(nulls=True), trees(nulls=True))
def test_the_same_overlay_twice_is_the_same_as_once(base: Any, overlay: Any) -> None:
    once = merge(tree(base), tree(overlay))
    assert merge(once, tree(overlay)) == once


@given(alike(), alike(), alike())
def test_without_null_the_grouping_of_overlays_does_not_matter(one: Any, two: Any, three: Any) -> None:
    a, b, c = tree(one), tree(two), tree(three)
    assert plain(merge(merge(a, b), c)) == plain(merge(a, merge(b, c)))


@given(trees(nulls=False), trees(nulls=False))
def test_every_value_keeps_its_place(base: Any, overlay: Any) -> None:
    below, above = tree(base, "base.yaml"), tree(overlay, "over.yaml")
    old, new = leaves(below), leaves(above)
    both = leaves(merge(below, above))
    assert both == {path: new.get(path) or old[path] for path in both}
    assert both.items() >= new.items()


@given(trees(nulls=True), trees(nulls=True))
def test_merging_leaves_both_as_they_were(base: Any, overlay: Any) -> None:
    below, above = tree(base), tree(overlay)
    merge(below, above)
    assert below == tree(base)
    assert above == tree(overlay)


def test_null_in_a_patch_is_data() -> None:
    base = tree({"patch": {"x.y": {"a": "1", "b": {"c": "2"}}, "z": {}}})
    over = parse("patch: {x.y: {a: null, b: {c: ~}, d: }, z: null}", "o.yaml")
    assert over is not None
    assert plain(merge(base, over)) == {"patch": {"x.y": {"a": None, "b": {"c": None}, "d": None}}}


PATHS = [
    ("a", ("a",)),
    ("a.b-c.d_1", ("a", "b-c", "d_1")),
    ("a.'b.c'.d", ("a", "b.c", "d")),
    ('a."b.c"', ("a", "b.c")),
    ("a.'it''s'", ("a", "it's")),
    ("a[0].b[12]", ("a", 0, "b", 12)),
    ("a[0][1]", ("a", 0, 1)),
    ("기반", ("기반",)),
    ("''", ("",)),
]


@pytest.mark.parametrize(("text", "path"), PATHS)
def test_paths(text: str, path: Path) -> None:
    assert split_path(text) == (path, len(text))
    assert split_path(text + "=b=c") == (path, len(text))


@given(st.lists(st.text(max_size=5), min_size=1, max_size=5), st.lists(st.integers(0, 99), max_size=2))
def test_paths_survive_their_text_form(keys: list[str], indexes: list[int]) -> None:
    path: Path = (*keys, *indexes)
    text = path_text(path)
    assert split_path(text) == (path, len(text))


BAD_SETTINGS = [
    ("", "a key is missing"),
    ("=1", "a key is missing"),
    ("a", "it has no `=`"),
    ("a.b", "it has no `=`"),
    ("a.=1", "a key is missing after 'a.'"),
    ("a..b=1", "a key is missing"),
    (".a=1", "a key is missing"),
    ("a b=1", "' ' cannot stand in a key"),
    ("'a=1", "the quote ' is not closed"),
    ("a[x]=1", "number of a list item"),
    ("a[=1", "number of a list item"),
    ("a[-1]=1", "number of a list item"),
    ("a[99999999]=1", "number of a list item"),
    ("a]=1", "']' cannot stand in a key"),
    (".".join("a" * 101) + "=1", "more than 100 steps"),
]


@pytest.mark.parametrize(("setting", "message"), BAD_SETTINGS, ids=[row[0][:20] for row in BAD_SETTINGS])
def test_settings_that_are_not_understood(setting: str, message: str) -> None:
    with pytest.raises(Problems) as raised:
        set_values(tree({}), [setting])
    (problem,) = raised.value.problems
    assert message in problem.what
    assert "--set KEY.KEY=VALUE" in problem.fix


SETTINGS = [
    ("a.b=2", {"a": {"b": "2", "c": ["x", "y"]}}),
    ("a.n.m=2", {"a": {"b": "1", "c": ["x", "y"], "n": {"m": "2"}}}),
    ("a=2", {"a": "2"}),
    ("a.b.c=2", {"a": {"b": {"c": "2"}, "c": ["x", "y"]}}),
    ("a.b=", {"a": {"b": "", "c": ["x", "y"]}}),
    ("a.b=null", {"a": {"c": ["x", "y"]}}),
    ("a=null", {}),
    ("nope.deep=null", {"a": {"b": "1", "c": ["x", "y"]}, "nope": {}}),
    ("a.b='null'", {"a": {"b": "null", "c": ["x", "y"]}}),
    ("a.c[1]=z", {"a": {"b": "1", "c": ["x", "z"]}}),
    ("a.c[2]=z", {"a": {"b": "1", "c": ["x", "y", "z"]}}),
    ("a.c[0].k=z", {"a": {"b": "1", "c": [{"k": "z"}, "y"]}}),
    ("a.c=[1, 2]", {"a": {"b": "1", "c": ["1", "2"]}}),
    ("a={b: 7}", {"a": {"b": "7", "c": ["x", "y"]}}),
    ("a.'d.e'=1", {"a": {"b": "1", "c": ["x", "y"], "d.e": "1"}}),
    ("a.b=x: y # z", {"a": {"b": "x: y # z", "c": ["x", "y"]}}),
    ("a.b=@it's *", {"a": {"b": "@it's *", "c": ["x", "y"]}}),
    ("a.b= 3 ", {"a": {"b": "3", "c": ["x", "y"]}}),
    ("a.b=p=q", {"a": {"b": "p=q", "c": ["x", "y"]}}),
    ("a.b=!x", {"a": {"b": "!x", "c": ["x", "y"]}}),
]


@pytest.mark.parametrize(("setting", "expected"), SETTINGS, ids=[row[0] for row in SETTINGS])
def test_settings(setting: str, expected: Any) -> None:
    assert plain(set_values(tree({"a": {"b": "1", "c": ["x", "y"]}}), [setting])) == expected


@given(trees(nulls=False), st.lists(KEYS, min_size=1, max_size=3), trees(nulls=True) | TEXTS | st.none())
def test_a_setting_is_an_overlay_with_one_path(base: Any, keys: list[str], value: Any) -> None:
    overlay = value
    for key in reversed(keys):
        overlay = {key: overlay}
    done = set_values(tree(base), [f"{path_text(tuple(keys))}={json.dumps(value)}"])
    assert plain(done) == plain(merge(tree(base), tree(overlay)))


def test_a_removed_argument_of_a_patch_is_data() -> None:
    done = set_values(tree({}), ["patch.'aws_vpc.main'.tags=null"])
    assert plain(done) == {"patch": {"aws_vpc.main": {"tags": None}}}


def test_later_settings_win_and_keep_their_place() -> None:
    done = set_values(tree({}), ["a.b=1", "a.b=[x]", "a.c='y'"])
    assert plain(done) == {"a": {"b": ["x"], "c": "y"}}
    assert {str(leaf.position) for leaf in leaves(done).values()} == {"--set a.b:1:2", "--set a.c:1:1"}


def test_all_bad_settings_are_told() -> None:
    with pytest.raises(Problems) as raised:
        set_values(tree({"a": ["x"]}), ["b", "a[2]=x", "a=[", "c[1]=x", "a='\x00'", "a=\udcff", "d=\x00"])
    assert [problem.what for problem in sorted(raised.value.problems, key=lambda p: p.what)] == [
        "--set 'b' is not understood: it has no `=`.",
        "A value is expected here, and the text ends.",
        "The text holds bytes that are not UTF-8.",
        "There is an invisible control character (U+0000) here.",
        "There is an invisible control character (U+0000) here.",
        "There is no item a[2]: the list has 1 item.",
        "There is no item c[1]: the list has 0 items.",
    ]


def test_position_of_an_overlay_that_replaces_a_section() -> None:
    base = tree({"a": "x"}, "base.yaml")
    over = tree({"a": {"b": "y"}}, "over.yaml")
    merged = merge(base, over)
    assert isinstance(merged, Mapping)
    assert merged.entries["a"][0] == Position("over.yaml", 1, 2)
    assert merged.position.file == "base.yaml"
