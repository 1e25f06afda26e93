"""What the commands that run Terraform share: the deployment, what shows its progress, and how a plan is printed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from giban.cli.errors import MISTAKE
from giban.cli.options import Choice
from giban.cli.output import style
from giban.graph.problems import Problem, Problems
from giban.graph.stack import Stack
from giban.lifecycle.deployment import Deployment, Listener
from giban.lifecycle.look import Change, Planned, RootPlan
from giban.lifecycle.pipeline import compile_blueprint
from giban.lifecycle.targets import Aws, Target
from giban.lifecycle.workspace import workspace_of

SIGNS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "forget": "x",
    "move": ">",
    "import": "<",
    "read": "?",
}
COLOURS = {"create": "green", "update": "yellow", "replace": "red", "delete": "red"}


def deployment(chosen: Choice) -> Deployment:
    """Compile a blueprint for a target. Sentences for the user go to standard error."""
    compiled = compile_blueprint(chosen.blueprint, chosen.environment, chosen.sets)
    workspace = workspace_of(chosen.blueprint, chosen.target, chosen.environment)
    return Deployment(compiled, make_target(chosen.target, workspace.base), workspace, say)


def make_target(name: str, base: str) -> Target:
    """The target of that name; `base` is the folder `.giban`."""
    if name == "aws":
        return Aws()
    from giban.lifecycle.rehearsed import Rehearsal

    return Rehearsal(base)


def confirm(deployed: Deployment, question: str) -> None:
    """Show whose account it is and ask; `{}` in the question stands for what is deployed there.

    Raises Problems when nobody can answer.
    """
    identity = Aws().identity(deployed.state_settings().region)
    click.echo(f"Account {identity.account}, as {identity.arn}.", err=True)
    if not sys.stdin.isatty():
        raise Problems([Problem("Nobody is there to confirm.", "Add --yes to change AWS without being asked.")])
    compiled = deployed.compiled
    label = f"{compiled.graph.name} ({compiled.environment})" if compiled.environment else compiled.graph.name
    if not click.confirm(question.format(label), err=True):
        raise click.exceptions.Exit(MISTAKE)


@contextmanager
def looking(deployed: Deployment) -> Iterator[bool]:
    """Whether the target can be asked; while it is, other runs are kept out of its folder."""
    if not deployed.target.reachable():
        yield False
        return
    with deployed.workspace.lock():
        yield True


def say(text: str) -> None:
    """A sentence for the user while something is going on; results go to standard output."""
    click.echo(text, err=True)


@contextmanager
def watch(root: str) -> Iterator[Listener]:
    """Shows what Terraform does in a root: live on a terminal, plain lines elsewhere."""
    from giban.terraform.progress import Display

    with Display(sys.stderr, time.monotonic, label=root) as display:
        yield display


def plan_lines(planned: Planned) -> Iterator[str]:
    """The plan as text."""
    for root in planned.roots:
        if root.compiled:
            yield style(f"{root.root}: not applied yet; {len(root.changes)} resources to create", bold=True)
        elif not root.changes and not root.outputs:
            yield style(f"{root.root}: no changes", bold=True)
        else:
            yield style(f"{root.root}: {_counts(root)}", bold=True)
        for change in root.changes:
            yield from _change_lines(change)
        if root.outputs and not root.compiled:
            yield f"  outputs: {', '.join(root.outputs)}"
        for address in root.drift:
            yield f"  changed outside of Terraform: {address}"


def _counts(root: RootPlan) -> str:
    kinds = [change.kind for change in root.changes]
    parts = [f"{kinds.count(kind)} to {kind}" for kind in SIGNS if kind in kinds]
    return ", ".join(parts) or f"{len(root.outputs)} outputs to change"


def _change_lines(change: Change) -> Iterator[str]:
    sign = style(SIGNS.get(change.kind, "?"), fg=COLOURS.get(change.kind))
    component = style(change.component, dim=True)
    yield f"  {sign} {change.address}  {component}".rstrip()
    for attribute in change.attributes:
        forced = "  (forces replacement)" if attribute.forces_replacement else ""
        yield f"      {attribute.path}: {_short(attribute.before)} → {_short(attribute.after)}{forced}"


def _short(text: str, limit: int = 100) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= limit else line[: limit - 1] + "…") or "(none)"


def root_names(stacks: list[Stack]) -> str:
    """The roots in the order they are applied."""
    return ", ".join(stack.key for stack in stacks)
