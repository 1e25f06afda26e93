"""Databases that take a moment to start, stop and restart, and say so, as on AWS; moto's (5.2.5) change at once and silently.

Each change is told as the event of RDS, to EventBridge and to the topics of event subscriptions:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html. What has been stopped for seven days is started
again, as AWS does: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from giban.rehearsal.monitor import Monitor
from giban.rehearsal.patching import put

STAY = 1.5
"""Seconds in `starting`, `stopping` and `rebooting`. AWS takes minutes."""
WEEK = 7 * 86400.0
"""Seconds that a database stays stopped at most."""


class Told(NamedTuple):
    """An event: its number, category and text."""

    number: str
    category: str
    text: str


STOPPED = Told("RDS-EVENT-0087", "notification", "DB instance stopped")
STARTED = Told("RDS-EVENT-0088", "notification", "DB instance started")
OVERDUE = Told(
    "RDS-EVENT-0154",
    "notification",
    "DB instance is being started due to it exceeding the maximum allowed time being stopped",
)
SHUT_DOWN = Told("RDS-EVENT-0004", "availability", "DB instance shutdown")
RESTARTED = Told("RDS-EVENT-0006", "availability", "DB instance restarted")
FAILOVER = Told("RDS-EVENT-0013", "failover", "Multi-AZ instance failover started")
FAILED_OVER = Told("RDS-EVENT-0049", "failover", "Multi-AZ instance failover completed")
CLUSTER_STOPPED = Told("RDS-EVENT-0150", "notification", "DB cluster stopped")
CLUSTER_STARTED = Told("RDS-EVENT-0151", "notification", "DB cluster started")
CLUSTER_OVERDUE = Told(
    "RDS-EVENT-0153",
    "notification",
    "DB cluster is being started due to it exceeding the maximum allowed time being stopped",
)


class Databases:
    """Moves databases along. Everything is called with moto's lock held."""

    def __init__(self, monitor: Monitor, clock: Callable[[], float]) -> None:
        self._monitor = monitor
        self._clock = clock
        self._stops: dict[str, int] = {}
        """How often a database has stopped, by ARN: a week is counted from its last stop."""

    def move(self, database: Any, through: str, to: str, *told: Told) -> None:
        """Put a database into a passing state now and into the lasting one after the stay; then tell."""
        database.status = through

        def arrive() -> None:
            if database.status == through:
                database.status = to
                for one in told:
                    self.tell(database, one)
                if to == "stopped":
                    number = self._stops[_arn(database)] = self._stops.get(_arn(database), 0) + 1
                    self._monitor.later(WEEK, lambda: self._restart(database, number))

        self._monitor.later(STAY, arrive)

    def tell(self, database: Any, told: Told) -> None:
        """Tell an event of a database or a cluster."""
        self._monitor.notify({"kind": "event", **event(database, told, self._clock())})
        for subscription in database.backend.event_subscriptions.values():
            if wanted(subscription, database, told):
                self._monitor.notify(message(subscription, database, told, self._clock()))

    def _restart(self, database: Any, number: int) -> None:
        if database.status == "stopped" and self._stops[_arn(database)] == number:
            self.tell(database, CLUSTER_OVERDUE if is_cluster(database) else OVERDUE)
            self.move(database, "starting", "available", CLUSTER_STARTED if is_cluster(database) else STARTED)


def is_cluster(database: Any) -> bool:
    """Whether it is a cluster and not one instance."""
    return hasattr(database, "db_cluster_identifier") and not hasattr(database, "db_instance_identifier")


def _name(database: Any) -> str:
    return str(database.db_cluster_identifier if is_cluster(database) else database.db_instance_identifier)


def _arn(database: Any) -> str:
    return str(database.db_cluster_arn if is_cluster(database) else database.db_instance_arn)


def event(database: Any, told: Told, now: float) -> dict[str, Any]:
    """As `aws_events` takes it. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloud-watch-events.html"""
    cluster = is_cluster(database)
    return {
        "account": database.backend.account_id,
        "region": database.backend.region_name,
        "source": "aws.rds",
        "detail-type": "RDS DB Cluster Event" if cluster else "RDS DB Instance Event",
        "resources": [_arn(database)],
        "detail": {
            "EventCategories": [told.category],
            "SourceType": "CLUSTER" if cluster else "DB_INSTANCE",
            "SourceArn": _arn(database),
            "Date": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "Message": told.text,
            "SourceIdentifier": _name(database),
            "EventID": told.number,
        },
    }


