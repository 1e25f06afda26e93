"""What the words of `giban workstation …` mean."""

from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.cli._workstation_words import Words, minutes, sort_words
from giban.graph.problems import Problems


@pytest.mark.parametrize(
    ("words", "value", "meaning"),
    [
        ((), "", Words(None, "", "giban.yaml")),
        (("dev",), "", Words("dev", "", "giban.yaml")),
        (("other.yaml",), "", Words(None, "", "other.yaml")),
        (("examples/workstation/giban.yaml", "dev"), "", Words("dev", "", "examples/workstation/giban.yaml")),
        (("2h",), "TIME", Words(None, "2h", "giban.yaml")),
        (("dev", "2h"), "TIME", Words("dev", "2h", "giban.yaml")),
        (("dev", "2h", "b.yml"), "TIME", Words("dev", "2h", "b.yml")),
        (("b.yml", "on"), "on|off", Words(None, "on", "b.yml")),
        (("Kim's phone",), "DEVICE", Words(None, "Kim's phone", "giban.yaml")),
    ],
)
def test_words_are_known_by_their_look_and_place(words: tuple[str, ...], value: str, meaning: Words) -> None:
    assert sort_words(words, value) == meaning


@pytest.mark.parametrize(
    ("words", "value", "says"),
    [
        (("a.yaml", "b.yaml"), "", "Two blueprints: a.yaml and b.yaml"),
        (("dev", "ops"), "", "Too many words"),
        (("dev", "ops", "2h"), "TIME", "Too many words"),
        (("a.yaml",), "TIME", "TIME is missing"),
        ((), "DEVICE", "DEVICE is missing"),
    ],
)
def test_words_without_a_meaning(words: tuple[str, ...], value: str, says: str) -> None:
    with pytest.raises(click.UsageError, match=says):
        sort_words(words, value)


@pytest.mark.parametrize(
    ("text", "length"),
    [("90m", 90), ("2h", 120), ("1h30m", 90), ("3d", 4320), (" 2H ", 120), ("72h", 4320)],
)
def test_lengths_of_time(text: str, length: int) -> None:
    assert minutes(text) == length


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("90", "Write 90m for minutes or 90h for hours"),
        ("73h", "more than 72h"),
        ("4d", "Write 72h or less"),
        ("1h30", "Write 90m, 2h or 1h30m"),
        ("0m", "not a length of time"),
        ("", "not a length of time"),
        ("-5m", "not a length of time"),
        ("1.5h", "not a length of time"),
        ("90s", "not a length of time"),
        ("30m1h", "not a length of time"),
        ("1h1h", "not a length of time"),
        ("h", "not a length of time"),
        ("two hours", "not a length of time"),
        ("١h", "not a length of time"),
    ],
)
def test_what_is_no_length_of_time(text: str, says: str) -> None:
    with pytest.raises(Problems, match=says):
        minutes(text)


@given(st.text(max_size=12))
def test_any_text_is_a_length_or_a_problem(text: str) -> None:
    try:
        length = minutes(text)
    except Problems:
        return
    assert length > 0
