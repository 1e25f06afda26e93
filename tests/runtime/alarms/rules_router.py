"""A router without a table and without channels: the rules driven as the hands drive them, by a clock that jumps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from giban.runtime.alarms.rules import flow, intake, routing
from giban.runtime.alarms.rules.records import Outcome

START = 1_795_000_000.0
CHANNELS = {name: {"kind": "slack"} for name in ("team", "oncall", "owner")}


def config(*routes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"environment": "t", "region": "ap-northeast-2", "channels": CHANNELS, "routes": list(routes), **more}


def post(key: str, now: float, status: str = "firing", priority: str = "P2", **more: Any) -> dict[str, Any]:
    """An alert called `key`, as intake reads it."""
    raw = {"title": key, "key": key, "name": key, "status": status, "priority": priority, "service": "web", **more}
    (alert,) = intake.read(raw, config(), now)
    return alert


class Router:
    """Keeps what the table would keep."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.alerts: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.silences: list[dict[str, Any]] = []
        self.mutes: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.now = 0.0

    @property
    def firing(self) -> list[dict[str, Any]]:
        return [alert for alert in self.alerts.values() if routing.inhibits(alert, self.config)]

    def take(self, now: float, alert: Mapping[str, Any]) -> None:
        self.now = max(self.now, now)
        known = self.alerts.get(alert["key"])
        ids = flow.groups_of(alert, known, self.config, now)
        groups = {id: self.groups.get(id) for id in ids}
        before = json.dumps([alert, known, groups], sort_keys=True)
        outcome = flow.take(now, alert, known, groups, self.config, self.silences, self.mutes, self.firing)
        assert json.dumps([alert, known, groups], sort_keys=True) == before, "take changed what it was given"
        assert set(outcome.groups) <= set(ids), "a group that was not asked for cannot be written on condition"
        if outcome.alert is not None:
            self.alerts[outcome.alert["key"]] = outcome.alert
        self._keep(outcome)

    def look(self, now: float, *, everything: bool = False) -> None:
        """What is due; `everything`: also what is not."""
        self.now = max(self.now, now)
        for id in sorted(self.groups):
            group = self.groups[id]
            due = flow.due(group)
            if not everything and (due is None or due > now):
                continue
            alerts = {key: self.alerts[key] for key in flow.keys_of(group) if key in self.alerts}
            before = json.dumps(group, sort_keys=True)
            outcome = flow.advance(now, group, alerts, self.config, self.silences, self.mutes, self.firing)
            assert json.dumps(group, sort_keys=True) == before, "advance changed what it was given"
            assert outcome.group is not None
            later = flow.due(outcome.group)
            assert later is None or later > now, f"due at {later}, which is not after {now}: {outcome.group}"
            assert (later is None) == (outcome.group["closed"] is not None)
            self._keep(outcome)

    def acknowledge(self, now: float, who: str = "kim", undo: bool = False) -> None:
        for id in sorted(self.groups):
            done = flow.unacknowledge if undo else flow.acknowledge
            self._keep(done(now, self.groups[id], who))

    def due(self) -> float | None:
        return min((due for group in self.groups.values() if (due := flow.due(group)) is not None), default=None)

    def run(self, until: float) -> None:
        """Look whenever something is due, up to and at `until`."""
        for _ in range(100_000):
            due = self.due()
            if due is None or due > until:
                return
            self.look(max(due, self.now))
        raise AssertionError("it never comes to rest")

    def _keep(self, outcome: Outcome) -> None:
        for id, group in outcome.groups.items():
            assert id == group["id"]
            assert len(json.dumps(group)) < 200_000
            self.groups[id] = group
        self.messages += outcome.messages
        self.history += outcome.history

    def reasons(self) -> list[tuple[str, str, list[str]]]:
        """What of the history says why something was not told."""
        return [
            (found["what"], found["reason"], found["alerts"])
            for found in self.history
            if found["what"] in ("suppressed", "held", "closed", "exhausted", "unacknowledged")
        ]


MARKS = {"new": "+", "event": "!", "firing": "~", "resolved": "-"}


def told(message: Mapping[str, Any]) -> str:
    """`firing: +a +b`, with `xN` for occurrences and `(N more)`."""
    parts = [
        f"{MARKS[alert['state']]}{alert['name']}" + (f"x{alert['times']}" if alert["times"] > 1 else "")
        for alert in message["alerts"]
    ]
    if message["more"]:
        parts.append(f"({message['more']} more)")
    return f"{message['kind']}: {' '.join(parts)}".strip().removesuffix(":")
