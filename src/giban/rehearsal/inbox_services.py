"""How each service that takes messages answers, and what of a request is worth showing: one function a service.

A request is known by the host it was meant for. Answers are what the service's documentation says for success; faults are set on
the inbox. `receive` is all there is to call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from giban.rehearsal.inbox import Inbox
from giban.rehearsal.inbox_text import (
    described,
    links_of,
    links_of_html,
    of_slack,
    plain_html,
    priority_of,
    slack_text,
    subject_of,
)


class Request(NamedTuple):
    """A request to a service."""

    host: str
    path: str
    """Without the host and the query, decoded."""
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Answer(NamedTuple):
    """What the service says."""

    status: int
    body: bytes
    kind: str = "application/json"


def receive(inbox: Inbox, request: Request) -> Answer:
    """Keep what the request says and answer as the service would."""
    for host, service in _SERVICES.items():
        if request.host == host or request.host.endswith(f".{host}"):
            return service(inbox, request)
    return _grafana(inbox, request) if re.search(r"/integrations/v\d", request.path) else _webhook(inbox, request)


def _document(request: Request) -> dict[str, Any]:
    """The JSON object or form of a request; {} when it is neither."""
    kind = request.headers.get("content-type", "")
    text = request.body.decode("utf-8", "replace")
    if "x-www-form-urlencoded" in kind:
        return {key: values[-1] for key, values in parse_qs(text, keep_blank_values=True).items()}
    if "multipart/form-data" in kind:
        return {name: data.decode("utf-8", "replace") for name, file, data in parts_of(kind, request.body) if not file}
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def parts_of(kind: str, body: bytes) -> list[tuple[str, str, bytes]]:
    """(name, file's name, content) of the parts of a form with files."""
    from email.parser import BytesParser
    from email.policy import HTTP

    parsed = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body)
    found = []
    for part in parsed.iter_parts() if parsed.is_multipart() else ():
        content = part.get_payload(decode=True)
        name = str(part.get_param("name", "", header="content-disposition") or "")
        found.append((name, part.get_filename() or "", content if isinstance(content, bytes) else b""))
    return found


def _picture(request: Request) -> bytes | None:
    kind = request.headers.get("content-type", "")
    if "multipart/form-data" not in kind:
        return None
    return next((data for _name, file, data in parts_of(kind, request.body) if file), None)


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(document).encode())


def _slack(inbox: Inbox, request: Request) -> Answer:
    """Incoming webhooks, and the few methods of the Web API that bots of alarms use.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/apis/web-api/
    """
    if request.host.startswith("hooks."):
        return _slack_hook(inbox, request)
    if request.host.startswith("files."):
        inbox.add_upload(request.path.rpartition("/")[2], request.body)
        return Answer(200, b"OK", "text/plain")
    if not request.headers.get("authorization", "").startswith("Bearer xox"):
        return _json({"ok": False, "error": "not_authed"})
    method = request.path.rpartition("/")[2]
    answer = _SLACK_METHODS.get(method)
    return answer(inbox, _document(request)) if answer else _json({"ok": False, "error": "unknown_method"})


def _slack_hook(inbox: Inbox, request: Request) -> Answer:
    document = _document(request)
    if not slack_text(document):
        return Answer(400, b"no_text", "text/plain")
    shown = of_slack(document)
    to = _last(request.path)
    inbox.add({**shown, "service": "slack", "to": to, "thread": f"slack/{to}/{subject_of(shown['title'])}"})
    return Answer(200, b"ok", "text/html")


def _slack_post(inbox: Inbox, document: dict[str, Any]) -> Answer:
    channel = str(document.get("channel") or "")
    if not channel:
        return _json({"ok": False, "error": "channel_not_found"})
    if not slack_text(document):
        return _json({"ok": False, "error": "no_text"})
    shown = of_slack(document)
    first = str(document.get("thread_ts") or "")
    if first and inbox.find(channel=channel, ts=first) is None:
        return _json({"ok": False, "error": "thread_not_found"})
    kept = inbox.add({**shown, "service": "slack_bot", "to": channel, "thread": f"slack/{channel}/{first or 'new'}"})
    ts = f"{int(kept['at'])}.{kept['number']:06d}"
    ids = {"channel": channel, "ts": ts}
    inbox.change(kept["number"], {"ids": ids, "thread": f"slack/{channel}/{first or ts}", "reply": bool(first)})
    return _json(
        {
            "ok": True,
            "channel": channel,
            "ts": ts,
            "message": {"type": "message", "ts": ts, "text": document.get("text", "")},
        }
    )


def _slack_update(inbox: Inbox, document: dict[str, Any]) -> Answer:
    ids = {"channel": str(document.get("channel") or ""), "ts": str(document.get("ts") or "")}
    found = inbox.find(**ids)
    if found is None:
        return _json({"ok": False, "error": "message_not_found"})
    inbox.change(found["number"], of_slack(document))
    return _json({"ok": True, **ids, "text": document.get("text", "")})


