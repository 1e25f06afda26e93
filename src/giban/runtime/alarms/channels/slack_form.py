"""A message in Slack's form (Block Kit), shared by the webhook and the bot.

Limits: 50 blocks, 3,000 characters of a section, 75 of a button's label, 2,000 of its value, 3,000 of its URL.
https://docs.slack.dev/reference/block-kit/blocks/ and https://docs.slack.dev/reference/block-kit/block-elements/button-element
Escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

from ..card import SYMBOLS, clock_text, cut
from ..words import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..card import Card, Part, View

SECTION, LABEL, VALUE, URL, FALLBACK = 3000, 75, 2000, 3000, 3000
ACKNOWLEDGE = "giban_ack"
"""action_id of the button that acknowledges."""
BUTTONS = 5


def escaped(text: str) -> str:
    """The three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def document(card: Card, *, ack_url: str | None = None, ack_value: str | None = None) -> dict[str, Any]:
    """`text` (what a notification shows) and one attachment with the blocks, in the colour of the priority.

    `ack_value`: what a button sends to the app; `ack_url`: a link instead, for webhooks, which belong to no app that listens.
    """
    blocks: list[dict[str, Any]] = [_section(f"*{escaped(card.headline())}*")]
    for part in card.parts:
        text = part_text(part, card, alone=len(card.parts) == 1)
        if text:
            blocks.append(_section(text))
    if card.more:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": escaped(card.more_text())}]})
    buttons = _buttons(card, ack_url, ack_value)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return {
        "text": cut_escaped(escaped(card.headline()), FALLBACK),
        "attachments": [
            {
                "color": f"#{card.color:06x}",
                "fallback": cut_escaped(escaped(card.headline()), FALLBACK),
                "blocks": blocks,
            }
        ],
    }


def plain_document(card: Card, ack_url: str | None = None) -> dict[str, Any]:
    """The message as text alone."""
    return {"text": cut_escaped(escaped(card.plain(ack_url)), FALLBACK)}


def part_text(part: Part, card: Card, *, alone: bool) -> str:
    """One alert as mrkdwn."""
    language = card.view.language
    lines = []
    if not alone or part.title != card.title:
        lines.append(f"{SYMBOLS['resolved'] if part.status == 'resolved' else '•'} *{escaped(part.title)}*")
    if part.text and part.text != part.title:
        lines.append(escaped(cut(part.text, 1200)))
    lines += [f"*{label}:* {escaped(cut(value, 300))}" for label, value in part.facts]
    if part.since is not None:
        lines.append(f"*{word(language, 'since')}:* {date(part.since, card.view)}")
    if part.do:
        lines.append(f"*{word(language, 'do')}:* {escaped(cut(part.do, 800))}")
    if not alone:
        lines += [link(label, url) for label, url in part.links]
    return "\n".join(lines)


def date(seconds: float, view: View) -> str:
    """A time that each reader sees in the own zone."""
    return f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{escaped(clock_text(seconds, view.zone))}>"


def link(label: str, url: str) -> str:
    """A link. A `|` or `>` in the URL would end it."""
    return f"<{escaped(url).replace('|', '%7C')}|{escaped(label).replace('|', '/')}>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut_escaped(text, SECTION)}}


def cut_escaped(text: str, most: int) -> str:
    """At most `most` characters, never ending in the middle of `&lt;`."""
    if len(text) <= most:
        return text
    text = text[: most - 1]
    amp = text.rfind("&")
    return (text[:amp] if amp >= 0 and ";" not in text[amp:] else text) + "…"


def _buttons(card: Card, ack_url: str | None, ack_value: str | None) -> list[dict[str, Any]]:
    label = word(card.view.language, "acknowledge")
    made: list[dict[str, Any]] = []
    if ack_value and len(ack_value) <= VALUE:
        made.append({**_button(label), "action_id": ACKNOWLEDGE, "value": ack_value, "style": "primary"})
    elif ack_url and len(ack_url) <= URL:
        made.append({**_button(label), "url": ack_url, "style": "primary"})
    if len(card.parts) == 1:
        made += [
            {**_button(name), "url": url, "action_id": f"giban_link_{index}"}
            for index, (name, url) in enumerate(card.parts[0].links)
            if len(url) <= URL
        ]
    return made[:BUTTONS]


def _button(label: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": cut(label, LABEL)}}
