"""Each service's form: what a message looks like there, its limits, its escaping, and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from giban.runtime.alarms.card import Card, View, amount, clock_text
from giban.runtime.alarms.channels import (
    KINDS,
    Broken,
    Job,
    Later,
    Refused,
    discord,
    email,
    grafana,
    module_of,
    pagerduty,
    slack,
    slack_bot,
    slack_form,
    sms,
    telegram,
    webhook,
)  # fmt: skip
from giban.runtime.alarms.web import Reply, Unreachable

NOW = 1_795_000_000.0
VIEW = View("acme-dev", "en", "Asia/Seoul")
HOSTILE = "<!channel> @everyone [x](http://evil) *_~`&<b>\"' \x00 ]]> | 서울 🔥 "
ALERT: dict[str, Any] = {
    "key": "alarm:web-cpu", "status": "firing", "priority": "P2", "service": "services.web", "kind": "alarm", "name": "web-cpu",
    "title": "CPU of web is high", "text": "The CPU is busy.", "region": "ap-northeast-2", "resource": "acme-dev-web",
    "value": 97.25, "threshold": 80, "unit": "%", "since": NOW - 600, "do": "Look at the slow requests.",
    "console": "https://console.aws.amazon.com/x?a=1&b=2", "runbook": "https://wiki.example.com/cpu", "ends": "",
    "metric": None, "labels": {},
}  # fmt: skip


def message(kind: str = "firing", **more: Any) -> dict[str, Any]:
    return {
        "id": "P2/services.web@1/1/team", "channel": "team", "group": "P2/services.web", "thread": "P2/services.web@1",
        "sequence": 1, "kind": kind, "priority": "P2", "title": "CPU of web is high", "alerts": [ALERT], "firing": 1,
        "resolved": 0, "count": 1, "more": 0, "at": NOW, **more,
    }  # fmt: skip


def hostile(times: int = 1, alerts: int = 1) -> dict[str, Any]:
    """The longest and worst the rules let through, and worse."""
    text = HOSTILE * times
    alert = {
        **ALERT,
        **dict.fromkeys(("title", "text", "resource", "service", "do"), text),
        "console": "https://c/" + "x" * 900,
    }
    return message(title=text, alerts=[alert] * alerts, more=17)


class Wire:
    """Answers in order, the last one again and again; keeps what was sent."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.replies = list(replies)
        self.sent: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.sent.append((url, dict(headers), body))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def json(self, number: int = -1) -> Any:
        return json.loads(self.sent[number][2])


def ok(document: Any = None, status: int = 200) -> Reply:
    return Reply(status, {}, b"ok" if document is None else json.dumps(document).encode())


GOOD = {
    "discord": ok({"id": "1"}), "grafana": ok(), "pagerduty": ok({"status": "success"}, 202), "slack": ok(),
    "slack_bot": ok({"ok": True, "ts": "17.1", "channel": "C9"}), "telegram": ok({"ok": True, "result": {"message_id": 5}}),
    "webhook": ok(),
}  # fmt: skip
SECRET = {
    "discord": "https://discord.com/api/webhooks/1/t", "grafana": "https://g/x", "pagerduty": "0" * 32,
    "slack": "https://hooks.slack.com/services/T/B/X", "slack_bot": "xoxb-1", "telegram": "1:a",
    "webhook": '{"url": "https://h/in", "key": "k"}',
}  # fmt: skip


def job(kind: str, wire: Wire | None = None, doc: dict[str, Any] | None = None, **more: Any) -> Job:
    entry = {"kind": kind, "channel": "C9", "chat": "-100", "number": "+821012345678", "topic_arn": "arn:aws:sns:r:1:t"}
    view = more.pop("view", VIEW)
    return Job(
        doc or message(),
        entry,
        view,
        NOW,
        reach=wire or Wire(GOOD.get(kind, ok())),
        secret=SECRET.get(kind, ""),
        **more,
    )


def send(kind: str, wire: Wire, doc: dict[str, Any] | None = None, **more: Any) -> Any:
    return module_of(kind).send(job(kind, wire, doc, **more))


HTTP = sorted(GOOD)


