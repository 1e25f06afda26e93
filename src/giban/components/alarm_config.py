"""What the alarm router goes by, as `runtime/alarms/config.json` in its archive; the keys are those of `runtime.alarms.rules`."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.blueprint.durations import seconds_of
from giban.blueprint.types_alarms import Channel, Inhibition, Route
from giban.blueprint.validate_alarms import kinds_of
from giban.components.alarm_parts import alarms_of, alarms_scope
from giban.components.environment import Environment

PLACE = "runtime/alarms/config.json"
"""Where it is in the archive."""
FILE = "files/alarms.json"
"""Where it lies beside the documents, for people and for `giban alarms routes`."""


def config_bytes(config: dict[str, Any]) -> bytes:
    """The document, sorted and readable."""
    return msgspec.json.format(msgspec.json.encode(config, order="sorted"), indent=1) + b"\n"


def base_config(env: Environment) -> dict[str, Any]:
    """Everything but the lists of what there is to watch: `alarms`, `logs`, `resources`, `budget`."""
    found = alarms_of(env)
    return {
        "environment": env.prefix,
        "region": env.region_name,
        "account_url": f"https://{env.region_name}.console.aws.amazon.com",
        "language": found.language,
        "time_zone": found.time_zone,
        "channels": {name: _channel(env, name, channel) for name, channel in found.channels.items()},
        "routes": [_route(route) for route in found.routes] or [{"match": {}, "to": sorted(found.channels)}],
        # A region that is down mutes what is in it.
        "inhibit": [
            {"if": {"kind": "region"}, "then": {"region": True}},
            *(_inhibition(item) for item in found.inhibit),
        ],
    }


def _channel(env: Environment, name: str, channel: Channel) -> dict[str, Any]:
    kind = kinds_of(channel)[0]
    if channel.slack_bot is not None:
        bot = channel.slack_bot
        signing = {"signing_secret": _secret(bot.signing)} if bot.signing else {}
        return {"kind": kind, "secret": _secret(bot.token), "channel": bot.channel, **signing}
    if channel.telegram is not None:
        return {"kind": kind, "secret": _secret(channel.telegram.token), "chat": channel.telegram.chat}
    if channel.email is not None:
        return {"kind": kind, "topic": alarms_scope(env, f"alarms-{name}").name}
    if channel.sms is not None:
        return {"kind": kind, "number": channel.sms}
    return {"kind": kind, "secret": _secret(getattr(channel, kind))}


def _secret(text: str) -> str:
    return text.removeprefix("secret:")


def _route(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "match": route.match,
        "to": route.to,
        "group": {
            "by": route.group.by,
            "wait": seconds_of(route.group.wait),
            "interval": seconds_of(route.group.interval),
        },
        "repeat": seconds_of(route.repeat),
    }
    if route.escalate is not None:
        escalate = route.escalate
        made["escalate"] = {"after": seconds_of(escalate.after), "to": escalate.to, "repeat": escalate.repeat}
    if route.quiet is not None:
        made["quiet"] = {"time_zone": route.quiet.time_zone, "hours": route.quiet.hours}
    if route.continue_:
        made["continue"] = True
    return made


def _inhibition(item: Inhibition) -> dict[str, Any]:
    return {"if": item.while_, "then": {**item.mute, **dict.fromkeys(item.same, True)}}
