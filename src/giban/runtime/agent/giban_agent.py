#!/usr/bin/env python3
"""The host agent of a giban workstation: looks at what happens on the machine and reports it.

One file, standard library only, Python 3.9 or newer, Linux. It decides nothing about stopping: the admin API does,
from the ages this agent reports. The one exception is the last resort: a machine that is up longer than the maximum
plus a grace time is shut down from here, API or not.

Three signals are kept apart, each as an age in seconds on a clock that neither a corrected wall clock nor suspend moves:

- *connected*: a browser holds the editor open (code-server touches its heartbeat file once a minute meanwhile,
  https://github.com/coder/code-server/pull/1115), or an SSH session is open;
- *interacting*: keystrokes and output of terminals (times of /dev/pts/*, which the kernel keeps to 8 seconds:
  `tty_update_time` in drivers/tty/tty_io.c), files saved in the editor, and editor traffic;
- *working*: CPU, jobs in the foreground of a terminal, containers and pods - not those that belong to the machine itself.

What would keep a forgotten machine on for ever counts only for a while: output of a terminal nobody types in, and a
job that uses no CPU, for `quiet` seconds; screens that redraw themselves (top, tmux's clock) never.

Sections: reading files, processes, SSH, containers, the observer (what is remembered between two looks), HTTP and
signatures, configuration, state, the agent (when to look, report, shut down), the command line.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


VERSION = "1"
STATUS_PATH = "/service/status"
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # BOOTTIME counts suspend, too; macOS has none
MEGABYTE = 1 << 20

PATHS: dict[str, Any] = {
    "proc": "/proc",
    "pts": "/dev/pts",
    "cgroup": "/sys/fs/cgroup",
    "docker": "/var/run/docker.sock",
    # The folders name their pod: <namespace>_<pod>_<uid>. The second is minikube's, seen from outside of it.
    "pods": ["/var/log/pods", "/var/lib/docker/volumes/minikube/_data/log/pods"],
    "heartbeat": ["/home/*/.local/share/code-server/heartbeat", "/root/.local/share/code-server/heartbeat"],
    "sshd_config": "/etc/ssh/sshd_config",
    "state": "/var/lib/giban-agent/state.json",
}
# What counts, from where on. Cores are average CPU time per second between two looks.
LEVELS: dict[str, float] = {
    "cores": 0.5,  # the whole machine without its own services
    "container": 0.1,  # cores of one container or pod
    "job": 0.01,  # cores of one foreground job
    # Bytes a minute through code-server's server process. Measured with 4.96: an open tab nobody touches 3,000 to 36,000,
    # typing two characters a second 60,000 to 110,000.
    "editor": 65536,
    "quiet": 7200,  # seconds an untouched terminal's output and an idle job still count
}
# What belongs to the machine itself: its CPU is no work.
BASE: dict[str, list[str]] = {
    "containers": ["traefik"],
    "namespaces": ["kube-system", "kube-public", "kube-node-lease", "kubernetes-dashboard", "cert-manager"],
    "services": [
        "apt-daily.service", "apt-daily-upgrade.service", "unattended-upgrades.service", "snapd.service", "man-db.service",
        "k3s.service", "giban-agent.service",
    ],
}  # fmt: skip
SETTINGS = word_set(
    "api ide key_file host_header interval max_uptime grace shutdown password_helper root paths levels base"
)
MAX_UPTIME = (60.0, 31536000.0)  # seconds; what is taken from the configuration or the API lies between
BACK_OFF = 300.0  # the longest wait between two tries while the API is away
RETRY_AFTER = 900.0  # the longest wait a server may ask for: later it would call the agent silent
EAGER, EAGER_UPTIME = 10.0, 900.0  # after boot, until the IDE answers, people wait and watch: look more often

SHELLS = word_set("sh bash zsh fish dash ash ksh mksh tcsh csh nu xonsh pwsh login su sudo doas ssh mosh-client")
EDITORS = word_set("vi vim vim.basic vim.tiny nvim nano emacs emacs-nox hx helix micro joe ed mc ranger nnn")
PAGERS = word_set("less more most man bat view psql mysql mariadb sqlite3 redis-cli mongosh")
# These redraw or follow: neither their running nor their output says that somebody is there. A multiplexer's panes
# are terminals of their own; what it writes to the outer one may be its clock.
SCREENS = word_set(
    "top htop btop atop iotop iftop glances nvtop nvidia-smi watch tail journalctl dmesg k9s ctop lazydocker lazygit dstat "
    "vmstat iostat sar ping mtr tcpdump tmux screen zellij byobu"
)
NO_JOB = SHELLS | EDITORS | PAGERS | SCREENS
# Without an argument these wait for somebody to type.
PROMPTS = ("python", "ipython", "bpython", "node", "irb", "ghci", "julia", "R", "lua", "php", "deno", "bun")
CONTAINER_MARKS = ("docker", "libpod", "kubepods", "cri-containerd", "lxc")


def say(text: str) -> None:
    """One line for the journal; a full or closed journal is no reason to end."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        pass


# --- reading files ---------------------------------------------------------------------------------------------------


def read(path: str, limit: int = 65536) -> bytes:
    """The first `limit` bytes of a file; b"" when it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return b""
    try:
        parts = []
        while limit > 0:
            part = os.read(handle, min(limit, 65536))
            if not part:
                break
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(handle)


def names(folder: str) -> list[str]:
    """What a folder holds; nothing when it cannot be read."""
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def expand(pattern: str) -> list[str]:
    """The paths of a pattern in which a folder may be `*`."""
    before, star, after = pattern.partition("/*/")
    if not star:
        return [pattern]
    return [f"{before}/{name}/{after}" for name in sorted(names(before))]


def whole(text: bytes | str | None, default: int = 0) -> int:
    """An integer, or the default for anything else."""
    try:
        return int(text if text is not None else default)
    except ValueError:
        return default


def decimal(text: bytes) -> float | None:
    """The number a text begins with, from 0 to a billion; None for anything else."""
    try:
        number = float(text.split(None, 1)[0])
    except (ValueError, IndexError):
        return None
    return number if 0 <= number <= 1e9 else None


def plain(text: bytes) -> str:
    """A name for people: printable, at most 40 characters."""
    return "".join(c for c in text[:160].decode("utf-8", "replace") if c.isprintable())[:40]


# --- processes -------------------------------------------------------------------------------------------------------


class Process:
    """What /proc/<pid>/stat says (proc_pid_stat(5)); `ticks` includes children that ended and were waited for."""

    __slots__ = ("foreground", "group", "name", "parent", "pid", "start", "ticks", "tty")

    def __init__(self, pid: int, name: bytes, fields: list[bytes]) -> None:
        self.pid = pid
        self.name = plain(name)
        self.parent, self.group, self.tty, self.foreground = (whole(fields[i]) for i in (1, 2, 4, 5))
        self.ticks = sum(whole(field) for field in fields[11:15])
        self.start = whole(fields[19])

    @property
    def pts(self) -> int | None:
        """The number of its pseudo-terminal; majors 136 to 143, minor split as in the kernel's new_encode_dev()."""
        if not 136 <= (self.tty >> 8) & 0xFFF <= 143:
            return None
        return (((self.tty >> 8) & 0xFFF) - 136) * 256 + ((self.tty & 0xFF) | ((self.tty >> 12) & 0xFFF00))


