"""Checks of relational databases: who reaches them, what a mistake or a failure takes away, what can be seen of them."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.database_parts import engine, is_copy, members, parameter
from giban.checks.registry import Hit, check
from giban.checks.values import flag, given, number, text
from giban.graph.graph import Graph
from giban.graph.power import hours_of
from giban.graph.resource import Resource

WEEK = 7


@check("GB040", "error", fix="Set publicly_accessible to false and reach the database from inside the VPC.")
def database_public(graph: Graph) -> Iterator[Hit]:
    """Database has a public address.

    ## What it finds
    A database instance (`aws_db_instance`, `aws_rds_cluster_instance`, Redshift, DMS) with `publicly_accessible`.

    ## Why it matters
    The endpoint then resolves to an address on the internet. One wide security group rule later, everybody can try
    passwords and every new flaw of the engine on it. Applications in the VPC do not need it; people come through Session
    Manager port forwarding or the VPN.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"publicly_accessible": true}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"publicly_accessible": false}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    """
    for database in graph.all(
        "aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster", "aws_dms_replication_instance"
    ):
        if flag(database, "publicly_accessible", default=False):
            yield database, "The database has an address on the internet (publicly_accessible)."


@check("GB041", "error", fix="Set storage_encrypted to true; it can only be chosen when the database is made.")
def database_unencrypted(graph: Graph) -> Iterator[Hit]:
    """Database storage is not encrypted.

    ## What it finds
    A database instance or cluster without `storage_encrypted`. Replicas and what is restored from a snapshot take it over
    from their source and are left out.

    ## Why it matters
    Snapshots, backups and replicas of an unencrypted database are unencrypted too, and can be shared with another account.
    It cannot be switched on later: the way there is a snapshot, an encrypted copy, and a new instance with a new address.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"engine": "postgres", "storage_encrypted": false}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"engine": "postgres", "storage_encrypted": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"):
        if is_copy(database) or (database.type == "aws_rds_cluster" and given(database, "global_cluster_identifier")):
            continue
        if text(database, "engine_mode") == "serverless":
            continue  # Aurora Serverless v1 is always encrypted.
        if flag(database, "storage_encrypted", default=False) is False:
            yield database, "The storage, and with it every snapshot and backup, is not encrypted."


