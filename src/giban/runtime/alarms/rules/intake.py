"""What arrived, as alerts. The one entrance: `read` for messages, `own` for what the router says about itself.

SNS envelope         {"Type": "Notification", "MessageId", "Subject", "Message": …}: the message is read, the id remembered
CloudWatch alarm     {"AlarmName", "NewStateValue", …}, metric and composite                           cloudwatch.py
event                {"source", "detail-type", "detail", …}                                            events.py
RDS notice           {"Event Source", "Source ID", "Event ID", …}                                      events.py
budget               text "AWS Budget Notification …", or JSON with budgetName                         budgets.py
logs                 {"awslogs": {"data": …}}                                                          logs.py
post                 {"title", "text", "priority", "service", "status", "key", "name", "value", "threshold", "unit", "do",
                     "runbook", "console", "labels", "region", "resource", "since", "id"}, all but one of title and text may
                     be missing; or plain text, whose first line (or the subject) is the title
"""

from __future__ import annotations

from . import making
from .making import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["Unreadable", "own", "read"]

MOST_BYTES = 300_000
"""A message of SNS has at most 256 KB (https://docs.aws.amazon.com/general/latest/gr/sns.html)."""
MOST_WRAPPINGS = 3
PRIORITY_WORDS = {
    "CRITICAL": "P1", "FATAL": "P1", "ERROR": "P2", "HIGH": "P2", "WARNING": "P3", "WARN": "P3", "MEDIUM": "P3",
    "INFO": "P4", "LOW": "P4",
}  # fmt: skip
STATUS_WORDS = {
    "firing": "firing",
    "alarm": "firing",
    "problem": "firing",
    "resolved": "resolved",
    "ok": "resolved",
    "event": "event",
}
OTHERWISE = "P3"
"""The priority of a post that gives none."""


def read(raw: object, config: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """The alerts of a message: JSON as it was parsed, or text. None for what nobody has to hear of.

    Raises Unreadable, with what would be readable, for everything else; whatever it is given, it raises nothing else.
    """
    return _read(raw, config, now, "", "", MOST_WRAPPINGS)


def own(
    name: str,
    title: str,
    text: str,
    now: float,
    config: Mapping[str, Any],
    *,
    priority: str = "P2",
    key: str = "",
    status: str = "event",
    do: str = "",
    labels: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """An alert of the router about itself: a message it cannot read, a channel that is down for long."""
    return making.alert(
        key or f"self:{name}",
        now,
        config,
        source="self",
        status=status,
        priority=priority,
        service="alarms",
        kind="self",
        name=name,
        title=title,
        text=text,
        do=do,
        labels=labels,
    )


def _read(
    raw: object, config: Mapping[str, Any], now: float, message_id: str, subject: str, wrappings: int
) -> list[dict[str, Any]]:
    if isinstance(raw, str):
        return _read_text(raw, config, now, message_id, subject, wrappings)
    if not isinstance(raw, dict):
        raise Unreadable(f"a message that is a {_name_of(raw)}; {EXPECTED}")
    if raw.get("Type") == "Notification" and "Message" in raw:
        if not wrappings:
            raise Unreadable("an envelope of SNS in an envelope in an envelope")
        return _read(
            raw["Message"],
            config,
            now,
            making.text_of(raw.get("MessageId")) or message_id,
            making.text_of(raw.get("Subject")) or subject,
            wrappings - 1,
        )
    if "awslogs" in raw:
        from . import logs

        return logs.read(raw["awslogs"], config, now)
    if "AlarmName" in raw or "NewStateValue" in raw:
        from . import cloudwatch

        return cloudwatch.read(raw, config, now)
    if "detail-type" in raw and "detail" in raw:
        from . import cloudwatch, events

        if raw["detail-type"] == "CloudWatch Alarm State Change" and isinstance(raw["detail"], dict):
            return cloudwatch.read_event(raw, config, now)
        return events.read(raw, config, now)
    if "Event Source" in raw and "Event ID" in raw:
        from . import events

        return events.read_notice(raw, config, now, message_id)
    from . import budgets

    if budgets.is_json(raw):
        return [budgets.read_json(raw, config, now, message_id)]
    return [_post(raw, config, now, message_id, subject)]


def _read_text(
    text: str, config: Mapping[str, Any], now: float, message_id: str, subject: str, wrappings: int
) -> list[dict[str, Any]]:
    if len(text) > MOST_BYTES:
        raise Unreadable(f"a message of more than {MOST_BYTES:,} characters")
    if text.lstrip()[:1] == "{":
        import json

        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            # Text that begins with a brace, and is none the less for people.
            found = None
        if isinstance(found, dict):
            return _read(found, config, now, message_id, subject, wrappings)
    from . import budgets

    if budgets.is_text(text):
        return [budgets.read_text(text, config, now, message_id)]
    lines = text.strip().splitlines()
    if not lines:
        raise Unreadable(f"an empty message; {EXPECTED}")
    title = subject.strip() or lines[0]
    rest = text.strip() if subject.strip() else "\n".join(lines[1:])
    return [_post({"title": title, "text": rest}, config, now, message_id, "")]


def _post(
    raw: Mapping[str, Any], config: Mapping[str, Any], now: float, message_id: str, subject: str
) -> dict[str, Any]:
    text = making.text_of(raw.get("text")) or making.text_of(raw.get("message"))
    title = making.text_of(raw.get("title")) or subject.strip() or text.strip().partition("\n")[0]
    if not title.strip():
        keys = ", ".join(sorted(making.line(str(key), 30) for key in raw)[:10])
        raise Unreadable(f"a message without title and text (it has: {keys or 'nothing'}); {EXPECTED}")
    status = making.text_of(raw.get("status")).lower()
    if status and status not in STATUS_WORDS:
        raise Unreadable(f'a post with the status "{making.line(status, 30)}"; firing, resolved and event are known')
    name = making.text_of(raw.get("name")) or "post"
    service = making.text_of(raw.get("service"))
    # Without a key, the same title is the same matter.
    key = making.text_of(raw.get("key")) or f"{service}:{name}:{title}"
    given = making.text_of(raw.get("priority")).upper()
    labels = raw.get("labels")
    since = raw.get("since")
    return making.alert(
        f"post:{key}",
        now,
        config,
        source="post",
        status=STATUS_WORDS.get(status, "event"),
        priority=given if given in making.PRIORITIES else PRIORITY_WORDS.get(given, OTHERWISE),
        service=service,
        kind="post",
        name=name,
        title=title,
        text=text if text.strip() != title.strip() else "",
        since=making.number(since) if isinstance(since, int | float) else making.moment(since),
        occurrence=making.text_of(raw.get("id")) or message_id,
        region=making.text_of(raw.get("region")),
        resource=making.text_of(raw.get("resource")),
        value=making.number(raw.get("value")),
        threshold=making.number(raw.get("threshold")),
        unit=making.line(making.text_of(raw.get("unit")), 20),
        console=making.web(raw.get("console")),
        runbook=making.text_of(raw.get("runbook")),
        do=making.text_of(raw.get("do")),
        labels=labels if isinstance(labels, dict) else {},
    )


def _name_of(raw: object) -> str:
    if raw is None:
        return "null"
    return {"list": "list", "int": "number", "float": "number", "bool": "truth value"}.get(
        type(raw).__name__, "strange thing"
    )


EXPECTED = (
    "expected is an alarm of CloudWatch, an event of EventBridge, a notice of a budget, text, "
    'or {"title": "…", "priority": "P3"}'
)
