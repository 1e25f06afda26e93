"""The package as it is deployed: it imports from its archive, starts light, and shows nothing of the rest."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from giban.components.code import function_code

HEAVY = ("dataclasses", "datetime", "enum", "inspect", "logging", "re", "typing", "urllib.parse", "zoneinfo")
"""Modules that cost a cold start, and that only what needs them imports."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("archive"))
    with zipfile.ZipFile(io.BytesIO(function_code("power", "fleets"))) as opened:
        opened.extractall(folder)
    return folder


def run(archive: str, code: str) -> str:
    """What code prints in an interpreter that knows the archive only."""
    command = [sys.executable, "-S", "-s", "-E", "-c", f"import sys; sys.path.insert(0, {archive!r}); {code}"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=archive, env={"PATH": os.environ["PATH"]}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_imports_from_the_archive_without_what_costs_time(archive: str) -> None:
    names = sorted(name[:-3] for name in os.listdir(os.path.join(archive, "runtime", "fleets")) if name.endswith(".py"))
    assert "tick" in names
    imports = "; ".join(f"import runtime.fleets.{name}" for name in names)
    show = "import json; print(json.dumps(sorted(sys.modules)))"
    loaded, before = json.loads(run(archive, f"{imports}; {show}")), json.loads(run(archive, show))
    assert sorted(set(HEAVY) & set(loaded) - set(before)) == []


def test_the_keeper_finds_the_package_in_its_archive_and_only_there(archive: str) -> None:
    assert run(archive, "from runtime.power.keeper import FLEETS; print(FLEETS)") == "True\n"


def test_an_archive_without_a_configuration_has_no_targets(archive: str) -> None:
    assert run(archive, "from runtime.fleets.entry import targets; print(targets())") == "{}\n"
