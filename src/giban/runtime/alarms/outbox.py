"""The outbox: what is to be delivered, until it was.

A channel has one sender at a time (a lease on its item), so messages keep their order and a channel that is down costs one try at
a time. Channels are delivered side by side: none waits for another. A message is deleted in the write that records its delivery;
a function killed before that write leaves it, and it is sent again.

    Later      the message waits (back-off, Retry-After), and what follows in its thread with it; other threads go on
               some in a row, or a Retry-After, and the channel rests
    Broken     the channel rests; told to the other channels, once
    Refused    once more as plain text, then put aside (pk="dead") and told
"""

from __future__ import annotations

from ..common.store import Clash, Put
from .channels import Broken, Later, Refused
from .faults import say
from .rules.backoff import next_try
from .table import HISTORY_LIFE, THREAD_LIFE, history, outbox_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..common.store import Item
    from .table import Table

    Send = Callable[
        [str, Mapping[str, Any], Mapping[str, Any], bool], tuple[Mapping[str, Any] | None, Callable[[], None]]
    ]
    """(channel, message, thread, plain) → (what to remember of the thread, what can still be done once it is recorded)."""

LEASE = 45.0
"""Seconds a sender has a channel; renewed while it works. A killed one is missed after this long."""
MARGIN = 15.0
"""Seconds of the lease a send may take; with less left it is renewed first."""
WINDOW = 50
"""Messages looked at in one go."""
SCAN = 500
"""Messages passed over at most, to find some that are due."""
IN_A_ROW = 5
"""Failures after which the channel rests: a receiver that fails a third of the time does so once in 250 messages."""
PLAIN_AFTER = 6
"""Failures of one message, while others get through, after which it is sent as plain text."""
BROKEN_REST = 60.0
"""Seconds a channel rests at least that somebody has to repair."""
MOST_WAIT = 3600.0
"""Seconds; nothing waits longer, so a clock that was set back (the rehearsal's can be) stops nothing."""
TOLD_AFTER = 600.0
"""Seconds a channel fails before the others are told; one that is Broken is told at once."""


class Trouble:
    """Something the other channels have to be told: `name` of the problem, or its end."""

    __slots__ = ("channel", "over", "reason", "what")

    def __init__(self, what: str, channel: str, reason: str, *, over: bool = False) -> None:
        self.what = what
        self.channel = channel
        self.reason = reason
        self.over = over


