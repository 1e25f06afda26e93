"""Errors become text and an exit code here, and nowhere else.

0 good, 1 findings or refused, 2 the user's mistake, 3 the outside world failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from giban.graph.problems import Problem, Problems

GOOD, FOUND, MISTAKE, OUTSIDE, INTERRUPTED = 0, 1, 2, 3, 130


def run_guarded(group: click.Group, args: list[str]) -> int:
    """Run a command and return its exit code. A traceback is shown with --debug (or GIBAN_DEBUG=1) only."""
    debug = "--debug" in args or os.environ.get("GIBAN_DEBUG") == "1"
    as_json = "--json" in args
    args = [arg for arg in args if arg != "--debug"]
    try:
        code = group.main(args, prog_name="giban", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else GOOD
    except click.exceptions.Abort:
        return _say("Interrupted.", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return MISTAKE
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except BrokenPipeError:
        # The reader of a pipe went away (`giban plan | head`): not an error, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except KeyboardInterrupt:
        return _say("Interrupted.", INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        return _report(error, as_json)


def _report(error: Exception, as_json: bool) -> int:
    if isinstance(error, Problems):
        return _problems(error.problems, MISTAKE, as_json)
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return _problems([Problem(str(error), getattr(error, "fix", ""))], code, as_json)
    if isinstance(error, OSError):
        reason = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        return _problems([Problem(f"{reason}.", "Nothing was written half; mend it and run again.")], OUTSIDE, as_json)
    what = f"giban stumbled over itself: {type(error).__name__}: {error}."
    return _problems([Problem(what, "Run it again with --debug and report what it prints.")], OUTSIDE, as_json)


def _problems(problems: list[Problem], code: int, as_json: bool) -> int:
    if as_json:
        from giban.cli.output import print_json

        print_json({"problems": problems})
        return code
    from giban.cli.output import style

    for problem in problems:
        head, newline, body = str(problem).partition("\n")
        click.echo(style(head, stream=sys.stderr, bold=bool(newline)) + newline + body, err=True)
    if len(problems) > 1:
        click.echo(f"\n{len(problems)} problems.", err=True)
    return code


def _say(text: str, code: int) -> int:
    click.echo(text, err=True)
    return code
