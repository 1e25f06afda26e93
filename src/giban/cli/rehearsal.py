"""`giban rehearsal`: the emulators themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from giban.cli.errors import FOUND
from giban.cli.options import json_option

if TYPE_CHECKING:
    from giban.lifecycle.rehearsed import Rehearsal


@click.group("rehearsal", short_help="Start, stop or empty the emulators.")
def command() -> None:
    """The emulators: child processes on loopback that `giban up` applies to."""


def _blueprint(function: click.decorators.FC) -> click.decorators.FC:
    return click.argument("blueprint", default="giban.yaml", metavar="[BLUEPRINT]")(function)


@command.command("start")
@_blueprint
@json_option
def start(blueprint: str, as_json: bool) -> None:
    """Start the emulators, or find them running."""
    from giban.cli.deploying import say

    target = _target(blueprint)
    target.start(_region(blueprint), say)
    _show(target, as_json)


@command.command("stop")
@_blueprint
@json_option
def stop(blueprint: str, as_json: bool) -> None:
    """Stop the emulators. What they hold is gone."""
    target = _target(blueprint)
    stopped = target.emulators.stop()
    if as_json:
        _show(target, as_json)
    else:
        click.echo("The emulators are stopped." if stopped else "No emulators were running.")


@command.command("reset")
@_blueprint
@json_option
def reset(blueprint: str, as_json: bool) -> None:
    """Empty the emulators."""
    from giban.cli.deploying import say

    target = _target(blueprint)
    target.emulators.reset(_region(blueprint), say)
    _show(target, as_json)


@command.command("status")
@_blueprint
@json_option
def status(blueprint: str, as_json: bool) -> int:
    """Show how the emulators are and what they hold. Exits with 1 when one has stopped by itself."""
    target = _target(blueprint)
    _show(target, as_json)
    return FOUND if any(item.state == "crashed" for item in target.emulators.status()) else 0


def _target(blueprint: str) -> Rehearsal:
    from giban.lifecycle.rehearsed import Rehearsal
    from giban.lifecycle.workspace import workspace_of

    return Rehearsal(workspace_of(blueprint, "rehearsal", None).base)


def _region(blueprint: str) -> str:
    from giban.lifecycle.pipeline import compile_blueprint

    return compile_blueprint(blueprint).blueprint.regions[0]


def _show(target: Rehearsal, as_json: bool) -> None:
    from giban.lifecycle.rehearsed import describe
    from giban.rehearsal.contents import contents

    states = target.emulators.status()
    running = target.emulators.running()
    held = contents(target.clients(running.region)) if running else {}
    opened = target.addresses() if running else []
    if as_json:
        from giban.cli.output import print_json

        print_json({"emulators": states, "contents": held, "addresses": opened})
        return
    for item in states:
        for line in describe(item):
            click.echo(line)
    for there, here in opened:
        click.echo(f"{there} → {here}")
    if running:
        click.echo("holds: " + (", ".join(f"{len(names)} {kind}" for kind, names in held.items()) or "nothing"))
