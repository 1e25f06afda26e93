"""Secrets of alarm channels get a value in the rehearsal, by the configuration in the function's archive."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from giban.rehearsal.aws_events import Emulator
from giban.rehearsal.channel_secrets import MARK, fill, remove, value_for
from giban.rehearsal.contents import Clients
from giban.rehearsal.frames import ROUTERS_PATH
from giban.rehearsal.process import Running
from giban.rehearsal.routers import CONFIG, config_in
from giban.rehearsal.services import ACCOUNT

REGION = "ap-northeast-2"
CHANNELS = {
    "team": {"kind": "slack", "secret": "scv/slack-webhook"},
    "bot": {"kind": "slack_bot", "secret": "scv/bot", "channel": "C1", "signing_secret": "scv/signing"},
    "own": {"kind": "pagerduty", "secret": "scv/own"},
    "empty": {"kind": "telegram", "secret": "scv/empty", "chat": "-1"},
    "owner": {"kind": "sms", "number": "+821012345678"},
}


def archive(config: Any) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr(CONFIG, config if isinstance(config, str) else json.dumps(config))
    return made.getvalue()


@pytest.fixture
def router(client: Clients) -> Iterator[str]:
    """A function that sends alarms; its name."""
    client("lambda").create_function(
        FunctionName="scv-alarms",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{ACCOUNT}:role/x",
        Handler="x.y",
        Code={"ZipFile": archive({"channels": CHANNELS})},
        Environment={
            "Variables": {"GIBAN_ALARMS_TABLE": "scv-alarms", "GIBAN_ALARMS_API": "https://alarms.scv.example.com"}
        },
    )
    yield "scv-alarms"
    client("lambda").delete_function(FunctionName="scv-alarms")


def routers(running: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        Emulator(lambda: running.ports["ministack"], running.token).ask("GET", ROUTERS_PATH)
    )
    return found


def test_each_secret_gets_a_value_unless_it_has_one(client: Clients, running: Running, router: str) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="scv/own", SecretString="a" * 32)
    secrets.create_secret(Name="scv/empty")
    (found,) = routers(running)
    assert (found["name"], found["region"], found["api"]) == (router, REGION, "https://alarms.scv.example.com")
    assert found["config"]["channels"] == CHANNELS
    made = fill(lambda _region: client, [found])
    assert made == [
        "secret scv/bot, for the alarm channel bot",
        "secret scv/signing, for the alarm channel bot",
        "secret scv/empty, for the alarm channel empty",
        "secret scv/slack-webhook, for the alarm channel team",
    ]

    def value(name: str) -> str:
        return str(secrets.get_secret_value(SecretId=name)["SecretString"])

    assert value("scv/slack-webhook") == "https://hooks.slack.com/services/rehearsal/team"
    assert value("scv/bot") == "xoxb-rehearsal-bot"
    assert value("scv/own") == "a" * 32
    assert value("scv/empty") == "1:rehearsal-empty"
    assert secrets.describe_secret(SecretId="scv/bot")["Description"] == MARK
    assert fill(lambda _region: client, [found]) == [], "a second time there is nothing to do"
    remove(client, [found])
    assert value("scv/bot")
    remove(client, [])
    left = {secret["Name"] for secret in secrets.list_secrets()["SecretList"]}
    assert {"scv/own", "scv/empty"} <= left, "the user's stay"
    assert not left & {"scv/bot", "scv/signing", "scv/slack-webhook"}
    for name in ("scv/own", "scv/empty"):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("data", [b"", b"no archive", archive("no json"), archive("[1]")])
def test_an_archive_without_configuration(data: bytes) -> None:
    assert config_in(data) == {}


def test_values_are_what_the_channels_take() -> None:
    from giban.runtime.alarms.channels.webhook import address_and_key

    assert len(value_for("pagerduty", "x")) == 32
    assert value_for("pagerduty", "x").isalnum()
    assert address_and_key(value_for("webhook", "hook"))[0] == "https://hook.rehearsal.example/"
    for kind in ("slack", "discord", "grafana"):
        assert value_for(kind, "x").startswith("https://")
