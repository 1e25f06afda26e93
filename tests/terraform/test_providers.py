"""Where providers come from: folders in both layouts, the user's own configuration, the registry."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.terraform.errors import UserMistake
from giban.terraform.find import Engine, ask
from giban.terraform.providers import SETTING, find_providers, fits, implied_mirrors, list_mirror
from giban.terraform.run import Terraform, child_environment


@pytest.fixture
def tofu(engine: Engine) -> Engine:
    """OpenTofu as far as this module looks at it: another name, another registry."""
    return Engine(engine.command, "OpenTofu", "1.10.2", engine.platform, engine.origin)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """A user without any configuration."""
    folder = tmp_path / "home"
    folder.mkdir()
    return {"HOME": str(folder), "PATH": os.environ["PATH"], "XDG_DATA_DIRS": str(tmp_path / "share")}


def mirror(folder: Path, engine: Engine, *versions: str, host: str = "registry.terraform.io") -> Path:
    for version in versions:
        place = folder / host / "hashicorp" / "aws" / version / engine.platform
        place.mkdir(parents=True)
        plugin = place / f"terraform-provider-aws_v{version}"
        plugin.write_text("#!/bin/sh\n")
        plugin.chmod(0o755)
    return folder


def test_both_layouts_are_read(tmp_path: Path, engine: Engine) -> None:
    mirror(tmp_path, engine, "6.2.0", "5.100.0", "5.9.0")
    packed = tmp_path / "registry.terraform.io" / "hashicorp" / "random"
    packed.mkdir()
    (packed / f"terraform-provider-random_3.7.1_{engine.platform}.zip").touch()
    (packed / "terraform-provider-random_3.7.2_plan9_386.zip").touch()
    (packed / "index.json").touch()
    assert list_mirror(str(tmp_path), "registry.terraform.io", engine.platform) == {
        "hashicorp/aws": ("5.9.0", "5.100.0", "6.2.0"),
        "hashicorp/random": ("3.7.1",),
    }
    assert list_mirror(str(tmp_path), "registry.terraform.io", "plan9_386") == {"hashicorp/random": ("3.7.2",)}
    assert list_mirror(str(tmp_path / "none"), "registry.terraform.io", engine.platform) == {}


def test_nothing_found_means_the_registry_with_a_cache(engine: Engine, home: dict[str, str], tmp_path: Path) -> None:
    source = find_providers(engine, environ=home, parents=())
    assert source.kind == "registry"
    assert source.cache == f"{home['HOME']}/.cache/giban/providers"
    path = source.write(str(tmp_path / "work"), engine)
    assert os.path.isdir(source.cache)
    assert f'plugin_cache_dir = "{source.cache}"' in Path(path).read_text()
    own = find_providers(engine, environ={**home, "TF_PLUGIN_CACHE_DIR": "/somewhere"}, parents=())
    assert own.cache == ""


def test_an_implied_folder_is_found(engine: Engine, home: dict[str, str]) -> None:
    folder = mirror(Path(home["HOME"]) / ".terraform.d" / "plugins", engine, "5.100.0")
    source = find_providers(engine, environ=home, parents=())
    assert (source.kind, source.folder) == ("mirror", str(folder))
    assert source.versions() == ("5.100.0",)
    assert source.describe() == f"hashicorp/aws 5.100.0 from {folder} (a folder Terraform looks into by itself)"


def test_a_folder_where_packages_put_things_is_found(engine: Engine, home: dict[str, str], tmp_path: Path) -> None:
    parent = tmp_path / "opt"
    (parent / "another").mkdir(parents=True)
    mirror(parent / "providers", engine, "5.100.0")
    source = find_providers(engine, ">= 5.100.0, < 7.0.0", environ=home, parents=[str(tmp_path / "none"), str(parent)])
    assert source.folder == str(parent / "providers")
    assert source.origin == f"found below {parent}"


def test_a_version_that_does_not_fit_is_passed_over_and_noted(
    engine: Engine, home: dict[str, str], tmp_path: Path
) -> None:
    mirror(tmp_path / "opt" / "old", engine, "4.67.0")
    source = find_providers(engine, ">= 5.100.0", environ=home, parents=[str(tmp_path / "opt")])
    assert source.kind == "registry"
    assert source.notes == (f"{tmp_path}/opt/old holds hashicorp/aws 4.67.0 only, which does not meet >= 5.100.0",)


def test_a_folder_that_everybody_may_write_into_is_not_trusted(
    engine: Engine, home: dict[str, str], tmp_path: Path
) -> None:
    mirror(tmp_path / "opt" / "open", engine, "5.100.0").chmod(0o777)
    source = find_providers(engine, environ=home, parents=[str(tmp_path / "opt")])
    assert source.kind == "registry"
    assert "everybody may write" in source.notes[0]
    named = find_providers(engine, setting=str(tmp_path / "opt" / "open"), environ=home)
    assert named.kind == "mirror", "named on purpose"


def test_the_setting_wins_and_must_hold_the_provider(engine: Engine, home: dict[str, str], tmp_path: Path) -> None:
    mirror(Path(home["HOME"]) / ".terraform.d" / "plugins", engine, "5.100.0")
    mine = mirror(tmp_path / "mine", engine, "6.2.0")
    assert find_providers(engine, environ={**home, SETTING: str(mine)}).folder == str(mine)
    with pytest.raises(UserMistake, match="terraform providers mirror"):
        find_providers(engine, environ={**home, SETTING: str(tmp_path)})
    with pytest.raises(UserMistake, match="does not meet"):
        find_providers(engine, ">= 7", environ={**home, SETTING: str(mine)})


def test_the_users_own_configuration(engine: Engine, home: dict[str, str], tmp_path: Path) -> None:
    own = Path(home["HOME"]) / ".terraformrc"
    own.write_text("disable_checkpoint = true\n")
    source = find_providers(engine, environ=home, parents=())
    assert (source.kind, source.write(str(tmp_path / "work"), engine)) == ("user", str(own))
    assert not (tmp_path / "work").exists(), "nothing is written when the user's file is used"

    folder = mirror(tmp_path / "opt" / "providers", engine, "5.100.0")
    assert find_providers(engine, environ=home, parents=[str(tmp_path / "opt")]).folder == str(folder)

    own.write_text("provider_installation {\n  direct {}\n}\n")
    assert find_providers(engine, environ=home, parents=[str(tmp_path / "opt")]).kind == "user", "it says where"

    own.write_text("this is { broken")
    source = find_providers(engine, environ=home, parents=())
    assert source.kind == "registry"
    assert source.notes == (f"Terraform cannot read {own}",)

    source = find_providers(engine, environ={**home, "TF_CLI_CONFIG_FILE": "/none/rc"}, parents=())
    assert source.kind == "registry"
    assert source.notes == ("TF_CLI_CONFIG_FILE names /none/rc, which does not exist",)


def test_opentofus_own_configuration_files(tofu: Engine, home: dict[str, str], tmp_path: Path) -> None:
    """In the order of OpenTofu's internal/command/cliconfig/config_unix.go."""
    files = [tmp_path / "config/opentofu/tofurc", Path(home["HOME"], ".terraformrc"), Path(home["HOME"], ".tofurc")]
    files[0].parent.mkdir(parents=True)
    environ = {**home, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    for file in files:
        file.write_text("disable_checkpoint = true\n")
        assert find_providers(tofu, environ=environ, parents=()).folder == str(file)


def test_what_is_written_is_understood_by_the_real_engine(engine: Engine, home: dict[str, str], tmp_path: Path) -> None:
    """A plugin that is only a shell script installs, because `init` does not start it."""
    folder = mirror(tmp_path / 'a "quoted" folder', engine, "5.100.0")
    source = find_providers(engine, setting=str(folder), environ=home)
    config = source.write(str(tmp_path / "work"), engine)
    before = os.stat(config).st_mtime_ns
    assert source.write(str(tmp_path / "work"), engine) == config
    assert os.stat(config).st_mtime_ns == before, "not written again"
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "main.tf").write_text(
        'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
    )
    environment = child_environment(os.environ, rehearsal=True, cli_config=config)
    Terraform(engine, str(tmp_path / "root"), environment).init()
    assert (tmp_path / "root/.terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0").is_dir()


