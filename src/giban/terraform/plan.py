"""A saved plan as data: what `terraform show -json PLANFILE` says, reduced to what people and the gate need."""

from __future__ import annotations

from typing import Any

import msgspec

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive)"


class AttributeChange(msgspec.Struct, frozen=True):
    """One attribute that differs. Values are shown as text; secrets and values not known yet never appear."""

    path: str
    before: str
    after: str
    forces_replacement: bool = False


class PlanChange(msgspec.Struct, frozen=True):
    """What the plan does to one resource."""

    address: str
    type: str
    actions: tuple[str, ...]
    """Terraform's own: `create`, `read`, `update`, `delete`, `no-op`, `forget`; a replacement has two of them."""
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None
    reason: str = ""
    """Terraform's `action_reason`, e.g. `replace_because_cannot_update`; mostly empty."""
    replace_paths: tuple[str, ...] = ()
    """Attributes that cannot be changed in place, e.g. `storage_encrypted`, `ebs_block_device[0].encrypted`."""
    previous_address: str = ""
    """The address it had before a `moved` block renamed it."""
    import_id: str = ""
    """The identifier under which an existing thing is taken into the state."""
    mode: str = "managed"

    @property
    def kind(self) -> str:
        """One word: create, update, replace, delete, forget, read, move, import or no-op."""
        if "delete" in self.actions and "create" in self.actions:
            return "replace"
        first = self.actions[0] if self.actions else "no-op"
        if first == "no-op" and self.import_id:
            return "import"
        if first == "no-op" and self.previous_address:
            return "move"
        return first

    @property
    def destroys(self) -> bool:
        """Whether what exists now is gone afterwards (deleted, or replaced by a new one)."""
        return "delete" in self.actions

    def attributes(self) -> list[AttributeChange]:
        """What differs, sorted by path; empty for a resource that is created or deleted as a whole."""
        if self.kind not in ("update", "replace"):
            return []
        found: list[AttributeChange] = []
        _compare("", self, _Values(self.before, self.before_sensitive, None), _after(self), found)
        return sorted(found, key=lambda change: change.path)


class Summary(msgspec.Struct, frozen=True):
    """How many resources the plan touches; a replaced one counts under `replace` only."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    replace: int = 0
    imported: int = 0
    moved: int = 0
    forget: int = 0

    def __str__(self) -> str:
        counts = (
            (self.add, "to add"),
            (self.change, "to change"),
            (self.replace, "to replace"),
            (self.destroy, "to destroy"),
            (self.imported, "to import"),
            (self.moved, "to move"),
            (self.forget, "to forget"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count) or "no changes"

    @property
    def done(self) -> str:
        """The same when it has been applied: `3 added, 1 changed`; empty when no resource was touched."""
        counts = (
            (self.add, "added"),
            (self.change, "changed"),
            (self.replace, "replaced"),
            (self.destroy, "destroyed"),
            (self.imported, "imported"),
            (self.moved, "moved"),
            (self.forget, "forgotten"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count)


class Plan(msgspec.Struct, frozen=True):
    """A plan. Data sources that are merely read and resources that stay are left out of `changes`."""

    changes: tuple[PlanChange, ...]
    drift: tuple[PlanChange, ...]
    """What was changed outside Terraform since the last run (the plan already counts with it)."""
    outputs: tuple[str, ...]
    """Names of the outputs that change."""
    complete: bool = True
    """False when Terraform could not plan everything in one go."""

    @property
    def summary(self) -> Summary:
        kinds = [change.kind for change in self.changes]
        return Summary(
            add=kinds.count("create"),
            change=kinds.count("update"),
            destroy=kinds.count("delete"),
            replace=kinds.count("replace"),
            imported=sum(1 for change in self.changes if change.import_id),
            moved=sum(1 for change in self.changes if change.previous_address),
            forget=kinds.count("forget"),
        )

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing, neither a resource nor an output nor the state."""
        return not self.changes and not self.outputs

    def __str__(self) -> str:
        text = str(self.summary)
        if not self.changes and self.outputs:
            return f"{len(self.outputs)} outputs to change" if len(self.outputs) > 1 else "1 output to change"
        return text


