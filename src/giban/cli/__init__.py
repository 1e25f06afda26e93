"""The command line: one file per command, which parses, calls, prints and sets the exit code. No decisions live here.

A module `giban.cli.<name>` with a click command called `command` is the command `giban <name>`; it is imported only
when it is asked for (`group`), because start-up time is a feature (docs/decisions/0001-fast-start.md).
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the only place where errors become exit codes (0 good, 1 findings or refused,
    2 the user's mistake, 3 the outside world failed, 130 interrupted)."""
    try:
        # Imported here, so that Ctrl-C is an answer and no traceback while they are being read, too.
        from giban.cli.errors import run_guarded
        from giban.cli.group import giban

        code = run_guarded(giban, sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
