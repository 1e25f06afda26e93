"""The examples in the pages of the checks are true: what they show is found, what they advise is not."""

from __future__ import annotations

import re
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from giban.checks.registry import Check, all_checks, run
from giban.checks.waivers import WAIVER_CHECKS
from giban.graph.refs import find_refs
from giban.lifecycle.pipeline import compile_blueprint
from giban.terraform.read import read_folder

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
BASE = {
    "name": "scv",
    "domain": "scv.example.com",
    "regions": ["ap-northeast-2"],
    "owner": "platform team",
    "services": {"web": {"kind": "instances", "public": True, "port": 80}},
}


def blocks(check: Check) -> list[tuple[str, str]]:
    return BLOCK.findall(cleandoc(check.function.__doc__ or ""))


def findings(check: Check, kind: str, text: str, folder: Path) -> int | None:
    """How many an example has; None when it is a part of something larger and refers to what is not shown."""
    if kind == "json":
        (folder / "example.tf.json").write_text(text)
        graph = read_folder(str(folder))
        shown = all(ref.address in item.stack.resources for item in graph for ref in find_refs(item.args))
        found = len(run(graph, [check]))
        return found if shown or found else None
    fragment = yaml.safe_load(text)
    # A page that shows only the name says that what is missing there is the point.
    base: dict[str, Any] = {key: value for key, value in BASE.items() if key != "owner" or "name" not in fragment}
    (folder / "giban.yaml").write_bytes(msgspec.yaml.encode({**base, **fragment}))
    return len(run(compile_blueprint(str(folder / "giban.yaml")).graph, [check]))


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_the_example_is_found_and_its_replacement_is_not(check: Check, tmp_path: Path) -> None:
    (bad_kind, bad), (good_kind, good) = blocks(check)
    (tmp_path / "bad").mkdir()
    (tmp_path / "good").mkdir()
    assert findings(check, bad_kind, bad, tmp_path / "bad") != 0
    assert findings(check, good_kind, good, tmp_path / "good") in (0, None)


@pytest.mark.parametrize("check", WAIVER_CHECKS, ids=lambda check: check.id)
def test_examples_of_waivers_are_blueprints(check: Check) -> None:
    for kind, text in blocks(check):
        assert kind == "yaml"
        assert set(yaml.safe_load(text)) == {"waivers"}
