"""What is done to the workstation: start, stop, keep, auto-stop, password. Each is answered with what was observed after it.

A wish is written first, on condition that nobody wrote meanwhile; then it is carried out as far as it goes at once. What cannot
be done yet (start while stopping, stop while starting) is remembered and done by the keeper.
"""

from __future__ import annotations

from ..common.times import iso
from ..power.first_values import new_password
from ..power.reconcile import ask, change, observe, reconcile
from ..power.table import Conflict
from ..power.want import MOST_AHEAD, leased, reserved, unleased, unreserved
from .access import told
from .fields import Fields, is_line
from .http import Answer, Problem, document_of
from .status import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from ..power.reconcile import View
    from ..power.want import Want
    from .access import Caller
    from .http import Request
    from .world import World

MOST_MINUTES = int(MOST_AHEAD / 60)
MOST_LEASES = 20
SAME_LEASE = 60.0
"""Seconds between the ends of two leases of one person for one reason that are one lease, asked for twice."""
PASSWORD_LEAST, PASSWORD_MOST, PASSWORD_KINDS = 12, 128, 5
_HEX = frozenset("0123456789abcdef")


def status(world: World, _caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """How it is, without doing anything."""
    Fields.of_query(request.query).done()
    view = observe(world.table, world.ec2, world.workstation, world.instance, world.settings, world.now())
    return Answer(200, document(world, view))


def start(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """On. Of what runs already, a planned stop is taken back: whoever starts it wants it on."""
    nothing_else(request)
    want = _ask(world, caller, "on")
    if want.reservation is not None:
        note = told(caller, "reserve", "asked", until=None)
        change(world.table, world.workstation, unreserved, now=world.now(), told=note, random=world.token)
    view = look_again(world)
    return _done(world, request, view, view.machine.state == "running" and view.state.want.want == "on")


def shutdown(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """Off: now, or `after_min` minutes from now, and then not before."""
    in_query, in_body = Fields.of_query(request.query), Fields(document_of(request))
    if "after_min" in in_query and "after_min" in in_body:
        in_body.wrong("after_min", "Give it in the query or in the body.")
    fields = in_body if "after_min" in in_body else in_query
    minutes = fields.whole("after_min", 0, MOST_MINUTES, default=0)
    in_query.done(in_body)
    if minutes == 0:
        _ask(world, caller, "off")
        view = look_again(world)
        return _done(world, request, view, view.machine.state not in ("pending", "running", "stopping"))
    now = world.now()
    _must_be_on(world, "stop later")
    until = now + 60.0 * minutes
    note = told(caller, "reserve", "asked", until=iso(until))

    def alter(want: Want) -> Want:
        if want.want == "off":
            # Somebody stopped it after the look above.
            raise Conflict(want)
        return reserved(want, until, by=caller.who, at=now)

    _change(world, alter, note)
    return _done(world, request, look_again(world), True)


def auto_stop(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """Whether idle time stops it. The maximum uptime holds in any case."""
    Fields.of_query(request.query).done()
    fields = Fields(document_of(request))
    on = fields.boolean("on")
    fields.done()
    note = told(caller, "auto_stop", "auto_stop_on" if on else "auto_stop_off", on=on)
    _change(world, lambda want: want.changed(auto_stop=on), note)
    return Answer(200, document(world, look_again(world)))


def keep(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """Keep it on for some hours, for a reason: a lease. Asked for twice at once, it is one."""
    Fields.of_query(request.query).done()
    fields = Fields(document_of(request))
    if ("hours" in fields) == ("minutes" in fields):
        fields.wrong("hours", "Give either hours or minutes.")
        fields.any("hours")
        fields.any("minutes")
        seconds = 0.0
    elif "hours" in fields:
        seconds = 3600.0 * fields.number("hours", 0, MOST_AHEAD / 3600)
    else:
        seconds = 60.0 * fields.whole("minutes", 1, MOST_MINUTES)
    reason = fields.text("for", 1, 100)
    fields.done()
    now = world.now()
    _must_be_on(world, "keep")
    until, identifier = now + seconds, world.random(8).hex()

    def alter(want: Want) -> Want:
        if want.want == "off":
            raise Conflict(want)
        running = [lease for lease in want.leases if lease["until"] > now]
        if any(_is_same(lease, caller.who, reason, until) for lease in running):
            return want
        if len(running) >= MOST_LEASES:
            raise Problem(409, "too-many", f"{MOST_LEASES} leases run already; end one first.")
        return leased(want, identifier, until, reason, by=caller.who, at=now)

    _change(world, alter, told(caller, "lease", reason, until=iso(until), lease=identifier))
    return Answer(200, document(world, look_again(world)))


def release(world: World, caller: Caller, request: Request, params: Mapping[str, str]) -> Answer:
    """End a lease; the same when it has ended already."""
    nothing_else(request)
    identifier = params["id"]
    if len(identifier) != 16 or not set(identifier) <= _HEX:
        raise Problem(404, "not-there", "There is no such lease.")
    note = told(caller, "lease_ended", "asked", lease=identifier)
    _change(world, lambda want: unleased(want, identifier), note)
    return Answer(200, document(world, look_again(world)))


def password(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """A new password of the IDE, given or generated. The host takes it over with its next report; nothing is rebuilt."""
    Fields.of_query(request.query).done()
    fields = Fields(document_of(request))
    given = fields.any("password")
    generate = fields.any("generate")
    if (generate is not None and generate is not True) or (generate is None) == (given is None):
        fields.wrong("password", 'Give a password, or {"generate": true}.')
    elif given is not None:
        weakness = weak(given)
        if weakness:
            fields.wrong("password", weakness)
    fields.done()
    new = new_password(world.random) if generate else str(given)
    # The secret first: whoever sees the new number finds the new password.
    world.secrets.set_password(new)
    note = told(caller, "password", "generated" if generate else "given")
    _change(world, lambda want: want.changed(password_version=want.password_version + 1), note)
    made = document(world, look_again(world))
    return Answer(200, {**made, "password": new} if generate else made)


def weak(given: Any) -> str:
    """What is wrong with a password, "" when nothing is."""
    if not is_line(given, PASSWORD_LEAST, PASSWORD_MOST):
        return f"Must be text of one line, {PASSWORD_LEAST} to {PASSWORD_MOST} characters."
    if len(set(given)) < PASSWORD_KINDS:
        return f"Must have at least {PASSWORD_KINDS} different characters."
    return ""


def nothing_else(request: Request) -> None:
    """For what takes no input. Raises Problem 400."""
    Fields.of_query(request.query).done()
    Fields(document_of(request)).done()


def document(world: World, view: View) -> dict[str, Any]:
    """The status document of a look."""
    return status_of(world.workstation, view, world.ide_url)


def look_again(world: World) -> View:
    """Carry out what is wanted, as far as it goes now, and look."""
    return reconcile(
        world.table, world.ec2, world.workstation, world.instance, world.settings, world.now(), world.token
    )


def _ask(world: World, caller: Caller, to: Literal["on", "off"]) -> Want:
    try:
        return ask(
            world.table,
            world.workstation,
            to,
            by=caller.who,
            why="asked",
            now=world.now(),
            source=caller.source,
            random=world.token,
        )
    except Conflict as conflict:
        raise _lost(world, conflict) from None


def _change(world: World, alter: Any, note: Mapping[str, Any]) -> Want:
    try:
        return change(world.table, world.workstation, alter, now=world.now(), told=note, random=world.token)
    except Conflict as conflict:
        raise _lost(world, conflict) from None


def _lost(world: World, conflict: Conflict) -> Problem:
    """Told to the loser of two opposite actions: who won, and how it is now."""
    found = document(world, look_again(world))
    word = {"on": "start", "off": "stop"}.get(conflict.want.want or "", "change")
    return _not_now(
        "conflict", f"{conflict.want.by or 'Somebody'} asked for a {word} at the same moment, and was first.", found
    )


def _must_be_on(world: World, purpose: str) -> None:
    """Raises Problem 409 when there is nothing to keep or to stop."""
    view = observe(world.table, world.ec2, world.workstation, world.instance, world.settings, world.now())
    if view.state.want.want != "on" and (
        view.machine.state not in ("pending", "running") or view.state.want.want == "off"
    ):
        text = f"It is {view.machine.state}: there is nothing to {purpose}. Start it first."
        raise _not_now("not-on", text, document(world, view))


def _not_now(kind: str, text: str, found: Mapping[str, Any]) -> Problem:
    """409, with how it is."""
    return Problem(409, kind, text, state=found["state"], want=found["want"], workstation=found)


def _is_same(lease: Mapping[str, Any], by: str, reason: str, until: float) -> bool:
    return bool(lease["by"] == by and lease["for"] == reason and abs(lease["until"] - until) < SAME_LEASE)


def _done(world: World, request: Request, view: View, finished: bool) -> Answer:
    """200 when it is so, 202 when it is on its way; a browser that came by a bookmark goes on to the page."""
    if request.navigates and request.method == "GET":
        return Answer(303, headers={"location": "/"})
    return Answer(200 if finished else 202, document(world, view))
