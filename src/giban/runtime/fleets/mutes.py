"""Tells the alarm router (`runtime/alarms`, its table) which alarms a planned stop causes, and for how long.

Two mutes for each target: its alarms by name, and events about what is stopped by its number in AWS. They are written before
anything is stopped, so no alarm is faster; written again, they are the same. And what stands in the way of the keeper itself is
posted to the topic that alarms come in by.
"""

from __future__ import annotations

import json

from ..common.store import Put, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .decide import Step

MUTE = "mute"
"""The partition of the router's table."""
KEPT = 86_400.0
"""Seconds a mute is kept after its end, so that an event that comes late finds why."""


def mute(table: Store, steps: Iterable[Step]) -> None:
    """Write what these steps want muted. Errors of AWS are raised: nothing may be stopped then."""
    puts = [put for step in steps for put in _puts(step)]
    table.transact((put.sk, [put]) for put in puts)


def announce(
    client: Callable[[], Any], topic: str | None, steps: Iterable[Step], now: float
) -> tuple[list[Step], list[str]]:
    """Post problems that nobody has heard of, and the end of those they have; the steps whose state says so now, and what failed.

    Told at least once: the router knows each by its key. Without a topic there is nobody to tell.
    """
    told, failed = [], []
    for step in steps:
        known = step.state.problem
        if known is None or known["told"]:
            continue
        try:
            if topic:
                client().publish(TopicArn=topic, Message=_message(step, now))
        except Exception as error:
            failed.append(f"{step.target.name}: {type(error).__name__}: {error}")
            continue
        step.state.problem = None if "ended" in known else {**known, "told": True}
        told.append(step)
    return told, failed


def _puts(step: Step) -> Iterator[Put]:
    if step.mute is None:
        return
    target, (begin, end) = step.target, step.mute
    why = f"{target.name} is off ({step.state.why}, {step.state.by})" if end is None else f"{target.name} comes back"
    alarms: dict[str, Any] = (
        {"kinds": ["alarm"], "names": list(target.alarms)}
        if target.alarms
        else {"kinds": ["alarm"], "service": target.name}
    )
    events = {"kinds": ["event"], "resource": sorted({target.short, *step.seen.members})}
    for name, match in ((target.name, alarms), (f"{target.name}/events", events)):
        document = {"match": match, "from": begin, "until": end, "by": "keeper", "why": why, "at": begin}
        identifier = f"power/{name}"
        yield Put(MUTE, identifier, {"id": identifier, **document}, None, None if end is None else end + KEPT)


_WORDS = {
    "cannot_stop": "cannot be stopped: {detail}. Take it out of the power schedule, or change how it is made.",
    "no_effect": "should be {goal} for a while, and is not: {detail}. Look at its events in the console.",
    "refused": "could not be turned {goal}: {detail}. The keeper tries again.",
    "missing": "is in the power schedule, but AWS does not know it. Apply the blueprint, or take it out.",
    "broken": "can neither be started nor stopped: AWS says {detail}.",
}


def _message(step: Step, now: float) -> str:
    state, target = step.state, step.target
    known = state.problem or {}
    over = "ended" in known
    words = _WORDS[known["code"]].format(detail=known["detail"], goal=state.goal)
    return json.dumps(
        {
            "key": f"power/{target.name}/{known['code']}",
            "title": f"Power schedule: {target.name} {'is all right again' if over else known['code'].replace('_', ' ')}",
            "text": f"{target.name} ({target.where}) {words}",
            "priority": "P3",
            "service": target.name,
            "status": "resolved" if over else "firing",
            "since": known["since"],
            "at": now,
        },
        ensure_ascii=False,
        sort_keys=True,
    )