def _slack_place(inbox: Inbox, document: dict[str, Any]) -> Answer:
    length = str(document.get("length") or "")
    if not document.get("filename") or not length.isdigit():
        return _json({"ok": False, "error": "invalid_arguments"})
    name = inbox.new_upload()
    return _json({"ok": True, "upload_url": f"https://files.slack.com/upload/v1/{name}", "file_id": name})


def _slack_place_done(inbox: Inbox, document: dict[str, Any]) -> Answer:
    files = document.get("files")
    listed = json.loads(files) if isinstance(files, str) else files or []
    uploads = [inbox.take_upload(str(file.get("id"))) for file in listed]
    if not uploads or any(data is None for data in uploads):
        return _json({"ok": False, "error": "file_not_found"})
    channel, first = str(document.get("channel_id") or ""), str(document.get("thread_ts") or "")
    for file, data in zip(listed, uploads, strict=True):
        title = str(file.get("title") or "a picture")
        message = {"service": "slack_bot", "to": channel, "thread": f"slack/{channel}/{first}", "title": title}
        inbox.add(message, data)
    return _json({"ok": True, "files": listed})


_SLACK_METHODS: dict[str, Callable[[Inbox, dict[str, Any]], Answer]] = {
    "chat.postMessage": _slack_post,
    "chat.update": _slack_update,
    "files.getUploadURLExternal": _slack_place,
    "files.completeUploadExternal": _slack_place_done,
    "auth.test": lambda _inbox, _document: _json({"ok": True, "user": "rehearsal", "team": "rehearsal"}),
}


def _pagerduty(inbox: Inbox, request: Request) -> Answer:
    """https://developer.pagerduty.com/docs/events-api-v2/trigger-events/"""
    document = _document(request)
    action, payload = str(document.get("event_action") or ""), document.get("payload")
    if not document.get("routing_key") or action not in ("trigger", "acknowledge", "resolve"):
        problem = {
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": ["event_action or routing_key"],
        }
        return _json(problem, 400)
    event = payload if isinstance(payload, dict) else {}
    if action == "trigger" and not (event.get("summary") and event.get("source") and event.get("severity")):
        problem = {"status": "invalid event", "message": "Event object is invalid", "errors": ["payload"]}
        return _json(problem, 400)
    key = str(document.get("dedup_key") or f"rehearsal-{inbox.new_upload()}")
    first = inbox.find(dedup=key)
    title = str(event.get("summary") or (first or {}).get("title") or key)
    details = event.get("custom_details")
    text = details.get("text", "") if isinstance(details, dict) else str(details or "")
    links = [
        {"text": str(link.get("text") or link.get("href")), "url": str(link.get("href"))}
        for link in document.get("links") or ()
    ]
    inbox.add(
        {
            "service": "pagerduty",
            "to": str(event.get("severity") or (first or {}).get("to", "")),
            "thread": f"pagerduty/{key}",
            "title": title,
            "text": str(text),
            "priority": priority_of(title),
            "state": {"trigger": "firing", "acknowledge": "acknowledged", "resolve": "resolved"}[action],
            "links": links,
            "ids": {"dedup": key},
        }
    )
    return _json({"status": "success", "message": "Event processed", "dedup_key": key}, 202)


