"""Every check against its case: `cases/<ID>/bad…` is found where `bad.expected` says, `cases/<ID>/good…` is not found.

A case is a file (`bad.tf.json`, `bad.tf`) or a folder (`bad/`). `bad.expected` has one address a line; where a case has
several roots, an address in one of them is written `root:address`.
"""

from __future__ import annotations

import re
import shutil
from inspect import cleandoc
from pathlib import Path

import pytest

from giban.checks.registry import Check, all_checks, run
from giban.graph.graph import Graph
from giban.terraform.read import read_folder

CASES = Path(__file__).parent / "cases"
CHECKS = all_checks()
PARTS = ("## What it finds", "## Why it matters", "## Example", "Use instead:", "## References")

each_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


def read(check: Check, kind: str, folder: Path) -> Graph:
    """The graph of a case; a single file is read in a folder of its own."""
    case = CASES / check.id
    if (case / kind).is_dir():
        return read_folder(str(case / kind))
    files = [case / f"{kind}{suffix}" for suffix in (".tf.json", ".tf") if (case / f"{kind}{suffix}").is_file()]
    assert len(files) == 1, f"{case} needs {kind}.tf.json, {kind}.tf or {kind}/"
    shutil.copy(files[0], folder / files[0].name)
    return read_folder(str(folder))


@each_check
def test_bad_is_found(check: Check, tmp_path: Path) -> None:
    found = run(read(check, "bad", tmp_path), [check])
    expected = (CASES / check.id / "bad.expected").read_text(encoding="utf-8").split()
    addresses = {item.resource for item in found} | {f"{item.stack}:{item.resource}" for item in found}
    assert set(expected) <= addresses
    named = {address.rpartition(":")[2] for address in expected}
    assert {item.resource for item in found} == named
    assert len(found) == len({(item.stack, item.resource, item.message) for item in found})


@each_check
def test_good_is_not_found(check: Check, tmp_path: Path) -> None:
    assert [(item.resource, item.message) for item in run(read(check, "good", tmp_path), [check])] == []


@each_check
def test_messages_are_sentences(check: Check, tmp_path: Path) -> None:
    for finding in run(read(check, "bad", tmp_path), [check]):
        assert finding.message.endswith("."), finding.message
        assert "None" not in finding.message
        assert "${" not in finding.message.split()[0]
        # Findings about a whole root (its backend, its provider) have no line.
        whole_root = finding.resource in ("terraform.backend", "provider.aws")
        assert whole_root or (finding.where is not None and finding.where.line >= 1)


@each_check
def test_page_is_complete(check: Check) -> None:
    page = cleandoc(check.function.__doc__ or "")
    first, rest = page.split("\n", 1)
    assert first.endswith(".")
    places = [rest.find(part) for part in PARTS]
    assert -1 not in places, f"{check.id} lacks {PARTS[places.index(-1)]}"
    assert places == sorted(places)
    assert len(re.findall(r"^```(json|yaml|hcl)$", rest, re.MULTILINE)) == 2
    assert re.search(r"## References\n- https://", rest)
    assert check.fix.endswith(".")
    assert re.fullmatch(r"GB\d{3}", check.id)


def test_ids_names_and_titles_are_unique() -> None:
    for what in ("id", "name", "title"):
        values = [getattr(check, what) for check in CHECKS]
        assert len(values) == len(set(values)), what


def test_every_case_has_a_check() -> None:
    assert {folder.name for folder in CASES.iterdir() if folder.is_dir()} == {check.id for check in CHECKS}


def test_there_are_enough_checks() -> None:
    assert len(CHECKS) >= 45
