"""How each service answers, and what is kept of a message."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from giban.rehearsal.inbox import MOST, Inbox, remove
from giban.rehearsal.inbox_services import Answer, Request, receive
from giban.rehearsal.inbox_text import plain_slack, slack_text, subject_of

NOW = 1_795_262_400.0
BOT: dict[str, Any] = {"authorization": "Bearer xoxb-rehearsal-bot"}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(str(tmp_path), lambda: NOW)


def send(inbox: Inbox, address: str, document: Any = None, *, body: bytes | None = None, **headers: Any) -> Answer:
    host, _, path = address.partition("/")
    path, _, query = path.partition("?")
    raw = json.dumps(document).encode() if body is None else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return receive(inbox, Request(host, f"/{path}", query, {"content-type": "application/json", **named}, raw))


def said(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.body)
    return found


def only(inbox: Inbox) -> dict[str, Any]:
    (message,) = inbox.messages()
    return message


SLACK = {
    "text": "🔴 P1 CPU of web is high · firing · scv-dev",
    "attachments": [
        {
            "color": "#d92d20",
            "fallback": "🔴 P1 CPU of web is high · firing · scv-dev",
            "blocks": [
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": "*🔴 P1 CPU of web is high · firing · scv-dev*"},
                },
                {
                    "type": "section",
                    "text": {
                        "type": "mrkdwn",
                        "text": "*value:* 95 &gt; 80 %\n*since:* <!date^1795262400^{time}|12:00 UTC>\n<https://c.example/?a=1&amp;b=2|console>",
                    },
                },
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Acknowledge"},
                            "action_id": "giban_ack",
                            "value": "P1/web",
                        },
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "runbook"},
                            "url": "https://r.example/",
                        },
                    ],
                },
            ],
        }
    ],
}


def test_a_slack_webhook(inbox: Inbox) -> None:
    answer = send(inbox, "hooks.slack.com/services/rehearsal/team", SLACK)
    assert (answer.status, answer.body) == (200, b"ok")
    message = only(inbox)
    assert (message["service"], message["to"], message["priority"], message["state"]) == (
        "slack",
        "team",
        "P1",
        "firing",
    )
    assert message["title"] == SLACK["text"]
    assert message["text"] == "value: 95 > 80 %\nsince: 12:00 UTC\nconsole"
    assert message["links"] == [
        {"text": "console", "url": "https://c.example/?a=1&b=2"},
        {"text": "runbook", "url": "https://r.example/"},
    ]
    assert message["actions"] == [{"text": "Acknowledge", "action_id": "giban_ack", "value": "P1/web"}]
    assert (message["at"], message["color"]) == (NOW, "#d92d20")


def test_a_webhook_s_messages_about_one_thing_stand_together(inbox: Inbox) -> None:
    for text in (
        "🔴 P1 CPU of web is high · firing · scv-dev",
        "✅ P1 CPU of web is high · resolved · scv-dev",
        "🔴 P1 Disk · firing",
    ):
        send(inbox, "hooks.slack.com/services/rehearsal/team", {"text": text})
    first, second, third = inbox.messages()
    assert first["thread"] == second["thread"] != third["thread"]
    assert (first["reply"], second["reply"], second["state"]) == (False, True, "resolved")


def test_the_path_of_a_real_webhook_is_not_kept(inbox: Inbox, tmp_path: Path) -> None:
    send(inbox, "hooks.slack.com/services/T00/B00/verysecretindeed", {"text": "hello"})
    send(inbox, "discord.com/api/webhooks/1/verysecretindeed", {"content": "hello"})
    send(inbox, "api.telegram.org/bot1:verysecretindeed/sendMessage", {"chat_id": "1", "text": "hello"})
    send(inbox, "events.pagerduty.com/v2/enqueue", {"routing_key": "verysecretindeed", **TRIGGER})
    send(
        inbox,
        "slack.com/api/chat.postMessage",
        {"channel": "C1", "text": "hi"},
        authorization="Bearer xoxb-verysecretindeed",
    )
    send(inbox, "hooks.example/in/verysecretindeed", {"text": "hello"}, x_giban_signature="v1=00")
    assert len(inbox.messages()) == 6
    assert "verysecret" not in (tmp_path / "inbox.jsonl").read_text()


@pytest.mark.parametrize("document", [{}, {"text": ""}, {"blocks": []}, [], "x", None])
def test_slack_refuses_a_message_without_text(inbox: Inbox, document: Any) -> None:
    assert send(inbox, "hooks.slack.com/services/rehearsal/team", document) == Answer(400, b"no_text", "text/plain")
    assert inbox.messages() == []


def test_a_slack_bot_s_thread(inbox: Inbox) -> None:
    first = said(send(inbox, "slack.com/api/chat.postMessage", {"channel": "C1", **SLACK}, **BOT))
    assert (first["ok"], first["channel"]) == (True, "C1")
    resolved = {"text": "✅ P1 CPU of web is high · resolved · scv-dev"}
    changed = said(send(inbox, "slack.com/api/chat.update", {"channel": "C1", "ts": first["ts"], **resolved}, **BOT))
    assert changed["ok"]
    assert said(
        send(inbox, "slack.com/api/chat.postMessage", {"channel": "C1", "thread_ts": first["ts"], **resolved}, **BOT)
    )["ok"]
    one, two = inbox.messages()
    assert one["thread"] == two["thread"] == f"slack/C1/{first['ts']}"
    assert (one["reply"], two["reply"]) == (False, True)
    assert (one["state"], one["actions"]) == ("resolved", [])
    assert one["before"] == [{"title": SLACK["text"], "state": "firing"}]


@pytest.mark.parametrize(
    ("method", "document", "error"),
    [
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C1"}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.update", {"channel": "C1", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("files.getUploadURLExternal", {"filename": "a.png"}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": [{"id": "F0"}]}, "file_not_found"),
        ("users.list", {}, "unknown_method"),
    ],
)
def test_slack_s_errors_are_200(inbox: Inbox, method: str, document: dict[str, Any], error: str) -> None:
    answer = send(inbox, f"slack.com/api/{method}", document, **BOT)
    assert (answer.status, said(answer)) == (200, {"ok": False, "error": error})


def test_slack_without_a_token(inbox: Inbox) -> None:
    assert said(send(inbox, "slack.com/api/chat.postMessage", {"channel": "C1", "text": "x"}))["error"] == "not_authed"


def test_a_picture_in_a_slack_thread(inbox: Inbox) -> None:
    first = said(send(inbox, "slack.com/api/chat.postMessage", {"channel": "C1", "text": "x"}, **BOT))
    form: dict[str, Any] = {**BOT, "content_type": "application/x-www-form-urlencoded"}
    place = said(send(inbox, "slack.com/api/files.getUploadURLExternal", body=b"filename=a.png&length=28", **form))
    assert place["upload_url"].startswith("https://files.slack.com/")
    assert send(inbox, place["upload_url"].removeprefix("https://"), body=PNG).status == 200
    document = {"files": [{"id": place["file_id"], "title": "CPU"}], "channel_id": "C1", "thread_ts": first["ts"]}
    assert said(send(inbox, "slack.com/api/files.completeUploadExternal", document, **BOT))["ok"]
    message = inbox.messages()[-1]
    assert (message["thread"], message["title"]) == (f"slack/C1/{first['ts']}", "CPU")
    assert inbox.picture(message["picture"]) == PNG
    assert not said(send(inbox, "slack.com/api/files.completeUploadExternal", document, **BOT))["ok"], "only once"


TRIGGER = {
    "event_action": "trigger", "dedup_key": "giban/x", "links": [{"href": "https://c.example", "text": "console"}],
    "payload": {
        "summary": "🔴 P1 i-1 is gone · event", "source": "i-1", "severity": "critical", "custom_details": {"text": "all"},
    },
}  # fmt: skip


def test_pagerduty(inbox: Inbox) -> None:
    answer = send(inbox, "events.pagerduty.com/v2/enqueue", {"routing_key": "k" * 32, **TRIGGER})
    assert answer.status == 202
    assert said(answer) == {"status": "success", "message": "Event processed", "dedup_key": "giban/x"}
    for action in ("acknowledge", "resolve"):
        send(
            inbox,
            "events.pagerduty.com/v2/enqueue",
            {"routing_key": "k" * 32, "event_action": action, "dedup_key": "giban/x"},
        )
    found = inbox.messages()
    assert [message["state"] for message in found] == ["firing", "acknowledged", "resolved"]
    assert {message["thread"] for message in found} == {"pagerduty/giban/x"}
    assert {message["title"] for message in found} == {"🔴 P1 i-1 is gone · event"}
    assert (found[0]["text"], found[0]["links"]) == ("all", [{"text": "console", "url": "https://c.example"}])


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"routing_key": "k", "event_action": "shout", "payload": {}},
        {"event_action": "trigger", "payload": TRIGGER["payload"]},
        {"routing_key": "k", "event_action": "trigger"},
        {"routing_key": "k", "event_action": "trigger", "payload": {"summary": "x"}},
    ],
)
def test_pagerduty_refuses_what_is_no_event(inbox: Inbox, document: dict[str, Any]) -> None:
    answer = send(inbox, "events.pagerduty.com/v2/enqueue", document)
    assert (answer.status, said(answer)["status"]) == (400, "invalid event")


def test_telegram(inbox: Inbox) -> None:
    text = (
        '<b>🟠 P2 Disk &amp; more · firing</b>\nvalue: 9 &lt; 10\n<a href="https://c.example/?a=1&amp;b=2">console</a>'
    )
    answer = said(
        send(
            inbox,
            "api.telegram.org/bot1:rehearsal/sendMessage",
            {"chat_id": "-100", "text": text, "parse_mode": "HTML"},
        )
    )
    number = answer["result"]["message_id"]
    reply = {"chat_id": "-100", "text": "✅ P2 Disk · resolved", "reply_parameters": {"message_id": number}}
    send(inbox, "api.telegram.org/bot1:rehearsal/sendMessage", reply)
    one, two = inbox.messages()
    assert one["thread"] == two["thread"]
    assert (one["title"], one["text"]) == ("🟠 P2 Disk & more · firing", "value: 9 < 10\nconsole")
    assert one["links"] == [{"text": "console", "url": "https://c.example/?a=1&b=2"}]
    assert two["reply"]


def test_telegram_with_a_photo(inbox: Inbox) -> None:
    parts = [b'name="chat_id"\r\n\r\n-100', b'name="caption"\r\n\r\n<b>P1 x</b>', b'name="parse_mode"\r\n\r\nHTML']
    parts.append(b'name="photo"; filename="chart.png"\r\nContent-Type: image/png\r\n\r\n' + PNG)
    body = b"".join(b"--xx\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--xx--\r\n"
    answer = send(
        inbox, "api.telegram.org/bot1:rehearsal/sendPhoto", body=body, content_type="multipart/form-data; boundary=xx"
    )
    assert said(answer)["ok"]
    message = only(inbox)
    assert (message["title"], message["priority"]) == ("P1 x", "P1")
    assert inbox.picture(message["picture"]) == PNG


@pytest.mark.parametrize(
    ("method", "document", "status"),
    [
        ("sendMessage", {"text": "x"}, 400),
        ("sendMessage", {"chat_id": "1"}, 400),
        ("getMe", {}, 404),
        ("editMessageText", {"chat_id": "1", "message_id": 9, "text": "x"}, 400),
    ],
)
def test_telegram_s_errors(inbox: Inbox, method: str, document: dict[str, Any], status: int) -> None:
    answer = send(inbox, f"api.telegram.org/bot1:rehearsal/{method}", document)
    assert (answer.status, said(answer)["ok"], said(answer)["error_code"]) == (status, False, status)


def test_discord(inbox: Inbox) -> None:
    embed = {
        "title": "🟡 P3 Queue · firing",
        "description": "**value:** 12 \\*\n[console](https://c.example)",
        "color": 0xFAC515,
    }
    answer = send(inbox, "discord.com/api/webhooks/1/rehearsal-dc?wait=true", {"embeds": [embed]})
    assert said(answer)["id"] == "1"
    message = only(inbox)
    assert (message["to"], message["text"], message["color"]) == ("dc", "value: 12 *\nconsole", "#fac515")
    assert message["links"] == [{"text": "console", "url": "https://c.example"}]
    assert send(inbox, "discord.com/api/webhooks/1/rehearsal-dc", {"content": "x"}).status == 204
    assert send(inbox, "discord.com/api/webhooks/1/rehearsal-dc", {}).status == 400


def test_any_other_receiver(inbox: Inbox) -> None:
    document = {
        "text": "🔵 P4 hello · firing",
        "title": "hello",
        "thread": "t",
        "priority": "P4",
        "kind": "firing",
        "acknowledge": "https://a/ack/x",
    }
    assert send(inbox, "team.rehearsal.example/", document, x_giban_signature="v1=00", x_giban_id="7").status == 200
    message = only(inbox)
    assert (message["title"], message["priority"], message["state"]) == ("hello", "P4", "firing")
    assert (message["ids"], message["thread"]) == ({"signed": True, "id": "7"}, "team.rehearsal.example/t")
    assert message["links"][0]["url"] == "https://a/ack/x"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[1]", b"plain", b"{"])
def test_any_other_receiver_takes_anything(inbox: Inbox, body: bytes) -> None:
    assert send(inbox, "x.example/in", body=body).status == 200
    assert len(inbox.messages()) == 1


def test_grafana(inbox: Inbox) -> None:
    for state in ("alerting", "ok"):
        document = {"alert_uid": "u", "title": "🟡 P3 Queue · firing", "state": state, "message": "m"}
        assert send(inbox, "grafana.example/integrations/v1/formatted_webhook/rehearsal-graf/", document).body == b"Ok."
    one, two = inbox.messages()
    assert (one["state"], two["state"], one["to"]) == ("firing", "resolved", "graf")
    assert one["thread"] == two["thread"]


def test_text_without_marks() -> None:
    assert (
        plain_slack("*bold* a*b*c &lt;b&gt; &amp;amp; <https://x|y> <https://z>") == "bold a*b*c <b> &amp; y https://z"
    )
    assert slack_text({"text": "a", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a"}}]}) == "a"
    assert subject_of("🔴 P1 CPU · firing · scv") == subject_of("✅ P1 CPU · resolved · scv") == "CPU"


def test_what_is_kept_outlives_the_process_and_is_private(inbox: Inbox, tmp_path: Path) -> None:
    send(inbox, "x.example/in", {"text": "one"})
    send(inbox, "slack.com/api/chat.postMessage", {"channel": "C1", "text": "two"}, **BOT)
    path = tmp_path / "inbox.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open("a") as file:
        file.write('{"number": 3, "cut sho')
    again = Inbox(str(tmp_path), lambda: NOW)
    assert again.messages() == inbox.messages()
    assert again.add({"title": "three"})["number"] == 3
    assert again.messages()[-1]["change"] > inbox.messages()[-1]["change"]
    remove(str(tmp_path))
    remove(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_last_thousand_are_kept(inbox: Inbox) -> None:
    for number in range(MOST + 5):
        inbox.add({"title": str(number)})
    found = inbox.messages()
    assert (len(found), found[0]["title"]) == (MOST, "5")


def test_only_what_is_new_is_given(inbox: Inbox) -> None:
    inbox.add({"title": "one"})
    change = inbox.messages()[-1]["change"]
    assert inbox.messages(change) == []
    inbox.change(1, {"title": "changed"})
    inbox.change(99, {"title": "gone"})
    assert [message["title"] for message in inbox.messages(change)] == ["changed"]


def test_faults(inbox: Inbox) -> None:
    assert inbox.next_fault("a") is None
    inbox.set_fault({"host": "a", "status": 429, "retry_after": 2, "times": 2})
    inbox.set_fault({"status": 500})
    assert [(inbox.next_fault("a") or {}).get("status") for _ in range(4)] == [429, 429, 500, None]
    inbox.set_fault({"host": "a", "times": 100})
    inbox.set_fault({"host": "a", "times": 0})
    assert inbox.faults() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"hosts": "a"},
        {"status": "429"},
        {"status": True},
        {"status": 99},
        {"status": 600},
        {"delay": 61},
        {"times": -1},
        {"accept": 1},
        {"host": 5},
    ],
)
def test_faults_that_are_none(inbox: Inbox, fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        inbox.set_fault(fault)
    assert inbox.faults() == []


@pytest.mark.parametrize("name", ["../inbox.jsonl", "x/y.png", "", ".png", "none.png", "a\0.png"])
def test_only_pictures_are_given_out(inbox: Inbox, name: str) -> None:
    inbox.add({"title": "x"})
    assert inbox.picture(name) is None
