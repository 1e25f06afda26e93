"""Which queues a blueprint has, and what the command says before anything runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from giban.cli.errors import run_guarded
from giban.cli.group import giban
from giban.graph.problems import Problems
from giban.lifecycle.pipeline import compile_blueprint
from giban.lifecycle.queue import FAILED, Progress, failed_to_move, find, queues

CASE = Path(__file__).parents[1] / "cases" / "serverless"


def test_every_queue_with_dead_letters_is_known() -> None:
    graph = compile_blueprint(str(CASE / "giban.yaml")).graph
    found = {queue.name: (queue.queue, queue.dead, queue.failed) for queue in queues(graph)}
    assert found == {
        "alarms": ("scv-alarms", "scv-alarms-dead", False),
        "functions-failed": ("scv-functions-failed", "scv-functions-failed", True),
        "jobs": ("scv-jobs", "scv-jobs-dead", False),
        "ordered": ("scv-ordered.fifo", "scv-ordered-dead.fifo", False),
    }
    assert find(graph, "queues.jobs") == find(graph, "jobs")
    assert find(graph, FAILED).failed
    with pytest.raises(Problems, match=r"Did you mean `jobs`\?"):
        find(graph, "job")


def test_a_blueprint_without_queues_says_so() -> None:
    graph = compile_blueprint(str(CASE.parent / "minimal" / "giban.yaml")).graph
    assert queues(graph) == []
    with pytest.raises(Problems, match="has no queues"):
        find(graph, "jobs")


def test_what_stopped_moving_is_no_success() -> None:
    error = failed_to_move(Progress("FAILED", 3, 9, "AccessDenied"))
    assert "after 3 of 9 messages: AccessDenied" in str(error)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("giban.yaml", "functions"):
        source = CASE / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [["list"], ["peek", "jobs"], ["redrive", "jobs"]])
def test_a_rehearsal_that_does_not_run(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(giban, ["queue", *words]) == 2
    said = capsys.readouterr().err
    assert "The rehearsal does not run." in said
    assert "giban up" in said


def test_rates_are_what_sqs_takes() -> None:
    for rate in ("0", "501", "x"):
        answer = CliRunner().invoke(giban, ["queue", "redrive", "jobs", "--rate", rate])
        assert answer.exit_code == 2
