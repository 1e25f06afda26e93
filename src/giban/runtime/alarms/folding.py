"""Between the rules and the table: load what an alert or a group touches, ask the rules, write everything in one transaction.

Alert, groups, messages and history of a notice are written together or not at all, on condition of the versions that were read;
when somebody else wrote first, it is read and decided again. So a function killed anywhere has either done it or not, and of
several at once with the same notice one does it.
"""

from __future__ import annotations

from ..common.store import MOST_WRITES, TRIES, Clash, Put
from .rules import flow, routing
from .table import SEEN_LIFE, history, queued

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..common.store import Item
    from .world import World

UNITS = 25
"""Alerts folded into one transaction, as long as what they change fits."""


class TooMuch(Exception):  # noqa: N818 - an answer, not an error
    """More than one transaction can hold."""


class Arrival:
    """One notice: the identity under which it is remembered ("" = not at all) and its alerts."""

    __slots__ = ("alerts", "seen")

    def __init__(self, seen: str, alerts: list[dict[str, Any]]) -> None:
        self.seen = seen
        self.alerts = alerts


class Done:
    """What came of it: channels with new messages, when groups want to be looked at, whether all of them want to be."""

    __slots__ = ("all", "channels", "dues", "messages")

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.dues: set[float] = set()
        self.messages = 0
        self.all = False

    def add(self, other: Done) -> None:
        """Take over what another came to."""
        self.channels |= other.channels
        self.dues |= other.dues
        self.messages += other.messages
        self.all = self.all or other.all


class Context:
    """What holds for every alert at this moment."""

    __slots__ = ("config", "firing", "mutes", "now", "silences")

    def __init__(self, world: World, now: float) -> None:
        self.now = now
        self.config = world.config
        self.silences = [item.doc for item in world.table.query("silence", now=now)]
        self.mutes = [item.doc for item in world.table.query("mute", now=now)]
        found = world.table.query("inhibitor", now=now) if world.config.get("inhibit") else []
        self.firing = {item.sk: item.doc for item in found}


class Work:
    """One transaction in the making."""

    def __init__(self, world: World, context: Context) -> None:
        self.world = world
        self.context = context
        self.read: dict[tuple[str, str], Item | None] = {}
        self.changed: dict[tuple[str, str], tuple[dict[str, Any], float | None]] = {}
        self.seen: set[str] = set()
        self.messages: dict[str, dict[str, Any]] = {}
        self.records: list[dict[str, Any]] = []
        self.done = Done()

    def fetch(self, keys: Iterable[tuple[str, str]]) -> None:
        """Read what was not read yet, in one go."""
        missing = [key for key in keys if key not in self.read]
        if missing:
            found = self.world.table.fetch(missing, self.context.now)
            self.read.update({key: found.get(key) for key in missing})

    def doc(self, pk: str, sk: str) -> dict[str, Any] | None:
        """A document as it is now, with what was decided so far."""
        if (pk, sk) in self.changed:
            return self.changed[pk, sk][0]
        self.fetch([(pk, sk)])
        item = self.read[pk, sk]
        return item.doc if item else None

    def take(self, alert: dict[str, Any]) -> None:
        """Fold one alert in."""
        now, config = self.context.now, self.context.config
        known = self.doc("alert", alert["key"])
        ids = list(flow.groups_of(alert, known, config, now))
        self.fetch(("group", name) for name in ids)
        groups = {name: self.doc("group", name) for name in ids}
        outcome = flow.take(
            now,
            alert,
            known,
            groups,
            config,
            self.context.silences,
            self.context.mutes,
            list(self.context.firing.values()),
        )
        if outcome.alert is not None:
            self._keep_alert(outcome.alert)
        self.apply(outcome)

    def apply(self, outcome: Any) -> None:
        """Take over what the rules decided about groups, messages and history."""
        for name, group in outcome.groups.items():
            self.changed["group", name] = (group, flow.expires(group))
        for message in outcome.messages:
            self.messages[message["id"]] = message
        self.records += outcome.history

    def advance(self, names: Iterable[str], *, early: bool = False) -> None:
        """Do what is due in these groups; `early`: also where nothing seems to be."""
        now = self.context.now
        due = []
        for name in sorted(names):
            group = self.doc("group", name)
            if group is not None and (early or (flow.due(group) or now + 1) <= now):
                due.append((name, group))
        self.fetch(("alert", key) for _, group in due for key in flow.keys_of(group))
        for name, group in due:
            alerts = {key: found for key in flow.keys_of(group) if (found := self.doc("alert", key)) is not None}
            outcome = flow.advance(
                now,
                group,
                alerts,
                self.context.config,
                self.context.silences,
                self.context.mutes,
                list(self.context.firing.values()),
            )
            if outcome.messages or outcome.history or not _only_looked(group, outcome.groups.get(name)):
                self.apply(outcome)
            elif (later := flow.due(outcome.groups[name])) is not None:
                # Nothing to tell and nothing to write: every open group is looked at each minute.
                self.done.dues.add(later)

    def puts(self) -> list[Put]:
        """What is to be written; history last."""
        now = self.context.now
        made = [Put("seen", name, {}, 0, now + SEEN_LIFE) for name in sorted(self.seen)]
        for (pk, sk), (doc, expires) in sorted(self.changed.items()):
            item = self.read.get((pk, sk))
            # Nobody decides by the copy alone, so it needs no condition: the alert beside it has one.
            version = None if pk == "inhibitor" else item.version if item else 0
            made.append(Put(pk, sk, doc, version, expires))
        made += [queued(self.messages[name], now) for name in sorted(self.messages)]
        return made + history(self.records, now, self.world.token())

    def write(self) -> bool:
        """Write it all; False when somebody else was first. Raises TooMuch when it does not fit into one transaction."""
        puts = self.puts()
        rest: list[Put] = []
        if len(puts) > MOST_WRITES:
            rest = [put for put in puts if put.pk.startswith("history/")]
            puts = [put for put in puts if not put.pk.startswith("history/")]
            if len(puts) > MOST_WRITES:
                raise TooMuch(f"{len(puts)} items do not fit into one transaction.")
        if puts and self.world.table.transact([("all", puts)]):
            return False
        if rest:
            self.world.table.transact((str(number), [put]) for number, put in enumerate(rest))
        self._note()
        return True

    def _keep_alert(self, alert: dict[str, Any]) -> None:
        key = alert["key"]
        expires = flow.alert_expires(alert)
        before = self.doc("alert", key)
        self.changed["alert", key] = (alert, expires)
        if self.context.config.get("inhibit") and routing.inhibits(alert, self.context.config):
            self.changed["inhibitor", key] = (alert, expires)
            self.context.firing[key] = alert
            # What it muted is told now, or muted no more.
            self.done.all = self.done.all or (before or {}).get("status") != alert.get("status")

    def _note(self) -> None:
        self.done.messages += len(self.messages)
        self.done.channels |= {message["channel"] for message in self.messages.values()}
        for (pk, sk), (doc, _) in self.changed.items():
            if pk == "group":
                due, item = flow.due(doc), self.read.get((pk, sk))
                if due is not None and due != (flow.due(item.doc) if item else None):
                    self.done.dues.add(due)


