"""The files a stand-in host is made of: what the agent reads of a kernel and a code-server, written from a few dials."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from typing import Any

CPUS = 2
_TICKS = 100
"""Per second and processor, in /proc/stat (USER_HZ)."""
_SSH = 22
_TCP_TITLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


class MachineFiles:
    """The folder of one machine, readable by the user only."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._looked: float | None = None
        self._busy = self._total = 0.0

    def path(self, *names: str) -> str:
        """A path in the folder."""
        return os.path.join(self.folder, *names)

    def paths(self) -> dict[str, Any]:
        """The agent's `paths`: where it finds what it reads on a real machine."""
        return {
            "proc": self.path("proc"),
            "pts": self.path("pts"),
            "cgroup": self.path("cgroup"),
            "docker": self.path("docker.sock"),
            "pods": [self.path("pods")],
            "heartbeat": [self.path("heartbeat")],
            "sshd_config": self.path("sshd_config"),
            "state": self.path("state.json"),
        }

    def boot(self) -> None:
        """A fresh start: nobody is logged in, nothing runs, and the boot has a number of its own."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        for name in ("ssh", "cores", "heartbeat", "poweroff", os.path.join("proc", "uptime"), os.path.join("pts", "0")):
            self.take(name)
        for name in ("proc/net", "proc/sys/kernel/random", "pts", "cgroup", "pods"):
            os.makedirs(self.path(name), exist_ok=True)
        self.write_private("proc/sys/kernel/random/boot_id", f"{uuid.uuid4()}\n")
        self.write_private("sshd_config", f"Port {_SSH}\n")
        self.write_private("proc/net/tcp6", _TCP_TITLE)

    def tick(self, now: float) -> None:
        """Let the machine's time go on to `now` (seconds), as busy as the dials say."""
        seconds = now - self._looked if self._looked is not None else 1.0
        self._looked = now
        cores = min(self._dial("cores"), CPUS)
        self._busy += seconds * _TICKS * cores
        self._total += seconds * _TICKS * CPUS
        # proc_stat(5): user nice system idle iowait irq softirq steal guest guest_nice
        self.write_private("proc/stat", f"cpu  {self._busy:.0f} 0 0 {self._total - self._busy:.0f} 0 0 0 0 0 0\n")
        self.write_private("proc/loadavg", f"{cores:.2f} {cores:.2f} {cores:.2f} 1/100 1000\n")
        lines = [_tcp_line(0, "00000000:0000", "0A", 1000)]
        lines += [_tcp_line(1 + n, f"0100007F:{50000 + n:04X}", "01", 1001 + n) for n in range(int(self._dial("ssh")))]
        self.write_private("proc/net/tcp", _TCP_TITLE + "".join(lines))

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return os.path.exists(self.path(name))

    def take(self, name: str) -> bool:
        """Remove a file; whether it was there."""
        with suppress(FileNotFoundError):
            os.remove(self.path(name))
            return True
        return False

    def write_private(self, name: str, text: str) -> None:
        """Write a file that nobody else can read, in one step."""
        place = self.path(f"{name}.new")
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(place, self.path(name))

    def _dial(self, name: str) -> float:
        """What a dial is set to; 0 when it is not there, or is no number from 0 to 1,000."""
        try:
            with open(self.path(name), encoding="ascii", errors="replace") as file:
                value = float(file.read().strip() or 0)
        except (OSError, ValueError):
            return 0.0
        return value if 0 <= value <= 1000 else 0.0


def _tcp_line(number: int, remote: str, state: str, inode: int) -> str:
    """A line of /proc/net/tcp. https://docs.kernel.org/networking/proc_net_tcp.html"""
    return (
        f"{number:4d}: 00000000:{_SSH:04X} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 "
        f"{inode} 1 0000000000000000 100 0 0 10 0\n"
    )