def read_plan(document: dict[str, Any]) -> Plan:
    """The plan in what `terraform show -json` printed.

    Raises ValueError when it is not a plan of a format this version understands (major version 1).
    """
    version = str(document.get("format_version", ""))
    if version.split(".", 1)[0] != "1" or "terraform_version" not in document:
        raise ValueError(f"This is no plan in the JSON format 1.x of Terraform (format_version: {version or 'none'}).")
    changes = [_change(raw) for raw in document.get("resource_changes") or ()]
    drift = [_change(raw) for raw in document.get("resource_drift") or ()]
    outputs = [name for name, raw in (document.get("output_changes") or {}).items() if raw.get("actions") != ["no-op"]]
    return Plan(
        changes=tuple(sorted((c for c in changes if c.kind not in ("no-op", "read")), key=lambda c: c.address)),
        drift=tuple(sorted((c for c in drift if c.kind != "no-op"), key=lambda c: c.address)),
        outputs=tuple(sorted(outputs)),
        complete=document.get("complete", True) is not False,
    )


def _change(raw: dict[str, Any]) -> PlanChange:
    change = raw.get("change") or {}
    return PlanChange(
        address=raw.get("address", ""),
        type=raw.get("type", ""),
        mode=raw.get("mode", "managed"),
        actions=tuple(change.get("actions") or ()),
        before=change.get("before"),
        after=change.get("after"),
        after_unknown=change.get("after_unknown"),
        before_sensitive=change.get("before_sensitive"),
        after_sensitive=change.get("after_sensitive"),
        reason=raw.get("action_reason", ""),
        replace_paths=tuple(sorted(_path(path) for path in change.get("replace_paths") or ())),
        previous_address=raw.get("previous_address", ""),
        import_id=(change.get("importing") or {}).get("id", ""),
    )


def _path(steps: list[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


class _Values:
    """A value beside its marks: Terraform gives `sensitive` and `unknown` as trees of the same shape, or as True."""

    __slots__ = ("sensitive", "unknown", "value")

    def __init__(self, value: Any, sensitive: Any, unknown: Any) -> None:
        self.value, self.sensitive, self.unknown = value, sensitive, unknown

    def child(self, key: str | int) -> _Values:
        return _Values(_step(self.value, key), _mark(self.sensitive, key), _mark(self.unknown, key))

    @property
    def text(self) -> str:
        if self.sensitive is True:
            return SENSITIVE
        if self.unknown is True:
            return UNKNOWN
        if isinstance(self.value, str):
            return self.value
        return msgspec.json.encode(self.value, order="sorted").decode() if self.value is not None else ""


def _after(change: PlanChange) -> _Values:
    return _Values(change.after, change.after_sensitive, change.after_unknown)


def _step(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None


def _mark(marks: Any, key: str | int) -> Any:
    return True if marks is True else _step(marks, key)


def _compare(path: str, change: PlanChange, old: _Values, new: _Values, found: list[AttributeChange]) -> None:
    whole = True in (old.sensitive, new.sensitive, new.unknown)
    if not whole:
        keys = _keys(old.value, new.value, new.unknown)
        if keys is not None:
            for key in keys:
                inner = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else str(key)
                _compare(inner, change, old.child(key), new.child(key), found)
            return
    if new.unknown is not True and (old.value == new.value or {None, ""} >= _scalars(old.value, new.value)):
        return  # Providers of this generation do not tell an empty text from none.
    found.append(AttributeChange(path, old.text, new.text, path in change.replace_paths))


def _scalars(*values: Any) -> set[Any]:
    return {value if isinstance(value, str | None) else True for value in values}


def _keys(old: Any, new: Any, unknown: Any) -> list[Any] | None:
    """Keys to descend into, or None when the two are compared as a whole."""
    if isinstance(old, dict) and isinstance(new, dict | None):
        names = {*old, *(new or {}), *(unknown if isinstance(unknown, dict) else {})}
        return sorted(names) if new is not None or isinstance(unknown, dict) else None
    if isinstance(old, list) and isinstance(new, list):
        return list(range(max(len(old), len(new))))
    return None
