"""What an operator asks the keeper, and what it answers. The way in is lambda:Invoke, guarded by IAM; `operator` names who.

    {"operator": "kim", "action": "status"}                                 every target; or with "target": one
    {"operator": "kim", "action": "on", "target": "services.web"}           until the schedule turns it off; outside of the hours
                                                                            for the grace of its schedules
    {"operator": "kim", "action": "off", "target": "services.web"}          until a schedule's next start
    {"operator": "kim", "action": "on", "target": …, "until": 1795402800}   seconds since 1970; or "2026-11-21T20:00:00Z"
    {"operator": "kim", "action": "off", "target": …, "for": 7200}          seconds from now, by the keeper's clock
    {"operator": "kim", "action": "auto", "target": "services.web"}         back to the schedules, at once
    {"operator": "kim", "action": "history", "target": …, "limit": 50}      what was done, newest first

Answer: {"status": n, "body": {…}}.

    200  status: {"now": time, "targets": {name: DOCUMENT}}     history: {"target", "events": [{"at", "what", "by", "why", …}]}
         on, off, auto: {"target", "done": bool (it is as asked already), DOCUMENT's fields}
    400  {"code": "bad-request", "detail"}      wrong action, time, limit
    404  {"code": "no-target", "detail"}        with what it may have been meant to be
    409  {"code": "cannot-stop" | "changed", "detail"}   a read replica; or somebody else asked at the same moment
    502  {"code": "aws", "detail"}              AWS did not answer; what was asked is remembered and tried again

DOCUMENT, times as ISO 8601 in UTC, null where there is none:

    kind name
    power       on, off, starting, stopping, missing (AWS does not know it), broken, unknown (could not be looked at)
    status      AWS's own word (available, backing-up, …) or a short sentence
    effective   whether it is what it should be, and of use
    should      on or off: what the keeper drives to
    why         schedule, manual, outside, first_seen, always
    which       the schedules that decide
    since until when `should` began, when it ends by what is known now
    next        the next changes by the schedules alone: [{"at", "to"}], at most four
    manual      null or {"to", "by", "at", "until"}: what overrides the schedules
    capacity    null or {"min", "max", "desired", "count"}: what AWS says
    problem     null or {"code", "detail", "since"}: busy, cannot_stop, no_effect, refused, missing, broken
    saved       {"hours", "usd"}: not paid since it is known; usd null without a price
"""

from __future__ import annotations

from ..common.store import Clash
from ..common.times import iso, parsed
from .calls import Calls
from .decide import current, unpaid
from .hours import changes, grace, next_on, should_be
from .state import FLEET, State
from .tick import load_all, look, tick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .seen import Seen
    from .target import Target
    from .tick import World

ACTIONS = ("status", "on", "off", "auto", "history")
MOST_AHEAD = 400 * 86_400.0
"""Seconds: nothing is overridden for longer."""
MOST_EVENTS = 200


class Wrong(Exception):  # noqa: N818 - an answer, not an error
    """What is answered instead."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = {"status": status, "body": {"code": code, "detail": message}}


def operate(world: World, targets: Mapping[str, Target], event: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The answer to one request of an operator: {"status", "body"}. Errors of the table are raised."""
    try:
        return {"status": 200, "body": _done(world, targets, event, now)}
    except Wrong as wrong:
        return wrong.answer
    except Clash:
        return Wrong(409, "changed", "Somebody else changed it at the same moment; look, and ask again.").answer


def _done(world: World, targets: Mapping[str, Target], event: Mapping[str, Any], now: float) -> dict[str, Any]:
    action, who = event.get("action"), event.get("operator")
    if action not in ACTIONS:
        raise Wrong(400, "bad-request", f'There is no action "{action}"; there are {", ".join(ACTIONS)}.')
    if not (isinstance(who, str) and who.strip() and len(who) <= 200):
        raise Wrong(400, "bad-request", "Say who asks: operator.")
    name = event.get("target")
    if name is None and action == "status":
        return {"now": iso(now), "targets": documents(world, targets, now)}
    target = _target(targets, name)
    if action == "status":
        return {"now": iso(now), "targets": documents(world, {target.name: target}, now)}
    if action == "history":
        items = world.table.query(f"event/{target.name}", now=now, newest_first=True, limit=_limit(event.get("limit")))
        return {"target": target.name, "events": [item.doc for item in items]}
    _ask(world, target, str(action), who.strip(), _end(event, now), now)
    result = tick(world, targets, now, only={target.name})
    made = documents(world, {target.name: target}, now)[target.name]
    if target.name in result["failed"] and made["power"] == "unknown":
        raise Wrong(502, "aws", f"AWS did not answer: {made['status']}. It is remembered and tried again.")
    return {"target": target.name, "done": made["effective"], **made}


