"""One workstation: looked at, decided about, acted on. The admin API calls this in its own process; the keeper does all.

What acts is imported where it acts: a cold start compiles what it imports, and most requests only look.
"""

from __future__ import annotations

import os

from ..common.store import TRIES, Clash
from .table import Conflict, State, event, put_of
from .want import turned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    from ..common.store import Put
    from .advance import Step
    from .decide import Decision
    from .machines import Failure, Machine
    from .settings import Settings
    from .table import Table
    from .want import Want

AGAIN = 60.0
"""Seconds within which asking for the same again is the same wish."""
NOBODY = ("keeper", "schedule", "outside")
"""Who wishes without being a person."""


def token() -> str:
    """Random text that keeps events of one moment apart."""
    return os.urandom(4).hex()


class View:
    """A workstation as it was observed: what the status document is made of."""

    __slots__ = ("decision", "machine", "now", "settings", "state")

    def __init__(self, now: float, settings: Settings, state: State, machine: Machine) -> None:
        self.now = now
        self.settings = settings
        self.state = state
        """`want`, `signals` and `observed` after whatever was done."""
        self.machine = machine
        """The instance, looked at after whatever was done."""
        self.decision: Decision | None = None
        """Of a running machine that is not being stopped: what the rules say now."""
        if machine.state == "running" and machine.launched is not None and state.want.want != "off":
            from .decide import Evidence, decide

            self.decision = decide(now, Evidence.of(state.want, state.signals, machine.launched), settings)

    @property
    def uptime(self) -> float | None:
        """Seconds since EC2 launched it, while it is up."""
        up = self.machine.state in ("pending", "running") and self.machine.launched is not None
        return max(0.0, self.now - (self.machine.launched or 0.0)) if up else None

    @property
    def phase(self) -> Literal["off", "asked", "starting", "booting", "ready", "stopping"]:
        """How far it is on the way from asked to an IDE that answers."""
        seen, want, signals = self.machine.state, self.state.want, self.state.signals
        if seen == "pending":
            return "starting"
        if seen == "running":
            if want.want == "off":
                return "stopping"
            fresh = (signals.received_at or 0.0) >= (self.machine.launched or 0.0)
            return "ready" if fresh and signals.ide_answers else "booting"
        if seen == "stopping":
            return "stopping"
        from .machines import GONE

        waiting = want.want == "on" and self.state.observed.reached != want.asked and seen not in GONE
        return "asked" if waiting else "off"

    @property
    def next_start(self) -> float | None:
        """The next time of the schedule, None without one."""
        if self.settings.schedule is None:
            return None
        from ..common.schedule import following

        return following(*self.settings.schedule, self.now)


def observe(table: Table, ec2: Any, name: str, instance: str, settings: Settings, now: float) -> View:
    """Look without doing anything."""
    from .machines import look

    return View(now, settings, table.load(name), look(ec2, instance))


def reconcile(
    table: Table,
    ec2: Any,
    name: str,
    instance: str,
    settings: Settings,
    now: float,
    random: Callable[[], str] = token,
) -> View:
    """Compare what should be with what is, act, and return what was observed afterwards.

    Safe to call at any time, twice, and from many places at once: who loses the write does not act. Errors of the table are
    raised; a refusal of EC2 is a notice in `observed`, because the next look tries again.
    """
    from .advance import advance
    from .machines import look

    for _ in range(TRIES):
        state = table.load(name)
        machine = look(ec2, instance)
        step = advance(now, settings, state, machine)
        if not save(table, step, now, random):
            continue
        if step.action is None:
            return View(now, settings, written(step), machine)
        _, puts, again = answered(step, settings, act(ec2, step), now, random)
        # Losing this write is harmless: whoever won it looked at the machine after the call.
        table.transact([(name, puts)] if puts else [])
        if again:
            continue
        # Somebody may have asked for the opposite while EC2 was called.
        fresh = observe(table, ec2, name, instance, settings, now)
        if fresh.state.want.asked == step.want.asked:
            return fresh
    return observe(table, ec2, name, instance, settings, now)


