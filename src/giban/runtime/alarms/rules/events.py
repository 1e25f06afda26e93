"""Events of EventBridge, and RDS's own notices, as alerts. A function for each kind; unknown events are told as they are.

Envelope: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html. A reader answers a list: empty for what
nobody has to hear of (an instance that is starting).
"""

from __future__ import annotations

from . import console, making, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Event:
    """The envelope of an event, and what readers need beside it."""

    __slots__ = ("account", "at", "config", "detail", "id", "language", "now", "region", "resources", "type")

    def __init__(self, raw: Mapping[str, Any], config: Mapping[str, Any], now: float) -> None:
        self.config = config
        self.now = now
        self.language = str(config.get("language") or "en")
        self.type = making.text_of(raw.get("detail-type"))
        self.id = making.text_of(raw.get("id"))
        self.at = making.moment(raw.get("time"))
        self.account = making.text_of(raw.get("account"))
        self.region = making.text_of(raw.get("region")) or str(config.get("region") or "")
        self.detail: Mapping[str, Any] = raw["detail"]
        resources = raw.get("resources")
        self.resources = [making.text_of(one) for one in resources] if isinstance(resources, list) else []

    def text(self, *path: str) -> str:
        """A text of the detail; "" when it is not there."""
        found: Any = self.detail
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return making.text_of(found)

    def resource(self) -> str:
        """The last part of the first ARN of the event."""
        return self.resources[0].rpartition("/")[2].rpartition(":")[2] if self.resources else ""

    def alert(
        self,
        key: str,
        name: str,
        priority: str,
        *,
        status: str = "event",
        service: str = "aws",
        resource: str = "",
        title: str = "",
        text: str = "",
        link: str | None = None,
        ends: str = "",
        value: float | None = None,
        unit: str = "",
        words_of: Mapping[str, object] | None = None,
        labels: Mapping[str, object] | None = None,
    ) -> list[dict[str, Any]]:
        """One alert about this event, in a list."""
        values = {"id": resource, "text": making.line(text, 120), **(words_of or {})}
        made = making.alert(
            f"event:{key}",
            self.now,
            self.config,
            source="events",
            status=status,
            priority=priority,
            service=making.service_of(self.config, resource, service),
            kind="event",
            name=name,
            title=title or words.title(self.language, name, **values),
            text=text,
            at=self.at,
            occurrence=f"{self.id}@{name}@{status}" if self.id else "",
            ends=ends,
            region=self.region,
            resource=resource,
            value=value,
            unit=unit,
            console=link,
            do="" if status == "resolved" else words.do(self.language, name),
            labels={"account": self.account, "event": self.type, **(labels or {})},
        )
        return [made]

    def link(self, what: str, id: str, cluster: str = "") -> str | None:
        """The page of a thing in this event's region."""
        return console.link(self.config, what, id, self.region, cluster)


