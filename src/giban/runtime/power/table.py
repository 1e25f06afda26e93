"""The table of the workstations (DynamoDB): items of a JSON document each, written on condition of their version.

An item is `pk`, `sk`, `version` (a number), `doc` (the document as JSON text: one value, because reading 5,000 items value by
value is what takes time) and, where it ends, `expires` (seconds since 1970; DynamoDB removes it some time later, so readers
check it).

    pk "want", "evidence", "observed"   sk workstation      one Query in pages reads all workstations
    pk "event/<workstation>"            sk time#random      what was decided and done; kept 90 days
    pk "device/…", "code/…", "nonce/…", "lock/…", "totp/…"  the admin API's

Needs on the table: dynamodb:BatchGetItem, GetItem, Query, PutItem, DeleteItem (a transaction of puts is PutItem:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
"""

from __future__ import annotations

import json

from .aws import code_of
from .observed import Observed
from .signals import Signals
from .times import iso_exact
from .want import Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

TRIES = 12
"""How often a change is made again on what somebody else wrote meanwhile."""
MOST_WRITES = 100
"""Items of one transaction: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html."""
EVENT_LIFE = 90 * 86_400.0
"""Seconds an event is kept."""
KINDS = ("want", "evidence", "observed")


class Clash(Exception):  # noqa: N818 - an answer, not an error
    """Somebody else wrote the item first."""


class Conflict(Exception):  # noqa: N818 - an answer, not an error
    """The opposite action won. `want` says what is wanted now, by whom and why."""

    def __init__(self, want: Want) -> None:
        super().__init__(f"{want.by or 'somebody'} turned it {want.want or 'over to nobody'} at the same moment")
        self.want = want


class Item:
    """An item as it was read."""

    __slots__ = ("doc", "expires", "pk", "sk", "version")

    def __init__(self, pk: str, sk: str, doc: dict[str, Any], version: int, expires: float | None = None) -> None:
        self.pk = pk
        self.sk = sk
        self.doc = doc
        self.version = version
        self.expires = expires


class Put:
    """An item to be written if it still has `version` (0 = if there is none; None = in any case)."""

    __slots__ = ("doc", "expires", "pk", "sk", "version")

    def __init__(
        self, pk: str, sk: str, doc: Mapping[str, Any], version: int | None, expires: float | None = None
    ) -> None:
        self.pk = pk
        self.sk = sk
        self.doc = doc
        self.version = version
        self.expires = expires

    def request(self, table: str) -> dict[str, Any]:
        """The parameters of PutItem."""
        item = {
            "pk": {"S": self.pk},
            "sk": {"S": self.sk},
            "version": {"N": str((self.version or 0) + 1)},
            "doc": {"S": json.dumps(self.doc, ensure_ascii=False, sort_keys=True, separators=(",", ":"))},
        }
        if self.expires is not None:
            item["expires"] = {"N": str(int(self.expires))}
        made: dict[str, Any] = {"TableName": table, "Item": item}
        if self.version == 0:
            made["ConditionExpression"] = "attribute_not_exists(pk)"
        elif self.version is not None:
            # `version` is no reserved word of DynamoDB, but only a name with # is safe from the next one.
            made["ConditionExpression"] = "#v = :v"
            made["ExpressionAttributeNames"] = {"#v": "version"}
            made["ExpressionAttributeValues"] = {":v": {"N": str(self.version)}}
        return made


class State:
    """What the table holds of one workstation; each part carries the version it was read at."""

    __slots__ = ("name", "observed", "signals", "want")

    def __init__(
        self, name: str, want: Want | None = None, signals: Signals | None = None, observed: Observed | None = None
    ):
        self.name = name
        self.want = want or Want()
        self.signals = signals or Signals()
        self.observed = observed or Observed()


