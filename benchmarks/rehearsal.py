"""`giban up` of the example on the rehearsal: the whole time, against what the provider spends waiting by itself.

The peer is Terraform's own account of the run: the resources on the longest chain and how long each took.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def report() -> list[str]:
    """Lines of the report: the first `up`, the second, `down`."""
    giban = [sys.executable, "-m", "giban"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(REPOSITORY, "examples", "three-tier", "giban.yaml"), folder)

        def timed(*words: str) -> tuple[float, dict[str, object], str]:
            begin = time.perf_counter()
            done = subprocess.run([*giban, *words, "--json"], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit(done.stderr)
            return time.perf_counter() - begin, json.loads(done.stdout), done.stderr

        try:
            first, _, progress = timed("up")
            second, again, _ = timed("up")
            changed = any(root["changed"] for root in again["roots"])  # type: ignore[attr-defined]
            last, _, _ = timed("down")
        finally:
            subprocess.run([*giban, "rehearsal", "stop"], cwd=folder, check=False, stdout=subprocess.DEVNULL)
    return [
        "## Rehearsal of examples/three-tier",
        "",
        "| what | seconds | |",
        "|---|---|---|",
        f"| first up | {first:.0f} | emulators, state bucket, init, plan, apply |",
        f"| second up | {second:.0f} | {'changes!' if changed else 'no changes'} |",
        f"| down | {last:.0f} | |",
        "",
        "The slowest resources, as Terraform reports them (its provider's own waits):",
        "",
        *(f"- {line}" for line in slowest(progress)),
    ]


def slowest(progress: str, count: int = 8) -> list[str]:
    """The lines of the progress with the longest times."""

    def took(line: str) -> float:
        inside = line.rsplit("(", 1)[-1].rstrip(")")
        minutes, _, rest = inside.rpartition("m ")
        return (
            (float(minutes or 0) * 60 + float(rest.rstrip("s"))) if rest.rstrip("s").replace(".", "").isdigit() else 0.0
        )

    lines = [line.strip() for line in progress.splitlines() if line.endswith("s)") and "still" not in line]
    return sorted(lines, key=took, reverse=True)[:count]
