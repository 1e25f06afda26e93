"""What can be asked for: one line per route, with who may. Everything else does not exist.

What a route does is named as `module.function`, and its module is imported when it is asked for: Lambda compiles the source at
each cold start, so a request pays for what it needs only.
"""

from __future__ import annotations

from .http import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .access import Caller
    from .http import Answer, Request
    from .world import World

    Function = Callable[[World, Caller, Request, Mapping[str, str]], Answer]

OPEN, DEVICE, OPERATOR, HOST = "open", "device", "operator", "host"
"""Who may: anybody from an allowed address; a registered device or an operator; an operator only; the host only."""


class Route:
    """A path and what its methods do."""

    __slots__ = ("acts", "methods", "path", "who")

    def __init__(self, path: str, methods: Mapping[str, str], who: str, *, acts: bool = False) -> None:
        self.path = tuple(path.split("/"))
        """Its parts; one in braces stands for anything."""
        self.methods = dict(methods)
        self.who = who
        self.acts = acts
        """Whether its GET does something, too."""
        if "GET" in self.methods and not acts:
            self.methods["HEAD"] = self.methods["GET"]

    def match(self, parts: tuple[str, ...]) -> dict[str, str] | None:
        """The named parts of a path, None when it is another path."""
        if len(parts) != len(self.path):
            return None
        found = {}
        for own, given in zip(self.path, parts, strict=True):
            if own.startswith("{"):
                found[own[1:-1]] = given
            elif own != given:
                return None
        return found


_each = dict.fromkeys
SERVICE = (
    Route("/service/status", {"GET": "actions.status"}, DEVICE),
    Route("/service/status", {"POST": "reports.report"}, HOST),
    Route("/service/start", _each(("GET", "PUT", "POST"), "actions.start"), DEVICE, acts=True),
    Route("/service/shutdown", _each(("GET", "PUT", "POST"), "actions.shutdown"), DEVICE, acts=True),
    Route("/service/auto-stop", {"PUT": "actions.auto_stop"}, DEVICE),
    Route("/service/leases", {"POST": "actions.keep"}, DEVICE),
    Route("/service/leases/{id}", {"DELETE": "actions.release"}, DEVICE),
    Route("/service/password", {"PUT": "actions.password"}, DEVICE),
    Route("/service/events", {"GET": "people.events"}, DEVICE),
    Route("/service/devices", {"POST": "people.pair"}, OPEN),
    Route("/service/devices", {"GET": "people.devices"}, DEVICE),
    Route("/service/devices/{id}", {"DELETE": "people.revoke"}, DEVICE),
    Route("/service/logout", {"POST": "people.sign_out"}, DEVICE),
    Route("/service/codes", {"POST": "people.new_pairing_code"}, OPERATOR),
    Route("/service/totp", {"POST": "people.second_factor"}, OPERATOR),
)
_NOT_FOR_OPERATORS = ("people.pair", "people.sign_out", "assets.asset")


def page_routes() -> tuple[Route, ...]:
    """The page's files and the API's description."""
    from .assets import FILES

    files = (Route(path, {"GET": "assets.asset"}, OPEN) for path in FILES)
    return (Route("/openapi.json", {"GET": "assets.openapi"}, OPEN), *files)


def function(name: str) -> Function:
    """The function of a name in this table."""
    module, _, attribute = name.partition(".")
    found: Function = getattr(__import__(f"{__package__}.{module}", fromlist=[attribute]), attribute)
    return found


class Found:
    """What a request is about."""

    __slots__ = ("acts", "allow", "name", "parameters", "who")

    def __init__(self, request: Request) -> None:
        parts = tuple(request.path.split("/"))
        self.name = ""
        """What is to be done, as the table names it; "" = nothing."""
        self.parameters: Mapping[str, str] = {}
        self.who = DEVICE
        """Who may; for what does not exist a device, so that others learn nothing."""
        self.allow: set[str] = set()
        """Methods of the path."""
        self.acts = request.method not in ("GET", "HEAD")
        """Whether it does something: then another site may not send it."""
        for route in SERVICE if request.path.startswith("/service/") else page_routes():
            parameters = route.match(parts)
            if parameters is None:
                continue
            self.allow |= set(route.methods)
            if request.method in route.methods:
                self.name, self.parameters, self.who = route.methods[request.method], parameters, route.who
                self.acts = self.acts or route.acts

    def for_caller(self, caller: Caller) -> Function:
        """What is to be done. Raises Problem 403, 404 and 405: only those who may ask learn what exists."""
        if not self.allow:
            raise Problem(404, "not-there", "There is nothing by this name.")
        if not self.name:
            allow = ", ".join(sorted(self.allow))
            raise Problem(405, "method", f"Use {allow}.", headers={"allow": allow})
        is_operator = caller.kind == "operator"
        if (is_operator and (self.name in _NOT_FOR_OPERATORS or self.who == HOST)) or (
            not is_operator and self.who == OPERATOR
        ):
            raise Problem(403, "operator", "This is for another kind of caller.")
        return function(self.name)
