"""Options that commands share: which blueprint, which environment, which form of output."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click

Decorated = Callable[..., Any]

BLUEPRINT = "giban.yaml"
"""The blueprint when none is named."""


class Choice(NamedTuple):
    """What the user wants to work on: which blueprint, with what over it, and where it is deployed."""

    blueprint: str
    environment: str | None
    sets: tuple[str, ...]
    target: str


def blueprint_options(function: Decorated) -> Decorated:
    """BLUEPRINT, -e ENV and --set K=V, passed as `blueprint`, `environment` and `sets`."""
    argument = click.argument(
        "blueprint",
        default=BLUEPRINT,
        metavar="[BLUEPRINT]",
        callback=lambda _context, _parameter, path: in_folder(path),
    )
    return argument(overlay_options(function))


def in_folder(path: str) -> str:
    """The blueprint that is meant: the one in the folder, when `path` is a folder that holds one."""
    inside = os.path.join(path, BLUEPRINT)
    return inside if os.path.isfile(inside) else path


def overlay_options(function: Decorated) -> Decorated:
    """-e ENV and --set K=V, passed as `environment` and `sets`."""
    function = click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="K=V",
        help="Set a value, for example --set services.web.scale.max=4.",
    )(function)
    return click.option("-e", "--environment", metavar="ENV", help="Merge environments/ENV.yaml over the blueprint.")(
        function
    )


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


def deployment_options(function: Decorated) -> Decorated:
    """BLUEPRINT, -e, --set and --target, passed together as `chosen`, a `Choice`."""

    @wraps(function)
    def gathered(*, blueprint: str, environment: str | None, sets: tuple[str, ...], target: str, **others: Any) -> Any:
        return function(chosen=Choice(blueprint, environment, sets, target), **others)

    return blueprint_options(target_option(gathered))


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
