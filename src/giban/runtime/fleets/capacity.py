"""The numbers of what is turned off by making it small. Pure."""

from __future__ import annotations

from .hours import peak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .seen import Seen
    from .state import State
    from .target import Target

RUNNING = ("AlarmNotification", "AZRebalance", "ReplaceUnhealthy", "ScheduledActions")
"""Processes that are suspended while a group is off: those that would start instances again or change its size. Launch and
Terminate go on, or the group could not become small.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html"""


def derived(target: Target, now: float) -> list[int | None]:
    """Minimum, maximum and desired number that follow from the blueprint and the time of day; None where it says nothing."""
    least, most = target.min, target.max
    now_peak = peak(target.peaks, target.zone, now)
    desired = target.desired
    if now_peak is not None:
        least = int(now_peak["min"])
        desired = int(now_peak.get("desired") or max(least, desired or 0))
    if least is not None and most is not None:
        least = min(least, most)
    return [least, most, desired]


def wanted(target: Target, now: float, state: State, seen: Seen) -> dict[str, int]:
    """The size it should have while it is on. What the blueprint leaves open is as it was before, or as it is."""
    least, most, desired = derived(target, now)
    before = state.remembered or {}
    if least is None:
        least = before.get("min", seen.min if seen.is_on else None)
    if most is None:
        most = before.get("max", seen.max if seen.is_on else None)
    if target.scaled:
        # Whatever scales it knows better how many are needed: before it was off, or now.
        now_desired = seen.desired if seen.is_on else before.get("desired")
        desired = now_desired or desired
    elif desired is None:
        desired = before.get("desired") or seen.desired
    desired = max(1 if least is None else least, desired or 0)
    made = {"desired": desired if most is None else min(desired, most)}
    if least is not None:
        made["min"] = least
    if most is not None:
        made["max"] = most
    return made


def remember(seen: Seen) -> dict[str, int | list[str] | None]:
    """As it is before it is turned off."""
    return {
        "min": seen.min,
        "max": seen.max,
        "desired": seen.desired,
        "suspended": sorted(seen.suspended.intersection(RUNNING)),
    }


def to_resume(state: State) -> list[str]:
    """Processes that were suspended when it was turned off, without those that somebody had suspended before."""
    return sorted(set(RUNNING) - set((state.remembered or {}).get("suspended") or ())) if state.remembered else []


def as_asked(target: Target, state: State, seen: Seen) -> bool:
    """Whether AWS has the numbers of a goal to be on, and nothing is suspended any more that was for the time of being off."""
    if not seen.suspended.isdisjoint(to_resume(state)):
        return False
    asked = state.numbers
    if asked is None:
        return True
    if any(key in asked and getattr(seen, key) not in (None, asked[key]) for key in ("min", "max")):
        return False
    if target.scaled:
        return seen.desired is None or seen.desired >= asked.get("min", 1)
    return seen.desired == asked["desired"]
