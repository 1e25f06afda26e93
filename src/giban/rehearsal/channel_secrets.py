"""Values for the secrets of alarm channels, which people make on AWS: made up here, so that messages reach the inbox.

A channel's secret that has a value keeps it. What is made up contains no secret of anybody's: the inbox takes whatever comes.

    slack      https://hooks.slack.com/services/rehearsal/<channel>         pagerduty  32 letters and digits
    slack_bot  xoxb-rehearsal-<channel>, and a signing secret               telegram   1:rehearsal-<channel>
    discord    https://discord.com/api/webhooks/1/rehearsal-<channel>       grafana    https://grafana.example/integrations/v1/…
    webhook    {"url": "https://<channel>.rehearsal.example/", "key": …}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from giban.rehearsal.contents import Clients

MARK = "Made up for the rehearsal"
"""The description of such a secret."""


def fill(clients: Callable[[str], Clients], routers: Iterable[dict[str, Any]]) -> list[str]:
    """Give a value to each secret of a channel that has none; says which, a line each. `clients` is asked for a region's."""
    made = []
    for region, name, value, channel in _wanted(routers):
        if _set(clients(region)("secretsmanager"), name, value):
            made.append(f"secret {name}, for the alarm channel {channel}")
    return made


def remove(client: Clients, routers: Iterable[dict[str, Any]]) -> None:
    """Remove those that no function needs any more, in a client's region."""
    needed = {name for _region, name, _value, _channel in _wanted(routers)}
    secrets = client("secretsmanager")
    for page in secrets.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            if secret.get("Description") == MARK and secret["Name"] not in needed:
                secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


def _wanted(routers: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    """(region, name, value, channel) of every secret of every channel."""
    for router in routers:
        for name, channel in sorted((router["config"].get("channels") or {}).items()):
            if channel.get("secret"):
                yield router["region"], str(channel["secret"]), value_for(str(channel.get("kind")), name), name
            if channel.get("signing_secret"):
                yield router["region"], str(channel["signing_secret"]), _letters(f"signing {name}"), name


def value_for(kind: str, channel: str) -> str:
    """The made up value of a channel's secret."""
    if kind == "webhook":
        return json.dumps({"url": f"https://{channel}.rehearsal.example/", "key": _letters(f"key {channel}")})
    return {
        "slack": f"https://hooks.slack.com/services/rehearsal/{channel}",
        "slack_bot": f"xoxb-rehearsal-{channel}",
        "pagerduty": _letters(f"pagerduty {channel}"),
        "telegram": f"1:rehearsal-{channel}",
        "discord": f"https://discord.com/api/webhooks/1/rehearsal-{channel}",
        "grafana": f"https://grafana.example/integrations/v1/formatted_webhook/rehearsal-{channel}/",
    }.get(kind, f"rehearsal-{channel}")


def _letters(text: str) -> str:
    """32 letters and digits, the same for the same text."""
    return hashlib.sha256(f"rehearsal {text}".encode()).hexdigest()[:32]


def _set(secrets: Any, name: str, value: str) -> bool:
    """Set a value where there is none; whether that was so."""
    from botocore.exceptions import ClientError

    try:
        secrets.get_secret_value(SecretId=name)
        return False
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    try:
        secrets.create_secret(Name=name, SecretString=value, Description=MARK)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        # Made, but without a value.
        secrets.put_secret_value(SecretId=name, SecretString=value)
    return True
