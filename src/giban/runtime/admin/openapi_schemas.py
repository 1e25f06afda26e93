"""Shapes of what the admin API takes and answers (JSON Schema 2020-12, as OpenAPI 3.1 uses it)."""

from __future__ import annotations

from .actions import MOST_MINUTES, PASSWORD_LEAST, PASSWORD_MOST
from .fields import LINE
from .people import MOST_NAME
from .reports import LONGEST_AGE, LONGEST_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]

IDENTIFIER = "^[0-9a-f]{16}$"


def described(schema: Schema, text: str) -> Schema:
    """A schema with a description."""
    return {**schema, "description": text}


def one_of(*values: str | None) -> Schema:
    """One of some texts."""
    return {"enum": list(values)}


def shape(properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these properties and no others."""
    required = [name for name in properties if name not in optional]
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": required} if required else made


def line(most: int) -> Schema:
    """A text of one line with something in it."""
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": LINE}


def listed(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def ref(name: str) -> Schema:
    """A shape by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
BOOLEAN: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time", "description": "ISO 8601 in UTC, as 2026-11-21T09:00:00Z"}
TIME_OR_NULL: Schema = or_null(TIME)
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
AGE: Schema = {
    "type": ["number", "null"],
    "minimum": 0,
    "maximum": LONGEST_AGE,
    "description": "Seconds at sending time; null = never",
}
CONTAINER: Schema = {"type": "object", "properties": {"name": TEXT, "cpu_percent": NUMBER_OR_NULL}}

SCHEMAS: dict[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457. The last part of `type` is the kind; `errors` names every wrong field.",
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "detail_ko": TEXT,
            "errors": listed(shape({"field": TEXT, "detail": TEXT})),
            "retry_after": described(COUNT, "Seconds, with 429"),
            "state": described(TEXT, "State of the instance, with 409"),
            "want": described(TEXT_OR_NULL, "What is wanted now, with 409"),
            "workstation": ref("Status"),
            "now": TIME,
            "server_time": described({"type": "integer"}, "Seconds since 1970, with a wrong clock"),
            "address": TEXT_OR_NULL,
        },
        "required": ["type", "title", "status", "detail"],
    },
    "Status": shape(
        {
            "workstation": TEXT,
            "now": TIME,
            "state": one_of("pending", "running", "stopping", "stopped", "shutting-down", "terminated", "missing"),
            "on": described(BOOLEAN, "Running, or on its way up"),
            "want": described(one_of("on", "off", None), "What was asked for last; null = nobody, or changed outside"),
            "since": described(TIME_OR_NULL, "Since when it is in this state"),
            "uptime_seconds": or_null(COUNT),
            "ssh_sessions": COUNT,
            "web": shape(
                {
                    "state": one_of("connected", "idle", "off"),
                    "connected_at": TIME_OR_NULL,
                    "interacting_at": TIME_OR_NULL,
                }
            ),
            "terminal_at": described(TIME_OR_NULL, "The last use of a terminal"),
            "working": shape(
                {
                    "at": TIME_OR_NULL,
                    "cpu_percent": NUMBER_OR_NULL,
                    "jobs": listed(TEXT),
                    "containers": listed(CONTAINER),
                }
            ),
            "scheduled_stop": described(TIME_OR_NULL, "The reserved stop"),
            "decision": shape(
                {
                    "action": one_of("stay", "stop", "none"),
                    "reason": TEXT_OR_NULL,
                    "text": TEXT_OR_NULL,
                    "text_ko": TEXT_OR_NULL,
                    "until": described(TIME_OR_NULL, "When the reason ends by itself"),
                    "stops_at": described(TIME_OR_NULL, "When it stops if nothing changes any more"),
                }
            ),
            "changes": described(
                listed(shape({"what": TEXT, "source": TEXT, "until": TIME_OR_NULL, "text": TEXT, "text_ko": TEXT})),
                "Everything that changed the outcome",
            ),
            "auto_stop": shape(
                {"on": BOOLEAN, "idle_seconds": COUNT, "max_uptime_seconds": COUNT, "max_uptime_at": TIME_OR_NULL}
            ),
            "leases": listed(shape({"id": TEXT, "until": TIME, "for": TEXT, "by": TEXT, "at": TIME})),
            "agent": shape({"last_report": TIME_OR_NULL, "silent": BOOLEAN, "version": TEXT_OR_NULL}),
            "ide": shape({"url": TEXT_OR_NULL, "answers": BOOLEAN}),
            "progress": shape(
                {
                    "phase": one_of("off", "asked", "starting", "booting", "ready", "stopping"),
                    "percent": {"type": "integer", "minimum": 0, "maximum": 100},
                    "notice": TEXT_OR_NULL,
                    "notice_ko": TEXT_OR_NULL,
                }
            ),
            "next_start": described(TIME_OR_NULL, "The next time of the schedule"),
            "password_version": COUNT,
            "password": described(TEXT, "Of a generated password only, once"),
            "version": described(COUNT, "Grows with each change of what is wanted"),
        },
        optional=("password",),
    ),
    "Report": {
        "type": "object",
        "description": "What the host sends each minute. What is not known is left out, not refused.",
        "properties": {
            "boot_id": {**line(LONGEST_NAME), "minLength": 1},
            "sequence": {"type": "integer", "minimum": 0, "maximum": 2**53},
            "uptime": AGE,
            "ssh": {
                "type": ["object", "null"],
                "properties": {"sessions": {"type": "integer", "minimum": 0, "maximum": 10_000}},
            },
            "web": {"type": ["object", "null"], "properties": {"connected_age": AGE, "interacting_age": AGE}},
            "terminal_age": AGE,
            "work": {
                "type": ["object", "null"],
                "properties": {
                    "cpu_percent": {"type": ["number", "null"], "minimum": 0, "maximum": 1e6},
                    "load1": {"type": ["number", "null"], "minimum": 0, "maximum": 1e6},
                    "working_age": AGE,
                    "jobs": {"type": ["array", "null"]},
                    "containers": {"type": ["array", "null"]},
                },
            },
            "ide": {"type": ["object", "null"], "properties": {"answers": BOOLEAN}},
            "version": {},
        },
        "required": ["boot_id"],
    },
    "Decision": shape(
        {
            "decision": shape(
                {
                    "action": one_of("stay", "stop", "none"),
                    "reason": TEXT_OR_NULL,
                    "until": TIME_OR_NULL,
                    "stops_at": TIME_OR_NULL,
                }
            ),
            "reservation": TIME_OR_NULL,
            "password_version": COUNT,
            "max_uptime": described(COUNT, "Seconds"),
            "now": TIME,
        }
    ),
    "StopTime": shape(
        {"after_min": {"type": "integer", "minimum": 0, "maximum": MOST_MINUTES, "default": 0}}, optional=("after_min",)
    ),
    "AutoStop": shape({"on": BOOLEAN}),
    "Lease": {
        "oneOf": [
            shape({"hours": {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_MINUTES / 60}, "for": line(100)}),
            shape({"minutes": {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES}, "for": line(100)}),
        ]
    },
    "Password": {
        "oneOf": [
            shape(
                {
                    "password": {
                        "type": "string",
                        "minLength": PASSWORD_LEAST,
                        "maxLength": PASSWORD_MOST,
                        "pattern": LINE,
                        "description": "At least five different characters",
                        "format": "password",
                    }
                }
            ),
            shape({"generate": {"const": True}}),
        ]
    },
    "Nothing": {"type": "object", "additionalProperties": False, "maxProperties": 0},
    "Device": shape(
        {
            "id": {"type": "string", "pattern": IDENTIFIER},
            "name": TEXT,
            "created": TIME,
            "last_used": TIME,
            "last_address": TEXT,
            "current": described(BOOLEAN, "The device that asks"),
        }
    ),
    "Devices": shape({"devices": listed(ref("Device"))}),
    "Pairing": shape(
        {
            "code": described(line(32), "One-time code: eight letters and digits; blanks and dashes do not matter"),
            "totp": described(line(16), "One-time password of the moment (RFC 6238), six digits"),
            "name": described(line(MOST_NAME), "What the device is called in the list"),
        }
    ),
    "Paired": shape({"device": ref("Device")}),
    "Events": shape(
        {
            "events": listed(
                {
                    "type": "object",
                    "properties": {
                        "id": TEXT,
                        "at": TIME,
                        "what": TEXT,
                        "who": TEXT,
                        "why": TEXT,
                        "text": TEXT,
                        "text_ko": TEXT,
                        "source": TEXT,
                        "until": TIME_OR_NULL,
                    },
                    "required": ["id", "at", "what", "who", "why", "text", "text_ko"],
                }
            ),
            "next": described(TEXT_OR_NULL, "`before` of the next page; null = there is none"),
        }
    ),
    "Code": shape({"code": TEXT, "expires_at": TIME}),
    "Rotation": shape({"rotate": BOOLEAN}, optional=("rotate",)),
    "SecondFactor": shape({"secret": described(TEXT, "Base32"), "uri": described(TEXT, "otpauth: for a QR code")}),
}
