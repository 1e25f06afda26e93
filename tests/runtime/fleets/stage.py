"""Groups, databases, services and nodes on the real emulators, and the keeper's tick over them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from giban.rehearsal.contents import Clients
from giban.rehearsal.process import Running
from giban.rehearsal.services import ACCOUNT, SECRET
from giban.runtime.common.store import Store
from giban.runtime.fleets.operator import operate
from giban.runtime.fleets.target import Target, targets_of
from giban.runtime.fleets.tick import World, tick
from tests.runtime.conftest import REGION

SEOUL = "Asia/Seoul"
OFFICE = {"time_zone": SEOUL, "on": "08:00 Mon-Fri", "off": "20:00 daily", "holidays": ["2026-12-25"]}
ON_MOTO = ("application-autoscaling", "ecs", "eks")
"""Services that are played by ministack in the rehearsal, which has not every call of them that is made here."""


def at(text: str, zone: str = SEOUL) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def all_clients(running: Running, client: Clients) -> Clients:
    """The rehearsal's clients, and those of a few services from moto."""
    from botocore.config import Config
    from botocore.session import get_session

    made: dict[str, Any] = {}

    def find(service: str) -> Any:
        if service not in ON_MOTO:
            return client(service)
        if service not in made:
            made[service] = get_session().create_client(
                service,
                region_name=REGION,
                endpoint_url=running.url("moto"),
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key=SECRET,
                aws_session_token=running.token,
                config=Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 2}),
            )
        return made[service]

    return find


class Stage:
    """One environment: what it has, and a tick at a time of its own."""

    def __init__(self, clients: Clients, table: str, alarms: str | None = None, topic: str | None = None) -> None:
        self.clients = clients
        self.prefix = f"t{uuid.uuid4().hex[:8]}"
        self.world = World(clients, table, alarms, topic)
        self.schedules: dict[str, Any] = {"office": OFFICE}
        self.entries: dict[str, dict[str, Any]] = {}
        self.now = at("2026-11-24 12:00")

    @property
    def targets(self) -> dict[str, Target]:
        return targets_of({"schedules": self.schedules, "targets": self.entries})

    @property
    def alarms(self) -> Store:
        assert self.world.alarms is not None
        return self.world.alarms

    def tick(self, when: str | float | None = None) -> dict[str, Any]:
        if when is not None:
            self.now = at(when) if isinstance(when, str) else when
        return tick(self.world, self.targets, self.now)

    def ask(self, action: str, target: str | None = None, **more: Any) -> dict[str, Any]:
        event = {"operator": "kim", "action": action, **({} if target is None else {"target": target}), **more}
        return operate(self.world, self.targets, event, self.now)

    def state(self, target: str) -> dict[str, Any]:
        item = self.world.table.get("fleet", target)
        return item.doc if item else {}

    def events(self, target: str) -> list[str]:
        return [item.doc["what"] for item in self.world.table.query(f"event/{target}")]

    # What there is.

    def group(self, target: str = "services.web", *, least: int = 2, most: int = 6, **more: Any) -> str:
        name = f"{self.prefix}-{target.replace('.', '-')}"
        client = self.clients("autoscaling")
        client.create_launch_configuration(
            LaunchConfigurationName=name, ImageId="ami-12c6146b", InstanceType="t3.micro"
        )
        client.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=name,
            MinSize=least,
            MaxSize=most,
            DesiredCapacity=least,
            AvailabilityZones=[f"{REGION}a"],
        )
        self.entries[target] = {
            "kind": "group", "name": name, "schedules": ["office"], "min": least, "max": most, "desired": least, **more,
        }  # fmt: skip
        return name

    def sizes(self, name: str) -> tuple[int, int, int, int, set[str]]:
        """Minimum, maximum, desired, instances there are, and suspended processes."""
        found = self.clients("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        group = found["AutoScalingGroups"][0]
        suspended = {process["ProcessName"] for process in group["SuspendedProcesses"]}
        return group["MinSize"], group["MaxSize"], group["DesiredCapacity"], len(group["Instances"]), suspended

    def resize(self, name: str, least: int, most: int, desired: int) -> None:
        """By hand."""
        self.clients("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=least, MaxSize=most, DesiredCapacity=desired
        )

    def database(self, target: str = "databases.main", **more: Any) -> str:
        name = f"{self.prefix}-{target.replace('.', '-')}"
        settings = {key: value for key, value in more.items() if key[0].isupper()}
        self.clients("rds").create_db_instance(
            DBInstanceIdentifier=name,
            **{
                "Engine": "postgres",
                "DBInstanceClass": "db.t4g.micro",
                "AllocatedStorage": 20,
                "MasterUsername": "admin1",
                "MasterUserPassword": "not-a-secret",
                **settings,
            },
        )
        rest = {key: value for key, value in more.items() if not key[0].isupper()}
        self.entries[target] = {"kind": "rds", "name": name, "schedules": ["office"], **rest}
        return name

    def status(self, name: str, cluster: bool = False) -> str:
        """Of a database that has come to rest."""
        rds = self.clients("rds")
        deadline = time.monotonic() + 60
        while True:
            if cluster:
                status: str = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["Status"]
            else:
                status = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["DBInstanceStatus"]
            if status not in ("starting", "stopping"):
                return status
            assert time.monotonic() < deadline, status
            time.sleep(0.1)


NewStage = Callable[..., Stage]
