"""Why an alert goes where it goes: the same rules, told. Works offline; the table's silences may be given."""

from __future__ import annotations

from ...common.times import iso
from . import matching, quiet, routing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def explain(
    alert: Mapping[str, Any],
    config: Mapping[str, Any],
    now: float,
    silences: Sequence[Mapping[str, Any]],
    mutes: Sequence[Mapping[str, Any]],
    firing: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What would become of the alert if it arrived at `now`, and why.

    alert       what it was understood as (key, status, priority, service, kind, name, title, region)
    outcome     "told" | "held" (by quiet hours, on every route) | "suppressed" | "nothing" (a recovery or a notice
                without data: told where the firing was)
    routes      of each route: route, match, taken, why, and when it is taken: fallback, to, group, by, wait, interval,
                repeat, quiet (None or {"until", "holds"}), told_at, escalate (None or {"after","to","times"})
    suppressed  None or {"reason","id","by","text","until"}
    silences, mutes, inhibit    each with `holds` (now) and why it does or does not cover the alert
    """
    taken = {match.id: match for match in routing.routes_of(alert, config)}
    told = [_route(name, route, taken, alert, now) for name, route in routing.routes(config)]
    stopped = routing.suppression(now, alert, config, silences, mutes, firing)
    if alert.get("status") not in ("firing", "event"):
        outcome = "nothing"
    elif stopped:
        outcome = "suppressed"
    else:
        waiting = [(route.get("quiet") or {}).get("holds", False) for route in told if route["taken"]]
        outcome = "held" if all(waiting) else "told"
    summary = ("key", "status", "priority", "service", "kind", "name", "title", "region")
    return {
        "alert": {field: alert.get(field) for field in summary},
        "at": now,
        "outcome": outcome,
        "routes": told,
        "suppressed": stopped and {field: getattr(stopped, field) for field in ("reason", "id", "by", "text", "until")},
        "silences": [_document(found, alert, now) for found in silences],
        "mutes": [_document(found, alert, now) for found in mutes],
        "inhibit": [_rule(rule, alert, config, firing) for rule in config.get("inhibit") or ()],
    }


def explain_text(explained: Mapping[str, Any]) -> list[str]:
    """Lines for people."""
    alert = explained["alert"]
    lines = [
        f"{alert['priority']} {alert['title']}",
        f"  {alert['kind']} {alert['name']} of {alert['service'] or 'no service'}, {alert['status']}, key {alert['key']}",
        "",
    ]
    for route in explained["routes"]:
        mark = "→" if route["taken"] else " "
        lines.append(f"{mark} route {route['route']}: {route['why']}")
        if route["taken"]:
            lines += [f"    {line}" for line in _taken_text(route)]
    stopped = explained["suppressed"]
    for kind in ("mutes", "silences", "inhibit"):
        lines += [f"  {kind.removesuffix('s')} {found['id']}: {found['why']}" for found in explained[kind]]
    lines.append("")
    if explained["outcome"] == "suppressed":
        end = f" until {iso(stopped['until'])}" if stopped["until"] else ""
        by = f" by {stopped['by']}" if stopped["by"] else ""
        lines.append(f"Not told: {stopped['reason']} {stopped['id']}{by}{end}. {stopped['text']}".rstrip())
    else:
        lines.append(
            {
                "told": "Told.",
                "held": "Held by quiet hours; told in the digest at their end.",
                "nothing": "Not told by itself: a recovery is told where its alarm was told.",
            }[explained["outcome"]]
        )
    return lines


def _taken_text(route: Mapping[str, Any]) -> list[str]:
    lines = [
        f"to {', '.join(route['to']) or 'nobody'}",
        f"grouped with {route['group']}: first message after {_span(route['wait'])}, changes every {_span(route['interval'])}",
        f"reminder every {_span(route['repeat'])}" if route["repeat"] else "no reminders",
    ]
    if route["quiet"]:
        holds = "held" if route["quiet"]["holds"] else "not held (its priority is told at any time)"
        lines.append(f"quiet until {iso(route['quiet']['until'])}: {holds}")
    if route["escalate"]:
        found = route["escalate"]
        times = f", {found['times']} times in all" if found["times"] > 1 else ""
        lines.append(f"to {', '.join(found['to'])} when nobody acknowledges within {_span(found['after'])}{times}")
    return lines


def _route(
    name: str, route: Mapping[str, Any], taken: Mapping[str, routing.Match], alert: Mapping[str, Any], now: float
) -> dict[str, Any]:
    reason = matching.why_not(route.get("match"), alert)
    match = taken.get(name)
    if match is None:
        why = reason or "an earlier route took it"
        return {"route": name, "match": route.get("match") or {}, "taken": False, "why": why}
    timing = routing.Timing(route)
    end = quiet.until(now + timing.wait, route.get("quiet"))
    holds = end is not None and quiet.holds(str(alert.get("priority")), route.get("quiet"))
    escalate = route.get("escalate") or {}
    return {
        "route": name,
        "match": route.get("match") or {},
        "taken": True,
        "why": "no route matches, so the last one takes it"
        if match.fallback
        else ("it matches" if route.get("match") else "it takes everything"),
        "fallback": match.fallback,
        "to": list(route.get("to") or ()),
        "group": f"{name}/quiet/{int(end)}" if holds and end is not None else match.group,
        "by": match.by,
        "wait": timing.wait,
        "interval": timing.interval,
        "repeat": timing.repeat,
        "quiet": {"until": end, "holds": holds} if end is not None else None,
        "told_at": end if holds else now + timing.wait,
        "escalate": {"after": timing.after, "to": list(escalate["to"]), "times": timing.times}
        if timing.times
        else None,
    }


def _document(found: Mapping[str, Any], alert: Mapping[str, Any], now: float) -> dict[str, Any]:
    reason = matching.why_not(found.get("match"), alert) if found.get("match") else "it matches nothing"
    if reason is None and not routing.active(now, found):
        reason = "it has not begun" if float(found.get("from") or 0.0) > now else "it is over"
    return {
        "id": str(found.get("id")),
        "holds": reason is None,
        "why": reason or "it covers the alert",
        "until": found.get("until"),
        "by": found.get("by"),
    }


def _rule(
    rule: Mapping[str, Any], alert: Mapping[str, Any], config: Mapping[str, Any], firing: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    other = routing.inhibited_by(alert, {**config, "inhibit": [rule]}, firing)
    wanted = {key: value for key, value in (rule.get("then") or {}).items() if value is not True}
    if other is not None:
        why = f"{other['key']} fires and mutes it"
    elif matching.matches(rule.get("if"), alert):
        why = "the alert is itself one that mutes others"
    elif reason := matching.why_not(wanted, alert):
        why = reason
    else:
        why = "nothing that would mute it fires"
    name = "+".join(f"{key}={value}" for key, value in sorted((rule.get("if") or {}).items()))
    return {"id": name, "holds": other is not None, "why": why}


def _span(seconds: float) -> str:
    """`90s` → `1m30s`; `0s`."""
    text = ""
    rest = round(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            text += f"{count}{unit}"
    return text or "0s"
