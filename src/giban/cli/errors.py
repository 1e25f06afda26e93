"""Errors become text and an exit code here, and nowhere else.

0 good, 1 findings or refused, 2 the user's mistake, 3 the outside world failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from giban.graph.problems import Problem, Problems

GOOD, FOUND, MISTAKE, OUTSIDE, INTERRUPTED = 0, 1, 2, 3, 130


def run_guarded(group: click.Group, args: list[str]) -> int:
    """Run a command and return its exit code. A traceback is shown with --debug (or GIBAN_DEBUG=1) only."""
    _fill_closed_streams()
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
        return _reader_is_gone()
    except SystemExit:
        # click itself exits for one reason in this mode: a closed pipe. Its code 1 would mean findings here.
        return _reader_is_gone()
    except KeyboardInterrupt:
        return _say("Interrupted.", INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        return _report(error, as_json)


def _fill_closed_streams() -> None:
    """Give a closed stream (`>&-`) somewhere to go, before another file takes its number."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open until the process ends


def _reader_is_gone() -> int:
    """The reader of a pipe went away (`giban plan | head`): not an error, and nothing more can be said."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    return GOOD


def _report(error: Exception, as_json: bool) -> int:
    if isinstance(error, Problems):
        return _problems(error.problems, MISTAKE, as_json)
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return _problems([Problem(str(error), getattr(error, "fix", ""))], code, as_json)
    if isinstance(error, OSError):
        reason = ": ".join(str(part) for part in (error.filename, error.strerror) if part) or str(error)
        return _problems(
            [Problem(f"{reason}.", "No file was left half written. Mend it and run again.")], OUTSIDE, as_json
        )
    what = f"giban stumbled over itself: {type(error).__name__}: {error}."
    return _problems([Problem(what, "Run it again with --debug and report what it prints.")], OUTSIDE, as_json)


def _problems(problems: list[Problem], code: int, as_json: bool) -> int:
    try:
        _print_problems(problems, as_json)
    except OSError:
        # Nobody listens (a full disk behind standard output, a closed pipe); the exit code still says it.
        _reader_is_gone()
    return code


def _print_problems(problems: list[Problem], as_json: bool) -> None:
    if as_json:
        from giban.cli.output import print_json

        print_json({"problems": problems})
        sys.stdout.flush()
        return
    from giban.cli.output import style

    for problem in problems:
        head, newline, body = str(problem).partition("\n")
        click.echo(style(head, stream=sys.stderr, bold=bool(newline)) + newline + body, err=True)
    if len(problems) > 1:
        click.echo(f"\n{len(problems)} problems.", err=True)


def _say(text: str, code: int) -> int:
    with suppress(OSError):
        click.echo(text, err=True)
    return code
