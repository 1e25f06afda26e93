"""Cold start: `giban export`, `check`, `cost` and `draw` against troposphere, in alternation."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

import msgspec

from benchmarks.blueprints import blueprint, size

RUNS = 15


class Row(msgspec.Struct, frozen=True):
    """One measured command: seconds of wall time over `runs` cold processes."""

    what: str
    resources: int
    best: float
    median: float
    wanted: str


def seconds(commands: list[list[str]], folder: str) -> float:
    """Wall time of commands run one after another, each in a process of its own."""
    # Compiled modules are written as an installed package has them.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    for command in commands:
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def compare(sets: dict[str, tuple[list[list[str]], int, str]], folder: str) -> list[Row]:
    """Measure in turns, so that a busy moment of the machine hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in sets}
    for commands, _, _ in sets.values():
        seconds(commands, folder)  # the first run fills the file cache
    for _ in range(RUNS):
        for name, (commands, _, _) in sets.items():
            found[name].append(seconds(commands, folder))
    return [
        Row(name, count, min(found[name]), statistics.median(found[name]), wanted)
        for name, (_, count, wanted) in sets.items()
    ]


def measure() -> list[Row]:
    """All rows of the report."""
    giban = [sys.executable, "-m", "giban"]
    peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_troposphere.py")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("small", blueprint(0, 1)), ("large", blueprint(33, 20))):
            with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
                file.write(text)
        small, large = (size(os.path.join(folder, f"{name}.yaml")) for name in ("small", "large"))
        return compare(
            {
                "giban export": (
                    [[*giban, "export", "out", "small.yaml"]],
                    small,
                    "0.15 s, 1.6 × the peer; aim 0.10 s",
                ),
                "troposphere": ([[sys.executable, peer, str(small), "peer.json"]], small, "the peer"),
                "giban export (large)": ([[*giban, "export", "out-large", "large.yaml"]], large, "0.30 s; aim 0.20 s"),
                "troposphere (large)": ([[sys.executable, peer, str(large), "peer.json"]], large, "the peer"),
                "giban check + cost + draw": (
                    [
                        [*giban, "check", "small.yaml"],
                        [*giban, "cost", "small.yaml"],
                        [*giban, "draw", "small.yaml", "-o", "small.svg"],
                    ],
                    small,
                    "0.25 s together",
                ),
                "python -c pass": ([[sys.executable, "-c", "pass"]], 0, "what the interpreter itself takes"),
            },
            folder,
        )
