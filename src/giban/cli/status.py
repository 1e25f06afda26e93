"""`giban status`: what is deployed."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, json_option, target_option


@click.command("status", short_help="Show what is deployed, missing and left over.")
@blueprint_options
@target_option
@json_option
def command(blueprint: str, environment: str | None, sets: tuple[str, ...], target: str, as_json: bool) -> None:
    """Show what is deployed, from Terraform's state, and what is missing or left over."""
    from giban.cli.deploying import deployment
    from giban.lifecycle.look import status

    deployed = deployment(blueprint, environment, sets, target)
    reachable = deployed.target.reachable()
    if reachable:
        with deployed.workspace.lock():
            found = status(deployed, reachable=True)
    else:
        found = status(deployed, reachable=False)
    if as_json:
        from giban.cli.output import print_json

        print_json(found)
        return
    for note in deployed.target.notes():
        click.echo(note)
    if not found.deployed:
        click.echo(f"Nothing is deployed on {target}. Next: giban up")
        return
    for root in found.roots:
        click.echo(f"{root.root}: {root.deployed} of {root.expected} resources")
        for address in root.missing:
            click.echo(f"  missing: {address}")
        for address in root.unexpected:
            click.echo(f"  no longer in the blueprint: {address}")
        for name, value in root.outputs.items():
            click.echo(f"  {name} = {', '.join(value) if isinstance(value, list) else value}")
