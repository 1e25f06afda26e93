"""What other tools rely on: exit codes, --json everywhere, no traceback, nothing coloured in a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MINIMAL = REPOSITORY / "examples" / "minimal" / "giban.yaml"
THREE_TIER = REPOSITORY / "examples" / "three-tier" / "giban.yaml"


def giban(*words: str, cwd: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "giban", *words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        input=stdin,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "giban.yaml").write_text(MINIMAL.read_text())
    return tmp_path


def test_every_command_has_help(tmp_path: Path) -> None:
    listing = giban("--help", cwd=tmp_path)
    assert listing.returncode == 0
    commands = [line.split()[0] for line in listing.stdout.split("Commands:")[1].splitlines() if line.strip()]
    for wanted in (
        "new",
        "schema",
        "check",
        "plan",
        "cost",
        "draw",
        "export",
        "up",
        "status",
        "down",
        "state",
        "doctor",
    ):
        assert wanted in commands
    assert "rehearsal" in commands
    assert "..." not in listing.stdout.split("Commands:")[1], "a line of the list that is cut off"
    for command in commands:
        answer = giban(command, "--help", cwd=tmp_path)
        assert answer.returncode == 0, answer.stderr
        assert len(answer.stdout.splitlines()) > 3


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--json"),
        ("plan", "--json"),
        ("cost", "--json"),
        ("export", "out", "--json"),
        ("status", "--json"),
        ("schema",),
    ],
)
def test_results_as_json(words: tuple[str, ...], project: Path) -> None:
    answer = giban(*words, cwd=project)
    assert answer.returncode == 0, answer.stderr
    json.loads(answer.stdout)


def test_defaults_to_the_blueprint_in_the_folder(project: Path, tmp_path: Path) -> None:
    assert giban("plan", cwd=project).returncode == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    answer = giban("plan", cwd=empty)
    assert answer.returncode == 2
    assert "giban new" in answer.stderr


@pytest.mark.parametrize("command", ["check", "plan", "cost", "draw", "export", "up", "status", "down"])
def test_a_wrong_blueprint_is_the_users_mistake(command: str, tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text("name: x\nregions: [nowhere]\nservcies: {}\n")
    words = (command, "out") if command == "export" else (command,)
    answer = giban(*words, cwd=tmp_path)
    assert answer.returncode == 2, answer.stdout
    assert "giban.yaml:3:1" in answer.stderr
    assert "Did you mean" in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["giban.yaml"], "nothing half-written"


def test_problems_as_json(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text("name: scv\nregions: [nowhere]\n")
    answer = giban("plan", "--json", cwd=tmp_path)
    assert answer.returncode == 2
    problem = json.loads(answer.stdout)["problems"][0]
    assert problem["where"] == {"file": "giban.yaml", "line": 2, "column": 11}
    assert problem["path"] == "regions[0]"
    assert problem["what"]
    assert problem["fix"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("chekc",), "Did you mean `check`"),
        (("check", "--nothing"), "No such option"),
        (("plan", "nowhere.yaml"), "no file nowhere.yaml"),
        (("plan", "-e", "nowhere"), "environments"),
        (("plan", "--set", "a"), "--set"),
        (("plan", "--target", "moon"), "Invalid value"),
    ],
)
def test_wrong_words(words: tuple[str, ...], says: str, project: Path) -> None:
    answer = giban(*words, cwd=project)
    assert answer.returncode == 2
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_findings_exit_with_one(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text(MINIMAL.read_text() + "waf: false\n")
    answer = giban("check", cwd=tmp_path)
    assert answer.returncode == 1
    assert "aws_lb.web" in answer.stdout


def test_no_colours_in_pipes_or_with_no_color(project: Path) -> None:
    for command in ("plan", "cost", "check"):
        assert "\x1b" not in giban(command, cwd=project).stdout


def test_a_closed_pipe_is_no_error(project: Path) -> None:
    script = f"{sys.executable} -m giban plan | head -n 1; exit ${{PIPESTATUS[0]}}"
    answer = subprocess.run(["bash", "-c", script], cwd=project, capture_output=True, text=True, check=False)
    assert "Traceback" not in answer.stderr
    assert "Error" not in answer.stderr


def test_plan_before_the_first_up_needs_nothing(project: Path) -> None:
    """Neither Terraform nor emulators: the compiled plan."""
    answer = giban("plan", "--json", cwd=project, PATH="/nowhere", GIBAN_TERRAFORM="")
    assert answer.returncode == 0, answer.stderr
    roots = json.loads(answer.stdout)["roots"]
    assert [root["root"] for root in roots] == ["global", "ap-northeast-2"]
    assert all(root["compiled"] for root in roots)
    assert not (project / ".giban").exists(), "looking leaves nothing behind"


def test_export_is_whole_or_nothing(project: Path) -> None:
    (project / "taken").write_text("a file")
    answer = giban("export", "taken", cwd=project)
    assert answer.returncode == 2
    assert "is a file" in answer.stderr
    target = project / "out"
    target.mkdir()
    (target / "global").write_text("a file where a folder should be")
    answer = giban("export", "out", cwd=project)
    assert answer.returncode == 3
    assert "Traceback" not in answer.stderr
    assert sorted(path.name for path in target.rglob("*")) == ["global"]


def test_export_again_changes_nothing_and_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text(THREE_TIER.read_text())
    assert giban("export", "out", cwd=tmp_path).returncode == 0
    mine = [tmp_path / "out" / "ap-northeast-2" / name for name in ("mine.tf", "mine.tf.json", "files/mine.sh")]
    for path in mine:
        path.write_text("{}\n")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    again = json.loads(giban("export", "out", "--json", cwd=tmp_path).stdout)
    assert again["written"] == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    (tmp_path / "giban.yaml").write_text(MINIMAL.read_text())
    third = json.loads(giban("export", "out", "--json", cwd=tmp_path).stdout)
    assert "ap-northeast-2/database-main.tf.json" in third["removed"]
    assert all(path.exists() for path in mine), "what is not ours stays"


def test_export_does_not_replace_what_it_did_not_write(project: Path) -> None:
    (project / "README.md").write_text("# My project\n")
    (project / "global" / "dns.tf.json").mkdir(parents=True)
    answer = giban("export", ".", cwd=project)
    assert answer.returncode == 2
    assert "README.md is there and was not written by" in answer.stderr
    assert "dns.tf.json is there" in answer.stderr
    assert (project / "README.md").read_text() == "# My project\n"
    assert not (project / "ap-northeast-2").exists()


def test_export_given_the_blueprint_first_says_the_order(project: Path) -> None:
    answer = giban("export", "giban.yaml", "out", cwd=project)
    assert answer.returncode == 2
    assert "giban export out giban.yaml" in answer.stderr


FULL = Path("/dev/full")
"""A file that takes nothing, like one on a full disk (Linux)."""


@pytest.mark.parametrize("words", [("check", "--json"), ("cost",), ("schema",), ("draw", "-o", "-")])
def test_a_full_disk_behind_standard_output(words: tuple[str, ...], project: Path) -> None:
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "giban", *words]
        answer = subprocess.run(command, cwd=project, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert answer.returncode == 3
    assert "Traceback" not in answer.stderr
    assert "Errno" not in answer.stderr


@pytest.mark.parametrize(("words", "code"), [("schema >&-", 0), ("check >&-", 0), ("check nope.yaml 2>&-", 2)])
def test_closed_streams(words: str, code: int, project: Path) -> None:
    line = f"'{sys.executable}' -m giban {words}"
    answer = subprocess.run(line, shell=True, cwd=project, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (code, "")


@pytest.mark.parametrize(("words", "code"), [(("schema",), 0), (("plan", "--json"), 0)])
def test_a_reader_that_goes_away_is_not_an_error(words: tuple[str, ...], code: int, project: Path) -> None:
    command = [sys.executable, "-m", "giban", *words]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == code


def test_new_writes_a_blueprint_without_findings(tmp_path: Path) -> None:
    assert giban("new", cwd=tmp_path).returncode == 0
    assert giban("check", cwd=tmp_path).returncode == 0
    again = giban("new", cwd=tmp_path)
    assert again.returncode == 2
    assert "there already" in again.stderr
    assert os.listdir(tmp_path) == ["giban.yaml"]


def test_debug_shows_where(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text("name: scv\nregions: [nowhere]\n")
    assert "Traceback" in giban("plan", "--debug", cwd=tmp_path).stderr


def test_a_folder_stands_for_the_blueprint_in_it(project: Path) -> None:
    named = giban("check", str(project / "giban.yaml"), cwd=project.parent)
    assert giban("check", str(project), cwd=project.parent).stdout == named.stdout
    empty = project / "empty"
    empty.mkdir()
    answer = giban("check", str(empty), cwd=project)
    assert answer.returncode == 2
    assert "is a folder" in answer.stderr
