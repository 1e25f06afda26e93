"""What follows from a look at one workstation. Pure: from what is known and seen to what is wanted now and has to be done.

Rules that are not in `decide`:

- A machine that somebody started or stopped outside of giban (console, command line, `shutdown` inside) is left as it is:
  nobody's wish (`want` None) replaces what was asked for earlier. A machine that runs that way still follows the rules of
  `decide`; a stopped one stays stopped until somebody or the schedule asks.
- "Outside" is a change after the last wish had come true (`reached`). LaunchTime tells a new launch from an old answer of EC2,
  and a change within `LATE` seconds of an own call in the same direction was that call arriving late: then the wish holds.
- pending and stopping are waited for. A wish that comes meanwhile is kept and carried out afterwards.
- The schedule starts a machine when the last scheduled time is at most schedule.CATCH_UP ago and nothing was decided since:
  whoever stopped it after that time wins.
- A start that was asked for and did not come true for `GIVE_UP` seconds, or ends in a stop again `MOST_STARTS` times, is given up
  and said: nobody wants a machine to come up at night because capacity came back.
"""

from __future__ import annotations

from ..common.schedule import CATCH_UP, previous
from ..common.times import iso
from .decide import Evidence, decide
from .machines import GONE
from .settle import cannot_start, capacity_round, is_capacity, is_failed_start
from .want import turned, unreserved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from .decide import Decision
    from .machines import Machine
    from .observed import Observed
    from .settings import Settings
    from .table import State
    from .want import Want

LATE = 60.0
"""Seconds within which an own call to EC2 takes effect, also when another wish overtook it (aws.py: four tries of 10 s)."""
REPEAT = 20.0
"""Seconds before a start or stop that shows no effect is called again."""
GIVE_UP = 2 * 3600.0
MOST_STARTS = 5

OUTSIDE = {
    "Client.InstanceInitiatedShutdown": "shut_down_inside",
    "Server.ScheduledStop": "aws_maintenance",
    "Server.SpotInstanceShutdown": "spot_interrupted",
    "Server.SpotInstanceTermination": "spot_interrupted",
}
"""Why a machine stopped, by EC2's code of the change; any other code: stopped_outside."""


class Step:
    """What is to be written, and then done."""

    __slots__ = ("action", "decision", "events", "machine", "observed", "state", "type", "want")

    def __init__(self, state: State, machine: Machine) -> None:
        self.state = state
        """As it was loaded."""
        self.machine = machine
        self.want: Want = state.want
        self.observed = state.observed.copy()
        self.events: list[dict[str, Any]] = []
        self.action: Literal["start", "stop"] | None = None
        self.type = ""
        """The instance type to change to before the start, "" = as it is."""
        self.decision: Decision | None = None
        """Of a running machine."""

    def tell(self, what: str, who: str, why: str, **more: Any) -> None:
        """Put an event in the log."""
        self.events.append(
            {"what": what, "who": who, "why": why, **{name: value for name, value in more.items() if value}}
        )

    def turn(self, to: Literal["on", "off"] | None, by: str, why: str, now: float) -> None:
        """Change what is wanted, and put it in the log."""
        self.want = turned(self.want, to, by=by, why=why, at=now)


def advance(now: float, settings: Settings, state: State, machine: Machine) -> Step:
    """One look at one workstation."""
    step = Step(state, machine)
    _see(step, now)
    if machine.state in GONE:
        return step
    if machine.state == "running":
        _follow_rules(step, now, settings)
    _follow_schedule(step, now, settings)
    if machine.state == "stopped" and _start_is_due(step, now, settings):
        _plan_start(step, now, settings)
    elif machine.state == "running" and step.want.want == "off":
        _plan_stop(step, now)
    return step


def _see(step: Step, now: float) -> None:
    """What happened since the last look."""
    machine, observed, want = step.machine, step.observed, step.want
    before, seen = observed.state, machine.state
    up = seen in ("pending", "running")
    reached = observed.reached == want.asked
    relaunched = up and machine.launched != observed.launched
    if seen in GONE:
        if want.want == "on":
            step.turn(None, "outside", "gone", now)
        if before not in ("", *GONE):
            step.tell("gone", "outside", "gone", source=seen)
        if before != seen:
            observed.notice = {"code": "gone", "at": now, "detail": seen}
    elif up and relaunched and before and (reached or want.want is None or _was_stopped(step)):
        if _is_own_start(observed, machine.launched or now):
            # An own start that arrived after the stop had come true: the stop holds.
            observed.reached = None
        else:
            step.turn(None, "outside", "started_outside", now)
            step.tell("started", "outside", "started_outside")
            observed.notice = {}
    elif seen in ("stopping", "stopped") and want.want != "off" and machine.launched == observed.launched:
        if want.want == "on" and reached:
            if observed.stop_at is not None and now - observed.stop_at < LATE:
                observed.reached = None
            else:
                _stopped_outside(step, now)
        elif want.want is None and before in ("pending", "running"):
            _stopped_outside(step, now)
    elif seen == "stopped" and want.want == "on" and not reached and _was_started(step, now):
        _stopped_outside(step, now)
    if before != seen:
        observed.state, observed.since = seen, now
    if up:
        observed.launched = machine.launched
    observed.type = machine.type
    _come_true(step, moved=before != seen)


