"""The description of the admin API (OpenAPI 3.1): served at /openapi.json, and what the fuzzer works from."""

from __future__ import annotations

from . import assets
from .openapi_schemas import IDENTIFIER, SCHEMAS, described, line, ref
from .people import MOST_EVENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Part = dict[str, Any]

PROBLEMS = {
    "400": "The request is not right; `errors` names every wrong field.",
    "401": "Not a registered device (`device`); a report with a wrong signature or clock (`signature`, `clock`).",
    "403": "The address is not allowed (`address`), another site or a prefetch sent it (`other-site`, `prefetch`), the pairing "
    "is refused (`pairing`), or it is for another kind of caller (`operator`).",
    "404": "There is nothing by this name.",
    "405": "Not with this method; `Allow` tells which.",
    "409": "The opposite came first (`conflict`), it is off (`not-on`), the limit is reached (`too-many`), or the report was "
    "received before (`replay`).",
    "413": "The body is larger than 16 KB.",
    "415": "The body is not application/json.",
    "429": "Too many tries; `Retry-After` tells how long to wait.",
    "500": "A fault of the API.",
    "503": "AWS is too busy; try again.",
}
_EXAMPLE = {
    "400": {
        "type": "/problems/input", "title": "The request is not right", "status": 400,
        "detail": "after_min: Must be a whole number, 0 to 4320.",
        "errors": [{"field": "after_min", "detail": "Must be a whole number, 0 to 4320."}],
    },
    "409": {
        "type": "/problems/conflict", "title": "Something else came first", "status": 409,
        "detail": "Phone (3fa1c2) asked for a stop at the same moment, and was first.", "state": "stopping", "want": "off",
    },
    "429": {
        "type": "/problems/locked", "title": "Too many tries", "status": 429, "detail": "Too many tries. Wait 60 s.",
        "retry_after": 60,
    },
}  # fmt: skip
_DEVICE: list[Part] = [{"device": []}]
_HOST: list[Part] = [{"hostTime": [], "hostNonce": [], "hostSignature": []}]