@pytest.mark.parametrize("packed", [False, True])
def test_opentofu_can_use_a_folder_named_after_terraforms_registry(
    packed: bool, engine: Engine, tofu: Engine, home: dict[str, str], tmp_path: Path
) -> None:
    folder = mirror(tmp_path / "providers", engine, "5.100.0")
    if packed:
        aws = folder / "registry.terraform.io" / "hashicorp" / "aws"
        with zipfile.ZipFile(aws / f"terraform-provider-aws_5.100.0_{engine.platform}.zip", "w") as archive:
            archive.writestr("terraform-provider-aws_v5.100.0", "#!/bin/sh\n")
        shutil.rmtree(aws / "5.100.0")
    source = find_providers(tofu, setting=str(folder), environ=home)
    config = source.write(str(tmp_path / "work"), tofu)
    assert source.write(str(tmp_path / "work"), tofu) == config, "the link is there already"
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "main.tf").write_text(
        'terraform {\n  required_providers {\n    aws = { source = "registry.opentofu.org/hashicorp/aws" }\n  }\n}\n'
    )
    environment = child_environment(os.environ, rehearsal=True, cli_config=config)
    Terraform(engine, str(tmp_path / "root"), environment).init()
    assert (tmp_path / "root/.terraform/providers/registry.opentofu.org/hashicorp/aws/5.100.0").is_dir()


