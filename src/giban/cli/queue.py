"""`giban queue`: what waits in queues, what was given up on, and trying that again."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from giban.cli.options import Choice, deployment_options, json_option

if TYPE_CHECKING:
    from giban.lifecycle.deployment import Deployment
    from giban.lifecycle.queue import Message, Queue, Queues

SHOWN = 300
"""Characters of a message's body; --json has them all."""


@click.group("queue", short_help="Look at queues and dead letters, and try those again.")
def command() -> None:
    """Messages that wait, and those that were tried often enough and lie in a queue of dead letters.

    `functions-failed` holds the events that functions could not process. The rehearsal is meant unless --target aws is given.
    """


@command.command("list")
@deployment_options
@json_option
def list_(chosen: Choice, as_json: bool) -> None:
    """Show every queue: how many messages wait, are being worked on, and are dead."""
    from giban.cli.output import print_json, table
    from giban.lifecycle.queue import queues

    deployed = _deployed(chosen)
    found = [_calls(deployed, chosen, queue).filling(queue) for queue in queues(deployed.compiled.graph)]
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("The blueprint has no queues.")
        return
    rows = [["queue", "waiting", "taken", "delayed", "dead"]]
    rows += [[one.name, *(str(number) for number in (one.waiting, one.taken, one.delayed, one.dead))] for one in found]
    for line in table(rows, frozenset({1, 2, 3, 4})):
        click.echo(line)


@command.command("peek")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Most messages to show.")
@deployment_options
@json_option
def peek(name: str, limit: int, chosen: Choice, as_json: bool) -> None:
    """Show dead letters of the queue NAME. They stay where they are."""
    from giban.cli.output import print_json
    from giban.lifecycle.queue import find

    deployed = _deployed(chosen)
    queue = find(deployed.compiled.graph, name)
    found = _calls(deployed, chosen, queue).peek(queue, limit)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo(f"{queue.name} has no dead letters.")
    for message in found:
        for line in _lines(message):
            click.echo(line)


@command.command("redrive")
@click.argument("name")
@click.option("--rate", type=click.IntRange(1, 500), help="Most messages a second. Default: as fast as it goes.")
@click.option("--yes", is_flag=True, help="Do not ask before changing AWS.")
@deployment_options
@json_option
def redrive(name: str, rate: int | None, yes: bool, chosen: Choice, as_json: bool) -> None:
    """Move the dead letters of the queue NAME back into it, as new messages.

    Find out first why they failed: what fails again comes back.
    """
    from giban.cli.output import print_json
    from giban.lifecycle.queue import Progress, failed_to_move, find

    deployed = _deployed(chosen)
    queue = find(deployed.compiled.graph, name)
    calls = _calls(deployed, chosen, queue)
    number = calls.filling(queue).dead
    progress = Progress("COMPLETED", 0, 0)
    if number:
        if chosen.target == "aws" and not yes:
            from giban.cli.deploying import confirm

            confirm(deployed, f"Try {number} messages of {queue.name} in {{}} again?")
        for progress in calls.redrive(queue, rate, time.sleep):
            if not as_json and sys.stderr.isatty():
                click.echo(f"\r{progress.moved} of {progress.of}", nl=False, err=True)
        if not as_json and sys.stderr.isatty():
            click.echo(err=True)
    if progress.status != "COMPLETED":
        raise failed_to_move(progress)
    if as_json:
        print_json(progress)
        return
    click.echo(
        f"{queue.name}: {_messages(progress.moved)} tried again." if number else f"{queue.name} has no dead letters."
    )
    if progress.kept:
        what = "does" if progress.kept == 1 else "do"
        click.echo(
            f"{_messages(progress.kept)} {what} not hold what the function was called with; look with `giban queue peek`."
        )


def _deployed(chosen: Choice) -> Deployment:
    from giban.cli._operating import require_running
    from giban.cli.deploying import deployment

    deployed = deployment(chosen)
    require_running(deployed, chosen)
    return deployed


def _calls(deployed: Deployment, chosen: Choice, queue: Queue) -> Queues:
    from giban.cli._operating import up_command
    from giban.lifecycle.queue import Queues

    return Queues(deployed.target.clients(queue.region), up_command(chosen))


def _lines(message: Message) -> list[str]:
    sent = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(message.sent))
    body = " ".join(message.body.split())
    shown = body if len(body) <= SHOWN else body[: SHOWN - 1] + "…"
    return [f"{message.id}  {sent}  tried {message.received} times", f"    {shown}"]


def _messages(number: int) -> str:
    return f"{number} message{'' if number == 1 else 's'}"
