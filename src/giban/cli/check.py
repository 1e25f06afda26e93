"""`giban check`: what is wrong, before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from giban.cli.errors import FOUND, GOOD
from giban.cli.options import blueprint_options, json_option
from giban.graph.problems import Problem, Problems

if TYPE_CHECKING:
    from giban.checks.registry import Check, Finding, Severity
    from giban.checks.waivers import Waiver
    from giban.graph.graph import Graph

COLOURS = {"error": "red", "warning": "yellow", "notice": "cyan"}


@click.command("check", short_help="Find problems before anything is created.")
@blueprint_options
@click.option("--terraform", metavar="DIR", help="Check a folder of Terraform (JSON or HCL) instead of a blueprint.")
@click.option(
    "--against",
    metavar="OTHER",
    help="Only what OTHER does not have: another blueprint (with --terraform another folder), such as the one "
    "before a change.",
)
@click.option("--only", "only", multiple=True, metavar="ID", help="Run this check only; may be repeated.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "notice", "never"]),
    default="warning",
    show_default=True,
    help="The least finding that makes the exit code 1.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True, help="Output."
)
@click.option("--list", "listing", is_flag=True, help="List every check, and stop.")
@click.option("--explain", metavar="ID", help="Show the page of a check, and stop.")
@json_option
def command(
    blueprint: str,
    environment: str | None,
    sets: tuple[str, ...],
    terraform: str | None,
    against: str | None,
    only: tuple[str, ...],
    fail_on: str,
    form: str,
    listing: bool,
    explain: str | None,
    as_json: bool,
) -> int:
    """Check a blueprint, or any folder of Terraform, before anything is created.

    A finding has an ID; `giban check --explain GB012` says why it matters and what to write instead. A finding that is
    accepted for a while is waived in the blueprint (`waivers`), with a reason and a date.
    """
    form = "json" if as_json else form
    if listing:
        return _list(form)
    if explain:
        return _explain(explain, form)
    return _check(_subject(blueprint, environment, sets, terraform), against, only, fail_on, form)


class Subject:
    """What is checked: a blueprint in an environment, or a folder of Terraform."""

    def __init__(self, path: str, environment: str | None, sets: tuple[str, ...], *, terraform: bool) -> None:
        self.path = path
        self.environment = environment
        self.sets = sets
        self.terraform = terraform

    def read(self, path: str) -> tuple[Graph, list[Waiver]]:
        """The graph and the waivers of a path read in the same way. Raises Problems."""
        if self.terraform:
            from giban.terraform.read import read_folder

            return read_folder(path), []
        from giban.lifecycle.pipeline import compile_blueprint

        compiled = compile_blueprint(path, self.environment, self.sets)
        return compiled.graph, compiled.waivers


def _subject(blueprint: str, environment: str | None, sets: tuple[str, ...], terraform: str | None) -> Subject:
    if terraform is None:
        return Subject(blueprint, environment, sets, terraform=False)
    if environment or sets:
        what = "-e and --set change a blueprint; a folder of Terraform has no environments."
        raise Problems([Problem(what, "Leave them out, or leave --terraform out.")])
    return Subject(terraform, None, (), terraform=True)


def _check(subject: Subject, against: str | None, only: tuple[str, ...], fail_on: str, form: str) -> int:
    from datetime import date

    from giban.checks.formats import Report, as_json, as_sarif, as_text
    from giban.checks.registry import all_checks, run
    from giban.checks.waivers import WAIVER_CHECKS, apply, counting

    checks = [_known(id_, all_checks()) for id_ in sorted(set(only))] or all_checks()
    graph, waivers = subject.read(subject.path)
    found = apply(run(graph, checks), waivers, date.today(), {check.id for check in checks} if only else None)
    if not subject.terraform:
        from giban.lifecycle.fixes import in_words_of_the_blueprint

        found = in_words_of_the_blueprint(found)
    if against is not None:
        found = _new(found, run(subject.read(against)[0], checks))
    asked_for = [*checks, *(check for check in WAIVER_CHECKS if not only)]
    report = Report(found, asked_for, len(graph.managed), subject.path)
    if form == "json":
        click.echo(as_json(report), nl=False)
    elif form == "sarif":
        from giban import __version__

        click.echo(as_sarif(report, __version__), nl=False)
    else:
        click.echo(as_text(report, _paint), nl=False)
    return FOUND if fail_on != "never" and counting(found, cast("Severity", fail_on)) else GOOD


def _new(found: list[Finding], before: list[Finding]) -> list[Finding]:
    """The findings that were not there before. Lines do not count: they move with every change."""
    known = {(finding.check, finding.stack, finding.resource, finding.message) for finding in before}
    return [f for f in found if (f.check, f.stack, f.resource, f.message) not in known]


def _known(id_: str, checks: list[Check]) -> Check:
    """The check of an ID, in whatever case it is written. Raises Problems when there is none."""
    wanted = id_.strip().upper()
    for check in checks:
        if wanted in (check.id, check.name.upper()):
            return check
    from difflib import get_close_matches

    close = get_close_matches(wanted, [check.id for check in checks], 1)
    fix = f"Did you mean {close[0]}? " if close else ""
    raise Problems([Problem(f"There is no check `{id_}`.", f"{fix}`giban check --list` lists them.")])


def _list(form: str) -> int:
    from giban.checks.formats import listing
    from giban.checks.registry import all_checks
    from giban.checks.waivers import WAIVER_CHECKS
    from giban.cli.output import print_json, table

    rows = listing([*all_checks(), *WAIVER_CHECKS])
    if form == "text":
        click.echo("\n".join(table(rows)))
    else:
        names = ("id", "severity", "family", "title")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    return GOOD


def _explain(id_: str, form: str) -> int:
    from giban.checks.formats import page
    from giban.checks.registry import all_checks
    from giban.checks.waivers import WAIVER_CHECKS
    from giban.cli.output import print_json

    check = _known(id_, [*all_checks(), *WAIVER_CHECKS])
    if form == "text":
        click.echo(page(check), nl=False)
    else:
        print_json({"id": check.id, "severity": check.severity, "title": check.title, "page": page(check)})
    return GOOD


def _paint(text: str, look: str) -> str:
    from giban.cli.output import style

    return style(text, fg=COLOURS.get(look), bold=look in ("bold", "error"), dim=look == "dim")
