"""What the commands of `giban workstation` share: words and options, the workstation they mean, questions to the user."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from giban.cli.options import Choice, Decorated, overlay_options, target_option
from giban.graph.problems import Problem, Problems

if TYPE_CHECKING:
    from giban.lifecycle.deployment import Deployment
    from giban.lifecycle.workstation import Admin, Workstation


class Opened(NamedTuple):
    """A workstation that a command works on."""

    admin: Admin
    workstation: Workstation
    address_of: Callable[[str], str]
    """A page's address, from its host name, as a browser on this machine reaches it."""
    value: str
    """The command's own word."""

    @property
    def page(self) -> str:
        """The address of the admin page."""
        return self.address_of(self.workstation.host)


def workstation_options(value: str = "") -> Callable[[Decorated], Decorated]:
    """`[NAME] [VALUE] [BLUEPRINT]`, -e, --set and --target, passed together as `opened`.

    `value` is what the command's own word is called, empty when it takes none.
    """

    def decorate(function: Decorated) -> Decorated:
        @wraps(function)
        def opening(
            *, words: tuple[str, ...], environment: str | None, sets: tuple[str, ...], target: str, **others: Any
        ) -> Any:
            from giban.cli._workstation_words import sort_words

            name, given, blueprint = sort_words(words, value)
            return function(opened=_open_one(Choice(blueprint, environment, sets, target), name, given), **others)

        metavar = " ".join(part for part in ("[NAME]", value, "[BLUEPRINT]") if part)
        return click.argument("words", nargs=-1, metavar=metavar)(overlay_options(target_option(opening)))

    return decorate


def open_all(chosen: Choice) -> list[Opened]:
    """Every workstation of a blueprint. Raises Problems when there is none, or the rehearsal does not run."""
    from giban.cli._operating import require_running
    from giban.cli.deploying import deployment
    from giban.lifecycle.workstation import find, workstations

    deployed = deployment(chosen)
    known = workstations(deployed.compiled.graph)
    if not known:
        find(deployed.compiled.graph, None)
    require_running(deployed, chosen)
    return [_opened(deployed, chosen, workstation, "") for workstation in known]


def _open_one(chosen: Choice, name: str | None, value: str) -> Opened:
    from giban.cli._operating import require_running
    from giban.cli.deploying import deployment
    from giban.lifecycle.workstation import find

    deployed = deployment(chosen)
    workstation = find(deployed.compiled.graph, name)
    require_running(deployed, chosen)
    return _opened(deployed, chosen, workstation, value)


def _opened(deployed: Deployment, chosen: Choice, workstation: Workstation, value: str) -> Opened:
    from giban.cli._operating import up_command
    from giban.lifecycle.workstation import Admin

    target, region = deployed.target, workstation.region
    admin = Admin(workstation, target.clients(region), lambda: target.operator(region), up_command(chosen))
    return Opened(admin, workstation, target.address, value)


def read_password(stream: TextIO) -> str:
    """A new password: asked for twice and not shown on a terminal, else the first line of the stream."""
    if stream.isatty():
        return str(click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
    line = stream.readline().rstrip("\r\n")
    if not line:
        raise Problems([Problem("There is no password on standard input.", "Pipe one in, or use --generate.")])
    return line


def launch(url: str) -> None:
    """Open a page in the user's browser where there is one."""
    has_display = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if has_display and sys.stdout.isatty():
        click.launch(url)


def host_of(url: str) -> str:
    """The host name in an address."""
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""
