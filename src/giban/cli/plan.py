"""`giban plan`: what `giban up` would change."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, json_option, target_option


@click.command("plan")
@blueprint_options
@target_option
@json_option
def command(blueprint: str, environment: str | None, sets: tuple[str, ...], target: str, as_json: bool) -> None:
    """Show the difference between the blueprint and what is deployed.

    Before the first `giban up`, that is everything: the compiled plan, which needs neither Terraform nor an account.
    """
    from giban.cli.deploying import deployment, plan_lines, watch
    from giban.lifecycle.look import plan

    deployed = deployment(blueprint, environment, sets, target)
    reachable = deployed.target.reachable()
    if reachable:
        with deployed.workspace.lock():
            planned = plan(deployed, watch, reachable=True)
    else:
        planned = plan(deployed, watch, reachable=False)
    if as_json:
        from giban.cli.output import print_json

        print_json(planned)
        return
    for line in plan_lines(planned):
        click.echo(line)
    if planned.is_empty:
        click.echo("No changes: what is deployed is what the blueprint says.")
