"""Grafana's on-call (Cloud IRM, OnCall) through a formatted webhook: alerting until ok.

https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/configure/integrations/webhooks/incoming-webhooks/oncall-webhooks
The secret is the integration's URL.
"""

from __future__ import annotations

from ..card import Card, cut
from . import Job, judge, post_json
from .pagerduty import dedup_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def send(job: Job) -> dict[str, Any] | None:
    """One event. There is no state for "acknowledged", so it is sent as what it still is: alerting."""
    card = Card(job.message, job.view)
    links = [url for part in card.parts for _, url in part.links]
    document = {
        "alert_uid": dedup_key(job.message, job.view.environment),
        "title": cut(card.headline(), 1024),
        "state": "ok" if card.kind == "resolved" else "alerting",
        "message": cut(card.plain(job.ack), 8000),
        **({"link_to_upstream_details": links[0]} if links else {}),
    }
    judge(post_json(job, job.secret, document), job.now)
    return None
