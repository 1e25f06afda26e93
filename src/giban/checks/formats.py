"""How findings are shown: text for people, JSON for programs, SARIF 2.1.0 for code hosts and editors.

Every format gets the same `Report` and gives text back; nothing is printed and no file is read here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from giban.checks.registry import Check, Finding, Severity

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")
"""The gravest first."""

Paint = Callable[[str, str], str]
"""Gives a text the look of a severity, "bold" or "dim"."""


class Report(msgspec.Struct, frozen=True):
    """The findings, waived ones included, and what was looked at."""

    findings: list[Finding]
    checks: list[Check]
    resources: int
    subject: str
    """The blueprint or folder that was checked, as the user named it."""

    def count(self, severity: Severity) -> int:
        """How many findings of a severity count."""
        return sum(finding.severity == severity and finding.waived is None for finding in self.findings)

    @property
    def waived(self) -> int:
        """How many findings are waived."""
        return sum(finding.waived is not None for finding in self.findings)


def plain(text: str, _look: str) -> str:
    """No paint."""
    return text


def as_text(report: Report, paint: Paint = plain) -> str:
    """Findings by severity and check, each with its place, then a summary line."""
    titles = {check.id: check.title for check in report.checks}
    lines: list[str] = []
    for severity in SEVERITIES:
        counting = [finding for finding in report.findings if finding.severity == severity and finding.waived is None]
        for check in sorted({finding.check for finding in counting}):
            found = [finding for finding in counting if finding.check == check]
            lines += [f"{paint(severity, severity)}  {paint(check, 'bold')}  {titles.get(check, '')}", ""]
            for finding in found:
                lines += [f"  {paint(_place(finding), 'bold')}", f"    {finding.message}"]
            lines += ["", f"  {found[0].fix}", paint(f"  More: giban check --explain {check}", "dim"), ""]
    lines += [
        f"{paint('waived', 'dim')}  {finding.check}  {finding.resource}: {finding.waived}"
        for finding in report.findings
        if finding.waived is not None
    ]
    if lines and lines[-1]:
        lines.append("")
    return "\n".join([*lines, summary(report)]) + "\n"


def _place(finding: Finding) -> str:
    component = f"({finding.component})" if finding.component else ""
    return "  ".join(part for part in (str(finding.where or ""), finding.resource, component) if part)


def summary(report: Report) -> str:
    """One line: `3 findings: 1 error, 2 warnings; 1 waived. 77 checks, 142 resources.`"""
    counts = [(severity, report.count(severity)) for severity in SEVERITIES]
    total = sum(number for _, number in counts)
    parts = [_many(number, severity) for severity, number in counts if number]
    text = f"{_many(total, 'finding')}: {', '.join(parts)}" if total else "No findings"
    if report.waived:
        text += f"; {report.waived} waived"
    return f"{text}. {_many(len(report.checks), 'check')}, {_many(report.resources, 'resource')}."


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(report: Report) -> str:
    """Everything as JSON. A finding that is waived has the reason in `waived`."""
    counts: dict[str, int] = {severity: report.count(severity) for severity in SEVERITIES}
    counts |= {"waived": report.waived, "checks": len(report.checks), "resources": report.resources}
    data = {"findings": report.findings, "summary": counts}
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


LEVELS = {"error": "error", "warning": "warning", "notice": "note"}


def as_sarif(report: Report, version: str, base: str = ".") -> str:
    """SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html); places are relative to `base`.

    A finding without a place points to the subject, because code hosts drop results without a file.
    """
    index = {check.id: number for number, check in enumerate(report.checks)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "giban",
                        "semanticVersion": version,
                        "rules": [_rule(check) for check in report.checks],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"ROOT": {"description": {"text": "The folder giban was run in."}}},
                "results": [_result(finding, index, report.subject, base) for finding in report.findings],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": "".join(part.capitalize() for part in check.name.split("-")),
        "shortDescription": {"text": check.title + "."},
        "fullDescription": {"text": section(check, "What it finds")},
        "help": {"text": check.fix, "markdown": page(check)},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"tags": [check.family]},
    }


def _result(finding: Finding, index: dict[str, int], subject: str, base: str) -> dict[str, Any]:
    from hashlib import sha256
    from urllib.parse import quote

    file = finding.where.file if finding.where else subject
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(os.path.relpath(file, base).replace(os.sep, "/")), "uriBaseId": "ROOT"}
    }
    if finding.where:
        place["region"] = {"startLine": finding.where.line, "startColumn": finding.where.column}
    # Lines move when the text above them changes; what was found where in the graph stays the same.
    identity = "\n".join((finding.check, finding.stack, finding.resource, finding.message))
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.resource}: {finding.message} {finding.fix}"},
        "locations": [
            {
                "physicalLocation": place,
                "logicalLocations": [
                    {
                        "name": finding.resource,
                        "fullyQualifiedName": "/".join(part for part in (finding.stack, finding.resource) if part),
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {"giban/v1": sha256(identity.encode()).hexdigest()[:32]},
    }
    if finding.check in index:
        result["ruleIndex"] = index[finding.check]
    if finding.waived is not None:
        result["suppressions"] = [{"kind": "inSource", "status": "accepted", "justification": finding.waived}]
    return result


def page(check: Check) -> str:
    """The documentation page of a check as Markdown: its docstring under a heading, with severity and fix."""
    from inspect import cleandoc

    body = cleandoc(check.function.__doc__ or "").partition("\n")[2].strip()
    relaxed = " In development stages it is a notice." if check.relaxed else ""
    head = f"# {check.id} · {check.title}\n\n**{check.severity.capitalize()}**, family `{check.family}`.{relaxed}"
    return f"{head}\n\n**Fix:** {check.fix}\n\n{body}\n"


def section(check: Check, title: str) -> str:
    """The text of one part of the page, on one line; empty when it has no such part."""
    text = page(check).partition(f"## {title}\n")[2].partition("\n## ")[0]
    return " ".join(text.split())


def listing(checks: Iterable[Check]) -> list[list[str]]:
    """Rows of a table: ID, severity, family, title."""
    return [[check.id, check.severity, check.family, check.title] for check in checks]
