"""Reporting: signed, numbered, patient while the API is away, obedient to what it answers."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from giban.runtime.agent.giban_agent import Agent, Config, ConfigError, load_config, run, server_time
from tests.runtime.agent.api import KEY, Api, problem
from tests.runtime.agent.machine import Machine


class Host:
    """An agent on a machine of files, told to report to an API. Randomness is always the middle: no jitter."""

    def __init__(self, machine: Machine, api: Api, **settings: Any) -> None:
        self.machine = machine
        key = machine.write("etc/giban/agent.key", KEY.hex() + "\n")
        key.chmod(0o600)
        self.key = key
        self.done = machine.root / "done"
        document = {
            "api": api.url,
            "key_file": str(key),
            "ide": f"{api.url}/healthz",
            "shutdown": ["touch", str(self.done)],
            "password_helper": ["sh", "-c", f"echo x >> {self.done}"],
            **settings,
        }
        self.config = Config(document, str(machine.root))
        self.agent = self.started()

    def started(self) -> Agent:
        """A new start of the agent."""
        counter = iter(range(10**9))

        def random(count: int) -> bytes:
            return b"\x7f\xff" if count == 2 else (next(counter) + time.monotonic_ns()).to_bytes(count, "big")

        return Agent(self.config, lambda: self.machine.now, lambda: self.machine.wall, random)

    def step(self, seconds: float = 60) -> float:
        """One step, then let time go on."""
        wait = self.agent.step()
        self.machine.tick(seconds)
        return wait


@pytest.fixture
def host(machine: Machine, api: Api) -> Host:
    machine.wall = time.time()
    return Host(machine, api)


def test_a_report(host: Host, api: Api) -> None:
    host.machine.heartbeat(age=20)
    assert 59.9 < host.step() < 60.1
    (report,) = api.reports
    assert report == {
        "boot_id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "sequence": 1000000,
        "uptime": 1000.0,
        "ssh": {"sessions": 0},
        "web": {"connected_age": 20.0, "interacting_age": None},
        "terminal_age": None,
        "work": {"cpu_percent": 0.0, "load1": 0.42, "working_age": None, "jobs": [], "containers": []},
        "ide": {"answers": True},
        "version": "1",
    }
    _, headers, _ = api.requests[0]
    assert headers["content-type"] == "application/json"
    assert KEY.hex() not in json.dumps(headers)


def test_numbers_only_rise_also_when_the_state_is_lost(host: Host, api: Api) -> None:
    host.step()
    host.step(1)
    host.step(1)
    (host.machine.root / "var/lib/giban-agent/state.json").unlink()
    host.agent = host.started()
    host.step(1)
    numbers = [report["sequence"] for report in api.reports]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 4


def test_ages_survive_a_restart_of_the_agent(host: Host, api: Api) -> None:
    host.machine.look(host.agent.observer)
    host.machine.tick(60, cores=2)
    host.step()
    host.agent = host.started()
    host.step()
    assert [report["work"]["working_age"] for report in api.reports] == [0.0, 60.0]


def test_ages_do_not_survive_a_new_boot(host: Host, api: Api) -> None:
    host.machine.look(host.agent.observer)
    host.machine.tick(60, cores=2)
    host.step()
    host.machine.write("proc/sys/kernel/random/boot_id", "another-boot\n")
    host.agent = host.started()
    host.step()
    assert api.reports[1]["work"]["working_age"] is None


@pytest.mark.parametrize(
    "state",
    [
        "", "{", "[]", "null", '{"seen": 1, "sequence": "x", "max_uptime": [], "password_version": true}',
        '{"boot_id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "seen": {"working": 1e99, "terminal": "now", "connected": -5}}',
        '{"sequence": NaN, "max_uptime": 0, "first": 1e300}', "\x00\xff",
    ],
)  # fmt: skip
def test_a_damaged_state_is_no_harm(machine: Machine, api: Api, state: str) -> None:
    machine.write("var/lib/giban-agent/state.json", state.encode("latin-1"))
    machine.wall = time.time()
    host = Host(machine, api)
    host.step()
    assert api.reports[0]["work"]["working_age"] is None
    assert host.agent.max_uptime == 259200


@pytest.mark.parametrize(
    "answer",
    [
        problem(500, "broken"), problem(503, "busy"), problem(403, "address"), problem(409, "replay"), problem(401, "signature"),
        (200, {}, b"<html>"), (200, {}, b"[]"), (302, {"Location": "http://127.0.0.1:1/"}, b""), (200, {}, b"\xff\xfe"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_tried_again(host: Host, api: Api, answer: tuple[int, dict[str, str], bytes]) -> None:
    api.script = [answer]
    host.step()
    assert api.reports == []
    host.step()
    assert len(api.reports) == 1
    nonces = [headers["x-giban-nonce"] for _, headers, _ in api.requests]
    assert len(set(nonces)) == 2


def test_tries_become_rarer_up_to_five_minutes_and_looks_do_not(host: Host, api: Api) -> None:
    api.script = [problem(500, "broken")] * 50
    tries = []
    for minute in range(40):
        before = len(api.requests)
        assert host.step() < 67
        if len(api.requests) > before:
            tries.append(minute)
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert gaps[:4] == [1, 2, 4, 5]
    assert max(gaps) == 5
    assert gaps[-3:] == [5, 5, 5]
    api.script = []
    for _ in range(6):
        host.step()
    assert len(api.reports) >= 1
    count = len(api.reports)
    host.step()
    assert len(api.reports) == count + 1  # back to every minute


def test_work_done_while_the_api_is_away_is_told_afterwards(host: Host, api: Api) -> None:
    host.step()
    api.script = [problem(500, "broken")] * 2
    host.machine.terminal(0, typed=0)
    host.step()
    (host.machine.root / "dev/pts/0").unlink()
    host.step()
    host.step()
    host.step()
    assert api.reports[-1]["terminal_age"] in (180.0, 240.0)


@pytest.mark.parametrize(("value", "minutes"), [("180", 3), ("99999", 15), ("soon", 1), ("-5", 1), ("", 1)])
def test_retry_after(host: Host, api: Api, value: str, minutes: int) -> None:
    status, headers, body = problem(429, "many")
    api.script = [(status, {**headers, "Retry-After": value}, body)]
    steps = 0
    while not api.reports:
        host.step()
        steps += 1
    assert steps == minutes + 1


@pytest.mark.parametrize("ahead", [7200.0, -7200.0, 86400.0 * 400])
def test_a_wrong_clock_is_corrected_by_the_server(host: Host, api: Api, ahead: float) -> None:
    api.clock_ahead = ahead
    host.step()
    assert len(api.reports) == 1
    assert len(api.requests) == 2  # refused once, put right at once
    # This machine's wall clock moves again: the correction holds, it is made of the clock since boot.
    api.clock_ahead += 60
    host.machine.wall -= 5000
    host.step()
    assert len(api.requests) == 3


def test_a_clock_answer_without_a_time_is_a_failure(host: Host, api: Api) -> None:
    api.script = [
        problem(401, "clock"),
        problem(401, "clock", now="soon", server_time="?"),
        problem(401, "clock", now=True),
    ]
    for _ in range(3):
        host.step()
    assert api.reports == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"now": "2027-01-15T08:00:00Z"}, 1800000000.0), ({"server_time": 1800000000}, 1800000000.0),
        ({"now": "2027-01-15T17:00:00+09:00"}, 1800000000.0), ({"now": "2027-01-15T08:00:00"}, None), ({"now": None}, None),
        ({"server_time": -1}, None), ({"server_time": True}, None), ({}, None), ({"server_time": [], "now": "x"}, None),
    ],
)  # fmt: skip
def test_times_of_the_server(document: dict[str, Any], expected: float | None) -> None:
    assert server_time(document) == expected


def test_a_missing_key_is_waited_for(host: Host, api: Api) -> None:
    host.key.rename(host.key.with_suffix(".away"))
    host.step()
    assert api.requests == []
    host.key.with_suffix(".away").rename(host.key)
    host.step()
    assert len(api.reports) == 1


def test_a_key_others_may_read_is_not_used(host: Host, api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    host.key.chmod(0o640)
    host.step()
    assert api.requests == []
    assert "chmod 600" in (said := capfd.readouterr().err)
    assert KEY.hex() not in said


def test_the_same_trouble_is_said_once(host: Host, api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    api.script = [problem(500, "broken")] * 9
    for _ in range(20):
        host.step()
    said = capfd.readouterr().err
    assert said.count("HTTP 500") == 1
    assert said.count("taken again after") <= 1


class TestMaximum:
    def test_the_last_resort(self, machine: Machine, api: Api) -> None:
        machine.wall = time.time()
        api.script = [problem(500, "broken")] * 9
        host = Host(machine, api, max_uptime=3600, grace=600)
        host.machine.tick(3200)  # up for 4200 s
        host.step(1)
        assert not host.done.exists()
        host.step()
        assert host.done.exists()

    def test_the_api_tells_the_maximum_and_a_restart_remembers(self, host: Host, api: Api) -> None:
        api.answer["max_uptime"] = 1000
        host.step()
        host.machine.tick(1000)
        api.script = [problem(500, "broken")] * 9
        host.agent = host.started()
        host.step()
        assert host.done.exists()

    @pytest.mark.parametrize("nonsense", [None, 0, -1, 5, "3600", True, 1e12, [3600], {}])
    def test_nonsense_changes_nothing(self, host: Host, api: Api, nonsense: object) -> None:
        api.answer["max_uptime"] = nonsense
        host.step()
        assert host.agent.max_uptime == 259200

    def test_a_command_that_fails_is_tried_again_and_ends_nothing(self, machine: Machine, api: Api) -> None:
        machine.wall = time.time()
        host = Host(machine, api, max_uptime=60, grace=0, shutdown=["/no/such/command"])
        host.step()
        host.step()
        assert len(api.reports) == 2


class TestPassword:
    def count(self, host: Host) -> int:
        return len(host.done.read_text().splitlines()) if host.done.exists() else 0

    def test_a_new_version_runs_the_helper_once(self, host: Host, api: Api) -> None:
        host.step()
        assert self.count(host) == 0  # 0: never changed
        api.answer["password_version"] = 1
        host.step()
        host.step()
        assert self.count(host) == 1
        host.agent = host.started()
        host.step()
        assert self.count(host) == 1
        api.answer["password_version"] = 2
        host.step()
        assert self.count(host) == 2

    def test_a_helper_that_fails_is_tried_again(self, machine: Machine, api: Api) -> None:
        machine.wall = time.time()
        api.answer["password_version"] = 3
        host = Host(machine, api, password_helper=["false"])
        host.step()
        assert host.agent.password_version is None
        host.agent.config.password_helper = ["true"]
        host.step()
        assert host.agent.password_version == 3

    @pytest.mark.parametrize("nonsense", [None, "1", True, 1.5, [], {}])
    def test_nonsense_runs_nothing(self, host: Host, api: Api, nonsense: object) -> None:
        api.answer["password_version"] = nonsense
        host.step()
        assert self.count(host) == 0


def test_a_command_that_hangs_is_ended() -> None:
    begin = time.monotonic()
    assert run(["sh", "-c", "sleep 60 & wait"], 0.3) is None
    assert time.monotonic() - begin < 30
    assert run(["sh", "-c", "exit 7"], 10) == 7
    assert run(["/no/such/command"], 10) is None


def test_people_wait_after_boot_so_it_looks_more_often_until_the_ide_answers(machine: Machine, api: Api) -> None:
    machine.wall = time.time()
    machine.now = 30.0
    machine.tick(0)
    api.healthy = False
    host = Host(machine, api)
    assert 9 < host.step(10) < 11
    api.healthy = True
    assert 59 < host.step(60) < 61
    api.healthy = False
    assert 59 < host.step(60) < 61  # a restart of the IDE later is no boot
    assert [report["ide"]["answers"] for report in api.reports] == [False, True, False]


def test_a_machine_without_an_ide_soon_looks_once_a_minute(host: Host, api: Api) -> None:
    api.healthy = False
    assert 59 < host.step() < 61  # up for 1000 s already


def test_a_full_disk_ends_nothing(host: Host, api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    folder = host.machine.root / "var/lib"
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where a folder should be")
    for _ in range(3):
        host.step()
    assert len(api.reports) == 3
    assert capfd.readouterr().err.count("state cannot be") == 1


class TestConfig:
    def write(self, path: Path, document: object, mode: int = 0o600) -> str:
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        path.chmod(mode)
        return str(path)

    def test_the_defaults(self) -> None:
        config = Config({})
        assert (config.interval, config.max_uptime, config.grace) == (60, 259200, 900)
        assert config.paths["proc"] == "/proc"
        assert config.shutdown == ["systemctl", "poweroff"]

    @pytest.mark.parametrize("mode", [0o640, 0o644, 0o604, 0o620, 0o666])
    def test_others_may_not_read_or_write_it(self, tmp_path: Path, mode: int) -> None:
        path = self.write(tmp_path / "agent.json", {}, mode)
        with pytest.raises(ConfigError, match="chmod 600"):
            load_config(path)

    @pytest.mark.parametrize(
        ("document", "word"),
        [
            ("{", "not JSON"), ("[]", "no JSON object"), ("\udcff", "not JSON"), ({"interval": 0}, "interval"),
            ({"interval": "60"}, "interval"),
            ({"interval": True}, "interval"), ({"max_uptime": 5}, "max_uptime"), ({"api": 5}, "api"), ({"api": "ftp://x"}, "api"),
            ({"api": "http://dev-admin.example.com"}, "in the clear"), ({"shutdown": "systemctl poweroff"}, "shutdown"),
            ({"password_helper": [1]}, "password_helper"), ({"paths": []}, "paths"), ({"paths": {"proc": 5}}, "proc"),
            ({"paths": {"heartbeat": [5]}}, "heartbeat"), ({"levels": {"cores": "many"}}, "cores"),
            ({"base": {"containers": "x"}}, "containers"),
            ({"host_header": "a\r\nb"}, "host_header"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, tmp_path: Path, document: object, word: str) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        path = tmp_path / "agent.json"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        path.chmod(0o600)
        with pytest.raises(ConfigError, match=word):
            load_config(str(path))

    def test_all_of_it_at_once(self) -> None:
        with pytest.raises(ConfigError, match=r"api.*interval.*grace"):
            Config({"api": "x", "interval": -1, "grace": None})

    def test_a_newer_setting_is_no_reason_to_stop(self) -> None:
        config = Config({"colour": 1, "paths": {"x": "/x"}, "levels": {"y": 1}})
        assert config.unknown == ["colour", "paths.x", "levels.y"]

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(str(tmp_path / "none"))

    @pytest.mark.parametrize("text", ["", "xyz", "ab", "ab" * 15, "é" * 64])
    def test_what_is_no_key(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "key"
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(ConfigError, match="16 bytes in hex") as raised:
            Config({"key_file": str(path)}).key()
        assert not text or text not in str(raised.value).replace(str(path), "")

    def test_settings_are_read_again_and_a_wrong_file_changes_nothing(self, host: Host, tmp_path: Path) -> None:
        good = self.write(
            tmp_path / "agent.json", {"api": "http://127.0.0.1:9", "key_file": "/k", "interval": 7, "max_uptime": 3600}
        )
        host.agent.reread(good, "")
        assert (host.agent.config.interval, host.agent.max_uptime) == (7, 3600)
        self.write(tmp_path / "agent.json", "{")
        host.agent.reread(good, "")
        assert host.agent.config.interval == 7
