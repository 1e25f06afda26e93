"""`databases`: private instances whose password nobody ever sees, and the secret that tells where they are."""

from __future__ import annotations

import msgspec

from giban.blueprint.defaults import backup_days_of, multi_az_of, protect_of
from giban.blueprint.types import Database
from giban.components.encryption import key
from giban.components.environment import Environment, Scope, part
from giban.components.network import network
from giban.components.policies import assume
from giban.components.power_hours import hours_tags
from giban.graph.resource import Resource

PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}
LOG_EXPORTS = {
    "postgres": ["postgresql", "upgrade"],
    "mysql": ["error", "slowquery"],
    "mariadb": ["error", "slowquery"],
}
TLS_PARAMETERS = {
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
    "postgres": {"rds.force_ssl": "1", "log_statement": "ddl", "log_min_duration_statement": "1000"},
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.html
    "mysql": {"require_secure_transport": "1", "slow_query_log": "1", "long_query_time": "1"},
    "mariadb": {"require_secure_transport": "1", "slow_query_log": "1", "long_query_time": "1"},
}
CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
"""Valid until 2061; set at creation, so the instance never needs a rotation
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html)."""

STATIC_PARAMETERS = frozenset({"rds.logical_replication", "shared_preload_libraries", "max_connections"})
"""Parameters that take effect at a reboot only."""


class Parts(msgspec.Struct, frozen=True):
    """What a service needs of a database."""

    instance: Resource
    group: Resource
    connection: Resource
    port: int


def expand(env: Environment) -> None:
    """Every database of the blueprint."""
    for name in sorted(env.blueprint.databases):
        database(env, name)


@part
def database(env: Environment, name: str) -> Parts:
    """The database of that name in the blueprint."""
    settings = env.blueprint.databases[name]
    scope = env.scope("databases", name, was=settings.was)
    net = network(env)
    port = PORTS[settings.engine]
    group = scope.add(
        "aws_security_group",
        "db",
        name=f"{scope.name}-db",
        description=f"Database {name}: only the services that use it",
        vpc_id=net.vpc.id,
    )
    subnets = scope.add(
        "aws_db_subnet_group", name=scope.name, description=f"Database {name}", subnet_ids=net.subnet_ids("db")
    )
    hours = hours_tags(env, f"databases.{name}")
    instance = _instance(scope, settings, group, subnets, _parameters(scope, settings), port, hours)
    return Parts(instance, group, _connection(scope, settings, instance, port), port)


def family(settings: Database) -> str:
    """The parameter group family: PostgreSQL's is named by the major version, the others' by major and minor."""
    parts = settings.version.split(".")
    return settings.engine + (parts[0] if settings.engine == "postgres" else ".".join(parts[:2]))


def _parameters(scope: Scope, settings: Database) -> Resource:
    values = {**TLS_PARAMETERS[settings.engine], **settings.parameters}
    return scope.add(
        "aws_db_parameter_group",
        # The family is part of the name: a major upgrade needs the new group beside the old one.
        name=f"{scope.name}-{family(settings).replace('.', '-')}",
        family=family(settings),
        description=f"Database {scope.label}: TLS required",
        parameter=[
            {
                "name": name,
                "value": values[name],
                "apply_method": "pending-reboot" if name in STATIC_PARAMETERS else "immediate",
            }
            for name in sorted(values)
        ],
        lifecycle={"create_before_destroy": True},
    )


def _instance(
    scope: Scope,
    settings: Database,
    group: Resource,
    subnets: Resource,
    parameters: Resource,
    port: int,
    hours: dict[str, str],
) -> Resource:
    env = scope.env
    # A new one for each life of the database, so that the final snapshots of two lives never have the same name.
    life = scope.add("terraform_data", "life")
    insights = supports_insights(settings)
    return scope.add(
        "aws_db_instance",
        identifier=scope.name,
        engine=settings.engine,
        engine_version=settings.version,
        instance_class=settings.instance,
        allocated_storage=settings.storage,
        max_allocated_storage=settings.max_storage or 2 * settings.storage,
        storage_type="gp3",
        storage_encrypted=True,
        kms_key_id=key(env).arn,
        db_name=settings.name,
        username=settings.username,
        manage_master_user_password=True,
        master_user_secret_kms_key_id=key(env).key_id,
        iam_database_authentication_enabled=True,
        port=port,
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[group.id],
        publicly_accessible=False,
        multi_az=multi_az_of(settings, env.stage),
        parameter_group_name=parameters.name,
        ca_cert_identifier=CERTIFICATE_AUTHORITY,
        backup_retention_period=backup_days_of(settings, env.stage),
        backup_window="17:00-17:30",
        maintenance_window="sun:18:00-sun:18:30",
        copy_tags_to_snapshot=True,
        delete_automated_backups=False,
        deletion_protection=protect_of(settings, env.stage),
        skip_final_snapshot=False,
        final_snapshot_identifier=f"{scope.name}-final-${{substr({life.address}.id, 0, 8)}}",
        auto_minor_version_upgrade=True,
        apply_immediately=not env.production,
        performance_insights_enabled=insights,
        performance_insights_kms_key_id=key(env).arn if insights else None,
        performance_insights_retention_period=7 if insights else None,
        monitoring_interval=60,
        monitoring_role_arn=monitoring_role(env).arn,
        enabled_cloudwatch_logs_exports=LOG_EXPORTS[settings.engine],
        **({"tags": {"Name": scope.name, **hours}} if hours else {}),
    )


def supports_insights(settings: Database) -> bool:
    """MySQL and MariaDB have no Performance Insights on the smallest classes
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html)."""
    return settings.engine == "postgres" or settings.instance.rsplit(".", 1)[-1] not in ("micro", "small")


@part
def monitoring_role(env: Environment) -> Resource:
    """The role RDS takes to write the metrics of its operating system."""
    scope = env.scope("databases", label="rds-monitoring")
    role = scope.add(
        "aws_iam_role",
        name=f"{env.prefix}-rds-monitoring",
        assume_role_policy=assume("monitoring.rds.amazonaws.com"),
    )
    scope.add(
        "aws_iam_role_policy_attachment",
        role=role.ref("name"),
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    )
    return role


def _connection(scope: Scope, settings: Database, instance: Resource, port: int) -> Resource:
    """The secret a service reads first: where the database is and which secret holds the password.

    Its name ends in random characters, so that it can be made again while an old one waits to be deleted.
    """
    env = scope.env
    secret = scope.add(
        "aws_secretsmanager_secret",
        "connection",
        name_prefix=f"{env.prefix}/databases/{scope.label}/",
        description=f"Where database {scope.label} is and which secret holds its password",
        kms_key_id=key(env).arn,
        recovery_window_in_days=30 if env.production else 7,
    )
    value = {
        "engine": settings.engine,
        "host": str(instance.ref("address")),
        "port": port,
        "database": settings.name,
        "password_secret": str(instance.master_user_secret[0].child("secret_arn")),
    }
    scope.add(
        "aws_secretsmanager_secret_version",
        "connection",
        secret_id=secret.id,
        secret_string=msgspec.json.encode(value).decode(),
    )
    return secret
