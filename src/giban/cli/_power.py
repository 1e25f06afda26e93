"""What the commands of `giban power` share: the keeper they mean, moments, the week as data and as a file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from giban.cli._lengths import length_of
from giban.cli.options import Choice
from giban.graph.problems import Problem, Problems

if TYPE_CHECKING:
    from datetime import date

    from giban.lifecycle.deployment import Deployment
    from giban.lifecycle.operate import Document
    from giban.lifecycle.power import Keeper, WeekPlan


class Opened:
    """The deployed keeper that a command works on."""

    def __init__(self, deployed: Deployment, keeper: Keeper, chosen: Choice) -> None:
        from giban.cli._operating import up_command
        from giban.lifecycle.operate import Operated

        self._keeper = keeper
        self._graph = deployed.compiled.graph
        self._function = Operated(
            keeper.function,
            "the keeper",
            "keeper",
            deployed.target.clients(keeper.region),
            lambda: deployed.target.operator(keeper.region),
            up_command(chosen),
        )

    def call(self, action: str, **more: Any) -> Document:
        """Ask the keeper. Raises what `Operated.call` does."""
        return self._function.call({"action": action, **more})

    def named(self, target: str) -> str:
        """The target that is meant. Raises Problems when there is none."""
        from giban.lifecycle.power import find

        return find(self._keeper, target)

    def prices(self) -> dict[str, float]:
        """USD that an hour off saves, by target."""
        from giban.lifecycle.power import prices_of

        return prices_of(self._graph)


def opened(chosen: Choice) -> Opened:
    """The keeper of a blueprint, deployed. Raises Problems when it has no schedules, or the rehearsal does not run."""
    from giban.cli._operating import require_running
    from giban.cli.deploying import deployment
    from giban.lifecycle.power import keeper

    deployed = deployment(chosen)
    found = keeper(deployed.compiled.graph)
    require_running(deployed, chosen)
    return Opened(deployed, found, chosen)


def offline(chosen: Choice, start: date | None) -> WeekPlan:
    """The week of a blueprint as the keeper would run it."""
    from giban.lifecycle.pipeline import compile_blueprint
    from giban.lifecycle.power import keeper, prices_of, week

    graph = compile_blueprint(chosen.blueprint, chosen.environment, chosen.sets).graph
    return week(keeper(graph), start, time.time(), prices_of(graph))


def plan_document(plan: WeekPlan) -> Document:
    """The week as data: times in ISO 8601 with the offset of the week's time zone."""
    from datetime import datetime

    from giban.runtime.common.schedule import find_zone

    zone = find_zone(plan.zone)

    def iso(moment: float) -> str:
        return datetime.fromtimestamp(moment, zone).isoformat()

    targets = [
        {
            "target": target.target,
            "kind": target.kind,
            "schedules": target.schedules,
            "on": [{"from": iso(on.begin), "to": iso(on.end), "which": on.which} for on in target.on],
            "hours_on": round(target.hours_on, 4),
            "hours_off": round(target.hours_off, 4),
            "saved_usd": None if target.saved is None else round(target.saved, 4),
            "least": [{"at": iso(at), "min": least} for at, least in target.peaks],
        }
        for target in plan.targets
    ]
    return {
        "from": iso(plan.begin),
        "to": iso(plan.end),
        "time_zone": plan.zone,
        "targets": targets,
        "saved_usd": None if plan.saved is None else round(plan.saved, 4),
        "notes": plan.notes,
    }


def write_chart(plan: WeekPlan, path: str) -> None:
    """Draw the week. Raises Problems when the file is not to be an SVG."""
    from giban.cli.output import write_file
    from giban.lifecycle.power import chart

    if not path.lower().endswith(".svg"):
        raise Problems([Problem(f"A week is drawn as SVG, not as {path}.", "End the name in .svg.")])
    write_file(path, chart(plan))


def end_of(text: str) -> dict[str, float]:
    """`2h` as {"for": seconds}, which the keeper counts by its own clock; a time as ISO 8601, in this machine's time zone when it
    names none, as {"until": seconds since 1970}. Raises Problems when it is neither."""
    from datetime import datetime

    seconds = length_of(text)
    if seconds is not None:
        return {"for": float(seconds)}
    try:
        return {"until": datetime.fromisoformat(text.strip()).timestamp()}
    except ValueError:
        fix = "Write 90m, 2h or 1d from now on, or a time like 2026-11-21T22:00."
        raise Problems([Problem(f"`{text}` is no time.", fix)]) from None