def read(raw: Mapping[str, Any], config: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """Alerts of an event. Raises Unreadable when its detail is no object."""
    if not isinstance(raw.get("detail"), dict):
        raise making.Unreadable('an event of EventBridge whose "detail" is no object')
    event = Event(raw, config, now)
    source = making.text_of(raw.get("source"))
    reader = READERS.get((source, event.type))
    return reader(event) if reader else _unknown(event, source)


def _instance(event: Event) -> list[dict[str, Any]]:
    id, state = event.text("instance-id") or event.resource(), event.text("state")
    link = event.link("instance", id)
    if state == "terminated":
        # It does not come back: over when somebody has acknowledged it. That it had stopped before is over too.
        gone = event.alert(
            f"ec2:{id}:terminated",
            "instance-terminated",
            "P1",
            status="firing",
            service="instances",
            resource=id,
            link=link,
            ends="ack",
        )
        return gone + _running(event, id, link)
    if state == "stopped":
        return event.alert(
            f"ec2:{id}:stopped", "instance-stopped", "P2", status="firing", service="instances", resource=id, link=link
        )
    return _running(event, id, link) if state == "running" else []


def _running(event: Event, id: str, link: str | None) -> list[dict[str, Any]]:
    return event.alert(
        f"ec2:{id}:stopped", "instance-stopped", "P2", status="resolved", service="instances", resource=id, link=link
    )


def _spot(event: Event) -> list[dict[str, Any]]:
    id = event.text("instance-id")
    soon = event.type == "EC2 Spot Instance Interruption Warning"
    name = "spot-interruption" if soon else "spot-rebalance"
    return event.alert(
        f"ec2:{id}:{name}",
        name,
        "P3" if soon else "P4",
        service="instances",
        resource=id,
        text=event.text("instance-action"),
        link=event.link("instance", id),
    )


def _scaling(event: Event) -> list[dict[str, Any]]:
    group = event.text("AutoScalingGroupName")
    cause = event.text("Cause")
    if event.type == "EC2 Instance Terminate Successful" and any(sign in cause for sign in LOST):
        return _lost(event, group, cause)
    launch, failed = "Launch" in event.type, "Unsuccessful" in event.type
    name = "launch-failed" if launch else "terminate-failed"
    return event.alert(
        f"autoscaling:{group}:{name}",
        name,
        "P2" if launch else "P3",
        status="firing" if failed else "resolved",
        service="instances",
        resource=group,
        text=event.text("StatusMessage") or cause,
        link=event.link("group", group),
        labels={"instance": event.text("EC2InstanceId")},
    )


LOST = ("health check", "health-check", "status check")
"""In the cause of an instance that a group takes out because something is wrong with it; scaling in has none of these
(https://repost.aws/knowledge-center/auto-scaling-instance-how-terminated)."""


def _lost(event: Event, group: str, cause: str) -> list[dict[str, Any]]:
    """A group replaces an instance that failed; one that somebody ended from outside is as urgent as any other."""
    id = event.text("EC2InstanceId")
    ended = "terminated or stopped" in cause
    return event.alert(
        f"ec2:{id}:terminated",
        "instance-terminated" if ended else "instance-replaced",
        "P1" if ended else "P2",
        status="firing" if ended else "event",
        service="instances",
        resource=group,
        text=cause,
        link=event.link("group", group),
        ends="ack" if ended else "",
        words_of={"id": id},
        labels={"instance": id},
    )


def _database(event: Event) -> list[dict[str, Any]]:
    categories = event.detail.get("EventCategories")
    return _of_database(
        event,
        # RDS writes "rds:name" here for instances that it made a snapshot of.
        event.text("SourceIdentifier").removeprefix("rds:") or event.resource(),
        event.text("EventID"),
        [making.text_of(one).lower() for one in categories] if isinstance(categories, list) else [],
        event.text("Message"),
        "Cluster" in event.type,
    )


CATEGORIES = (
    ("failure", "rds-failure", "P1"),
    ("failover", "rds-failover", "P2"),
    ("low storage", "rds-storage", "P2"),
    ("availability", "rds-availability", "P3"),
)
"""Of https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html; others are notes (P4)."""
EVENTS = {
    "0013": "failover", "0015": "failover", "0049": "failover", "0050": "failover", "0051": "failover", "0065": "failover",
    "0031": "failure", "0035": "failure", "0036": "failure", "0058": "failure", "0079": "failure", "0080": "failure",
    "0007": "low storage", "0089": "low storage", "0227": "low storage",
    "0004": "availability", "0006": "availability", "0022": "availability", "0221": "failure", "0222": "failure",
}  # fmt: skip
"""The category of events that come without one (a notice of RDS's own subscription names only the event)."""


def _of_database(
    event: Event, id: str, code: str, categories: list[str], text: str, cluster: bool
) -> list[dict[str, Any]]:
    categories = categories or [EVENTS.get(code.rpartition("-")[2], "")]
    name, priority = next(
        ((name, priority) for category, name, priority in CATEGORIES if category in categories), ("rds-event", "P4")
    )
    return event.alert(
        # A failover comes as three events; they are one matter.
        f"rds:{id}:{name if name != 'rds-event' else code or 'event'}",
        name,
        priority,
        service="databases",
        resource=id,
        text=text,
        link=event.link("cluster" if cluster else "database", id),
        labels={"code": code, "categories": ", ".join(categories)},
    )


def read_notice(raw: Mapping[str, Any], config: Mapping[str, Any], now: float, occurrence: str) -> list[dict[str, Any]]:
    """A notice of an RDS event subscription: the keys are "Event Source", "Source ID", "Event ID", "Event Message"."""
    code = making.text_of(raw.get("Event ID")).rpartition("#")[2]
    arn = making.text_of(raw.get("Source ARN")).split(":")
    event = Event(
        {
            "detail-type": "RDS notice",
            "id": occurrence,
            "time": raw.get("Event Time"),
            "region": arn[3] if len(arn) > 3 else "",
            "account": arn[4] if len(arn) > 4 else "",
            "detail": {},
        },
        config,
        now,
    )
    found = _of_database(
        event,
        making.text_of(raw.get("Source ID")),
        code,
        [],
        making.text_of(raw.get("Event Message")),
        making.text_of(raw.get("Event Source")) == "db-cluster",
    )
    for alert in found:
        alert["source"] = "rds"
    return found


def _pipeline(event: Event) -> list[dict[str, Any]]:
    return _ended(event, event.text("state"), "pipeline", event.text("pipeline"), event.text("execution-id"))


def _build(event: Event) -> list[dict[str, Any]]:
    return _ended(event, event.text("build-status"), "build", event.text("project-name"), event.text("build-id"))


def _deployment(event: Event) -> list[dict[str, Any]]:
    id = f"{event.text('application')}/{event.text('deploymentGroup')}".strip("/")
    return _ended(event, event.text("state"), "deployment", id, event.text("deploymentId"))


def _ended(event: Event, state: str, what: str, id: str, run: str) -> list[dict[str, Any]]:
    """Something that fails, and recovers with the next run that does not."""
    failed = state.upper() in ("FAILED", "FAILURE", "FAULT", "TIMED_OUT")
    if not failed and state.upper() not in ("SUCCEEDED", "SUCCESS"):
        return []
    return event.alert(
        f"{what}:{id}",
        f"{what}-failed",
        "P3",
        status="firing" if failed else "resolved",
        service="pipelines",
        resource=id,
        text=state,
        link=event.link(what, run if what == "deployment" else id),
        labels={"run": run},
    )


def _task(event: Event) -> list[dict[str, Any]]:
    if event.text("lastStatus") != "STOPPED":
        return []
    code, reason = event.text("stopCode"), event.text("stoppedReason")
    containers = event.detail.get("containers")
    exits = [
        f"{making.text_of(one.get('name'))} {making.text_of(one.get('exitCode'))}".strip()
        for one in (containers if isinstance(containers, list) else ())
        if isinstance(one, dict) and one.get("exitCode") not in (None, 0)
    ]
    # A deployment, scaling in, or a person: that is what tasks do.
    orderly = code in ("UserInitiated", "ServiceSchedulerInitiated") and "health" not in reason.lower()
    group = event.text("group").removeprefix("service:") or event.text("taskDefinitionArn").rpartition("/")[2]
    cluster = event.text("clusterArn").rpartition("/")[2]
    return event.alert(
        f"ecs:{cluster}/{group}:stopped",
        "task-stopped",
        "P4" if orderly else "P3",
        service=making.service_of(event.config, group, "containers"),
        resource=group,
        text=" · ".join(part for part in (reason, *exits) if part),
        link=event.link("tasks", event.text("taskArn").rpartition("/")[2], cluster),
        labels={"cluster": cluster, "code": code},
    )


def _rollout(event: Event) -> list[dict[str, Any]]:
    name = event.text("eventName")
    if name not in ("SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_COMPLETED"):
        return []
    parts = (event.resources[0] if event.resources else "").split("/")
    id, cluster = parts[-1], parts[-2] if len(parts) > 2 else ""
    return event.alert(
        f"ecs:{cluster}/{id}:deployment",
        "deployment-failed",
        "P2",
        status="firing" if name.endswith("FAILED") else "resolved",
        service=making.service_of(event.config, id, "containers"),
        resource=id,
        text=event.text("reason"),
        link=event.link("service", id, cluster),
        labels={"cluster": cluster},
    )


def _certificate(event: Event) -> list[dict[str, Any]]:
    arn = event.resources[0] if event.resources else ""
    id = event.text("CommonName") or arn.rpartition("/")[2]
    link = event.link("certificate", arn.rpartition("/")[2])
    days = making.number(event.detail.get("DaysToExpiry"))
    if event.type == "ACM Certificate Expired":
        name, priority = "certificate-expired", "P1"
    elif event.type == "ACM Certificate Renewal Action Required":
        name, priority = "certificate-renewal", "P2"
    else:
        name, priority = "certificate-expiring", "P2" if days is not None and days <= 7 else "P3"
    return event.alert(
        f"acm:{arn or id}:{name}",
        name,
        priority,
        service="certificates",
        resource=id,
        link=link,
        value=days,
        unit="days" if days is not None else "",
        words_of={"days": "?" if days is None else f"{days:g}"},
        labels={"arn": arn},
    )


def _health(event: Event) -> list[dict[str, Any]]:
    category, service = event.text("eventTypeCategory"), event.text("service") or "AWS"
    descriptions = event.detail.get("eventDescription")
    first = descriptions[0] if isinstance(descriptions, list) and descriptions else {}
    text = making.text_of(first.get("latestDescription")) if isinstance(first, dict) else ""
    code, arn = event.text("eventTypeCode"), event.text("eventArn")
    names = {
        "issue": ("health-issue", "P2"),
        "scheduledChange": ("health-change", "P3"),
        "investigation": ("health-issue", "P2"),
    }
    name, priority = names.get(category, ("health-notice", "P4"))
    status = "event"
    if name == "health-issue":
        status = "resolved" if event.text("statusCode") == "closed" else "firing"
    return event.alert(
        f"health:{arn or code}",
        name,
        priority,
        status=status,
        resource=arn,
        title=words.title(event.language, name, id=service, text=code.replace("_", " ").lower()),
        text=text,
        link=event.link("health", arn),
        labels={"code": code, "service": service},
    )


def _unknown(event: Event, source: str) -> list[dict[str, Any]]:
    """An event without a reader here. Somebody wrote a rule that sends it, so somebody wants to hear of it."""
    import json

    title = event.text("title") or f"{event.type or 'event'} ({source})"
    resource = event.resource()
    return event.alert(
        f"{source}:{event.type}:{resource}",
        "event",
        "P3",
        resource=resource,
        title=title,
        text=event.text("message") or json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
    )


READERS: dict[tuple[str, str], Callable[[Event], list[dict[str, Any]]]] = {
    ("aws.ec2", "EC2 Instance State-change Notification"): _instance,
    ("aws.ec2", "EC2 Spot Instance Interruption Warning"): _spot,
    ("aws.ec2", "EC2 Instance Rebalance Recommendation"): _spot,
    ("aws.autoscaling", "EC2 Instance Launch Unsuccessful"): _scaling,
    ("aws.autoscaling", "EC2 Instance Launch Successful"): _scaling,
    ("aws.autoscaling", "EC2 Instance Terminate Unsuccessful"): _scaling,
    ("aws.autoscaling", "EC2 Instance Terminate Successful"): _scaling,
    ("aws.rds", "RDS DB Instance Event"): _database,
    ("aws.rds", "RDS DB Cluster Event"): _database,
    ("aws.codepipeline", "CodePipeline Pipeline Execution State Change"): _pipeline,
    ("aws.codebuild", "CodeBuild Build State Change"): _build,
    ("aws.codedeploy", "CodeDeploy Deployment State-change Notification"): _deployment,
    ("aws.ecs", "ECS Task State Change"): _task,
    ("aws.ecs", "ECS Deployment State Change"): _rollout,
    ("aws.acm", "ACM Certificate Approaching Expiration"): _certificate,
    ("aws.acm", "ACM Certificate Expired"): _certificate,
    ("aws.acm", "ACM Certificate Renewal Action Required"): _certificate,
    ("aws.health", "AWS Health Event"): _health,
}
"""(source, detail-type) to its reader."""