def _is_own_start(observed: Observed, launched: float) -> bool:
    """Whether this launch is the effect of an own call whose effect was not seen yet."""
    called, known = observed.start_at, observed.launched
    return called is not None and (known is None or known < called - REPEAT) and -REPEAT < launched - called < LATE


def _was_stopped(step: Step) -> bool:
    """Whether the stop that is wanted came true unseen: what was launched after the own call must have been stopped before."""
    called, launched = step.observed.stop_at, step.machine.launched
    return (
        step.want.want == "off"
        and None not in (called, launched)
        and step.want.since <= (called or 0) < (launched or 0)
    )


def _was_started(step: Step, now: float) -> bool:
    """Whether the start that is wanted came true unseen: somebody's stop that EC2 dates after the own call, not an own one."""
    observed, machine = step.observed, step.machine
    own = observed.stop_at is not None and now - observed.stop_at < LATE
    by_call = machine.reason == "Client.UserInitiatedShutdown" and observed.start_asked == step.want.asked and not own
    return by_call and (machine.changed_at or 0) > (observed.start_at or now)


def _stopped_outside(step: Step, now: float) -> None:
    why = OUTSIDE.get(step.machine.reason, "stopped_outside")
    # When EC2 knows the moment, it counts: a schedule that came after it still starts the machine.
    at = min(now, step.machine.changed_at or now)
    step.turn(None, "outside", why, max(at, step.want.since))
    step.tell("stopped", "outside", why, source=step.machine.reason)


def _come_true(step: Step, *, moved: bool) -> None:
    """Mark a wish that has come true."""
    want, observed, seen = step.want, step.observed, step.machine.state
    if observed.reached == want.asked or (want.want, seen) not in (("on", "running"), ("off", "stopped")):
        return
    observed.reached = want.asked
    observed.retry_at, observed.rounds = None, 0
    if seen == "running":
        observed.notice = {}
    if moved:
        step.tell(seen, want.by, want.why, source=step.machine.type if seen == "running" else "")


def _follow_rules(step: Step, now: float, settings: Settings) -> None:
    want, observed = step.want, step.observed
    if want.want == "off":
        return
    launched = step.machine.launched or observed.since or now
    evidence = Evidence.of(want, step.state.signals, launched)
    decision = step.decision = decide(now, evidence, settings, ahead=False)
    if evidence.reservation_is_old:
        step.tell("reservation_cleared", "keeper", "reservation_old", until=iso(want.reservation))
        step.want = want = unreserved(want)
    last = observed.decision
    if (last.get("action"), last.get("reason")) != (decision.action, decision.reason):
        observed.decision = {"action": decision.action, "reason": decision.reason, "until": decision.until, "at": now}
        step.tell(
            "decision" if decision.action == "stay" else "stop",
            "keeper",
            decision.reason,
            until=iso(decision.until),
            signal=decision.signal,
            changes=[{**change.document(), "until": iso(change.until)} for change in decision.changes],
        )
    if decision.action == "stop":
        step.turn("off", "keeper", decision.reason, now)


def _follow_schedule(step: Step, now: float, settings: Settings) -> None:
    """Asks for the machine when its time has come and nothing was decided since."""
    want = step.want
    runs = step.machine.state in ("pending", "running")
    if settings.schedule is None or want.want == "on" or (runs and want.want is None):
        return
    due = previous(*settings.schedule, now)
    if now - due <= CATCH_UP and want.since < due:
        step.turn("on", "schedule", "schedule", now)
        step.tell(
            "start", "schedule", "schedule", source=" ".join(reversed(settings.schedule)), until=iso(due + CATCH_UP)
        )


def _start_is_due(step: Step, now: float, settings: Settings) -> bool:
    """Whether a stopped machine shall be started now. Says so when it will not be."""
    want, observed, machine = step.want, step.observed, step.machine
    if want.want != "on" or observed.reached == want.asked:
        return False
    if observed.start_asked != want.asked:
        observed.start_asked, observed.start_count, observed.start_at = want.asked, 0, None
        # Every start begins with the preferred size again.
        observed.size, observed.rounds, observed.retry_at, observed.notice = 0, 0, None, {}
        return True
    if observed.start_at is not None and now - observed.start_at < REPEAT:
        return False
    if observed.start_at is not None and observed.retry_at is None:
        if is_capacity(machine.reason):
            capacity_round(now, observed, settings, machine.reason, step.events)
        elif is_failed_start(machine.reason):
            step.want = cannot_start(now, observed, want, "start_failed", machine.reason, step.events)
            return False
    if observed.start_count >= MOST_STARTS:
        step.want = cannot_start(now, observed, want, "start_stopped_again", machine.reason, step.events)
        return False
    if now - want.since > GIVE_UP:
        step.want = cannot_start(now, observed, want, "start_given_up", machine.reason, step.events)
        return False
    return observed.retry_at is None or now >= observed.retry_at


def _plan_start(step: Step, now: float, settings: Settings) -> None:
    observed = step.observed
    step.action = "start"
    if settings.sizes:
        observed.size = min(observed.size, len(settings.sizes) - 1)
        wanted = settings.sizes[observed.size]
        step.type = wanted if wanted != step.machine.type else ""
    observed.start_at, observed.start_count, observed.retry_at = now, observed.start_count + 1, None


def _plan_stop(step: Step, now: float) -> None:
    observed = step.observed
    if observed.stop_at is not None and observed.stop_at >= step.want.since and now - observed.stop_at < REPEAT:
        return
    step.action = "stop"
    observed.stop_at = now
