"""Every folder here is a case: a blueprint, the arguments it is compiled with, and what is expected of it.

`expected/resources.txt` lists the addresses of each root, `expected/findings.txt` what the checks say,
`expected/cost.txt` the monthly estimate, `expected/documents/` (of some) every document. Run
`pytest tests/cases --update-cases` to write them anew, then read the difference.
"""

from __future__ import annotations

import datetime
import os
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from giban.cost.estimate import estimate
from giban.lifecycle.findings import findings
from giban.lifecycle.pipeline import Compiled, compile_blueprint
from giban.terraform.documents import documents

HERE = os.path.dirname(__file__)
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
CASES = sorted(entry for entry in os.listdir(HERE) if os.path.isfile(os.path.join(HERE, entry, "giban.yaml")))
TODAY = datetime.date(2026, 11, 21)


def arguments(name: str) -> tuple[str | None, list[str]]:
    """The environment and the --set values of a case."""
    path = Path(HERE, name, "arguments")
    words = iter(shlex.split(path.read_text()) if path.exists() else [])
    environment, sets = None, []
    for word in words:
        if word == "-e":
            environment = next(words)
        elif word == "--set":
            sets.append(next(words))
    return environment, sets


@cache
def compiled(name: str) -> Compiled:
    environment, sets = arguments(name)
    return compile_blueprint(os.path.join(HERE, name, "giban.yaml"), environment, sets)


def resources_text(case: Compiled) -> str:
    lines: list[str] = []
    for stack in case.graph.stacks:
        lines += [f"{stack.key}:", *(f"  {address}" for address in sorted(stack.resources))]
    return "\n".join(lines) + "\n"


def findings_text(case: Compiled) -> str:
    lines = []
    for item in findings(case, TODAY):
        waived = f" [waived: {item.waived}]" if item.waived else ""
        lines.append(f"{item.check} {item.severity} {item.resource}: {item.message}{waived}")
    return "\n".join(lines) + "\n" if lines else "none\n"


def cost_text(case: Compiled) -> str:
    result = estimate(case.graph)
    totals = [*((part.component, part.total) for part in result.components), ("total", result.total)]
    lines = [f"{name}: {total.low:.2f} {total.likely:.2f} {total.high:.2f}" for name, total in totals]
    lines += [f"unknown: {item.address} {item.item}" for item in result.unknown]
    return "\n".join(lines) + "\n"


def expectations(name: str) -> Iterator[tuple[str, str]]:
    case = compiled(name)
    yield "resources.txt", resources_text(case)
    yield "findings.txt", findings_text(case)
    yield "cost.txt", cost_text(case)
    if os.path.isdir(os.path.join(HERE, name, "expected", "documents")):
        for path, text in documents(case.graph).items():
            if isinstance(text, str) and path.endswith(".tf.json"):
                yield f"documents/{path}", text


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, update_cases: bool) -> None:
    folder = os.path.join(HERE, name, "expected")
    for file, made in expectations(name):
        path = os.path.join(folder, file)
        if update_cases:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as opened:
                opened.write(made)
        with open(path, encoding="utf-8") as opened:
            assert made == opened.read(), f"{name}/expected/{file}"


@pytest.mark.parametrize("name", CASES)
def test_the_same_blueprint_gives_the_same_bytes(name: str) -> None:
    environment, sets = arguments(name)
    again = compile_blueprint(os.path.join(HERE, name, "giban.yaml"), environment, sets)
    assert documents(again.graph) == documents(compiled(name).graph)


@pytest.mark.parametrize("name", ["three-tier", "minimal", "workstation", "survey", "operations"])
def test_examples_have_no_findings(name: str) -> None:
    case = compile_blueprint(os.path.join(REPOSITORY, "examples", name, "giban.yaml"))
    assert [f"{item.check} {item.resource}: {item.message}" for item in findings(case, TODAY)] == []


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 12
