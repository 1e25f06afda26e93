"""Events that AWS itself sends, on ministack's EventBridge: PutEvents refuses `aws.*` sources there, as AWS does."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable
from typing import Any

from giban.rehearsal.frames import EVENTS_PATH

Event = dict[str, Any]
"""`account`, `region`, `source`, `detail-type`, `resources`, `detail`, named as EventBridge names them."""

_AT_ONCE = 10
"""Entries PutEvents takes. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""


def deliver(events: list[Event]) -> None:
    """Hand events to the rules of their account and region. Runs inside ministack."""
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge

    for account, region in dict.fromkeys((event["account"], event["region"]) for event in events):
        entries = [_entry(event) for event in events if (event["account"], event["region"]) == (account, region)]
        with request_scope(account, region):
            for start in range(0, len(entries), _AT_ONCE):
                eventbridge._put_events({"Entries": entries[start : start + _AT_ONCE]}, allow_aws_source=True)


def _entry(event: Event) -> dict[str, Any]:
    return {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
    }


class Emulator:
    """ministack or moto as giban's own processes ask it. `port` gives where it is, 0 while that is not known."""

    def __init__(self, port: Callable[[], int], token: str, timeout: float = 30) -> None:
        self._port = port
        self._token = token
        self._timeout = timeout

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of the answer. Raises OSError or HTTPException when there is none, or another one than 200."""
        there = self._port()
        if not there:
            raise ConnectionError("it has not started yet")
        connection = http.client.HTTPConnection("127.0.0.1", there, timeout=self._timeout)
        try:
            headers = {"X-Amz-Security-Token": self._token, "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise http.client.HTTPException(f"{answer.status} {content[:500]!r}")
            return content
        finally:
            connection.close()


def sender(port: Callable[[], int], token: str) -> Callable[[list[Event]], None]:
    """A function that sends events to ministack. `port` gives its port, 0 while it has none.

    What cannot be delivered is lost, with a line in the log: whoever needs certainty looks at the state itself.
    """
    emulator = Emulator(port, token)

    def send(events: list[Event]) -> None:
        if not port():
            return
        try:
            emulator.ask("POST", EVENTS_PATH, json.dumps(events).encode())
        except (OSError, http.client.HTTPException) as error:
            print(f"{len(events)} events were not delivered: {error}", file=sys.stderr)

    return send
