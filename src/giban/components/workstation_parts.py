"""What host, admin API and keeper of workstations share: names, the table, secrets, settings, and what roles may do."""

from __future__ import annotations

from typing import Any

from giban.blueprint.durations import seconds_of
from giban.blueprint.types import Workstation
from giban.blueprint.types_workstations import sizes_of
from giban.components.encryption import key, through
from giban.components.environment import Environment, Scope, part
from giban.components.policies import Statement, allow
from giban.components.store_table import store_table
from giban.graph.resource import Resource


def workstation_scope(env: Environment, name: str, suffix: str = "") -> Scope:
    """The scope of a workstation, or of a part of it: `dev`, `dev_admin`."""
    return env.scope("workstations", name, label=f"{name}-{suffix}" if suffix else name)


def workstation(env: Environment, name: str) -> Workstation:
    """What the blueprint says about it."""
    return env.blueprint.workstations[name]


def editor_host(env: Environment, name: str) -> str:
    """The DNS name of the editor."""
    return f"{name}.{_domain(env)}"


def admin_host(env: Environment, name: str) -> str:
    """The DNS name of the admin API."""
    return f"{name}-admin.{_domain(env)}"


def _domain(env: Environment) -> str:
    assert env.domain is not None  # noqa: S101 - validation asks for one
    return env.domain.name


@part
def table(env: Environment) -> Resource:
    """Everything that is remembered about what is kept, in one table; its items are described in `runtime.power.table`.

    It has the same name and address without workstations: another one would replace the table with the first workstation.
    """
    return store_table(env.scope("workstations" if env.blueprint.workstations else "power", label="workstations"))


@part
def host_secret(env: Environment, name: str) -> Resource:
    """What the host and the admin API share: the key of the agent's reports and the editor's password."""
    return _secret(env, name, "host", "The agent's key and the editor's password; the admin API fills it in")


@part
def pairing_secret(env: Environment, name: str) -> Resource:
    """The second factor of registering a device: the admin API alone reads and writes it."""
    return _secret(env, name, "pairing", "The second factor by which devices are registered; the admin API fills it in")


def _secret(env: Environment, name: str, what: str, description: str) -> Resource:
    """A secret without a value: whoever needs it first fills it in, so that it is in no state."""
    return workstation_scope(env, name, what).add(
        "aws_secretsmanager_secret",
        name_prefix=f"{env.prefix}/workstations/{name}/{what}-",
        description=description,
        kms_key_id=key(env).arn,
        recovery_window_in_days=30 if env.production else 7,
    )


@part
def vpn_secret(env: Environment, name: str) -> Resource:
    """The tunnel's key pair: the host makes it at its first boot and keeps it here, so that a rebuilt host has the same."""
    return _secret(env, name, "vpn", "The private and public key of the tunnel; the host fills it in")


def settings_of(env: Environment, name: str) -> dict[str, Any]:
    """The rules as the functions read them; all times in seconds."""
    found = workstation(env, name)
    rules = found.auto_stop
    settings: dict[str, Any] = {
        "idle": seconds_of(rules.idle),
        "max_uptime": seconds_of(rules.max_uptime),
        "silent": seconds_of(rules.silent),
        "tab": seconds_of(rules.tab),
        "sizes": sizes_of(found),
    }
    if found.schedule is not None:
        settings["schedule"] = {"time_zone": found.schedule.time_zone, "start": found.schedule.start}
    return settings


def power_statements(env: Environment, instances: list[Resource]) -> list[Statement]:
    """Seeing instances, and starting, stopping and resizing exactly these."""
    arns = [f"arn:aws:ec2:{env.region_name}:{env.account_id}:instance/{instance.id}" for instance in instances]
    return [
        # EC2 has no resource-level permissions for describing
        # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
        allow("See", ["ec2:DescribeInstances"], "*"),
        allow("Power", ["ec2:ModifyInstanceAttribute", "ec2:StartInstances", "ec2:StopInstances"], arns),
        # Whoever starts an instance lends EC2 the key of its volumes; without it EC2 stops it again while it starts
        # (https://repost.aws/knowledge-center/kms-iam-ec2-permission).
        allow(
            "Volumes",
            ["kms:CreateGrant"],
            key(env).arn,
            Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}, **through(env, "ec2")},
        ),
    ]


def secret_statements(env: Environment, secrets: list[Resource], *services: str) -> list[Statement]:
    """Reading and filling in these secrets, and the environment's key for that, for the table and for further `services`."""
    actions = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
    key_for = ["dynamodb", *(["secretsmanager"] if secrets else []), *services]
    return [
        *([allow("Secrets", actions, [secret.arn for secret in secrets])] if secrets else []),
        allow(
            "Decrypt",
            # DynamoDB asks for all of these in the name of whoever uses the table
            # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            key(env).arn,
            Condition=through(env, *key_for),
        ),
    ]