def parse_stat(pid: int, data: bytes) -> Process | None:
    """A process from its stat line, or None; the name may hold spaces and brackets."""
    begin, end = data.find(b"("), data.rfind(b")")
    fields = data[end + 1 :].split()
    if begin < 0 or end < begin or len(fields) < 20:
        return None
    return Process(pid, data[begin + 1 : end], fields)


def interesting(data: bytes) -> bool:
    """Whether a stat line is of sshd, node or a process with a terminal; most processes end here, cheaply."""
    begin, end = data.find(b"(") + 1, data.rfind(b")")
    if data.startswith((b"sshd", b"node", b"MainThread", b"code-server"), begin):
        return True
    fields = data[end + 1 : end + 120].split(None, 5)
    return len(fields) > 5 and fields[4] != b"0"


def processes(proc: str) -> list[Process]:
    """Those of the machine's processes that tell something about its use."""
    found = []
    for name in names(proc):
        if not name.isdigit():
            continue
        data = read(f"{proc}/{name}/stat", 1024)
        if interesting(data):
            process = parse_stat(int(name), data)
            if process is not None:
                found.append(process)
    return found


def arguments(proc: str, pid: int) -> list[bytes]:
    """The command line of a process."""
    data = read(f"{proc}/{pid}/cmdline", 4096)
    return data.rstrip(b"\0").split(b"\0") if data else []


def in_container(proc: str, pid: int) -> bool:
    """Whether a process is part of a container: those are judged by the CPU they use."""
    path = read(f"{proc}/{pid}/cgroup", 4096).decode("utf-8", "replace")
    return any(mark in path for mark in CONTAINER_MARKS)


def is_job(proc: str, process: Process) -> bool:
    """Whether a process in the foreground of a terminal does something on its own."""
    name = process.name.split(":")[0].lstrip("-")
    if name in NO_JOB or in_container(proc, process.pid):
        return False
    return not (name.startswith(PROMPTS) and len(arguments(proc, process.pid)) == 1)


# --- SSH -------------------------------------------------------------------------------------------------------------

ESTABLISHED, LISTEN = b"01", b"0A"


