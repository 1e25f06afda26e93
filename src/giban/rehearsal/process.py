"""The rehearsal's child processes: started detached, found again by the next command, stopped, and missed when gone.

1. start    under a lock: what is there and answers is used; else a new secret, all three at once, wait until they answer
2. find     by the record file: number and begin of the process, then a request to its health path
3. stop     SIGTERM to the child's group, SIGKILL to what is left; then the record, the secret and the files it kept
4. crash    a record whose process is gone: told with the end of its log. After an emulator's the next start makes a whole new
            set, because the two hold parts of one account (the state bucket is in one, the network in the other); the
            world holds nothing, so it alone is started again, at its old port if that is free
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

import msgspec

from giban.rehearsal import record as notes
from giban.rehearsal.errors import EmulatorFailed, RehearsalUnavailable, StartUnderWay
from giban.rehearsal.guard import HEALTH_PATH
from giban.rehearsal.identity import is_alive, started
from giban.rehearsal.record import Child, Record
from giban.rehearsal.services import EMULATORS, PROCESSES, WORLD

START_LIMIT = 90.0
"""Seconds until a started emulator must answer; a loaded machine needs ten."""
STOP_LIMIT = 10.0
"""Seconds between SIGTERM and SIGKILL."""
LOCK_LIMIT = 120.0
"""Seconds to wait for another start or stop of the same emulators."""
LOG_LINES = 12

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Children of this very process, so that their end is collected."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How one process is."""

    emulator: str
    """Its name; `world` is no emulator."""
    state: Literal["running", "stopped", "crashed"]
    pid: int = 0
    port: int = 0
    started_at: float = 0.0
    """Seconds since 1970."""
    reason: str = ""
    """Why it is not running although nobody stopped it."""
    log: tuple[str, ...] = ()
    """The last lines it wrote, for a crashed one."""


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A set of emulators that answers."""

    token: str
    region: str
    ports: dict[str, int]
    """Process to port on 127.0.0.1; the world's is missing while it is down."""
    found: bool
    """True when it was running already, False when it was started just now."""
    warnings: tuple[str, ...] = ()

    def url(self, emulator: str) -> str:
        """Where an emulator is reached."""
        return f"http://127.0.0.1:{self.ports[emulator]}"


