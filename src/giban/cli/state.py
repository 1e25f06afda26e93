"""`giban state`: the bucket of Terraform's state, and its locks."""

from __future__ import annotations

import click

from giban.cli.options import Choice, deployment_options, json_option


@click.group("state")
def command() -> None:
    """The bucket that holds Terraform's state."""


@command.command("create", short_help="Make the bucket, and the lock table if there is one.")
@deployment_options
@json_option
def create(chosen: Choice, as_json: bool) -> None:
    """Make the bucket (versioned, encrypted, private), and the lock table if the blueprint wants one.

    Run it as often as you like: what is there is left alone, what is not as it should be is corrected.
    """
    from giban.cli.deploying import deployment

    deployed = deployment(chosen)
    deployed.start()
    steps = deployed.create_state()
    if as_json:
        from giban.cli.output import print_json

        print_json({"settings": deployed.state_settings(), "steps": steps})
        return
    for step in steps:
        click.echo(f"{step.result:>9}  {step.what}")


@command.command("unlock")
@click.argument("lock_id", metavar="ID")
@deployment_options
def unlock(lock_id: str, chosen: Choice) -> int:
    """Release a lock that a dead run left behind. The error message of the refused run names the ID."""
    from giban.cli.deploying import deployment
    from giban.lifecycle.up import initialised
    from giban.terraform.errors import UserMistake

    deployed = deployment(chosen)
    refused: UserMistake | None = None
    for stack in deployed.stacks:
        try:
            initialised(deployed, stack).force_unlock(lock_id)
        except UserMistake as error:
            refused = error
            continue
        click.echo(f"{stack.key}: unlocked.")
        return 0
    if refused is not None:
        raise refused
    return 0