def parse_sockets(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """(local port, state, inode) of each line of /proc/net/tcp or tcp6 that is established or listens
    (https://docs.kernel.org/networking/proc_net_tcp.html). An IPv4 connection to an IPv6 socket is in tcp6 only."""
    for line in lines:
        fields = line.split(None, 10)
        if len(fields) < 10 or fields[3] not in (ESTABLISHED, LISTEN):
            continue
        try:
            port = int(fields[1].rpartition(b":")[2], 16)
        except ValueError:
            continue
        yield port, fields[3], whole(fields[9])


def sockets(proc: str) -> list[tuple[int, bytes, int]]:
    """The established and listening TCP sockets of the machine."""
    found: list[tuple[int, bytes, int]] = []
    for name in ("tcp", "tcp6"):
        try:
            with open(f"{proc}/net/{name}", "rb") as file:
                found.extend(parse_sockets(file))  # line by line: a busy machine has many thousand
        except OSError:
            continue
    return found


def socket_inodes(proc: str, pid: int) -> set[int]:
    """The sockets a process holds; none when its descriptors may not be read."""
    found = set()
    folder = f"{proc}/{pid}/fd"
    for name in names(folder):
        try:
            target = os.readlink(f"{folder}/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(whole(target[8:-1]))
    return found


def configured_ports(path: str, depth: int = 4) -> set[int]:
    """The ports of an sshd_config and of what it includes; empty when none is written (sshd takes 22 then)."""
    ports: set[int] = set()
    for line in read(path).decode("utf-8", "replace").splitlines():
        words = line.replace("=", " ", 1).split()
        if len(words) < 2 or words[0].startswith("#"):
            continue
        key, value = words[0].lower(), words[1].strip('"')
        if key == "port" or (key == "listenaddress" and (value.startswith("[") or value.count(":") == 1)):
            ports.add(whole(value.rpartition(":")[2], -1))
        elif key == "include" and depth:
            folder, _, name = value.rpartition("/")
            base = folder if folder.startswith("/") else os.path.join(os.path.dirname(path), folder)
            prefix, _, suffix = name.partition("*")
            for entry in sorted(names(base)):
                if entry.startswith(prefix) and entry.endswith(suffix):
                    ports |= configured_ports(f"{base}/{entry}", depth - 1)
    return {port for port in ports if 0 < port < 65536}


def logged_in(title: str) -> bool:
    """Whether the title of a session's process says that somebody has logged in; before that it is
    `[accepted]`, `unknown [priv]`, `[net]` or `[preauth]`."""
    return not any(mark in title for mark in ("[accepted]", "[net]", "[preauth]", "unknown"))


def ssh_sessions(proc: str, sshd_config: str, running: list[Process]) -> int:
    """Connections to sshd of people who have logged in, on whatever port it listens.

    Which sockets are sshd's is known from its descriptors; without the right to read them, from its configuration.
    Ports that a session forwards (`ssh -R`) are not sshd's, and a connection still at the password prompt is no session.
    """
    listening: set[int] = set()
    titles: dict[int, list[str]] = {}
    for process in running:
        if not process.name.startswith("sshd"):
            continue
        title = " ".join(plain(part) for part in arguments(proc, process.pid))
        inodes = socket_inodes(proc, process.pid)
        if "[listener]" in title or not title.startswith(("sshd: ", "sshd-session: ", "sshd-auth: ")):
            listening |= inodes
        else:
            for inode in inodes:
                titles.setdefault(inode, []).append(title)
    found = sockets(proc)
    ports = {port for port, state, inode in found if state == LISTEN and inode in listening}
    known = bool(ports)
    if not known:
        ports = configured_ports(sshd_config) or {22}
    open_now = {inode for port, state, inode in found if state == ESTABLISHED and port in ports}
    if not known:
        return len(open_now)
    return sum(1 for inode in open_now if inode and all(logged_in(title) for title in titles.get(inode, [])))


# --- containers ------------------------------------------------------------------------------------------------------


def container_id(name: str) -> str:
    """The id of the container whose cgroup a folder is, or ""; `docker-<id>.scope`, `libpod-<id>.scope`, `<id>`."""
    bare = name[: -len(".scope")] if name.endswith(".scope") else name
    bare = bare.rpartition("-")[2]
    return bare if len(bare) == 64 and not bare.strip("0123456789abcdef") else ""


def pod_uid(name: str) -> str:
    """The uid of the pod whose cgroup a folder is, or ""; `kubepods-burstable-pod<uid>.slice`, `pod<uid>`."""
    bare = name[: -len(".slice")] if name.endswith(".slice") else name
    uid = bare.rpartition("pod")[2].replace("_", "-") if "pod" in bare else ""
    return uid if len(uid) >= 32 and not uid.strip("0123456789abcdef-") else ""


class Group:
    """CPU time of one container, pod or service; `inside` is the container or service that holds it, or "".
    (Minikube's pods are inside a container.)"""

    __slots__ = ("inside", "key", "kind", "usec")

    def __init__(self, kind: str, key: str, usec: int, inside: str) -> None:
        self.kind, self.key, self.usec, self.inside = kind, key, usec, inside


def cpu_usec(folder: str) -> int:
    """`usage_usec` of a cgroup (https://docs.kernel.org/admin-guide/cgroup-v2.html), 0 when there is none."""
    for line in read(f"{folder}/cpu.stat", 4096).splitlines():
        if line.startswith(b"usage_usec "):
            return whole(line[11:])
    return 0


def groups(folder: str, services: frozenset[str], inside: str = "", depth: int = 10) -> Iterator[Group]:
    """The containers, pods and named services below a cgroup folder; of a pod only the whole, not its containers."""
    try:
        entries = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for entry in entries:
        holder = inside
        if entry.name in services:
            yield Group("service", entry.name, cpu_usec(entry.path), inside)
            holder = entry.name
        elif uid := pod_uid(entry.name):
            yield Group("pod", uid, cpu_usec(entry.path), inside)
            continue
        elif found := container_id(entry.name):
            yield Group("container", found, cpu_usec(entry.path), inside)
            holder = found
        if depth:
            yield from groups(entry.path, services, holder, depth - 1)


def pod_names(folders: list[str]) -> dict[str, str]:
    """`namespace/pod` by uid, from the names of the kubelet's log folders."""
    found = {}
    for folder in folders:
        for name in names(folder):
            parts = name.split("_")
            if len(parts) == 3:
                found[parts[2]] = f"{parts[0]}/{parts[1]}"
    return found


def container_names(socket_path: str) -> dict[str, tuple[str, bool]]:
    """(name, belongs to the machine itself) by id, as Docker tells; empty when it does not answer.

    A container labelled `giban.base` belongs to the machine, and so does minikube's node, whose pods are looked at
    one by one.
    """
    import socket

    found = {}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(socket_path)
            status, _, body = exchange(connection, "GET", "/containers/json", {"Host": "docker"}, b"", 3, MEGABYTE)
        for entry in json.loads(body) if status == 200 else []:
            labels = entry.get("Labels") or {}
            name = (entry.get("Names") or [entry["Id"][:12]])[0].lstrip("/")
            own = "giban.base" in labels or "created_by.minikube.sigs.k8s.io" in labels
            found[entry["Id"]] = (plain(name.encode()), own)
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return found
    return found


# --- the observer ----------------------------------------------------------------------------------------------------


class Observer:
    """Looks at the machine; remembers between two looks what the next needs, and when each signal was seen last.

    `seen` holds times of the boot clock by signal: connected, interacting, terminal, working. The first look only
    sees what has a time of its own; rates (CPU, traffic) need a second one.
    """

    def __init__(self, paths: dict[str, Any], levels: dict[str, float], base: dict[str, list[str]]) -> None:
        self.paths = paths
        self.levels = levels
        self.base = base
        self.seen: dict[str, float] = {}
        self.first = 0.0  # when this boot was seen first: stands in for an unreadable /proc/uptime
        self.boot_id = ""
        self.up = 0.0
        self.looked: float | None = None
        self.stamps: dict[str, float] = {}
        self.keys: dict[str, float] = {}
        self.counters: dict[str, int] = {}
        self.job_used: dict[str, float] = {}
        self.editors: dict[tuple[int, int], bool] = {}
        self.container_names: dict[str, tuple[str, bool]] = {}
        self.pod_names: dict[str, str] = {}
        self.failed: set[str] = set()
        self.ticks_per_second = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100

    def look(self, now: float, wall: float) -> dict[str, Any]:
        """Everything the report says but its signature, at boot-clock `now` and wall-clock `wall` (both seconds)."""
        proc = self.paths["proc"]
        boot_id = read(f"{proc}/sys/kernel/random/boot_id", 64).decode("ascii", "replace").strip()
        if boot_id != self.boot_id or not self.first:
            if self.boot_id and boot_id != self.boot_id:
                self.seen, self.first = {}, 0.0
            self.boot_id, self.first = boot_id, self.first or now
        self.up = self.uptime(now)
        elapsed = now - self.looked if self.looked is not None else 0.0
        before, self.counters = self.counters, {}
        running = self.attempt("processes", [], processes, proc)
        jobs, screens = self.attempt("jobs", ([], set()), self.jobs, running, before, now, elapsed)
        self.attempt("heartbeat", None, self.heartbeat, now, wall)
        noise = self.attempt("terminals", False, self.terminals, screens, now, wall)
        self.attempt("editor", None, self.editor, running, noise, before, now, elapsed)
        containers, base_cores = self.attempt("containers", ([], 0.0), self.containers, before, elapsed)
        percent, cores = self.attempt("cpu", (0.0, 0.0), self.cpu, before, elapsed)
        if jobs or containers or cores - base_cores >= self.levels["cores"]:
            self.seen["working"] = now
        self.looked = now
        return {
            "boot_id": plain(self.boot_id.encode()) or "unknown",
            "uptime": self.up,
            "ssh": {"sessions": self.attempt("ssh", 0, ssh_sessions, proc, self.paths["sshd_config"], running)},
            "web": {"connected_age": self.age("connected", now), "interacting_age": self.age("interacting", now)},
            "terminal_age": self.age("terminal", now),
            "work": {
                "cpu_percent": round(percent, 1),
                "load1": self.attempt("load", 0.0, load, proc),
                "working_age": self.age("working", now),
                "jobs": jobs,
                "containers": containers,
            },
        }

    def attempt(self, name: str, default: Any, function: Callable[..., Any], *values: Any) -> Any:
        """What a reader finds; its default when it fails, which is said once. No reader may end the agent."""
        try:
            found = function(*values)
        except Exception as problem:
            if name not in self.failed:
                self.failed.add(name)
                say(f"giban-agent: {name} cannot be read: {type(problem).__name__}: {problem}")
            return default
        self.failed.discard(name)
        return found

    def age(self, signal: str, now: float) -> float | None:
        """Seconds since a signal was seen last in this boot."""
        at = self.seen.get(signal)
        return None if at is None else round(max(0.0, now - at), 1)

    def mark(self, signal: str, at: float | None) -> None:
        """A signal was seen at this time of the boot clock; never moves back."""
        if at is not None and at > self.seen.get(signal, -1.0):
            self.seen[signal] = at

    def moved(self, key: str, stamp: float, now: float, wall: float) -> float | None:
        """When a file time moved, on the boot clock; None when it did not, or when it is older than this boot.

        A time that differs from the last look's moved since then, whatever the wall clock says meanwhile.
        """
        before = self.stamps.get(key)
        self.stamps[key] = stamp
        if before == stamp:
            return None
        age = max(0.0, wall - stamp)
        if before is not None and self.looked is not None:
            return now - min(age, now - self.looked)
        return now - age if age <= self.up else None

    def rate(self, key: str, count: int, before: dict[str, int], elapsed: float) -> float:
        """Growth per second of a counter since the last look; 0 at its first."""
        self.counters[key] = count
        if elapsed <= 0 or key not in before:
            return 0.0
        return max(0, count - before[key]) / elapsed

    def uptime(self, now: float) -> float:
        """Seconds since boot; since this agent saw the boot first when /proc/uptime cannot be read."""
        seconds = decimal(read(f"{self.paths['proc']}/uptime", 64))
        return round(now - self.first, 1) if seconds is None else seconds

    def heartbeat(self, now: float, wall: float) -> None:
        """A browser was connected when code-server touched its heartbeat file; somebody saved a file when a folder of
        the editor's local history beside it changed (User/History has a folder for each file)."""
        for pattern in self.paths["heartbeat"]:
            for path in expand(pattern):
                try:
                    self.mark("connected", self.moved(path, os.stat(path).st_mtime, now, wall))
                except OSError:
                    continue
                history = os.path.join(os.path.dirname(path), "User", "History")
                try:
                    saved = max((entry.stat().st_mtime for entry in os.scandir(history)), default=0.0)
                except OSError:
                    continue
                self.mark("interacting", self.moved(history, saved, now, wall))

    def terminals(self, screens: set[int], now: float, wall: float) -> bool:
        """Keystrokes (the terminal was read) and output (it was written) of /dev/pts/*; whether there was other output.

        Output counts while somebody typed there in the last `quiet` seconds, and never where a screen redraws itself.
        """
        present = set()
        noise = False
        for name in names(self.paths["pts"]):
            if not name.isdigit():
                continue
            try:
                times = os.stat(f"{self.paths['pts']}/{name}")
            except OSError:
                continue
            present.add(name)
            typed = self.moved(f"typed {name}", times.st_atime, now, wall)
            written = self.moved(f"written {name}", times.st_mtime, now, wall)
            if typed is not None:
                self.keys[name] = typed
                self.mark("terminal", typed)
            if now - self.keys.get(name, -self.levels["quiet"]) < self.levels["quiet"] and int(name) not in screens:
                self.mark("terminal", written)
            elif written is not None:
                noise = True
        for name in set(self.keys) - present:
            del self.keys[name]
        for key in [key for key in self.stamps if key.startswith(("typed ", "written "))]:
            if key.split()[1] not in present:
                del self.stamps[key]
        return noise

    def editor(self, running: list[Process], noise: bool, before: dict[str, int], now: float, elapsed: float) -> None:
        """Traffic of code-server's server process (not of its extension and terminal hosts, which work on their own).

        An open tab nobody touches makes a little, too: only what is above the level counts. A terminal in it that prints
        much by itself (`noise`) makes more than that: with one, traffic says nothing, and saved files still do.
        """
        proc = self.paths["proc"]
        known, self.editors = self.editors, {}
        bytes_a_second = 0.0
        for process in running:
            if not process.name.startswith(("node", "MainThread", "code-server")):
                continue
            key = (process.pid, process.start)
            if key not in known:
                line = b" ".join(arguments(proc, process.pid))
                known[key] = b"code-server" in line and b"--type=" not in line
            self.editors[key] = known[key]
            if known[key]:
                count = 0
                for line in read(f"{proc}/{process.pid}/io", 1024).splitlines():
                    if line.startswith((b"rchar:", b"wchar:")):
                        count += whole(line[6:])
                bytes_a_second += self.rate(f"editor {process.pid} {process.start}", count, before, elapsed)
        if not noise and bytes_a_second * 60 >= self.levels["editor"]:
            self.mark("interacting", now)

    def jobs(
        self, running: list[Process], before: dict[str, int], now: float, elapsed: float
    ) -> tuple[list[str], set[int]]:
        """(jobs that work in the foreground of a terminal, terminals whose output is a screen redrawing itself).

        A job that uses no CPU is waiting for something: it counts for `quiet` seconds more.
        """
        found: dict[str, tuple[str, int]] = {}
        screens: set[int] = set()
        for process in running:
            pts = process.pts
            if pts is None or process.group != process.foreground:
                continue
            if process.name.split(":")[0] in SCREENS:
                screens.add(pts)
            elif is_job(self.paths["proc"], process):
                key = f"job {pts} {process.group}"
                name, ticks = found.get(key, ("", 0))
                leads = not name or process.pid == process.group
                found[key] = (process.name if leads else name, ticks + process.ticks)
        working = []
        used, self.job_used = self.job_used, {}
        for key, (name, ticks) in found.items():
            cores = self.rate(key, ticks, before, elapsed) / self.ticks_per_second
            self.job_used[key] = now if cores >= self.levels["job"] else used.get(key, now)
            if now - self.job_used[key] < self.levels["quiet"]:
                working.append(name)
        return sorted(set(working))[:20], screens

    def containers(self, before: dict[str, int], elapsed: float) -> tuple[list[dict[str, Any]], float]:
        """(containers and pods that use CPU, cores used by what belongs to the machine itself)."""
        found = list(groups(self.paths["cgroup"], frozenset(self.base["services"])))
        if any(group.kind == "container" and group.key not in self.container_names for group in found):
            told = container_names(self.paths["docker"])
            # Another runtime's container is nobody's base; asked once, not at every look.
            self.container_names = {
                group.key: told.get(group.key, (group.key[:12], False)) for group in found if group.kind == "container"
            }
        if any(group.kind == "pod" and group.key not in self.pod_names for group in found):
            told_pods = pod_names(self.paths["pods"])
            self.pod_names = {g.key: told_pods.get(g.key, f"pod/{g.key[:8]}") for g in found if g.kind == "pod"}
        working: list[dict[str, Any]] = []
        base_cores = 0.0
        own_holders = set()
        for group in found:
            name, own = self.describe(group)
            cores = self.rate(f"group {group.kind} {group.inside} {group.key}", group.usec, before, elapsed) / 1e6
            if own and group.kind != "pod":
                own_holders.add(group.key)
            if group.inside in own_holders:
                base_cores -= 0.0 if own else cores  # a holder's time includes that of what is inside
            elif own:
                base_cores += cores
            if not own and cores >= self.levels["container"]:
                working.append({"name": name, "cpu_percent": round(cores * 100, 1)})
        working.sort(key=lambda entry: entry["name"])
        return working[:20], base_cores

    def describe(self, group: Group) -> tuple[str, bool]:
        """(name, belongs to the machine itself) of a container, pod or service."""
        if group.kind == "service":
            return group.key, True
        if group.kind == "pod":
            name = self.pod_names[group.key]
            return name, name.split("/")[0] in self.base["namespaces"]
        name, own = self.container_names[group.key]
        return name, own or name in self.base["containers"]

    def cpu(self, before: dict[str, int], elapsed: float) -> tuple[float, float]:
        """(percent of all cores that was busy, cores that were busy) since the last look, from /proc/stat.

        user (with guest) nice system irq softirq; waiting for a disk and time stolen by other machines is not work.
        """
        fields = read(f"{self.paths['proc']}/stat", 512).split(b"\n")[0].split()
        if len(fields) < 8 or fields[0] != b"cpu":
            return 0.0, 0.0
        busy = sum(whole(fields[index]) for index in (1, 2, 3, 6, 7))
        total = sum(whole(field) for field in fields[1:9])
        all_rate = self.rate("cpu total", total, before, elapsed)
        busy_rate = self.rate("cpu busy", busy, before, elapsed)
        return (100.0 * busy_rate / all_rate if all_rate else 0.0), busy_rate / self.ticks_per_second


def load(proc: str) -> float:
    """The load average of the last minute."""
    return decimal(read(f"{proc}/loadavg", 128)) or 0.0


# --- HTTP and signatures ---------------------------------------------------------------------------------------------


def exchange(
    connection: socket.socket,
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    seconds: float,
    limit: int = 65536,
) -> tuple[int, dict[str, str], bytes]:
    """One HTTP/1.1 request on an open connection: (status, headers by lower-case name, body).

    Small on purpose (http.client costs 1.5 MB). `seconds` is for all of it, so that a server that sends a byte now and
    then cannot hold it; an answer above `limit` bytes is refused. Raises OSError or ValueError.
    """
    end = time.monotonic() + seconds
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines += ["Connection: close", "Accept: application/json"]
    if method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    connection.settimeout(max(0.1, seconds))
    connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    data = b""

    def more() -> bool:
        nonlocal data
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        connection.settimeout(left)
        part = connection.recv(16384)
        data += part
        if len(data) > limit:
            raise ValueError("the answer is too long")
        return bool(part)

    while True:
        while b"\r\n\r\n" not in data:
            if not more():
                raise ValueError("the connection was closed before an answer")
        head, _, data = data.partition(b"\r\n\r\n")
        status, found = parse_head(head)
        if status >= 200:  # 1xx is said before the answer
            break
    if status in (204, 304):
        return status, found, b""
    if "chunked" in found.get("transfer-encoding", "").lower():
        while (complete := unchunked(data)) is None:
            if not more():
                raise ValueError("the answer was cut off")
        return status, found, complete
    length = whole(found.get("content-length"), -1)
    while length < 0 or len(data) < length:
        if not more():
            if length >= 0:
                raise ValueError("the answer was cut off")
            return status, found, data
    return status, found, data[:length]


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer; ValueError when it is not HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit() or len(words[1]) != 3:
        raise ValueError("the answer is not HTTP")
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return int(words[1]), found


def unchunked(data: bytes) -> bytes | None:
    """The body of a chunked answer, None while a part is missing; ValueError when it is not chunked."""
    body, at = b"", 0
    while (line := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line].split(b";")[0], 16)
        if size < 0:
            raise ValueError("a negative chunk")
        if size == 0:
            return body
        if len(data) < line + 2 + size + 2:
            return None
        body += data[line + 2 : line + 2 + size]
        at = line + 2 + size + 2
    return None


class Address:
    """Where a URL points: scheme, host, port, path (with the query). ValueError for anything but http and https."""

    __slots__ = ("host", "path", "port", "scheme")

    def __init__(self, url: str) -> None:
        scheme, colon, rest = url.partition("://")
        place, slash, path = rest.partition("/")
        if not colon or scheme not in ("http", "https") or not place or "@" in place or not url.isprintable():
            raise ValueError(f"{url!r} is not an http or https address")
        host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
        self.scheme = scheme
        self.host = (host if colon else place).strip("[]")
        self.port = int(port) if colon else {"http": 80, "https": 443}[scheme]
        self.path = slash + path or "/"
        if not self.host or " " in url or not 0 < self.port < 65536:
            raise ValueError(f"{url!r} is not an http or https address")

    @property
    def header(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether it never leaves the machine (`*.localhost` is loopback by RFC 6761)."""
        host = self.host.lower()
        return host.startswith("127.") or host == "::1" or host == "localhost" or host.endswith(".localhost")


def connect(address: Address, seconds: float) -> socket.socket:
    """A TCP connection, over TLS for https: the certificate and its name are verified, always. Raises OSError."""
    import socket

    host = "127.0.0.1" if address.host.endswith(".localhost") else address.host
    connection = socket.create_connection((host, address.port), timeout=seconds)
    if address.scheme == "http":
        return connection
    try:
        return tls().wrap_socket(connection, server_hostname=address.host)
    except BaseException:
        connection.close()
        raise


TLS: list[ssl.SSLContext] = []


def tls() -> ssl.SSLContext:
    """The one TLS context, made when first needed.

    A folder of hashed certificates is read one certificate at a time, when a server shows its own: 1 MB and 20 ms less
    than the whole bundle. Where there is no such folder, or SSL_CERT_FILE names a bundle, the bundle it is.
    """
    if not TLS:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        folder = ssl.get_default_verify_paths().capath
        if "SSL_CERT_FILE" not in os.environ and folder and any(name.endswith(".0") for name in names(folder)):
            context.load_verify_locations(capath=folder)
        else:
            context.load_default_certs()
        TLS.append(context)
    return TLS[0]


def request(
    method: str, url: str, headers: dict[str, str], body: bytes = b"", seconds: float = 10
) -> tuple[int, dict[str, str], bytes]:
    """One request to a URL on a connection of its own; redirects are not followed. Raises OSError or ValueError."""
    address = Address(url)
    with connect(address, seconds) as connection:
        return exchange(connection, method, address.path, {"Host": address.header, **headers}, body, seconds)


def signature(key: bytes, at: int, nonce: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of method, path, time, nonce and the body's SHA-256: what X-Giban-Signature carries."""
    import hashlib
    import hmac

    text = f"POST\n{STATUS_PATH}\n{at}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()


def server_time(problem: dict[str, Any]) -> float | None:
    """The server's time in a problem of type .../clock: `server_time` or `now`, epoch seconds or ISO 8601 in UTC."""
    for name in ("server_time", "now"):
        value = problem.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e11:
            return float(value)
        if isinstance(value, str):
            from datetime import datetime

            try:
                at = datetime.fromisoformat(value.replace("Z", "+00:00"))
            except ValueError:
                continue
            if at.tzinfo is not None:
                return at.timestamp()
    return None


def answers(url: str) -> bool:
    """Whether the IDE answers. code-server's /healthz does not count as use of it."""
    try:
        status, _, _ = request("GET", url, {}, seconds=3)
    except (OSError, ValueError):
        return False
    return status == 200


# --- configuration ---------------------------------------------------------------------------------------------------


class ConfigError(Exception):
    """The configuration is wrong; the text says all of it."""


class Config:
    """What the agent is told; every setting but `api` and `key_file` has a default.

    `interval`: seconds between two looks (60). `max_uptime` and `grace`: the last resort shuts down when the uptime is
    above their sum (259200 = 72 h, and 900). `shutdown`, `password_helper`: commands as lists. `ide`: what to ask whether
    the IDE answers. `host_header`: sent instead of the API's host (rehearsal). `root`, `paths`, `levels`, `base`
    (`containers`, `namespaces`, `services`): see PATHS, LEVELS and BASE. A name nobody knows is kept in `unknown` and
    does no harm: an older agent lives with a newer configuration.
    """

    def __init__(self, document: dict[str, Any], root: str = "") -> None:
        wrong: list[str] = []

        def text(name: str, default: str = "") -> str:
            value = document.get(name, default)
            if isinstance(value, str) and value.isprintable():
                return value
            wrong.append(f"{name}: {value!r} is not a line of text")
            return default

        def words(name: str, default: list[str], source: dict[str, Any]) -> list[str]:
            value = source.get(name, default)
            if isinstance(value, list) and all(isinstance(part, str) and part for part in value):
                return value
            wrong.append(f"{name}: {value!r} is not a list of words")
            return default

        def number(name: str, default: float, least: float, most: float, source: dict[str, Any]) -> float:
            value = source.get(name, default)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most:
                return float(value)
            wrong.append(f"{name}: {value!r} is not a number between {least:g} and {most:g}")
            return default

        def section(name: str, known: Iterable[str]) -> dict[str, Any]:
            value = document.get(name, {})
            if not isinstance(value, dict):
                wrong.append(f"{name}: {value!r} is not an object")
                return {}
            self.unknown += [f"{name}.{key}" for key in value if key not in known]
            return value

        def url(name: str, default: str = "") -> str:
            value = text(name, default)
            try:
                address = Address(value) if value else None
            except ValueError as problem:
                wrong.append(f"{name}: {problem}")
                return ""
            if address is not None and address.scheme == "http" and not address.local:
                wrong.append(f"{name}: {value!r} would send reports in the clear; use https")
            return value.rstrip("/")

        self.unknown = [name for name in document if name not in SETTINGS]
        self.api = url("api")
        self.ide = url("ide", "http://127.0.0.1:8080/healthz")
        self.key_file = text("key_file")
        self.host_header = text("host_header")
        self.interval = number("interval", 60, 1, 3600, document)
        self.max_uptime = number("max_uptime", 259200, *MAX_UPTIME, document)
        self.grace = number("grace", 900, 0, 86400, document)
        self.shutdown = words("shutdown", ["systemctl", "poweroff"], document)
        self.password_helper = words("password_helper", [], document)
        prefix = (root or text("root")).rstrip("/")
        given = section("paths", PATHS)
        self.paths: dict[str, Any] = {}
        for name, default in PATHS.items():
            if isinstance(default, list):
                value = given.get(name, default)
                one = {name: [value] if isinstance(value, str) else value}
                self.paths[name] = [prefix + path for path in words(name, default, one)]
            else:
                (path,) = words(name, [default], {name: [given.get(name, default)]})
                self.paths[name] = prefix + path
        levels, base = section("levels", LEVELS), section("base", BASE)
        self.levels = {name: number(name, default, 0, 1e12, levels) for name, default in LEVELS.items()}
        self.base = {name: words(name, default, base) for name, default in BASE.items()}
        if wrong:
            raise ConfigError("; ".join(wrong))

    def key(self) -> bytes:
        """The agent's key, read anew for each report, so that a new one counts at once. Raises ConfigError."""
        text = private(self.key_file).decode("ascii", "replace").strip()
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) < 16:
            raise ConfigError(f"{self.key_file} does not hold a key of at least 16 bytes in hex")
        return key


def private(path: str) -> bytes:
    """A file that only its owner may read or write, and the owner is root or this user. Raises ConfigError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem.strerror}") from None
    try:
        status = os.fstat(handle)
        if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
            raise ConfigError(f"{path} may be read or written by others. Do: chmod 600 {path}")
        return os.read(handle, MEGABYTE)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem.strerror}") from None
    finally:
        os.close(handle)


def load_config(path: str, root: str = "") -> Config:
    """The configuration of a file. Raises ConfigError."""
    try:
        document = json.loads(private(path))
    except ValueError as problem:
        raise ConfigError(f"{path} is not JSON: {problem}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} holds no JSON object")
    try:
        return Config(document, root)
    except ConfigError as problem:
        raise ConfigError(f"{path}: {problem}") from None


# --- state -----------------------------------------------------------------------------------------------------------


def load_state(path: str) -> dict[str, Any]:
    """What the agent knew before it was restarted; empty when it is missing or damaged."""
    try:
        state = json.loads(read(path))
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def save_state(path: str, state: dict[str, Any]) -> None:
    """Write the state so that a reader sees the old or the new, never a part. Raises OSError."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    temporary = path + ".new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        data = json.dumps(state).encode()
        if os.write(handle, data) != len(data):
            raise OSError("the disk is full")
    finally:
        os.close(handle)
    os.replace(temporary, path)


# --- the agent -------------------------------------------------------------------------------------------------------


def run(command: list[str], seconds: float) -> int | None:
    """The exit code of a command; None when it cannot be started or has to be ended after `seconds`."""
    import signal

    nothing = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    try:
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=nothing, setpgroup=0)
    except OSError as problem:
        say(f"giban-agent: {command[0]} cannot be started: {problem.strerror}")
        return None
    end = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.05)