def test_terraform_does_not_take_opentofus(engine: Engine, home: dict[str, str], tmp_path: Path) -> None:
    folder = mirror(tmp_path / "providers", engine, "5.100.0", host="registry.opentofu.org")
    with pytest.raises(UserMistake, match="holds no hashicorp/aws"):
        find_providers(engine, setting=str(folder), environ=home)


def test_implied_folders_of_both_products(engine: Engine, tofu: Engine) -> None:
    environ = {"HOME": "/home/me", "XDG_DATA_HOME": "/data"}
    assert "/home/me/.terraform.d/plugins" in implied_mirrors(engine, environ)
    assert "/data/terraform/plugins" in implied_mirrors(engine, environ)
    assert "/usr/share/terraform/plugins" in implied_mirrors(engine, environ)
    assert "/data/opentofu/plugins" in implied_mirrors(tofu, environ)
    assert "/data/opentofu/plugins" not in implied_mirrors(engine, environ)


@pytest.mark.parametrize(
    ("version", "constraint", "met"),
    [
        ("5.100.0", "", True),
        ("5.100.0", ">= 5.100.0, < 7.0.0", True),
        ("5.99.0", ">= 5.100", False),
        ("7.0.0", ">= 5.100.0, < 7.0.0", False),
        ("6.2.1", "~> 6.2", True),
        ("7.0.0", "~> 6.2", False),
        ("6.3.0", "~> 6.2.0", False),
        ("6.2.9", "~> 6.2.0", True),
        ("6.2.0", "6.2", True),
        ("6.2.0", "!= 6.2.0", False),
        ("6.2.0", "> 6.2.0", False),
        ("6.2.0", "<= v6.2.0", True),
    ],
)
def test_version_constraints(version: str, constraint: str, met: bool) -> None:
    assert fits(version, constraint) is met


def test_nonsense_is_no_constraint() -> None:
    with pytest.raises(ValueError, match="no version constraint"):
        fits("1.0.0", "latest")


NUMBERS = st.tuples(st.integers(0, 20), st.integers(0, 200), st.integers(0, 20)).map(lambda n: ".".join(map(str, n)))


@given(version=NUMBERS, other=NUMBERS)
def test_constraints_agree_with_each_other(version: str, other: str) -> None:
    assert fits(version, f">= {other}") == (fits(version, f"> {other}") or fits(version, f"= {other}"))
    assert fits(version, f"< {other}") != fits(version, f">= {other}")
    assert not fits(version, f"~> {other}") or fits(version, f">= {other}")


def test_an_engine_that_does_not_answer_is_none() -> None:
    assert ask(("/none",), "nowhere") is None
    assert ask(("false",), "nowhere") is None
