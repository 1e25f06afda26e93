"""Slack through an incoming webhook: no threads, no pictures, no updates; one message after another.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from ..card import Card
from . import Broken, Job, judge, post_json
from .slack_form import document, plain_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GONE = ("action_prohibited", "channel_is_archived", "channel_not_found", "invalid_token", "no_active_hooks", "no_service",
        "no_service_id", "no_team", "posting_to_general_channel_denied", "team_disabled")  # fmt: skip
"""Answers that mean the webhook, not the message."""


def send(job: Job) -> dict[str, Any] | None:
    """One message. The secret is the webhook's URL."""
    card = Card(job.message, job.view)
    made = plain_document(card, job.ack) if job.plain else document(card, ack_url=job.ack)
    reply = post_json(job, job.secret, made)
    said = reply.text()
    if said in GONE:
        raise Broken(f"Slack says {said}.")
    judge(reply, job.now)
    return None