def _telegram(inbox: Inbox, request: Request) -> Answer:
    """https://core.telegram.org/bots/api#making-requests"""
    document, method = _document(request), request.path.rpartition("/")[2]
    text = str(document.get("text") or document.get("caption") or "")
    if method not in ("sendMessage", "sendPhoto", "editMessageText"):
        return _json({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
    chat = str(document.get("chat_id") or "")
    if not chat or not text:
        what = "chat not found" if not chat else "message text is empty"
        return _json({"ok": False, "error_code": 400, "description": f"Bad Request: {what}"}, 400)
    html = document.get("parse_mode") == "HTML"
    shown = described(plain_html(text) if html else text, links_of_html(text) if html else [])
    reply = document.get("reply_parameters")
    reply = json.loads(reply) if isinstance(reply, str) else reply or {}
    first = inbox.find(telegram=chat, message_id=reply.get("message_id")) if reply else None
    if method == "editMessageText":
        edited = inbox.find(telegram=chat, message_id=document.get("message_id"))
        if edited is None:
            return _json({"ok": False, "error_code": 400, "description": "Bad Request: message to edit not found"}, 400)
        inbox.change(edited["number"], shown)
        number = edited["number"]
    else:
        thread = first["thread"] if first else f"telegram/{chat}/new"
        kept = inbox.add({**shown, "service": "telegram", "to": chat, "thread": thread}, _picture(request))
        number = kept["number"]
        ids = {"telegram": chat, "message_id": number}
        thread = first["thread"] if first else f"telegram/{chat}/{number}"
        inbox.change(number, {"ids": ids, "thread": thread, "reply": first is not None})
        return _json(
            {"ok": True, "result": {"message_id": number, "date": int(kept["at"]), "chat": {"id": chat}, "text": text}}
        )
    return _json({"ok": True, "result": {"message_id": number, "chat": {"id": chat}, "text": text}})


def _discord(inbox: Inbox, request: Request) -> Answer:
    """https://docs.discord.com/developers/resources/webhook#execute-webhook"""
    document = _document(request)
    if "payload_json" in document:
        document = json.loads(document["payload_json"])
    embeds = [embed for embed in document.get("embeds") or () if isinstance(embed, dict)]
    text = "\n".join(
        [str(document.get("content") or ""), *(str(embed.get("description") or "") for embed in embeds)]
    ).strip()
    title = str(next((embed["title"] for embed in embeds if embed.get("title")), "") or text.partition("\n")[0])
    if not title:
        return _json({"message": "Cannot send an empty message", "code": 50006}, 400)
    links = [{"text": name, "url": url} for name, url in re.findall(r"\[([^\]]*)\]\((https?://[^)\s]+)\)", text)]
    plain = re.sub(
        r"\\(.)",
        r"\1",
        re.sub(r"\*\*|\[([^\]]*)\]\((https?://[^)\s]+)\)", r"\1", re.sub(r"<t:\d+:f>", _discord_time, text)),
    )
    shown = {**described(f"{title}\n{plain.removeprefix(title).strip()}", links)}
    color = next((embed.get("color") for embed in embeds), None)
    to = _last(request.path)
    message = {**shown, "service": "discord", "to": to, "thread": f"discord/{to}/{subject_of(title)}"}
    kept = inbox.add({**message, "color": f"#{color:06x}" if isinstance(color, int) else ""}, _picture(request))
    if "wait=true" not in request.query:
        return Answer(204, b"")
    return _json({"id": str(kept["number"]), "type": 0, "content": document.get("content") or ""})


def _discord_time(found: re.Match[str]) -> str:
    from giban.rehearsal.clock import shown

    return shown(float(found[0][3:-3]))


def _grafana(inbox: Inbox, request: Request) -> Answer:
    """https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/configure/integrations/webhooks/incoming-webhooks/oncall-webhooks"""
    document = _document(request)
    uid, state = str(document.get("alert_uid") or ""), str(document.get("state") or "")
    shown = described(f"{document.get('title') or ''}\n{document.get('message') or ''}", [])
    url = str(document.get("link_to_upstream_details") or "")
    links = [{"text": "details", "url": url}] if url else []
    ended = {"ok": "resolved", "alerting": "firing"}.get(state, state)
    inbox.add(
        {
            **shown,
            "service": "grafana",
            "to": _last(request.path),
            "thread": f"grafana/{uid}",
            "state": ended,
            "links": links,
        }
    )
    return Answer(200, b"Ok.", "text/html")


def _webhook(inbox: Inbox, request: Request) -> Answer:
    """Any other receiver: takes everything."""
    document = _document(request)
    text = str(document.get("text") or request.body.decode("utf-8", "replace"))
    shown = described(
        text, [{"text": "acknowledge", "url": str(document["acknowledge"])}] if document.get("acknowledge") else []
    )
    thread = str(document.get("thread") or document.get("group") or subject_of(shown["title"]))
    fields = {
        key: str(document[name])
        for key, name in (("title", "title"), ("priority", "priority"), ("state", "kind"))
        if document.get(name)
    }
    signed = bool(request.headers.get("x-giban-signature"))
    message = {**shown, **fields, "service": "webhook", "to": request.host, "thread": f"{request.host}/{thread}"}
    inbox.add({**message, "ids": {"signed": signed, "id": request.headers.get("x-giban-id", "")}})
    return Answer(200, b"{}")


def _sms(inbox: Inbox, request: Request) -> Answer:
    """What ministack's SNS would send to a phone."""
    number, text = request.path.strip("/"), str(_document(request).get("message") or "")
    shown = {**described(text, links_of(text)), "text": text}
    inbox.add({**shown, "service": "sms", "to": number, "thread": f"sms/{number}/{subject_of(shown['title'])}"})
    return Answer(200, b"{}")


def _email(inbox: Inbox, request: Request) -> Answer:
    """What ministack's SNS would send to an address. Subscriptions count as confirmed."""
    document, address = _document(request), request.path.strip("/")
    text = str(document.get("message") or "")
    title = str(document.get("subject") or text.partition("\n")[0])
    shown = {**described(text, links_of(text)), "title": title, "text": text, "priority": priority_of(title)}
    inbox.add({**shown, "service": "email", "to": address, "thread": f"email/{address}/{subject_of(title)}"})
    return Answer(200, b"{}")


_SERVICES: dict[str, Callable[[Inbox, Request], Answer]] = {
    "slack.com": _slack,
    "pagerduty.com": _pagerduty,
    "api.telegram.org": _telegram,
    "discord.com": _discord,
    "discordapp.com": _discord,
    "sms": _sms,
    "email": _email,
}


def _last(path: str) -> str:
    """The end of a path that the rehearsal has made up: the channel's name. Of any other path it may be a secret: nothing."""
    return path.rstrip("/").rpartition("/")[2].removeprefix("rehearsal-") if "rehearsal" in path else ""
