"""The table of the alarms (`common.store`), and what its items are.

alert      key                     one problem, as the rules remember it
inhibitor  key                     a copy of an alert that may mute others: one Query finds all
group      id                      what is told together
silence, mute   id                 by people; by the keeper, for stops it planned
seen       id of a notice          exact duplicates of SNS and SQS; a day
outbox/<channel>   time#sequence#id   messages not delivered yet: one Query reads a channel's next ones, however long its queue
channel    name                    who sends now, how it is, when it is tried again
thread     thread/channel          where the first message of an incident stands; 30 days
wake       next                    when the next turn is arranged
dead       time#id                 messages no channel would take; 90 days
history/<day>   time#…             what happened; 90 days
"""

from __future__ import annotations

from ..common.aws import code_of
from ..common.store import Clash, Put, Store, alive, item_of
from ..common.times import iso_exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ..common.store import Item

DAY = 86_400.0
SEEN_LIFE, THREAD_LIFE, HISTORY_LIFE = DAY, 30 * DAY, 90 * DAY
PAGE = 25


class Table(Store):
    """Reads and conditional writes. `client` is botocore's DynamoDB client."""

    def finish(self, item: Item, puts: Iterable[Put]) -> None:
        """Delete an item and write others, all or nothing. Raises Clash when the item is not as it was read."""
        delete = {
            "TableName": self.name,
            "Key": {"pk": {"S": item.pk}, "sk": {"S": item.sk}},
            "ConditionExpression": "#v = :v",
            "ExpressionAttributeNames": {"#v": "version"},
            "ExpressionAttributeValues": {":v": {"N": str(item.version)}},
        }
        items = [{"Delete": delete}, *({"Put": put.request(self.name)} for put in puts)]
        for _ in range(3):
            try:
                self.client.transact_write_items(TransactItems=items)
                return
            except Exception as error:
                if code_of(error) != "TransactionCanceledException":
                    raise
                reasons = getattr(error, "response", {}).get("CancellationReasons", ())
                if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                    break
        raise Clash(f"{item.pk} {item.sk}")

    def each(self, pk: str, now: float, page: int = PAGE) -> Iterator[Item]:
        """Items of a partition in order, read only as far as they are asked for."""
        for raw in self.raw(pk, newest_first=False, before=None, limit=page):
            item = alive(item_of(raw), now)
            if item is not None:
                yield item


def history(records: Iterable[Mapping[str, Any]], now: float, token: str) -> list[Put]:
    """Records as items to write along with what they tell of. `token`: random text that keeps two of one moment apart."""
    made = []
    for number, record in enumerate(records):
        at = record.get("at")
        text = iso_exact(at if isinstance(at, (int, float)) else now)
        made.append(Put(f"history/{text[:10]}", f"{text}#{number:03}{token}", record, None, now + HISTORY_LIFE))
    return made


def queued(message: Mapping[str, Any], now: float) -> Put:
    """A message as an item of its channel's outbox. Written once: the same decision has the same id."""
    import hashlib

    number = hashlib.sha256(str(message["id"]).encode()).hexdigest()[:16]
    sequence = message.get("sequence")
    at = iso_exact(float(message.get("at") or now))
    sk = f"{at}#{sequence if isinstance(sequence, int) else 0:06}#{number}"
    return Put(outbox_of(str(message["channel"])), sk, {"message": message, "attempt": 0, "next": 0.0}, 0)


def outbox_of(channel: str) -> str:
    """The partition of a channel's messages."""
    return f"outbox/{channel}"
