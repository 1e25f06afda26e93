"""Three signals, kept apart: who is connected, who does something, what works on its own."""

from __future__ import annotations

import os
import pty
import signal
import time
from pathlib import Path

import pytest

from giban.runtime.agent.giban_agent import Config, Observer
from tests.runtime.agent.machine import SHELL, Machine


def test_a_quiet_machine_has_no_signal(machine: Machine) -> None:
    seen = machine.look(machine.observer())
    assert seen == {
        "boot_id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "uptime": 1000.0,
        "ssh": {"sessions": 0},
        "web": {"connected_age": None, "interacting_age": None},
        "terminal_age": None,
        "work": {"cpu_percent": 0.0, "load1": 0.42, "working_age": None, "jobs": [], "containers": []},
    }


def test_a_machine_of_which_nothing_can_be_read_reports_all_the_same(tmp_path: Path) -> None:
    machine = Machine.__new__(Machine)
    machine.root = tmp_path / "nothing"
    machine.now, machine.wall = 50.0, 1e9
    observer = machine.observer()
    assert machine.look(observer)["boot_id"] == "unknown"
    machine.now += 60
    assert machine.look(observer)["uptime"] == 60.0  # since it was seen first


class TestConnected:
    def test_heartbeat(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.heartbeat(age=20)
        assert machine.look(observer)["web"] == {"connected_age": 20.0, "interacting_age": None}
        machine.tick(60)
        assert machine.look(observer)["web"]["connected_age"] == 80.0

    def test_a_heartbeat_of_the_last_boot_on_the_volume_is_none(self, machine: Machine) -> None:
        machine.heartbeat(age=1001)
        assert machine.look(machine.observer())["web"]["connected_age"] is None

    @pytest.mark.parametrize("jump", [-86400.0, 86400.0, 1e8])
    def test_a_wall_clock_that_jumps_changes_no_age(self, machine: Machine, jump: float) -> None:
        observer = machine.observer()
        machine.heartbeat(age=20)
        machine.look(observer)
        machine.wall += jump
        machine.tick(60)
        assert machine.look(observer)["web"]["connected_age"] == 80.0

    @pytest.mark.parametrize("jump", [-86400.0, 86400.0])
    def test_a_touch_after_a_jump_is_no_older_than_the_last_look(self, machine: Machine, jump: float) -> None:
        observer = machine.observer()
        machine.heartbeat(age=20)
        machine.look(observer)
        machine.tick(30)
        machine.heartbeat(age=0)
        machine.wall += jump
        machine.tick(30)
        age = machine.look(observer)["web"]["connected_age"]
        assert 0 <= age <= 60

    def test_a_time_in_the_future_is_now(self, machine: Machine) -> None:
        machine.heartbeat(age=-500)
        assert machine.look(machine.observer())["web"]["connected_age"] == 0.0

    def test_suspend_counts(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.heartbeat(age=0)
        machine.look(observer)
        machine.tick(8 * 3600)
        assert machine.look(observer)["web"]["connected_age"] == 8 * 3600

    def test_a_new_boot_forgets(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.heartbeat(age=0)
        machine.look(observer)
        machine.write("proc/sys/kernel/random/boot_id", "another\n")
        machine.tick(60)
        assert machine.look(observer)["web"]["connected_age"] is None


class TestTerminals:
    def test_a_keystroke(self, machine: Machine) -> None:
        machine.terminal(3, typed=8, written=300)
        assert machine.look(machine.observer())["terminal_age"] == 8.0

    def test_output(self, machine: Machine) -> None:
        machine.terminal(3, typed=600, written=5)
        assert machine.look(machine.observer())["terminal_age"] == 5.0

    def test_the_latest_of_all(self, machine: Machine) -> None:
        machine.terminal(0, typed=700)
        machine.terminal(1, typed=90)
        machine.write("dev/pts/ptmx", "")
        assert machine.look(machine.observer())["terminal_age"] == 90.0

    def test_output_nobody_types_at_counts_for_two_hours(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.terminal(0, typed=0)
        machine.look(observer)
        machine.tick(7190)
        machine.terminal(0, typed=7190, written=0)
        assert machine.look(observer)["terminal_age"] == 0.0
        machine.tick(60)
        machine.terminal(0, typed=7250, written=0)
        assert machine.look(observer)["terminal_age"] == 60.0
        machine.terminal(0, typed=0)  # somebody is back
        assert machine.look(observer)["terminal_age"] == 0.0

    @pytest.mark.parametrize("name", ["top", "watch", "tmux: client", "htop", "screen", "tail"])
    def test_a_screen_that_redraws_itself_is_nobody(self, machine: Machine, name: str) -> None:
        observer = machine.observer()
        machine.process(SHELL, "bash", pts=0, foreground=SHELL + 1)
        machine.process(SHELL + 1, name, pts=0)
        machine.terminal(0, typed=30)
        machine.look(observer)
        machine.tick(60)
        machine.terminal(0, typed=90, written=0)
        assert machine.look(observer)["terminal_age"] == 90.0

    def test_a_key_pressed_in_such_a_screen_counts(self, machine: Machine) -> None:
        machine.process(SHELL + 1, "top", pts=0)
        machine.terminal(0, typed=4, written=0)
        assert machine.look(machine.observer())["terminal_age"] == 4.0

    def test_terminal_numbers_beyond_255(self, machine: Machine) -> None:
        machine.process(SHELL + 1, "top", pts=300)
        machine.terminal(300, typed=40, written=0)
        assert machine.look(machine.observer())["terminal_age"] == 40.0

    def test_a_closed_terminal_stays_seen_and_its_number_starts_anew(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.terminal(0, typed=0)
        machine.look(observer)
        (machine.root / "dev/pts/0").unlink()
        machine.tick(100)
        assert machine.look(observer)["terminal_age"] == 100.0
        assert not observer.keys
        machine.terminal(0, typed=10)
        assert machine.look(observer)["terminal_age"] == 10.0


class TestEditor:
    SERVER = ("/usr/lib/code-server/lib/node", "/usr/lib/code-server/out/node/entry")

    def test_traffic_above_the_level(self, machine: Machine) -> None:
        observer = machine.observer(levels={"editor": 100_000})
        machine.process(900, "node", arguments=self.SERVER, traffic=5_000_000)
        assert machine.look(observer)["web"]["interacting_age"] is None  # what it did before is unknown
        machine.tick(60)
        machine.process(900, "node", arguments=self.SERVER, traffic=5_099_000)
        assert machine.look(observer)["web"]["interacting_age"] is None
        machine.tick(30)
        machine.process(900, "node", arguments=self.SERVER, traffic=5_150_000)  # 51,000 in half a minute
        assert machine.look(observer)["web"]["interacting_age"] == 0.0
        machine.tick(60)
        assert machine.look(observer)["web"]["interacting_age"] == 60.0

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("node", ("node", "/usr/lib/code-server/lib/vscode/out/bootstrap-fork", "--type=extensionHost")),
            ("node", ("node", "/home/dev/app/server.js")),
            ("python3", ("python3", "-m", "code-server")),
        ],
    )
    def test_other_processes_are_not_the_editor(self, machine: Machine, name: str, arguments: tuple[str, ...]) -> None:
        observer = machine.observer()
        machine.process(900, name, arguments=arguments, traffic=0)
        machine.look(observer)
        machine.tick(60)
        machine.process(900, name, arguments=arguments, traffic=10**9)
        assert machine.look(observer)["web"]["interacting_age"] is None

    def test_a_saved_file(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.heartbeat(age=0)
        folders = [machine.write(f"home/dev/.local/share/code-server/User/History/{n}/e", "").parent for n in "ab"]
        for age, folder in zip((5000, 700), folders, strict=True):
            os.utime(folder, (machine.wall - age, machine.wall - age))
        assert machine.look(observer)["web"]["interacting_age"] == 700.0
        machine.tick(60)
        assert machine.look(observer)["web"]["interacting_age"] == 760.0
        machine.tick(60)
        os.utime(folders[0], (machine.wall - 10, machine.wall - 10))
        assert machine.look(observer)["web"]["interacting_age"] == 10.0

    @pytest.mark.parametrize("why", ["top", "nobody typed for hours"])
    def test_a_terminal_that_prints_by_itself_in_an_open_tab_is_nobody(self, machine: Machine, why: str) -> None:
        observer = machine.observer()
        typed = 60 if why == "top" else 7200
        if why == "top":
            machine.process(SHELL, "top", pts=0)
        machine.tick(8000)
        for minute in range(3):
            machine.process(900, "node", arguments=self.SERVER, traffic=minute * 1_000_000)
            machine.terminal(0, typed=typed + minute * 60, written=0)
            web = machine.look(observer)["web"]
            machine.tick(60)
        assert web["interacting_age"] is None
        machine.process(900, "node", arguments=self.SERVER, traffic=4_000_000)  # now without output: somebody is there
        assert machine.look(observer)["web"]["interacting_age"] == 0.0

    def test_a_restarted_server_with_the_same_number_starts_anew(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.process(900, "node", arguments=self.SERVER, traffic=0, start=500)
        machine.look(observer)
        machine.tick(60)
        machine.process(900, "node", arguments=self.SERVER, traffic=10**9, start=90_000)
        assert machine.look(observer)["web"]["interacting_age"] is None


class TestWorking:
    def test_cpu_above_the_level(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.look(observer)
        machine.tick(60, cores=0.4)
        assert machine.look(observer)["work"]["working_age"] is None
        machine.tick(60, cores=1.0)
        work = machine.look(observer)["work"]
        assert (work["working_age"], work["cpu_percent"]) == (0.0, 50.0)
        machine.tick(60)
        assert machine.look(observer)["work"]["working_age"] == 60.0

    def test_waiting_for_a_disk_and_stolen_time_are_no_work(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.write("proc/stat", "cpu  100 0 100 1000 0 0 0 0 0 0\n")
        machine.look(observer)
        machine.tick(60)
        machine.write("proc/stat", "cpu  100 0 100 1000 9000 0 0 3000 0 0\n")
        work = machine.look(observer)["work"]
        assert (work["working_age"], work["cpu_percent"]) == (None, 0.0)

    def test_a_job_in_the_foreground(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.process(SHELL, "bash", pts=0, foreground=5000)
        machine.process(5000, "make", pts=0)
        machine.process(5001, "cc1plus", pts=0, group=5000)
        work = machine.look(observer)["work"]
        assert (work["jobs"], work["working_age"]) == (["make"], 0.0)

    def test_a_stopped_or_background_job_is_not_in_the_foreground(self, machine: Machine) -> None:
        machine.process(SHELL, "bash", pts=0)
        machine.process(5000, "make", pts=0, foreground=SHELL)
        assert machine.look(machine.observer())["work"]["jobs"] == []

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("bash", ["-bash"]), ("vim", ["vim", "a.py"]), ("less", ["less", "log"]), ("tmux: client", ["tmux"]),
            ("ssh", ["ssh", "x"]),
            ("top", ["top"]), ("psql", ["psql", "db"]), ("sudo", ["sudo", "-i"]), ("python3", ["python3"]), ("node", ["node"]),
        ],
    )  # fmt: skip
    def test_what_waits_for_a_person_is_no_job(self, machine: Machine, name: str, arguments: list[str]) -> None:
        machine.process(5000, name, pts=0, arguments=arguments)
        assert machine.look(machine.observer())["work"]["jobs"] == []

    def test_an_interpreter_with_a_script_is_a_job(self, machine: Machine) -> None:
        machine.process(5000, "python3", pts=0, arguments=["python3", "train.py"])
        assert machine.look(machine.observer())["work"]["jobs"] == ["python3"]

    def test_a_job_under_sudo(self, machine: Machine) -> None:
        machine.process(5000, "sudo", pts=0, arguments=["sudo", "apt", "upgrade"])
        machine.process(5001, "apt", pts=0, group=5000)
        assert machine.look(machine.observer())["work"]["jobs"] == ["apt"]

    def test_a_job_that_uses_no_cpu_counts_for_two_hours(self, machine: Machine) -> None:
        observer = machine.observer()
        machine.process(5000, "npm run dev", pts=0, ticks=100, arguments=["npm", "run", "dev"])
        machine.look(observer)
        machine.tick(3600)
        machine.process(5000, "npm run dev", pts=0, ticks=100 + 3600, arguments=["npm", "run", "dev"])  # 1 % of a core
        machine.look(observer)
        machine.tick(7199)
        assert machine.look(observer)["work"]["jobs"] == ["npm run dev"]
        machine.tick(61)
        work = machine.look(observer)["work"]
        assert (work["jobs"], work["working_age"]) == ([], 61.0)
        machine.tick(60)
        machine.process(5000, "npm run dev", pts=0, ticks=3700 + 600, arguments=["npm", "run", "dev"])
        assert machine.look(observer)["work"]["jobs"] == ["npm run dev"]

    def test_a_terminal_of_a_container_is_judged_by_its_cpu(self, machine: Machine) -> None:
        machine.process(5000, "systemd", pts=0, cgroup="/system.slice/docker-" + "a" * 64 + ".scope")
        assert machine.look(machine.observer())["work"]["jobs"] == []

    def test_a_serial_console_is_no_terminal_of_people(self, machine: Machine) -> None:
        machine.process(5000, "agetty")
        stat = machine.root / "proc/5000/stat"
        stat.write_text(stat.read_text().replace(" 0 -1 4194304", " 1088 5000 4194304"))  # ttyS0
        assert machine.look(machine.observer())["work"]["jobs"] == []

    def test_strange_names(self, machine: Machine) -> None:
        machine.process(5000, "a) S 1 (b", pts=0, arguments=["x"])
        machine.process(5100, "bell\a\x1b[31m", pts=1, arguments=["x"])
        assert machine.look(machine.observer())["work"]["jobs"] == ["a) S 1 (b", "bell[31m"]

    def test_many_jobs_are_cut(self, machine: Machine) -> None:
        for number in range(40):
            machine.process(5000 + number, f"job{number:02}", pts=number)
        assert len(machine.look(machine.observer())["work"]["jobs"]) == 20


def test_unreadable_processes_do_no_harm(machine: Machine) -> None:
    machine.write("proc/700/stat", "")
    machine.write("proc/701/stat", b"\xff\xfe (no")
    (machine.root / "proc/702").mkdir()
    (machine.root / "proc/703/stat").mkdir(parents=True)
    os.mkfifo(machine.root / "proc/704")
    machine.process(5000, "make", pts=0)
    assert machine.look(machine.observer())["work"]["jobs"] == ["make"]


def test_a_real_terminal_with_a_real_job(tmp_path: Path) -> None:
    """The kernel's own /proc and /dev/pts: a program in the foreground, and a key pressed in its terminal."""
    name = tmp_path / "giban-job"
    name.symlink_to(os.path.realpath("/bin/cat"))
    config = Config({"paths": {"cgroup": str(tmp_path), "heartbeat": str(tmp_path / "none")}})
    observer = Observer(config.paths, config.levels, config.base)
    child, terminal = pty.fork()
    if child == 0:
        os.execv(name, ["giban-job"])
    try:
        os.write(terminal, b"x\n")
        told = b""
        while told.count(b"x") < 2:  # the terminal's echo, then the program's own answer: it runs
            told += os.read(terminal, 100)
        seen = observer.look(time.clock_gettime(time.CLOCK_BOOTTIME), time.time())
        assert "giban-job" in seen["work"]["jobs"]
        assert 0 <= seen["terminal_age"] <= 60
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
