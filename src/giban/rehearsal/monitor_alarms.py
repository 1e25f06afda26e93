"""When an alarm is in which state: the rules of CloudWatch over data points, without looking at anything else.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and, on missing data,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, whose tables are test cases here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from giban.rehearsal.monitor_metrics import Values

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"

MORE = 2
"""Periods looked at beside the evaluation periods, for those that are missing: the examples there look at five for three."""

_COMPARE: dict[str, tuple[Callable[[float, float], bool], str, str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than", "not greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to", "not greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than", "not less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to", "not less than or equal to"),
}


class Rule(NamedTuple):
    """What an alarm is about."""

    comparison: str
    threshold: float
    periods: int
    """Evaluation periods."""
    to_alarm: int
    """Data points to alarm, of those."""
    missing: str = "missing"
    """How missing data is treated: missing, ignore, breaching or notBreaching."""


class Verdict(NamedTuple):
    """A state and the sentence that CloudWatch gives as its reason."""

    state: str
    reason: str
    values: list[float]
    """The data points it rests on, the newest first."""


def step_of(period: float) -> int:
    """Seconds between two evaluations: a minute, ten seconds for alarms of a shorter period. See the first page above."""
    return 60 if period >= 60 else 10


def judge(rule: Rule, values: Values, state: str) -> Verdict:
    """The state after these data points (the oldest first, one for each period of the evaluation range), before it `state`.

    Raises KeyError for a comparison that is not supported.
    """
    compare = _COMPARE[rule.comparison][0]
    present = [value for value in reversed(values) if value is not None]
    if len(present) >= rule.periods:
        return _counted(rule, present[: rule.periods], 0, state)
    lacking = rule.periods - len(present)
    if rule.missing in ("breaching", "notBreaching"):
        return _counted(rule, present, lacking, state)
    if not present:
        if rule.missing == "ignore":
            return Verdict(state, "", [])
        text = f"Insufficient Data: {lacking} datapoint{'s were' if lacking > 1 else ' was'} unknown."
        return Verdict(UNKNOWN, text, [])
    if all(compare(value, rule.threshold) for value in present):
        if rule.missing == "ignore":
            return Verdict(state, "", present)
        recent = values[-rule.periods :]
        age = next((len(recent) - place for place, value in enumerate(recent) if value is not None), 0)
        if age >= rule.to_alarm:
            return Verdict(ALARM, _reason(rule, present, lacking, state, ALARM), present)
    return Verdict(OK, _reason(rule, present, lacking, state, OK), present)


def _counted(rule: Rule, present: list[float], lacking: int, state: str) -> Verdict:
    compare = _COMPARE[rule.comparison][0]
    breaching = sum(compare(value, rule.threshold) for value in present)
    breaching += lacking if rule.missing == "breaching" else 0
    found = ALARM if breaching >= rule.to_alarm else OK
    return Verdict(found, _reason(rule, present, lacking, state, found), present)


def _reason(rule: Rule, present: list[float], lacking: int, before: str, state: str) -> str:
    """In CloudWatch's words, which people and programs know."""
    compare, does, does_not = _COMPARE[rule.comparison]
    hit = [value for value in present if compare(value, rule.threshold) == (state == ALARM)] or present
    count = len(hit)
    shown = f" [{', '.join(str(value) for value in hit)}]" if hit else ""
    verb = "was" if count == 1 else "were"
    missing = ""
    if lacking:
        treated = {"breaching": "[Breaching]", "notBreaching": "[NonBreaching]"}.get(rule.missing, "[Missing]")
        missing = f" and {lacking} missing datapoint{'s were' if lacking > 1 else ' was'} treated as {treated}"
    if not hit:
        which = "no datapoints were received for"
        return f"Threshold Crossed: {which} {lacking} period{'s' if lacking > 1 else ''}{missing}."
    end = (
        ""
        if before == state
        else f" (minimum {rule.to_alarm} datapoint{'s' if rule.to_alarm > 1 else ''} for {before} -> {state} transition)"
    )
    return (
        f"Threshold Crossed: {count} out of the last {rule.periods} datapoints{shown} {verb} "
        f"{does if state == ALARM else does_not} the threshold ({rule.threshold}){missing}{end}."
    )


_TOKEN = re.compile(
    r'\s*(?:(\(|\))|(AND|OR|NOT|TRUE|FALSE)\b|(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*("[^"]*"|\'[^\']*\'|[^()\s]+)\s*\))'
)


def composite(rule: str, states: Mapping[str, str]) -> bool:
    """Whether the rule of a composite alarm holds, given the states of alarms by name. Raises ValueError when it cannot be read.

    An alarm that is not there is in no state. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    """
    parser = _Parser(rule, states)
    found = parser.any()
    if parser.tokens:
        raise ValueError(f"not understood: {rule}")
    return found


class _Parser:
    """NOT binds closest, then AND, then OR."""

    def __init__(self, rule: str, states: Mapping[str, str]) -> None:
        self._rule = rule
        self._states = states
        self.tokens: list[str | bool] = []
        place, text = 0, rule.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise ValueError(f"not understood: {rule}")
            bracket, word, state, name = found.groups()
            if state:
                # An alarm's name or its ARN.
                self.tokens.append(states.get(name.strip("\"'").rpartition(":alarm:")[2]) == state)
            else:
                self.tokens.append(word == "TRUE" if word in ("TRUE", "FALSE") else bracket or word)
            place = found.end()

    def any(self) -> bool:
        """One or several parts with OR between them."""
        found = self._all()
        while self._next("OR"):
            found = self._all() or found
        return found

    def _all(self) -> bool:
        found = self._one()
        while self._next("AND"):
            found = self._one() and found
        return found

    def _one(self) -> bool:
        if self._next("NOT"):
            return not self._one()
        if self._next("("):
            found = self.any()
            if not self._next(")"):
                raise ValueError(f"a bracket is not closed: {self._rule}")
            return found
        if self.tokens and isinstance(self.tokens[0], bool):
            return bool(self.tokens.pop(0))
        raise ValueError(f"not understood: {self._rule}")

    def _next(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            self.tokens.pop(0)
            return True
        return False
