"""`giban up`: create or change what the blueprint says, on the rehearsal or on AWS."""

from __future__ import annotations

import click

from giban.cli.errors import FOUND
from giban.cli.options import Choice, change_options, deployment_options, json_option


@click.command("up", short_help="Apply the blueprint, rehearsed or to AWS.")
@deployment_options
@change_options
@json_option
def command(chosen: Choice, allowed: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Apply the blueprint: to emulated AWS on this machine (the default), or to your account with --target aws.

    A plan that would delete or replace what holds data is refused unless its address is named.
    """
    from giban.cli.deploying import confirm, deployment, say, watch
    from giban.lifecycle.findings import blocking
    from giban.lifecycle.up import up
    from giban.rehearsal.errors import RehearsalUnavailable
    from giban.terraform.errors import EngineMissing, ProviderUnavailable

    deployed = deployment(chosen)
    found = blocking(deployed.compiled)
    for finding in found:
        say(f"{finding.check} {finding.resource}: {finding.message} {finding.fix}")
    if found and chosen.target == "aws":
        say(f"\n{len(found)} errors found: mend or waive them before this reaches AWS. See giban check.")
        return FOUND
    if chosen.target == "aws" and not yes:
        confirm(deployed, "Apply {} to this account?")
    try:
        with deployed.workspace.lock():
            result = up(deployed, watch, frozenset(allowed))
    except (EngineMissing, ProviderUnavailable, RehearsalUnavailable) as error:
        if chosen.target == "rehearsal":
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
