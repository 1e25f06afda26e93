"""A head in JSON and a body of any bytes, as one text of bytes: how the edge and an emulator hand a request to each other.

Sent as the request's own headers, a visitor's would get mixed with those that the guard and the emulator look at.
"""

from __future__ import annotations

import json
from typing import Any

VISIT_PATH = "/_giban/visit"
"""Where ministack takes a visitor's request from the edge (`visits`)."""
DOORS_PATH = "/_giban/doors"
"""Where ministack says which names of the blueprint's lead somewhere (`visits`)."""
EVENTS_PATH = "/_giban/events"
"""Where ministack takes events that only AWS itself may send (`aws_events`)."""
MACHINES_PATH = "/_giban/machines"
"""Where moto lists the instances that stand-in hosts are wanted for (`instance_states`)."""

TELEMETRY_PATH = "/_giban/telemetry"
"""Where ministack says what its functions and queues would tell CloudWatch (`telemetry`)."""
NOTICES_PATH = "/_giban/notices"
"""Where ministack takes what services tell each other (`notices`)."""
ROUTERS_PATH = "/_giban/routers"
"""Where ministack lists the functions that send alarms, with their configuration (`routers`)."""
INTERRUPT_PATH = "/_giban/interrupt"
"""Where moto takes the number of an instance that is to be interrupted (`monitor_groups`)."""


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """One text of bytes: the head's length, a line break, the head, the body."""
    text = json.dumps(head).encode()
    return b"%d\n%s%s" % (len(text), text, body)


def unpack(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The head and the body. Raises ValueError when the text is no frame."""
    length, line, rest = data.partition(b"\n")
    if not line or not length.isdigit() or len(rest) < int(length):
        raise ValueError("not a frame")
    head = json.loads(rest[: int(length)])
    if not isinstance(head, dict):
        raise ValueError("the head of a frame is an object")
    return head, rest[int(length) :]
