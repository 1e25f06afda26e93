"""PagerDuty's Events API v2: a group of alerts is one alert there, under one dedup_key, from trigger to resolve.

    firing, update, reminder, escalation, digest, announcement   trigger (again: it joins the open one)
    acknowledged                                                 acknowledge
    resolved                                                     resolve

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/: summary 1,024 characters, dedup_key 255, 512 KB together.
The secret is the integration key (32 characters).
"""

from __future__ import annotations

from ..card import Card, cut
from . import Broken, Job, judge, post_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

URL = "https://events.pagerduty.com/v2/enqueue"
SUMMARY, KEY, SOURCE, DETAIL = 1024, 255, 255, 8000
SEVERITY = {"P1": "critical", "P2": "error", "P3": "warning", "P4": "info"}
ACTIONS = {"resolved": "resolve", "acknowledged": "acknowledge"}


def send(job: Job) -> dict[str, Any] | None:
    """One event."""
    if not (job.secret.isascii() and job.secret.isalnum()):
        raise Broken("The secret is not an integration key of PagerDuty.")
    post = document_of(job)
    reply = post_json(job, URL, post)
    if reply.status == 400 and "routing_key" in reply.text(500):
        # Nothing about this message: the key is wrong.
        raise Broken("PagerDuty does not know the integration key.")
    judge(reply, job.now)
    return None


def document_of(job: Job) -> dict[str, Any]:
    """The event."""
    card = Card(job.message, job.view)
    action = ACTIONS.get(card.kind, "trigger")
    made: dict[str, Any] = {
        "routing_key": job.secret,
        "event_action": action,
        "dedup_key": dedup_key(job.message, job.view.environment),
    }
    if action != "trigger":
        return made
    alerts = [alert for alert in job.message.get("alerts") or () if isinstance(alert, dict)]
    first: Mapping[str, Any] = alerts[0] if alerts else {}
    details: dict[str, Any] = {"text": cut(card.plain(job.ack), DETAIL), "alerts": len(alerts) + card.more}
    if card.parts and card.parts[0].do:
        details["what to do"] = cut(card.parts[0].do, DETAIL)
    links = [{"href": url, "text": label} for part in card.parts[:3] for label, url in part.links]
    return {
        **made,
        "client": "giban",
        "links": links,
        "payload": {
            "summary": cut(card.headline(), SUMMARY),
            "source": cut(
                str(first.get("resource") or first.get("service") or job.view.environment or "giban"), SOURCE
            ),
            "severity": SEVERITY.get(card.priority, "warning"),
            "component": cut(str(first.get("service") or ""), SOURCE),
            "group": job.view.environment,
            "class": str(first.get("kind") or ""),
            "custom_details": details,
        },
    }


def dedup_key(message: Mapping[str, Any], environment: str) -> str:
    """The same for the whole life of a group; a long one is shortened to something as unique."""
    key = f"giban/{environment}/{message.get('thread') or message.get('group') or message.get('id') or ''}"
    if len(key) <= KEY:
        return key
    import hashlib

    return f"{key[: KEY - 33]}#{hashlib.sha256(key.encode()).hexdigest()[:32]}"
