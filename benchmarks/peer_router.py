"""The peer of `router.py`: a function as it is often deployed, which posts each notice to each webhook and tries three times.

No table: what is delivered twice is posted twice, what fails three times is gone, and a receiver that hangs holds the others up.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

TRIES = 3
PAUSE = 0.2
"""Seconds before the second try; twice as long before the third."""


def handle(event: dict[str, Any], channels: dict[str, tuple[str, ...]], patience: float) -> set[str]:
    """A batch. Nothing is ever given back to the queue."""
    for record in event["Records"]:
        notice = json.loads(json.loads(record["body"])["Message"])
        for channel in channels["alone" if notice["priority"] == "P1" else "grouped"]:
            post(channel, notice, record["messageId"], patience)
    return set()


def post(channel: str, notice: dict[str, Any], identity: str, patience: float) -> bool:
    """Whether somebody took it."""
    place = urlsplit(os.environ["GIBAN_INBOX"])
    body = json.dumps({"alerts": [notice], "count": 1})
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=patience)
        try:
            headers = {"content-type": "application/json", "x-giban-id": f"{channel}-{identity}"}
            connection.request("POST", f"/inbox/{channel}", body, headers)
            if connection.getresponse().status < 300:
                return True
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return False
