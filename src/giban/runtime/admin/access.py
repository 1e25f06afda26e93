"""Who asks: a registered device, the host, an operator, or nobody. What is not known is refused."""

from __future__ import annotations

from ..common.addresses import allowed, subscriber
from ..common.store import Clash, Put
from ..common.times import iso
from ..power.table import event
from .devices import is_secret_of, split
from .http import Problem, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from .devices import Device
    from .http import Request
    from .signature import Signed
    from .world import World


class Caller:
    """Who asks."""

    __slots__ = ("device", "fresh_cookie", "kind", "source", "who")

    def __init__(
        self, kind: Literal["device", "operator", "host", "nobody"], who: str, source: str, device: Device | None = None
    ) -> None:
        self.kind = kind
        self.who = who
        """As the audit names it."""
        self.source = source
        """Where from: an address, or `lambda:Invoke`."""
        self.device = device
        self.fresh_cookie = ""
        """Set-Cookie that keeps a device in use registered, "" when it is not due."""


def operator(request: Request) -> Caller:
    """Somebody whom IAM let invoke the function."""
    return Caller("operator", f"operator {request.operator}", "lambda:Invoke")


def check_address(world: World, request: Request) -> None:
    """Raises Problem 403 for an address that is not on the allow list."""
    if not allowed(request.address, world.allow):
        raise Problem(
            403,
            "address",
            "This address is not on the list of those who may ask.",
            detail_ko="이 주소는 허용 목록에 없습니다.",
            address=request.address or None,
        )


def host(world: World, request: Request, sent: Mapping[str, Any], now: float) -> Caller:
    """The host, by the signature of its report. It may come from any address: its own can change, its key does not.

    From an address that is not allowed a wrong signature is answered like anything else from there. Raises Problem 401 (wrong
    signature; wrong clock, with the server's time), 403, 409 (the same report again), 413, 429.
    """
    from .signature import NONCE_LIFE, Signed, is_timely

    signed = Signed.of(request.headers)
    outside = not allowed(request.address, world.allow)
    try:
        read(request, sent)
        right = signed is not None and _is_signed(world, request, signed, now)
    except Problem:
        if outside:
            check_address(world, request)
        raise
    if not right or signed is None:
        check_address(world, request)
        _count_report(world, request, now)
        raise Problem(401, "signature", "The report is not signed with this workstation's key.")
    if not is_timely(signed, now):
        raise Problem(
            401, "clock", f"The clocks differ too much: here it is {iso(now)}.", now=iso(now), server_time=int(now)
        )
    try:
        world.table.put(Put(f"nonce/{world.workstation}", signed.nonce, {}, 0, now + NONCE_LIFE))
    except Clash:
        audit(world, Caller("host", "host", request.address), now, "refused", "replay")
        raise Problem(409, "replay", "This very report was received before.") from None
    return Caller("host", "host", request.address)


def device(world: World, request: Request, now: float) -> Caller:
    """The registered device that the cookie belongs to. Raises Problem 401 and 429."""
    cookie = request.cookies.get(world.devices.cookie_name, "")
    parts = split(cookie)
    if parts is None:
        check_lock(world, request, now)
        raise _unknown(world, bool(cookie))
    identifier, secret = parts
    found, failures = world.devices.find(identifier, now), world.locks.check(f"device:{identifier}", now)
    if found is None or found.revoked is not None:
        check_lock(world, request, now)
        raise _unknown(world, True)
    if not is_secret_of(found, secret):
        lock = check_lock(world, request, now)
        unknown = Caller("nobody", found.who, request.address)
        count(world, unknown, f"device:{identifier}", now, failures)
        count(world, unknown, address_subject(request), now, lock)
        raise _unknown(world, True)
    if failures is not None:
        world.locks.forget(f"device:{identifier}")
    caller = Caller("device", found.who, request.address, found)
    if world.devices.seen(found, request.address, now):
        caller.fresh_cookie = world.devices.set_cookie(identifier, secret)
    return caller


def visitor(world: World, request: Request, now: float) -> Caller:
    """Anybody from an allowed address, for what is open to all. A locked address has to be a registered device."""
    try:
        check_lock(world, request, now)
    except Problem as locked:
        try:
            return device(world, request, now)
        except Problem:
            raise locked from None
    return Caller("nobody", "somebody", request.address)


def address_subject(request: Request) -> str:
    """What failures of the request's address are counted under."""
    return f"address:{subscriber(request.address)}"


def check_lock(world: World, request: Request, now: float) -> Any:
    """What is counted of the address. Raises Problem 429 while it is locked."""
    return world.locks.check(address_subject(request), now)


def count(world: World, caller: Caller, subject: str, now: float, found: Any) -> None:
    """Count a failed attempt, and put it in the log when a lock begins. Raises Problem 429 for one of two at the same moment."""
    failures, wait = world.locks.attempt(subject, now, found)
    if wait:
        audit(world, caller, now, "locked", "locked", subject=subject, failures=failures, until=iso(now + wait))


def audit(world: World, caller: Caller, now: float, what: str, why: str, **more: Any) -> None:
    """Put an event in the log; nothing secret in it."""
    world.table.put(event(world.workstation, now, world.token(), told(caller, what, why, **more)))


def told(caller: Caller, what: str, why: str, **more: Any) -> dict[str, Any]:
    """An event of what a caller did."""
    return {"what": what, "who": caller.who, "why": why, "source": caller.source, **more}


def _is_signed(world: World, request: Request, signed: Signed, now: float) -> bool:
    from .signature import TIME, is_right

    text = request.headers[TIME]
    if is_right(world.secrets.agent_key(now), signed, request.method, request.path, request.body, text):
        return True
    # The key may have been replaced since it was read.
    key = world.secrets.agent_key(now, fresh=True)
    return is_right(key, signed, request.method, request.path, request.body, text)


def _count_report(world: World, request: Request, now: float) -> None:
    """Reports are counted apart: a host with an old key shall not lock out the people behind the same address."""
    subject = f"agent:{subscriber(request.address)}"
    count(world, Caller("nobody", "host", request.address), subject, now, world.locks.check(subject, now))


def _unknown(world: World, had_cookie: bool) -> Problem:
    made = Problem(
        401,
        "device",
        "This device is not registered. Pair it: `giban workstation pair`.",
        detail_ko="등록되지 않은 기기입니다. `giban workstation pair`로 등록하세요.",
        headers={"www-authenticate": f'Cookie realm="giban", cookie-name="{world.devices.cookie_name}"'},
    )
    if had_cookie:
        made.cookies.append(world.devices.clear_cookie())
    return made
