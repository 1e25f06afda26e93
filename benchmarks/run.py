"""Run the benchmarks and write REPORT.md: `make bench`; `--keeper` adds 5,000 instances, `--router` 10,000
alarms, `--rehearsal` minutes of `giban up`."""

from __future__ import annotations

import os
import platform
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks import agent, functions, keeper, rehearsal, router, start

REPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "REPORT.md")


def main() -> None:
    """Measure and write."""
    lines = [
        "# Report",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}. "
        f"Cold processes, {start.RUNS} runs in turns.",
        "",
        "| what | resources | best, s | median, s | wanted |",
        "|---|---|---|---|---|",
    ]
    for row in start.measure():
        lines.append(f"| {row.what} | {row.resources or ''} | {row.best:.3f} | {row.median:.3f} | {row.wanted} |")
    lines += ["", *functions.report()]
    lines += ["", *agent.report()]
    if "--keeper" in sys.argv:
        lines += ["", *keeper.report()]
    if "--router" in sys.argv:
        lines += ["", *router.report()]
    if "--rehearsal" in sys.argv:
        lines += ["", *rehearsal.report()]
    text = "\n".join(lines) + "\n"
    with open(REPORT, "w", encoding="utf-8") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