class Agent:
    """Looks, reports and obeys, one `step` after another.

    `boot` and `wall` are the two clocks, `random` gives random bytes: all three are handed in.
    """

    def __init__(
        self, config: Config, boot: Callable[[], float], wall: Callable[[], float], random: Callable[[int], bytes]
    ) -> None:
        self.config = config
        self.boot = boot
        self.wall = wall
        self.random = random
        self.observer = Observer(config.paths, config.levels, config.base)
        self.max_uptime = config.max_uptime
        self.password_version: int | None = None
        self.sequence = 0
        self.clock_offset: float | None = None  # server's time minus boot clock, once it had to be told
        self.failures = 0
        self.report_at = 0.0
        self.trouble = ""
        self.ide_answered = False
        self.decision = ""
        self.answer: dict[str, Any] = {}
        self.restore()

    def restore(self) -> None:
        """Take up what was known before a restart of the agent; of the signals only what is of this boot."""
        state = load_state(self.config.paths["state"])
        now = self.boot()

        def number(value: Any, most: float) -> float | None:
            good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most
            return float(value) if good else None

        self.sequence = int(number(state.get("sequence"), 2**53) or 0)
        if (version := number(state.get("password_version"), 2**53)) is not None:
            self.password_version = int(version)
        self.learn_maximum(state.get("max_uptime"))
        boot_id = read(f"{self.config.paths['proc']}/sys/kernel/random/boot_id", 64).decode("ascii", "replace").strip()
        seen = state.get("seen")
        if boot_id != state.get("boot_id") or not isinstance(seen, dict):
            return
        self.observer.boot_id = boot_id
        self.observer.first = number(state.get("first"), now) or 0.0
        for signal in ("connected", "interacting", "terminal", "working"):
            self.observer.mark(signal, number(seen.get(signal), now))

    def save(self) -> None:
        """Keep what the next start of the agent needs."""
        state = {
            "boot_id": self.observer.boot_id,
            "first": self.observer.first,
            "seen": self.observer.seen,
            "sequence": self.sequence,
            "max_uptime": self.max_uptime,
            "password_version": self.password_version,
        }
        self.observer.attempt("state", None, save_state, self.config.paths["state"], state)

    def reread(self, path: str, root: str) -> None:
        """Take a changed configuration; a wrong one is told and changes nothing."""
        try:
            config = load_config(path, root)
        except ConfigError as problem:
            say(f"giban-agent: configuration kept as it was: {problem}")
            return
        if config.max_uptime != self.config.max_uptime:
            self.max_uptime = config.max_uptime
        self.config = config
        self.observer.paths, self.observer.levels, self.observer.base = config.paths, config.levels, config.base
        self.failures, self.report_at = 0, 0.0
        say("giban-agent: configuration read again")

    def step(self) -> float:
        """Look, obey the maximum uptime, report when it is time, and say how many seconds to wait for the next look."""
        now = self.boot()
        evidence = self.look(now)
        if evidence["uptime"] > self.max_uptime + self.config.grace:
            self.last_resort(evidence["uptime"])
        if now >= self.report_at:
            self.report(evidence, now)
        self.save()
        interval = self.config.interval
        if not self.ide_answered and evidence["uptime"] < EAGER_UPTIME:
            interval = min(interval, EAGER)
        return interval * self.jitter()

    def look(self, now: float) -> dict[str, Any]:
        """What the report says, without number and signature."""
        evidence = self.observer.look(now, self.wall())
        evidence["ide"] = {"answers": bool(self.config.ide) and answers(self.config.ide)}
        self.ide_answered = self.ide_answered or evidence["ide"]["answers"]
        return {**evidence, "version": VERSION}

    def jitter(self) -> float:
        """0.9 to 1.1, so that many hosts do not report at once."""
        return 0.9 + 0.2 * int.from_bytes(self.random(2), "big") / 65535

    def last_resort(self, uptime: float) -> None:
        """Shut down: the maximum is over and nobody else did it. Tried again at each look."""
        say(
            f"giban-agent: up for {duration(uptime)}, more than {duration(self.max_uptime)} and the grace time: shutting down"
        )
        run(self.config.shutdown, 60)

    def report(self, evidence: dict[str, Any], now: float) -> bool:
        """Send one report; whether it was taken. Failures make the next one wait longer."""
        # Neither a lost state nor an end between sending and saving may repeat a number of this boot: its clock goes ahead.
        self.sequence = max(self.sequence + 1, int(now * 1000))
        body = json.dumps({**evidence, "sequence": self.sequence}, separators=(",", ":")).encode()
        wait = 0.0
        try:
            status, headers, answer = self.send(body)
            if status == 401 and self.correct_clock(answer):
                status, headers, answer = self.send(body)
            document = json.loads(answer) if answer else {}
            if status not in (200, 202):
                seconds = headers.get("retry-after", "")
                wait = min(float(seconds), RETRY_AFTER) if seconds.isdigit() else 0.0
                detail = document.get("detail", "") if isinstance(document, dict) else ""
                raise ValueError(f"HTTP {status} {plain(str(detail).encode())}".strip())
            if not isinstance(document, dict):
                raise ValueError("the answer is not a JSON object")
        except (OSError, ValueError, ConfigError) as problem:
            self.failures += 1
            # The first try after a failure comes at the next look; the base is not the eager interval's.
            back_off = (
                min(BACK_OFF, self.config.interval * 2 ** min(self.failures - 1, 16)) if self.failures > 1 else 0.0
            )
            self.report_at = now + max(back_off, wait) * self.jitter()
            self.tell(f"giban-agent: report not taken: {problem}")
            return False
        if self.failures:
            say(f"giban-agent: reports are taken again after {self.failures} failures")
        self.failures, self.report_at, self.trouble = 0, 0.0, ""
        self.answer = document
        self.obey(document)
        return True

    def tell(self, text: str) -> None:
        """Say a trouble when it is new."""
        if text != self.trouble:
            self.trouble = text
            say(text)

    def send(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """One signed request with a nonce of its own."""
        at = int(self.wall() if self.clock_offset is None else self.boot() + self.clock_offset)
        nonce = self.random(16).hex()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"giban-agent/{VERSION}",
            "X-Giban-Time": str(at),
            "X-Giban-Nonce": nonce,
            "X-Giban-Signature": signature(self.config.key(), at, nonce, body),
        }
        if self.config.host_header:
            headers["Host"] = self.config.host_header
        return request("POST", self.config.api + STATUS_PATH, headers, body)

    def correct_clock(self, answer: bytes) -> bool:
        """Take the server's time from a 401 of type .../clock; whether there was one."""
        try:
            problem = json.loads(answer)
            if not str(problem["type"]).endswith("/clock"):
                return False
        except (ValueError, KeyError, TypeError):
            return False
        at = server_time(problem)
        if at is None:
            return False
        self.clock_offset = at - self.boot()
        say(f"giban-agent: this machine's clock is {self.wall() - at:+.0f} s off the server's; the server's is used")
        return True

    def learn_maximum(self, seconds: Any) -> None:
        """Take over the maximum uptime the API tells; nonsense changes nothing."""
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
            least, most = MAX_UPTIME
            if least <= seconds <= most:
                self.max_uptime = float(seconds)

    def obey(self, answer: dict[str, Any]) -> None:
        """What the API's answer asks of the host: the maximum uptime, and a changed password."""
        self.learn_maximum(answer.get("max_uptime"))
        decision = answer.get("decision")
        reason = f"{decision.get('action')} ({decision.get('reason')})" if isinstance(decision, dict) else ""
        if reason != self.decision:
            self.decision = reason
            say(f"giban-agent: the server's decision: {plain(reason.encode())}")
        version = answer.get("password_version")
        if not isinstance(version, int) or isinstance(version, bool) or version in (0, self.password_version):
            return
        if self.config.password_helper:
            code = run(self.config.password_helper, 120)
            if code != 0:
                self.tell(
                    f"giban-agent: the password helper failed ({'no end' if code is None else code}); tried again"
                )
                return
            say("giban-agent: the changed password is in force")
        self.password_version = version


