"""Acknowledging from outside: signed links, Slack's button; who is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from giban.runtime.alarms.links import LENGTH, LIFE, opened, token_of
from giban.runtime.alarms.page import answer
from giban.runtime.alarms.slack_actions import WINDOW, signature

from .receivers import Receiver
from .stage import SECRETS, Stage, alarm

KEY = b"k" * 32
NAMES = ["a", "b", "team"]
NOW = 1_795_000_000.0
FAR = {"escalate": {"after": 600, "to": ["hook"], "repeat": 3}}


def request(method: str, path: str, body: str = "", **headers: str) -> dict[str, Any]:
    return {
        "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": headers, "body": body, "isBase64Encoded": False,
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "203.0.113.9"}, "domainName": "alarms.example.com",
        },
    }  # fmt: skip


def stage_with_alarm(new_stage: Callable[..., Stage], *to: str, **more: Any) -> Stage:
    stage = new_stage(*to, **more)
    stage.take(alarm())
    return stage


def path_of(receiver: Receiver) -> str:
    return str(receiver.to("hook.example.com")[0].json()["acknowledge"]).removeprefix("https://alarms.example.com")


def acknowledged(stage: Stage) -> list[str]:
    return [record["by"] for record in stage.records("acknowledged")]


def test_a_token_says_which_thread_and_channel_and_is_short() -> None:
    token = token_of(KEY, "P1/x@1", "team", NAMES, NOW)
    assert len(token) == LENGTH
    mark, channel = opened(KEY, token, NAMES, NOW + LIFE - 1) or (b"", "")
    assert channel == "team"
    assert opened(KEY, token_of(KEY, "P1/x@1", "gone", NAMES, NOW), NAMES, NOW) == (mark, "")
    assert opened(KEY, token_of(KEY, "P1/y@1", "team", NAMES, NOW), NAMES, NOW) != (mark, "team")


def test_a_token_is_valid_for_a_day_and_with_its_key_only() -> None:
    token = token_of(KEY, "P1/x@1", "team", NAMES, NOW)
    assert opened(KEY, token, NAMES, NOW + LIFE + 1) is None
    assert opened(b"x" * 32, token, NAMES, NOW) is None
    for wrong in ("", "x", token + "x", token[:-1], "é" * LENGTH, "=" * LENGTH, " " * LENGTH):
        assert opened(KEY, wrong, NAMES, NOW) is None
    for place in range(LENGTH - 1):
        other = "B" if token[place] != "B" else "C"
        assert opened(KEY, token[:place] + other + token[place + 1 :], NAMES, NOW) is None


def test_opening_the_link_acknowledges_nothing_its_button_does(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = stage_with_alarm(new_stage, "hook", "oncall", "bot")
    path = path_of(receiver)
    for method in ("GET", "HEAD", "GET"):
        assert answer(stage.world, request(method, path))["statusCode"] == 200
    assert acknowledged(stage) == []
    page = answer(stage.world, request("GET", path))
    assert '<form method="post"><button>Acknowledge</button></form>' in page["body"]
    assert "<script" not in page["body"]
    assert page["headers"]["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page["headers"]["content-security-policy"]
    assert "Acknowledged" in answer(stage.world, request("POST", path))["body"]
    assert acknowledged(stage) == ["link in hook"]
    # Twice is once; and the channels hear of it with the next turn, which the queue was asked for.
    answer(stage.world, request("POST", path))
    assert len(acknowledged(stage)) == 1
    assert stage.take(*stage.queued("GIBAN_ALARMS_QUEUE")) == []
    assert [one.json()["event_action"] for one in receiver.to("events.pagerduty.com")] == ["trigger", "acknowledge"]
    assert len(receiver.to("slack.com", path="chat.update")) == 1


def test_an_acknowledgement_ends_the_escalation(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    routes = [{"to": ["team"], "group": {"by": ["service"], "wait": 0, "interval": 0}, "repeat": 0, **FAR}]
    stage = new_stage("hook", "team", routes=routes)
    stage.take(alarm())
    stage.tick(601)
    assert len(receiver.to("hook.example.com")) == 1
    assert receiver.to("hook.example.com")[0].json()["kind"] == "escalation"
    answer(stage.world, request("POST", path_of(receiver)))
    for _ in range(6):
        stage.tick(601)
    assert [one.json()["kind"] for one in receiver.to("hook.example.com")] == ["escalation", "acknowledged"]


def test_a_link_of_something_that_is_over(new_stage: Callable[..., Stage], receiver: Receiver) -> None:
    stage = stage_with_alarm(new_stage, "hook")
    path = path_of(receiver)
    stage.now += 60
    stage.take(alarm(state="OK", at=stage.now))
    stage.tick(600)
    stage.tick(600)
    made = answer(stage.world, request("POST", path))
    assert (made["statusCode"], "over already" in made["body"]) == (200, True)
    stage.now += LIFE
    assert answer(stage.world, request("GET", path))["statusCode"] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/ack/", 404), ("GET", "/ack/../x", 404), ("GET", "/ack/" + "A" * 5000, 404),
     ("PUT", "/ack/x", 405), ("GET", "/slack", 405), ("POST", "/slack", 401), ("", "", 404), ("POST", "/", 404)],
)  # fmt: skip
def test_other_requests(new_stage: Callable[..., Stage], method: str, path: str, status: int) -> None:
    stage = new_stage("hook", "bot")
    assert answer(stage.world, request(method, path))["statusCode"] == status


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": {}},
        {"requestContext": {"http": 5}},
        {"requestContext": {"http": {"method": 5, "path": []}}, "rawPath": None, "headers": [1]},
    ],
)
def test_an_event_of_another_form_is_answered_too(new_stage: Callable[..., Stage], event: dict[str, Any]) -> None:
    assert answer(new_stage("hook").world, event)["statusCode"] in (404, 405, 500)


def press(stage: Stage, *, key: str = SECRETS["bot-signing"], age: float = 0.0, **action: Any) -> dict[str, Any]:
    """Slack's request when somebody presses the button."""
    group = stage.table.query("group")[0].doc["id"]
    payload = {
        "type": "block_actions", "user": {"id": "U1", "username": "mina"},
        "actions": [{"action_id": "giban_ack", "value": group, **action}],
    }  # fmt: skip
    body = urlencode({"payload": json.dumps(payload)})
    time = str(int(stage.now - age))
    signed = {"X-Slack-Request-Timestamp": time, "X-Slack-Signature": signature(key, time, body.encode())}
    return answer(stage.world, request("POST", "/slack", body, **signed))


