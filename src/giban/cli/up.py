"""`giban up`: create or change what the blueprint says, on the rehearsal or on AWS."""

from __future__ import annotations

import sys

import click

from giban.cli.errors import FOUND, MISTAKE
from giban.cli.options import blueprint_options, change_options, json_option, target_option
from giban.graph.problems import Problem, Problems


@click.command("up", short_help="Apply the blueprint, rehearsed or to AWS.")
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
) -> int:
    """Apply the blueprint: to emulated AWS on this machine (the default), or to your account with --target aws.

    A plan that would delete or replace what holds data is refused unless its address is named.
    """
    from giban.cli.deploying import deployment, say, watch
    from giban.lifecycle.findings import blocking
    from giban.lifecycle.up import up
    from giban.rehearsal.errors import RehearsalUnavailable
    from giban.terraform.errors import EngineMissing, ProviderUnavailable

    deployed = deployment(blueprint, environment, sets, target)
    found = blocking(deployed.compiled)
    for finding in found:
        say(f"{finding.check} {finding.resource}: {finding.message} {finding.fix}")
    if found and target == "aws":
        say(f"\n{len(found)} errors found: mend or waive them before this reaches AWS. See giban check.")
        return FOUND
    if target == "aws" and not yes:
        confirm(deployed.state_settings().region, deployed.compiled.graph.name, environment)
    try:
        with deployed.workspace.lock():
            result = up(deployed, watch, frozenset(allowed))
    except (EngineMissing, ProviderUnavailable, RehearsalUnavailable) as error:
        if target == "rehearsal":
            say("The rehearsal did not run: something it needs is missing on this machine.")
            say(
                "check, cost, draw and export work without it; `giban doctor` lists what is there and how to get the rest.\n"
            )
        raise error
    if as_json:
        from giban.cli.output import print_json

        print_json(result)
        return 0
    from giban.cli.summary import up_lines

    for line in up_lines(deployed, result):
        click.echo(line)
    return 0


def confirm(region: str, name: str, environment: str | None) -> None:
    """Show whose account it is and ask. Raises Problems when nobody can answer."""
    from giban.lifecycle.targets import Aws

    identity = Aws().identity(region)
    label = f"{name} ({environment})" if environment else name
    click.echo(f"Account {identity.account}, as {identity.arn}.", err=True)
    if not sys.stdin.isatty():
        raise Problems([Problem("Nobody is there to confirm.", "Add --yes to change AWS without being asked.")])
    if not click.confirm(f"Apply {label} to this account?", err=True):
        raise click.exceptions.Exit(MISTAKE)
