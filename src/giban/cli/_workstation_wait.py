"""Waiting for a workstation: one moving line on a terminal, a line a step elsewhere. Ctrl-C ends the waiting only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import click

from giban.cli.output import style
from giban.lifecycle.operate import Document
from giban.lifecycle.workstation import follow
from giban.terraform.errors import OutsideWorld
from giban.terraform.progress import duration, is_interactive

WORDS = {
    "off": "off",
    "asked": "asked for",
    "starting": "the machine starts",
    "booting": "the machine boots",
    "ready": "ready",
    "stopping": "the machine stops",
}
"""Phase of the status document to what a user reads."""
WIDTH = 20


class Line:
    """Shows status documents as they come. Use it as a context manager: the moving line is gone afterwards."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._begin = clock()
        self._moving = is_interactive(stream)
        self._said: tuple[str, str] = ("", "")

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("\r\x1b[2K" if self._moving else "")

    def show(self, status: Document) -> None:
        """Show where it is; a notice (no capacity, a failed start) stays on the screen."""
        progress = status.get("progress") or {}
        phase, notice = str(progress.get("phase") or status.get("state")), str(progress.get("notice") or "")
        words, took = WORDS.get(phase, phase), duration(self._clock() - self._begin)
        if self._moving:
            percent = min(100, max(0, int(progress.get("percent") or 0)))
            filled = round(WIDTH * percent / 100)
            bar = style("━" * filled, stream=self._stream, fg="cyan") + "╌" * (WIDTH - filled)
            kept = f"\r\x1b[2K{notice}\n" if notice and notice != self._said[1] else ""
            self._write(f"{kept}\r\x1b[2K{status.get('workstation')}  {bar} {percent:>3} %  {words} ({took})")
        elif (phase, notice) != self._said:
            self._write(f"{took}  {words}{f': {notice}' if notice else ''}\n")
        self._said = (phase, notice)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def wait(
    ask: Callable[[], Document],
    first: Document,
    done: Callable[[Document], bool],
    going_on: str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Any] = time.sleep,
) -> Document:
    """The first status document that is `done`, showing those on the way on standard error.

    `going_on` is said when the user stops waiting. Raises OutsideWorld when it takes longer than a quarter of an hour.
    """
    status = first
    try:
        with Line(sys.stderr, clock) as line:
            for status in follow(ask, first, clock=clock, sleep=sleep):
                line.show(status)
                if done(status):
                    return status
    except KeyboardInterrupt:
        click.echo(f"\n{going_on} `giban workstation status` says how far it is.", err=True)
        raise
    notice = (status.get("progress") or {}).get("notice") or ""
    raise OutsideWorld(
        message=f"It takes longer than expected. {notice}\n{going_on} `giban workstation status` says why."
    )