class Table:
    """Reads and conditional writes. `client` is botocore's DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def get(self, pk: str, sk: str, now: float | None = None) -> Item | None:
        """One item, read consistently; None when there is none, or when it expired before `now`."""
        answer = self.client.get_item(TableName=self.name, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
        return _alive(_item(answer["Item"]), now) if "Item" in answer else None

    def put(self, put: Put) -> None:
        """Write one item. Raises Clash when its condition does not hold."""
        try:
            self.client.put_item(**put.request(self.name))
        except Exception as error:
            if code_of(error) not in ("ConditionalCheckFailedException", "TransactionConflictException"):
                raise
            raise Clash(f"{put.pk} {put.sk}") from None

    def take(self, pk: str, sk: str, now: float | None = None) -> Item | None:
        """Delete one item and return it; of several at once exactly one gets it. None: there was none, or it had expired."""
        answer = self.client.delete_item(
            TableName=self.name, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ReturnValues="ALL_OLD"
        )
        return _alive(_item(answer["Attributes"]), now) if answer.get("Attributes") else None

    def change(
        self, pk: str, sk: str, alter: Callable[[dict[str, Any] | None], tuple[Mapping[str, Any], float | None]]
    ) -> None:
        """Read, alter, write; again when somebody else wrote meanwhile.

        `alter` gets the document (None: there is none) and returns the new one and when it expires. Raises Clash after too many
        tries.
        """
        for _ in range(TRIES):
            found = self.get(pk, sk)
            doc, expires = alter(found.doc if found else None)
            try:
                return self.put(Put(pk, sk, doc, found.version if found else 0, expires))
            except Clash:
                continue
        raise Clash(f"{pk} {sk}")

    def query(
        self,
        pk: str,
        *,
        now: float | None = None,
        newest_first: bool = False,
        before: str | None = None,
        limit: int = 0,
    ) -> list[Item]:
        """All items of a partition in the order of their sk, read in pages. `before`: only sk below it; `limit` 0 = all."""
        found: list[Item] = []
        for raw in self._raw(pk, newest_first=newest_first, before=before, limit=limit):
            item = _alive(_item(raw), now)
            if item is not None:
                found.append(item)
            if limit and len(found) == limit:
                break
        return found

    def transact(self, groups: Iterable[tuple[str, list[Put]]]) -> set[str]:
        """Write groups of items, each group whole or not at all; returns the names of the groups that lost against somebody else.

        As many groups as fit share one transaction; when one of them loses, the others are written without it.
        """
        lost: set[str] = set()
        batch: list[tuple[str, list[Put]]] = []
        size = 0
        for name, puts in groups:
            if size + len(puts) > MOST_WRITES:
                lost |= self._write(batch)
                batch, size = [], 0
            batch.append((name, puts))
            size += len(puts)
        return lost | self._write(batch)

    def load(self, name: str) -> State:
        """One workstation, read consistently in one call. Parts that are not there are new."""
        keys = [{"pk": {"S": kind}, "sk": {"S": name}} for kind in KINDS]
        found: dict[str, Item] = {}
        for _ in range(TRIES):
            answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": keys, "ConsistentRead": True}})
            for raw in answer["Responses"].get(self.name, ()):
                item = _item(raw)
                found[item.pk] = item
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not keys:
                return _state(name, found.get("want"), found.get("evidence"), found.get("observed"))
        raise Clash(f"{name}: the table is too busy to be read")

    def load_all(self) -> tuple[dict[str, State], set[str]]:
        """Every workstation that has an item, read consistently in pages: the calls grow with the pages.

        And the names of those with an item that cannot be read (somebody edited it by hand): one of them must not keep the others
        from being stopped.
        """
        found: dict[str, dict[str, Item]] = {kind: {} for kind in KINDS}
        unreadable = set()
        for kind in KINDS:
            for raw in self._raw(kind, newest_first=False, before=None, limit=0):
                try:
                    item = _item(raw)
                    found[kind][item.sk] = item
                except (KeyError, TypeError, ValueError):
                    unreadable.add(raw["sk"]["S"])
        states = {}
        for name in sorted({name for items in found.values() for name in items} - unreadable):
            try:
                states[name] = _state(name, *(found[kind].get(name) for kind in KINDS))
            except (AttributeError, TypeError, ValueError):
                unreadable.add(name)
        return states, unreadable

    def events(self, name: str, *, now: float, limit: int = 50, before: str | None = None) -> list[dict[str, Any]]:
        """Decisions and audit of one workstation, newest first; each with its `id`, which is `before` for the next page."""
        items = self.query(f"event/{name}", now=now, newest_first=True, before=before, limit=limit)
        return [{**item.doc, "id": item.sk} for item in items]

    def _raw(self, pk: str, *, newest_first: bool, before: str | None, limit: int) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk" + (" AND sk < :before" if before else ""),
            "ExpressionAttributeValues": {":pk": {"S": pk}, **({":before": {"S": before}} if before else {})},
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            **({"Limit": limit} if limit else {}),
        }
        while True:
            answer = self.client.query(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _write(self, groups: list[tuple[str, list[Put]]]) -> set[str]:
        lost: set[str] = set()
        for _ in range(TRIES):
            puts = [(name, put) for name, puts in groups for put in puts]
            if not puts:
                return lost
            try:
                self.client.transact_write_items(TransactItems=[{"Put": put.request(self.name)} for _, put in puts])
                return lost
            except Exception as error:
                if code_of(error) != "TransactionCanceledException":
                    raise
                reasons = getattr(error, "response", {}).get("CancellationReasons", ())
                codes = [reason.get("Code", "None") for reason in reasons]
                if any(
                    code not in ("None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError")
                    for code in codes
                ):
                    raise
                losers = {
                    name for (name, _), code in zip(puts, codes, strict=False) if code == "ConditionalCheckFailed"
                }
            # Without losers two transactions met and one was turned away: it is simply made again.
            lost |= losers
            groups = [group for group in groups if group[0] not in losers]
        return lost | {name for name, _ in groups}


def event(name: str, now: float, token: str, doc: Mapping[str, Any]) -> Put:
    """An event as an item to write along with what it tells of. `token`: random text that keeps two of one moment apart."""
    at = iso_exact(now)
    return Put(f"event/{name}", f"{at}#{token}", {"at": at, **doc}, None, now + EVENT_LIFE)


def put_of(name: str, part: Want | Signals | Observed) -> Put:
    """How a part of a workstation's state is written: on condition of the version it was read at."""
    pk = "want" if isinstance(part, Want) else "evidence" if isinstance(part, Signals) else "observed"
    return Put(pk, name, part.document(), part.version)


def _item(raw: Mapping[str, Any]) -> Item:
    expires = raw.get("expires")
    return Item(
        raw["pk"]["S"],
        raw["sk"]["S"],
        json.loads(raw["doc"]["S"]),
        int(raw["version"]["N"]),
        float(expires["N"]) if expires else None,
    )


def _alive(item: Item, now: float | None) -> Item | None:
    return None if now is not None and item.expires is not None and item.expires <= now else item


def _state(name: str, want: Item | None, evidence: Item | None, observed: Item | None) -> State:
    return State(
        name,
        Want(want.doc, want.version) if want else None,
        Signals(evidence.doc, evidence.version) if evidence else None,
        Observed(observed.doc, observed.version) if observed else None,
    )
