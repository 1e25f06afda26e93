"""What the README shows is what giban prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_contract import THREE_TIER, giban

README = (Path(__file__).parents[2] / "README.md").read_text()
SLIPS = {
    "allow: [web]": "allow: [wbe]",
    "databases.main": "databases.mian",
    "multi_az: true": "mulit_az: true",
    "port: 8080\n    allow": "prot: 8080\n    allow",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "giban.yaml").write_text(THREE_TIER.read_text())
    return tmp_path


def test_findings(project: Path) -> None:
    answer = giban("check", "--set", "waf=false", "--set", "network.nat=single", cwd=project)
    assert answer.returncode == 1
    assert answer.stdout.strip() in README


def test_problems(project: Path) -> None:
    text = THREE_TIER.read_text()
    for good, bad in SLIPS.items():
        assert good in text
        text = text.replace(good, bad)
    (project / "giban.yaml").write_text(text)
    answer = giban("check", cwd=project)
    assert answer.returncode == 2
    assert answer.stderr.strip() in README


def test_cost(project: Path) -> None:
    table = giban("cost", cwd=project).stdout.split("\n\nAssumptions")[0]
    assert table.strip() in README


def test_the_blueprint_shown_compiles_without_findings(tmp_path: Path) -> None:
    block = README.split("```yaml\n", 1)[1].split("```", 1)[0]
    (tmp_path / "giban.yaml").write_text(block + "owner: readers\n")
    answer = giban("check", cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout


def test_the_picture_is_the_examples(project: Path) -> None:
    assert giban("draw", "-o", "made.svg", cwd=project).returncode == 0
    kept = Path(__file__).parents[2] / "docs" / "three-tier.svg"
    assert (project / "made.svg").read_text() == kept.read_text()
