"""`giban down`: take everything away."""

from __future__ import annotations

import click

from giban.cli.options import Choice, change_options, deployment_options, json_option


@click.command("down")
@deployment_options
@change_options
@json_option
def command(chosen: Choice, allowed: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Destroy what `giban up` made.

    On AWS everything that holds data has to be named with --allow-delete; the rehearsal has nothing worth keeping.
    """
    from giban.cli.deploying import confirm, deployment, watch
    from giban.lifecycle.down import DownResult, down

    deployed = deployment(chosen)
    if not deployed.target.reachable():
        result = DownResult(chosen.target, chosen.environment, {}, [])
    else:
        if chosen.target == "aws" and not yes:
            confirm(deployed, "Take all of {} away from this account?")
        with deployed.workspace.lock():
            result = down(deployed, watch, frozenset(allowed))
    if as_json:
        from giban.cli.output import print_json

        print_json(result)
        return
    if not result.destroyed:
        click.echo("Nothing was deployed.")
    for root, count in result.destroyed.items():
        click.echo(f"{root}: {count} resources destroyed.")
    if result.remains:
        click.echo(f"What AWS keeps: {'; '.join(result.remains)}.")
