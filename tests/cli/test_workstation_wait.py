"""Waiting with progress: what a terminal shows, what a pipe gets, and how it ends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from giban.cli._workstation_wait import Line, wait
from giban.cli.workstation import _start_is_over, _stop_is_over
from giban.terraform.errors import OutsideWorld
from tests.lifecycle.test_workstation_calls import Time


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def status(phase: str, percent: int = 0, notice: str | None = None) -> dict[str, Any]:
    return {"workstation": "dev", "progress": {"phase": phase, "percent": percent, "notice": notice}}


def ready(document: dict[str, Any]) -> bool:
    return bool(document["progress"]["phase"] == "ready")


def waiting(documents: Iterator[dict[str, Any]]) -> dict[str, Any]:
    time = Time()
    return wait(lambda: next(documents), status("asked"), ready, "dev goes on starting.", time.clock, time.sleep)


def test_plain_lines_say_each_step_once(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        status("asked"),
        status("starting", 20),
        status("starting", 25),
        status("booting", 60),
        status("ready", 100),
    ]
    assert ready(waiting(iter(steps)))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "0s  asked for",
        "4s  the machine starts",
        "8s  the machine boots",
        "10s  ready",
    ]


def test_a_notice_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    waiting(iter([status("asked", 5, "No t3.large is free; trying m5.large."), status("ready")]))
    assert "2s  asked for: No t3.large is free; trying m5.large." in capsys.readouterr().err.splitlines()


def test_a_terminal_has_one_moving_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    time, stream = Time(), Terminal()
    with Line(stream, time.clock) as line:
        line.show(status("asked", 5))
        line.show(status("asked", 5, "No t3.large is free."))
        line.show(status("asked", 5, "No t3.large is free."))
        time.sleep(65)
        line.show(status("booting", 250))
    shown = stream.getvalue()
    assert shown.count("\n") == 1, "only the notice stays"
    assert "\rNo t3.large is free." in shown.replace("\x1b[2K", "")
    assert "100 %  the machine boots (1m 5s)" in shown
    assert shown.endswith("\r\x1b[2K")


def test_ctrl_c_ends_the_waiting_only(capsys: pytest.CaptureFixture[str]) -> None:
    def ask() -> dict[str, Any]:
        raise KeyboardInterrupt

    time = Time()
    with pytest.raises(KeyboardInterrupt):
        wait(ask, status("asked"), ready, "dev goes on starting.", time.clock, time.sleep)
    assert "dev goes on starting. `giban workstation status` says how far it is." in capsys.readouterr().err


def test_it_does_not_wait_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    def forever() -> Iterator[dict[str, Any]]:
        while True:
            yield status("asked", 5, "No t3.large is free.")

    with pytest.raises(OutsideWorld, match=r"No t3\.large is free\.\ndev goes on starting\."):
        waiting(forever())
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(
    ("document", "over"),
    [
        ({"state": "running", "on": True, "want": "on", "progress": {"phase": "ready"}}, True),
        ({"state": "running", "on": True, "want": "on", "progress": {"phase": "booting"}}, False),
        ({"state": "stopping", "on": False, "want": "on", "progress": {"phase": "stopping"}}, False),
        ({"state": "stopped", "on": False, "want": "on", "progress": {"phase": "asked"}}, False),
        ({"state": "stopped", "on": False, "want": None, "progress": {"phase": "off"}}, True),
        ({"state": "stopped", "on": False, "want": "off", "progress": {"phase": "off"}}, True),
        ({"state": "missing", "on": False, "want": "on", "progress": {"phase": "off"}}, True),
    ],
)
def test_when_a_start_is_over(document: dict[str, Any], over: bool) -> None:
    assert _start_is_over(document) is over


@pytest.mark.parametrize(
    ("document", "over"),
    [
        ({"state": "stopping", "want": "off"}, False),
        ({"state": "pending", "want": "off"}, False),
        ({"state": "stopped", "want": "off"}, True),
        ({"state": "missing", "want": "off"}, True),
        ({"state": "running", "want": "on"}, True),
    ],
)
def test_when_a_stop_is_over(document: dict[str, Any], over: bool) -> None:
    assert _stop_is_over(document) is over