def test_every_kind_has_a_file_and_nothing_else_is_one() -> None:
    for kind in KINDS:
        assert callable(module_of(kind).send)
    for wrong in ("", "os", "../web", "slack_form", "carrier-pigeon"):
        with pytest.raises(Broken):
            module_of(wrong)


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize(
    "what", ["firing", "update", "resolved", "digest", "escalation", "reminder", "acknowledged", "announcement"]
)
@pytest.mark.parametrize("plain", [False, True])
def test_every_message_can_be_sent_everywhere(kind: str, what: str, plain: bool) -> None:
    for doc in (message(what), {**hostile(300, 30), "kind": what}, {"id": "x", "kind": what}):
        wire = Wire(GOOD[kind])
        send(kind, wire, doc, plain=plain, ack="https://alarms.example.com/ack/x")
        assert wire.sent
        # What a webhook gets is as long as the rules let it become.
        assert kind == "webhook" or all(len(body) < 64 * 1024 for _, _, body in wire.sent)


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize(
    ("reply", "raised", "after"),
    [
        (Reply(429, {"retry-after": "7"}, b""), Later, 7.0),
        (Reply(500, {}, b"oops"), Later, None),
        (Reply(503, {"retry-after": "3"}, b""), Later, 3.0),
        (Reply(408, {}, b""), Later, None),
        (Reply(400, {}, b"no"), Refused, None),
        (Reply(401, {}, b"no"), Broken, None),
        (Reply(403, {}, b"no"), Broken, None),
        (Reply(404, {}, b"no"), Broken, None),
        (Reply(410, {}, b"no"), Broken, None),
        (Reply(302, {}, b""), Broken, None),
        (Unreachable("h: timed out", unsure=True), Later, None),
        (ValueError("no URL"), Broken, None),
    ],
)
def test_what_an_answer_means(
    kind: str, reply: Reply | Exception, raised: type[Exception], after: float | None
) -> None:
    with pytest.raises(raised) as caught:
        send(kind, Wire(reply))
    assert getattr(caught.value, "after", None) == after
    assert SECRET[kind] not in str(caught.value)
    if isinstance(reply, Unreachable):
        assert getattr(caught.value, "unsure", False)


# Slack


def blocks(document: Any) -> list[Any]:
    return list(document["attachments"][0]["blocks"])


def test_slack_says_what_where_since_when_how_far_and_what_to_do() -> None:
    wire = Wire(ok())
    assert send("slack", wire, ack="https://alarms.example.com/ack/x") is None
    text = json.dumps(wire.json(), ensure_ascii=False)
    for part in (
        "CPU of web is high",
        "services.web",
        "97.2 % (threshold 80 %)",
        "<!date^1794999400^",
        "Look at the slow",
        "acme-dev",
    ):
        assert part in text
    buttons = blocks(wire.json())[-1]["elements"]
    assert [button["url"] for button in buttons] == [
        "https://alarms.example.com/ack/x",
        ALERT["console"],
        ALERT["runbook"],
    ]


def test_slack_limits_hold_for_the_worst_message() -> None:
    for doc in (hostile(300), hostile(300, 30)):
        made = slack_form.document(Card(doc, VIEW), ack_url="https://a/" + "x" * 4000)
        assert len(blocks(made)) <= 50
        for block in blocks(made):
            if block["type"] == "section":
                assert 0 < len(block["text"]["text"]) <= 3000
            for element in block.get("elements", ()):
                assert len(element.get("url", "")) <= 3000
        assert len(made["text"]) <= 3000


def test_slack_text_mentions_nobody_and_links_nowhere() -> None:
    made = json.dumps(slack_form.document(Card(hostile(), VIEW)), ensure_ascii=False)
    assert "<!channel>" not in made
    assert "&lt;!channel&gt;" in made
    assert slack_form.cut_escaped("a" * 10 + "&lt;", 13) == "a" * 10 + "…"


@pytest.mark.parametrize("said", slack.GONE)
def test_a_webhook_that_is_gone_breaks_the_channel(said: str) -> None:
    with pytest.raises(Broken, match=said):
        send("slack", Wire(Reply(400, {}, said.encode())))


def test_the_bots_first_message_starts_a_thread_with_a_button() -> None:
    wire = Wire(GOOD["slack_bot"])
    assert send("slack_bot", wire) == {"ts": "17.1", "channel": "C9"}
    [(url, headers, _)] = wire.sent
    assert (url, headers["authorization"]) == ("https://slack.com/api/chat.postMessage", "Bearer xoxb-1")
    button = blocks(wire.json())[-1]["elements"][0]
    assert (button["action_id"], button["value"]) == ("giban_ack", "P2/services.web")


def test_the_bots_recovery_changes_the_first_message_then_answers_in_the_thread() -> None:
    wire = Wire(GOOD["slack_bot"])
    assert send("slack_bot", wire, message("resolved"), thread={"ts": "17.1", "channel": "C9"}) is None
    assert [url.rpartition("/")[2] for url, _, _ in wire.sent] == ["chat.update", "chat.postMessage"]
    assert wire.json(0)["ts"] == wire.json(1)["thread_ts"] == "17.1"
    assert "giban_ack" not in json.dumps(wire.json(0))
    assert wire.json(0)["attachments"][0]["color"] == "#2eb67d"


