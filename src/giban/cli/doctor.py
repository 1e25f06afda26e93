"""`giban doctor`: what is installed, what is missing, and what that means."""

from __future__ import annotations

import sys

import click

from giban.cli.errors import FOUND
from giban.cli.options import json_option


@click.command("doctor")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code says whether the rehearsal can run.")
@json_option
def command(quiet: bool, as_json: bool) -> int:
    """Say what is installed, what is missing and what that means.

    Exits with 1 when the rehearsal cannot run on this machine.
    """
    from giban.lifecycle.doctor import examine

    items = examine()
    if as_json:
        from giban.cli.output import print_json

        print_json(items)
    elif not quiet:
        from giban.cli.output import style

        for item in items:
            mark = style("ok     ", fg="green") if item.good else style("missing", fg="yellow")
            click.echo(f"{mark}  {item.name}: {item.found}")
            if item.meaning:
                click.echo(f"         {item.meaning}")
    sys.stdout.flush()
    return 0 if all(item.good for item in items if item.needed) else FOUND
