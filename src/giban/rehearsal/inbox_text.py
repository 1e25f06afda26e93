"""What a message of a service says, as plain text: title, priority, state, links, buttons."""

from __future__ import annotations

import re
from typing import Any

from giban.rehearsal.inbox import Message


def slack_text(document: dict[str, Any]) -> str:
    """All text of a Slack message, in Slack's own marks."""
    texts = [str(document.get("text") or "")]
    blocks = list(document.get("blocks") or ())
    for attachment in document.get("attachments") or ():
        blocks += attachment.get("blocks") or ()
        texts.append(str(attachment.get("text") or ""))
    for block in blocks:
        elements = [block.get("text"), *(block.get("elements") or ()), *(block.get("fields") or ())]
        texts += [
            str(item["text"]) for item in elements if isinstance(item, dict) and isinstance(item.get("text"), str)
        ]
    # The headline is there twice: for the notification, and in bold in the first block.
    lines = list(dict.fromkeys(re.sub(r"^\*([^*\n]+)\*$", r"\1", text) for text in texts if text))
    return "\n".join(lines)


def of_slack(document: dict[str, Any]) -> Message:
    """What is shown of a Slack message."""
    marked = slack_text(document)
    links = [{"text": name, "url": unescaped(url)} for url, name in re.findall(r"<(https?://[^|>]+)\|([^>]*)>", marked)]
    blocks = [block for part in (document, *(document.get("attachments") or ())) for block in part.get("blocks") or ()]
    buttons = [item for block in blocks for item in block.get("elements") or () if item.get("type") == "button"]
    links += [{"text": str(item["text"]["text"]), "url": str(item["url"])} for item in buttons if item.get("url")]
    actions = [
        {"text": str(item["text"]["text"]), "action_id": str(item["action_id"]), "value": str(item["value"])}
        for item in buttons
        if item.get("value") and item.get("action_id")
    ]
    color = next((str(part.get("color") or "") for part in document.get("attachments") or ()), "")
    return {**described(plain_slack(marked), links), "actions": actions, "color": color}


def plain_slack(text: str) -> str:
    """Text without Slack's marks. https://docs.slack.dev/messaging/formatting-message-text"""
    text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(?:https?://[^|>]+)\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(https?://[^>]+)>", r"\1", text)
    return unescaped(re.sub(r"(?m)(^|\s)\*([^*\n]+)\*", r"\1\2", text))


def unescaped(text: str) -> str:
    """Text with the three characters that Slack escapes as they are."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain_html(text: str) -> str:
    """Text without tags."""
    from html import unescape

    return unescape(re.sub(r"<[^>]+>", "", text))


def links_of_html(text: str) -> list[dict[str, str]]:
    """The links of Telegram's HTML."""
    from html import unescape

    found = re.findall(r'<a href="([^"]*)">(.*?)</a>', text)
    return [{"text": plain_html(name), "url": unescape(url)} for url, name in found]


def links_of(text: str) -> list[dict[str, str]]:
    """The addresses in plain text."""
    return [{"text": url, "url": url} for url in re.findall(r"https?://[^\s<>\"]+", text)]


_STATES = {"✅": "resolved", "👤": "acknowledged", "🌅": "digest", "🚨": "escalation"}


def described(text: str, links: list[dict[str, str]]) -> Message:
    """Title, text, priority and state of a message, by its first line."""
    title, _, rest = text.strip().partition("\n")
    rest = rest.strip()
    state = next((state for symbol, state in _STATES.items() if title.startswith(symbol)), "")
    if not state:
        state = next((word for word in ("resolved", "acknowledged", "reminder", "firing") if f"· {word}" in title), "")
    return {"title": title[:500], "text": rest[:20_000], "priority": priority_of(title), "state": state, "links": links}


def priority_of(title: str) -> str:
    """P1 … P4 where a title says it."""
    found = re.search(r"\bP[1-4]\b", title)
    return found[0] if found else ""


def subject_of(title: str) -> str:
    """What a message is about, without what changes from one to the next: for services that have no threads."""
    return re.sub(r"^\W*(?:P[1-4])?\s*", "", title).partition(" · ")[0].strip()
