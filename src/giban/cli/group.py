"""The group of all commands, each imported when it is asked for."""

from __future__ import annotations

import os

import click

from giban import __version__

HELPERS = {"__init__", "deploying", "errors", "group", "options", "output", "summary"}


class LazyGroup(click.Group):
    """Commands are the modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        folder = os.path.dirname(__file__)
        names = {entry[:-3] for entry in os.listdir(folder) if entry.endswith(".py")}
        return sorted(name for name in names if name not in HELPERS and not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        from importlib import import_module

        command = import_module(f"giban.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a module of this package without a command is a bug
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            from difflib import get_close_matches

            close = get_close_matches(name, self.list_commands(ctx), 1)
            hint = f" Did you mean `{close[0]}`?" if close else " `giban --help` lists the commands."
            ctx.fail(f"There is no command `{name}`.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="giban")
def giban() -> None:
    """One page of YAML becomes plain, checked, priced Terraform: rehearsed here, deployed by you.

    Start with `giban new`, look with `giban check`, `giban cost` and `giban draw`, then `giban up`.
    """