def wanted(subscription: Any, database: Any, told: Told) -> bool:
    """Whether an event subscription takes an event."""
    kind = "db-cluster" if is_cluster(database) else "db-instance"
    return (
        str(subscription.enabled).lower() != "false"
        and bool(subscription.sns_topic_arn)
        and subscription.source_type in (None, "", kind)
        and (not subscription.source_ids or _name(database) in subscription.source_ids)
        and (not subscription.event_categories or told.category in subscription.event_categories)
    )


def message(subscription: Any, database: Any, told: Told, now: float) -> dict[str, Any]:
    """The notice for a subscription's topic, as it arrives from RDS."""
    backend, cluster = database.backend, is_cluster(database)
    kind = "dbcluster" if cluster else "dbinstance"
    body = {
        "Event Source": "db-cluster" if cluster else "db-instance",
        "Event Time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "Identifier Link": f"https://console.aws.amazon.com/rds/home?region={backend.region_name}#{kind}:id={_name(database)}",
        "Source ID": _name(database),
        "Source ARN": _arn(database),
        "Event ID": f"http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#{told.number}",
        "Event Message": told.text,
    }
    return {
        "kind": "publish",
        "account": backend.account_id,
        "region": backend.region_name,
        "topic": subscription.sns_topic_arn,
        "subject": "RDS Notification Message",
        "message": json.dumps(body),
        "by": "events.rds.amazonaws.com",
        "source": f"arn:aws:rds:{backend.region_name}:{backend.account_id}:es:{subscription.subscription_name}",
    }


def install(databases: Databases) -> None:
    """Make moto's RDS work this way."""
    from moto.rds.models import RDSBackend
    from moto.rds.responses import RDSResponse

    stop, start = RDSBackend.stop_db_instance, RDSBackend.start_db_instance
    stop_cluster, start_cluster = RDSBackend.stop_db_cluster, RDSBackend.start_db_cluster
    fail_over = RDSBackend.failover_db_cluster
    reboot = RDSResponse.reboot_db_instance

    def stop_db_instance(self: Any, *args: Any, **kwargs: Any) -> Any:
        database = stop(self, *args, **kwargs)
        databases.move(database, "stopping", "stopped", SHUT_DOWN, STOPPED)
        return database

    def start_db_instance(self: Any, *args: Any, **kwargs: Any) -> Any:
        database = start(self, *args, **kwargs)
        databases.move(database, "starting", "available", STARTED)
        return database

    def reboot_db_instance(self: Any) -> Any:
        database = self.backend.describe_db_instances(self.params.get("DBInstanceIdentifier"))[0]
        forced = str(self.params.get("ForceFailover")).lower() == "true"
        if database.status == "available":
            databases.move(database, "rebooting", "available", *((FAILOVER, FAILED_OVER) if forced else (RESTARTED,)))
        return reboot(self)

    def stop_db_cluster(self: Any, cluster_identifier: str) -> Any:
        answer = stop_cluster(self, cluster_identifier)
        databases.move(self.clusters[cluster_identifier], "stopping", "stopped", CLUSTER_STOPPED)
        return answer

    def start_db_cluster(self: Any, cluster_identifier: str) -> Any:
        answer = start_cluster(self, cluster_identifier)
        databases.move(self.clusters[cluster_identifier], "starting", "available", CLUSTER_STARTED)
        return answer

    def failover_db_cluster(self: Any, db_cluster_identifier: str, *args: Any, **kwargs: Any) -> Any:
        answer = fail_over(self, db_cluster_identifier, *args, **kwargs)
        cluster = self.clusters[db_cluster_identifier]
        writer = next((str(one.db_instance_identifier) for one in cluster.members if one.is_cluster_writer), "")
        text = f"Completed failover to DB instance: {writer}"
        databases.tell(cluster, Told("RDS-EVENT-0071", "failover", text))
        return answer

    put(RDSBackend, "stop_db_instance", stop_db_instance)
    put(RDSBackend, "start_db_instance", start_db_instance)
    put(RDSResponse, "reboot_db_instance", reboot_db_instance)
    put(RDSBackend, "stop_db_cluster", stop_db_cluster)
    put(RDSBackend, "start_db_cluster", start_db_cluster)
    put(RDSBackend, "failover_db_cluster", failover_db_cluster)