@check(
    "GB042",
    "error",
    fix="Set deletion_protection to true and skip_final_snapshot to false.",
    relaxed=True,
)
def database_not_protected(graph: Graph) -> Iterator[Hit]:
    """Database can be destroyed with its data.

    ## What it finds
    A database instance or cluster without `deletion_protection` (a `lifecycle` with `prevent_destroy` counts as well), or
    one that is deleted without a last snapshot (`skip_final_snapshot`). Read replicas hold no data of their own and are
    left out.

    ## Why it matters
    A renamed label, a wrong workspace or a change of an argument that forces replacement is enough for Terraform to delete a
    database. Automatic backups go with it unless told otherwise. Deletion protection makes AWS refuse; the final snapshot
    is what is left when it was meant.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"skip_final_snapshot": true}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {
      "deletion_protection": true, "skip_final_snapshot": false, "final_snapshot_identifier": "main-final"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"):
        if given(database, "replicate_source_db"):
            continue
        kept = flag(database, "deletion_protection", default=False)
        if kept is False and not _prevents_destroy(database):
            yield database, "Nothing keeps the database from being deleted (deletion_protection is off)."
        if flag(database, "skip_final_snapshot", default=False):
            yield database, "Deleted without a last snapshot (skip_final_snapshot)."


def _prevents_destroy(resource: Resource) -> bool:
    lifecycle = resource.meta.get("lifecycle")
    body = lifecycle[0] if isinstance(lifecycle, list) and lifecycle else lifecycle
    return isinstance(body, dict) and body.get("prevent_destroy") in (True, "true")


@check("GB043", "warning", fix="Set backup_retention_period to 7 days or more.", relaxed=True)
def database_backups_short(graph: Graph) -> Iterator[Hit]:
    """Database backups are off or kept for less than a week.

    ## What it finds
    A database instance or cluster whose `backup_retention_period` is below 7 days. When it is not given, an instance made by
    Terraform keeps none and a cluster one day. Replicas are left out.

    ## Why it matters
    The retention is how far point-in-time recovery reaches. Wrong data is often noticed after a weekend or a holiday; with one
    day of backups it is then too late.

    ## Example
    ```yaml
    databases:
      main: {engine: postgres, version: "16", backup_days: 1}
    ```
    Use instead:
    ```yaml
    databases:
      main: {engine: postgres, version: "16", backup_days: 14}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"):
        if given(database, "replicate_source_db") or given(database, "replication_source_identifier"):
            continue
        days = number(database, "backup_retention_period", default=0 if database.type == "aws_db_instance" else 1)
        if days == 0:
            yield database, "Automatic backups are off (backup_retention_period is 0)."
        elif days is not None and days < WEEK:
            yield database, f"Backups are kept for {days:g} day{'s' if days > 1 else ''} only."


@check("GB044", "warning", fix="Set multi_az to true, or give the cluster an instance in a second zone.", relaxed=True)
def database_in_one_zone(graph: Graph) -> Iterator[Hit]:
    """Database runs in a single zone.

    ## What it finds
    A database instance without `multi_az`, or an Aurora cluster with one instance. Replicas are left out, and so are databases
    with hours (`power`): what is switched off at night is not what must always answer.

    ## Why it matters
    Without a standby, the loss of a zone or of a host means restoring a backup by hand: tens of minutes and the last
    minutes of data. With one, AWS switches over in one or two minutes; so it does for maintenance and for a change of the
    instance class.

    ## Example
    ```yaml
    databases:
      main: {engine: postgres, version: "16", multi_az: false}
    ```
    Use instead:
    ```yaml
    databases:
      main: {engine: postgres, version: "16", multi_az: true}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
    """
    for database in graph.all("aws_db_instance"):
        always = hours_of(database) is None and not given(database, "replicate_source_db")
        if always and flag(database, "multi_az", default=False) is False:
            yield database, "There is no standby in another zone (multi_az is off)."
    for cluster in graph.all("aws_rds_cluster"):
        if members(graph, cluster) == 1:
            yield cluster, "The cluster has one instance, so nothing takes over when its zone fails."


@check("GB045", "error", fix="Set the parameter in the parameter group of the database.")
def database_without_required_tls(graph: Graph) -> Iterator[Hit]:
    """Database accepts connections without TLS.

    ## What it finds
    A PostgreSQL, MySQL or MariaDB database that does not insist on TLS: `rds.force_ssl` is not 1 (the default since PostgreSQL
    15, and since 17 on Aurora), or `require_secure_transport` is not 1 or `ON` (default off).

    ## Why it matters
    Drivers fall back to plain text silently when TLS fails or is not configured. Then passwords and rows cross the network
    in the clear and nobody notices. When the server insists, a wrong client fails on the first day.

    ## Example
    ```json
    {"resource": {
      "aws_db_instance": {"main": {"engine": "mysql", "parameter_group_name": "${aws_db_parameter_group.main.name}"}},
      "aws_db_parameter_group": {"main": {"family": "mysql8.0"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_db_instance": {"main": {"engine": "mysql", "parameter_group_name": "${aws_db_parameter_group.main.name}"}},
      "aws_db_parameter_group": {"main": {"family": "mysql8.0",
        "parameter": [{"name": "require_secure_transport", "value": "1"}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster"):
        kind = engine(database)
        if kind is None or kind.tls_parameter is None:
            continue
        value = parameter(graph, database, kind.tls_parameter)
        if value is None or (value == "" and kind.tls_by_default is not False):
            continue
        if value.lower() not in ("1", "on"):
            how = f"{kind.tls_parameter} is {value or 'not set'}"
            yield database, f"Connections without TLS are accepted ({how} in its parameter group)."


CURRENT_AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html; rds-ca-2019 ended on 2024-08-22."""


@check("GB046", "warning", fix='Set ca_cert_identifier to "rds-ca-rsa2048-g1".')
def database_certificate_authority(graph: Graph) -> Iterator[Hit]:
    """Database has an expired or unspecified certificate authority.

    ## What it finds
    A database instance whose `ca_cert_identifier` is not given, or names an authority that has expired (`rds-ca-2019` and
    older).

    ## Why it matters
    Clients that verify the server stop connecting when its authority expires, and changing it may restart the
    database. When it is not given, the account's default of that day decides, so two environments may differ. Set at
    creation to an authority that lasts until 2061 or later, it never has to be touched again.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"ca_cert_identifier": "rds-ca-2019"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"ca_cert_identifier": "rds-ca-rsa2048-g1"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL-certificate-rotation.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster_instance"):
        authority = text(database, "ca_cert_identifier")
        if authority == "":
            yield database, "The certificate authority is not given; the account's default of that day decides."
        elif authority is not None and authority.startswith("rds-ca-20"):
            current = ", ".join(CURRENT_AUTHORITIES)
            yield database, f"The certificate authority {authority} has expired; current are {current}."


@check("GB049", "notice", fix="Set enabled_cloudwatch_logs_exports and a monitoring_interval such as 60.")
def database_without_logs(graph: Graph) -> Iterator[Hit]:
    """Database writes no logs and no system metrics.

    ## What it finds
    A database instance or cluster without `enabled_cloudwatch_logs_exports`, or an instance without enhanced monitoring
    (`monitoring_interval` 0).

    ## Why it matters
    Error and slow-query logs stay on the instance for days at most, and go with it. The usual metrics show the load from
    outside; enhanced monitoring shows the processes and the memory inside, which is what one wants to have had on the
    day after an incident.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"engine": "postgres"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"engine": "postgres", "monitoring_interval": 60,
      "enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"):
        field = f"enable{'' if database.type == 'aws_neptune_cluster' else 'd'}_cloudwatch_logs_exports"
        if not database.value(field):
            yield database, f"No log is exported ({field} is empty)."
    for database in graph.all("aws_db_instance", "aws_rds_cluster_instance"):
        if number(database, "monitoring_interval", default=0) == 0 and not _monitored_by_cluster(graph, database):
            yield database, "Enhanced monitoring is off (monitoring_interval is 0)."


def _monitored_by_cluster(graph: Graph, database: Resource) -> bool:
    cluster = graph.follow(database, "cluster_identifier")
    return cluster is not None and number(cluster, "monitoring_interval", default=0) != 0


@check("GB050", "notice", fix="Leave auto_minor_version_upgrade on.")
def database_without_minor_upgrades(graph: Graph) -> Iterator[Hit]:
    """Database takes no minor upgrades.

    ## What it finds
    A database instance with `auto_minor_version_upgrade` set to false.

    ## Why it matters
    Minor versions carry the engine's security fixes. AWS installs them in the maintenance window; switched off, somebody has
    to remember, until AWS ends the version and upgrades at a time of its own choice.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"auto_minor_version_upgrade": false}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"auto_minor_version_upgrade": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
    """
    for database in graph.all("aws_db_instance", "aws_rds_cluster_instance", "aws_elasticache_replication_group"):
        if flag(database, "auto_minor_version_upgrade", default=True) is False:
            yield database, "Minor versions, and with them security fixes, are not installed by themselves."
