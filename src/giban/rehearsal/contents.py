"""What exists on the emulators right now, asked with ordinary AWS clients.

`giban down` proves with it that nothing is left, `giban rehearsal status` shows it. What AWS puts into every account (the
default network, AWS's own policies) does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from giban.rehearsal.errors import RehearsalUnavailable
from giban.rehearsal.process import Running
from giban.rehearsal.services import ACCOUNT, SECRET, emulator_of

Clients = Callable[[str], Any]
"""Service name (botocore's) -> client."""

_ENDPOINT_NAMES = {"logs": "cloudwatchlogs", "events": "eventbridge", "stepfunctions": "sfn"}
"""botocore's names of services where the provider calls them otherwise."""


def clients(running: Running, region: str) -> Clients:
    """A factory of botocore clients for the emulators; each is made once. Nothing of the user's settings is read.

    Raises RehearsalUnavailable when botocore is not installed.
    """
    try:
        from botocore.config import Config
        from botocore.session import Session
    except ImportError as error:
        raise RehearsalUnavailable(["botocore"]) from error
    import os

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": 2},
        s3={"addressing_style": "path"},
        # A proxy of the user's environment would carry the token away from this machine.
        proxies={},
    )
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = Session(session_vars=nothing).create_client(
                service,
                region_name=region,
                endpoint_url=running.url(emulator_of(_ENDPOINT_NAMES.get(service, service))),
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key=SECRET,
                aws_session_token=running.token,
                config=config,
            )
        return made[service]

    return client


def _named(service: str, operation: str, key: str, name: str) -> Callable[[Clients], list[str]]:
    """Lists what one operation returns, by one of its fields, over all pages."""

    def names(client: Clients) -> list[str]:
        there = client(service)
        if there.can_paginate(operation):
            pages: Iterable[dict[str, Any]] = there.get_paginator(operation).paginate()
        else:
            pages = [getattr(there, operation)()]
        return [item if isinstance(item, str) else item[name] for page in pages for item in page.get(key, [])]

    return names


def _networks(client: Clients) -> list[str]:
    return [item["VpcId"] for item in client("ec2").describe_vpcs()["Vpcs"] if not item["IsDefault"]]


def _subnets(client: Clients) -> list[str]:
    return [item["SubnetId"] for item in client("ec2").describe_subnets()["Subnets"] if not item["DefaultForAz"]]


def _groups(client: Clients) -> list[str]:
    groups = client("ec2").describe_security_groups()["SecurityGroups"]
    return [item["GroupId"] for item in groups if item["GroupName"] != "default"]


def _instances(client: Clients) -> list[str]:
    pages = client("ec2").get_paginator("describe_instances").paginate()
    instances = (item for page in pages for group in page["Reservations"] for item in group["Instances"])
    return [item["InstanceId"] for item in instances if item["State"]["Name"] != "terminated"]


def _volumes(client: Clients) -> list[str]:
    pages = client("ec2").get_paginator("describe_volumes").paginate()
    return [item["VolumeId"] for page in pages for item in page["Volumes"]]


def _endpoints(client: Clients) -> list[str]:
    found = client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    return [item["VpcEndpointId"] for item in found if item.get("State") != "deleted"]


def _gateways(client: Clients) -> list[str]:
    found = client("ec2").describe_nat_gateways()["NatGateways"]
    return [item["NatGatewayId"] for item in found if item["State"] != "deleted"]


def _keys(client: Clients) -> list[str]:
    aliases = client("kms").get_paginator("list_aliases").paginate()
    of_aws = {
        item.get("TargetKeyId")
        for page in aliases
        for item in page["Aliases"]
        if item["AliasName"].startswith("alias/aws/")
    }
    listed = _named("kms", "list_keys", "Keys", "KeyId")(client)
    described = (client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in listed if key not in of_aws)
    return [key["KeyId"] for key in described if key["KeyState"] != "PendingDeletion"]


def _policies(client: Clients) -> list[str]:
    pages = client("iam").get_paginator("list_policies").paginate(Scope="Local")
    return [item["PolicyName"] for page in pages for item in page["Policies"]]


def _roles(client: Clients) -> list[str]:
    roles = client("iam").list_roles()["Roles"]
    return [item["RoleName"] for item in roles if not item["Path"].startswith("/aws-service-role/")]


def _web_acls(client: Clients) -> list[str]:
    return [item["Name"] for item in client("wafv2").list_web_acls(Scope="REGIONAL").get("WebACLs", [])]


def _parameters(client: Clients) -> list[str]:
    found = _named("ssm", "describe_parameters", "Parameters", "Name")(client)
    return [name for name in found if not name.startswith("/aws/")]


def _documents(client: Clients) -> list[str]:
    own = [{"Key": "Owner", "Values": ["Self"]}]
    return [item["Name"] for item in client("ssm").list_documents(Filters=own)["DocumentIdentifiers"]]


KINDS: dict[str, Callable[[Clients], list[str]]] = {
    "networks": _networks,
    "subnets": _subnets,
    "security groups": _groups,
    "NAT gateways": _gateways,
    "addresses": _named("ec2", "describe_addresses", "Addresses", "AllocationId"),
    "network endpoints": _endpoints,
    "instances": _instances,
    "volumes": _volumes,
    "launch templates": _named("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    "auto scaling groups": _named(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"
    ),
    "load balancers": _named("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    "target groups": _named("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    "certificates": _named("acm", "list_certificates", "CertificateSummaryList", "DomainName"),
    "web ACLs": _web_acls,
    "databases": _named("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    "database snapshots": _named("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    "buckets": _named("s3", "list_buckets", "Buckets", "Name"),
    "secrets": _named("secretsmanager", "list_secrets", "SecretList", "Name"),
    "keys": _keys,
    "roles": _roles,
    "policies": _policies,
    "log groups": _named("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "alarms": _named("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "parameters": _parameters,
    "session documents": _documents,
    "DNS zones": _named("route53", "list_hosted_zones", "HostedZones", "Name"),
    "topics": _named("sns", "list_topics", "Topics", "TopicArn"),
    "queues": _named("sqs", "list_queues", "QueueUrls", ""),
    "tables": _named("dynamodb", "list_tables", "TableNames", ""),
    "functions": _named("lambda", "list_functions", "Functions", "FunctionName"),
    "APIs": _named("apigatewayv2", "get_apis", "Items", "Name"),
    "API names": _named("apigatewayv2", "get_domain_names", "Items", "DomainName"),
    "event rules": _named("events", "list_rules", "Rules", "Name"),
    "schedules": _named("scheduler", "list_schedules", "Schedules", "Name"),
}
"""Kind of thing, in words, to the function that lists it."""


def contents(client: Clients, leave_out: Iterable[str] = ()) -> dict[str, list[str]]:
    """What exists, by kind: names or numbers, sorted. Kinds of which there is none are left out.

    `leave_out` are names that do not count, such as the bucket of the state.
    """
    hidden = set(leave_out)
    found = {kind: sorted(name for name in names(client) if name not in hidden) for kind, names in KINDS.items()}
    return {kind: names for kind, names in found.items() if names}
