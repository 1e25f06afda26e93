"""The button of a Slack message, pressed in the inbox: what Slack then sends to the app that the message is from.

The request is signed as Slack signs it, with the signing secret in the emulated Secrets Manager, and goes to `POST /slack` of the
environment's own API, through the edge. https://docs.slack.dev/interactivity/handling-user-interaction and
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from giban.rehearsal.addresses import SUFFIX
from giban.rehearsal.inbox import Message

WHO = {"id": "U0REHEARSAL", "username": "you", "name": "you", "team_id": "T0REHEARSAL"}
"""Who presses buttons in the inbox."""

Routers = Callable[[], list[dict[str, Any]]]
Secret = Callable[[str, str], str | None]
"""(name, region) -> a secret's value."""


class Buttons:
    """Presses them. `clock` is the rehearsal's: functions go by it when they look whether a request is fresh."""

    def __init__(self, edge_port: int, routers: Routers, secret: Secret, clock: Callable[[], float]) -> None:
        self._edge_port = edge_port
        self._routers = routers
        self._secret = secret
        self._clock = clock

    def press(self, message: Message, action: dict[str, Any]) -> str:
        """Press a button of a message. Raises ValueError when nobody listens, OSError when nobody answers."""
        body = urlencode({"payload": json.dumps(self._payload(message, action))}).encode()
        last = ""
        for api, key in self._listeners(message["to"]):
            status, said = self._post(api, body, key)
            if status == 200:
                return "acknowledged"
            last = f"The function answered {status}: {said[:300]}"
        raise ValueError(last or f"No environment here has a bot in the Slack channel {message['to']}.")

    def _listeners(self, channel: str) -> Iterator[tuple[str, str]]:
        """(address of the API, signing secret) of each environment whose bot is in a channel."""
        for router in self._routers():
            for one in (router["config"].get("channels") or {}).values():
                if one.get("kind") == "slack_bot" and one.get("channel") == channel and router["api"]:
                    key = self._secret(str(one.get("signing_secret") or ""), router["region"])
                    if key:
                        yield router["api"], key

    def _payload(self, message: Message, action: dict[str, Any]) -> dict[str, Any]:
        ids = message["ids"]
        now = self._clock()
        return {
            "type": "block_actions",
            "user": WHO,
            "api_app_id": "A0REHEARSAL",
            "team": {"id": "T0REHEARSAL", "domain": "rehearsal"},
            "channel": {"id": message["to"], "name": message["to"]},
            "container": {
                "type": "message",
                "message_ts": ids.get("ts"),
                "channel_id": message["to"],
                "is_ephemeral": False,
            },
            "trigger_id": f"{int(now)}.rehearsal",
            "message": {"type": "message", "ts": ids.get("ts"), "text": message["title"]},
            "response_url": "https://hooks.slack.com/actions/rehearsal",
            "actions": [
                {
                    "type": "button",
                    "block_id": "rehearsal",
                    "action_id": action["action_id"],
                    "value": action["value"],
                    "text": {"type": "plain_text", "text": action["text"]},
                    "action_ts": f"{now:.6f}",
                }
            ],
        }

    def _post(self, api: str, body: bytes, key: str) -> tuple[int, str]:
        at = str(int(self._clock()))
        signature = hmac.new(key.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        parts = urlsplit(api)
        headers = {
            "Host": f"{name_of(parts.hostname or '')}{SUFFIX}:{self._edge_port}",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._edge_port, timeout=35)
        try:
            connection.request("POST", f"{parts.path.rstrip('/')}/slack", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except http.client.HTTPException as error:
            raise OSError(f"the edge broke off: {error}") from error
        finally:
            connection.close()


def name_of(host: str) -> str:
    """The name by which the edge knows a host: an API's own address in short."""
    found = re.match(r"([a-z0-9]+)\.execute-api\.", host)
    return f"{found[1]}.execute-api" if found else host
