"""The keeper: every minute, and whenever EC2 tells of a change, what is compares with what should be. Lambda's entry.

What a tick needs is imported when there is one: an event about somebody else's instance ends before.
"""

from __future__ import annotations

import json
import os

from ..common import clock
from ..common.aws import client
from .settings import Settings
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .tick import Fleet

STATE_CHANGE = "EC2 Instance State-change Notification"
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html"""
SPOT_WARNING = "EC2 Spot Instance Interruption Warning"
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""

_secrets_seen: set[str] = set()
"""Host secrets that have a value, as far as this process knows."""


class KeeperFailed(Exception):  # noqa: N818 - says what, like the other errors here
    """Some workstations could not be looked after; the others were. Raised last, so that the function's error is seen."""


def handle(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """Lambda's entry: a tick, or an event of EC2 about one instance. Instances of somebody else are none of its business."""
    text = os.environ["GIBAN_WORKSTATIONS"]
    fleet, now = fleet_of(text), clock.now()
    kind, detail = event.get("detail-type", ""), event.get("detail") or {}
    if event.get("source") == "aws.ec2" and kind in (STATE_CHANGE, SPOT_WARNING):
        found = [name for name, (instance, _) in fleet.items() if instance == detail.get("instance-id")]
        warning = str(detail.get("instance-action") or "stop") if kind == SPOT_WARNING else None
        done: dict[str, Any] = {"looked_at": len(found), "failed": []}
        if found:
            table, ec2 = _clients()
            from .tick import look_at_one

            for name in found:
                look_at_one(table, ec2, fleet, name, now, warning)
    else:
        table, ec2 = _clients()
        from .tick import tick

        done = tick(table, ec2, fleet, os.environ["GIBAN_PREFIX"], now)
        # After the tick: whatever is wrong with a secret keeps no machine running.
        fill_in_secrets(text, lambda: client("secretsmanager"))
    print(json.dumps(done, sort_keys=True))
    if done["failed"]:
        raise KeeperFailed(", ".join(sorted(done["failed"])))
    return done


def _clients() -> tuple[Table, Any]:
    return Table(client("dynamodb"), os.environ["GIBAN_TABLE"]), client("ec2")


def fleet_of(text: str) -> Fleet:
    """GIBAN_WORKSTATIONS: JSON of name to {"instance", "settings", …}. Raises ValueError for settings that are wrong."""
    return {
        name: (entry["instance"], Settings.of(entry.get("settings") or {})) for name, entry in json.loads(text).items()
    }


def fill_in_secrets(text: str, secrets: Callable[[], Any]) -> None:
    """Give host secrets without a value their first one: a new host waits for it. Looked at once in the life of a process."""
    for entry in json.loads(text).values():
        arn = entry.get("host_secret")
        if arn and arn not in _secrets_seen:
            from .first_values import host_value, value_of

            value_of(secrets(), arn, lambda: host_value(os.urandom))
            _secrets_seen.add(arn)
