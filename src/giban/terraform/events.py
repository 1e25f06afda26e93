"""What Terraform says while it works: the lines of its `-json` output as typed values, nothing more.

The format is described at https://developer.hashicorp.com/terraform/internals/machine-readable-ui. It grows with every
release, so nothing here refuses a line: an unknown type or text that is not JSON becomes a `Note`.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where in Terraform's own documents a diagnostic points; line and column count from 1."""

    file: str
    line: int
    column: int


class Diagnostic(msgspec.Struct, frozen=True):
    """An error or a warning of Terraform or of a provider, as it came."""

    severity: str
    """`error` or `warning`."""
    summary: str
    detail: str = ""
    address: str = ""
    """The resource it is about; empty when Terraform names none."""
    place: Place | None = None
    code: str = ""
    """The line of the document it points at."""
    context: str = ""
    """The block that line is in, e.g. `resource.aws_vpc.main`."""

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every line has. `message` is Terraform's own sentence for people."""

    message: str = ""
    level: str = "info"


class Note(Event, frozen=True, kw_only=True):
    """A line without a meaning of its own here (`log`, `init_output`, a type of the future, text that is not JSON)."""

    type: str = ""


class Version(Event, frozen=True, kw_only=True):
    """The first line of a run."""

    version: str


class PlannedChange(Event, frozen=True, kw_only=True):
    """Something the plan would do. `action`: create, update, delete, replace, read, move, import, remove, noop."""

    address: str
    action: str
    reason: str = ""
    previous_address: str = ""


class Drift(Event, frozen=True, kw_only=True):
    """Something was changed outside Terraform since the last run; fields as in `PlannedChange`."""

    address: str
    action: str


class ChangeSummary(Event, frozen=True, kw_only=True):
    """The counts at the end of a plan, an apply or a destroy (`operation`)."""

    add: int = 0
    change: int = 0
    remove: int = 0
    imported: int = 0
    operation: str = ""


class ApplyStart(Event, frozen=True, kw_only=True):
    """Work on a resource begins. `action`: create, update, delete, read."""

    address: str
    action: str


class ApplyProgress(Event, frozen=True, kw_only=True):
    """Still working; Terraform says so every ten seconds."""

    address: str
    action: str
    seconds: float


class ApplyComplete(Event, frozen=True, kw_only=True):
    """Work on a resource is done."""

    address: str
    action: str
    seconds: float
    id: str = ""


class ApplyErrored(Event, frozen=True, kw_only=True):
    """Work on a resource failed; a `Diagnosed` event with the reason follows."""

    address: str
    action: str
    seconds: float


class RefreshStart(Event, frozen=True, kw_only=True):
    """The real state of a resource is being read."""

    address: str


class RefreshComplete(Event, frozen=True, kw_only=True):
    """The real state of a resource has been read."""

    address: str


class Diagnosed(Event, frozen=True, kw_only=True):
    """An error or a warning."""

    diagnostic: Diagnostic


class Outputs(Event, frozen=True, kw_only=True):
    """The outputs of the root. A value that is sensitive is None here; `Terraform.output` reads it."""

    values: dict[str, Any]


_json = msgspec.json.Decoder()


def parse(line: str | bytes) -> Event:
    """The event of one line of output; never fails."""
    text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    try:
        raw = _json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return Note(message=text.rstrip("\n"), type="text")
    if not isinstance(raw, dict):
        return Note(message=text.rstrip("\n"), type="text")
    kind = _text(raw.get("type"))
    message, level = _text(raw.get("@message")), _text(raw.get("@level")) or "info"
    return _typed(kind, raw, message, level) or Note(message=message, level=level, type=kind)


def read_diagnostic(raw: Any) -> Diagnostic:
    """A diagnostic from its JSON object (also the ones in the answer of `terraform validate -json`)."""
    raw = _dict(raw)
    area, snippet = _dict(raw.get("range")), _dict(raw.get("snippet"))
    start = _dict(area.get("start"))
    place = None
    if area.get("filename"):
        place = Place(_text(area["filename"]), int(_number(start.get("line"))), int(_number(start.get("column"))))
    return Diagnostic(
        severity=_text(raw.get("severity")) or "error",
        summary=_text(raw.get("summary")),
        detail=_text(raw.get("detail")),
        address=_text(raw.get("address")),
        place=place,
        code=_text(snippet.get("code")).strip(),
        context=_text(snippet.get("context")),
    )


def _typed(kind: str, raw: dict[str, Any], message: str, level: str) -> Event | None:
    match kind:
        case "version":
            # OpenTofu names itself in a key of its own.
            number = _text(raw.get("terraform")) or _text(raw.get("tofu"))
            return Version(message=message, level=level, version=number)
        case "planned_change" | "resource_drift":
            change = _dict(raw.get("change"))
            address, action = _address(change), _text(change.get("action"))
            if kind == "resource_drift":
                return Drift(message=message, level=level, address=address, action=action)
            previous = _text(_dict(change.get("previous_resource")).get("addr"))
            reason = _text(change.get("reason"))
            return PlannedChange(
                message=message, level=level, address=address, action=action, reason=reason, previous_address=previous
            )
        case "change_summary":
            counts = _dict(raw.get("changes"))
            return ChangeSummary(
                message=message,
                level=level,
                add=int(_number(counts.get("add"))),
                change=int(_number(counts.get("change"))),
                remove=int(_number(counts.get("remove"))),
                imported=int(_number(counts.get("import"))),
                operation=_text(counts.get("operation")),
            )
        case "apply_start" | "apply_progress" | "apply_complete" | "apply_errored":
            return _apply(kind, _dict(raw.get("hook")), message, level)
        case "refresh_start":
            return RefreshStart(message=message, level=level, address=_address(_dict(raw.get("hook"))))
        case "refresh_complete":
            return RefreshComplete(message=message, level=level, address=_address(_dict(raw.get("hook"))))
        case "diagnostic":
            return Diagnosed(message=message, level=level, diagnostic=read_diagnostic(raw.get("diagnostic")))
        case "outputs":
            outputs = {name: _dict(entry).get("value") for name, entry in _dict(raw.get("outputs")).items()}
            return Outputs(message=message, level=level, values=outputs)
    return None


def _apply(kind: str, hook: dict[str, Any], message: str, level: str) -> Event:
    address, action = _address(hook), _text(hook.get("action"))
    seconds = _number(hook.get("elapsed_seconds"))
    match kind:
        case "apply_start":
            return ApplyStart(message=message, level=level, address=address, action=action)
        case "apply_progress":
            return ApplyProgress(message=message, level=level, address=address, action=action, seconds=seconds)
        case "apply_complete":
            return ApplyComplete(
                message=message,
                level=level,
                address=address,
                action=action,
                seconds=seconds,
                id=_text(hook.get("id_value")),
            )
    return ApplyErrored(message=message, level=level, address=address, action=action, seconds=seconds)


def _address(holder: dict[str, Any]) -> str:
    return _text(_dict(holder.get("resource")).get("addr"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
