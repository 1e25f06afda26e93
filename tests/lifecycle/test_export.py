"""The exported folder: what is on, what is an example, and what an earlier export left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from giban.graph.problems import Problems
from giban.lifecycle.export import export
from giban.lifecycle.pipeline import Compiled, compile_blueprint

MINIMAL = str(Path(__file__).parents[2] / "examples" / "minimal" / "giban.yaml")
ROOT = "ap-northeast-2"


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_blueprint(MINIMAL)


def test_the_remote_state_is_an_example_until_asked_for(compiled: Compiled, tmp_path: Path) -> None:
    folder = str(tmp_path / "out")
    export(compiled, folder)
    assert "backend.tf.json.example" in os.listdir(os.path.join(folder, ROOT))
    assert "backend.tf.json" not in os.listdir(os.path.join(folder, ROOT))
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "rename `backend.tf.json.example` to `backend.tf.json`" in readme

    export(compiled, folder, backend=True)
    assert "backend.tf.json" in os.listdir(os.path.join(folder, ROOT))
    assert "backend.tf.json.example" not in os.listdir(os.path.join(folder, ROOT)), "the old one is removed"

    again = export(compiled, folder)
    assert again.removed == [f"{ROOT}/backend.tf.json", "global/backend.tf.json"]
    assert export(compiled, folder).written == []


def test_the_example_and_the_backend_are_the_same_text(compiled: Compiled, tmp_path: Path) -> None:
    export(compiled, str(tmp_path / "a"))
    export(compiled, str(tmp_path / "b"), backend=True)
    example = (tmp_path / "a" / ROOT / "backend.tf.json.example").read_bytes()
    assert example == (tmp_path / "b" / ROOT / "backend.tf.json").read_bytes()


def test_a_backend_of_the_users_own_stays(compiled: Compiled, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(compiled, str(folder))
    own = folder / ROOT / "backend.tf.json"
    own.write_text("{}\n", encoding="utf-8")
    export(compiled, str(folder))
    assert own.read_text(encoding="utf-8") == "{}\n"
    with pytest.raises(Problems, match="was not written by `giban export`"):
        export(compiled, str(folder), backend=True)
