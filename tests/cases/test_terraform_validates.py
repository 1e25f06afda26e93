"""`terraform init && terraform validate` with the real provider, in the folder `giban export` wrote, for every case."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from giban.lifecycle.export import export
from giban.lifecycle.pipeline import compile_blueprint
from giban.terraform.documents import PROVIDER_VERSION
from giban.terraform.find import find_engine
from giban.terraform.providers import find_providers
from giban.terraform.run import child_environment
from tests.cases.test_cases import CASES, HERE, REPOSITORY, arguments

pytestmark = pytest.mark.e2e

BLUEPRINTS = {
    **{name: (os.path.join(HERE, name, "giban.yaml"), *arguments(name)) for name in CASES},
    **{
        f"examples/{name}": (os.path.join(REPOSITORY, "examples", name, "giban.yaml"), None, [])
        for name in ("minimal", "operations", "survey", "three-tier", "workstation")
    },
    "examples/three-tier -e dev": (os.path.join(REPOSITORY, "examples", "three-tier", "giban.yaml"), "dev", []),
}


@pytest.mark.parametrize("name", sorted(BLUEPRINTS))
def test_the_real_provider_accepts_the_documents(name: str, tmp_path: Path) -> None:
    path, environment, sets = BLUEPRINTS[name]
    exported = export(compile_blueprint(path, environment, sets), str(tmp_path / "out"))
    engine = find_engine()
    config = find_providers(engine, PROVIDER_VERSION).write(str(tmp_path / "rc"), engine)
    child = child_environment(os.environ, rehearsal=True, cli_config=config)
    for root in exported.roots:
        folder = tmp_path / "out" / root

        def run(*words: str, folder: Path = folder) -> subprocess.CompletedProcess[str]:
            command = [*engine.command, *words]
            return subprocess.run(command, cwd=folder, env=child, capture_output=True, text=True, check=False)

        init = run("init", "-no-color")
        assert init.returncode == 0, init.stdout + init.stderr
        answer = json.loads(run("validate", "-json").stdout)
        assert answer["valid"], answer["diagnostics"]
        assert answer["diagnostics"] == [], "no warnings either"
