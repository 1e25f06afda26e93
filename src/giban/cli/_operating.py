"""What commands share that work on something deployed: is the target there, which command deploys it, questions to the user."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from giban.cli.options import BLUEPRINT, Choice
from giban.graph.problems import Problem, Problems

if TYPE_CHECKING:
    from giban.lifecycle.deployment import Deployment


def require_running(deployed: Deployment, chosen: Choice) -> None:
    """Raises Problems when the rehearsal is meant and does not run."""
    if not deployed.target.reachable():
        why = " ".join(["The rehearsal does not run.", *deployed.target.notes()])
        raise Problems([Problem(why, f"Run `{up_command(chosen)}`, or add --target aws for the real one.")])


def up_command(chosen: Choice) -> str:
    """The command that deploys what was chosen."""
    words = ["giban", "up", *([chosen.blueprint] if chosen.blueprint != BLUEPRINT else [])]
    words += ["-e", chosen.environment] if chosen.environment else []
    words += [word for pair in chosen.sets for word in ("--set", pair)]
    return shlex.join([*words, *(["--target", "aws"] if chosen.target == "aws" else [])])


def require_yes(question: str) -> None:
    """Ask, and go on only after a yes. Raises Problems when nobody is there to answer, click's Exit (1) after a no."""
    if not sys.stdin.isatty():
        raise Problems([Problem("Nobody is there to confirm.", "Add --yes to do it without being asked.")])
    if not click.confirm(question, err=True):
        raise click.exceptions.Exit(1)