def test_a_first_message_that_was_deleted_keeps_no_news_back() -> None:
    wire = Wire(ok({"ok": False, "error": "message_not_found"}), GOOD["slack_bot"])
    send("slack_bot", wire, message("resolved"), thread={"ts": "17.1", "channel": "C9"})
    assert len(wire.sent) == 2


@pytest.mark.parametrize(
    ("code", "raised"),
    [(code, Later) for code in slack_bot.PASSING] + [(code, Broken) for code in slack_bot.SETTINGS]
    + [("invalid_blocks", Refused), ("msg_too_long", Refused)],
)  # fmt: skip
def test_what_slacks_errors_mean(code: str, raised: type[Exception]) -> None:
    with pytest.raises(raised, match=code):
        send("slack_bot", Wire(ok({"ok": False, "error": code})))


def test_an_answer_of_slack_without_sense_is_tried_again() -> None:
    with pytest.raises(Later):
        send("slack_bot", Wire(Reply(200, {}, b"<html>maintenance")))


def test_the_bot_uploads_a_picture_into_the_thread() -> None:
    wire = Wire(ok({"ok": True, "upload_url": "https://files.slack.com/up", "file_id": "F1"}), ok(), ok({"ok": True}))
    slack_bot.picture(job("slack_bot", wire, chart=lambda: b"\x89PNG"), {"ts": "17.1", "channel": "C9"})
    assert [url for url, _, _ in wire.sent] == [
        "https://slack.com/api/files.getUploadURLExternal", "https://files.slack.com/up",
        "https://slack.com/api/files.completeUploadExternal",
    ]  # fmt: skip
    assert wire.sent[1][2] == b"\x89PNG"
    assert "authorization" not in wire.sent[1][1]
    assert wire.json()["files"][0]["id"] == "F1"
    assert (wire.json()["channel_id"], wire.json()["thread_ts"]) == ("C9", "17.1")
    none = Wire(ok())
    slack_bot.picture(job("slack_bot", none), {})
    assert none.sent == []


# Telegram


def test_telegram_answers_the_first_message() -> None:
    wire = Wire(GOOD["telegram"])
    assert send("telegram", wire) == {"message_id": 5}
    assert send("telegram", wire, message("resolved"), thread={"message_id": 5}) is None
    assert wire.json()["reply_parameters"] == {"message_id": 5, "allow_sending_without_reply": True}
    assert wire.sent[0][0] == "https://api.telegram.org/bot1:a/sendMessage"


def test_telegram_limits_and_escaping_hold_for_the_worst_message() -> None:
    for most in (telegram.TEXT, telegram.CAPTION):
        for doc in (hostile(300, 30), hostile(300), hostile()):
            text = telegram.text_of(Card(doc, VIEW), "https://a/ack/x", most)
            assert len(text) <= most
            assert text.count("<b>") == text.count("</b>")
            assert text.count("<a ") == text.count("</a>")
            assert "ack/x" in text
            assert "<!channel>" not in text


def test_telegram_sends_a_picture_when_the_text_fits_under_it() -> None:
    wire = Wire(GOOD["telegram"])
    send("telegram", wire, chart=lambda: b"\x89PNG")
    assert wire.sent[0][0].endswith("/sendPhoto")
    assert wire.sent[0][1]["content-type"].startswith("multipart/form-data; boundary=")
    assert b"\x89PNG" in wire.sent[0][2]
    send("telegram", wire, hostile(300, 30), chart=lambda: b"\x89PNG")
    assert wire.sent[1][0].endswith("/sendMessage")


def test_what_telegrams_errors_mean() -> None:
    with pytest.raises(Later) as later:
        send(
            "telegram",
            Wire(Reply(429, {}, b'{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":11}}')),
        )
    assert later.value.after == 11
    with pytest.raises(Broken):
        send("telegram", Wire(Reply(400, {}, b'{"ok":false,"description":"Bad Request: chat not found"}')))
    with pytest.raises(Refused):
        send("telegram", Wire(Reply(400, {}, b'{"ok":false,"description":"Bad Request: can\'t parse entities"}')))
    with pytest.raises(Broken):
        send("telegram", Wire(Reply(401, {}, b'{"ok":false,"description":"Unauthorized"}')))
    with pytest.raises(Broken, match="token"):
        module_of("telegram").send(Job(message(), {}, VIEW, NOW, reach=Wire(ok()), secret="a/../b"))


# Discord


