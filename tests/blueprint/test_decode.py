"""Tree to value: scalars are read by the type expected, and every problem of a text is told at once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from giban.blueprint.decode import decode
from giban.blueprint.nodes import MAX_PROBLEMS, parse
from giban.graph.problems import Problems
from tests.blueprint.sample_language import Access, Door, Function, Machine, Page, Scale, only, page, problems_of, tried


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", "true"),
        ("16", "16"),
        ("1.10", "1.10"),
        ("010", "010"),
        ("1e3", "1e3"),
        ("12:30:45", "12:30:45"),
        ("2027-03-31", "2027-03-31"),
        ("0x10", "0x10"),
        ("=", "="),
        (".inf", ".inf"),
        ("'null'", "null"),
        ("''", ""),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_where_text_is_expected_everything_is_text(text: str, value: str) -> None:
    assert page(f"type: {text}").type_ == value


@pytest.mark.parametrize("text", ["true", "yes", "on", "True", "YES", "On"])
def test_words_for_true(text: str) -> None:
    assert page(f"on: {text}").on is True


@pytest.mark.parametrize("text", ["false", "no", "off", "False", "NO", "Off"])
def test_words_for_false(text: str) -> None:
    assert page(f"on: {text}").on is False


@pytest.mark.parametrize(
    ("text", "fix"),
    [("'true'", "Remove the quotes"), ("1", "Write true"), ("n", "Write false"), ("maybe", "true or false")],
)
def test_what_is_not_a_truth_value(text: str, fix: str) -> None:
    assert fix in only(f"name: web\non: {text}")


@pytest.mark.parametrize(("text", "value"), [("16", 16), ("+16", 16), ("1_000", 1000), ("1e3", 1000), ("2.0", 2)])
def test_whole_numbers(text: str, value: int) -> None:
    assert page(f"services: {{a: {{kind: machine, port: {text}}}}}").services == {
        "a": Machine(kind="machine", port=value)
    }


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("010", "Write 10, without the zero before it (or 8, if it was meant octal)"),
        ("089", "Write 89, without the zero before it."),
        ("0x10", "decimal digits: 16"),
        ("0o17", "decimal digits: 15"),
        ("0b11", "decimal digits: 3"),
        ("12:30:45", "Write a whole number from 1 to 65535"),
        ("'1,000'", "without commas: 1000"),
        ("20GB", "the number alone: 20"),
        ("50%", "the number alone: 50"),
        ("'80'", "Remove the quotes: 80"),
        ("2.5", "without a fraction"),
        ("1e400", "Write a whole number"),
        ("1_0", "Write a whole number"),
        ("0", "0 is less than 1."),
        ("-1", "-1 is less than 1."),
        ("70000", "70000 is more than 65535."),
        ("9" * 5000, "at most 40 digits"),
        ("١٢", "Write a whole number"),
        ("yes", "Write a whole number"),
        ("[80]", "Write a whole number"),
        ("{a: 1}", "Write a whole number"),
    ],
)
def test_what_is_not_a_whole_number(text: str, fix: str) -> None:
    assert fix in only(f"name: web\nservices:\n  a: {{kind: machine, port: {text}}}\n")


@pytest.mark.parametrize(("text", "value"), [("0.25", 0.25), (".5", 0.5), ("1", 1.0), ("1e-2", 0.01)])
def test_numbers(text: str, value: float) -> None:
    assert page(f"ratio: {text}").ratio == value


@pytest.mark.parametrize("text", [".inf", ".nan", "1.5", "-0.1", "1e999", "'0.5'", "half", "0x1"])
def test_what_is_not_a_number(text: str) -> None:
    assert "from 0 to 1" in only(f"name: web\nratio: {text}")


@pytest.mark.parametrize("text", ["2027-03-31", "'2027-03-31'"])
def test_dates(text: str) -> None:
    assert page(f"until: {text}").until == datetime.date(2027, 3, 31)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2027-02-30", "There is no day 2027-02-30."),
        ("2027-3-31", "two digits each"),
        ("31.03.2027", "two digits each"),
        ("2027-03-31 12:00:00", "two digits each"),
        ("20270331", "two digits each"),
        ("2027-W13-3", "two digits each"),
        ("tomorrow", "two digits each"),
    ],
)
def test_what_is_not_a_date(text: str, message: str) -> None:
    assert message in only(f"name: web\nuntil: {text}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("16", 16),
        ("-3", -3),
        ("1.5", 1.5),
        ("no", "no"),
        ("on", "on"),
        ("1.10", "1.10"),
        ("8.0", "8.0"),
        ("010", "010"),
        ("012345678901", "012345678901"),
        ("1e3", "1e3"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        (".inf", ".inf"),
        ("2027-03-31", "2027-03-31"),
        ("'16'", "16"),
        ("${aws_vpc.main.id}", "${aws_vpc.main.id}"),
        ("9" * 5000, "9" * 5000),
        ("{a: [1, no, {b: ~}]}", {"a": [1, "no", {"b": None}]}),
    ],
)
def test_where_anything_goes_numbers_are_only_what_prints_the_same(text: str, value: Any) -> None:
    free = page(f"free: {text}").free
    assert free == value
    assert type(free) is type(value)


def test_choices() -> None:
    assert page("mode: none").mode == "none"
    assert page("days: 30").days == 30
    assert 'Did you mean "per-zone"?' in only("name: web\nmode: perzone")
    assert 'Did you mean "per-zone"?' in only("name: web\nmode: Per-Zone")
    assert "Not possible here: the number 31. Write 1, 7 or 30." in only("name: web\ndays: 31")
    assert "Remove the quotes: 30" in only("name: web\ndays: '30'")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("access: closed", "closed"),
        ("access: {door: {allow: [a]}}", Access(door=Door(allow=["a"]))),
        ("access:", Access()),
    ],
)
def test_a_word_or_a_section(text: str, value: object) -> None:
    assert page(text).access == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("access: close", 'Did you mean "closed"? Possible: closed; or write a mapping with the keys door.'),
        ("access: door", "Write `access: {door: {allow: [203.0.113.0/24]}}`."),
        ("access: [a]", "Expected closed or a mapping with the keys door, found a list."),
        ("access: {dor: {}}", 'Did you mean "door"?'),
        ("wall: maybe", "true or false; or write a mapping with the keys min, max."),
        ("wall: [a]", "Expected true or false or a mapping"),
        ("domain: [a]", "Expected text or a mapping with the keys allow"),
    ],
)
def test_neither_the_word_nor_the_section(text: str, message: str) -> None:
    assert message in only(f"name: web\n{text}")


def test_truth_value_or_section() -> None:
    assert page("wall: off").wall is False
    assert page("wall: {min: 2}").wall == Scale(min=2)
    assert page("domain: example.com").domain == "example.com"
    assert page("domain: 16").domain == "16"
    assert page("domain: {allow: [a]}").domain == Door(allow=["a"])
    assert page("domain:").domain is None


def test_sections_told_apart_by_kind() -> None:
    services = page("services: {a: {kind: machine}, b: {kind: function, memory: 256}, c: {kind: job}}").services
    assert services == {
        "a": Machine(kind="machine"),
        "b": Function(kind="function", memory=256),
        "c": Function(kind="job"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", 't.yaml:3:3  services.a.kind\n  The key "kind" is missing. Add `kind: machine`.'),
        ("{kind: machin}", 'Did you mean "machine"? Possible: machine, function or job.'),
        ("{kind: [a]}", "Expected machine, function or job, found a list."),
        ("{kind: function, port: 80}", 'There is no key "port" here. Possible here: kind, memory.'),
        ("5", "found the number 5"),
        ("", "There is no value here."),
    ],
)
def test_kinds_that_do_not_exist(text: str, message: str) -> None:
    assert message in only(f"name: web\nservices:\n  a: {text}\n")


def test_empty_sections_are_sections_of_defaults() -> None:
    assert page("services: {a: {kind: machine, scale: , env: , uses: }}\nwaivers:\npatch:\n") == page(
        "services: {a: {kind: machine}}"
    )


def test_no_value_where_one_is_needed() -> None:
    assert "There is no value here. Write a whole number from 1 to 500" in only("name: web\nwaivers: [{min: }]")
    assert "t.yaml:1:7  name\n  There is no value here. Write text, for example `name: web`" in only("name: null")


def test_renamed_keys() -> None:
    assert page("type: y").type_ == "y"
    assert 'no key "type_" here' in only("name: web\ntype_: y")


def test_unknown_keys() -> None:
    assert 't.yaml:2:1  nmae\n  There is no key "nmae" here. Did you mean "name"?' in only("name: web\nnmae: x")
    assert 'Did you mean "services"?' in only("name: web\nservice: {}")
    assert "It belongs under scale: `scale: {max: …}`." in only("name: web\nservices: {a: {kind: machine, max: 3}}")
    assert "Possible here: min, max." in only("name: web\nwaivers: [{zzz: 1}]")


def test_missing_keys_are_all_told() -> None:
    first, second = problems_of("domain: {}\n")
    assert str(first) == 't.yaml:1:1  domain.allow\n  The key "allow" is missing. Add `allow: [203.0.113.0/24]`.'
    assert str(second) == 't.yaml:1:1  name\n  The key "name" is missing. Add `name: web` (What it is called).'


def test_patterns_are_explained_by_the_words_beside_them() -> None:
    assert '"Web!" is not possible here. Expected: Lower-case letters. For example web.' in only("name: Web!")
    assert "Expected: Digits and dots." in only("name: web\nversion: v1")
    assert "t.yaml:3:3  services.'A b'" in only("name: web\nservices:\n  A b: {kind: machine}\n")


@pytest.mark.parametrize("text", ['"web\\n"', '"we\\0b"', "wéb"])
def test_patterns_fit_whole_texts(text: str) -> None:
    assert "is not possible here" in only(f"name: {text}")


def test_pattern_digits_are_ascii() -> None:
    assert "is not possible here" in only("name: web\nversion: １６")


def test_lists() -> None:
    text = "name: web\nservices: {a: {kind: machine, uses: %s}}"
    assert "Put it in brackets to make a list of one: [db]" in only(text % "db")
    assert "Expected a list of texts, found a mapping" in only(text % "{a: b}")
    assert "services.a.uses[1]" in only(text % "[a, [b]]")
    assert "has 4 entries, more than 3" in only("name: web\nwaivers: [{}, {}, {}, {}]")
    assert "This is empty. Write at least 1, for example `allow: [203.0.113.0/24]`." in only(
        "name: web\ndomain: {allow: []}"
    )
    assert "This is empty." in only("name: web\ndomain: {allow: }")


def test_a_list_where_a_mapping_is_expected() -> None:
    assert "without the dashes" in only("name: web\nservices:\n  - a: {kind: machine}\n")
    assert "Expected a mapping with the keys" in only("- name: web\n")
    assert "Write `name: web`." in only("name")
    assert "found the number 5" in only("5")


def test_every_problem_at_once_in_the_order_of_the_text() -> None:
    text = "name: W\nnope: 1\nratio: 2\nservices:\n  a:\n    kind: machine\n    port: x\n    scale: {min: 0, mx: 1}\nuntil: x\n"
    assert [str(problem.where) for problem in problems_of(text)] == [
        "t.yaml:1:7",
        "t.yaml:2:1",
        "t.yaml:3:8",
        "t.yaml:7:11",
        "t.yaml:8:18",
        "t.yaml:8:21",
        "t.yaml:9:8",
    ]


def test_very_many_problems_are_counted() -> None:
    problems = problems_of("name: web\n" + "".join(f"x{n}: 1\n" for n in range(5000)))
    assert len(problems) == MAX_PROBLEMS + 1
    assert "4800 more are not shown" in problems[0].what


def test_positions() -> None:
    node = parse(
        "name: web\nservices:\n  a:\n    kind: machine\n    scale: {min: 2}\npatch:\n  x.y: {z: [1, 2]}\n", "t.yaml"
    )
    assert node is not None
    _, positions = decode(node, Page)
    assert str(positions.of("services", "a", "scale", "min")) == "t.yaml:5:18"
    assert str(positions.of("services", "a", "scale")) == "t.yaml:5:5"
    assert str(positions.of("services", "a", "scale", "max")) == "t.yaml:5:5"
    assert str(positions.of("services", "a", "port")) == "t.yaml:3:3"
    assert str(positions.of("patch", "x.y", "z", 1)) == "t.yaml:7:16"
    assert str(positions.of("ratio")) == "t.yaml:1:1"
    assert positions.root == positions.of()
    assert str(positions.problem(("patch", "x.y", "z"), "What.", "Fix.")) == "t.yaml:7:9  patch.'x.y'.z\n  What. Fix."
    assert ("services", "a", "scale", "max") not in positions


def test_stand_ins_let_the_rest_be_validated() -> None:
    attempt = tried("name: W\nratio: 9\nservices: {a: {kind: machine, port: x}}\n")
    assert attempt.value == Page(name="web", services={"a": Machine(kind="machine")})
    assert attempt.replaced == [("name",), ("ratio",), ("services", "a", "port")]


def test_a_list_without_its_wrong_items_is_never_shorter_than_allowed() -> None:
    attempt = tried("name: web\ndomain: {allow: [[]]}")
    assert [problem.path for problem in attempt.problems] == ["domain.allow[0]"]
    assert attempt.value == Page(name="web", domain=Door(allow=["203.0.113.0/24"]))


@pytest.mark.parametrize(
    "text",
    [
        "name: web\nservices: [a]",
        "name: web\nservices: {a: 5}",
        "name: web\naccess: x",
        "[]",
    ],
)
def test_no_stand_in_for_what_others_refer_to(text: str) -> None:
    assert tried(text).value is None


def test_decode_raises_what_attempt_returns() -> None:
    node = parse("name: W", "t.yaml")
    assert node is not None
    with pytest.raises(Problems, match="Expected: Lower-case letters"):
        decode(node, Page)
