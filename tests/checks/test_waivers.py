"""Waivers: what they cover, until when, and what is said about those that cover nothing."""

from __future__ import annotations

import datetime

import pytest

from giban.checks.registry import Finding, Severity
from giban.checks.waivers import Waiver, apply, counting
from giban.graph.problems import Position

TODAY = datetime.date(2027, 3, 31)
PLACE = Position("giban.yaml", 9, 11)


def finding(check: str = "GB012", resource: str = "aws_lb.web", severity: Severity = "warning") -> Finding:
    return Finding(
        check=check,
        severity=severity,
        resource=resource,
        stack="ap-northeast-2",
        component="services.web",
        message="Something is wrong.",
        fix="Mend it.",
        where=Position("giban.yaml", 5, 3),
    )


def waiver(
    check: str = "GB012",
    resource: str = "aws_lb.web",
    reason: str = "legacy clients until March",
    until: datetime.date = TODAY,
) -> Waiver:
    return Waiver(check, resource, reason, until, PLACE)


def test_a_waived_finding_stays_and_does_not_count() -> None:
    found = apply([finding()], [waiver()], TODAY)
    assert [item.waived for item in found] == ["legacy clients until March"]
    assert counting(found, "notice") == []


def test_it_covers_one_check_on_one_resource() -> None:
    others = [finding(check="GB013"), finding(resource="aws_lb.was")]
    found = apply([finding(), *others], [waiver()], TODAY)
    assert sorted(item.check + item.resource for item in found if item.waived is None) == [
        "GB012aws_lb.was",
        "GB013aws_lb.web",
    ]


def test_it_covers_the_same_address_in_every_root() -> None:
    found = apply([finding(), finding()], [waiver()], TODAY)
    assert all(item.waived for item in found)


@pytest.mark.parametrize("days", [0, 1, 400])
def test_it_holds_on_its_last_day(days: int) -> None:
    found = apply([finding()], [waiver()], TODAY - datetime.timedelta(days))
    assert [item.check for item in found] == ["GB012"]


def test_the_day_after_it_fails_twice() -> None:
    """The finding counts again, and the waiver is an error in its own place."""
    found = apply([finding()], [waiver()], TODAY + datetime.timedelta(1))
    assert [(item.check, item.severity, item.waived) for item in found] == [
        ("GB012", "warning", None),
        ("GB090", "error", None),
    ]
    assert found[1].where == PLACE
    assert "expired on 2027-03-31" in found[1].message
    assert len(counting(found, "error")) == 1


def test_an_expired_waiver_that_covers_nothing_is_said_once() -> None:
    found = apply([], [waiver()], TODAY + datetime.timedelta(1))
    assert [item.check for item in found] == ["GB090"]


def test_a_waiver_that_covers_nothing_is_a_notice() -> None:
    found = apply([], [waiver()], TODAY)
    assert [(item.check, item.severity, item.resource) for item in found] == [("GB091", "notice", "aws_lb.web")]


def test_a_waiver_of_a_check_that_did_not_run_is_not_unused() -> None:
    assert apply([], [waiver()], TODAY, checked={"GB040"}) == []
    assert len(apply([], [waiver()], TODAY, checked={"GB012"})) == 1


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_it_covers_nothing(reason: str) -> None:
    found = apply([finding()], [waiver(reason=reason)], TODAY)
    assert [(item.check, item.waived) for item in found] == [("GB012", None), ("GB092", None)]


def test_of_two_waivers_the_one_that_holds_counts() -> None:
    old = waiver(reason="the first one", until=datetime.date(2020, 1, 1))
    found = apply([finding()], [old, waiver()], TODAY)
    assert [(item.check, item.waived) for item in found] == [("GB012", "legacy clients until March"), ("GB090", None)]


@pytest.mark.parametrize(("least", "number"), [("error", 1), ("warning", 2), ("notice", 3)])
def test_counting(least: Severity, number: int) -> None:
    severities: tuple[Severity, ...] = ("error", "warning", "notice")
    assert len(counting([finding(severity=severity) for severity in severities], least)) == number


def test_findings_keep_the_order_of_the_text() -> None:
    later = Finding("GB001", "error", "aws_a.b", "", "", "m", "f", Position("giban.yaml", 30, 1))
    nowhere = Finding("GB001", "error", "aws_a.a", "", "", "m", "f")
    found = apply([nowhere, later, finding()], [], TODAY)
    assert [item.where.line if item.where else 0 for item in found] == [5, 30, 0]
