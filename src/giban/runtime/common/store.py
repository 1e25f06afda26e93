"""A DynamoDB table whose items are a JSON document each, written on condition of their version.

An item is `pk`, `sk`, `version` (a number), `doc` (the document as JSON text: one value, because reading 5,000 items value by
value is what takes time) and, where it ends, `expires` (seconds since 1970; DynamoDB removes it some time later, so readers
check it).

Needs on the table: dynamodb:BatchGetItem, GetItem, Query, PutItem, DeleteItem (a transaction of puts is PutItem:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
"""

from __future__ import annotations

import json

from .aws import code_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

TRIES = 12
"""How often a change is made again on what somebody else wrote meanwhile."""
MOST_WRITES = 100
"""Items of one transaction: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html."""
MOST_READS = 100
"""Items of one BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html."""


class Clash(Exception):  # noqa: N818 - an answer, not an error
    """Somebody else wrote the item first."""


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


class Store:
    """Reads and conditional writes. `client` is botocore's DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def get(self, pk: str, sk: str, now: float | None = None) -> Item | None:
        """One item, read consistently; None when there is none, or when it expired before `now`."""
        answer = self.client.get_item(TableName=self.name, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
        return alive(item_of(answer["Item"]), now) if "Item" in answer else None

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
        return alive(item_of(answer["Attributes"]), now) if answer.get("Attributes") else None

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
        for raw in self.raw(pk, newest_first=newest_first, before=before, limit=limit):
            item = alive(item_of(raw), now)
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

    def fetch(self, keys: Iterable[tuple[str, str]], now: float | None = None) -> dict[tuple[str, str], Item]:
        """Many items by (pk, sk), read consistently in batches of a hundred.

        Those that are not there, or had expired before `now`, are left out. Raises Clash when the table stays too busy to answer,
        ValueError for an item that somebody edited by hand.
        """
        found = {}
        for raw in self._fetch(keys):
            item = alive(item_of(raw), now)
            if item is not None:
                found[item.pk, item.sk] = item
        return found

    def _fetch(self, keys: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in sorted(set(keys))]
        for first in range(0, len(wanted), MOST_READS):
            part = wanted[first : first + MOST_READS]
            for _ in range(TRIES):
                answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": part, "ConsistentRead": True}})
                yield from answer["Responses"].get(self.name, ())
                part = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
                if not part:
                    break
            else:
                raise Clash(f"{self.name} is too busy to be read")

    def raw(self, pk: str, *, newest_first: bool, before: str | None, limit: int) -> Iterator[dict[str, Any]]:
        """The items of a partition as DynamoDB describes them, read consistently in pages. `limit`: of one page, 0 = none."""
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


def item_of(raw: Mapping[str, Any]) -> Item:
    """An item as DynamoDB describes it. Raises KeyError, TypeError or ValueError when it is not one of ours."""
    expires = raw.get("expires")
    return Item(
        raw["pk"]["S"],
        raw["sk"]["S"],
        json.loads(raw["doc"]["S"]),
        int(raw["version"]["N"]),
        float(expires["N"]) if expires else None,
    )


def alive(item: Item, now: float | None) -> Item | None:
    """The item, or None when it had expired before `now`; DynamoDB removes it some time later."""
    return None if now is not None and item.expires is not None and item.expires <= now else item