# --- the command line ------------------------------------------------------------------------------------------------

USAGE = """giban_agent.py [--config FILE] [--root DIR] [--print | --once] [--json] [--version]

Without --print or --once: look every minute and report, until SIGTERM. SIGHUP reads the configuration again.
--config FILE  JSON, mode 0600 (default /etc/giban/agent.json)
--root DIR     read /proc and all other paths below this folder
--print        look and print what is seen; reports nothing
--once         send one report and print the answer
--json         print JSON
"""
CONFIG_PATH = "/etc/giban/agent.json"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if seconds < 120:
        return f"{int(seconds)} s"
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def table(evidence: dict[str, Any], config: Config, failed: set[str]) -> str:
    """What is seen, for people."""

    def ago(age: float | None, never: str = "not in this boot") -> str:
        return never if age is None else "now" if age < 5 else f"{duration(age)} ago"

    work, web = evidence["work"], evidence["web"]
    busy = work["jobs"] + [f"{entry['name']} ({entry['cpu_percent']:g} % of a core)" for entry in work["containers"]]
    sessions = evidence["ssh"]["sessions"]
    rows = [
        ("Machine", f"up {duration(evidence['uptime'])}, CPU {work['cpu_percent']:g} %, load {work['load1']:g}"),
        ("Boot", evidence["boot_id"] or "unknown"),
        ("SSH", f"{sessions} session{'' if sessions == 1 else 's'}"),
        ("Browser", f"connected {ago(web['connected_age'])}; used {ago(web['interacting_age'])}"),
        ("Terminal", f"used {ago(evidence['terminal_age'])}"),
        ("Working", ago(work["working_age"]) + (f": {', '.join(busy)}" if busy else "")),
        ("IDE", f"{'answers' if evidence['ide']['answers'] else 'does not answer'} at {config.ide or 'no address'}"),
        ("Reports to", config.api or "nobody (no configuration)"),
    ]
    if failed:
        rows.append(("Not readable", ", ".join(sorted(failed))))
    return "\n".join(f"{name:<13} {text}" for name, text in rows)


