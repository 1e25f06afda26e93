"""`giban rehearsal inbox` and `giban rehearsal clock`, on a rehearsal that runs."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.cli._rehearsal_inbox import lines_of, printable
from giban.lifecycle.rehearsed import EMULATORS
from giban.rehearsal.inbox_reading import InboxReader
from giban.rehearsal.process import Rehearsal

MINIMAL = Path(__file__).parents[2] / "examples" / "minimal" / "giban.yaml"


def giban(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "giban", "rehearsal", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose rehearsal runs."""
    made = tmp_path_factory.mktemp("project")
    (made / "giban.yaml").write_text(MINIMAL.read_text())
    rehearsal = Rehearsal(str(made / ".giban" / EMULATORS))
    rehearsal.start("ap-northeast-2")
    yield made
    rehearsal.stop()


def send(project: Path, text: str) -> None:
    """As a function would to Slack."""
    reader = InboxReader(str(project / ".giban" / EMULATORS))
    connection = http.client.HTTPConnection(reader.url.removeprefix("http://").rstrip("/"), timeout=30)
    connection.request("POST", "/hooks.slack.com/services/rehearsal/team", json.dumps({"text": text}))
    assert connection.getresponse().status == 200
    connection.close()


def test_the_inbox(project: Path) -> None:
    send(project, "🔴 P1 CPU of web is high · firing · scv-dev")
    send(project, "✅ P1 CPU of web is high · resolved · scv-dev")
    shown = giban(project, "inbox")
    assert shown.returncode == 0, shown.stderr
    first, second, last = shown.stdout.splitlines()
    assert "P1  firing" in first
    assert "Slack team" in first
    assert "↳ ✅ P1 CPU of web is high" in second
    assert last.startswith("2 messages. As a page: http://127.0.0.1:")
    found = json.loads(giban(project, "inbox", "--json").stdout)
    assert [message["state"] for message in found["messages"]] == ["firing", "resolved"]
    assert found["url"].startswith("http://127.0.0.1:")


def test_what_arrives_while_one_looks(project: Path) -> None:
    command = [sys.executable, "-m", "giban", "rehearsal", "inbox", "--follow", "--json"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        send(project, "P2 while looking")
        titles: list[str] = []
        deadline = time.monotonic() + 60
        while "P2 while looking" not in titles:
            assert time.monotonic() < deadline
            titles.append(json.loads(process.stdout.readline())["title"])
        process.terminate()


def test_the_clock(project: Path) -> None:
    assert "this machine's own" in giban(project, "clock").stdout
    set_ = giban(project, "clock", "+1h", "--json")
    assert set_.returncode == 0, set_.stderr
    assert json.loads(set_.stdout)["ahead"] == 3600
    assert json.loads(giban(project, "clock", "+30m", "--json").stdout)["ahead"] == 5400
    assert "5,400 s ahead" in giban(project, "clock").stdout
    status: dict[str, Any] = json.loads(giban(project, "status", "--json").stdout)
    assert status["clock_ahead"] == 5400
    assert status["inbox"].startswith("http://127.0.0.1:")
    assert "this machine's own" in giban(project, "clock", "real").stdout


@pytest.mark.parametrize("when", ["10m", "+10", "2026-11-27T08:00", "yesterday", "+999d"])
def test_a_time_that_is_none(project: Path, when: str) -> None:
    answer = giban(project, "clock", when)
    assert answer.returncode == 2
    assert when in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_a_rehearsal(tmp_path: Path) -> None:
    (tmp_path / "giban.yaml").write_text(MINIMAL.read_text())
    for words in (("inbox",), ("clock", "+1m")):
        answer = giban(tmp_path, *words)
        assert answer.returncode == 3
        assert "giban rehearsal start" in answer.stderr
    assert giban(tmp_path, "clock").returncode == 0


def test_a_message_cannot_command_a_terminal() -> None:
    assert printable("a\x1b[31mred\x07\nb\u202e") == "a [31mred b"
    message = {
        "at": 0.0, "priority": "P1", "state": "firing", "service": "sms", "to": "+82\x1b[2J", "title": "t",
        "text": "x\x1b]0;y\x07", "reply": False,
    }  # fmt: skip
    (line,) = lines_of([message])
    assert line.isprintable()
