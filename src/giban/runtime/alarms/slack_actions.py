"""Buttons in Slack: who pressed is believed when the request is signed by Slack, now.

https://docs.slack.dev/authentication/verifying-requests-from-slack and
https://docs.slack.dev/interactivity/handling-user-interaction: answered within three seconds, so the message is changed by
the next turn of the router.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .world import World

WINDOW = 300.0
"""Seconds by which a request may differ from our clock."""


def answer(world: World, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    """Status and text for a request with these headers (names in lower case)."""
    if not is_slack(world, headers, body):
        return 401, ""
    payload = payload_of(body)
    if payload is None:
        return 400, ""
    from .acknowledging import acknowledge, tell
    from .channels.slack_form import ACKNOWLEDGE

    user = payload.get("user")
    user = user if isinstance(user, dict) else {}
    who = str(user.get("username") or user.get("name") or user.get("id") or "Slack")
    actions = payload.get("actions")
    for action in actions if isinstance(actions, list) else ():
        # Buttons that are links are told to us too; there is nothing to do.
        if isinstance(action, dict) and action.get("action_id") == ACKNOWLEDGE and isinstance(action.get("value"), str):
            _, done = acknowledge(world, action["value"], f"{who} (Slack)")
            tell(world, done)
    return 200, ""


def is_slack(world: World, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of our bots' signing secrets signed it within the last five minutes; compared in constant time."""
    import hmac

    from .channels import Broken, Later

    time, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    now = world.now()
    if not (time.isascii() and time.isdigit() and len(time) < 12) or abs(now - int(time)) > WINDOW:
        return False
    names = {str(entry["signing_secret"]) for entry in world.channels.values() if entry.get("signing_secret")}
    right = False
    for name in sorted(names):
        try:
            key = world.secrets.value(name, now)
        except (Broken, Later):
            continue
        right |= hmac.compare_digest(signature(key, time, body).encode(), given.encode("utf-8", "replace"))
    return right


def signature(key: str, time: str, body: bytes) -> str:
    """The value of X-Slack-Signature."""
    import hmac

    return "v0=" + hmac.digest(key.encode(), b"v0:" + time.encode() + b":" + body, "sha256").hex()


def payload_of(body: bytes) -> dict[str, Any] | None:
    """The JSON in the form's field `payload`; None when there is none."""
    from urllib.parse import parse_qs

    try:
        found = json.loads(parse_qs(body.decode(), max_num_fields=16)["payload"][0])
    except (ValueError, KeyError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
