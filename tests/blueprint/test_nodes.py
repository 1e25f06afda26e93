"""Text to tree: what YAML's grammar refuses is said in words, with the place, and nothing can make it explode."""

from __future__ import annotations

import pytest

from giban.blueprint.nodes import MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, Mapping, Node, Scalar, Sequence, parse
from giban.graph.problems import Problem, Problems


def fails(source: str | bytes) -> list[Problem]:
    with pytest.raises(Problems) as raised:
        parse(source, "t.yaml")
    return raised.value.problems


def plain(node: Node | None) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def test_scalars_keep_their_text_and_their_place() -> None:
    node = parse("a: 1.10\nb:\n  - no\n  - 'no'\n", "t.yaml")
    assert isinstance(node, Mapping)
    where, a = node.entries["a"]
    assert str(where) == "t.yaml:1:1"
    assert isinstance(a, Scalar)
    assert (a.text, a.plain, str(a.position)) == ("1.10", True, "t.yaml:1:4")
    _, b = node.entries["b"]
    assert isinstance(b, Sequence)
    assert [(item.text, item.plain) for item in b.items if isinstance(item, Scalar)] == [("no", True), ("no", False)]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "---\n...\n", "\ufeff", "  \n# x\n"])
def test_a_text_without_content_is_no_tree(text: str) -> None:
    assert parse(text, "t.yaml") is None


def test_a_byte_order_mark_does_not_move_columns() -> None:
    node = parse("\ufeffa: 1".encode(), "t.yaml")
    assert isinstance(node, Mapping)
    assert str(node.entries["a"][1].position) == "t.yaml:1:4"


def test_columns_count_characters_not_bytes() -> None:
    node = parse("기반: {이름: 값}", "t.yaml")
    assert isinstance(node, Mapping)
    inner = node.entries["기반"][1]
    assert isinstance(inner, Mapping)
    assert str(inner.entries["이름"][1].position) == "t.yaml:1:10"


SYNTAX = [
    ("a:\n\tb: 1\n", "t.yaml:2:1", "tab", "spaces"),
    ("a:\n  b: 1\n\tc: 2\n", "t.yaml:3:1", "tab", "spaces"),
    ("a: 1\n b: 2\n", "t.yaml:2:3", "cannot stand here", "Line the key up"),
    ("a: b: c\n", "t.yaml:1:5", "second `: `", "quotes"),
    ("a:\n    b: 1\n  c: 2\n", "t.yaml:3:3", "does not fit", "indentation"),
    ("a: [b\nc: d\n", "t.yaml:2:2", "[ in line 1 is not closed", "]"),
    ("a: {b: c\nd: e\n", "t.yaml:2:2", "{ in line 1 is not closed", "}"),
    ("a: [", "t.yaml:1:5", "the text ends", "close the bracket"),
    ("a: }", "t.yaml:1:4", "not `}`", "Write a value"),
    ("a: 'b\nc: d\n", "t.yaml:1:4", "never closed", "Close it"),
    ('a: "b\nc: d\n', "t.yaml:1:4", "never closed", "Close it"),
    ("a: @b\n", "t.yaml:1:4", "@ cannot begin", "quotes"),
    (" a: b\nc: d\n", "t.yaml:2:1", "indented less than the first", "same column"),
    ("a: `b`\n", "t.yaml:1:4", "` cannot begin", "quotes"),
    ("a: %b\n", "t.yaml:1:4", "% cannot begin", "quotes"),
    ("a: *\n", "t.yaml:1:5", "alias or an anchor", "quotes"),
    ("a: *b\n", "t.yaml:1:4", "no anchor", "&b"),
    ("a: 1\nb\nc: 2\n", "t.yaml:2:1", "no colon", "key: value"),
    ("- a\n-b\n", "t.yaml:2:1", "no colon", "dash"),
    ("- a\nb: c\n", "t.yaml:2:1", "neither to the list", "indent"),
    ("a: - b\n", "t.yaml:1:4", "cannot begin here", "line of its own"),
    ('a: "\\q"\n', "t.yaml:1:5", "backslash", "single quotes"),
    ("a: 'b' c\n", "t.yaml:1:8", "does not fit", "quotes as a whole"),
    ("a: |x\n b\n", "t.yaml:1:5", "has to end", "next line"),
    ("%YAML 9.9\n---\na: 1\n", "t.yaml:1:1", "version", "Remove"),
    ("a: !x!y 1\n", "t.yaml:1:4", "tag", "quotes"),
    ("a: !foo 1\n", "t.yaml:1:4", "!foo", "Remove"),
    ("a: !!python/object/apply:os.system [ls]\n", "t.yaml:1:4", "!!python/object/apply:os.system", "Remove"),
    ("a: !!int 1\n", "t.yaml:1:4", "!!int", "Remove"),
    ("a: 1\n---\nb: 2\n", "t.yaml:2:1", "second document", "environments/"),
    ("a: 1\n---\n", "t.yaml:2:1", "second document", "environments/"),
    ("a: {{ name }}\n", "t.yaml:1:5", "key is expected", "template"),
    ("? [a]\n: b\n", "t.yaml:1:3", "key is expected", "quotes"),
    (": b\n", "t.yaml:1:1", "no key before the colon", "Write a key"),
    ("a: &x\n  b: *x\n", "t.yaml:2:6", "inside its own anchor", "Remove"),
    ("a: &x [*x]\n", "t.yaml:1:8", "inside its own anchor", "Remove"),
    ("a: &x b\n*x : c\n", "t.yaml:2:1", "where a key is expected", "key itself"),
    ("a: &x 1\nb: {<<: *x}\n", "t.yaml:1:4", "`<<` takes a mapping", "anchor of a mapping"),
    ("a: &x {}\nb: {<<: *x, <<: *x}\n", "t.yaml:2:13", "twice", "list"),
    ("a: \x00\n", "t.yaml:1:4", "U+0000", "Delete"),
    ("b: 1\na: x\x07\n", "t.yaml:2:5", "U+0007", "Delete"),
]


