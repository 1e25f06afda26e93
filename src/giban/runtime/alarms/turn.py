"""One turn of the router: what arrived is folded in, what is due is told, the outbox is delivered, and the next turn is arranged.

Waits of seconds are kept by messages to our own queue with DelaySeconds; what they miss is done by the tick a minute later.
"""

from __future__ import annotations

import json

from ..common.store import Clash, Put
from . import folding
from .faults import say
from .folding import Arrival, Done, GroupsFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .outbox import Outbox, Trouble
    from .world import World

LONGEST_DELAY = 60
"""Seconds; what is later than the next tick is left to it, which looks again. (SQS takes up to 900:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, DelaySeconds.)"""
WAKES = 10
"""Messages of one SendMessageBatch."""
ROUNDS = 3
"""How often troubles with one channel are told to the others within a turn; more is left to the next."""


class Turn:
    """What one invocation does. `out_of_time` tells when to come to an end."""

    def __init__(self, world: World, send: Any = None, out_of_time: Callable[[], bool] = lambda: False) -> None:
        """`send`: see outbox.Send; the real channels when left out."""
        self.world = world
        self.send = send
        self.out_of_time = out_of_time
        self.done = Done()
        self.failed: list[str] = []

    def take(self, arrivals: list[Arrival]) -> None:
        """Fold notices in. Raises what keeps them from being taken; nothing is half done then."""
        self.done.add(folding.take(self.world, arrivals, self.world.now()))

    def advance(self, *, everything: bool = False) -> None:
        """Do what is due in all groups. Groups that fail are told of, the others are done."""
        try:
            self.done.add(folding.advance(self.world, self.world.now(), everything=everything))
        except GroupsFailed as error:
            self.done.add(error.done)
            for name in error.names:
                self.tell(
                    "group-failed", name, f"The group {name} cannot be told", "The log of the function says where."
                )

    def finish(self, channels: Iterable[str] = ()) -> dict[str, Any]:
        """Deliver to the channels that got something (and these), arrange the next turn; what was done, for the log."""
        if self.done.all:
            self.done.all = False
            self.advance(everything=True)
        waiting = set(channels)
        again: dict[str, float] = {}
        for _ in range(ROUNDS):
            waiting |= self.done.channels
            self.done.channels = set()
            if not waiting:
                break
            outbox = self._outbox()
            later, troubles = outbox.deliver(waiting, self.out_of_time)
            again.update(later)
            waiting = set()
            for trouble in troubles:
                self._trouble(trouble)
        self._wake(self.done.dues | set(again.values()))
        return {"messages": self.done.messages, "again": sorted(again)}

    def _outbox(self) -> Outbox:
        # Most notices join a group and are told later: these do not need any of this.
        from .outbox import Outbox
        from .sending import Sender

        if self.send is None:
            self.send = Sender(self.world)
        if isinstance(self.send, Sender):
            self.send.prepare()
        return Outbox(self.world.table, self.send, self.world.now, self.world.token, self._random)

    def tell(self, name: str, about: str, title: str, text: str, status: str = "event") -> None:
        """An alert of the router about itself, one for each name and `about`.

        That it cannot be told is said in the log, and stops nothing.
        """
        from .rules import intake

        try:
            now = self.world.now()
            alert = intake.own(name, title, text, now, self.world.config, key=f"self:{name}:{about}", status=status)
            self.take([Arrival("", [alert])])
        except Exception as error:
            say(error, telling=name, about=about)

    def _trouble(self, trouble: Trouble) -> None:
        channel = trouble.channel
        if trouble.what == "refused":
            self.tell(
                "message-refused", channel, f"The channel {channel} refused a message",
                f"{trouble.reason} It was put aside: `giban alarms list` shows it.",
            )  # fmt: skip
        elif trouble.over:
            text = "What waited for it was delivered."
            self.tell("channel-down", channel, f"The channel {channel} takes messages again", text, "resolved")
        else:
            text = f"{trouble.reason} Messages wait and are delivered when it works again; nothing is lost."
            self.tell("channel-down", channel, f"The channel {channel} takes no messages", text, "firing")

    def _wake(self, times: set[float]) -> None:
        """Arrange the next turn, unless one is arranged that comes early enough: it looks at everything, and arranges the next.

        One for each notice would multiply: every turn that finds something waiting would arrange another.
        """
        now = self.world.now()
        soonest = min((due for due in times if due - now <= LONGEST_DELAY), default=None)
        if soonest is None:
            return
        delay = max(1, -int(-(soonest - now) // 1))
        try:
            found = self.world.table.get("wake", "next")
            if found is not None and now < float(found.doc["at"]) <= now + delay:
                return
            doc = {"at": now + delay}
            self.world.table.put(Put("wake", "next", doc, found.version if found else 0))
            wake(self.world, [delay])
        except Clash:
            # Somebody arranged one at this moment; the tick is there if that one is later.
            return
        except Exception as error:
            # The tick does it, a little later.
            say(error, doing="the wake-up")

    def _random(self) -> float:
        return int.from_bytes(self.world.random(4), "big") / 2**32


def wake(world: World, delays: Iterable[int], **what: Any) -> None:
    """Messages to our own queue that come in so many seconds."""
    queue, left = world.client("sqs"), sorted(set(delays))
    for first in range(0, len(left), WAKES):
        entries = [
            {"Id": str(number), "MessageBody": json.dumps({"wake": True, **what}), "DelaySeconds": delay}
            for number, delay in enumerate(left[first : first + WAKES])
        ]
        queue.send_message_batch(QueueUrl=world.queue, Entries=entries)
