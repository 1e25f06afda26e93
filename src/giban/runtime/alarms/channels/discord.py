"""Discord through a webhook, with an embed; mentions are off, whatever the text says.

Limits: 2,000 characters of text; of an embed 256 of the title, 4,096 of the description, 6,000 together.
https://docs.discord.com/developers/resources/message#embed-object-embed-limits. Too many requests: 429 with `retry_after` in
seconds, https://docs.discord.com/developers/topics/rate-limits. The secret is the webhook's URL.
"""

from __future__ import annotations

from ..card import SYMBOLS, Card, cut
from ..words import word
from . import Job, Later, form_data, judge, post_json, reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..card import Part

CONTENT, TITLE, DESCRIPTION, TOGETHER = 2000, 256, 4096, 6000
SPECIAL = frozenset("\\*_~`|>#-[]()<@:")


def send(job: Job) -> dict[str, Any] | None:
    """One message."""
    import json

    url = job.secret.strip()
    url += "&wait=true" if "?" in url else "?wait=true"
    card = Card(job.message, job.view)
    document = document_of(card, job.ack)
    if job.plain:
        document = {"allowed_mentions": {"parse": []}, "content": cut(card.plain(job.ack), CONTENT)}
    png = job.chart() if card.kind == "firing" and not job.plain else None
    if png is not None:
        document["embeds"][0]["image"] = {"url": "attachment://chart.png"}
        kind, body = form_data({"payload_json": json.dumps(document, ensure_ascii=False)}, "files[0]", "chart.png", png)
        reply = reach(job, url, {"content-type": kind}, body)
    else:
        reply = post_json(job, url, document)
    if reply.status == 429:
        after = reply.json().get("retry_after")
        if isinstance(after, (int, float)):
            raise Later("Discord says too many requests.", float(after))
    judge(reply, job.now)
    return None


def escaped(text: str) -> str:
    """Markdown's characters, so that a log line looks like itself."""
    return "".join(f"\\{character}" if character in SPECIAL else character for character in text)


def document_of(card: Card, ack: str | None) -> dict[str, Any]:
    """The message with one embed, within all limits."""
    title = cut(card.headline(), TITLE)
    room = TOGETHER - len(title)
    lines: list[str] = []
    end = [card.more_text()] if card.more else []
    if ack:
        end.append(f"[{word(card.view.language, 'acknowledge')}]({ack})")
    room = min(DESCRIPTION, room) - sum(len(line) + 1 for line in end) - 2
    for part in card.parts:
        for line in _lines(part, card, alone=len(card.parts) == 1):
            if len(line) + 1 > room:
                lines.append("…")
                room = 0
                break
            lines.append(line)
            room -= len(line) + 1
        if room <= 0:
            break
    return {
        "allowed_mentions": {"parse": []},
        "embeds": [{"title": title, "description": "\n".join([*lines, *end]), "color": card.color}],
    }


def _lines(part: Part, card: Card, *, alone: bool) -> list[str]:
    language = card.view.language
    lines = []
    if not alone or part.title != card.title:
        lines.append(f"{SYMBOLS['resolved'] if part.status == 'resolved' else '•'} **{escaped(cut(part.title, 200))}**")
    if part.text and part.text != part.title:
        lines.append(escaped(cut(part.text, 800)))
    lines += [f"**{label}:** {escaped(cut(value, 200))}" for label, value in part.facts]
    if part.since is not None:
        lines.append(f"**{word(language, 'since')}:** <t:{int(part.since)}:f>")
    if part.do:
        lines.append(f"**{word(language, 'do')}:** {escaped(cut(part.do, 500))}")
    # A closing bracket in a URL would end the link.
    links = " · ".join(f"[{label}]({url.replace(')', '%29')})" for label, url in part.links)
    return [*lines, links] if links else lines
