"""`giban check`: exit codes, formats, waivers of the blueprint, folders of Terraform, only what a change brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from giban.cli.check import command
from giban.graph.problems import Problems

BLUEPRINT = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
owner: platform team
services:
  web: {kind: instances, public: true, port: 80}
"""
WAIVED = """\
waivers: [{check: GB084, resource: aws_sns_topic.extra, reason: "nothing secret goes there", until: 2999-01-01}]
"""
TOPIC = """\
terraform: {resource: {aws_sns_topic: {extra: {name: extra}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "giban.yaml").write_text(BLUEPRINT)
    return tmp_path


def check(*words: str) -> Result:
    """The command as `giban.cli.errors` calls it: errors come out as exceptions, what it returns is the exit code."""
    return CliRunner().invoke(command, list(words), standalone_mode=False, catch_exceptions=False)


@pytest.mark.usefixtures("folder")
def test_a_good_blueprint_has_no_findings() -> None:
    result = check()
    assert result.return_value == 0
    assert result.output.startswith("No findings. ")


def test_a_finding_has_its_line_and_fails(folder: Path) -> None:
    (folder / "giban.yaml").write_text(BLUEPRINT + TOPIC)
    result = check()
    assert result.return_value == 1
    assert "warning  GB084" in result.output
    assert "giban.yaml:7:" in result.output
    assert "aws_sns_topic.extra" in result.output


@pytest.mark.parametrize(("least", "code"), [("notice", 1), ("warning", 1), ("error", 0), ("never", 0)])
def test_fail_on(folder: Path, least: str, code: int) -> None:
    (folder / "giban.yaml").write_text(BLUEPRINT + TOPIC)
    assert check("--fail-on", least).return_value == code


def test_a_waiver_of_the_blueprint(folder: Path) -> None:
    (folder / "giban.yaml").write_text(BLUEPRINT + TOPIC + WAIVED)
    result = check("--fail-on", "notice")
    assert result.return_value == 0
    assert "waived  GB084  aws_sns_topic.extra: nothing secret goes there" in result.output
    assert "No findings; 1 waived." in result.output


def test_an_expired_waiver_fails(folder: Path) -> None:
    (folder / "giban.yaml").write_text(BLUEPRINT + TOPIC + WAIVED.replace("2999", "2020"))
    result = check("--fail-on", "error")
    assert result.return_value == 1
    assert "expired on 2020-01-01" in result.output
    assert "giban.yaml:8:" in result.output


def test_a_waiver_that_is_not_needed_is_said(folder: Path) -> None:
    text = BLUEPRINT + WAIVED.replace("aws_sns_topic.extra", "aws_lb.web").replace("GB084", "GB012")
    (folder / "giban.yaml").write_text(text)
    assert "GB091" in check().output
    assert check().return_value == 0
    (folder / "giban.yaml").write_text(text.replace("GB012", "GB999"))
    assert "waiver of GB999 covers nothing" in check().output
    # A run of one check says nothing about the waivers of others.
    assert "GB091" not in check("--only", "GB040").output


def test_json(folder: Path) -> None:
    (folder / "giban.yaml").write_text(BLUEPRINT + TOPIC)
    for words in (("--json",), ("--format", "json")):
        result = check(*words)
        data = json.loads(result.output)
        assert [finding["check"] for finding in data["findings"]] == ["GB084"]
        assert data["summary"]["warning"] == 1
        assert result.return_value == 1


def test_sarif(folder: Path) -> None:
    (folder / "giban.yaml").write_text(BLUEPRINT + TOPIC)
    log = json.loads(check("--format", "sarif").output)
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert result["ruleId"] == "GB084"
    assert place["artifactLocation"]["uri"] == "giban.yaml"
    assert place["region"]["startLine"] == 7


def test_a_folder_of_terraform(folder: Path) -> None:
    live = folder / "live"
    live.mkdir()
    (live / "main.tf.json").write_text('{"resource": {"aws_db_instance": {"main": {"publicly_accessible": true}}}}')
    result = check("--terraform", "live", "--only", "GB040")
    assert result.return_value == 1
    assert "live/main.tf.json:1:" in result.output
    assert "1 finding: 1 error. 1 check, 1 resource." in result.output


@pytest.mark.parametrize("words", [("-e", "dev"), ("--set", "name=x")])
def test_terraform_has_no_environments(folder: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(Problems, match="no environments"):
        check("--terraform", str(folder), *words)


def test_only_what_a_change_brings(folder: Path) -> None:
    (folder / "before.yaml").write_text(BLUEPRINT + TOPIC)
    second = TOPIC.replace("{extra: {name: extra}}", "{extra: {name: extra}, more: {name: more}}")
    (folder / "giban.yaml").write_text("# a new line above\n" + BLUEPRINT + second)
    result = check("--against", "before.yaml")
    assert result.return_value == 1
    assert "aws_sns_topic.more" in result.output
    assert "aws_sns_topic.extra" not in result.output
    assert check("--against", "giban.yaml").return_value == 0


@pytest.mark.usefixtures("folder")
def test_list_and_explain() -> None:
    listing = check("--list").output.splitlines()
    assert any(line.startswith("GB040  error") for line in listing)
    assert any(line.startswith("GB090  error") for line in listing)
    assert {"id": "GB040", "severity": "error", "family": "databases", "title": "Database has a public address"} in (
        json.loads(check("--list", "--json").output)
    )
    for name in ("GB040", "gb040", "database-public"):
        assert check("--explain", name).output.startswith("# GB040 · Database has a public address\n")
    assert "## Why it matters" in json.loads(check("--explain", "GB040", "--json").output)["page"]


@pytest.mark.parametrize("words", [("--explain", "GB04"), ("--only", "GB04")])
@pytest.mark.usefixtures("folder")
def test_an_unknown_check(words: tuple[str, str]) -> None:
    with pytest.raises(Problems, match="There is no check `GB04`"):
        check(*words)


def test_a_wrong_blueprint_is_the_users_mistake(folder: Path) -> None:
    (folder / "giban.yaml").write_text("name: 7\n")
    with pytest.raises(Problems):
        check()
