"""All targets at once: look, decide, write on condition, mute, act, report.

Calls of AWS grow with pages and batches when nothing is to be done, and with targets when something is. A second keeper at the
same moment loses the write and does nothing. When the time is up, the next tick does the rest.
"""

from __future__ import annotations

import json
import os
import time
from importlib import import_module

from ..common.store import Put, Store, item_of
from .calls import LATER, LEFT, Calls, Refused
from .decide import Step, current, decide, problem, unpaid
from .mutes import announce, mute
from .seen import Seen
from .state import FLEET, State, event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from .target import Target

KINDS = {
    "group": "groups",
    "rds": "databases",
    "rds_cluster": "databases",
    "ecs": "services",
    "nodegroup": "nodes",
    "instance": "machines",
}
"""Kind to the module that looks and acts; imported when there is such a target."""
TIME = 35.0
"""Seconds within which calls are begun. The function has 55, and the workstations come first."""


class World:
    """What a tick touches. The alarms' table and topic are None where there are no alarms."""

    __slots__ = ("alarms", "clients", "monotonic", "table", "time", "token", "topic")

    def __init__(
        self,
        clients: Callable[[str], Any],
        table: str,
        alarms: str | None = None,
        topic: str | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        token: Callable[[], str] = lambda: os.urandom(4).hex(),
        time: float = TIME,
    ) -> None:
        self.clients = clients
        """Makes a client of a service."""
        self.table = Store(clients("dynamodb"), table)
        self.alarms = Store(clients("dynamodb"), alarms) if alarms else None
        self.topic = topic
        self.monotonic = monotonic
        self.token = token
        """Random text that keeps events of one moment apart."""
        self.time = time

    @staticmethod
    def of(environment: Mapping[str, str], clients: Callable[[str], Any]) -> World:
        """As the keeper's environment says."""
        return World(
            clients,
            environment["GIBAN_TABLE"],
            environment.get("GIBAN_ALARMS_TABLE") or None,
            environment.get("GIBAN_ALARMS_TOPIC") or None,
        )


def tick(
    world: World, targets: Mapping[str, Target], now: float, only: Collection[str] | None = None
) -> dict[str, Any]:
    """Look at all targets (or `only` these) and act. What was done, as names; nothing is raised for one target or one kind.

    looked_at   how many
    on off size what was asked of AWS and taken          lost    left to another keeper
    waiting     {name: why} what cannot be asked for yet  left    no time, or too many calls: the next tick
    failed      could not be looked at, read, or was refused
    saved       {"hours", "usd"} of all targets up to now
    """
    calls = Calls(world.monotonic() + world.time, world.monotonic)
    chosen = {name: target for name, target in targets.items() if only is None or name in only}
    done: dict[str, Any] = {
        "looked_at": len(chosen),
        "on": [],
        "off": [],
        "size": [],
        "lost": [],
        "left": [],
        "failed": [],
    }
    states, unreadable = load_all(world.table)
    done["failed"] += sorted(unreadable & chosen.keys())
    readable = {name: target for name, target in chosen.items() if name not in unreadable}
    seen = look(world, readable, calls)
    _ask_who(world, readable, states, seen, now)
    steps: dict[str, Step] = {}
    for name, target in readable.items():
        if seen[name].power == "unknown":
            _log(name, seen[name].status)
            done["failed"].append(name)
            continue
        try:
            steps[name] = decide(now, target, states.get(name) or State(name), seen[name])
        except Exception as error:
            # One broken target must not keep the others running.
            _log(name, f"{type(error).__name__}: {error}")
            done["failed"].append(name)
    won = _written(world, states, steps, now, done)
    acting = _muted(world, won, done)
    results = _act(world, acting, calls)
    _record(world, won, results, now, done)
    done["waiting"] = {name: current(step.state) for name, step in sorted(steps.items()) if current(step.state)}
    done["saved"] = saved(targets, {**states, **{name: step.state for name, step in steps.items()}}, now)
    return {what: sorted(found) if isinstance(found, list) else found for what, found in done.items()}


def load_all(table: Store) -> tuple[dict[str, State], set[str]]:
    """What is remembered of every target, in pages; and the names of items that cannot be read."""
    states, unreadable = {}, set()
    for raw in table.raw(FLEET, newest_first=False, before=None, limit=0):
        try:
            item = item_of(raw)
            states[item.sk] = State(item.sk, item.doc, item.version)
        except (AttributeError, KeyError, TypeError, ValueError):
            unreadable.add(raw["sk"]["S"])
    return states, unreadable