def take(world: World, arrivals: list[Arrival], now: float) -> Done:
    """Fold notices into the table. Raises Clash when others were first too often; nothing is half done then."""
    done = Done()
    units = [(alert, arrival.seen, alert is arrival.alerts[-1]) for arrival in arrivals for alert in arrival.alerts]
    size = UNITS
    while units:
        size = min(size, len(units))
        try:
            work = _again(world, now, _folding(units[:size]))
        except TooMuch:
            if size == 1:
                raise
            size = (size + 1) // 2
            continue
        done.add(work.done)
        units = units[size:]
        size = UNITS
    return done


def advance(world: World, now: float, *, everything: bool = False) -> Done:
    """Do what is due in all groups; `everything`: look at each, because something that muted them is over.

    A group that cannot be advanced keeps the others waiting for nothing: it is left, and named in the error that is raised last.
    """
    done = Done()
    failed: list[str] = []
    context = Context(world, now)
    for item in world.table.query("group", now=now):
        due = flow.due(item.doc)
        if due is None:
            continue
        if due > now and not everything:
            done.dues.add(due)
            continue
        try:
            done.add(change(world, now, item.sk, _advancing(item.sk, everything), context))
        except Exception as error:
            from .faults import say

            say(error, group=item.sk)
            failed.append(item.sk)
    if failed:
        raise GroupsFailed(failed, done)
    return done


class GroupsFailed(Exception):  # noqa: N818 - says what, like the other errors here
    """Groups that could not be looked after; the others were: `done`."""

    def __init__(self, names: list[str], done: Done) -> None:
        super().__init__(", ".join(names))
        self.names = names
        self.done = done


def change(world: World, now: float, name: str, alter: Callable[[Work], None], context: Context | None = None) -> Done:
    """Alter one group (an acknowledgement, what is due) and write it. Raises Clash when others were first too often."""

    def fold(work: Work) -> None:
        work.fetch([("group", name)])
        alter(work)

    return _again(world, now, fold, context).done


def _advancing(name: str, early: bool) -> Callable[[Work], None]:
    return lambda work: work.advance([name], early=early)


def _folding(units: list[tuple[dict[str, Any], str, bool]]) -> Callable[[Work], None]:
    return lambda work: _fold(work, units)


def _only_looked(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> bool:
    """Whether a group is as it was, but for the time of its next look."""
    return after is not None and {**before, "due": None} == {**after, "due": None}


def _fold(work: Work, units: list[tuple[dict[str, Any], str, bool]]) -> None:
    work.fetch([("alert", alert["key"]) for alert, _, _ in units] + [("seen", name) for _, name, _ in units if name])
    # What the first look says is nearly always right, and saves a call for each; `take` reads what it missed.
    work.fetch(
        ("group", name)
        for alert, _, _ in units
        for name in flow.groups_of(alert, work.doc("alert", alert["key"]), work.context.config, work.context.now)
    )
    before = {name for _, name, _ in units if name and work.read["seen", name] is not None}
    for alert, name, last in units:
        if name in before or name in work.seen:
            continue
        work.take(alert)
        if name and last:
            work.seen.add(name)
    work.advance(sk for pk, sk in list(work.changed) if pk == "group")


def _again(world: World, now: float, fold: Callable[[Work], None], context: Context | None = None) -> Work:
    import time

    context = context or Context(world, now)
    for attempt in range(TRIES):
        work = Work(world, context)
        fold(work)
        if work.write():
            return work
        # Who lost waits a little, each another while, or the same ones meet again.
        time.sleep(world.random(1)[0] / 255 * 0.02 * (attempt + 1))
        context = Context(world, now)
    raise Clash("Others wrote first, again and again.")
