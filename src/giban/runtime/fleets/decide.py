"""What to do with one target. Pure: what is, what should be and what is remembered come in, the next step goes out.

    first seen     what is as it should be is left alone. Running outside of the hours is taken for a start by hand: somebody
                   has just made it, or uses it. Off inside of the hours is turned on
    by hand        once AWS had taken over what was asked for, anything else is somebody's doing. On, outside of the hours:
                   respected for the grace of its schedules, at most until the next start. Off, inside of the hours: until a
                   schedule's next start. What AWS itself started or stopped (`Seen.by_aws`, a database after seven days) is
                   put right at once
    asked for      by an operator, until a stated time: in `state.manual`, like what was done by hand
    the schedules  otherwise
    size           while it is on by its schedules: minimum and maximum of the blueprint and the time of day, when these change

What is asked of AWS is asked again, less and less often, until it is taken over; whether it came true is looked at after that.
"""

from __future__ import annotations

from . import capacity
from .hours import grace, next_on, should_be
from .target import LATE, SIZED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from .seen import Seen
    from .state import State
    from .target import Target

SEVEN_DAYS = 7 * 86_400.0
"""Seconds a database stays stopped: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"""
EARLY = 3600.0
"""Seconds before that moment in which a start is AWS's all the same."""
AGAIN, SELDOM = 30.0, 900.0
"""Seconds until something is asked for again: the first time, and at most."""
SETTLE = 300.0
"""Seconds for which alarms stay muted when something is of use again: they need a few periods to see it."""
TOLD = ("cannot_stop", "no_effect", "refused", "missing", "broken")
"""Problems that somebody must hear of; the others pass."""


class Step:
    """What was decided about one target."""

    __slots__ = ("action", "events", "mute", "seen", "state", "target", "told")

    def __init__(self, target: Target, state: State, seen: Seen) -> None:
        self.target = target
        self.state = state
        """As it is to be remembered."""
        self.seen = seen
        self.action: Literal["on", "off"] | None = None
        """What to ask of AWS; `on` too when only the size is wrong."""
        self.mute: tuple[float, float | None] | None = None
        """From when until when its alarms are muted (None: until further notice); None: nothing changes."""
        self.events: list[dict[str, Any]] = []
        """To be written with the state."""
        self.told = 0
        """How many were written already."""

    @property
    def what(self) -> str:
        """The action as it is reported: on, off or size."""
        return "size" if self.action == "on" and self.seen.is_on else str(self.action)

    def tell(self, what: str, **more: Any) -> None:
        """Record something."""
        state = self.state
        said = {"what": what, "by": state.by, "why": state.why, **more}
        self.events.append({key: value for key, value in said.items() if value not in (None, "")})


def decide(now: float, target: Target, before: State, seen: Seen) -> Step:
    """The next step. `before` is not changed."""
    step = Step(target, before.copy(), seen)
    state = step.state
    if seen.power == "unknown" or (seen.power in ("missing", "broken") and state.goal is None):
        return step
    if seen.power in ("missing", "broken"):
        problem(step, now, seen.power, seen.detail or seen.status)
        return step
    if current(state) in ("missing", "broken") or (current(state) == "cannot_stop" and not seen.never):
        solved(step, now)
    _look_for_others(step, now)
    if state.manual and state.manual["until"] is not None and state.manual["until"] <= now:
        state.manual = None
    _aim(step, now)
    _drive(step, now)
    return step


def current(state: State) -> str:
    """Code of what stands in the way now, or ""."""
    return state.problem["code"] if state.problem and "ended" not in state.problem else ""


def problem(step: Step, now: float, code: str, detail: str) -> None:
    """Note why it does not go on; told of once."""
    if current(step.state) == code:
        return
    step.state.problem = {"code": code, "detail": detail, "since": now, "told": code not in TOLD}
    step.tell(code, detail=detail)


def solved(step: Step, now: float) -> None:
    """Nothing stands in the way any more."""
    known = step.state.problem
    if current(step.state) == "cannot_stop" and step.seen.never:
        # It would be told every evening.
        return
    if known and "ended" not in known:
        # Somebody who heard of it must hear of the end.
        step.state.problem = {**known, "ended": now, "told": False} if known["code"] in TOLD else None


def _look_for_others(step: Step, now: float) -> None:
    """Was it turned on or off by somebody else?"""
    state, seen, target = step.state, step.seen, step.target
    hours = should_be(target.schedules, now)
    if state.goal is None:
        state.goal = "on" if seen.is_on else "off"
        state.since, state.why, state.by = now, "first_seen", "outside"
        state.reached = now
        if seen.is_on and not hours.on and state.manual is None:
            _by_hand(step, now, "on", "first_seen")
        return
    if state.reached is None or not (seen.is_off if state.goal == "on" else seen.is_on):
        return
    _count_saved(step, now)
    state.effective = None
    if seen.by_aws or _is_restart(state, now):
        state.since, state.reached, state.tries, state.restart_at = now, None, 0, None
        step.tell("changed_by_aws", to="on" if seen.is_on else "off")
        return
    state.goal = "on" if seen.is_on else "off"
    state.since, state.why, state.by = now, "outside", "outside"
    # Its size is whatever that somebody chose; only what was suspended for the night has to go on.
    state.numbers = state.derived = None
    state.reached = None if target.kind in SIZED and seen.is_on else now
    state.tries, state.restart_at = 0, None
    if state.goal == "on" and state.muted is not None:
        step.mute = (state.muted, now + SETTLE + target.warm_up)
    if (state.goal == "on") != hours.on:
        _by_hand(step, now, state.goal, "outside")
    elif state.manual and state.manual["to"] != state.goal:
        state.manual = None
    step.tell("outside", to=state.goal)