def look(world: World, targets: Mapping[str, Target], calls: Calls) -> dict[str, Seen]:
    """Every target as it is now; of a kind that AWS does not answer for, `unknown`."""
    seen: dict[str, Seen] = {}
    for module, mine in _by_module(targets.values(), lambda target: target.kind):
        try:
            seen.update(_room(module).look(world.clients, mine, calls))
        except Exception as error:
            seen.update((target.name, Seen("unknown", Refused.of(error).text)) for target in mine)
    return seen


def saved(targets: Mapping[str, Target], states: Mapping[str, State], now: float) -> dict[str, float]:
    """Hours and dollars that were not paid, of all targets together."""
    hours = usd = 0.0
    for name, target in targets.items():
        state = states.get(name)
        if state is not None:
            seconds = unpaid(state, now)
            hours += (state.saved_seconds + seconds) / 3600
            usd += state.saved_usd + seconds / 3600 * (target.hourly_usd or 0.0)
    return {"hours": round(hours, 2), "usd": round(usd, 2)}


def _ask_who(
    world: World, targets: Mapping[str, Target], states: Mapping[str, State], seen: dict[str, Seen], now: float
) -> None:
    """Of databases that are on and were turned off: did AWS start them? Nobody else is asked, so this is seldom."""
    for name, target in targets.items():
        state = states.get(name)
        if not (target.kind.startswith("rds") and state and state.goal == "off" and state.reached is not None):
            continue
        if seen[name].is_on:
            from .databases import restarted

            try:
                seen[name].by_aws = restarted(world.clients("rds"), target, state.reached, now)
            except Exception as error:
                # Then it counts as a person's doing: it keeps running for a while.
                _log(name, Refused.of(error).text)


def _written(
    world: World, states: Mapping[str, State], steps: Mapping[str, Step], now: float, done: dict[str, Any]
) -> list[Step]:
    """Write what changed; the steps that nobody else was faster with."""
    groups = []
    for name, step in steps.items():
        before = states.get(name)
        document = step.state.document()
        if document and (step.events or before is None or before.document() != document):
            groups.append((name, _puts(world, step, now)))
    lost = world.table.transact(groups)
    done["lost"] += lost
    written = {name for name, _ in groups} - lost
    for name in written:
        # As the table has it now.
        steps[name].state.version += 1
    return [step for name, step in steps.items() if name not in lost]


def _muted(world: World, steps: list[Step], done: dict[str, Any]) -> list[Step]:
    """Those that may be carried out: nothing is stopped whose alarms could not be muted."""
    acting = [step for step in steps if step.action]
    if world.alarms is not None:
        try:
            mute(world.alarms, (step for step in steps if step.mute is not None))
        except Exception as error:
            _log("mutes", Refused.of(error).text)
            done["failed"] += [step.target.name for step in acting if step.action == "off"]
            return [step for step in acting if step.action == "on"]
    return acting


def _act(world: World, steps: list[Step], calls: Calls) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for module, mine in _by_module(steps, lambda step: step.target.kind):
        try:
            results.update(_room(module).act(world.clients, mine, calls))
        except Exception as error:
            results.update((step.target.name, Refused.of(error)) for step in mine)
    return results


def _record(world: World, steps: list[Step], results: Mapping[str, Any], now: float, done: dict[str, Any]) -> None:
    """Report what became of it, remember what was refused, and tell of problems."""
    changed: dict[str, Step] = {}
    for step in steps:
        name = step.target.name
        if name not in results:
            continue
        result = results[name]
        if result is LEFT or (isinstance(result, Refused) and result.code in LATER):
            done["left"].append(name)
        elif isinstance(result, Refused):
            _log(name, result.text)
            done["failed"].append(name)
            problem(step, now, "refused", result.text)
            changed[name] = step
        else:
            done[step.what].append(name)
    told, failed = announce(lambda: world.clients("sns"), world.topic, steps, now)
    for text in failed:
        _log("announcement", text)
    changed.update((step.target.name, step) for step in told)
    fresh = [(name, _puts(world, step, now)) for name, step in sorted(changed.items())]
    # Who loses here was overtaken; the next look notes the same.
    world.table.transact(fresh)


def _puts(world: World, step: Step, now: float) -> list[Put]:
    """The state, and what was done; it is not to be written again."""
    told, step.events = step.events, []
    number, step.told = step.told, step.told + len(told)
    events = (event(step.target.name, now, number + more, world.token(), each) for more, each in enumerate(told))
    return [step.state.put(), *events]


def _by_module(values: Any, kind: Callable[[Any], str]) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = {}
    for value in values:
        found.setdefault(KINDS[kind(value)], []).append(value)
    return sorted(found.items())


def _room(module: str) -> Any:
    return import_module(f".{module}", __package__)


def _log(name: str, text: str) -> None:
    print(json.dumps({"failed": name, "error": text}, ensure_ascii=False))
