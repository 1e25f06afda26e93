"""A batch of our queue: notices that SNS brought, and our own wake-ups.

A record that cannot be read goes to the dead-letter queue at once, one that cannot be taken when it was received for the last
time; both are told as an alert of their own. The others of the batch are not kept waiting.
"""

from __future__ import annotations

import json

from ..common.aws import code_of
from ..common.store import Clash
from .faults import say
from .folding import Arrival
from .rules.intake import Unreadable, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .turn import Turn

LAST = 5
"""Receives of a message, maxReceiveCount of the queue."""
LONGEST_DELAY = 900
"""Seconds: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html."""
TITLE = 120


class Batch:
    """What came of the records: those to be delivered again, and whether a wake-up was among them."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.failed: list[str] = []
        self.wakes = False
        self.everything = False
        """Whether a wake-up asks to look at every group."""

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take all of them, together when that goes, else one by one."""
        ready: list[tuple[Mapping[str, Any], Arrival]] = []
        for record in records:
            raw = parsed(str(record.get("body") or ""))
            if isinstance(raw, dict) and raw.get("wake") is True:
                self.wakes = True
                self.everything = self.everything or raw.get("all") is True
                continue
            try:
                arrival = self._arrival(record, raw)
                if not self._put_off(record, arrival):
                    ready.append((record, arrival))
            except Unreadable as error:
                self._give_up(record, str(error))
            except Exception as error:
                self._fails(record, error)
        try:
            self.turn.take([arrival for _, arrival in ready])
        except Exception as error:
            if len(ready) == 1 or passing(error):
                for record, _ in ready:
                    self._fails(record, error)
                return
            for record, arrival in ready:
                try:
                    # Those that were taken already are known by now and count once.
                    self.turn.take([arrival])
                except Exception as again:
                    self._fails(record, again)

    def _arrival(self, record: Mapping[str, Any], raw: Any) -> Arrival:
        identity = raw.get("MessageId") if isinstance(raw, dict) else None
        seen = f"sns/{identity}" if isinstance(identity, str) and identity else f"sqs/{record['messageId']}"
        return Arrival(seen, read(raw, self.turn.world.config, self.turn.world.now()))

    def _put_off(self, record: Mapping[str, Any], arrival: Arrival) -> bool:
        """Whether it is too early for a notice: then it comes again, and what came in between has made it stale by then."""
        wait = max((alert.get("not_before", 0.0) for alert in arrival.alerts), default=0.0) - self.turn.world.now()
        if wait <= 0:
            return False
        self.turn.world.client("sqs").send_message(
            QueueUrl=self.turn.world.queue,
            MessageBody=str(record["body"]),
            DelaySeconds=min(int(wait) + 1, LONGEST_DELAY),
        )
        return True

    def _fails(self, record: Mapping[str, Any], error: Exception) -> None:
        reason = f"{type(error).__name__} {code_of(error)}".strip()
        say(error, code=code_of(error), message=record.get("messageId"))
        count = (record.get("attributes") or {}).get("ApproximateReceiveCount")
        if str(count).isdigit() and int(str(count)) >= LAST and not passing(error):
            self._give_up(record, reason)
        else:
            self.failed.append(str(record.get("messageId")))

    def _give_up(self, record: Mapping[str, Any], reason: str) -> None:
        """Into the dead-letter queue, and said so. When even that fails the record stays, and SQS moves it in the end."""
        body = str(record.get("body") or "")
        try:
            put_aside(self.turn, body, reason)
        except Exception as error:
            say(error, doing="the dead-letter queue")
            self.failed.append(str(record.get("messageId")))


def put_aside(turn: Turn, body: str, reason: str) -> None:
    """A notice nobody can read or take: into the dead-letter queue, and told. Raises when the queue does not take it."""
    turn.world.client("sqs").send_message(
        QueueUrl=turn.world.dead_queue,
        MessageBody=body or "(empty)",
        MessageAttributes={"reason": {"DataType": "String", "StringValue": reason[:250] or "unknown"}},
    )
    print(json.dumps({"dead": reason[:250]}))
    turn.tell(
        "unreadable", _about(reason), "A notice could not be understood",
        f"{reason[:500]} It lies in the dead-letter queue and begins with: {' '.join(body.split())[:TITLE]}",
    )  # fmt: skip


def parsed(body: str) -> Any:
    """A body's JSON, or its text when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def passing(error: BaseException) -> bool:
    """Whether it goes away by itself: the notice is not at fault, and comes again."""
    name = type(error).__name__
    return isinstance(error, Clash) or code_of(error) != "" or name.endswith(("ConnectionError", "TimeoutError"))


def _about(reason: str) -> str:
    """Notices that fail for one reason are one problem."""
    return "".join(letter if letter.isalnum() else "-" for letter in reason.split(":")[0].lower())[:60] or "unknown"
