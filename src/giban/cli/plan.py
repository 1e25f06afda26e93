"""`giban plan`: what `giban up` would change."""

from __future__ import annotations

import click

from giban.cli.options import Choice, deployment_options, json_option


@click.command("plan", short_help="Show what would change.")
@deployment_options
@json_option
def command(chosen: Choice, as_json: bool) -> None:
    """Show the difference between the blueprint and what is deployed.

    Before the first `giban up`, that is everything: the compiled plan, which needs neither Terraform nor an account.
    """
    from giban.cli.deploying import deployment, looking, plan_lines, watch
    from giban.lifecycle.look import plan

    deployed = deployment(chosen)
    with looking(deployed) as reachable:
        planned = plan(deployed, watch, reachable=reachable)
    if as_json:
        from giban.cli.output import print_json

        print_json(planned)
        return
    for line in plan_lines(planned):
        click.echo(line)
    if planned.is_empty:
        click.echo("No changes: what is deployed is what the blueprint says.")
