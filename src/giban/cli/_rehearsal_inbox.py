"""The inbox of the rehearsal in a terminal: a line for each message, and what arrives while one looks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from giban.cli.output import style

if TYPE_CHECKING:
    from giban.rehearsal.inbox_reading import InboxReader

LOOK = 1.0
"""Seconds between two looks."""
_NAMES = {
    "slack": "Slack",
    "slack_bot": "Slack",
    "pagerduty": "PagerDuty",
    "telegram": "Telegram",
    "discord": "Discord",
    "sms": "SMS",
    "email": "e-mail",
    "grafana": "Grafana",
    "webhook": "webhook",
}
_COLOURS = {"P1": "red", "P2": "yellow"}


def lines_of(messages: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A line for each message: when, priority, state, channel, to whom, what; answers in a thread are indented."""
    for message in messages:
        when = datetime.fromtimestamp(message["at"]).astimezone().strftime("%m-%d %H:%M:%S")
        priority = style(
            f"{message['priority']:2}", fg=_COLOURS.get(message["priority"]), bold=message["priority"] == "P1"
        )
        state = style(f"{message['state']:12}", fg="green" if message["state"] == "resolved" else None)
        channel = f"{_NAMES.get(message['service'], message['service'])} {message['to']}".strip()
        title = printable(message["title"] if message["service"] != "sms" else message["text"] or message["title"])
        yield f"{when}  {priority}  {state}  {printable(channel):24}  {'↳ ' if message['reply'] else ''}{title}"


def printable(text: str) -> str:
    """Text in one line, without what a terminal would obey."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def follow_up(reader: InboxReader, found: list[dict[str, Any]], *, as_json: bool) -> None:
    """Show messages as they arrive or change, until interrupted. As JSON: a line each."""
    import msgspec

    try:
        while True:
            for message in found:
                click.echo(msgspec.json.encode(message).decode() if as_json else next(lines_of([message])))
            time.sleep(LOOK)
            found = reader.read()
    except KeyboardInterrupt:
        return
