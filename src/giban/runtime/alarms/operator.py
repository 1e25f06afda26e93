"""What an operator may ask of the router through lambda:Invoke; IAM says who may.

    {"operator": who, "action": …, …}  →  {"status": 200 | 400 | 404 | 409 | 503, "body": {…}}

    list       {}                       {"now": the router's clock, "groups": [group], "alerts": [alert],
                                         "silences": [silence], "mutes": [mute],
                                         "channels": [{"name", "kind", "state": "ok"|"failing"|"resting", "reason", "since",
                                         "after", "waiting"}], "dead": [{"id", "at", "channel", "title", "reason"}]}
                                        groups: those that are open; alerts: those that fire, without their histories
    ack        {"id"}                   {"groups": [ids that changed]}; id: a group, an alert's key (its groups), or "all"
    unack      {"id"}                   the same
    silence    {"match": {…}, "for": seconds, "why"}        {"silence": {"id","match","from","until","by","why","at"}}
    unsilence  {"id"}                   {"silence": …}; 404 when there is none
    history    {"limit": 1..500 = 50, "before": id, "day": "2026-11-21"}    {"records": [record with "id"], "before": id | null}
                                        newest first; without day from today back over as many days as it takes, at most 7
    retry      {"id"}                   a message that was put aside is queued again

Wrong input is answered 400 with {"detail", "errors": [{"field", "detail"}]}, all at once.
"""

from __future__ import annotations

import json

from ..common.store import Clash, Put
from ..common.times import iso_exact
from . import acknowledging
from .folding import Done
from .table import DAY, outbox_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .world import World

LONGEST_SILENCE = 90 * DAY
MOST_RECORDS, MOST_DAYS = 500, 7
COUNTED = 200
"""Waiting messages of a channel that are counted; more are "200 or more"."""
LEFT_OUT = ("seen", "over")


