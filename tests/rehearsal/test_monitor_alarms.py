"""When an alarm is in which state: the tables of CloudWatch's documentation, rules of composite alarms, metric math."""

from __future__ import annotations

import random

import pytest

from giban.rehearsal.monitor_alarms import ALARM, MORE, OK, UNKNOWN, Rule, composite, judge, step_of
from giban.rehearsal.monitor_metrics import Datum, NotSupported, Values, calculate, single, windows

MISSING = ("missing", "ignore", "breaching", "notBreaching")
KEPT = "as it was"


def points(text: str) -> Values:
    """`0 - X` as values around a threshold of 1: not breaching, missing, breaching."""
    return [{"0": 0.0, "X": 2.0, "-": None}[letter] for letter in text.split()]


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html: three periods are evaluated.
TABLE = [
    (3, "0 - X - X", (OK, OK, OK, OK)),
    (3, "0 - - - -", (OK, OK, OK, OK)),
    (3, "- - - - -", (UNKNOWN, KEPT, ALARM, OK)),
    (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
    (3, "- - X - -", (ALARM, KEPT, ALARM, OK)),
    (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "0 - X - -", (OK, OK, ALARM, OK)),
    (2, "- - - - 0", (OK, OK, ALARM, OK)),
    (2, "- - - X -", (ALARM, KEPT, ALARM, OK)),
]


@pytest.mark.parametrize("state", [OK, ALARM, UNKNOWN])
@pytest.mark.parametrize(("to_alarm", "data", "expected"), TABLE)
def test_the_documentation_s_tables(to_alarm: int, data: str, expected: tuple[str, ...], state: str) -> None:
    for missing, wanted in zip(MISSING, expected, strict=True):
        rule = Rule("GreaterThanThreshold", 1.0, 3, to_alarm, missing)
        assert judge(rule, points(data), state).state == (state if wanted == KEPT else wanted), missing


@pytest.mark.parametrize("data", ["- - - - X", "- - - X -"])
def test_it_does_not_go_off_too_early(data: str) -> None:
    assert judge(Rule("GreaterThanThreshold", 1.0, 3, 3), points(data), OK).state == OK


@pytest.mark.parametrize(
    ("comparison", "at_threshold", "above", "below"),
    [
        ("GreaterThanThreshold", OK, ALARM, OK),
        ("GreaterThanOrEqualToThreshold", ALARM, ALARM, OK),
        ("LessThanThreshold", OK, OK, ALARM),
        ("LessThanOrEqualToThreshold", ALARM, OK, ALARM),
    ],
)
def test_comparisons(comparison: str, at_threshold: str, above: str, below: str) -> None:
    rule = Rule(comparison, 5.0, 1, 1)
    assert [judge(rule, [value], OK).state for value in (5.0, 5.1, 4.9)] == [at_threshold, above, below]


def test_the_reason_is_in_cloudwatch_s_words() -> None:
    rule = Rule("GreaterThanThreshold", 80.0, 3, 2)
    reason = judge(rule, [10.0, 95.0, 20.0, 90.0, 99.5], OK).reason
    assert reason == (
        "Threshold Crossed: 2 out of the last 3 datapoints [99.5, 90.0] were greater than the threshold (80.0) "
        "(minimum 2 datapoints for OK -> ALARM transition)."
    )
    assert judge(rule, points("- - - - -"), OK).reason == "Insufficient Data: 3 datapoints were unknown."
    lacking = judge(rule._replace(missing="breaching"), points("- - - - -"), OK).reason
    assert "no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]" in lacking


def test_an_unknown_comparison_is_said() -> None:
    with pytest.raises(KeyError):
        judge(Rule("LessThanLowerOrGreaterThanUpperThreshold", 1.0, 1, 1), [1.0], OK)


def test_enough_data_makes_the_treatment_of_missing_data_irrelevant() -> None:
    rng = random.Random(4)
    for _ in range(2000):
        periods = rng.randint(1, 5)
        to_alarm = rng.randint(1, periods)
        values = [rng.choice([None, 0.0, 2.0]) for _ in range(periods + MORE)]
        found = {
            judge(Rule("GreaterThanThreshold", 1.0, periods, to_alarm, missing), values, OK).state
            for missing in MISSING
        }
        if sum(value is not None for value in values) >= periods:
            assert len(found) == 1, values
        if all(value == 2.0 for value in values):
            assert found == {ALARM}
        if all(value == 0.0 for value in values):
            assert found == {OK}


def test_alarms_of_short_periods_are_looked_at_more_often() -> None:
    assert [step_of(period) for period in (10, 30, 60, 300)] == [10, 10, 60, 60]


STATES = {"a": ALARM, "b": OK, "c": UNKNOWN, "a b": ALARM}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('ALARM("a")', True),
        ("ALARM(a)", True),
        ("ALARM('a b')", True),
        ("ALARM(arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:a)", True),
        ("ALARM(b)", False),
        ("OK(b) AND INSUFFICIENT_DATA(c)", True),
        ("ALARM(b) OR ALARM(a)", True),
        ("NOT ALARM(a)", False),
        ("NOT (ALARM(b) OR OK(a))", True),
        ("ALARM(b) AND ALARM(b) OR ALARM(a)", True),
        ("ALARM(a) OR ALARM(b) AND ALARM(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ("TRUE", True),
        ("FALSE OR NOT FALSE", True),
        ("ALARM(gone)", False),
        ("OK(gone)", False),
    ],
)
def test_rules_of_composite_alarms(rule: str, holds: bool) -> None:
    assert composite(rule, STATES) is holds


