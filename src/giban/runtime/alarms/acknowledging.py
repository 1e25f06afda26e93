"""Somebody takes care of it, or does not after all: by a link, a button in Slack, or the CLI."""

from __future__ import annotations

from . import folding
from .rules import flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .folding import Done, Work
    from .world import World

WHO = 80
"""Characters of a name that are kept."""


def groups_by_mark(world: World, mark: bytes) -> list[dict[str, Any]]:
    """The groups whose thread has this mark (links.mark_of)."""
    from .links import mark_of

    return [group for group in groups(world) if mark_of(str(group.get("thread") or group["id"])) == mark]


def groups(world: World) -> list[dict[str, Any]]:
    """All groups that are remembered, in the order of their ids."""
    return [item.doc for item in world.table.query("group", now=world.now())]


def acknowledge(world: World, group: str, who: str) -> tuple[bool, Done]:
    """Acknowledge a group; whether that changed anything, and which channels are to be told. Twice is once."""
    return _alter(world, group, who, flow.acknowledge)


def unacknowledge(world: World, group: str, who: str) -> tuple[bool, Done]:
    """Take it back."""
    return _alter(world, group, who, flow.unacknowledge)


def _alter(world: World, group: str, who: str, how: Callable[..., Any]) -> tuple[bool, Done]:
    now = world.now()
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in who).split())[:WHO] or "somebody"
    changed = False

    def alter(work: Work) -> None:
        nonlocal changed
        found = work.doc("group", group)
        outcome = how(now, found, name) if found is not None else None
        changed = bool(outcome and outcome.groups)
        if outcome is not None:
            work.apply(outcome)

    done = folding.change(world, now, group, alter)
    return changed, done


def tell(world: World, done: Done) -> None:
    """Have the channels told by the next turn, at once: whoever pressed a button does not wait for it."""
    from .turn import wake

    if done.channels:
        wake(world, [0])
