"""E-mail through an SNS topic that people subscribed to; plain text, because that is what SNS sends.

Subject: under 100 characters, no line breaks or control characters; message: 256 KB.
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

from ..card import Card, cut
from . import Job
from .sns import publish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUBJECT = 99
BODY = 200_000


def send(job: Job) -> dict[str, Any] | None:
    """One message to the channel's topic (an ARN)."""
    card = Card(job.message, job.view)
    publish(
        job,
        TopicArn=str(job.entry.get("topic_arn") or job.entry.get("topic") or ""),
        Subject=subject(card),
        Message=cut(card.plain(job.ack), BODY // 4) + "\n",
    )
    return None


def subject(card: Card) -> str:
    """One line. The symbol is left out: mail programs sort and search by subject."""
    text = card.headline().removeprefix(card.symbol).strip()
    return cut("".join(character if character.isprintable() else " " for character in text), SUBJECT)