@pytest.mark.parametrize(
    "rule", ["", "ALARM", "ALARM(a) ALARM(b)", "(ALARM(a)", "ALARM(a) AND", "BROKEN(a)", "ALARM(a))", "; drop"]
)
def test_rules_that_cannot_be_read(rule: str) -> None:
    with pytest.raises(ValueError, match=r"not understood|not closed"):
        composite(rule, STATES)


DATA = [single(0.0, 1.0), single(30.0, 3.0), single(60.0, 10.0), Datum(61.0, 20.0, 4.0, 2.0, 8.0), single(180.0, 7.0)]


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", [4.0, 30.0, None]),
        ("Average", [2.0, 6.0, None]),
        ("Minimum", [1.0, 2.0, None]),
        ("Maximum", [3.0, 10.0, None]),
        ("SampleCount", [2.0, 5.0, None]),
        ("p50", [2.0, 5.0, None]),
        ("p100", [3.0, 10.0, None]),
    ],
)
def test_statistics_over_windows(statistic: str, expected: Values) -> None:
    assert windows(DATA, statistic, 180.0, 60.0, 3) == expected


@pytest.mark.parametrize("statistic", ["tm90", "p101", "", "Median", "IQM"])
def test_other_statistics_are_not_guessed(statistic: str) -> None:
    with pytest.raises(NotSupported):
        windows(DATA, statistic, 180.0, 60.0, 3)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", [3.0, None, 5.0]),
        ("100 * a / b", [50.0, None, None]),
        ("a / (a + b) * 100", [100 / 3, None, 100.0]),
        ("FILL(b, 0) + a", [3.0, 4.0, 5.0]),
        ("IF(a > 3, a, 0)", [0.0, 4.0, 5.0]),
        ("MAX([a, b])", [2.0, 4.0, 5.0]),
        ("SUM([a, b])", [3.0, 4.0, 5.0]),
        ("-a", [-1.0, -4.0, -5.0]),
        ("a ^ 2", [1.0, 16.0, 25.0]),
        ("ABS(a - 9)", [8.0, 5.0, 4.0]),
        ("AVG([a, b]) >= 2", [0.0, 1.0, 1.0]),
    ],
)
def test_metric_math(expression: str, expected: Values) -> None:
    found = calculate(expression, {"a": [1.0, 4.0, 5.0], "b": [2.0, None, 0.0]})
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a +",
        "c",
        "ANOMALY_DETECTION_BAND(a, 2)",
        "SUM(a)",
        "__import__('os')",
        "a.real",
        "SELECT MAX(x) FROM y",
        "SEARCH('x', 'Sum')",
    ],
)
def test_other_expressions_are_not_guessed(expression: str) -> None:
    with pytest.raises(NotSupported):
        calculate(expression, {"a": [1.0], "b": [2.0]})