def test_slacks_button_acknowledges_under_the_name_of_who_pressed_it(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = stage_with_alarm(new_stage, "bot", "oncall")
    assert press(stage)["statusCode"] == 200
    assert acknowledged(stage) == ["mina (Slack)"]
    stage.take(*stage.queued("GIBAN_ALARMS_QUEUE"))
    assert receiver.to("events.pagerduty.com")[-1].json()["event_action"] == "acknowledge"
    update = receiver.to("slack.com", path="chat.update")[-1].json()
    assert "giban_ack" not in json.dumps(update)


def test_slacks_button_is_believed_only_when_slack_signed_it_now(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = stage_with_alarm(new_stage, "bot")
    assert press(stage, key="another")["statusCode"] == 401
    assert press(stage, age=WINDOW + 1)["statusCode"] == 401
    assert press(stage, age=-WINDOW - 1)["statusCode"] == 401
    body = urlencode({"payload": "{}"})
    for headers in (
        {},
        {"X-Slack-Request-Timestamp": "x", "X-Slack-Signature": "v0="},
        {"X-Slack-Request-Timestamp": str(int(stage.now))},
    ):
        assert answer(stage.world, request("POST", "/slack", body, **headers))["statusCode"] == 401
    assert acknowledged(stage) == []


def test_slacks_other_buttons_are_nothing_and_nonsense_is_refused(
    new_stage: Callable[..., Stage], receiver: Receiver
) -> None:
    stage = stage_with_alarm(new_stage, "bot")
    assert press(stage, action_id="giban_link_0")["statusCode"] == 200
    assert press(stage, value="no such group")["statusCode"] == 200
    assert press(stage, value=5)["statusCode"] == 200
    assert acknowledged(stage) == []
    time = str(int(stage.now))
    for body in ("", "payload=", "payload=[]", "payload={", "x=1"):
        signed = {
            "X-Slack-Request-Timestamp": time,
            "X-Slack-Signature": signature(SECRETS["bot-signing"], time, body.encode()),
        }
        assert answer(stage.world, request("POST", "/slack", body, **signed))["statusCode"] == 400
    assert answer(stage.world, request("POST", "/slack", "x" * 10**6))["statusCode"] == 413


def test_the_key_of_the_links_is_made_once_by_whoever_needs_it_first(new_stage: Callable[..., Stage]) -> None:
    stage = new_stage("hook")
    assert stage.new_world().signing_key() == stage.new_world().signing_key()
    assert len(stage.world.signing_key()) == 32


def test_without_an_api_there_is_no_link(
    new_stage: Callable[..., Stage], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = new_stage("hook")
    stage.environment.pop("GIBAN_ALARMS_API")
    stage.world = stage.new_world()
    stage.take(alarm())
    assert receiver.to("hook.example.com")[0].json()["acknowledge"] is None