class Wrong(Exception):  # noqa: N818 - an answer, not an error
    """An answer that is an error."""

    def __init__(self, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.body: dict[str, Any] = {"detail": detail, **({"errors": errors} if errors else {})}


def answer(world: World, event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one operator. Never raises for what the event holds."""
    try:
        who = event.get("operator")
        if not isinstance(who, str) or not 0 < len(who) <= 256 or not who.isprintable():
            raise _wrong("operator", "Name who asks, in at most 256 characters.")
        action = ACTIONS.get(str(event.get("action")))
        if action is None:
            raise _wrong("action", f"One of {', '.join(sorted(ACTIONS))}.")
        body = action(world, event, who)
    except Wrong as error:
        return {"status": error.status, "body": error.body}
    except Clash:
        return {"status": 503, "body": {"detail": "Too much at once; try again in a moment."}}
    print(json.dumps({"operator": who[:64], "action": event.get("action")}))
    return {"status": 200, "body": body}


def _list(world: World, _event: Mapping[str, Any], _who: str) -> dict[str, Any]:
    table, now = world.table, world.now()
    alerts = [item.doc for item in table.query("alert", now=now) if item.doc.get("status") == "firing"]
    return {
        "now": now,
        "groups": [group for group in acknowledging.groups(world) if group.get("closed") is None],
        "alerts": [{name: value for name, value in alert.items() if name not in LEFT_OUT} for alert in alerts],
        "silences": [item.doc for item in table.query("silence", now=now)],
        "mutes": [item.doc for item in table.query("mute", now=now)],
        "channels": [_channel(world, name, now) for name in sorted(world.channels)],
        "dead": [_dead(item.sk, item.doc) for item in table.query("dead", now=now, newest_first=True, limit=50)],
    }


def _channel(world: World, name: str, now: float) -> dict[str, Any]:
    found = world.table.get("channel", name)
    state = found.doc if found else {}
    after = float(state.get("after") or 0.0)
    waiting = len(world.table.query(outbox_of(name), limit=COUNTED))
    failing = bool(state.get("failures"))
    return {
        "name": name,
        "kind": world.channels[name].get("kind"),
        "state": "resting" if failing and after > now else "failing" if failing else "ok",
        "reason": state.get("reason") or "",
        "since": state.get("since"),
        "after": after if after > now else None,
        "last": state.get("last"),
        "waiting": waiting,
    }


def _dead(id: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    message = doc.get("message") or {}
    return {
        "id": id,
        "at": doc.get("at"),
        "channel": message.get("channel"),
        "title": message.get("title"),
        "reason": doc.get("reason"),
    }


def _ack(world: World, event: Mapping[str, Any], who: str) -> dict[str, Any]:
    return _each_group(world, event, who, acknowledging.acknowledge)


def _unack(world: World, event: Mapping[str, Any], who: str) -> dict[str, Any]:
    return _each_group(world, event, who, acknowledging.unacknowledge)


def _each_group(
    world: World, event: Mapping[str, Any], who: str, act: Callable[[World, str, str], tuple[bool, Done]]
) -> dict[str, Any]:
    id = _named(event, 'Name a group, the key of an alert, or "all".')
    open_groups = [group for group in acknowledging.groups(world) if group.get("closed") is None]
    found = [group["id"] for group in open_groups if id in ("all", group["id"]) or id in (group.get("members") or {})]
    if not found and id != "all":
        raise Wrong(404, f'Nothing that is open is named "{id}".')
    done, changed = Done(), []
    for name in found:
        differs, told = act(world, name, who)
        done.add(told)
        changed += [name] if differs else []
    acknowledging.tell(world, done)
    return {"groups": changed}


def _silence(world: World, event: Mapping[str, Any], who: str) -> dict[str, Any]:
    from .rules import matching

    errors = []
    match, length, why = event.get("match"), event.get("for"), event.get("why")
    if not isinstance(match, dict) or not match:
        errors.append({"field": "match", "detail": 'Say what is silenced, like {"service": "services.web"}.'})
    else:
        try:
            matching.check(match)
        except ValueError as error:
            errors.append({"field": "match", "detail": str(error)})
    if isinstance(length, bool) or not isinstance(length, (int, float)) or not 60 <= length <= LONGEST_SILENCE:
        errors.append({"field": "for", "detail": f"Seconds, 60 to {LONGEST_SILENCE:.0f}: a silence always ends."})
    if not isinstance(why, str) or not 0 < len(why.strip()) <= 300:
        errors.append({"field": "why", "detail": "Say why, in at most 300 characters."})
    if errors or not isinstance(length, (int, float)):
        raise Wrong(400, " ".join(f"{error['field']}: {error['detail']}" for error in errors), errors)
    now = world.now()
    until = now + float(length)
    id = world.random(6).hex()
    doc = {
        "id": id, "match": match, "from": now, "until": until, "by": who, "why": str(why).strip(), "at": now,
    }  # fmt: skip
    world.table.put(Put("silence", id, doc, 0, until + DAY))
    _note(world, "silenced", doc, who)
    return {"silence": doc}


def _unsilence(world: World, event: Mapping[str, Any], who: str) -> dict[str, Any]:
    from .turn import wake

    id = _named(event, "Name the silence, as `list` shows it.")
    found = world.table.take("silence", id, world.now())
    if found is None or found.doc.get("until", 0) <= world.now():
        raise Wrong(404, f'There is no silence "{id}".')
    _note(world, "unsilenced", found.doc, who)
    # What it kept back is told now.
    wake(world, [0], all=True)
    return {"silence": found.doc}


def _note(world: World, what: str, doc: Mapping[str, Any], who: str) -> None:
    from .table import history

    now = world.now()
    record = {
        "at": now, "what": what, "alert": None, "group": None, "reason": "", "text": doc.get("why") or "", "by": who,
        "until": doc.get("until"), "silence": doc.get("id"),
    }  # fmt: skip
    for put in history([record], now, world.token()):
        world.table.put(put)


def _history(world: World, event: Mapping[str, Any], _who: str) -> dict[str, Any]:
    limit, before, day = event.get("limit", 50), event.get("before"), event.get("day")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_RECORDS:
        raise _wrong("limit", f"A number from 1 to {MOST_RECORDS}.")
    if before is not None and (not isinstance(before, str) or len(before) < 11):
        raise _wrong("before", "The id of a record, as `history` returned it.")
    if day is not None and (not isinstance(day, str) or len(day) != 10):
        raise _wrong("day", "A day like 2026-11-21.")
    now = world.now()
    records: list[dict[str, Any]] = []
    last = day or (before or iso_exact(now))[:10]
    from calendar import timegm
    from time import strptime

    try:
        noon = timegm(strptime(last, "%Y-%m-%d")) + DAY / 2
    except ValueError:
        raise _wrong("day", "A day like 2026-11-21.") from None
    for back in range(1 if day else MOST_DAYS):
        name = iso_exact(noon - back * DAY)[:10]
        for item in world.table.query(
            f"history/{name}", now=now, newest_first=True, before=before, limit=limit - len(records)
        ):
            records.append({**item.doc, "id": item.sk})
        if len(records) >= limit:
            break
    return {"records": records, "before": records[-1]["id"] if len(records) >= limit else None}


def _retry(world: World, event: Mapping[str, Any], _who: str) -> dict[str, Any]:
    id = _named(event, "Name the message, as `list` shows it.")
    found = world.table.get("dead", id, world.now())
    if found is None:
        raise Wrong(404, f'There is no message "{id}".')
    message = found.doc["message"]
    doc = {"message": message, "attempt": 0, "next": 0.0, "plain": True}
    world.table.finish(found, [Put(outbox_of(message["channel"]), found.sk, doc, 0)])
    done = Done()
    done.channels.add(message["channel"])
    acknowledging.tell(world, done)
    return {"channel": message["channel"], "title": message.get("title")}


def _named(event: Mapping[str, Any], detail: str) -> str:
    id = event.get("id")
    if not isinstance(id, str) or not id:
        raise _wrong("id", detail)
    return id


def _wrong(field: str, detail: str) -> Wrong:
    return Wrong(400, f"{field}: {detail}", [{"field": field, "detail": detail}])


ACTIONS: dict[str, Callable[[World, Mapping[str, Any], str], dict[str, Any]]] = {
    "ack": _ack,
    "history": _history,
    "list": _list,
    "retry": _retry,
    "silence": _silence,
    "unack": _unack,
    "unsilence": _unsilence,
}
