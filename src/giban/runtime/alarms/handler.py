"""The entry of Lambda: notices by SQS, log lines, the tick, the web (`POST /slack`, `/ack/…`), operators.

What an event needs is imported when there is one: somebody who opens a link does not wait for what sends messages.
"""

from __future__ import annotations

import json
import os

from ..common import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .world import World

RESERVE = 12.0
"""Seconds of an invocation that are left for what was begun: a send that hangs, and writing down what came of it."""
SENDING = 5.0
"""Seconds a batch of notices is followed by sending: slow receivers must not keep notices waiting. The rest is for a wake-up."""
MOST = 40.0
"""Seconds an invocation sends at most, when nobody says how long it may run."""

_worlds: list[World] = []


class TurnFailed(Exception):  # noqa: N818 - says what, like the other errors here
    """Notices that could not be taken; Lambda gives them again, or puts them into the dead-letter queue."""


def handle(event: Any, context: Any = None) -> Any:
    """Lambda's entry. Returns what the sender of the event expects: see the package's docstring."""
    world = _world()
    event = event if isinstance(event, dict) else {}
    if isinstance(event.get("requestContext"), dict):
        from .page import answer as answer_request

        return answer_request(world, event)
    if "operator" in event:
        from .operator import answer as answer_operator

        return answer_operator(world, event)
    return run(world, event, out_of_time_of(context))


def run(world: World, event: dict[str, Any], out_of_time: Callable[[], bool], send: Any = None) -> dict[str, Any]:
    """A turn for everything that is neither a request nor an operator. `send`: see outbox.Send."""
    from .turn import Turn

    turn = Turn(world, send, out_of_time)
    failed: list[str] = []
    channels: set[str] = set()
    if isinstance(event.get("Records"), list):
        from .batch import Batch

        batch = Batch(turn)
        batch.take(record for record in event["Records"] if isinstance(record, dict))
        failed = batch.failed
        if batch.wakes:
            turn.advance(everything=batch.everything)
            channels = set(world.channels)
        else:
            turn.out_of_time = sooner(out_of_time, SENDING)
    elif "awslogs" in event:
        _logs(turn, event)
    elif event.get("tick") is True or event.get("wake") is True:
        turn.advance(everything=bool(event.get("all")))
        channels = set(world.channels) | _once_known(world)
    else:
        raise TurnFailed("An event of a kind that nobody sends here.")
    done = turn.finish(channels)
    if failed or done["messages"] or done["again"]:
        print(json.dumps({**done, "failed": len(failed)}, sort_keys=True))
    if "Records" in event:
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
    return done


def out_of_time_of(context: Any) -> Callable[[], bool]:
    """Tells when an invocation should come to an end, by Lambda's own clock."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is not None:
        return lambda: remaining() / 1000.0 < RESERVE
    return sooner(lambda: False, MOST)


def sooner(out_of_time: Callable[[], bool], seconds: float) -> Callable[[], bool]:
    """The same, but so many seconds from now at the latest."""
    from time import monotonic

    end = monotonic() + seconds
    return lambda: monotonic() > end or out_of_time()


def _world() -> World:
    if not _worlds:
        from ..common.aws import client
        from .world import World, config_of_archive

        _worlds.append(World(os.environ, config_of_archive(), client, clock.now, os.urandom))
    return _worlds[0]


def _logs(turn: Any, event: dict[str, Any]) -> None:
    from .batch import put_aside
    from .folding import Arrival
    from .rules.intake import Unreadable, read

    try:
        alerts = read(event, turn.world.config, turn.world.now())
    except Unreadable as error:
        put_aside(turn, json.dumps(event), str(error))
        return
    if alerts:
        turn.take([Arrival("", alerts)])


def _once_known(world: World) -> set[str]:
    """Channels that have ever been sent to: one that is no longer in the configuration may have messages left."""
    return {item.sk for item in world.table.query("channel")}