def document(workstation: str, cookie: str) -> Part:
    """The description, for the workstation's name and the name of its cookie."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"giban workstation {workstation}",
            "version": "1",
            "summary": "Starts, keeps and stops one workstation, and tells why it is on.",
            "description": "Only from addresses on the allow list. Times are ISO 8601 in UTC. Errors are RFC 9457 problems.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("workstation", "devices", "host", "operators", "page")],
        "paths": _paths(),
        "components": {
            "schemas": SCHEMAS,
            "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
            "securitySchemes": {
                "device": {
                    "type": "apiKey", "in": "cookie", "name": cookie,
                    "description": "A registered device: <id>.<secret>, set by pairing; HttpOnly, Secure, SameSite=Strict.",
                },
                "hostTime": _header("X-Giban-Time", "Seconds since 1970 by the host's clock, at most 300 off."),
                "hostNonce": _header("X-Giban-Nonce", "32 hexadecimal digits, never used twice."),
                "hostSignature": _header(
                    "X-Giban-Signature",
                    "Hexadecimal HMAC-SHA256 with the host's key over POST, path, time, nonce and SHA-256 of the body (hex), "
                    "each but the last followed by a line feed.",
                ),
            },
        },
    }  # fmt: skip


def _paths() -> Part:
    status, nothing = _json("How it is now.", ref("Status")), _body(ref("Nothing"), required=False)
    started = {"200": status, "202": _json("It is on its way.", ref("Status"))}
    bookmark = {
        "303": {
            "description": "A browser is sent to the page.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        }
    }
    after = {
        "name": "after_min", "in": "query", "description": "Minutes from now; 0 = now.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 4320, "default": 0}, "example": 90,
    }  # fmt: skip
    return {
        "/service/status": {
            "get": _operation("getStatus", "How it is", {"200": status}),
            "post": _operation(
                "report", "The host's report", {"200": _json("What the rules say.", ref("Decision"))}, tag="host",
                security=_HOST, body=_body(ref("Report")), problems=("400", "409", "413", "415"),
            ),
        },
        "/service/start": {
            "get": _operation("startByBookmark", "Start it: from a bookmark", started | bookmark, problems=("403", "409")),
            "put": _operation("start", "Start it", started, body=nothing, problems=_ACTS),
            "post": _operation("startByPost", "Start it", started, body=nothing, problems=_ACTS),
        },
        "/service/shutdown": {
            "get": _operation(
                "shutdownByBookmark", "Stop it: now, or later and not before", started | bookmark, parameters=[after],
                problems=("400", "403", "409"),
            ),
            "put": _operation(
                "shutdown", "Stop it: now, or later and not before", started, parameters=[after],
                body=_body(ref("StopTime"), required=False), problems=_ACTS,
            ),
            "post": _operation(
                "shutdownByPost", "Stop it: now, or later and not before", started, parameters=[after],
                body=_body(ref("StopTime"), required=False), problems=_ACTS,
            ),
        },
        "/service/auto-stop": {
            "put": _operation(
                "setAutoStop", "Whether idle time stops it", {"200": status}, body=_body(ref("AutoStop"), {"on": False}),
                problems=_ACTS,
            )
        },
        "/service/leases": {
            "post": _operation(
                "keep", "Keep it on, for a reason", {"200": status},
                body=_body(ref("Lease"), {"hours": 2, "for": "training"}), problems=_ACTS,
            )
        },
        "/service/leases/{id}": {
            "delete": _operation(
                "release", "End a lease", {"200": status}, parameters=[_identifier("lease")], problems=("403", "404")
            )
        },
        "/service/password": {
            "put": _operation(
                "setPassword", "A new password of the IDE", {"200": status}, body=_body(ref("Password"), {"generate": True}),
                problems=_ACTS,
            )
        },
        "/service/events": {
            "get": _operation(
                "listEvents", "What was decided and done, newest first", {"200": _json("A page of it.", ref("Events"))},
                parameters=[
                    {
                        "name": "limit", "in": "query",
                        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS, "default": 50},
                    },
                    {"name": "before", "in": "query", "description": "`next` of the page before.", "schema": line(64)},
                ],
                problems=("400",),
            )
        },
        "/service/devices": {
            "get": _operation("listDevices", "Registered devices", {"200": _json("The list.", ref("Devices"))}, tag="devices"),
            "post": _operation(
                "pair", "Register this device", {"201": _json("Registered; the cookie is set.", ref("Paired"))}, tag="devices",
                security=[], problems=_ACTS,
                body=_body(ref("Pairing"), {"code": "7KXM-2PQR", "totp": "287082", "name": "Phone"}),
            ),
        },
        "/service/devices/{id}": {
            "delete": _operation(
                "revoke", "Take a device's right away", {"200": _json("Those that are left.", ref("Devices"))}, tag="devices",
                parameters=[_identifier("device")], problems=("403", "404"),
            )
        },
        "/service/logout": {
            "post": _operation(
                "signOut", "This device signs out", {"204": {"description": "Done."}}, tag="devices", body=nothing,
                problems=_ACTS,
            )
        },
        "/service/codes": {
            "post": _operation(
                "newCode", "A one-time pairing code; operators invoke the function, over HTTP this is refused",
                {"201": _json("The code, shown once.", ref("Code"))}, tag="operators", body=nothing, problems=_ACTS,
            )
        },
        "/service/totp": {
            "post": _operation(
                "secondFactor", "The secret of the one-time passwords; operators invoke the function, over HTTP this is refused",
                {"200": _json("The secret.", ref("SecondFactor"))}, tag="operators",
                body=_body(ref("Rotation"), required=False), problems=_ACTS,
            )
        },
        "/openapi.json": {
            "get": _operation(
                "getDescription", "This document", {"200": _json("OpenAPI 3.1.", {"type": "object"}), "304": _UNCHANGED},
                tag="page", security=[],
            )
        },
        **{path: {"get": _asset(path, name)} for path, name in assets.FILES.items()},
    }  # fmt: skip


_ACTS = ("400", "403", "409", "413", "415")
_ALWAYS = ("401", "403", "405", "429", "500", "503")
_UNCHANGED: Part = {"description": "What the client has is the same."}


def _operation(
    identifier: str,
    summary: str,
    answers: Part,
    *,
    tag: str = "workstation",
    security: list[Part] = _DEVICE,
    parameters: list[Part] | None = None,
    body: Part | None = None,
    problems: tuple[str, ...] = (),
) -> Part:
    made: Part = {"operationId": identifier, "summary": summary, "tags": [tag], "security": security}
    if parameters:
        made["parameters"] = parameters
    if body:
        made["requestBody"] = body
    # What is sent in a query nobody knows is told, too.
    statuses = sorted({*problems, *_ALWAYS, "400"})
    made["responses"] = {
        **answers,
        **{status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses},
    }
    return made


def _asset(path: str, name: str) -> Part:
    kind = assets.TYPES[name.rpartition(".")[2]].partition(";")[0]
    summary = "The page" if path == "/" else f"A file of the page: {name}"
    schema = {"type": "object" if kind.endswith("json") else "string"}
    answers = {"200": {"description": "The file.", "content": {kind: {"schema": schema}}}, "304": _UNCHANGED}
    identifier = "get" + "".join(part.capitalize() for part in name.split("."))
    return _operation(identifier, summary, answers, tag="page", security=[])


def _json(text: str, schema: Part) -> Part:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _body(schema: Part, example: Any = None, *, required: bool = True) -> Part:
    content: Part = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"required": required, "content": {"application/json": content}}


def _identifier(thing: str) -> Part:
    schema = described({"type": "string", "pattern": IDENTIFIER}, f"The {thing}'s id, as listed.")
    return {"name": "id", "in": "path", "required": True, "schema": schema}


def _header(name: str, text: str) -> Part:
    return {"type": "apiKey", "in": "header", "name": name, "description": text}


def _problem(status: str) -> Part:
    content: Part = {"schema": ref("Problem")}
    if status in _EXAMPLE:
        content["example"] = _EXAMPLE[status]
    made: Part = {"description": PROBLEMS[status], "content": {"application/problem+json": content}}
    header = {"405": "Allow", "429": "Retry-After", "503": "Retry-After"}.get(status)
    if header:
        made["headers"] = {header: {"schema": {"type": "string"}}}
    return made
