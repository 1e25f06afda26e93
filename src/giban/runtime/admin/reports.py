"""The host's report: checked, merged, and answered with what the rules say now."""

from __future__ import annotations

from ..common.times import iso
from ..power.reconcile import take_report
from .actions import look_again
from .fields import Fields, is_line
from .http import Answer, document_of
from .status import decision_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .access import Caller
    from .http import Request
    from .world import World

LONGEST_AGE = 10 * 366 * 86_400.0
"""Seconds; an age above is a fault of the host."""
MOST_NAMES, LONGEST_NAME = 20, 64


def report(world: World, _caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """Merge a report and look: a reservation of an earlier boot is cleared, an idle machine is stopped."""
    Fields.of_query(request.query).done()
    clean = checked(document_of(request))
    take_report(world.table, world.workstation, clean, world.now())
    view = look_again(world)
    want = view.state.want
    return Answer(
        200,
        {
            "decision": decision_of(view),
            "reservation": iso(want.reservation),
            "password_version": want.password_version,
            "max_uptime": int(world.settings.max_uptime),
            "now": iso(view.now),
        },
    )


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """The known parts of a report. Raises Problem 400 with every wrong one.

    What is not known is left out, not refused: the host may run a newer agent than this function knows. Long lists and names are
    cut: a strange name of a job is no reason to know nothing.
    """
    fields = Fields({})
    ssh, web, work, ide = (_part(document, name, fields) for name in ("ssh", "web", "work", "ide"))
    boot_id = document.get("boot_id")
    if not is_line(boot_id, 1, LONGEST_NAME):
        fields.wrong("boot_id", f"Must be text of one line, 1 to {LONGEST_NAME} characters.")
    answers = ide.get("answers", False)
    if not isinstance(answers, bool):
        fields.wrong("ide.answers", "Must be true or false.")
    made = {
        "boot_id": boot_id,
        "sequence": _whole(document, "sequence", fields, 2**53),
        "uptime": _number(document, "uptime", "uptime", fields, LONGEST_AGE) or 0.0,
        "ssh": {"sessions": _whole(ssh, "sessions", fields, 10_000)},
        "web": {
            name: _number(web, name, f"web.{name}", fields, LONGEST_AGE)
            for name in ("connected_age", "interacting_age")
        },
        "terminal_age": _number(document, "terminal_age", "terminal_age", fields, LONGEST_AGE),
        "work": {
            "cpu_percent": _number(work, "cpu_percent", "work.cpu_percent", fields, 1e6),
            "load1": _number(work, "load1", "work.load1", fields, 1e6),
            "working_age": _number(work, "working_age", "work.working_age", fields, LONGEST_AGE),
            "jobs": [_name(job) for job in _list(work, "jobs", fields)],
            "containers": [_container(one) for one in _list(work, "containers", fields)],
        },
        "ide": {"answers": answers},
        "version": _name(document.get("version", "")),
    }
    fields.done()
    return made


def _part(document: Mapping[str, Any], name: str, fields: Fields) -> dict[str, Any]:
    value = document.get(name)
    if value is None or isinstance(value, dict):
        return value or {}
    fields.wrong(name, "Must be an object.")
    return {}


def _list(document: Mapping[str, Any], name: str, fields: Fields) -> list[Any]:
    value = document.get(name)
    if value is None or isinstance(value, list):
        return (value or [])[:MOST_NAMES]
    fields.wrong(f"work.{name}", "Must be a list.")
    return []


def _number(document: Mapping[str, Any], name: str, path: str, fields: Fields, most: float) -> float | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        fields.wrong(path, f"Must be a number, 0 to {most:g}, or null.")
        return None
    return round(float(value), 3)


def _whole(document: Mapping[str, Any], name: str, fields: Fields, most: int) -> int:
    value = document.get(name, 0)
    if isinstance(value, float) and value.is_integer():
        # JSON knows numbers only: 5.0 is 5.
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        fields.wrong(name, f"Must be a whole number, 0 to {most}.")
        return 0
    return value


def _name(value: Any) -> str:
    """A name as it can be shown: one line, not too long. What is no text has none."""
    text = value if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST_NAME])


def _container(value: Any) -> dict[str, Any]:
    found = value if isinstance(value, dict) else {}
    percent = found.get("cpu_percent")
    valid = isinstance(percent, (int, float)) and not isinstance(percent, bool) and 0 <= percent <= 1e6
    return {
        "name": _name(found.get("name")),
        "cpu_percent": round(float(percent), 1) if valid and percent is not None else None,
    }
