"""Findings because of a patch stand where the patch is written; all others where the section is."""

from __future__ import annotations

from pathlib import Path

from giban.checks.registry import Finding, run
from giban.lifecycle.pipeline import compile_blueprint

BLUEPRINT = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
owner: platform team
services:
  web: {kind: instances, public: true, port: 80}
patch:
  aws_lb.web: {drop_invalid_header_fields: false}
"""


def findings(text: str, folder: Path) -> list[Finding]:
    (folder / "giban.yaml").write_text(text)
    return run(compile_blueprint(str(folder / "giban.yaml")).graph)


def place(finding: Finding) -> tuple[str, int]:
    assert finding.where is not None
    return finding.check, finding.where.line


def test_what_a_patch_does_is_found_at_the_patch(tmp_path: Path) -> None:
    assert [place(finding) for finding in findings(BLUEPRINT, tmp_path)] == [("GB012", 8)]


def test_what_was_there_before_the_patch_is_found_where_it_was(tmp_path: Path) -> None:
    text = BLUEPRINT.replace("owner: platform team\n", "owner: platform team\nnetwork: {cidr: 8.8.0.0/16}\n")
    text += "  aws_vpc.main: {tags: {Team: web}}\n"
    found = dict(place(finding) for finding in findings(text, tmp_path))
    assert found == {"GB120": 5, "GB012": 9}


def test_checking_leaves_the_patch_in_place(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text(BLUEPRINT)
    graph = compile_blueprint(str(tmp_path / "giban.yaml")).graph
    first = run(graph)
    balancer = graph.get("aws_lb.web")
    assert balancer is not None
    assert balancer.args["drop_invalid_header_fields"] is False
    assert run(graph) == first


def test_nobody_owning_it_is_told_once(tmp_path: Path) -> None:
    found = findings(BLUEPRINT.replace("owner: platform team\n", ""), tmp_path)
    owners = [finding for finding in found if finding.check == "GB085"]
    assert [finding.resource for finding in owners] == ["provider.aws"]
    assert "Nobody is named as owner of all" in owners[0].message
