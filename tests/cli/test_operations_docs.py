"""What docs/operations.md shows is what giban prints, and what it names exists."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from tests.cli.test_contract import giban

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "docs" / "operations.md").read_text()
EXAMPLE = "examples/operations"


def test_the_example_is_what_the_guide_shows() -> None:
    written = (REPOSITORY / EXAMPLE / "giban.yaml").read_text()
    for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL):
        for line in block.splitlines():
            shown = line.strip()
            if shown and not shown.startswith("rules: {"):
                assert shown in written, line


def test_the_explanation_shown_is_printed() -> None:
    printed = giban(
        "alarms",
        "routes",
        EXAMPLE,
        "--explain",
        f"{EXAMPLE}/cpu-alarm.json",
        "--at",
        "2026-11-23T23:30+09:00",
        cwd=REPOSITORY,
    ).stdout
    assert printed.strip() in TEXT


def test_the_week_shown_is_printed(tmp_path: Path) -> None:
    picture = tmp_path / "week.svg"
    answer = giban("power", "plan", EXAMPLE, "--week", "--from", "2026-11-23", "-o", str(picture), cwd=REPOSITORY)
    table = answer.stdout.split("\n\n")[1]
    assert table in TEXT
    assert picture.read_bytes() == (REPOSITORY / "docs" / "operations-week.svg").read_bytes()


def test_the_rules_shown_are_listed() -> None:
    printed = giban("alarms", "rules", EXAMPLE, cwd=REPOSITORY).stdout
    shown = re.findall(r"^P[1-4]  .*$", TEXT.split("giban alarms rules\n")[1].split("Thresholds")[0], re.MULTILINE)
    assert len(shown) == 3
    assert all(re.sub(r" +", " ", line) in re.sub(r" +", " ", printed) for line in shown)


@pytest.mark.parametrize("group", ["alarms", "power", "rehearsal"])
def test_commands_exist_and_all_of_them_are_told_of(group: str) -> None:
    command = import_module(f"giban.cli.{group}").command
    assert isinstance(command, click.Group)
    told = set(re.findall(rf"giban {group} ([a-z-]+)", TEXT))
    assert told <= set(command.commands), told - set(command.commands)
    if group == "rehearsal":
        return
    named = told | set(re.findall(r"`([a-z]+)`", TEXT))
    assert set(command.commands) <= named, set(command.commands) - named


@pytest.mark.parametrize(
    "link", sorted(set(re.findall(r"\]\(([^)#]+)", TEXT)) | set(re.findall(r'src="([^"]+)"', TEXT)))
)
def test_links_lead_somewhere(link: str) -> None:
    assert (REPOSITORY / "docs" / link).exists()
