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

FLEETS = os.path.exists(os.path.join(os.path.dirname(os.path.dirname(__file__)), "fleets"))
"""Whether this archive knows power schedules; without any in the blueprint the package is left out."""
_secrets_seen: set[str] = set()
"""Host secrets that have a value, as far as this process knows."""


class KeeperFailed(Exception):  # noqa: N818 - says what, like the other errors here
    """Some workstations could not be looked after; the others were. Raised last, so that the function's error is seen."""


def handle(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """Lambda's entry: a tick, an operator's question about power schedules (`fleets.operator`), or an event of EC2 about one
    instance. Instances of somebody else are none of its business.
    """
    if "operator" in event:
        from ..fleets.entry import answer

        return answer(event, clock.now())
    text = os.environ.get("GIBAN_WORKSTATIONS") or "{}"
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
        done = _tick(text, fleet, now)
    print(json.dumps(done, sort_keys=True))
    if done["failed"]:
        raise KeeperFailed(", ".join(sorted(done["failed"])))
    return done


def _tick(text: str, fleet: Fleet, now: float) -> dict[str, Any]:
    """Workstations, then what has a power schedule; trouble with the one keeps nobody from looking after the other."""
    done: dict[str, Any] = {"looked_at": 0, "failed": []}
    trouble = None
    if fleet:
        try:
            table, ec2 = _clients()
            from .tick import tick

            done = tick(table, ec2, fleet, os.environ["GIBAN_PREFIX"], now)
        except Exception as error:
            trouble = error
    if FLEETS:
        from ..fleets.entry import look_after

        look_after(done, now)
    if trouble is not None:
        print(json.dumps(done, sort_keys=True))
        raise trouble
    # After the ticks: whatever is wrong with a secret keeps no machine running.
    fill_in_secrets(text, lambda: client("secretsmanager"))
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
            from ..common.first_values import value_of
            from .first_values import host_value

            value_of(secrets(), arn, lambda: host_value(os.urandom))
            _secrets_seen.add(arn)
