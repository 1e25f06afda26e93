"""Options that commands share: which blueprint, which environment, which form of output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorated = Callable[..., Any]


def blueprint_options(function: Decorated) -> Decorated:
    """BLUEPRINT, -e ENV and --set K=V, passed as `blueprint`, `environment` and `sets`."""
    function = click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="K=V",
        help="Set a value, for example --set services.web.scale.max=4.",
    )(function)
    function = click.option(
        "-e", "--environment", metavar="ENV", help="Merge environments/ENV.yaml over the blueprint."
    )(function)
    return click.argument("blueprint", default="giban.yaml", metavar="[BLUEPRINT]")(function)


def json_option(function: Decorated) -> Decorated:
    """--json, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


def target_option(function: Decorated) -> Decorated:
    """--target rehearsal|aws, passed as `target`."""
    return click.option(
        "--target",
        type=click.Choice(["rehearsal", "aws"]),
        default="rehearsal",
        show_default=True,
        help="Emulated AWS on this machine, or your account.",
    )(function)


def change_options(function: Decorated) -> Decorated:
    """--allow-delete ADDRESS and --yes, passed as `allowed` and `yes`, for commands that change what is deployed."""
    function = click.option("--yes", is_flag=True, help="Do not ask before changing AWS.")(function)
    return click.option(
        "--allow-delete",
        "allowed",
        multiple=True,
        metavar="ADDRESS",
        help="Let this resource be deleted with its data.",
    )(function)
