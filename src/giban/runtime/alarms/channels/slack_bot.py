"""Slack through a bot: the first message of a group starts a thread, what follows lands in it and changes the first in place.

    chat.postMessage  the message; `ts` names it               https://docs.slack.dev/reference/methods/chat.postMessage
    chat.update       the first message: colour, no button     https://docs.slack.dev/reference/methods/chat.update
    files.getUploadURLExternal, upload, files.completeUploadExternal   a picture into the thread
                                                               https://docs.slack.dev/messaging/working-with-files

The secret is the bot's token (xoxb-…) with the scopes chat:write and files:write.
"""

from __future__ import annotations

from ..card import Card
from . import Broken, Job, Later, Refused, judge, post_json, reach
from .slack_form import document, plain_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

API = "https://slack.com/api/"
PASSING = ("fatal_error", "internal_error", "message_limit_exceeded", "rate_limited", "ratelimited", "request_timeout",
           "service_unavailable", "team_added_to_org")  # fmt: skip
SETTINGS = ("access_denied", "account_inactive", "channel_not_found", "ekm_access_denied", "invalid_auth", "is_archived",
            "missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required",
            "restricted_action", "team_access_not_granted", "token_expired", "token_revoked")  # fmt: skip
LOST = ("cant_update_message", "edit_window_closed", "message_not_found", "thread_not_found")
"""The first message cannot be changed any more: no reason to keep the news back."""
CLOSING = ("resolved", "acknowledged")
"""Kinds after which the first message has no button."""


def send(job: Job) -> dict[str, Any] | None:
    """One message: the first of its thread, or one in it. Changing the first comes before, because that may be done twice."""
    card = Card(job.message, job.view)
    channel, first = str(job.entry.get("channel") or ""), str(job.thread.get("ts") or "")
    where = str(job.thread.get("channel") or channel)
    value = None if card.kind in CLOSING else str(job.message.get("group") or job.message.get("thread") or "") or None
    made = plain_document(card, job.ack) if job.plain else document(card, ack_value=value)
    if not first:
        found = call(job, "chat.postMessage", {"channel": channel, "unfurl_links": False, **made})
        return {"ts": found.get("ts"), "channel": found.get("channel") or channel}
    call(job, "chat.update", {"channel": where, "ts": first, **made}, forgive=LOST)
    call(
        job,
        "chat.postMessage",
        {
            "channel": where,
            "thread_ts": first,
            # Seen by those who do not follow the thread; an acknowledgement is not worth that.
            "reply_broadcast": card.kind in ("resolved", "escalation", "reminder"),
            "unfurl_links": False,
            **(plain_document(card) if job.plain else document(card)),
        },
    )
    return None


def picture(job: Job, thread: dict[str, Any]) -> None:
    """A chart into the thread of a message that was sent. What goes wrong is raised; the message stands without it."""
    png = job.chart()
    if png is None:
        return
    from urllib.parse import urlencode

    form = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Bearer {job.secret}"}
    asked = urlencode({"filename": "chart.png", "length": len(png)}).encode()
    place = _judged(reach(job, f"{API}files.getUploadURLExternal", form, asked), job.now)
    judge(reach(job, str(place.get("upload_url") or ""), {"content-type": "application/octet-stream"}, png), job.now)
    call(
        job,
        "files.completeUploadExternal",
        {
            "files": [{"id": place.get("file_id"), "title": Card(job.message, job.view).title[:200]}],
            "channel_id": thread.get("channel"),
            "thread_ts": thread.get("ts"),
        },
    )


def call(job: Job, method: str, document: dict[str, Any], *, forgive: tuple[str, ...] = ()) -> dict[str, Any]:
    """Call a method of the Web API. Its answer is 200 with `ok: false` for most errors; `forgive` names harmless ones."""
    reply = post_json(job, API + method, document, {"authorization": f"Bearer {job.secret}"})
    return _judged(reply, job.now, forgive)


def _judged(reply: Any, now: float, forgive: tuple[str, ...] = ()) -> dict[str, Any]:
    judge(reply, now)
    found: dict[str, Any] = reply.json()
    if found.get("ok") is True:
        return found
    code = str(found.get("error") or "no answer that can be read")[:100]
    if code in forgive:
        return {}
    if code in PASSING or "error" not in found:
        from ..web import retry_after

        raise Later(f"Slack says {code}.", retry_after(reply.headers, now))
    if code in SETTINGS:
        raise Broken(f"Slack says {code}.")
    raise Refused(f"Slack says {code}.")
