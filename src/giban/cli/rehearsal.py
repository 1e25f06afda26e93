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


@command.command("inbox")
@_blueprint
@click.option("--follow", is_flag=True, help="Go on showing what arrives, until Ctrl-C.")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@json_option
def inbox(blueprint: str, follow: bool, opens: bool, as_json: bool) -> None:
    """Show what alarms have sent to Slack, PagerDuty, phones and mailboxes: here it is all caught."""
    from giban.cli._rehearsal_inbox import follow_up, lines_of
    from giban.rehearsal.inbox_reading import InboxReader

    reader = InboxReader(_target(blueprint).emulators.folder)
    found = reader.read()
    if opens:
        click.echo(f"Opening {reader.url}", err=as_json)
        click.launch(reader.url)
    if follow:
        follow_up(reader, found, as_json=as_json)
    elif as_json:
        from giban.cli.output import print_json

        print_json({"url": reader.url, "messages": found})
    else:
        for line in lines_of(found):
            click.echo(line)
        click.echo(f"{len(found)} message{'' if len(found) == 1 else 's'}. As a page: {reader.url}")


@command.command("clock")
@click.argument("when", required=False)
@click.option("--blueprint", default="giban.yaml", metavar="BLUEPRINT", show_default=True, help="Whose rehearsal.")
@json_option
def clock(when: str | None, blueprint: str, as_json: bool) -> None:
    """Show or set the rehearsal's clock.

    WHEN is +10m, +1d12h, 2026-11-27T08:00+09:00 or real. Functions, alarms, metrics and schedules go by it; a day of a power
    schedule takes a moment. What is skipped is evaluated minute by minute, of long skips the last three hours.
    """
    import time

    from giban.rehearsal.clock import Clock, ahead_for, shown
    from giban.rehearsal.errors import EmulatorFailed

    emulators = _target(blueprint).emulators
    there = Clock(emulators.folder)
    if when is not None:
        ahead = ahead_for(when, time.time(), there.ahead())
        if emulators.running() is None:
            raise EmulatorFailed(message="The rehearsal does not run: giban rehearsal start")
        there.set_ahead(ahead)
    ahead = there.ahead()
    if as_json:
        from giban.cli.output import print_json

        print_json({"now": there(), "ahead": ahead})
        return
    off = (
        f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's" if ahead else "this machine's own"
    )
    click.echo(f"{shown(there())}, {off}")


def _target(blueprint: str) -> Rehearsal:
    from giban.lifecycle.rehearsed import Rehearsal
    from giban.lifecycle.workspace import workspace_of

    return Rehearsal(workspace_of(blueprint, "rehearsal", None).base)


def _region(blueprint: str) -> str:
    from giban.lifecycle.pipeline import compile_blueprint

    return compile_blueprint(blueprint).blueprint.regions[0]


def _show(target: Rehearsal, as_json: bool) -> None:
    from giban.lifecycle.rehearsed import describe
    from giban.rehearsal.clock import Clock
    from giban.rehearsal.contents import contents
    from giban.rehearsal.inbox_reading import InboxReader

    states = target.emulators.status()
    running = target.emulators.running()
    held = contents(target.clients(running.region)) if running else {}
    opened = target.addresses() if running else []
    inbox_url = InboxReader(target.emulators.folder).url if running else ""
    ahead = Clock(target.emulators.folder).ahead()
    if as_json:
        from giban.cli.output import print_json

        print_json(
            {"emulators": states, "contents": held, "addresses": opened, "inbox": inbox_url, "clock_ahead": ahead}
        )
        return
    for item in states:
        for line in describe(item):
            click.echo(line)
    for there, here in opened:
        click.echo(f"{there} → {here}")
    if inbox_url:
        click.echo(f"inbox → {inbox_url}")
    if ahead:
        click.echo(f"clock: {ahead:+,.0f} s (giban rehearsal clock real)")
    if running:
        click.echo("holds: " + (", ".join(f"{len(names)} {kind}" for kind, names in held.items()) or "nothing"))
