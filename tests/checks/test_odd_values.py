"""A check copes with whatever stands in somebody's Terraform: no value makes it stumble."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from giban.checks.registry import all_checks, run
from giban.graph.graph import Graph
from giban.graph.stack import Stack

CASES = sorted((Path(__file__).parent / "cases").rglob("*.tf.json"))
ODD: list[Any] = [
    None, 0, -1, 1.5, True, "", "x", "*", "${var.x}", "${", "${jsonencode({", "${aws_lb.web.arn}", [], [None], [[]], {},
    {"a": None}, {"name": [1]}, ["${a_b.c.d}"], "0.0.0.0/0", "999.1.1.1/40", ["10.0.0.0/8"], {"rule": {"rule": []}},
]  # fmt: skip
ROUNDS = 10

Step = str | int


def places(value: Any, so_far: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The path to every value inside nested data."""
    items: list[tuple[Step, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for step, item in items:
        yield (*so_far, step)
        yield from places(item, (*so_far, step))


def spoil(args: dict[str, Any], random: Random) -> None:
    """Put something odd in the place of one value."""
    every = list(places(args))
    if every and random.random() < 0.7:
        *way, last = random.choice(every)
        inside: Any = args
        for step in way:
            inside = inside[step]
        inside[last] = copy.deepcopy(random.choice(ODD))


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_value_makes_a_check_stumble(case: Path) -> None:
    document = json.loads(case.read_text())
    random = Random(str(case.relative_to(Path(__file__).parent)))
    for _ in range(ROUNDS):
        spoiled = copy.deepcopy(document)
        stack = Stack(".", "ap-northeast-2")
        for keyword, mode in (("resource", "managed"), ("data", "data")):
            for type_, labelled in spoiled.get(keyword, {}).items():
                for label, args in labelled.items():
                    spoil(args, random)
                    stack.insert(mode, type_, label, args, "", None, check=False)
        for finding in run(Graph("odd", [stack]), all_checks()):
            assert finding.message
