"""An independent scanner over what is generated: nothing fails but what docs/checks/checkov.md gives a reason for."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from giban.lifecycle.export import export
from giban.lifecycle.pipeline import compile_blueprint

REPOSITORY = Path(__file__).parents[2]
CHECKOV = REPOSITORY / ".venv-checkov" / "bin" / "checkov"


@pytest.mark.e2e
def test_checkov_fails_nothing_but_what_has_a_reason(tmp_path: Path) -> None:
    assert CHECKOV.exists(), "checkov is missing: run `make checkov`"
    export(compile_blueprint(str(REPOSITORY / "examples" / "three-tier" / "giban.yaml")), str(tmp_path / "out"))
    answer = subprocess.run(
        [str(CHECKOV), "-d", str(tmp_path / "out"), "--framework", "terraform_json", "-o", "json", "--skip-download"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LOG_LEVEL": "CRITICAL"},
    )
    report = json.loads(answer.stdout)
    assert report["summary"]["passed"] > 200
    assert {Path(path).name for path in report["results"]["parsing_errors"]} == {"versions.tf.json"}
    failed = {item["check_id"] for item in report["results"]["failed_checks"]}
    page = (REPOSITORY / "docs" / "checks" / "checkov.md").read_text()
    assert failed == set(re.findall(r"^\| (CKV\w+) \|", page, re.MULTILINE))