def documents(world: World, targets: Mapping[str, Target], now: float) -> dict[str, dict[str, Any]]:
    """Status documents of these targets, looked at now."""
    states, _ = load_all(world.table)
    seen = look(world, targets, Calls(world.monotonic() + world.time, world.monotonic))
    return {
        name: document(target, states.get(name) or State(name), seen[name], now) for name, target in targets.items()
    }


def document(target: Target, state: State, seen: Seen, now: float) -> dict[str, Any]:
    """A status document as this module's docstring describes it."""
    hours = should_be(target.schedules, now)
    manual = state.manual
    if manual and manual["until"] is not None and manual["until"] <= now:
        manual = None
    should = manual["to"] if manual else "on" if hours.on else "off"
    since, until = (manual["at"], manual["until"]) if manual else (hours.since, hours.until)
    as_it_should = seen.ready and (seen.is_on if should == "on" else seen.is_off) and state.goal in (should, None)
    seconds = unpaid(state, now)
    usd = state.saved_usd + seconds / 3600 * (target.hourly_usd or 0.0)
    code = current(state)
    return {
        "kind": target.kind,
        "name": target.where,
        "power": seen.power,
        "status": seen.status,
        "effective": as_it_should and (state.reached is not None or state.goal is None),
        "should": should,
        "why": ("manual" if manual["why"] == "asked" else manual["why"]) if manual else hours.why,
        "which": list(hours.which),
        "since": iso(since),
        "until": iso(until),
        "next": [{"at": iso(at), "to": "on" if on else "off"} for at, on in changes(target.schedules, now)],
        "manual": manual
        and {"to": manual["to"], "by": manual["by"], "at": iso(manual["at"]), "until": iso(manual["until"])},
        "capacity": None
        if seen.desired is None
        else {"min": seen.min, "max": seen.max, "desired": seen.desired, "count": seen.count},
        "problem": {"code": code, "detail": state.problem["detail"], "since": iso(state.problem["since"])}
        if code and state.problem
        else None,
        "saved": {
            "hours": round((state.saved_seconds + seconds) / 3600, 2),
            "usd": None if target.hourly_usd is None else round(usd, 2),
        },
    }


def _ask(world: World, target: Target, action: str, who: str, until: float | None, now: float) -> None:
    """Remember what is asked for."""
    if action == "off":
        seen = look(world, {target.name: target}, Calls(world.monotonic() + world.time, world.monotonic))[target.name]
        if seen.never:
            raise Wrong(409, "cannot-stop", f"{target.name}: {seen.never}.")
    manual = None
    if action != "auto":
        hours = should_be(target.schedules, now)
        if until is None and action == "on":
            # Within the hours until they end; outside of them like a start by hand.
            until = hours.until if hours.on else now + grace(target.schedules)
        elif until is None:
            until = next_on(target.schedules, now)
        manual = {"to": action, "by": who, "why": "asked", "at": now, "until": until}
        if action == "on" and not target.schedules:
            # It is on by itself.
            manual = None

    def alter(known: dict[str, Any] | None) -> tuple[dict[str, Any], None]:
        state = State(target.name, known)
        state.manual = manual
        # Whoever asks does not want to wait for the next try.
        state.tries = 0
        return state.document(), None

    world.table.change(FLEET, target.name, alter)


def _target(targets: Mapping[str, Target], name: Any) -> Target:
    if isinstance(name, str) and name in targets:
        return targets[name]
    from difflib import get_close_matches

    close = get_close_matches(str(name), list(targets), 1, 0.5)
    hint = f'Did you mean "{close[0]}"?' if close else f"There are {', '.join(sorted(targets)) or 'none'}."
    raise Wrong(404, "no-target", f'No power schedule has a target "{name}". {hint}')


def _end(event: Mapping[str, Any], now: float) -> float | None:
    seconds = event.get("for")
    if seconds is None:
        return _time(event.get("until"), now)
    if event.get("until") is not None or isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise Wrong(400, "bad-request", 'Give either "until", a time, or "for", seconds.')
    return _time(now + seconds, now)


def _time(value: Any, now: float) -> float | None:
    if value is None:
        return None
    found = parsed(value) if isinstance(value, str) and value.endswith("Z") else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = float(value)
    if found is None:
        raise Wrong(400, "bad-request", f'"{value}" is no time: write seconds since 1970, or "2026-11-21T20:00:00Z".')
    if not now < found <= now + MOST_AHEAD:
        raise Wrong(400, "bad-request", "The time must lie ahead, and at most 400 days.")
    return found


def _limit(value: Any) -> int:
    if value is None:
        return 50
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_EVENTS:
        raise Wrong(400, "bad-request", f"A limit lies between 1 and {MOST_EVENTS}.")
    return value
