"""How members of an emulator's classes are replaced: only where they are, so that a correction that no longer fits is noticed."""

from __future__ import annotations

from typing import Any


def put(owner: type, name: str, value: Any, *, new: bool = False) -> None:
    """Replace a member of a class, which must be there, or add a `new` one, which must not. Raises AttributeError."""
    if hasattr(owner, name) == new:
        raise AttributeError(f"{owner.__name__}.{name}: the correction no longer fits")
    setattr(owner, name, value)
