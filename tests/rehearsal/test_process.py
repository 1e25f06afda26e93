"""Starting, finding, losing and stopping real emulators."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.rehearsal import identity, process, record
from giban.rehearsal.contents import clients
from giban.rehearsal.errors import EmulatorFailed, RehearsalUnavailable
from giban.rehearsal.inbox_reading import InboxReader
from giban.rehearsal.process import Rehearsal, child_environment
from giban.rehearsal.services import EMULATORS, PROCESSES, WORLD

REGION = "ap-northeast-2"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Rehearsal]:
    """Emulators of one test, stopped whatever happens."""
    made = Rehearsal(str(tmp_path / "state"))
    yield made
    made.stop()
    # Those that ended without a stop are not waited for by anybody else.
    for child in process._children.values():
        child.poll()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a minute is plenty on any machine."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)


def pids(rehearsal: Rehearsal) -> dict[str, int]:
    return {status.emulator: status.pid for status in rehearsal.status()}


def test_nothing_is_there_before_the_first_start(own: Rehearsal) -> None:
    assert [(status.emulator, status.state) for status in own.status()] == [(name, "stopped") for name in PROCESSES]
    assert own.running() is None
    assert own.stop() is False
    assert not os.path.exists(own.folder)


def test_it_is_started_once_and_found_afterwards(own: Rehearsal) -> None:
    first = own.start(REGION)
    assert not first.found
    assert [status.state for status in own.status()] == ["running"] * 3
    # Another command is another object with the same folder.
    second = Rehearsal(own.folder).start(REGION)
    assert second.found
    assert (second.token, second.ports) == (first.token, first.ports)
    before = pids(own)
    assert own.stop() is True
    assert not any(os.path.exists(os.path.join(own.folder, name)) for name in ("token", "record.json", "tmp"))
    assert all(identity.started(pid) is None for pid in before.values())


def test_stopping_and_starting_empties_and_changes_the_token(own: Rehearsal) -> None:
    first = own.start(REGION)
    clients(first, REGION)("s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    second = own.reset(REGION)
    assert second.token != first.token
    assert clients(second, REGION)("s3").list_buckets()["Buckets"] == []
    assert second.warnings == ()


@pytest.mark.parametrize("emulator", EMULATORS)
def test_a_killed_emulator_is_noticed_and_replaced(own: Rehearsal, emulator: str) -> None:
    own.start(REGION)
    killed = pids(own)[emulator]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: identity.started(killed) is None)
    states = {status.emulator: status for status in own.status()}
    assert states[emulator].state == "crashed"
    assert "SIGKILL" in states[emulator].reason
    assert own.running() is None
    said: list[str] = []
    again = own.start(REGION, said.append)
    assert not again.found
    assert len(said) == 1
    assert emulator in said[0]
    assert "lost" in said[0]
    assert again.warnings == tuple(said)
    # The other one held the rest of the same world: it was replaced too.
    assert killed not in pids(own).values()
    assert own.start(REGION).found


def test_a_killed_world_is_started_again_beside_the_emulators(own: Rehearsal) -> None:
    first = own.start(REGION)
    clients(first, REGION)("s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    before = pids(own)
    os.kill(before[WORLD], signal.SIGKILL)
    eventually(lambda: identity.started(before[WORLD]) is None)
    states = {status.emulator: status.state for status in own.status()}
    assert states == {"moto": "running", "ministack": "running", WORLD: "crashed"}
    halved = own.running()
    assert halved is not None
    assert set(halved.ports) == set(EMULATORS), "the emulators can still be asked"
    inbox = InboxReader(own.folder).url
    said: list[str] = []
    again = own.start(REGION, said.append)
    assert InboxReader(own.folder).url == inbox, "functions were told where it is when they started"
    assert said == [f"{WORLD} had stopped by itself (killed by SIGKILL); it starts again."]
    assert again.ports == first.ports, "bookmarks still lead there"
    assert again.token == first.token
    assert [bucket["Name"] for bucket in clients(again, REGION)("s3").list_buckets()["Buckets"]] == ["kept"]
    after = pids(own)
    assert {name: after[name] == before[name] for name in PROCESSES} == {"moto": True, "ministack": True, WORLD: False}
    assert own.start(REGION).warnings == ()


def test_a_killed_emulator_is_noticed_by_another_command(own: Rehearsal) -> None:
    own.start(REGION)
    killed = pids(own)["moto"]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: identity.started(killed) is None)
    code = (
        "import sys; from giban.rehearsal.process import Rehearsal; "
        "print([s.reason for s in Rehearsal(sys.argv[1]).status() if s.state == 'crashed'])"
    )
    answer = subprocess.run([sys.executable, "-c", code, own.folder], capture_output=True, text=True, check=True)
    assert "its process is gone" in answer.stdout


def test_two_starts_at_once_make_one_set(own: Rehearsal) -> None:
    code = (
        "import json, sys; from giban.rehearsal.process import Rehearsal; r = Rehearsal(sys.argv[1]); "
        "x = r.start('ap-northeast-2'); print(json.dumps([x.token, x.found, x.ports]))"
    )
    command = [sys.executable, "-c", code, own.folder]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [json.loads(one.communicate(timeout=120)[0]) for one in started]
    assert len({token for token, _found, _ports in answers}) == 1
    assert sorted(found for _token, found, _ports in answers) == [False, True, True, True]
    assert answers[0][2] == {status.emulator: status.port for status in own.status()}


def test_the_emulators_outlive_the_command_that_started_them(own: Rehearsal) -> None:
    code = "import sys; from giban.rehearsal.process import Rehearsal; Rehearsal(sys.argv[1]).start('ap-northeast-2')"
    subprocess.run([sys.executable, "-c", code, own.folder], check=True)
    assert own.running() is not None
    for pid in pids(own).values():
        # A session of its own: no terminal reaches it.
        assert os.getsid(pid) == pid


def test_a_number_that_went_to_another_process_is_left_alone(own: Rehearsal) -> None:
    own.start(REGION)
    own.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        children = tuple(
            record.Child(emulator=name, pid=bystander.pid, start="another/1", port=9, started_at=0.0)
            for name in PROCESSES
        )
        record.write(own.folder, record.Record(version="0", region=REGION, children=children))
        record.write_token(own.folder, "t")
        assert [status.state for status in own.status()] == ["crashed"] * 3
        own.start(REGION)
        assert bystander.poll() is None
        own.stop()
        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_it_ends_when_its_folder_is_removed(own: Rehearsal) -> None:
    own.start(REGION)
    there = pids(own)
    shutil.rmtree(own.folder)
    eventually(lambda: all(identity.started(pid) is None for pid in there.values()))


def test_sigterm_ends_it_in_order(own: Rehearsal) -> None:
    own.start(REGION)
    there = pids(own)
    for pid in there.values():
        os.kill(pid, signal.SIGTERM)
    eventually(lambda: all(identity.started(pid) is None for pid in there.values()))
    for name in PROCESSES:
        with open(os.path.join(own.folder, f"{name}.log"), encoding="utf-8") as file:
            assert "Traceback" not in file.read()


def test_nothing_of_the_user_reaches_an_emulator(own: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "AWS_SECRET_ACCESS_KEY": "real-secret-key",
        "AWS_SESSION_TOKEN": "real-session-token",
        "AWS_PROFILE": "real-profile",
        "GITHUB_TOKEN": "real-github-token",
        "HTTPS_PROXY": "http://real-proxy.example:3128",
        "SSH_AUTH_SOCK": "/real/agent.sock",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    own.start(REGION)
    allowed = {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONUSERBASE"}
    assert set(child_environment(own.folder)) <= allowed
    for pid in pids(own).values():
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().decode().split("\0")
        assert {entry.partition("=")[0] for entry in entries if entry} <= allowed
        assert not [value for value in secrets.values() if any(value in entry for entry in entries)]
        assert f"HOME={own.folder}" in entries


def test_a_module_in_the_state_folder_is_not_imported(own: Rehearsal) -> None:
    os.makedirs(own.folder)
    with open(os.path.join(own.folder, "moto.py"), "w", encoding="utf-8") as file:
        file.write("raise SystemExit('planted')")
    assert not own.start(REGION).found


def test_an_emulator_that_does_not_come_up_is_explained(own: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "child_environment", lambda folder: {"PATH": "", "PYTHONHOME": folder})
    with pytest.raises(EmulatorFailed) as caught:
        own.start(REGION)
    assert "ended while it was starting" in str(caught.value)
    assert "encodings" in str(caught.value), "the end of the log is shown"
    assert [status.state for status in own.status()] == ["stopped"] * 3


def test_missing_packages_are_named(own: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import util

    there = util.find_spec

    def hidden(name: str, *rest: Any) -> Any:
        return None if name in ("moto", "ministack") else there(name, *rest)

    monkeypatch.setattr(util, "find_spec", hidden)
    with pytest.raises(RehearsalUnavailable) as caught:
        own.start(REGION)
    assert "moto and ministack" in str(caught.value)
    assert "pip install 'giban[rehearsal]'" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 3}'])
def test_a_spoiled_record_counts_as_none(own: Rehearsal, text: str) -> None:
    os.makedirs(own.folder)
    with open(os.path.join(own.folder, "record.json"), "w", encoding="utf-8") as file:
        file.write(text)
    assert own.running() is None
    assert [status.state for status in own.status()] == ["stopped"] * 3


def test_the_begin_of_a_process_tells_it_from_others() -> None:
    own = identity.started(os.getpid())
    assert own is not None
    assert identity.is_alive(os.getpid(), own)
    assert not identity.is_alive(os.getpid(), "another")
    assert not identity.is_alive(os.getpid(), "")
    assert identity.started(2**22 + 1) is None


def test_the_remains_of_a_process_do_not_count() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        # Not collected yet: it stays in the table as a zombie.
        eventually(lambda: identity.started(ended.pid) is None)


def test_ps_says_the_same_where_there_is_no_proc() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        begin = identity._from_ps(child.pid)
        assert begin
        assert begin == identity._from_ps(child.pid)
        child.communicate(b"\n")
    assert identity._from_ps(child.pid) is None
