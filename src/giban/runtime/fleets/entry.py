"""What the keeper's function calls: the targets of its archive, in its environment."""

from __future__ import annotations

import json
import os

from ..common.aws import client
from .target import load
from .tick import World, tick
from .trimmed import install

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .target import Target

install()
_loaded: list[dict[str, Target]] = []


def targets() -> dict[str, Target]:
    """What has a power schedule; read once in the life of a process."""
    if not _loaded:
        _loaded.append(load())
    return _loaded[0]


def look_after(done: dict[str, Any], now: float) -> None:
    """A tick over all targets, as `fleets` beside what was done for the workstations; its failures beside theirs."""
    if targets():
        done["fleets"] = tick(World.of(os.environ, client), targets(), now)
        done["failed"] = [*done["failed"], *done["fleets"]["failed"]]


def answer(event: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The answer to an operator (`operator`)."""
    from .operator import operate

    made = operate(World.of(os.environ, client), targets(), event, now)
    print(json.dumps({"operator": event.get("operator"), "action": event.get("action"), "status": made["status"]}))
    return made
