"""`giban status`: what is deployed."""

from __future__ import annotations

import click

from giban.cli.options import Choice, deployment_options, json_option


@click.command("status", short_help="Show what is deployed, missing and left over.")
@deployment_options
@json_option
def command(chosen: Choice, as_json: bool) -> None:
    """Show what is deployed, from Terraform's state, and what is missing or left over."""
    from giban.cli.deploying import deployment, looking
    from giban.lifecycle.look import status

    deployed = deployment(chosen)
    with looking(deployed) as reachable:
        found = status(deployed, reachable=reachable)
    if as_json:
        from giban.cli.output import print_json

        print_json(found)
        return
    for note in deployed.target.notes():
        click.echo(note)
    if not found.deployed:
        click.echo(f"Nothing is deployed on {chosen.target}. Next: giban up")
        return
    for root in found.roots:
        click.echo(f"{root.root}: {root.deployed} of {root.expected} resources")
        for address in root.missing:
            click.echo(f"  missing: {address}")
        for address in root.unexpected:
            click.echo(f"  no longer in the blueprint: {address}")
        for name, value in root.outputs.items():
            click.echo(f"  {name} = {', '.join(value) if isinstance(value, list) else value}")
