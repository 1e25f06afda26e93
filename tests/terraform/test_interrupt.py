"""Ctrl-C: Terraform gets exactly one, saves its state and releases its lock, whatever the user does meanwhile."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from giban.terraform.child import Child
from giban.terraform.errors import Interrupted
from giban.terraform.events import ApplyStart, Event

from .conftest import PYTHON, SLOW, Root, until

PROGRAM = """
import os, sys
if sys.argv[2] == "terminal":
    import fcntl, termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from giban.terraform.errors import Interrupted
from giban.terraform.find import find_engine
from giban.terraform.run import Terraform, child_environment

def listen(event):
    print(event.message, flush=True)

environment = child_environment(os.environ, rehearsal=True, cli_config=os.devnull)
terraform = Terraform(find_engine(), sys.argv[1], environment, listen=listen)
terraform.plan("plan")
try:
    terraform.apply("plan")
except Interrupted as error:
    print("INTERRUPTED", error, flush=True)
    sys.exit(3)
"""
"""What giban does, as small as it gets, in a process of its own so that it can be sent signals."""


def start(folder: str, *, terminal: int | None = None) -> tuple[subprocess.Popen[bytes], Path]:
    output = Path(folder) / "output.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [PYTHON, "-c", PROGRAM, folder, "terminal" if terminal is not None else "plain"],
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until(lambda: "local-exec" in output.read_text(), "the start of the slow resource")
    return process, output


def state(folder: str) -> dict[str, str]:
    """Address -> ok or tainted, from the state file as it was saved. What was stopped before it began has no instance there."""
    saved = json.loads((Path(folder) / "terraform.tfstate").read_text())
    begun = [item for item in saved["resources"] if item["instances"]]
    return {f"{item['type']}.{item['name']}": item["instances"][0].get("status", "ok") for item in begun}


def assert_saved_and_unlocked(folder: str) -> None:
    assert state(folder) == {"terraform_data.quick": "ok", "terraform_data.slow": "tainted"}
    assert not (Path(folder) / ".terraform.tfstate.lock.info").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_it_in_good_order(number: signal.Signals, root: Root) -> None:
    folder = root({"resource": SLOW}).folder
    process, output = start(folder)
    process.send_signal(number)
    assert process.wait(30) == 3
    assert_saved_and_unlocked(folder)
    text = output.read_text()
    assert "Stopping: Terraform finishes what it is in the middle of" in text
    assert "INTERRUPTED Terraform apply was stopped." in text
    assert "1 change had been made by then and the state knows. Run the same command to go on." in text


def test_ctrl_c_on_a_terminal_reaches_terraform_once(root: Root) -> None:
    """The kernel sends Ctrl-C to the whole foreground group; Terraform must not be in it."""
    folder = root({"resource": SLOW}).folder
    ours, theirs = pty.openpty()
    try:
        process, output = start(folder, terminal=theirs)
        os.write(ours, b"\x03")
        assert process.wait(30) == 3
    finally:
        os.close(ours)
        os.close(theirs)
    assert_saved_and_unlocked(folder)
    assert output.read_text().count("Interrupt received.") == 1
    assert "Two interrupts received" not in output.read_text()


STUBBORN = """
import os, signal, sys, time
count = 0
def interrupted(number, frame):
    global count
    count += 1
signal.signal(signal.SIGINT, interrupted)
print("ready", flush=True)
while not os.path.exists("enough"):
    time.sleep(0.01)
print("interrupts:", count, flush=True)
"""
"""A program that takes its time to stop, as Terraform does while AWS is still creating a database."""


def test_more_of_them_are_answered_and_not_handed_over(tmp_path: Path) -> None:
    said: list[str] = []

    def on_line(line: str) -> None:
        if line == "ready\n":
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)

    def say(message: str) -> None:
        said.append(message)
        if len(said) == 3:
            (tmp_path / "enough").touch()

    outcome = Child([PYTHON, "-c", STUBBORN], str(tmp_path), dict(os.environ), on_line=on_line, say=say).run()
    assert outcome.interrupted
    assert outcome.text == "ready\ninterrupts: 1\n"
    assert [message.split()[0] for message in said] == ["Stopping:", "Still", "giban"]
    assert "never kills it" in said[2]


@pytest.mark.parametrize(
    ("failure", "seen"),
    [
        pytest.param(ValueError, ValueError, id="a bug"),
        pytest.param(BrokenPipeError, Interrupted, id="the reader of the progress went away"),
    ],
)
def test_a_listener_that_fails_does_not_lose_the_state(
    root: Root, failure: type[Exception], seen: type[Exception]
) -> None:
    terraform = root({"resource": SLOW})
    terraform.plan("plan")

    def fail(event: Event) -> None:
        if isinstance(event, ApplyStart) and event.address == "terraform_data.slow":
            raise failure

    terraform.listen = fail
    with pytest.raises(seen):
        terraform.apply("plan")
    assert not (Path(terraform.folder) / ".terraform.tfstate.lock.info").exists()
    assert state(terraform.folder)["terraform_data.quick"] == "ok"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the old handlers are back"


def test_an_interrupted_plan_says_that_nothing_changed(root: Root) -> None:
    terraform = root({"resource": {"terraform_data": {"a": {}}}})
    terraform.listen = lambda event: terraform.interrupt()
    with pytest.raises(Interrupted, match="Nothing had been changed"):
        terraform.plan("plan")
