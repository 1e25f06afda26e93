"""SSH sessions: connections of people who are in, on sshd's ports, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.agent.giban_agent import configured_ports, parse_sockets, processes, ssh_sessions
from tests.runtime.agent.machine import Machine

LISTENER = ["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"]


def sessions(machine: Machine) -> int:
    seen = machine.look(machine.observer())
    count = seen["ssh"]["sessions"]
    assert isinstance(count, int)
    return count


def session(machine: Machine, pid: int, inode: int, title: str, name: str = "sshd") -> None:
    """The two processes of a session: the monitor and the one that works for the user."""
    machine.process(pid, name, arguments=[f"{name}: {title.split('@')[0].split(' ')[0]} [priv]"], inodes=[inode])
    machine.process(pid + 1, name, arguments=[f"{name}: {title}"], inodes=[inode])


def test_sessions_are_counted_by_connection(machine: Machine) -> None:
    machine.process(600, "sshd", arguments=LISTENER, inodes=[11, 12])
    session(machine, 700, 21, "dev@pts/0")
    session(machine, 710, 22, "dev@notty")
    machine.sockets([(22, "0A", 11), (22, "01", 21), (22, "01", 22), (8080, "0A", 31), (8080, "01", 32)])
    machine.sockets([(22, "0A", 12)], "tcp6")
    assert sessions(machine) == 2


def test_another_port_and_an_ipv4_connection_to_an_ipv6_socket(machine: Machine) -> None:
    machine.process(600, "sshd", arguments=LISTENER, inodes=[12])
    session(machine, 700, 21, "dev@pts/0")
    machine.sockets([(2222, "0A", 12), (2222, "01", 21)], "tcp6")
    assert sessions(machine) == 1


def test_newer_openssh_has_processes_of_its_own_for_sessions(machine: Machine) -> None:
    machine.process(600, "sshd", arguments=LISTENER, inodes=[11])
    session(machine, 700, 21, "dev@pts/0", "sshd-session")
    machine.sockets([(22, "0A", 11), (22, "01", 21)])
    assert sessions(machine) == 1


@pytest.mark.parametrize("title", ["[accepted]", "unknown [priv]", "unknown [net]", "dev [net]", "root [preauth]"])
def test_who_knocks_is_not_in(machine: Machine, title: str) -> None:
    machine.process(600, "sshd", arguments=LISTENER, inodes=[11])
    machine.process(700, "sshd", arguments=[f"sshd: {title}"], inodes=[21])
    machine.sockets([(22, "0A", 11), (22, "01", 21)])
    assert sessions(machine) == 0


def test_a_connection_nobody_has_taken_yet_is_no_session(machine: Machine) -> None:
    machine.process(600, "sshd", arguments=LISTENER, inodes=[11])
    machine.sockets([(22, "0A", 11), (22, "01", 0)])
    assert sessions(machine) == 0


def test_forwarded_ports_are_no_sessions(machine: Machine) -> None:
    """`ssh -R 9000:…` makes the session listen on 9000, `-L` makes it connect to 5432."""
    machine.process(600, "sshd", arguments=LISTENER, inodes=[11])
    machine.process(701, "sshd", arguments=["sshd: dev@pts/0"], inodes=[21, 41, 42, 43])
    machine.sockets([(22, "0A", 11), (22, "01", 21), (9000, "0A", 41), (9000, "01", 42), (41000, "01", 43)])
    assert sessions(machine) == 1


def test_connections_that_end_are_no_sessions(machine: Machine) -> None:
    machine.process(600, "sshd", arguments=LISTENER, inodes=[11])
    machine.sockets([(22, "0A", 11), (22, "06", 0), (22, "08", 21), (22, "03", 0)])
    assert sessions(machine) == 0


def test_without_the_right_to_see_descriptors_the_configuration_tells(machine: Machine) -> None:
    machine.write("etc/ssh/sshd_config", "# Port 1\nInclude /nowhere/*.conf\nport 2200\nListenAddress 0.0.0.0:2201\n")
    machine.process(600, "sshd", arguments=LISTENER)
    machine.sockets([(2200, "0A", 11), (2200, "01", 21), (2201, "01", 22), (22, "01", 23)])
    assert sessions(machine) == 2


def test_without_any_configuration_it_is_22(machine: Machine) -> None:
    machine.sockets([(22, "0A", 11), (22, "01", 21), (80, "01", 22)])
    assert sessions(machine) == 1


def test_configured_ports_follow_includes(tmp_path: Path) -> None:
    folder = tmp_path / "sshd_config.d"
    folder.mkdir()
    (folder / "10-port.conf").write_text("Port=2022\n")
    (folder / "notes.txt").write_text("Port 9\n")
    (tmp_path / "sshd_config").write_text(
        f'Include {folder}/*.conf\nInclude sshd_config.d/*.conf\nInclude {tmp_path}/sshd_config\nListenAddress "[::1]:2023"\n'
        "ListenAddress 10.0.0.1\nListenAddress ::1\nPort\nPort x\nPort 70000\nPort 0\n"
    )
    assert configured_ports(str(tmp_path / "sshd_config")) == {2022, 2023}


@given(st.lists(st.binary(max_size=200)))
def test_garbage_in_the_socket_table_never_raises(lines: list[bytes]) -> None:
    for port, state, inode in parse_sockets(lines):
        assert (isinstance(port, int), state in (b"01", b"0A"), isinstance(inode, int)) == (True, True, True)


@given(port=st.integers(0, 65535), state=st.sampled_from([b"01", b"0A", b"06"]), inode=st.integers(0, 2**40))
def test_what_the_kernel_writes_is_read(port: int, state: bytes, inode: int) -> None:
    line = b"  12: 0100007F:%04X 0100007F:D431 %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0 100" % (
        port, state, inode,
    )  # fmt: skip
    assert list(parse_sockets([line])) == ([] if state == b"06" else [(port, state, inode)])


SSHD = """
import os, socket, sys
door = socket.socket(socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET)
door.bind(("::" if sys.argv[1] == "6" else "127.0.0.1", 0))
door.listen()
print(door.getsockname()[1], flush=True)
guests = [door.accept()[0] for _ in range(int(sys.argv[2]))]
print("all in", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def real_sshd(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Real processes the kernel calls sshd: Python under that name. The test starts them with `start`."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(tmp_path: Path, family: str, guests: int) -> subprocess.Popen[str]:
    name = tmp_path / "sshd"
    if not name.exists():
        name.symlink_to(os.path.realpath(sys.executable))
    return subprocess.Popen(
        [str(name), "-S", "-c", SSHD, family, str(guests)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("family", ["4", "6"])
def test_real_connections_of_a_real_process(
    tmp_path: Path, real_sshd: list[subprocess.Popen[str]], family: str
) -> None:
    """The kernel's own tables: connections over loopback, IPv4 to a dual socket too, to whatever port was free."""

    def count() -> int:
        return ssh_sessions("/proc", str(tmp_path / "none"), processes("/proc"))

    before = count()
    server = start(tmp_path, family, 3)
    real_sshd.append(server)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    assert count() == before
    guests = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    assert server.stdout.readline() == "all in\n"
    assert count() == before + 3
    waiting = socket.create_connection(("127.0.0.1", port))  # in the queue: sshd has not taken it
    assert count() == before + 3
    for guest in [*guests, waiting]:
        guest.close()
    assert count() == before
