"""`giban down`: take everything away."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, change_options, json_option, target_option


@click.command("down")
@blueprint_options
@target_option
@change_options
@json_option
def command(
    blueprint: str,
    environment: str | None,
    sets: tuple[str, ...],
    target: str,
    allowed: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Destroy what `giban up` made.

    On AWS everything that holds data has to be named with --allow-delete; the rehearsal has nothing worth keeping.
    """
    from giban.cli.deploying import deployment, watch
    from giban.cli.up import confirm
    from giban.lifecycle.down import DownResult, down

    deployed = deployment(blueprint, environment, sets, target)
    if not deployed.target.reachable():
        result = DownResult(target, environment, {}, [])
    else:
        if target == "aws" and not yes:
            confirm(deployed.state_settings().region, f"the END of {deployed.compiled.graph.name}", environment)
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