def ask(
    table: Table,
    name: str,
    to: Literal["on", "off"],
    *,
    by: str,
    why: str,
    now: float,
    request_id: str = "",
    source: str = "",
    random: Callable[[], str] = token,
) -> Want:
    """Want it on or off. Returns what is wanted afterwards; `reconcile` then carries it out.

    Asking again for what is already on its way changes nothing. When it came true, or takes long, asking again is a new wish: it
    counts as activity, and a start that waits for capacity is tried at once. Of two opposite wishes of people at one moment the
    first written wins; the other raises Conflict with the winner's. A rule or the schedule never wins over a person that way.
    """
    first: Want | None = None
    for _ in range(TRIES):
        state = table.load(name)
        want = state.want
        if first is not None and want.asked != first.asked:
            if want.want == to:
                return want
            if want.want is not None and want.by not in NOBODY:
                raise Conflict(want)
        first = want
        recent = want.want == to and now - want.since < AGAIN
        if recent and state.observed.reached != want.asked:
            return want
        new = turned(want, to, by=by, why=why, at=now, request_id=request_id)
        puts = [put_of(name, new)]
        if not recent:
            told = {"what": "start" if to == "on" else "stop", "who": by, "why": why}
            puts.append(event(name, now, random(), {**told, "source": source} if source else told))
        if not table.transact([(name, puts)]):
            return new.changed(version=want.version + 1)
    raise Clash(f"{name}: too many wishes at once")


def change(
    table: Table,
    name: str,
    alter: Callable[[Want], Want],
    *,
    now: float,
    told: Mapping[str, Any] | None = None,
    random: Callable[[], str] = token,
) -> Want:
    """Change anything else of what is wanted (reservation, leases, auto-stop, password_version), with an event `told` in the same
    write. `alter` is called again on what somebody else wrote meanwhile; what it raises is raised.
    """
    for _ in range(TRIES):
        state = table.load(name)
        new = alter(state.want)
        if new.same(state.want):
            return state.want
        puts = [put_of(name, new)]
        if told is not None:
            puts.append(event(name, now, random(), told))
        if not table.transact([(name, puts)]):
            return new.changed(version=state.want.version + 1)
    raise Clash(f"{name}: too many changes at once")


def take_report(table: Table, name: str, report: Mapping[str, Any], now: float) -> None:
    """Merge a validated report of the host into what is known of it (see signals.merged)."""
    from .signals import merged

    for _ in range(TRIES):
        state = table.load(name)
        new = merged(state.signals, report, now)
        if new.document() == state.signals.document():
            return
        try:
            table.put(put_of(name, new))
            return
        except Clash:
            continue
    raise Clash(f"{name}: too many reports at once")


def tell(table: Table, name: str, told: Mapping[str, Any], now: float, random: Callable[[], str] = token) -> None:
    """Put an event in the log: `told` has at least `what`, `who` and `why`; nothing secret."""
    table.put(event(name, now, random(), told))


def writes(step: Step, now: float, random: Callable[[], str]) -> list[Put]:
    """What a step changes, as items to write in one transaction; empty when nothing does."""
    state, puts = step.state, []
    if not step.want.same(state.want):
        puts.append(put_of(state.name, step.want))
    if not step.observed.same(state.observed):
        puts.append(put_of(state.name, step.observed))
    return puts + [event(state.name, now, random(), told) for told in step.events]


def save(table: Table, step: Step, now: float, random: Callable[[], str]) -> bool:
    """Write a step. False when somebody else wrote first: then nothing of it may be done."""
    puts = writes(step, now, random)
    return not puts or not table.transact([(step.state.name, puts)])


def act(ec2: Any, step: Step) -> Failure | None:
    """Start or stop the one instance of a saved step; why EC2 refused, or None."""
    from .machines import resize, start, stop

    if step.action == "stop":
        return stop(ec2, [step.machine.id])[step.machine.id]
    failure = resize(ec2, step.machine.id, step.type) if step.type else None
    return failure or start(ec2, [step.machine.id])[step.machine.id]


def answered(
    step: Step, settings: Settings, failure: Failure | None, now: float, random: Callable[[], str]
) -> tuple[State, list[Put], bool]:
    """What EC2's answer to a saved step means: the state it leads to, what to write, and whether to try the next size at once."""
    from .advance import Step
    from .settle import settle_start, settle_stop

    after = written(step)
    told: list[dict[str, Any]] = []
    observed, want, again = after.observed.copy(), after.want, False
    if step.action == "stop":
        settle_stop(now, observed, failure, told)
    else:
        want, again = settle_start(now, observed, want, settings, failure, told)
    changed = Step(after, step.machine)
    changed.want, changed.observed, changed.events = want, observed, told
    return written(changed), writes(changed, now, random), again


def written(step: Step) -> State:
    """The state as the saved step left it: with the versions that were written."""
    state = step.state
    want, observed = step.want, step.observed
    if not want.same(state.want):
        want = want.changed(version=state.want.version + 1)
    if not observed.same(state.observed):
        observed = observed.copy()
        observed.version = state.observed.version + 1
    return State(state.name, want, state.signals, observed)
