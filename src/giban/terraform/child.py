"""One child process: its lines as they come, and interrupts handed over exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from types import FrameType

import msgspec

from giban.terraform.errors import OutsideWorld, UserMistake

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What means "stop" to giban: Ctrl-C, a polite kill, a closed terminal."""


class Outcome(msgspec.Struct, frozen=True):
    """How a child ended."""

    code: int
    """Its exit code; negative when a signal ended it."""
    text: str
    errors: str
    interrupted: bool
    """Whether it was asked to stop meanwhile, whatever its exit code."""


class Child:
    """A command that is run once.

    `on_line` gets every line of its standard output as it comes; `say` gets what to tell the user about interrupts.
    Both are called in the thread that called `run`, never inside a signal handler.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        *,
        on_line: Callable[[str], None] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.command = list(command)
        self.folder = folder
        self.environment = dict(environment)
        self.on_line = on_line
        self.say = say
        self._process: subprocess.Popen[str] | None = None
        self._asked = 0
        # Lines of the child, and an int for each interrupt; a SimpleQueue may be filled from a signal handler.
        self._inbox: SimpleQueue[str | int | None] = SimpleQueue()

    def run(self) -> Outcome:
        """Run it to its end. Whatever happens here meanwhile, the child is waited for and never left behind.

        Raises UserMistake when the folder is missing, OutsideWorld when the command cannot be started.
        """
        if not os.path.isdir(self.folder):
            raise UserMistake(message=f"The folder {self.folder} does not exist.")
        lines: list[str] = []
        with self._signals_handed_over(), self._start() as process:
            errors: list[str] = []
            readers = [
                threading.Thread(target=self._read_lines, args=(process,), daemon=True),
                threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True),
            ]
            for reader in readers:
                reader.start()
            try:
                while (item := self._inbox.get()) is not None:
                    self._pass_on(item, lines)
            except BrokenPipeError:
                # Nobody sees the progress any more (`giban up | head`): the same as being asked to stop.
                self._stop(lines)
            except BaseException:
                # The listener failed (a bug): the child still gets the time to save its state.
                self._stop(lines)
                raise
            finally:
                code = process.wait()
                for reader in readers:
                    reader.join()
        if code < 0:
            # It could not clean up after itself: end its provider plugins, which share its process group.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        return Outcome(code, "".join(lines), "".join(errors), self._asked > 0)

    def interrupt(self) -> None:
        """Ask it to stop; safe in a signal handler and from other threads.

        The first call reaches the child; later ones only tell the user that it is on its way.
        """
        self._asked += 1
        if self._asked == 1:
            self._hand_over()
        self._inbox.put(self._asked)

    def _stop(self, lines: list[str]) -> None:
        """Ask it to stop, unless it was asked before, and take in what it still says without a listener."""
        self.interrupt()
        while (item := self._inbox.get()) is not None:
            if isinstance(item, str):
                lines.append(item)

    def _pass_on(self, item: str | int, lines: list[str]) -> None:
        if isinstance(item, str):
            lines.append(item)
            if self.on_line:
                self.on_line(item)
        elif self.say:
            self.say(self._answer_to_interrupt(item))

    def _answer_to_interrupt(self, count: int) -> str:
        if count == 1:
            return "Stopping: Terraform finishes what it is in the middle of and saves the state. Please wait."
        if count == 2:
            return "Still stopping. Ending it now would lose track of what it has just made; it will not take long."
        number = self._process.pid if self._process else 0
        return (
            f"giban never kills it. If you must: `kill -9 {number}` in another terminal, and expect things in AWS "
            "that the state does not know."
        )

    def _read_lines(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self._inbox.put(line)
        self._inbox.put(None)

    def _start(self) -> subprocess.Popen[str]:
        try:
            # A process group of its own: the terminal's Ctrl-C goes to giban only, which hands it over once.
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
        except OSError as error:
            raise OutsideWorld(message=f"{self.command[0]} could not be started: {error.strerror}.") from error
        if self._asked:
            # The interrupt came while the child was being started.
            self._hand_over()
        return self._process

    def _hand_over(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    @contextmanager
    def _signals_handed_over(self) -> Iterator[None]:
        """While the child runs, signals go to it. Only the main thread may catch them; others use `interrupt`."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.interrupt()

        # A signal that is being ignored (nohup) stays ignored.
        wanted = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, handle) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
