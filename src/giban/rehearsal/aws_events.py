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


def sender(port: Callable[[], int], token: str) -> Callable[[list[Event]], None]:
    """A function that sends events to ministack. `port` gives its port, 0 while it has none.

    What cannot be delivered is lost, with a line in the log: whoever needs certainty looks at the state itself.
    """

    def send(events: list[Event]) -> None:
        there = port()
        if not there:
            return
        connection = http.client.HTTPConnection("127.0.0.1", there, timeout=30)
        try:
            headers = {"X-Amz-Security-Token": token, "Content-Type": "application/json"}
            connection.request("POST", EVENTS_PATH, json.dumps(events), headers)
            answer = connection.getresponse()
            if answer.status != 200:
                print(f"{len(events)} events were not taken: {answer.status} {answer.read(500)!r}", file=sys.stderr)
        except (OSError, http.client.HTTPException) as error:
            print(f"{len(events)} events were not delivered: {error}", file=sys.stderr)
        finally:
            connection.close()

    return send
