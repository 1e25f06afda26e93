"""All workstations at once: `tick` does for all what `reconcile` does for one, in pages and batches.

The calls grow with pages of a thousand and batches of a hundred, not with machines.
"""

from __future__ import annotations

import json

from ..common.store import Clash
from .advance import Step, advance
from .machines import Machine, look_at_all, resize, start, stop
from .reconcile import answered, reconcile, token, writes
from .settings import Settings
from .settle import notice
from .table import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .machines import Failure
    from .table import Table

Fleet = dict[str, tuple[str, Settings]]
"""Workstation to its instance and its settings."""


def look_at_one(
    table: Table,
    ec2: Any,
    fleet: Fleet,
    name: str,
    now: float,
    warning: str | None = None,
    random: Callable[[], str] = token,
) -> None:
    """Look at one workstation sooner than the next tick. `warning`: what EC2 is about to do with a spot instance."""
    instance, settings = fleet[name]
    if warning is not None:
        _warn(table, name, instance, warning, now, random)
    reconcile(table, ec2, name, instance, settings, now, random)


def tick(
    table: Table, ec2: Any, fleet: Fleet, prefix: str, now: float, random: Callable[[], str] = token
) -> dict[str, Any]:
    """Look at all workstations and act. Returns the names that were started, stopped, left to another keeper, or failed.

    Errors of AWS that concern every workstation are raised; the next tick does what this one left.
    """
    states, unreadable = table.load_all()
    machines = look_at_all(ec2, (instance for instance, _ in fleet.values()), prefix)
    done: dict[str, Any] = {
        "looked_at": len(fleet),
        "started": [],
        "stopped": [],
        "lost": [],
        "failed": sorted(unreadable & fleet.keys()),
    }
    waiting = {name: states.get(name) or State(name) for name in fleet if name not in unreadable}
    # More than one round only for machines whose size had no capacity: each round tries their next size.
    while waiting:
        steps = _saved(table, fleet, waiting, machines, now, random, done)
        waiting = _act(table, ec2, fleet, steps, now, random, done)
    return {what: sorted(found) if isinstance(found, list) else found for what, found in done.items()}


def _saved(
    table: Table,
    fleet: Fleet,
    waiting: Mapping[str, State],
    machines: Mapping[str, Machine],
    now: float,
    random: Callable[[], str],
    done: dict[str, Any],
) -> list[Step]:
    """Decide about each and write what changed; the steps that may be carried out."""
    steps, groups = {}, []
    for name, state in waiting.items():
        instance, settings = fleet[name]
        try:
            steps[name] = advance(now, settings, state, machines[instance])
        except Exception as error:
            # One broken workstation must not keep the others running.
            print(json.dumps({"failed": name, "error": f"{type(error).__name__}: {error}"}))
            done["failed"].append(name)
            continue
        puts = writes(steps[name], now, random)
        if puts:
            groups.append((name, puts))
    lost = table.transact(groups)
    done["lost"] += sorted(lost)
    return [step for name, step in steps.items() if step.action is not None and name not in lost]


def _act(
    table: Table,
    ec2: Any,
    fleet: Fleet,
    steps: list[Step],
    now: float,
    random: Callable[[], str],
    done: dict[str, Any],
) -> dict[str, State]:
    """Start and stop in batches, record what EC2 said; the workstations to look at once more, with their state."""
    results: dict[str, Failure | None] = {}
    for step in steps:
        if step.type:
            failure = resize(ec2, step.machine.id, step.type)
            if failure is not None:
                results[step.machine.id] = failure
    results.update(stop(ec2, [step.machine.id for step in steps if step.action == "stop"]))
    results.update(
        start(ec2, [step.machine.id for step in steps if step.action == "start" and step.machine.id not in results])
    )
    groups, waiting = [], {}
    for step in steps:
        name, failure = step.state.name, results[step.machine.id]
        if failure is None and not step.observed.notice:
            # Nothing to record: the next look sees what became of it.
            done["stopped" if step.action == "stop" else "started"].append(name)
            continue
        state, puts, again = answered(step, fleet[name][1], failure, now, random)
        if puts:
            groups.append((name, puts))
        if again:
            waiting[name] = state
        elif failure is None:
            done["stopped" if step.action == "stop" else "started"].append(name)
    lost = table.transact(groups)
    return {name: state for name, state in waiting.items() if name not in lost}


def _warn(table: Table, name: str, instance: str, action: str, now: float, random: Callable[[], str]) -> None:
    """Say that EC2 takes a spot instance back in two minutes."""
    for _ in range(3):
        step = Step(table.load(name), Machine(instance, "running"))
        notice(now, step.observed, "spot_interruption", action, step.events)
        puts = writes(step, now, random)
        if not puts or not table.transact([(name, puts)]):
            return
    raise Clash(name)