def test_discord_mentions_nobody_and_stays_within_its_limits() -> None:
    for doc in (message(), hostile(300), hostile(300, 30)):
        made = discord.document_of(Card(doc, VIEW), "https://a/ack/x")
        [embed] = made["embeds"]
        assert made["allowed_mentions"] == {"parse": []}
        assert len(embed["title"]) <= 256
        assert len(embed["description"]) <= 4096
        assert len(embed["title"]) + len(embed["description"]) <= 6000
        assert "ack/x" in embed["description"]
    assert discord.escaped("<@1> *a* [b](c)") == r"\<\@1\> \*a\* \[b\]\(c\)"


def test_discord_takes_a_picture_along_and_says_how_long_to_wait() -> None:
    wire = Wire(GOOD["discord"])
    send("discord", wire, chart=lambda: b"\x89PNG")
    assert wire.sent[0][0].endswith("?wait=true")
    assert b"attachment://chart.png" in wire.sent[0][2]
    with pytest.raises(Later) as later:
        send("discord", Wire(Reply(429, {}, b'{"message": "You are being rate limited.", "retry_after": 0.64}')))
    assert later.value.after == 0.64


# PagerDuty and Grafana


def test_pagerduty_triggers_acknowledges_and_resolves_under_one_key() -> None:
    wire = Wire(GOOD["pagerduty"])
    for kind in ("firing", "escalation", "acknowledged", "resolved"):
        send("pagerduty", wire, message(kind))
    sent = [json.loads(body) for _, _, body in wire.sent]
    assert [one["event_action"] for one in sent] == ["trigger", "trigger", "acknowledge", "resolve"]
    assert {one["dedup_key"] for one in sent} == {"giban/acme-dev/P2/services.web@1"}
    assert "payload" not in sent[-1]
    payload = sent[0]["payload"]
    assert (payload["severity"], payload["source"], payload["component"]) == ("error", "acme-dev-web", "services.web")
    assert sent[0]["links"][1] == {"href": ALERT["runbook"], "text": "Runbook"}
    assert payload["custom_details"]["what to do"] == ALERT["do"]


@pytest.mark.parametrize(
    ("priority", "severity"), [("P1", "critical"), ("P2", "error"), ("P3", "warning"), ("P4", "info")]
)
def test_pagerduty_severity(priority: str, severity: str) -> None:
    made = pagerduty.document_of(job("pagerduty", doc=message(priority=priority)))
    assert made["payload"]["severity"] == severity


def test_pagerduty_limits() -> None:
    doc = {**hostile(300, 30), "thread": "t" * 1000}
    made = pagerduty.document_of(job("pagerduty", doc=doc))
    assert len(made["payload"]["summary"]) <= 1024
    assert len(made["dedup_key"]) <= 255
    assert (
        made["dedup_key"]
        == pagerduty.dedup_key(doc, "acme-dev")
        != pagerduty.dedup_key({**doc, "thread": "t" * 1001}, "acme-dev")
    )
    assert len(json.dumps(made)) < 512 * 1024


def test_a_wrong_integration_key_breaks_the_channel_without_being_repeated() -> None:
    said = b'{"status":"invalid event","errors":["Length of \'routing_key\' is incorrect (should be 32 characters)"]}'
    with pytest.raises(Broken):
        send("pagerduty", Wire(Reply(400, {}, said)))
    with pytest.raises(Broken) as caught:
        module_of("pagerduty").send(Job(message(), {}, VIEW, NOW, reach=Wire(ok()), secret="https://wrong"))
    assert "wrong" not in str(caught.value)


def test_grafana_is_alerting_until_ok() -> None:
    wire = Wire(ok())
    send("grafana", wire)
    send("grafana", wire, message("resolved"))
    first, last = wire.json(0), wire.json(1)
    assert (first["state"], last["state"]) == ("alerting", "ok")
    assert first["alert_uid"] == last["alert_uid"]
    assert first["link_to_upstream_details"] == ALERT["console"]
    assert grafana.send(job("grafana", wire, hostile(300, 30))) is None


# Webhook


def test_a_webhook_is_signed_and_numbered() -> None:
    wire = Wire(ok())
    send("webhook", wire, ack="https://a/ack/x")
    [(url, headers, body)] = wire.sent
    assert url == "https://h/in"
    assert headers["x-giban-signature"] == webhook.signature("k", headers["x-giban-time"], body)
    assert headers["x-giban-id"] == message()["id"]
    document = json.loads(body)
    assert document["alerts"] == [ALERT]
    assert "channel" not in document
    assert (document["acknowledge"], document["environment"]) == ("https://a/ack/x", "acme-dev")


