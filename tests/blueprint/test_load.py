"""From files to a blueprint: environments, settings, files that are not there, problems of every stage together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from giban.blueprint.load import environments, load
from giban.graph.problems import Problem, Problems

BASE = """\
name: scv
regions: [ap-northeast-2]
network: {zones: 2, nat: per-zone}
services:
  was: {kind: instances, port: 8080, scale: {min: 2, max: 6}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a blueprint and two environments, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "giban.yaml").write_text(BASE)
    overlays = tmp_path / "environments"
    overlays.mkdir()
    (overlays / "dev.yaml").write_text("# cheaper\nnetwork:\n  nat: single\nservices:\n  was:\n    scale: {max: 2}\n")
    (overlays / "prod.yaml").write_text("# as it is\n")
    (overlays / "notes.txt").write_text("not an environment")
    return tmp_path


def fails(path: str = "giban.yaml", environment: str | None = None, sets: tuple[str, ...] = ()) -> list[Problem]:
    with pytest.raises(Problems) as raised:
        load(path, environment, sets)
    return raised.value.problems


def test_a_blueprint_alone(folder: Path) -> None:
    loaded = load("giban.yaml")
    assert loaded.blueprint.name == "scv"
    assert loaded.files == ("giban.yaml",)
    assert loaded.environment is None
    assert str(loaded.positions.of("network", "nat")) == "giban.yaml:3:26"


def test_an_environment_and_settings_over_it(folder: Path) -> None:
    loaded = load("giban.yaml", "dev", ["services.was.scale.min=1", "owner=me"])
    scale = loaded.blueprint.services["was"].scale
    assert (loaded.blueprint.network.nat, loaded.blueprint.network.zones) == ("single", 2)
    assert (scale.min, scale.max, loaded.blueprint.owner) == (1, 2, "me")
    overlay = os.path.join("environments", "dev.yaml")
    assert loaded.files == ("giban.yaml", overlay)
    assert loaded.environment == "dev"
    at = loaded.positions.of
    assert str(at("services", "was", "scale", "max")) == f"{overlay}:6:18"
    assert str(at("services", "was", "scale", "min")) == "--set services.was.scale.min:1:1"
    assert str(at("services", "was", "port")) == "giban.yaml:5:32"


def test_an_environment_of_comments_changes_nothing(folder: Path) -> None:
    assert load("giban.yaml", "prod").blueprint == load("giban.yaml").blueprint


def test_environments_are_found_beside_the_blueprint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    path = str(folder / "giban.yaml")
    assert environments(path) == ["dev", "prod"]
    assert load(path, "dev").blueprint.network.nat == "single"


def test_an_environment_that_does_not_exist(folder: Path) -> None:
    (problem,) = fails(environment="stage")
    assert "There is no file environments/stage.yaml." in str(problem)
    assert problem.fix == "There are: dev, prod."


def test_no_environments_at_all(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text(BASE)
    (problem,) = fails(str(tmp_path / "giban.yaml"), "dev")
    assert "no environments yet" in problem.fix


@pytest.mark.parametrize("name", ["../giban", "a/b", "", ".", "x\x00y", "a b"])
def test_names_that_no_environment_has(folder: Path, name: str) -> None:
    (problem,) = fails(environment=name)
    assert "cannot be the name of an environment" in problem.what


def test_an_environment_that_is_not_a_mapping(folder: Path) -> None:
    (folder / "environments" / "dev.yaml").write_text("- nat: single\n")
    (problem,) = fails(environment="dev")
    assert str(problem.where) == "environments/dev.yaml:1:1"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_blueprint(folder: Path, text: str) -> None:
    (folder / "giban.yaml").write_text(text)
    (problem,) = fails()
    assert problem.what == "The blueprint is empty."
    assert "giban new" in problem.fix


def test_no_blueprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (problem,) = fails()
    assert problem.what == "There is no file giban.yaml."
    assert "giban new" in problem.fix
    (tmp_path / "giban.yml").write_text(BASE)
    (problem,) = fails()
    assert problem.fix == "There is giban.yml: name it, or rename it."


def test_a_folder_instead_of_a_file(folder: Path) -> None:
    (problem,) = fails(str(folder))
    assert "is a folder" in problem.what
    assert problem.fix.endswith("giban.yaml")


@pytest.mark.parametrize("path", ["x\x00y", "a" * 5000, "giban.yaml/x"])
def test_paths_that_cannot_be_opened(folder: Path, path: str) -> None:
    (problem,) = fails(path)
    assert "cannot be read" in problem.what or "no file" in problem.what


def test_syntax_errors_of_all_files_and_settings_at_once(folder: Path) -> None:
    (folder / "giban.yaml").write_text("name: [\n")
    (folder / "environments" / "dev.yaml").write_text("a: b: c\n")
    files = [problem.where.file if problem.where else "" for problem in fails(environment="dev", sets=("x",))]
    assert files == ["", os.path.join("environments", "dev.yaml"), "giban.yaml"]


def test_wrong_values_point_to_the_file_they_came_from(folder: Path) -> None:
    (folder / "environments" / "dev.yaml").write_text("network: {zones: many}\n")
    problems = [str(problem).split("\n")[0] for problem in fails(environment="dev", sets=("logs.days=31",))]
    assert problems == ["--set logs.days:1:1  logs.days", "environments/dev.yaml:1:18  network.zones"]


def test_wrong_types_and_wrong_references_are_told_together(folder: Path) -> None:
    text = BASE.replace("name: scv", "name: Scv").replace(
        "port: 8080,", "port: 8080, uses: [databases.main], disk: big,"
    )
    (folder / "giban.yaml").write_text(
        text + "databases:\n  db: {engine: postgres, version: 16, storage: 50, max_storage: 20}\n"
    )
    paths = [problem.path for problem in fails()]
    assert paths == ["name", "services.was.disk", "databases.db.max_storage"]
    (folder / "giban.yaml").write_text(text.replace(", disk: big", ""))
    assert [problem.path.split(".")[0] for problem in fails()] == ["name", "services"]


def test_a_reader_of_ones_own() -> None:
    files = {"x/giban.yaml": BASE.encode(), "x/environments/dev.yaml": b"owner: me"}
    assert load("x/giban.yaml", "dev", read=files.__getitem__).blueprint.owner == "me"
