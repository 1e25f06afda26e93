"""What `giban up` prints when it is done: what was made, what cannot be seen, what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cli.output import style
from giban.lifecycle.deployment import Deployment
from giban.lifecycle.up import RootResult, UpResult


def _done(root: RootResult) -> str:
    return (root.summary.done or "outputs changed") if root.changed else "no changes"


def up_lines(deployed: Deployment, result: UpResult) -> Iterator[str]:
    """The result as text."""
    for root in result.roots:
        yield style(f"{root.root}: {_done(root)}", bold=True)
        for name, value in root.outputs.items():
            yield f"  {name} = {', '.join(value) if isinstance(value, list) else value}"
    if result.addresses:
        yield ""
        yield "Open in a browser:"
        for there, here in result.addresses:
            yield f"  {there} → {here}"
    if result.gaps:
        yield ""
        yield "Made, but without the effect it has on AWS:"
        grouped: dict[str, list[str]] = {}
        for address, what in result.gaps:
            grouped.setdefault(what, []).append(address)
        for what, addresses in grouped.items():
            yield f"  {', '.join(addresses)}"
            yield f"      {what}"
    yield ""
    if not result.changed:
        yield "No changes: what is deployed is what the blueprint says."
        return
    count = sum(len([r for r in stack.resources.values() if r.mode == "managed"]) for stack in deployed.stacks)
    where = "on emulated AWS" if result.target == "rehearsal" else "on AWS"
    yield f"{count} resources are up {where}."
    yield from _next_steps(deployed, result.target)


def _next_steps(deployed: Deployment, target: str) -> Iterator[str]:
    blueprint = deployed.compiled.blueprint
    if target == "rehearsal":
        yield "Next: giban status; change the blueprint and giban up again; giban down; giban up --target aws"
    else:
        artifacts = "; put the artifacts of your services into the artifact bucket" if blueprint.services else ""
        yield f"Next: giban status --target aws{artifacts}"
    if blueprint.workstations:
        there = "" if target == "rehearsal" else " --target aws"
        yield f"A workstation: giban workstation pair{there} registers your phone or browser; giban workstation status{there}"
