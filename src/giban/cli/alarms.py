"""`giban alarms`: what fires, who takes care of it, what is silent, and where an event would go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

import click

from giban.cli.errors import FOUND
from giban.cli.options import BLUEPRINT, Choice, deployment_options, json_option
from giban.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from giban.lifecycle.operate import Document

PRIORITIES = ("P1", "P2", "P3", "P4")


@click.group("alarms", short_help="What fires, who has it, what is silent; try it.")
def command() -> None:
    """Alarms by priority: look, take over, silence, try.

    The rehearsal is meant unless --target aws is given. `routes` and `rules` need nothing to be deployed.
    """


@command.command("list", short_help="Show what fires, and who has it.")
@deployment_options
@json_option
def list_(chosen: Choice, as_json: bool) -> int:
    """Show what fires, the most urgent first, who has it, and channels that fail. Exits with 1 when something fires."""
    from giban.cli._alarms import opened
    from giban.cli._alarms_text import list_lines

    found = opened(chosen).call("list")
    _print(found, list_lines(found), as_json)
    return FOUND if found.get("alerts") else 0


@command.command("ack", short_help="Take over what fires: nobody is escalated to any more.")
@click.argument("id_", metavar="ID")
@deployment_options
@json_option
def ack(id_: str, chosen: Choice, as_json: bool) -> None:
    """Take over what fires: nobody is escalated to any more. ID is the one that `list` shows, or `all`.

    What comes anew in the same group ends it.
    """
    _each(chosen, "ack", id_, "{} is yours; escalation ends.", "Nothing was left to take over.", as_json)


@command.command("unack", short_help="Give back what was taken over.")
@click.argument("id_", metavar="ID")
@deployment_options
@json_option
def unack(id_: str, chosen: Choice, as_json: bool) -> None:
    """Give back what was taken over: it is escalated again. ID is the one that `list` shows, or `all`."""
    _each(chosen, "unack", id_, "{} is nobody's again.", "Nobody had taken it over.", as_json)


@command.command("silence", short_help="Tell nobody about something for a while.")
@click.argument("match", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--for", "time", metavar="TIME", required=True, help="How long: 30m, 2h, 1d; at most 90d.")
@click.option("--why", required=True, help="Why: shown to everybody who asks.")
@click.option("-b", "--blueprint", default=BLUEPRINT, show_default=True, help="The blueprint.")
@click.option("-e", "--environment", metavar="ENV", help="Merge environments/ENV.yaml over the blueprint.")
@click.option("--target", type=click.Choice(["rehearsal", "aws"]), default="rehearsal", show_default=True)
@json_option
def silence(
    match: tuple[str, ...],
    time: str,
    why: str,
    blueprint: str,
    environment: str | None,
    target: str,
    as_json: bool,
) -> None:
    """Tell nobody about what matches, for a while. What still fires when it ends is told then.

    KEY is priority, service, kind, name, region, resource or label.NAME; `*` in VALUE stands for any characters:

        giban alarms silence service=services.web name='*-cpu' --for 2h --why "load test"
    """
    from giban.cli._alarms import matched, opened, seconds
    from giban.cli._alarms_text import silence_lines
    from giban.cli.options import in_folder

    wanted = {"match": matched(match), "for": seconds(time), "why": why}
    found = opened(Choice(in_folder(blueprint), environment, (), target)).call("silence", **wanted)
    _print(found, silence_lines([found["silence"]], []), as_json)


@command.command("silences", short_help="Show what is silent, until when, why.")
@deployment_options
@json_option
def silences(chosen: Choice, as_json: bool) -> None:
    """Show what is silent: until when, by whom, why. Planned stops of the keeper are among them."""
    from giban.cli._alarms import opened
    from giban.cli._alarms_text import silence_lines

    everything = opened(chosen).call("list")
    found = {"silences": everything["silences"], "mutes": everything["mutes"]}
    _print(found, silence_lines(found["silences"], found["mutes"]), as_json)


@command.command("unsilence", short_help="End a silence now.")
@click.argument("silence_id", metavar="ID")
@deployment_options
@json_option
def unsilence(silence_id: str, chosen: Choice, as_json: bool) -> None:
    """End a silence now. ID is the one that `silences` shows."""
    from giban.cli._alarms import opened

    found = opened(chosen).call("unsilence", id=silence_id)
    _print(found, [f"The silence {silence_id} is over; what still fires is told now."], as_json)


@command.command("retry", short_help="Send a message again that no channel took.")
@click.argument("message_id", metavar="ID")
@deployment_options
@json_option
def retry(message_id: str, chosen: Choice, as_json: bool) -> None:
    """Send a message again that was put aside because its channel refused it for good. ID is the one that `list` shows."""
    from giban.cli._alarms import opened

    found = opened(chosen).call("retry", id=message_id)
    _print(found, [f"Queued again for {found.get('channel')}: {found.get('title')}"], as_json)


@command.command("history", short_help="What fired, what was told, what was not and why.")
@deployment_options
@click.option("--limit", type=click.IntRange(1, 500), default=30, show_default=True, help="How many.")
@json_option
def history(chosen: Choice, limit: int, as_json: bool) -> None:
    """Show what fired, what was delivered where, and what was held back and why; the newest first. Kept for 90 days."""
    from giban.cli._alarms import opened
    from giban.cli._alarms_text import history_lines

    found = opened(chosen).call("history", limit=limit)
    _print(found, history_lines(found.get("records") or []), as_json)


@command.command("test", short_help="Send a test alarm all the way, and see where it arrives.")
@click.argument("priority", type=click.Choice(PRIORITIES))
@deployment_options
@click.option("--service", default="test", show_default=True, help="What it is said to be about.")
@click.option("--resolve", is_flag=True, help="Send the recovery of such a test.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it has arrived.")
@json_option
def test(priority: str, chosen: Choice, service: str, resolve: bool, no_wait: bool, as_json: bool) -> int:
    """Send a test alarm of this priority the whole way: topic, queue, function, channels. Waits until it has arrived.

    It fires until it is taken back with --resolve.
    """
    from giban.cli._alarms import opened
    from giban.cli._alarms_test import run
    from giban.cli._alarms_text import test_lines

    found = run(opened(chosen), priority, service, resolve=resolve, wait=not no_wait)
    _print(found, test_lines(found), as_json)
    return 0 if no_wait or found.get("arrived") else FOUND


@command.command("routes", short_help="Show the routes, or the one an event takes.")
@deployment_options
@click.option(
    "--explain", "event", metavar="FILE", help="An event (JSON, or the text of a post); - reads standard input."
)
@click.option("--at", metavar="TIME", help="As if it arrived then: 2026-11-21T23:30+09:00. Default: now.")
@json_option
def routes(chosen: Choice, event: str | None, at: str | None, as_json: bool) -> None:
    """Show the routes, or which of them an event would take and why the others do not. Needs nothing to be deployed."""
    from giban.cli._alarms import offline, when
    from giban.cli._alarms_text import route_lines

    found = offline(chosen)
    if event is None:
        _print(found.config.get("routes") or [], route_lines(found.config), as_json)
        return
    from giban.lifecycle.alarms import explain, explain_lines, read_event

    text = sys.stdin.read() if event == "-" else _text_of(event)
    explained = explain(found, read_event(text, event), when(at))
    _print(explained, [line for one in explained for line in explain_lines(one)], as_json)


@command.command("rules", short_help="Show the standard alarms, by name.")
@deployment_options
@json_option
def rules(chosen: Choice, as_json: bool) -> None:
    """Show every alarm of the environment: priority, what it is about, what to do. Needs nothing to be deployed."""
    from giban.cli._alarms import offline
    from giban.cli._alarms_text import rule_lines
    from giban.lifecycle.alarms import rules

    found = rules(offline(chosen))
    _print(found, rule_lines(found), as_json)


def _each(chosen: Choice, action: str, id_: str, done: str, nothing: str, as_json: bool) -> None:
    from giban.cli._alarms import opened

    found = opened(chosen).call(action, id=id_)
    _print(found, [done.format(name) for name in found.get("groups") or ()] or [nothing], as_json)


def _print(document: Document | list[Document], lines: Iterable[str], as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    for line in lines:
        click.echo(line)


def _text_of(path: str) -> str:
    from giban.graph.problems import Problem, Problems

    stream: TextIO
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError as error:
        raise Problems(
            [Problem(f"{path} cannot be read: {error.strerror}.", "Name a file, or - for standard input.")]
        ) from None
    except UnicodeDecodeError:
        raise Problems([Problem(f"{path} is no text.", "An event is JSON, or the text of a post.")]) from None
