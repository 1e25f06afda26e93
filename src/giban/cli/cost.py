"""`giban cost`: what the environment costs in a month, why, and what something else would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from giban.cli.options import blueprint_options, json_option

if TYPE_CHECKING:
    from giban.cost.compare import Change, Comparison, Delta
    from giban.cost.estimate import Estimate
    from giban.cost.ranges import Range
    from giban.graph.graph import Graph

LARGEST = 8
"""Lines shown under "largest items"."""


MANY = 10
"""Unknown items with one reason that are counted instead of listed."""


@click.command("cost", short_help="Monthly cost: low, likely and high.")
@blueprint_options
@click.option(
    "--against",
    metavar="OTHER",
    help="Show the difference from another blueprint file, or from this one with another environment: "
    "env:NAME (env: for none). --set applies to BLUEPRINT only, so `--set … --against giban.yaml` prices a change.",
)
@click.option("--by", type=click.Choice(["component", "resource"]), default="component", show_default=True)
@click.option("--assume", "assume", multiple=True, metavar="NAME=VALUE", help="A number, or low,likely,high.")
@click.option("--usage", "usage_files", multiple=True, metavar="FILE", help="A YAML file of assumptions.")
@click.option("--prices", "price_file", metavar="FILE", help="A price file on top of the shipped prices.")
@click.option(
    "--refresh-prices",
    "refresh_file",
    metavar="FILE",
    help="Ask the AWS Price List (your credentials, no charge) for this environment's prices; write them to FILE.",
)
@click.option("--terraform", metavar="DIR", help="Price a folder of Terraform instead of a blueprint.")
@click.option("--assumptions", is_flag=True, help="List every assumption about usage, and stop.")
@json_option
def command(
    blueprint: str,
    environment: str | None,
    sets: tuple[str, ...],
    against: str | None,
    by: str,
    assume: tuple[str, ...],
    usage_files: tuple[str, ...],
    price_file: str | None,
    refresh_file: str | None,
    terraform: str | None,
    assumptions: bool,
    as_json: bool,
) -> None:
    """Monthly cost: low, likely and high, per component and resource.

    Prices are dated list prices; usage is assumed (--assumptions) and can be given (--assume, --usage). An item
    without a known price is named, never counted as 0.
    """
    from giban.cost.usage import load_usage

    usage = load_usage(usage_files, assume)
    if assumptions:
        _print_assumptions(usage, as_json)
        return
    graph = _graph(blueprint, environment, sets, terraform)
    if refresh_file:
        _refresh(graph, refresh_file, as_json)
        return
    from giban.cost.estimate import estimate
    from giban.cost.prices import book_with, default_book

    book = book_with(price_file) if price_file else default_book()
    now = estimate(graph, usage, book)
    if against is None:
        _print_json(now) if as_json else click.echo("\n".join(_estimate_text(now, by)))
        return
    from giban.cost.compare import compare

    difference = compare(estimate(_other(against, blueprint, environment), usage, book), now)
    if as_json:
        _print_json({"comparison": difference, "estimate": now})
    else:
        click.echo("\n".join(_comparison_text(difference, against, by)))


def _graph(blueprint: str, environment: str | None, sets: tuple[str, ...], terraform: str | None) -> Graph:
    if terraform:
        from giban.terraform.read import read_folder

        return read_folder(terraform)
    from giban.lifecycle.pipeline import compile_blueprint

    return compile_blueprint(blueprint, environment, sets).graph


def _refresh(graph: Graph, path: str, as_json: bool) -> None:
    from datetime import date

    from giban.cli._price_list import write_prices

    number, missing = write_prices(graph, path, date.today().isoformat())
    if as_json:
        _print_json({"file": path, "prices": number, "missing": missing})
        return
    click.echo(f"{path}: {number} prices of the AWS Price List. Use them with --prices {path}")
    for item in missing:
        click.echo(f"  not there: {item}")


def _other(against: str, blueprint: str, environment: str | None) -> Graph:
    if against.startswith("env:"):
        return _graph(blueprint, against.removeprefix("env:") or None, (), None)
    return _graph(against, environment, (), None)


def _print_json(result: Any) -> None:
    import msgspec

    from giban.cli.output import print_json

    print_json(_rounded(msgspec.to_builtins(result)))


def _rounded(value: Any) -> Any:
    """Ten digits after the point: more than any price has, fewer than show how floats are stored."""
    if isinstance(value, float):
        return round(value, 10)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _print_assumptions(usage: Any, as_json: bool) -> None:
    from giban.cost.usage import ASSUMPTIONS

    listed = usage.listed(ASSUMPTIONS)
    if as_json:
        _print_json({"assumptions": listed})
        return
    from giban.cli.output import table

    rows = [["assumption", "low", "likely", "high", "unit", ""]]
    rows += [[a.name, *_short(a.value), a.unit, a.what + (" (given)" if a.given else "")] for a in listed]
    click.echo("\n".join(table(rows, right=frozenset({1, 2, 3}))))


def _estimate_text(estimate: Estimate, by: str) -> list[str]:
    name = f"{estimate.name} ({estimate.environment})" if estimate.environment else estimate.name
    lines = [_bold(f"{name}: USD a month"), ""]
    lines += _totals(estimate, by)
    if estimate.total.high:
        lines += ["", _bold("Largest items"), *_largest(estimate)]
    if estimate.on_demand:
        lines += ["", _bold("Machines that stop when nobody works, USD a month"), *_on_demand(estimate)]
    if estimate.scheduled:
        lines += ["", _bold("Off outside of their hours, USD a month"), *_scheduled(estimate)]
    if estimate.unknown:
        lines += ["", _bold("Unknown, not in the total")]
        lines += _unknown(estimate)
    if estimate.sensitivity:
        lines += [
            "",
            _bold(
                "Assumptions that matter most: how far each moves the likely total, USD a month (change with --assume)"
            ),
        ]
        lines += _sensitivity(estimate)
    if estimate.hints:
        lines += ["", _bold("What would be cheaper, USD a month")]
        rows = []
        for hint in _merged(estimate):
            rows += [[_usd(hint.usd), hint.text], ["", _several(hint.resources)]]
        lines += _indented(rows, right=frozenset({0}))
    return [*lines, "", *estimate.notes]


def _totals(estimate: Estimate, by: str) -> list[str]:
    from giban.cli.output import table

    if by == "component":
        parts = [(c.component or "(no component)", c.total, c.unknown) for c in estimate.components]
    else:
        costs = sorted(estimate.resources, key=lambda c: (-c.total.likely, -c.total.high, c.key))
        parts = [(c.address, c.total, c.unknown) for c in costs]
    rows = [[by, "low", "likely", "high"], *(_sum_row(*part) for part in parts)]
    rows.append(_sum_row("total", estimate.total, len(estimate.unknown)))
    lines = table(rows, right=frozenset({1, 2, 3}))
    return [*lines[:-1], _bold(lines[-1])]


def _sum_row(name: str, amount: Range, unknown: int) -> list[str]:
    """A sum; where nothing of it is known it is "unknown", not 0."""
    if unknown and amount.high == 0:
        return [name, *["unknown"] * 3]
    return [f"{name} + unknown" if unknown else name, *_amounts(amount)]


def _largest(estimate: Estimate) -> list[str]:
    lines = [(line, cost) for cost in estimate.resources for line in cost.lines if line.usd and line.usd.high > 0]
    lines.sort(key=lambda pair: (-(pair[0].usd.likely if pair[0].usd else 0), pair[1].key, pair[0].item))
    rows = []
    for line, cost in lines[:LARGEST]:
        told = "; ".join(part for part in (line.note, f"derived: {line.derived}" if line.derived else "") if part)
        count = f"{line.quantity.likely:,.4g} x {line.usd_per_unit:g} per {line.unit}"
        rows.append([_usd(line.usd.likely if line.usd else 0), cost.address, line.item, count, told])
    return _indented(rows, right=frozenset({0}))


def _on_demand(estimate: Estimate) -> list[str]:
    """What such a machine costs off and on, with everything of its component."""
    rows = [["", "off", "each hour on", "likely", "never off"]]
    for one in estimate.on_demand:
        likely = f"{_usd(one.off + one.hour * one.hours)} at {one.hours:g} h"
        rows.append([one.component or "(no component)", _usd(one.off), f"{one.hour:.4f}", likely, _usd(one.always)])
    return _indented(rows, right=frozenset({1, 2, 3, 4}))


def _scheduled(estimate: Estimate) -> list[str]:
    """What each schedule saves, with everything of its component."""
    rows = [["", "likely", "never off", "saved", "hours a week", ""]]
    for one in estimate.scheduled:
        amounts = [_usd(one.month), _usd(one.always), _usd(one.saved)]
        rows.append([one.component or "(no component)", *amounts, f"{one.week:g} of 168", one.text])
    return _indented(rows, right=frozenset({1, 2, 3, 4}))


def _unknown(estimate: Estimate) -> list[str]:
    """Each unknown item; where many are unknown for one reason (a region without prices), the reason once."""
    reasons = [unknown.why for unknown in estimate.unknown]
    many = {why for why in reasons if reasons.count(why) > MANY}
    rows = [[u.item, u.address, u.why] for u in estimate.unknown if u.why not in many]
    rows += [[f"{reasons.count(why)} items", "(--json lists them)", why] for why in sorted(many)]
    return _indented(rows)


def _sensitivity(estimate: Estimate) -> list[str]:
    known = {assumption.name: assumption for assumption in estimate.assumptions}
    rows = []
    for entry in estimate.sensitivity[:3]:
        assumption = known[entry.name]
        values = f"{' / '.join(_short(assumption.value))} {assumption.unit}"
        rows += [[_usd(entry.usd), f"{entry.name}  {values}"], ["", assumption.what]]
    return _indented(rows, right=frozenset({0}))


def _merged(estimate: Estimate) -> list[Any]:
    """Hints with the same words told once, with all their resources."""
    import msgspec

    merged: dict[tuple[str, str], Any] = {}
    for hint in estimate.hints:
        known = merged.get((hint.id, hint.text))
        if known is not None:
            hint = msgspec.structs.replace(
                hint, usd=known.usd + hint.usd, resources=[*known.resources, *hint.resources]
            )
        merged[(hint.id, hint.text)] = hint
    return sorted(merged.values(), key=lambda hint: (-hint.usd, hint.id, hint.resources))


def _comparison_text(comparison: Comparison, against: str, by: str) -> list[str]:
    from giban.cli.output import table

    lines = [_bold(f"{comparison.after} against {against}: USD a month"), ""]
    changes = comparison.components if by == "component" else comparison.resources
    head = [by, "", "likely before", "after", "difference", "low … high"]
    rows = [head, *(_change_row(change) for change in changes)]
    total = ["total", "", _usd(comparison.total_before.likely), _usd(comparison.total_after.likely)]
    rows.append([*total, _signed(comparison.delta.likely), _ends(comparison.delta)])
    lines += table(rows, right=frozenset({2, 3, 4, 5}))
    if by == "component" and comparison.resources:
        lines += ["", _bold("Resources")]
        detail = [[_signed(c.delta.likely), c.kind, c.name, _several(list(c.items))] for c in comparison.resources]
        lines += _indented(detail, right=frozenset({0}))
    if not changes:
        lines += ["", "They cost the same."]
    if comparison.newly_unknown:
        lines += ["", f"Not in the difference, because no price is known: {', '.join(comparison.newly_unknown)}."]
    return lines


def _change_row(change: Change) -> list[str]:
    name = change.name or "(no component)"
    before = "" if change.kind == "added" else _usd(change.before.likely)
    after = "" if change.kind == "removed" else _usd(change.after.likely)
    return [name, change.kind, before, after, _signed(change.delta.likely), _ends(change.delta)]


def _ends(delta: Delta) -> str:
    return f"{_signed(delta.low)} … {_signed(delta.high)}"


def _signed(usd: float) -> str:
    return f"{usd + 0.0:+,.2f}" if abs(usd) >= 0.005 else "0.00"


def _usd(usd: float) -> str:
    return f"{usd:,.2f}"


def _amounts(amount: Range) -> list[str]:
    return [_usd(amount.low), _usd(amount.likely), _usd(amount.high)]


def _short(value: Range) -> list[str]:
    return [f"{number:,.10g}" for number in (value.low, value.likely, value.high)]


def _several(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _indented(rows: list[list[str]], right: frozenset[int] = frozenset()) -> list[str]:
    from giban.cli.output import table

    return [f"  {line}" for line in table(rows, right)]


def _bold(text: str) -> str:
    from giban.cli.output import style

    return style(text, bold=True)
