"""`giban power`: what is on, the week that comes, and turning services and databases on and off by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from giban.cli.options import Choice, deployment_options, json_option
from giban.cli.output import print_json

if TYPE_CHECKING:
    from datetime import datetime

    from giban.lifecycle.operate import Document


@click.group("power", short_help="Hours of services and databases: status, week, on, off.")
def command() -> None:
    """Services and databases that run in certain hours only.

    TARGET is services.NAME or databases.NAME; NAME alone will do. The rehearsal is meant unless --target aws is given; `plan`
    needs nothing to be deployed.
    """


@command.command("status")
@deployment_options
@json_option
def status(chosen: Choice, as_json: bool) -> None:
    """Say what is on, why, and until when; what stands in the way; and what has been saved."""
    from giban.cli._power import opened
    from giban.cli._power_text import status_lines

    found = opened(chosen)
    document = found.call("status")
    if as_json:
        print_json(document)
        return
    for line in status_lines(document, found.prices()):
        click.echo(line)


@command.command("plan")
@deployment_options
@click.option("--week", is_flag=True, expose_value=False, help="The seven days from today on; the default.")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Begin with this day.")
@click.option("-o", "--output", metavar="FILE", help="Draw the week as well: FILE is an SVG.")
@json_option
def plan(chosen: Choice, start: datetime | None, output: str | None, as_json: bool) -> None:
    """Show the coming week: when everything is on, how many hours, what that saves. Needs nothing to be deployed.

    Holidays and clock changes are in it; what is turned on and off by hand is not (`status` knows).
    """
    from giban.cli._power import offline, plan_document
    from giban.cli._power_text import plan_lines

    found = offline(chosen, start.date() if start else None)
    if output:
        from giban.cli._power import write_chart

        write_chart(found, output)
    if as_json:
        print_json(plan_document(found))
        return
    for line in plan_lines(found):
        click.echo(line)
    if output:
        click.echo(f"Drawn: {output}", err=True)


@command.command("on", short_help="Turn something on, outside of its hours too.")
@click.argument("what", metavar="TARGET")
@deployment_options
@click.option(
    "--until", metavar="TIME", help="Keep it on until then: 2h, or 2026-11-21T22:00. Default: what its schedule says."
)
@json_option
def on(what: str, chosen: Choice, until: str | None, as_json: bool) -> None:
    """Turn TARGET on. Outside of its hours it stays on for as long as its schedule allows (`manual`), or until --until."""
    _turn("on", what, chosen, until, as_json)


@command.command("off", short_help="Turn something off, until its next start.")
@click.argument("what", metavar="TARGET")
@deployment_options
@click.option(
    "--until", metavar="TIME", help="Keep it off until then: 2h, or 2026-11-21T22:00. Default: its next start."
)
@json_option
def off(what: str, chosen: Choice, until: str | None, as_json: bool) -> None:
    """Turn TARGET off. It stays off until its schedule starts it next, or until --until."""
    _turn("off", what, chosen, until, as_json)


@command.command("auto", short_help="Give something back to its schedules.")
@click.argument("what", metavar="TARGET")
@deployment_options
@json_option
def auto(what: str, chosen: Choice, as_json: bool) -> None:
    """Give TARGET back to its schedules, at once."""
    _turn("auto", what, chosen, None, as_json)


@command.command("history", short_help="What was turned on and off, by whom and why.")
@click.argument("what", metavar="TARGET")
@deployment_options
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many.")
@json_option
def history(what: str, chosen: Choice, limit: int, as_json: bool) -> None:
    """Show what the keeper and people did to TARGET, the newest first. Kept for 90 days."""
    from giban.cli._power import opened
    from giban.cli._power_text import history_lines

    found = opened(chosen)
    document = found.call("history", target=found.named(what), limit=limit)
    if as_json:
        print_json(document)
        return
    for line in history_lines(document):
        click.echo(line)


def _turn(action: str, what: str, chosen: Choice, until: str | None, as_json: bool) -> None:
    from giban.cli._power import end_of, opened
    from giban.cli._power_text import turned_line

    more: Document = {} if until is None else end_of(until)
    found = opened(chosen)
    document = found.call(action, target=found.named(what), **more)
    if as_json:
        print_json(document)
        return
    click.echo(turned_line(document))
