"""A machine made of files, in the kernel's formats, with a clock that tests move."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from giban.runtime.agent.giban_agent import Config, Observer

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
PTS_MAJOR = 136
SHELL = 4000
WALL = 1_800_000_000.0


def tty_number(pts: int) -> int:
    """`tty_nr` of a pseudo-terminal, as new_encode_dev() of the kernel writes it."""
    major, minor = PTS_MAJOR + pts // 256, pts % 256
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)


class Machine:
    """A root folder and two clocks: `now` since boot, `wall` since 1970."""

    def __init__(self, root: Path, uptime: float = 1000.0) -> None:
        self.root = root
        self.now = uptime
        self.wall = WALL
        self.busy = self.idle = 0.0
        for folder in ("proc/net", "proc/sys/kernel/random", "dev/pts", "sys/fs/cgroup", "home/dev", "var/log/pods"):
            (root / folder).mkdir(parents=True)
        self.write("proc/sys/kernel/random/boot_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427\n")
        self.write("proc/loadavg", "0.42 0.30 0.20 1/250 4711\n")
        self.sockets([])
        self.tick(0)

    def write(self, path: str, text: str | bytes) -> Path:
        """A file below the root."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        return place

    def tick(self, seconds: float, cores: float = 0.0, cpus: int = 2) -> None:
        """Let time go on, with so many cores busy of all."""
        self.now += seconds
        self.wall += seconds
        self.busy += seconds * cores * 100
        self.idle += seconds * (cpus - cores) * 100
        self.write("proc/uptime", f"{self.now:.2f} {self.idle / 100:.2f}\n")
        half = self.busy / 2
        self.write(
            "proc/stat",
            f"cpu  {half:.0f} 0 {half:.0f} {self.idle:.0f} 0 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nbtime 1799999000\n",
        )

    def process(
        self,
        pid: int,
        name: str,
        *,
        pts: int | None = None,
        group: int | None = None,
        foreground: int | None = None,
        ticks: int = 0,
        start: int = 500,
        arguments: Iterable[str] = (),
        cgroup: str = "/user.slice/user-1000.slice/session-2.scope",
        inodes: Iterable[int] = (),
        traffic: int | None = None,
    ) -> None:
        """A process; by default in the foreground of its terminal when it has one."""
        group = pid if group is None else group
        tty = 0 if pts is None else tty_number(pts)
        foreground = (-1 if pts is None else group) if foreground is None else foreground
        fields = f"S 1 {group} {group} {tty} {foreground} 4194304 100 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} 1000 100"
        self.write(f"proc/{pid}/stat", f"{pid} ({name[:15]}) {fields} 18446744073709551615 0 0 0 0 0\n")
        self.write(f"proc/{pid}/cmdline", "".join(f"{word}\0" for word in (arguments or [name])))
        self.write(f"proc/{pid}/cgroup", f"0::{cgroup}\n")
        folder = self.root / "proc" / str(pid) / "fd"
        folder.mkdir(exist_ok=True)
        for number, inode in enumerate(inodes):
            link = folder / str(number)
            link.unlink(missing_ok=True)
            link.symlink_to(f"socket:[{inode}]")
        if traffic is not None:
            self.write(
                f"proc/{pid}/io",
                f"rchar: {traffic}\nwchar: 0\nsyscr: 10\nsyscw: 10\nread_bytes: 99999999\nwrite_bytes: 99999999\n"
                "cancelled_write_bytes: 0\n",
            )

    def gone(self, pid: int) -> None:
        """A process that ended."""
        for path in sorted((self.root / "proc" / str(pid)).rglob("*"), reverse=True):
            path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
        (self.root / "proc" / str(pid)).rmdir()

    def sockets(self, lines: Iterable[tuple[int, str, int]], name: str = "tcp") -> None:
        """TCP sockets: (local port, state, inode)."""
        address = "0100007F" if name == "tcp" else "0000000000000000FFFF00000100007F"
        rows = [
            f"{number:4}: {address}:{port:04X} {address}:D431 {state} 00000000:00000000 02:000A7F5C 00000000  1000        0 "
            f"{inode} 2 ffff8881042d9a40 20 4 30 10 -1\n"
            for number, (port, state, inode) in enumerate(lines)
        ]
        self.write(f"proc/net/{name}", HEADER + "".join(rows))

    def terminal(self, number: int, typed: float, written: float | None = None) -> None:
        """A pseudo-terminal that was read and written so many seconds ago."""
        path = self.write(f"dev/pts/{number}", "")
        os.utime(path, (self.wall - typed, self.wall - (typed if written is None else written)))

    def heartbeat(self, age: float) -> None:
        """code-server's heartbeat file, touched so many seconds ago."""
        path = self.write("home/dev/.local/share/code-server/heartbeat", "")
        os.utime(path, (self.wall - age, self.wall - age))

    def group(self, path: str, cores_seconds: float) -> None:
        """A cgroup (v2) that has used so much CPU time."""
        usec = int(cores_seconds * 1e6)
        self.write(f"sys/fs/cgroup/{path}/cpu.stat", f"usage_usec {usec}\nuser_usec {usec}\nsystem_usec 0\n")

    def observer(self, **settings: Any) -> Observer:
        """An observer of this machine."""
        config = Config(settings, str(self.root))
        return Observer(config.paths, config.levels, config.base)

    def look(self, observer: Observer) -> dict[str, Any]:
        """What is seen now."""
        return observer.look(self.now, self.wall)
