"""What the user sees while Terraform works, with a clock that is turned by hand."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from giban.terraform.events import (
    ApplyComplete,
    ApplyErrored,
    ApplyProgress,
    ApplyStart,
    Diagnosed,
    Diagnostic,
    Note,
    PlannedChange,
    RefreshStart,
    Version,
)
from giban.terraform.progress import Display, Progress, _View, duration, is_interactive


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(**options: str) -> tuple[Display, io.StringIO]:
    stream = io.StringIO()
    return Display(stream, Clock(), **options), stream  # type: ignore[arg-type]


def test_plain_lines() -> None:
    display, stream = plain(label="ap-northeast-2")
    with display:
        display(PlannedChange(address="aws_vpc.main", action="create"))
        display(PlannedChange(address="aws_lb.web", action="replace"))
        display(PlannedChange(address="data.aws_ami.x", action="read"))
        display(ApplyStart(address="data.aws_ami.x", action="read"))
        display(ApplyComplete(address="data.aws_ami.x", action="read", seconds=0))
        display(ApplyStart(address="aws_vpc.main", action="create"))
        display(ApplyComplete(address="aws_vpc.main", action="create", seconds=0.4))
        display(ApplyStart(address="aws_lb.web", action="delete"))
        display(ApplyComplete(address="aws_lb.web", action="delete", seconds=3))
        display(ApplyStart(address="aws_lb.web", action="create"))
        for seconds in (10, 20, 30, 40, 50, 60, 70):
            display(ApplyProgress(address="aws_lb.web", action="create", seconds=seconds))
        display(ApplyComplete(address="aws_lb.web", action="create", seconds=75))
    assert stream.getvalue().splitlines() == [
        "ap-northeast-2: 2/4  created aws_vpc.main",
        "ap-northeast-2: 3/4  deleted aws_lb.web (3s)",
        "ap-northeast-2: 3/4  still creating aws_lb.web (10s)",
        "ap-northeast-2: 3/4  still creating aws_lb.web (40s)",
        "ap-northeast-2: 3/4  still creating aws_lb.web (1m 10s)",
        "ap-northeast-2: 4/4  created aws_lb.web (1m 15s)",
    ]


def test_failures_warnings_and_words_to_the_user_stay() -> None:
    display, stream = plain()
    display(ApplyStart(address="aws_lb.web", action="create"))
    display(Note(message="Stopping: …", type="giban"))
    display(Note(message="Initializing the backend...", type="init_output"))
    display(Diagnosed(diagnostic=Diagnostic("warning", "Argument is deprecated", address="aws_lb.web")))
    display(Diagnosed(diagnostic=Diagnostic("error", "Something", address="aws_lb.web")))
    display(ApplyErrored(address="aws_lb.web", action="create", seconds=2))
    assert stream.getvalue().splitlines() == [
        "Stopping: …",
        "warning: aws_lb.web: Argument is deprecated",
        "1/1  failed  aws_lb.web (2s)",
    ]


def test_the_total_is_never_less_than_what_is_done() -> None:
    progress = Progress(Clock())
    progress.take(ApplyStart(address="a", action="create"))
    assert progress.count == "0/1"
    progress.take(ApplyComplete(address="a", action="create", seconds=0))
    assert progress.count == "1/1"


def test_an_apply_repeats_what_its_plan_announced() -> None:
    progress = Progress(Clock())
    for _ in range(2):
        progress.take(Version(version="1.11.4"))
        progress.take(PlannedChange(address="a", action="create"))
    assert progress.count == "0/1"


def test_the_moving_part_shows_the_oldest_first_and_not_too_many() -> None:
    clock = Clock()
    display = Display(io.StringIO(), clock, live=False)
    for number in range(15):
        display(PlannedChange(address=f"aws_eip.e{number:02}", action="create"))
    for number in range(14):
        display(ApplyStart(address=f"aws_eip.e{number:02}", action="create"))
        clock.now += 1
    display(ApplyComplete(address="aws_eip.e00", action="create", seconds=1))
    stream = io.StringIO()
    console = Console(file=stream, width=60, no_color=True)
    console.print(_View(display))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  1/15"
    assert lines[1] == "      13s  creating aws_eip.e01"
    assert len(lines) == 14
    assert lines[-1].strip() == "and 1 more"


def test_before_the_first_resource_it_says_what_it_does() -> None:
    display = Display(io.StringIO(), Clock(), live=False)
    stream = io.StringIO()
    console = Console(file=stream, width=60, no_color=True)
    console.print(_View(display))
    display(RefreshStart(address="aws_vpc.main"))
    console.print(_View(display))
    assert stream.getvalue().splitlines() == ["… working", "… reading what is there"]


def test_a_terminal_gets_a_live_display_that_leaves_only_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    with Display(stream, Clock()) as display:
        display(PlannedChange(address="aws_vpc.main", action="create"))
        display(ApplyStart(address="aws_vpc.main", action="create"))
        display(ApplyComplete(address="aws_vpc.main", action="create", seconds=2))
    text = stream.getvalue()
    assert "1/1  created aws_vpc.main (2s)\n" in text
    assert "\x1b[36m" not in text, "no colours with NO_COLOR"


def test_what_a_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert is_interactive(Terminal())
    assert not is_interactive(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_interactive(Terminal())


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.9, "0s"), (59, "59s"), (60, "1m 0s"), (80, "1m 20s"), (3900, "1h 5m")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
