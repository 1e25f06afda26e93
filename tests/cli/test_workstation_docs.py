"""What docs/workstation.md shows is what giban prints, and what it names exists."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import msgspec
import pytest

from giban.blueprint.types_workstations import AutoStop, Workstation
from giban.cli.workstation import command
from tests.cli.test_contract import giban

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs" / "workstation.md"
TEXT = GUIDE.read_text()


def test_the_blueprint_shown_compiles_without_findings(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text(TEXT.split("```yaml\n", 1)[1].split("```", 1)[0])
    answer = giban("check", cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout


def test_the_cost_shown_is_the_examples() -> None:
    printed = giban("cost", str(REPOSITORY / "examples" / "workstation" / "giban.yaml"), cwd=REPOSITORY).stdout
    table, _, rest = printed.partition("\n\nLargest items")
    machines = re.search(r"Machines that stop.*?(?=\n\n)", rest, re.DOTALL)
    assert machines
    assert f"{table}\n\n{machines[0]}" in TEXT


def test_every_command_is_told_of_and_every_command_told_of_exists() -> None:
    told = set(re.findall(r"giban workstation ([a-z-]+)", TEXT))
    assert isinstance(command, click.Group)
    known = set(command.commands)
    assert told <= known, told - known
    named = told | set(re.findall(r"`([a-z-]+) [A-Za-z-]+", TEXT))
    assert known - {"list"} <= named, known - named


@pytest.mark.parametrize(
    ("key", "type_", "name"),
    [
        ("disk", Workstation, "disk"),
        ("system_disk", Workstation, "system_disk"),
        ("instance", Workstation, "instance"),
        ("auto_stop.idle", AutoStop, "idle"),
        ("auto_stop.max_uptime", AutoStop, "max_uptime"),
        ("auto_stop.tab", AutoStop, "tab"),
        ("auto_stop.silent", AutoStop, "silent"),
    ],
)
def test_defaults(key: str, type_: type[msgspec.Struct], name: str) -> None:
    default = next(field.default for field in msgspec.structs.fields(type_) if field.name == name)
    assert f"| `{key}` | `{default}` |" in TEXT


def test_every_setting_is_told_of() -> None:
    for field in msgspec.structs.fields(Workstation):
        assert f"`{field.name}" in TEXT, field.name


def test_pictures_and_links_lead_somewhere() -> None:
    for target in re.findall(r'src="([^"]+)"|\]\(([^)#]+)[^)]*\)', TEXT):
        path = target[0] or target[1]
        if "://" not in path:
            assert os.path.exists(GUIDE.parent / path), path


def test_headings_that_are_linked_exist() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for anchor in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert anchor in anchors
