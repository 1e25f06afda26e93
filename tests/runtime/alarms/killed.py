"""A child process: one invocation of the router that is killed (SIGKILL) at a moment that is named.

python -m tests.runtime.alarms.killed WHERE CONFIG EVENT     (paths of JSON files; the environment names table and queues)
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from giban.runtime.alarms.folding import Work
from giban.runtime.alarms.handler import run
from giban.runtime.alarms.sending import Sender
from giban.runtime.alarms.table import Table
from giban.runtime.alarms.world import World
from giban.runtime.common.aws import client


def die(*_: Any) -> Any:
    """At once, without any last words."""
    os.kill(os.getpid(), signal.SIGKILL)


def patch(of: type, name: str, instead: Any) -> None:
    """Put something in the place of a method."""
    setattr(of, name, instead)


def main() -> None:
    """Run until the moment comes."""
    where = sys.argv[1]
    with open(sys.argv[2], encoding="utf-8") as config, open(sys.argv[3], encoding="utf-8") as event:
        document, notice = json.load(config), json.load(event)
    now = float(os.environ["NOW"])
    world = World(os.environ, document, client, lambda: now, os.urandom)
    sender = Sender(world)

    def send(*arguments: Any) -> Any:
        if where == "before the send":
            die()
        found = sender(*arguments)
        if where == "after the send":
            die()
        return found

    if where == "before anything is written":
        patch(Work, "write", die)
    elif where == "after it is written, before the outbox":
        patch(Table, "each", die)
    elif where == "before the mark":
        patch(Table, "finish", die)
    elif where == "after the mark":
        finish = Table.finish

        def finished(*arguments: Any) -> None:
            finish(*arguments)
            die()

        patch(Table, "finish", finished)
    run(world, notice, lambda: False, send)


if __name__ == "__main__":
    main()
