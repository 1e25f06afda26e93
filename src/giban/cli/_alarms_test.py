"""`giban alarms test`: a post at the topic, followed until every channel that its route names has said something about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from giban.cli._alarms import Opened
    from giban.lifecycle.operate import Document

LIMIT = 90.0
"""Seconds to wait: the first message of a group waits (30 s unless the route says otherwise), a cold start takes a few."""
EVERY = 1.0
RECORDS = 200
"""How many of the newest records are looked through."""


def post_of(priority: str, service: str, operator: str, *, resolve: bool) -> dict[str, Any]:
    """The post of a test. Its key is the same for priority and service, so that `--resolve` ends what an earlier test began."""
    return {
        "key": f"giban-test/{priority}/{service}",
        "status": "resolved" if resolve else "firing",
        "priority": priority,
        "service": service,
        "title": "Test alarm",
        "text": f"Sent by {operator} with `giban alarms test {priority}`. Nothing is wrong.",
        "do": f"Nothing. It ends with `giban alarms test {priority} --resolve`.",
    }


def run(
    router: Opened,
    priority: str,
    service: str,
    *,
    resolve: bool,
    wait: bool,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Document:
    """Send it, and say where it arrived.

    Returns {"message" (id), "priority", "resolve", "expected" ([{"group", "channel"}]), "held_until", "arrived", "records",
    "due"}. `held_until`: the end of quiet hours that hold it, by the router's clock. `arrived`: every channel it is meant for
    has it or refused it, or the router has decided that nobody is told now. `due`: when the group says its next word, where
    that is later than anybody waits here.
    """
    from giban.lifecycle.alarms import explain

    post = post_of(priority, service, router.operator, resolve=resolve)
    now = float(router.call("list")["now"])
    (explained,) = explain(router.router, {**post, "status": "firing"}, now)
    told_at = [route["told_at"] for route in explained["routes"] if route["taken"]]
    held = min(told_at) if explained["outcome"] == "held" else None
    expected = [
        {"group": route["group"], "channel": channel}
        for route in explained["routes"]
        if route["taken"]
        for channel in route["to"]
    ]
    before = _newest(router) if wait else ""
    found: Document = {
        "message": router.post(post),
        "priority": priority,
        "resolve": resolve,
        "expected": expected,
        "held_until": held,
        "arrived": False,
        "records": [],
        "due": None,
    }
    end = clock() + LIMIT
    while wait and clock() < end:
        found["records"] = _records(router, explained["alert"]["key"], expected, before)
        found["arrived"] = is_over(found["records"], expected) or (held is not None and bool(found["records"]))
        if found["arrived"]:
            break
        found["due"] = _due(router, {item["group"] for item in expected}) if found["records"] else None
        if found["due"] is not None and found["due"]["in"] > LIMIT:
            break
        sleep(EVERY)
    return found


def is_over(records: list[Document], expected: list[Document]) -> bool:
    """Whether nothing more is to come: each channel has it or refused it, or nobody is told for now."""
    settled = [
        {"group": record.get("group"), "channel": record.get("channel")}
        for record in records
        if record.get("what") in ("delivered", "failed")
    ]
    return all(item in settled for item in expected) or any(record.get("what") == "suppressed" for record in records)


def _newest(router: Opened) -> str:
    records = router.call("history", limit=1).get("records") or []
    return str(records[0].get("id") or "") if records else ""


def _records(router: Opened, key: str, expected: list[Document], before: str) -> list[Document]:
    """What happened since to the alert and its groups, the oldest first."""
    groups = {item["group"] for item in expected}
    return [
        record
        for record in reversed(router.call("history", limit=RECORDS).get("records") or [])
        if str(record.get("id") or "") > before and (record.get("alert") == key or record.get("group") in groups)
    ]


def _due(router: Opened, groups: set[str]) -> Document | None:
    """When the groups say their next word: {"at", "in"}; `in` are seconds by the router's own clock."""
    answer = router.call("list")
    times = [group["due"] for group in answer.get("groups") or () if group["id"] in groups and group.get("due")]
    return {"at": min(times), "in": min(times) - answer["now"]} if times and "now" in answer else None