def _by_hand(step: Step, now: float, to: str, why: str) -> None:
    schedules = step.target.schedules
    until = next_on(schedules, now)
    if to == "on":
        until = min(now + grace(schedules), now + grace(schedules) if until is None else until)
    step.state.manual = {"to": to, "by": "outside", "why": why, "at": now, "until": until}


def _is_restart(state: State, now: float) -> bool:
    return state.goal == "off" and state.restart_at is not None and now >= state.restart_at - EARLY


def _aim(step: Step, now: float) -> None:
    """What it should be now; a new goal when it was another."""
    state, seen, target = step.state, step.seen, step.target
    hours, manual = should_be(target.schedules, now), state.manual
    goal: Literal["on", "off"] = manual["to"] if manual else "on" if hours.on else "off"
    why, by = (manual["why"], manual["by"]) if manual else (hours.why, "schedule")
    sized = target.kind in SIZED
    outside = bool(manual and manual["by"] == "outside")
    if goal == "off":
        if state.goal == "on":
            state.numbers = state.derived = None
            if sized and state.remembered is None:
                # What is remembered still was never put back, so it is what there was before.
                state.remembered = capacity.remember(seen)
            _turn(step, now, goal, why, by)
        return
    derived = capacity.derived(target, now) if sized and not outside else None
    if state.goal == "off":
        _count_saved(step, now)
        state.derived, state.numbers = derived, capacity.wanted(target, now, state, seen) if sized else None
        _turn(step, now, goal, why, by)
    elif derived is not None and derived != state.derived:
        state.derived, state.why, state.by = derived, why, by
        state.numbers = capacity.wanted(target, now, state, seen)
        if not capacity.as_asked(target, state, seen):
            state.since, state.reached, state.effective, state.tries = now, None, None, 0
            step.tell("size", **state.numbers)


def _turn(step: Step, now: float, goal: Literal["on", "off"], why: str, by: str) -> None:
    state = step.state
    state.goal, state.since, state.why, state.by = goal, now, why, by
    state.reached, state.effective, state.tries, state.restart_at = None, None, 0, None
    solved(step, now)
    step.tell(goal, **(state.numbers or {}))


def _drive(step: Step, now: float) -> None:
    """Ask for it, or see what became of it."""
    state, seen, target = step.state, step.seen, step.target
    if state.reached is None and _taken_over(step):
        state.reached, state.tries = now, 0
        if state.goal == "on":
            state.remembered = None
    late = now - state.since > LATE[target.kind]
    if state.reached is None:
        if state.goal == "off" and seen.never:
            return problem(step, now, "cannot_stop", seen.never)
        if late and current(state) in ("", "busy"):
            problem(step, now, "no_effect", seen.detail or seen.status)
        if seen.busy:
            if not current(state):
                problem(step, now, "busy", seen.status)
            return None
        if state.tries and 0 <= now - state.tried < min(AGAIN * 2.0 ** (state.tries - 1), SELDOM):
            return None
        if current(state) == "busy":
            solved(step, now)
        state.tries, state.tried = state.tries + 1, now
        step.action = state.goal
        if state.goal == "off":
            state.muted = state.muted if state.muted is not None else now
            step.mute = (state.muted, None)
        elif state.muted is not None:
            step.mute = (state.muted, now + SETTLE + target.warm_up)
        return None
    wholly = seen.ready and (seen.is_on if state.goal == "on" else seen.is_off)
    if state.effective is None and wholly:
        state.effective = now
        solved(step, now)
        if state.goal == "on" and state.muted is not None:
            until = min(now, max(state.tried, state.since) + target.warm_up) + SETTLE
            step.mute, state.muted = (state.muted, until), None
        if now > state.since:
            step.tell("effective", to=state.goal, after=round(max(0.0, now - state.since)))
    elif state.effective is None and late:
        problem(step, now, "no_effect", seen.detail or seen.status)
    if state.goal == "off" and seen.power == "off" and target.kind.startswith("rds"):
        at = seen.restart_at or state.restart_at or now + SEVEN_DAYS
        state.restart_at = at
    return None


def _taken_over(step: Step) -> bool:
    state, seen, target = step.state, step.seen, step.target
    if state.goal == "off":
        return seen.is_off
    return seen.is_on and (target.kind not in SIZED or capacity.as_asked(target, state, seen))


def _count_saved(step: Step, now: float) -> None:
    """Add what was not paid while it was off."""
    seconds = unpaid(step.state, now)
    step.state.saved_seconds += seconds
    step.state.saved_usd += seconds / 3600 * (step.target.hourly_usd or 0.0)


def unpaid(state: State, now: float) -> float:
    """Seconds it has been wholly off since it was last added up."""
    if state.goal != "off" or state.effective is None:
        return 0.0
    return max(0.0, now - state.effective)
