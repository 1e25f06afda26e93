"""`giban agent`: the workstation's host agent, run here - to see what it sees, or to send one report."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from giban.cli.errors import FOUND, OUTSIDE
from giban.cli.options import json_option


@click.command("agent")
@click.option("--print", "show", is_flag=True, help="Look at this machine and print what is seen; reports nothing.")
@click.option("--once", is_flag=True, help="Send one report to the API of the configuration.")
@click.option("--config", metavar="FILE", help="The agent's configuration [default: /etc/giban/agent.json].")
@click.option("--root", metavar="DIR", help="Read /proc and all other paths below this folder.")
@json_option
def command(show: bool, once: bool, config: str | None, root: str | None, as_json: bool) -> int:
    """Show what the host agent sees on this machine.

    It tells people apart from machines: open SSH sessions, browsers that are connected, use of editor and terminals,
    and work that goes on alone. As root it sees whose connections are whose.
    """
    if show == once:
        raise click.UsageError("Say what to do: `giban agent --print`, or `giban agent --once`.")
    # Deployed code is run by its path, as the workstation runs it, and never imported.
    file = os.path.join(os.path.dirname(os.path.dirname(__file__)), "runtime", "agent", "giban_agent.py")
    words = ["--print" if show else "--once"]
    words += ["--config", config] if config else []
    words += ["--root", root] if root else []
    words += ["--json"] if as_json else []
    code = subprocess.run([sys.executable, "-I", file, *words], check=False).returncode
    return OUTSIDE if once and code == FOUND else code
