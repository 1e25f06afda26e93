"""`giban state`: the bucket of Terraform's state, and its locks."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, json_option, target_option


@click.group("state")
def command() -> None:
    """The bucket that holds Terraform's state."""


@command.command("create", short_help="Make the bucket, and the lock table if there is one.")
@blueprint_options
@target_option
@json_option
def create(blueprint: str, environment: str | None, sets: tuple[str, ...], target: str, as_json: bool) -> None:
    """Make the bucket (versioned, encrypted, private), and the lock table if the blueprint wants one.

    Run it as often as you like: what is there is left alone, what is not as it should be is corrected.
    """
    from giban.cli.deploying import deployment

    deployed = deployment(blueprint, environment, sets, target)
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
@blueprint_options
@target_option
def unlock(lock_id: str, blueprint: str, environment: str | None, sets: tuple[str, ...], target: str) -> int:
    """Release a lock that a dead run left behind. The error message of the refused run names the ID."""
    from giban.cli.deploying import deployment
    from giban.lifecycle.up import initialised
    from giban.terraform.errors import UserMistake

    deployed = deployment(blueprint, environment, sets, target)
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
