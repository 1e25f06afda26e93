"""Whether a process noted earlier is still that process: a number alone may have gone to another one since."""

from __future__ import annotations

import os


def started(pid: int) -> str | None:
    """When a running process began, as an opaque text; None when there is no such process, or only its remains.

    Two processes never give the same text for one number, across restarts of the machine too.
    """
    return _from_proc(pid) if os.path.exists("/proc/self/stat") else _from_ps(pid)


def is_alive(pid: int, start: str) -> bool:
    """True while the process that had this number and began then still runs."""
    return bool(start) and started(pid) == start


def _from_proc(pid: int) -> str | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The name in parentheses may hold blanks and parentheses itself: fields count from behind it.
            fields = file.read().rpartition(")")[2].split()
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except (OSError, IndexError):
        return None
    # proc(5): field 3 is the state (Z: ended, not yet collected), field 22 the start in ticks since boot.
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _from_ps(pid: int) -> str | None:
    import subprocess

    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    state, _, when = answer.stdout.strip().partition(" ")
    return None if answer.returncode or not state or state.startswith("Z") else when.strip()
