"""Showing a run: a live display on a terminal, plain lines everywhere else (a pipe, a log, CI)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from giban.terraform.events import (
    ApplyComplete,
    ApplyErrored,
    ApplyProgress,
    ApplyStart,
    ChangeSummary,
    Diagnosed,
    Event,
    Note,
    PlannedChange,
    RefreshComplete,
    RefreshStart,
    Version,
)

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live

REMIND_AFTER = 30.0
"""Seconds between two "still …" lines about the same resource in plain output."""

_DOING = {"create": "creating", "update": "changing", "delete": "deleting", "read": "reading"}
_DONE = {"create": "created", "update": "changed", "delete": "deleted", "read": "read"}
_STEPS = {"create": 1, "update": 1, "delete": 1, "read": 1, "replace": 2}


class Progress:
    """What is going on in one root: which resources are being worked on since when, and how many are done.

    Feed it events; it knows nothing of screens. `clock` gives seconds (`time.monotonic`).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.total = 0
        self.done = 0
        self.failed = 0
        self.reading = 0
        self.running: dict[str, tuple[str, float]] = {}
        """Address -> (action, when it began), in the order they began."""

    def take(self, event: Event) -> None:
        """Count an event."""
        match event:
            case Version():
                # Every command begins with it; an apply repeats what its plan announced.
                self.total = self.done = self.failed = self.reading = 0
                self.running.clear()
            case PlannedChange():
                self.total += _STEPS.get(event.action, 0)
            case ApplyStart():
                self.running[event.address] = (event.action, self.clock())
            case ApplyComplete() | ApplyErrored():
                self.running.pop(event.address, None)
                self.done += 1
                self.failed += isinstance(event, ApplyErrored)
            case RefreshStart():
                self.reading += 1
            case RefreshComplete():
                self.reading = max(0, self.reading - 1)
            case ChangeSummary() if event.operation != "plan":
                self.running.clear()
        self.total = max(self.total, self.done + len(self.running))

    @property
    def count(self) -> str:
        """`12/85`, padded so that it does not jump about."""
        width = len(str(self.total))
        return f"{self.done:>{width}}/{self.total}"


class Display:
    """A listener for `Terraform` that shows progress on a stream; use it as a context manager.

    `label` stands before plain lines (the name of the root, when there are several). On a terminal the display is live;
    NO_COLOR and TERM=dumb are honoured. Errors are not shown here: they are raised, translated, when the run ends.
    """

    def __init__(
        self, stream: TextIO, clock: Callable[[], float], *, label: str = "", live: bool | None = None
    ) -> None:
        self.progress = Progress(clock)
        self.stream = stream
        self.label = f"{label}: " if label else ""
        self._live_wanted = is_interactive(stream) if live is None else live
        self._live: Live | None = None
        self._reminded: dict[str, float] = {}

    def __enter__(self) -> Display:
        if self._live_wanted:
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self.stream, no_color=bool(os.environ.get("NO_COLOR")), highlight=False)
            self._live = Live(_View(self), console=console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __call__(self, event: Event) -> None:
        """Take an event of the run."""
        self.progress.take(event)
        line = self._line(event)
        if not line:
            return
        if self._live is not None:
            self._live.console.print(f"{self.label}{line}", markup=False, highlight=False, soft_wrap=True)
        else:
            self.stream.write(f"{self.label}{line}\n")
            self.stream.flush()

    def _line(self, event: Event) -> str:
        """The line that stays, or an empty string: what is done, what takes long, what the user must know."""
        match event:
            case ApplyComplete() if event.action != "read":
                took = f" ({duration(event.seconds)})" if event.seconds >= 1 else ""
                return f"{self.progress.count}  {_DONE.get(event.action, event.action)} {event.address}{took}"
            case ApplyErrored():
                return f"{self.progress.count}  failed  {event.address} ({duration(event.seconds)})"
            case ApplyProgress() if self._live is None:
                return self._reminder(event)
            case Note() if event.type == "giban":
                return event.message
            case Diagnosed() if not event.diagnostic.is_error and event.diagnostic.address:
                return f"warning: {event.diagnostic.address}: {event.diagnostic.summary}"
        return ""

    def _reminder(self, event: ApplyProgress) -> str:
        last = self._reminded.get(event.address)
        if last is not None and event.seconds - last < REMIND_AFTER:
            return ""
        self._reminded[event.address] = event.seconds
        doing = _DOING.get(event.action, event.action)
        return f"{self.progress.count}  still {doing} {event.address} ({duration(event.seconds)})"


class _View:
    """The moving part on a terminal; rich asks for it several times a second."""

    LIMIT = 12

    def __init__(self, display: Display) -> None:
        self.display = display

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        progress = self.display.progress
        now = progress.clock()
        running = list(progress.running.items())
        if not running:
            words = "reading what is there" if progress.reading else "working"
            yield Text(f"{self.display.label}… {words}", style="dim")
            return
        filled = round(20 * progress.done / progress.total) if progress.total else 0
        failed = f", {progress.failed} failed" if progress.failed else ""
        bar = "━" * filled + "╌" * (20 - filled)
        yield Text.assemble(f"{self.display.label}", (bar, "cyan"), f" {progress.count}{failed}")
        # The oldest first: those are what one waits for.
        for address, (action, since) in running[: self.LIMIT]:
            doing = _DOING.get(action, action)
            yield Text.assemble(
                "  ", (f"{duration(now - since):>7}", "dim"), f"  {doing} {address}", overflow="ellipsis", no_wrap=True
            )
        if len(running) > self.LIMIT:
            yield Text(f"           and {len(running) - self.LIMIT} more", style="dim")


def is_interactive(stream: Any) -> bool:
    """Whether a stream is a terminal that can move its cursor."""
    return bool(stream.isatty()) and os.environ.get("TERM", "") != "dumb"


def duration(seconds: float) -> str:
    """`8s`, `1m 20s`, `1h 5m`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    return f"{whole // 3600}h {whole % 3600 // 60}m"
