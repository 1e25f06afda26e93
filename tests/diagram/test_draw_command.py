"""`giban draw` writes whole files, to where it is told, in the format it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

BLUEPRINT = """
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80}
databases:
  main: {engine: postgres, version: "16"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "giban.yaml").write_text(BLUEPRINT)
    return tmp_path


def giban(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "giban", "draw", *args], cwd=folder, capture_output=True, text=True, check=False
    )


def test_default_is_an_svg_named_after_the_environment(folder: Path) -> None:
    done = giban(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("scv.svg: ")
    ElementTree.parse(folder / "scv.svg")
    assert sorted(os.listdir(folder)) == ["giban.yaml", "scv.svg"]


def test_format_by_the_end_of_the_name(folder: Path) -> None:
    assert giban(folder, "-o", "picture.mmd").returncode == 0
    assert (folder / "picture.mmd").read_text().startswith("flowchart TB\n")
    assert giban(folder, "-o", "README.part.md", "--format", "mermaid").returncode == 0
    assert (folder / "README.part.md").read_text() == (folder / "picture.mmd").read_text()


def test_dash_is_standard_output(folder: Path) -> None:
    done = giban(folder, "-o", "-")
    ElementTree.fromstring(done.stdout)
    assert os.listdir(folder) == ["giban.yaml"]
    giban(folder, "-o", "same.svg")
    assert (folder / "same.svg").read_text() == done.stdout


def test_json_tells_what_was_written(folder: Path) -> None:
    done = giban(folder, "-o", "a.svg", "--json", "--set", "network.zones=3")
    result = json.loads(done.stdout)
    assert result["file"] == "a.svg"
    assert result["format"] == "svg"
    assert result["resources"] > 50
    assert 0 < result["cards"] < result["resources"]


@pytest.mark.parametrize(
    "args",
    [
        ("-o", "nowhere/a.svg"),
        ("-o", "."),
        ("-o", "-", "--json"),
        ("-o", "a.png"),
        ("other.yaml",),
        ("--format", "png"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(folder: Path, args: tuple[str, ...]) -> None:
    done = giban(folder, *args)
    assert done.returncode == 2
    assert done.stderr or json.loads(done.stdout)["problems"]
    assert "Traceback" not in done.stderr
    assert os.listdir(folder) == ["giban.yaml"]


def test_a_failed_write_leaves_the_old_picture(folder: Path) -> None:
    from giban.cli.output import write_file

    target = folder / "a.svg"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_file(str(target), "new \ud800")
    assert target.read_text() == "old"
    assert sorted(os.listdir(folder)) == ["a.svg", "giban.yaml"]


def test_what_is_not_a_plain_file_is_written_to_not_replaced(folder: Path) -> None:
    pipe, link = folder / "pipe", folder / "link.svg"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert giban(folder, "-o", "pipe", "--format", "svg").returncode == 0
        assert reader.stdout is not None
        ElementTree.fromstring(reader.stdout.read())
    assert pipe.is_fifo()
    link.symlink_to("real.svg")
    assert giban(folder, "-o", "link.svg").returncode == 0
    assert link.is_symlink()
    ElementTree.parse(folder / "real.svg")