def test_a_webhooks_secret_may_be_a_url_alone() -> None:
    assert webhook.address_and_key(" https://h/in ") == ("https://h/in", "")
    for wrong in ("{", '{"key": "k"}', "{}"):
        with pytest.raises(Broken, match="neither"):
            webhook.address_and_key(wrong)
    assert webhook.ascii_of("a\r\nb 서") == "a__b__"


# E-mail and SMS


class Sns:
    def __init__(self, code: str = "") -> None:
        self.code = code
        self.sent: list[dict[str, Any]] = []

    def __call__(self, **request: Any) -> None:
        self.sent.append(request)
        if self.code:
            error = RuntimeError("refused")
            error.response = {"Error": {"Code": self.code, "Message": "no"}}  # type: ignore[attr-defined]
            raise error


def test_mail_has_a_short_subject_and_all_of_the_text() -> None:
    sns = Sns()
    email.send(job("email", publish=sns, ack="https://a/ack/x"))
    email.send(job("email", doc=hostile(300, 30), publish=sns))
    first, worst = sns.sent
    assert first["Subject"] == "P2 CPU of web is high · firing · acme-dev"
    assert "Since: 2026-11-18 19:56 KST" in first["Message"]
    assert "https://a/ack/x" in first["Message"]
    assert len(worst["Subject"]) < 100
    assert worst["Subject"].isprintable()
    assert len(worst["Message"].encode()) < 256 * 1024


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("Throttling", Later), ("InternalError", Later), ("", Later), ("InvalidParameter", Refused),
        ("AuthorizationError", Broken), ("NotFound", Broken),
    ],
)  # fmt: skip
def test_what_snss_errors_mean(code: str, raised: type[Exception]) -> None:
    def publish(**_: Any) -> None:
        if not code:
            raise TimeoutError
        Sns(code)()

    for kind in ("sms", "email"):
        with pytest.raises(raised):
            module_of(kind).send(job(kind, publish=publish))


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("CPU of web is high", "en"), ("x" * 500, "en"), ("웹 서버의 CPU 사용률이 높습니다 " * 9, "ko"), (HOSTILE, "en"),
        ("🔥" * 90, "en"), ("{[]}" * 60, "en"), ("", "en"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ack", [None, "https://alarms.example.com/ack/" + "x" * 38, "https://" + "h" * 150])
def test_a_text_message_has_one_part(title: str, language: str, ack: str | None) -> None:
    text = sms.text_of(Card(message(title=title), View("acme-dev", language)), ack)
    assert sms.size(text) <= sms.limit(text)
    assert text.startswith("P2")


def test_a_text_message_keeps_the_link_when_it_fits() -> None:
    link = "https://alarms.example.com/ack/" + "x" * 38
    assert sms.text_of(Card(message(), VIEW), link).endswith(link)
    assert sms.text_of(Card(message(title="x" * 500), VIEW), link).endswith(link)
    assert link not in sms.text_of(Card(message(title="웹 서버" * 30), View("a", "ko")), link)


@pytest.mark.parametrize(
    "number", ["", "01012345678", "+82 10 1234", "+82a", "+1", "+" + "1" * 20, "+８２１０１２３４５６"]
)
def test_a_wrong_number_is_nothing_to_be_tried_again(number: str) -> None:
    with pytest.raises(Broken, match="form"):
        sms.send(Job(message(), {"number": number}, VIEW, NOW, reach=Wire(ok()), publish=Sns()))


# The card


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (97.25, "%", "97.2 %"), (80, "Percent", "80 %"), (1_500_000_000, "Bytes", "1.5 GB"), (12, "Count", "12"),
        (0.5, "s", "0.5 s"), (0, "", "0"), (1234, "Count", "1.2 k"), ("many", "", "many"), (250, "Milliseconds", "250 ms"),
        (12.345, "USD", "12.3 USD"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(value: Any, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_times_in_the_environments_zone() -> None:
    assert clock_text(NOW, "Asia/Seoul") == "2026-11-18 20:06 KST"
    assert clock_text(NOW, "Mars/Olympus") == "2026-11-18 11:06 UTC"


def test_a_card_survives_documents_that_are_not_as_they_should_be() -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"alerts": [None, "x", {}]},
        {"alerts": [{"title": None, "value": "x", "since": "y", "console": 5}]},
        {"more": "x", "kind": None},
    ]
    for document in wrong:
        card = Card(document, VIEW)
        assert isinstance(card.plain(), str)
    assert Card(message(title="두 번째"), View("a", "ko")).headline() == "🟠 P2 두 번째 · 발생 · a"