@pytest.mark.parametrize(("text", "where", "what", "fix"), SYNTAX, ids=[repr(row[0]) for row in SYNTAX])
def test_syntax_in_words(text: str, where: str, what: str, fix: str) -> None:
    (problem,) = fails(text)
    assert str(problem.where) == where
    assert what in problem.what
    assert fix in problem.fix


def test_every_duplicate_key_is_told_with_both_lines() -> None:
    first, second = fails("a: 1\nb: {c: 1, 'c': 2}\na: 2\n")
    assert str(first).startswith("t.yaml:2:11  b.c\n")
    assert "first time in line 2" in first.what
    assert str(second).startswith("t.yaml:3:1  a\n")
    assert "first time in line 1" in second.what


def test_of_very_many_duplicates_the_first_are_told() -> None:
    assert len(fails("a: 1\n" * 100_000)) == MAX_PROBLEMS


def test_anchors_and_merges() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\none: {<<: *x, a: 9}\ntwo: {<<: [*x, *y], d: 5}\n"
    data = plain(parse(text, "t.yaml"))
    assert isinstance(data, dict)
    assert data["one"] == {"a": "9", "b": "2"}
    assert data["two"] == {"d": "5", "a": "1", "b": "2", "c": "4"}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert plain(parse("'<<': 1\nb: 2\n", "t.yaml")) == {"<<": "1", "b": "2"}


def test_explicit_string_tags_are_taken_as_quotes() -> None:
    node = parse("a: !!str 16\nb: !!map {}\nc: !!seq []\n", "t.yaml")
    assert isinstance(node, Mapping)
    assert node.entries["a"][1] == Scalar("16", False, node.entries["a"][1].position)


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 10_000, 200_000])
def test_deep_nesting_is_refused(bracket: str, depth: int) -> None:
    (problem,) = fails(bracket * depth)
    assert problem.fix


def test_nesting_up_to_the_limit_is_taken() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "t.yaml") is not None


def test_nesting_through_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [[[[*a{n - 1}]]]]" for n in range(1, 60)]
    (problem,) = fails("\n".join(lines))
    assert "nested more than" in problem.what


def test_anchors_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (problem,) = fails("\n".join(lines))
    assert "anchors expanded" in problem.what


def test_merges_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}"]
    lines += [f"a{n}: {{<<: [{', '.join(['*a0'] * 100)}]}}" for n in range(1, 10)]
    (problem,) = fails("\n".join(lines))
    assert "anchors expanded" in problem.what


@pytest.mark.parametrize("source", [b"a: " + b"x" * MAX_BYTES, "a: " + "x" * MAX_BYTES])
def test_large_files_are_refused(source: bytes | str) -> None:
    (problem,) = fails(source)
    assert "1,000,000" in problem.what


@pytest.mark.parametrize(
    ("source", "where", "what"),
    [
        (b"a: 1\nb: \xff\n", "t.yaml:2:4", "0xFF"),
        ("이름: 값".encode("euc-kr"), "t.yaml:1:1", "not UTF-8"),
        ("a: 1".encode("utf-16"), "t.yaml:1:1", "UTF-16"),
        ("a: \udcff", "t.yaml:1:4", "not UTF-8"),
    ],
)
def test_other_encodings_are_refused(source: bytes | str, where: str, what: str) -> None:
    (problem,) = fails(source)
    assert str(problem.where) == where
    assert what in problem.what
    assert "UTF-8" in problem.fix