class Outbox:
    """Delivers. Safe to be used by many functions at once."""

    def __init__(
        self,
        table: Table,
        send: Send,
        now: Callable[[], float],
        token: Callable[[], str],
        random: Callable[[], float],
    ) -> None:
        """`send` delivers one message or raises Later, Refused, Broken; `random` is in [0, 1)."""
        self.table = table
        self.send = send
        self.now = now
        self.token = token
        self.random = random

    def deliver(
        self, channels: Iterable[str], out_of_time: Callable[[], bool] = lambda: False
    ) -> tuple[dict[str, float], list[Trouble]]:
        """Send what is due to these channels. Returns when each has to be looked at again (those that are done are left out),
        and what the others have to be told.
        """
        import threading

        again: dict[str, float] = {}
        troubles: list[Trouble] = []

        def work(channel: str) -> None:
            try:
                due = self._channel(channel, out_of_time, troubles)
                if due is not None:
                    again[channel] = due
            except Exception as error:
                # One channel's fault is not the others'. What it left is found by the next tick.
                say(error, channel=channel)

        threads = [threading.Thread(target=work, args=(channel,)) for channel in sorted(set(channels))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return again, troubles

    def _channel(self, channel: str, out_of_time: Callable[[], bool], troubles: list[Trouble]) -> float | None:
        """Send until nothing is due; the time of the next look, None when nothing waits or somebody else has the channel."""
        while True:
            now = self.now()
            if next(self.table.each(outbox_of(channel), now, 1), None) is None:
                return None
            desk = Desk(self, channel, troubles)
            rest = desk.claim(now)
            if rest is not None:
                return rest if rest > now else None
            try:
                due = desk.work(out_of_time)
            finally:
                desk.release()
            if desk.lost:
                return None
            # Whoever wrote meanwhile found the channel taken and left; so look once more after giving it back.
            if due is None:
                continue
            if due > self.now() or out_of_time():
                return max(due, desk.after)


class Desk:
    """One sender's hold of one channel."""

    def __init__(self, outbox: Outbox, channel: str, troubles: list[Trouble]) -> None:
        self.outbox = outbox
        self.table = outbox.table
        self.channel = channel
        self.troubles = troubles
        self.state: dict[str, Any] = {}
        self.version = 0
        self.lost = False

    @property
    def after(self) -> float:
        """The time before which nothing is tried."""
        return float(self.state.get("after") or 0.0)

    def claim(self, now: float) -> float | None:
        """Take the channel. None: it is ours; else when to look again (0: somebody else sends now)."""
        found = self.table.get("channel", self.channel)
        self.state, self.version = (dict(found.doc), found.version) if found else ({}, 0)
        if 0 < float(self.state.get("until") or 0.0) - now <= LEASE:
            return 0.0
        if 0 < self.after - now <= MOST_WAIT:
            return self.after
        try:
            self._write(now + LEASE)
        except Clash:
            return 0.0
        return None

    def release(self) -> None:
        """Give it back, with what was learnt about it."""
        if not self.lost:
            try:
                self._write(0.0)
            except Clash:
                self.lost = True

    def work(self, out_of_time: Callable[[], bool]) -> float | None:
        """Send what is due. Returns when the next is, None when nothing was left."""
        waiting: set[str] = set()
        soonest: float | None = None
        for item in self._window():
            message = item.doc["message"]
            thread = str(message.get("thread") or message.get("group") or message["id"])
            now = self.outbox.now()
            if out_of_time():
                return now
            if thread in waiting:
                continue
            due = float(item.doc.get("next") or 0.0)
            if 0 < due - now <= MOST_WAIT:
                waiting.add(thread)
                soonest = due if soonest is None else min(soonest, due)
                continue
            if not self._hold(now):
                return None
            tried = self._send(item, message, thread)
            if tried is not None:
                waiting.add(thread)
                soonest = tried if soonest is None else min(soonest, tried)
            if self.after > self.outbox.now():
                return self.after
        return soonest

    def _window(self) -> list[Item]:
        """The next messages: in order, and within a thread by their sequence, whatever two clocks said."""
        now = self.outbox.now()
        found: list[Item] = []
        passed = 0
        for item in self.table.each(outbox_of(self.channel), now):
            found.append(item)
            passed += 0 < float(item.doc.get("next") or 0.0) - now <= MOST_WAIT
            if len(found) - passed >= WINDOW or len(found) >= SCAN:
                break
        first: dict[str, int] = {}
        for place, item in enumerate(found):
            first.setdefault(_thread(item), place)
        return sorted(found, key=lambda item: (first[_thread(item)], item.doc["message"].get("sequence") or 0, item.sk))

    def _hold(self, now: float) -> bool:
        """Whether the channel is still ours for the next send."""
        if float(self.state["until"]) - now < MARGIN:
            try:
                self._write(now + LEASE)
            except Clash:
                self.lost = True
        return not self.lost

    def _send(self, item: Item, message: Mapping[str, Any], thread: str) -> float | None:
        """One message. None: it is off the list; else when it is due again."""
        place = f"{thread}/{self.channel}"
        known = self.table.get("thread", place)
        plain = bool(item.doc.get("plain"))
        try:
            remember, afterwards = self.outbox.send(self.channel, message, known.doc if known else {}, plain)
        except Later as answer:
            return self._later(item, answer)
        except Refused as answer:
            return self._refused(item, str(answer), plain or answer.final)
        except Broken as answer:
            return self._broken(str(answer))
        now = self.outbox.now()
        puts = self._told(item, "delivered", now)
        if remember:
            puts.append(Put("thread", place, {**(known.doc if known else {}), **remember}, None, now + THREAD_LIFE))
        self.table.finish(item, puts)
        self._works(now)
        afterwards()
        return None

    def _works(self, now: float) -> None:
        """It gets through (again)."""
        if self.state.get("told"):
            self.troubles.append(Trouble("channel", self.channel, "", over=True))
        self.state = {"until": self.state["until"], "last": now}

    def _fails(self, reason: str) -> None:
        now = self.outbox.now()
        failures = int(self.state.get("failures") or 0) + 1
        self.state |= {"failures": failures, "since": self.state.get("since") or now, "reason": reason[:300]}

    def _tell(self) -> None:
        if not self.state.get("told"):
            self.state["told"] = True
            self.troubles.append(Trouble("channel", self.channel, str(self.state.get("reason") or "")))

    def _later(self, item: Item, answer: Later) -> float:
        self._fails(str(answer))
        now = self.outbox.now()
        attempt = int(item.doc.get("attempt") or 0) + 1
        due = now + min(MOST_WAIT, next_try(attempt, answer.after, self.outbox.random))
        doc = {**item.doc, "attempt": attempt, "next": due, "reason": str(answer)[:300]}
        if answer.unsure:
            doc["unsure"] = int(item.doc.get("unsure") or 0) + 1
        if attempt >= PLAIN_AFTER and float(self.state.get("last") or 0.0) > float(
            item.doc["message"].get("at") or now
        ):
            # Others get through: perhaps it is the form of this one that the receiver chokes on.
            doc["plain"] = True
        self.table.put(Put(item.pk, item.sk, doc, item.version, item.expires))
        failures = int(self.state["failures"])
        if answer.after is not None:
            self.state["after"] = now + min(MOST_WAIT, answer.after)
        elif failures >= IN_A_ROW:
            self.state["after"] = now + min(MOST_WAIT, next_try(failures - IN_A_ROW + 1, None, self.outbox.random))
        if now - float(self.state["since"]) >= TOLD_AFTER:
            self._tell()
        return due

    def _broken(self, reason: str) -> float:
        self._fails(reason)
        rest = max(BROKEN_REST, next_try(int(self.state["failures"]), None, self.outbox.random))
        self.state["after"] = self.outbox.now() + min(MOST_WAIT, rest)
        self._tell()
        return self.after

    def _refused(self, item: Item, reason: str, final: bool) -> float | None:
        now = self.outbox.now()
        if not final:
            doc = {**item.doc, "plain": True, "reason": reason[:300]}
            self.table.put(Put(item.pk, item.sk, doc, item.version, item.expires))
            # Due at once: the next look sends it as plain text.
            return now
        dead = Put("dead", item.sk, {**item.doc, "reason": reason[:300], "at": now}, None, now + HISTORY_LIFE)
        self.table.finish(item, [dead, *self._told(item, "failed", now, reason)])
        alerts = item.doc["message"].get("alerts") or ()
        # About a message about us nobody is told: that would go round and round.
        if not alerts or any(alert.get("kind") != "self" for alert in alerts):
            self.troubles.append(Trouble("refused", self.channel, reason))
        return None

    def _told(self, item: Item, what: str, now: float, reason: str = "") -> list[Put]:
        message = item.doc["message"]
        record = {
            "at": now,
            "what": what,
            "alert": None,
            "group": message.get("group"),
            "reason": str(message.get("kind") or ""),
            "text": str(message["id"]),
            "by": None,
            "until": None,
            "channel": self.channel,
            "attempt": int(item.doc.get("attempt") or 0) + 1,
        }
        return history([{**record, "error": reason[:300]} if reason else record], now, self.outbox.token())

    def _write(self, until: float) -> None:
        doc = {**self.state, "until": until}
        self.table.put(Put("channel", self.channel, doc, self.version))
        self.state, self.version = doc, self.version + 1


def _thread(item: Item) -> str:
    message = item.doc["message"]
    return str(message.get("thread") or message.get("group") or message["id"])