class Rehearsal:
    """The emulators whose records lie in `folder` (made on first start, private to the user)."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)

    def start(self, region: str, say: Callable[[str], None] = lambda _text: None) -> Running:
        """Start the emulators, or find them running; either way they answer afterwards.

        `region` is used where a request names none. Raises RehearsalUnavailable when the extra is not installed,
        EmulatorFailed when one does not come up, StartUnderWay when another process holds the lock for too long.
        """
        with self._lock():
            there = self.running()
            if there is not None:
                return there if WORLD in there.ports else self._start_world(there, say)
            _require_packages()
            warnings = self._clear_away()
            for warning in warnings:
                say(warning)
            return self._start_new(region, tuple(warnings))

    def running(self) -> Running | None:
        """The set when both emulators run and answer, else None. Changes nothing."""
        record, token = notes.read(self.folder), notes.read_token(self.folder)
        if record is None or token is None:
            return None
        ports = {child.emulator: child.port for child in record.children if self._is_well(child)}
        if not set(EMULATORS) <= set(ports):
            return None
        return Running(token=token, region=record.region, ports=ports, found=True)

    def status(self) -> list[Status]:
        """How each process is, in a fixed order. Changes nothing."""
        record = notes.read(self.folder)
        children = {child.emulator: child for child in record.children} if record else {}
        return [self._status(name, children.get(name)) for name in PROCESSES]

    def stop(self) -> bool:
        """Stop the emulators; everything they held is gone. False when none was there."""
        if not os.path.isdir(self.folder):
            return False
        with self._lock():
            record = notes.read(self.folder)
            self._stop_all(record)
            return record is not None

    def reset(self, region: str, say: Callable[[str], None] = lambda _text: None) -> Running:
        """Empty the emulators, by stopping them and starting new ones."""
        self.stop()
        return self.start(region, say)

    def _start_new(self, region: str, warnings: tuple[str, ...]) -> Running:
        import secrets

        from giban import __version__

        token = secrets.token_hex(32)
        notes.write_token(self.folder, token)
        os.makedirs(os.path.join(self.folder, "tmp"), mode=0o700, exist_ok=True)
        record = Record(version=__version__, region=region)
        try:
            for name in PROCESSES:
                child = self._spawn(name, region)
                # Written at once: whatever happens from here on, the child can be found and stopped.
                record = msgspec.structs.replace(record, children=(*record.children, child))
                notes.write(self.folder, record)
            deadline = time.monotonic() + START_LIMIT
            ready = tuple(self._wait_for(child, deadline) for child in record.children)
            notes.write(self.folder, msgspec.structs.replace(record, children=ready))
        except BaseException:
            self._stop_all(record)
            raise
        ports = {child.emulator: child.port for child in ready}
        return Running(token=token, region=region, ports=ports, found=False, warnings=warnings)

    def _start_world(self, there: Running, say: Callable[[str], None]) -> Running:
        """The world anew beside emulators that run."""
        record = notes.read(self.folder)
        if record is None:
            raise EmulatorFailed(message=f"The record in {self.folder} has just been removed. Try again.")
        old = next((child for child in record.children if child.emulator == WORLD), None)
        warning = f"{WORLD} had stopped by itself ({self._status(WORLD, old).reason}); it starts again."
        say(warning)
        others = tuple(child for child in record.children if child.emulator != WORLD)
        if old is not None:
            self._end([old], time.monotonic())
        notes.remove(self.folder, f"{WORLD}.port")
        child = self._spawn(WORLD, record.region, old.port if old else 0)
        notes.write(self.folder, msgspec.structs.replace(record, children=(*others, child)))
        child = self._wait_for(child, time.monotonic() + START_LIMIT)
        notes.write(self.folder, msgspec.structs.replace(record, children=(*others, child)))
        return msgspec.structs.replace(there, ports={**there.ports, WORLD: child.port}, warnings=(warning,))

    def _spawn(self, emulator: str, region: str, port: int = 0) -> Child:
        log = os.open(self._path(f"{emulator}.log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        # -P: a module of the working folder's name must not be imported instead of the real one.
        command = [sys.executable, "-P", "-m", "giban.rehearsal.serve", emulator]
        command += ["--folder", self.folder, "--region", region, "--port", str(port)]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=child_environment(self.folder),
                # Away from the terminal: Ctrl-C and the end of the shell do not reach it.
                start_new_session=True,
            )
        finally:
            os.close(log)
        _children[process.pid] = process
        begin = started(process.pid)
        if begin is None:
            raise EmulatorFailed(message=self._failure(emulator))
        return Child(emulator=emulator, pid=process.pid, start=begin, started_at=time.time())

    def _wait_for(self, child: Child, deadline: float) -> Child:
        while time.monotonic() < deadline:
            child = msgspec.structs.replace(child, port=self._port(child.emulator))
            if child.port and _answers(child.port):
                return child
            if not _lives(child):
                raise EmulatorFailed(message=self._failure(child.emulator))
            time.sleep(0.05)
        raise EmulatorFailed(
            message=f"{child.emulator} did not answer within {START_LIMIT:.0f} s. Its log: "
            f"{self._path(f'{child.emulator}.log')}"
        )

    def _clear_away(self) -> list[str]:
        """Stop what is left of an earlier set; say what was lost."""
        record = notes.read(self.folder)
        lost = [status for status in self.status() if status.state == "crashed" and status.emulator in EMULATORS]
        warnings = [
            f"{status.emulator} had stopped by itself ({status.reason}). What the emulators held is lost; "
            "they start again empty."
            for status in lost
        ]
        self._stop_all(record)
        return warnings

    def _stop_all(self, record: Record | None) -> None:
        import shutil

        from giban.rehearsal import clock, hosts, inbox, world

        self._end(record.children if record else (), time.monotonic() + STOP_LIMIT)
        hosts.remove(self.folder)
        inbox.remove(self.folder)
        shutil.rmtree(self._path(world.INTERRUPTIONS), ignore_errors=True)
        names = [*(f"{name}.port" for name in (*PROCESSES, inbox.PORT_FILE)), clock.FILE]
        notes.remove(self.folder, notes.FILE, notes.TOKEN, *names)
        shutil.rmtree(self._path("tmp"), ignore_errors=True)

    def _end(self, children: Collection[Child], deadline: float) -> None:
        """End processes, by force those that still run at the deadline (of the monotonic clock)."""
        for child in children:
            _signal(child, signal.SIGTERM)
        for child in children:
            while _lives(child) and time.monotonic() < deadline:
                time.sleep(0.02)
            _signal(child, signal.SIGKILL)
            while _lives(child):
                time.sleep(0.02)
            _collect(child)

    def _status(self, emulator: str, child: Child | None) -> Status:
        if child is None:
            return Status(emulator=emulator, state="stopped")
        status = Status(emulator=emulator, state="running", pid=child.pid, port=child.port, started_at=child.started_at)
        if self._is_well(child):
            return status
        log = self._log(emulator)
        return msgspec.structs.replace(status, state="crashed", reason=_reason(child, log), log=tuple(log))

    def _is_well(self, child: Child) -> bool:
        return bool(child.port) and _lives(child) and _answers(child.port)

    def _failure(self, emulator: str) -> str:
        log = "\n".join(f"    {line}" for line in self._log(emulator))
        return f"{emulator} ended while it was starting. The end of its log ({self._path(f'{emulator}.log')}):\n{log}"

    def _log(self, emulator: str) -> list[str]:
        try:
            with open(self._path(f"{emulator}.log"), encoding="utf-8", errors="replace") as file:
                return file.read()[-20_000:].splitlines()[-LOG_LINES:]
        except OSError:
            return []

    def _port(self, emulator: str) -> int:
        try:
            with open(self._path(f"{emulator}.port"), encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            return 0

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One start or stop at a time; the operating system gives the lock up with the process."""
        import fcntl

        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        os.chmod(self.folder, 0o700)
        with open(self._path("lock"), "w", encoding="ascii") as file:
            deadline = time.monotonic() + LOCK_LIMIT
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise StartUnderWay(
                            message="Another giban is starting or stopping these emulators. Wait until it is finished."
                        ) from None
                    time.sleep(0.1)
            yield


