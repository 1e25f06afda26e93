"""Waivers: findings that are accepted for a while, by somebody who wrote down why.

A waiver covers one check on one resource until a date. What it covers is still found and reported, but does not count.
A waiver that has expired, has no reason or covers nothing is a finding itself, so that none is forgotten.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable

import msgspec

from giban.checks.registry import Check, Finding, Hit, Severity, in_order
from giban.graph.graph import Graph
from giban.graph.problems import Position


class Waiver(msgspec.Struct, frozen=True):
    """One waiver. `until` is the last day on which it holds."""

    check: str
    resource: str
    reason: str
    until: datetime.date
    where: Position | None = None

    @property
    def reasoned(self) -> bool:
        """Whether anything is written as the reason."""
        return bool(self.reason.strip())

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return finding.check == self.check and finding.resource == self.resource


def waiver_expired(_graph: Graph) -> Iterable[Hit]:
    """Waiver has expired.

    ## What it finds
    A waiver whose `until` lies before today. It covers nothing any more.

    ## Why it matters
    The date was a promise to have it mended by then. An expired waiver that went on working would be a check switched off by
    accident.

    ## Example
    ```yaml
    waivers: [{check: GB012, resource: aws_lb.web, reason: "legacy clients until March", until: 2020-03-31}]
    ```
    Use instead:
    ```yaml
    waivers: []
    ```

    ## References
    - The section `waivers` of the blueprint reference
    """
    return ()


def waiver_unused(_graph: Graph) -> Iterable[Hit]:
    """Waiver covers nothing.

    ## What it finds
    A waiver whose check finds nothing on its resource, or whose check does not exist.

    ## Why it matters
    What it was for has been mended, so it can go; or there is a typing error in it, and what it was meant for is not waived.

    ## Example
    ```yaml
    waivers: [{check: GB999, resource: aws_lb.web, reason: "legacy clients until March", until: 2027-03-31}]
    ```
    Use instead:
    ```yaml
    waivers: [{check: GB012, resource: aws_lb.web, reason: "legacy clients until March", until: 2027-03-31}]
    ```

    ## References
    - The section `waivers` of the blueprint reference
    """
    return ()


def waiver_without_reason(_graph: Graph) -> Iterable[Hit]:
    """Waiver has no reason.

    ## What it finds
    A waiver with an empty `reason`. It covers nothing.

    ## Why it matters
    Whoever meets it in a year has to know whether the reason still holds.

    ## Example
    ```yaml
    waivers: [{check: GB012, resource: aws_lb.web, reason: " ", until: 2027-03-31}]
    ```
    Use instead:
    ```yaml
    waivers: [{check: GB012, resource: aws_lb.web, reason: "legacy clients until March", until: 2027-03-31}]
    ```

    ## References
    - The section `waivers` of the blueprint reference
    """
    return ()


EXPIRED = Check("GB090", "error", "waivers", "Mend what it waived, or extend it with a new reason.", waiver_expired)
UNUSED = Check("GB091", "notice", "waivers", "Remove the waiver, or correct its check and resource.", waiver_unused)
UNREASONED = Check("GB092", "error", "waivers", "Write why the finding is accepted.", waiver_without_reason)

WAIVER_CHECKS = (EXPIRED, UNUSED, UNREASONED)
"""What is found about waivers themselves. It is found here, not in the graph."""


def apply(
    findings: Iterable[Finding],
    waivers: Iterable[Waiver],
    today: datetime.date,
    checked: Collection[str] | None = None,
) -> list[Finding]:
    """The findings with the reasons of the waivers that cover them, and what is to be said about the waivers.

    `checked` are the IDs of the checks that ran, when not all did: a waiver of another check is then not unused.
    """
    every = list(findings)
    given = list(waivers)
    holding = [waiver for waiver in given if waiver.reasoned and today <= waiver.until]
    found = [_covered(finding, holding) for finding in every]
    for waiver in given:
        if not waiver.reasoned:
            found.append(_about(UNREASONED, waiver, f"The waiver of {waiver.check} has no reason."))
        if today > waiver.until:
            what = f"The waiver of {waiver.check} ({waiver.reason}) expired on {waiver.until.isoformat()}."
            found.append(_about(EXPIRED, waiver, what))
        elif (checked is None or waiver.check in checked) and not any(waiver.covers(finding) for finding in every):
            found.append(_about(UNUSED, waiver, f"The waiver of {waiver.check} covers nothing: no such finding here."))
    return in_order(found)


def _covered(finding: Finding, waivers: Iterable[Waiver]) -> Finding:
    waiver = next((waiver for waiver in waivers if waiver.covers(finding)), None)
    return finding if waiver is None else msgspec.structs.replace(finding, waived=waiver.reason)


def _about(check: Check, waiver: Waiver, message: str) -> Finding:
    return Finding(
        check=check.id,
        severity=check.severity,
        resource=waiver.resource,
        stack="",
        component="waivers",
        message=message,
        fix=check.fix,
        where=waiver.where,
    )


def counting(findings: Iterable[Finding], at_least: Severity) -> list[Finding]:
    """The findings that are not waived and are at least this severe."""
    order: tuple[Severity, ...] = ("notice", "warning", "error")
    return [f for f in findings if f.waived is None and order.index(f.severity) >= order.index(at_least)]
