"""Devices and the log: pairing, list, revoke, sign out; codes and the second factor for operators; events."""

from __future__ import annotations

from ..common.times import iso
from .access import address_subject, audit, check_lock, count
from .actions import nothing_else
from .codes import is_code, new_code, normal
from .devices import MOST_DEVICES
from .fields import Fields
from .http import Answer, Problem, document_of
from .totp import DIGITS, uri
from .words import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .access import Caller
    from .http import Request
    from .world import World

MOST_EVENTS = 100
MOST_NAME = 40
_HEX = frozenset("0123456789abcdef")


def pair(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """Register a device with a one-time code and the one-time password of the moment."""
    Fields.of_query(request.query).done()
    fields = Fields(document_of(request))
    code, password = normal(fields.text("code", 1, 32)), "".join(fields.text("totp", 1, 16).split())
    name = fields.text("name", 1, MOST_NAME)
    fields.done()
    now = world.now()
    if len(world.devices.all(now)) >= MOST_DEVICES:
        raise Problem(409, "too-many", f"{MOST_DEVICES} devices are registered already; revoke one first.")
    # Counted before it is judged: of many guesses at one moment one is judged (lockout.py).
    count(world, caller, address_subject(request), now, check_lock(world, request, now))
    right_form = is_code(code) and len(password) == DIGITS and password.isascii() and password.isdigit()
    by = world.codes.use(code, password, world.secrets.totp_bytes(), now) if right_form else None
    if by is None:
        audit(world, caller, now, "refused", "wrong_pairing", name=name)
        raise Problem(
            403,
            "pairing",
            "The code or the one-time password is wrong, has been used, or is too old.",
            detail_ko="코드나 일회용 비밀번호가 틀렸거나, 이미 사용되었거나, 유효 시간이 지났습니다.",
        )
    world.locks.forget(address_subject(request))
    identifier, secret = world.random(8).hex(), _url_text(world.random(32))
    device = world.devices.add(identifier, secret, name, request.address, now)
    audit(world, caller, now, "paired", "code_and_password", device=identifier, name=name, by=by)
    cookie = world.devices.set_cookie(identifier, secret)
    return Answer(201, {"device": device.shown(identifier)}, cookies=[cookie])


def devices(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """The registered devices, the one used last first."""
    nothing_else(request)
    return _list(world, caller)


def revoke(world: World, caller: Caller, request: Request, params: Mapping[str, str]) -> Answer:
    """Take a device's right away. One's own: that is signing out."""
    nothing_else(request)
    identifier = params["id"]
    now = world.now()
    found = world.devices.revoke(identifier, now) if len(identifier) == 16 and set(identifier) <= _HEX else None
    if found is None:
        raise Problem(404, "not-there", "There is no such device.")
    if found.revoked is None:
        audit(world, caller, now, "revoked", "revoked", device=found.id, name=found.name)
    answer = _list(world, caller)
    if caller.device is not None and caller.device.id == found.id:
        answer.cookies.append(world.devices.clear_cookie())
    return answer


def sign_out(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """The device that asks is not registered any more."""
    nothing_else(request)
    if caller.device is not None:
        now = world.now()
        world.devices.revoke(caller.device.id, now)
        audit(world, caller, now, "logout", "signed_out", device=caller.device.id, name=caller.device.name)
    return Answer(204, cookies=[world.devices.clear_cookie()])


def events(world: World, _caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """Decisions and what people did, newest first. `next` is the `before` of the page after this one."""
    fields = Fields.of_query(request.query)
    limit = fields.whole("limit", 1, MOST_EVENTS, default=50)
    before = fields.text("before", 1, 64) if "before" in fields else None
    fields.done()
    # One more than asked for tells whether there is a page after this one.
    found = world.table.events(world.workstation, now=world.now(), limit=limit + 1, before=before)
    shown = []
    for event in found[:limit]:
        text, text_ko = text_of(str(event.get("why", "")))
        shown.append({**event, "text": text, "text_ko": text_ko})
    return Answer(200, {"events": shown, "next": shown[-1]["id"] if len(found) > limit else None})


def new_pairing_code(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """A one-time code for pairing; it is shown once."""
    nothing_else(request)
    now, code = world.now(), new_code(world.random)
    expires = world.codes.add(code, caller.who, now)
    audit(world, caller, now, "code", "code_made", until=iso(expires))
    return Answer(201, {"code": code, "expires_at": iso(expires)})


def second_factor(world: World, caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """The secret of the one-time passwords, for an authenticator app; with `rotate` a new one."""
    Fields.of_query(request.query).done()
    fields = Fields(document_of(request))
    rotate = fields.boolean("rotate") if "rotate" in fields else False
    fields.done()
    secret = world.secrets.rotate_totp() if rotate else world.secrets.totp()
    if rotate:
        world.codes.forget_counter()
    audit(world, caller, world.now(), "totp", "totp_rotated" if rotate else "totp_shown")
    return Answer(200, {"secret": secret, "uri": uri(secret, world.workstation, "giban")})


def _list(world: World, caller: Caller) -> Answer:
    own = caller.device.id if caller.device is not None else ""
    return Answer(200, {"devices": [device.shown(own) for device in world.devices.all(world.now())]})


def _url_text(secret: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(secret).decode("ascii").rstrip("=")