def child_environment(folder: str) -> dict[str, str]:
    """The environment of an emulator: nothing of the user's but where programs are and the language.

    No AWS settings, no tokens, no proxies; HOME and TMPDIR are the state folder, so no credentials file is found.
    """
    import site

    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": folder,
        "TMPDIR": os.path.join(folder, "tmp"),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }
    if site.ENABLE_USER_SITE:
        # Packages under the user's home (pip install --user) are found by HOME, which has just been changed.
        environment["PYTHONUSERBASE"] = site.getuserbase()
    return environment


def _require_packages() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("moto", "flask", "ministack", "botocore") if find_spec(name) is None]
    if missing:
        raise RehearsalUnavailable(missing)


def _answers(port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", HEALTH_PATH)
        answer = connection.getresponse()
        return answer.status == 200 and answer.read(10) == b"ok"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _lives(child: Child) -> bool:
    process = _children.get(child.pid)
    if process is not None and process.poll() is not None:
        return False
    return is_alive(child.pid, child.start)


def _collect(child: Child) -> None:
    """Take note of the end of a child of this very process, which is gone from the list of those that run."""
    process = _children.get(child.pid)
    if process is not None and process.returncode is None:
        # Its threads may still be ending.
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)


def _signal(child: Child, number: int) -> None:
    """Send a signal to the child's process group, but only while the child is the process that was started."""
    if _lives(child):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return


def _reason(child: Child, log: list[str]) -> str:
    """Why a child is gone, as far as can be told."""
    if _lives(child):
        return "it runs but does not answer"
    _collect(child)
    process = _children.get(child.pid)
    if process is not None and process.returncode is not None and process.returncode < 0:
        return f"killed by {signal.Signals(-process.returncode).name}"
    last = next((line.strip() for line in reversed(log) if line.strip()), "")
    if "Error" in last or "Exception" in last:
        return last
    boot, slash, _ = child.start.partition("/")
    if slash and not (started(os.getpid()) or "").startswith(f"{boot}/"):
        return "this machine was restarted"
    return "its process is gone: killed, or out of memory"
