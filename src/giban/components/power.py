"""`power` and the peaks of services: what the keeper (`keeper`) is told of the groups and databases it turns on and off, and what
it may do to them: nothing to any other."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.blueprint.defaults import limits_of
from giban.blueprint.validate_power import schedules_of
from giban.components.databases import database
from giban.components.environment import Environment
from giban.components.instances import scaling_group
from giban.components.policies import Statement, allow
from giban.components.power_hours import kept, peak_documents, peaks_zone, schedule_document

CONFIG = "runtime/fleets/config.json"
"""Where the keeper's archive holds what it is told."""


def services(env: Environment) -> list[str]:
    """The services that the keeper looks after, sorted."""
    return sorted(name for name in env.blueprint.services if kept(env, name))


def databases(env: Environment) -> list[str]:
    """The databases that the keeper looks after, sorted."""
    return sorted(name for name in env.blueprint.databases if schedules_of(env.blueprint, f"databases.{name}"))


def any_target(env: Environment) -> bool:
    """Whether there is more than workstations to look after."""
    return bool(services(env) or databases(env))


def config(env: Environment) -> bytes:
    """The configuration of `giban.runtime.fleets` as JSON."""
    targets: dict[str, dict[str, Any]] = {f"services.{name}": _group(env, name) for name in services(env)}
    targets |= {f"databases.{name}": _database(env, name) for name in databases(env)}
    schedules = {name: schedule_document(schedule) for name, schedule in env.blueprint.power.items()}
    return msgspec.json.encode({"schedules": schedules, "targets": targets}, order="sorted")


def _group(env: Environment, name: str) -> dict[str, Any]:
    service = env.blueprint.services[name]
    low, high = limits_of(service.scale, len(env.zones))
    found: dict[str, Any] = {
        "kind": "group",
        "name": str(scaling_group(env, name).value("name")),
        "schedules": schedules_of(env.blueprint, f"services.{name}"),
        "min": low,
        "max": high,
        "desired": low,
    }
    if service.scale.schedules:
        found |= {"peaks": peak_documents(env, name), "time_zone": peaks_zone(env, name)}
    return found


def _database(env: Environment, name: str) -> dict[str, Any]:
    return {
        "kind": "rds",
        "name": str(database(env, name).instance.value("identifier")),
        "schedules": schedules_of(env.blueprint, f"databases.{name}"),
    }


def statements(env: Environment) -> list[Statement]:
    """Seeing groups and databases, and changing exactly these."""
    found: list[Statement] = []
    groups = [scaling_group(env, name) for name in services(env)]
    if groups:
        found += [
            # Auto scaling has no resource-level permissions for describing
            # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html).
            allow("SeeGroups", ["autoscaling:DescribeAutoScalingGroups"], "*"),
            allow(
                "Groups",
                ["autoscaling:ResumeProcesses", "autoscaling:SuspendProcesses", "autoscaling:UpdateAutoScalingGroup"],
                [group.arn for group in groups],
            ),
        ]
    instances = [database(env, name).instance for name in databases(env)]
    if instances:
        every = f"arn:aws:rds:{env.region_name}:{env.account_id}:db:*"
        found += [
            allow("SeeDatabases", ["rds:DescribeDBInstances"], every),
            # Whether AWS started one after seven days, or somebody did.
            allow("SeeDatabaseEvents", ["rds:DescribeEvents"], "*"),
            allow("Databases", ["rds:StartDBInstance", "rds:StopDBInstance"], [instance.arn for instance in instances]),
        ]
    return found
