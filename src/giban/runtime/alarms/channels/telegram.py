"""Telegram through a bot. What follows in a group answers the first message; a chart is a photo with the text as its caption.

https://core.telegram.org/bots/api#sendmessage: 4,096 characters; https://core.telegram.org/bots/api#sendphoto: 1,024 of a
caption; HTML with &lt; &gt; &amp; escaped. Too many requests: 429 with `parameters.retry_after`. The secret is the bot's token.
"""

from __future__ import annotations

from ..card import SYMBOLS, Card, clock_text, cut
from ..words import word
from . import Broken, Job, Later, Refused, form_data, judge, post_json, reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..card import Part
    from ..web import Reply

API = "https://api.telegram.org/bot"
TEXT, CAPTION = 4096, 1024


def send(job: Job) -> dict[str, Any] | None:
    """One message to `chat`."""
    if (
        not job.secret.isascii()
        or not job.secret
        or not all(character.isalnum() or character in ":-_" for character in job.secret)
    ):
        raise Broken("The secret is not a bot's token.")
    card = Card(job.message, job.view)
    if job.plain:
        text = cut(card.plain(job.ack), TEXT)
        found = _judged(
            post_json(
                job, f"{API}{job.secret}/sendMessage", {"chat_id": str(job.entry.get("chat") or ""), "text": text}
            ),
            job.now,
        )
        return _thread(job, found)
    fields: dict[str, Any] = {"chat_id": str(job.entry.get("chat") or "")}
    first = job.thread.get("message_id")
    if first:
        fields["reply_parameters"] = {"message_id": first, "allow_sending_without_reply": True}
    caption = text_of(card, job.ack, CAPTION)
    # A picture when everything fits under it and it belongs to something that fires.
    png = job.chart() if not first and card.kind == "firing" and len(text_of(card, job.ack, TEXT)) <= CAPTION else None
    if png is not None:
        kind, body = form_data(
            {"chat_id": fields["chat_id"], "caption": caption, "parse_mode": "HTML"}, "photo", "chart.png", png
        )
        reply = reach(job, f"{API}{job.secret}/sendPhoto", {"content-type": kind}, body)
    else:
        fields |= {
            "text": text_of(card, job.ack, TEXT), "parse_mode": "HTML", "link_preview_options": {"is_disabled": True},
        }  # fmt: skip
        reply = post_json(job, f"{API}{job.secret}/sendMessage", fields)
    return _thread(job, _judged(reply, job.now))


def _thread(job: Job, found: dict[str, Any]) -> dict[str, Any] | None:
    result = found.get("result")
    number = result.get("message_id") if isinstance(result, dict) else None
    return {"message_id": number} if number and not job.thread.get("message_id") else None


def escaped(text: str) -> str:
    """Text inside of HTML, and inside of a quoted attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def text_of(card: Card, ack: str | None, most: int) -> str:
    """The message as HTML of at most `most` characters: whole lines are left out, so no tag is cut in two."""
    lines = [f"<b>{escaped(cut(card.headline(), 300))}</b>"]
    end = [escaped(card.more_text())] if card.more else []
    if ack:
        end.append(_link(word(card.view.language, "acknowledge"), ack))
    room = most - len("\n".join([*lines, *end])) - 2
    for part in card.parts:
        for line in _part_lines(part, card, alone=len(card.parts) == 1):
            if len(line) + 1 > room:
                return "\n".join([*lines, "…", *end])
            lines.append(line)
            room -= len(line) + 1
    return "\n".join([*lines, *end])


def _part_lines(part: Part, card: Card, *, alone: bool) -> list[str]:
    language = card.view.language
    lines = [] if alone and part.title == card.title else [f"<b>{escaped(cut(part.title, 200))}</b>"]
    if part.status == "resolved" and lines:
        lines[0] = f"{SYMBOLS['resolved']} {lines[0]}"
    if part.text and part.text != part.title:
        lines.append(escaped(cut(part.text, 800)))
    lines += [f"{escaped(label)}: {escaped(cut(value, 200))}" for label, value in part.facts]
    if part.since is not None:
        lines.append(f"{word(language, 'since')}: {clock_text(part.since, card.view.zone)}")
    if part.do:
        lines.append(f"{word(language, 'do')}: {escaped(cut(part.do, 500))}")
    links = " · ".join(_link(label, url) for label, url in part.links)
    return [*lines, links] if links else lines


def _link(label: str, url: str) -> str:
    return f'<a href="{escaped(url)}">{escaped(label)}</a>'


def _judged(reply: Reply, now: float) -> dict[str, Any]:
    found = reply.json()
    if found.get("ok") is True:
        return found
    said = cut(str(found.get("description") or f"HTTP {reply.status}"), 200)
    parameters = found.get("parameters")
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(after, (int, float)):
        raise Later(f"Telegram says {said}.", float(after))
    if reply.status == 400 and "chat not found" in said.lower():
        raise Broken(f"Telegram says {said}.")
    if reply.status == 400:
        raise Refused(f"Telegram says {said}.")
    judge(reply, now)
    raise Later(f"Telegram says {said}.")