def notify(text: str) -> None:
    """Tell systemd (sd_notify(3)); without it nothing happens."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(text.encode(), "\0" + path[1:] if path.startswith("@") else path)
    except OSError:
        pass


def serve(agent: Agent, config_path: str, root: str) -> None:
    """Step after step, for ever. SIGTERM ends the process at once (its state is always whole on disk); SIGHUP rereads."""
    import select
    import signal

    awake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.set_wakeup_fd(wake)  # a signal ends the wait below by a byte in the pipe
    poll = select.poll()
    poll.register(awake, select.POLLIN)
    state = "READY=1\nWATCHDOG=1"
    while True:
        wait = agent.step()
        notify(state)
        state = "WATCHDOG=1"
        if poll.poll(wait * 1000):
            os.read(awake, 512)
            agent.reread(config_path, root)


def main(arguments: list[str]) -> int:
    """0 good, 1 the report was not taken, 2 the user's mistake."""
    values = {"--config": "", "--root": ""}
    flags = set()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in values and (equals or rest):
            values[name] = value if equals else rest.pop(0)
        elif word in ("--print", "--once", "--json", "--version", "--help", "-h"):
            flags.add(word)
        else:
            say(f"{word} is not understood.\n\n{USAGE}")
            return 2
    if flags & {"--help", "-h"} or {"--print", "--once"} <= flags:
        print(USAGE, end="")
        return 0 if flags & {"--help", "-h"} else 2
    if "--version" in flags:
        print(VERSION)
        return 0
    path, root = values["--config"] or CONFIG_PATH, values["--root"]
    try:
        if "--print" in flags and not values["--config"] and not os.access(path, os.R_OK):
            config = Config({}, root)
        else:
            config = load_config(path, root)
        if "--print" not in flags:
            if not config.api or not config.key_file:
                raise ConfigError(f"{path}: api and key_file are needed")
            config.key()
    except ConfigError as problem:
        say(f"giban-agent: {problem}")
        return 2
    if config.unknown:
        say(f"giban-agent: {path}: settings this version does not know: {', '.join(config.unknown)}")
    agent = Agent(config, lambda: time.clock_gettime(CLOCK), time.time, os.urandom)
    if "--print" in flags or "--once" in flags:
        agent.look(agent.boot())
        time.sleep(1)  # rates need two looks
        evidence = agent.look(agent.boot())
        if "--print" in flags:
            print(
                json.dumps(evidence, indent=2) if "--json" in flags else table(evidence, config, agent.observer.failed)
            )
            return 0
        good = agent.report(evidence, agent.boot())
        agent.save()
        if good:
            print(json.dumps(agent.answer, indent=2) if "--json" in flags else f"Taken. {agent.decision}".strip())
        return 0 if good else 1
    say(f"giban-agent: {VERSION} reports to {config.api} every {config.interval:g} s")
    serve(agent, path, root)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
