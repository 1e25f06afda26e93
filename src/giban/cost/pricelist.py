"""The AWS Price List as rows of a price file: which product an item is, and how its price is read.

Pure: whoever calls gives a function that asks `GetProducts` (https://docs.aws.amazon.com/aws-cost-management/latest/
APIReference/API_pricing_GetProducts.html). An item with no product, or with several different prices, is left out and
named: nothing is guessed. Usage types are those that stand on AWS bills, a region's prefix before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from giban.cost.prices import INSTANCE_SERVICE, Row
from giban.graph.graph import Graph

GetProducts = Callable[[str, dict[str, str]], list[dict[str, Any]]]
"""Service code and exact attribute values in, products (parsed JSON) out."""

PREFIXES = {
    "ap-northeast-1": "APN1-",
    "ap-northeast-2": "APN2-",
    "ap-south-1": "APS3-",
    "ap-southeast-1": "APS1-",
    "ap-southeast-2": "APS2-",
    "eu-central-1": "EUC1-",
    "eu-west-1": "EU-",
    "us-east-2": "USE2-",
    "us-west-2": "USW2-",
}
"""What begins a usage type in a region. us-east-1 is left out: some of its usage types have a prefix and some have none."""


class Query(NamedTuple):
    """Where an item of the price files is in the Price List."""

    service: str
    item: str
    unit: str
    code: str
    usage_type: str
    """Without the region's prefix; `{region}` stands for the region."""
    scale: float = 1.0
    """How many of the list's units are one of ours."""
    attributes: tuple[tuple[str, str], ...] = ()


_APPLICATION = (("operation", "LoadBalancing:Application"),)
_NETWORK = (("operation", "LoadBalancing:Network"),)
QUERIES = (
    Query("VPC", "NAT gateway", "hour", "AmazonEC2", "NatGateway-Hours"),
    Query("VPC", "NAT gateway data processed", "GB", "AmazonEC2", "NatGateway-Bytes"),
    Query("VPC", "public IPv4 address (in use or idle)", "hour", "AmazonVPC", "PublicIPv4:InUseAddress"),
    Query("VPC", "interface endpoint per AZ", "hour", "AmazonVPC", "VpcEndpoint-Hours"),
    Query("VPC", "interface endpoint data (first 1 PB)", "GB", "AmazonVPC", "VpcEndpoint-Bytes"),
    Query("EBS", "gp3 storage", "GB-month", "AmazonEC2", "EBS:VolumeUsage.gp3"),
    Query("EBS", "gp3 additional IOPS", "IOPS-month", "AmazonEC2", "EBS:VolumeP-IOPS.gp3"),
    # The list has GiBps-months, we have MiBps-months.
    Query("EBS", "gp3 additional throughput", "MiBps-month", "AmazonEC2", "EBS:VolumeP-Throughput.gp3", 1 / 1024),
    Query("EBS", "gp2 storage", "GB-month", "AmazonEC2", "EBS:VolumeUsage.gp2"),
    Query("EBS", "snapshot standard", "GB-month", "AmazonEC2", "EBS:SnapshotUsage"),
    Query("ELB", "ALB", "hour", "AWSELB", "LoadBalancerUsage", 1, _APPLICATION),
    Query("ELB", "ALB LCU", "LCU-hour", "AWSELB", "LCUUsage", 1, _APPLICATION),
    Query("ELB", "NLB", "hour", "AWSELB", "LoadBalancerUsage", 1, _NETWORK),
    Query("ELB", "NLB LCU", "LCU-hour", "AWSELB", "LCUUsage", 1, _NETWORK),
    Query("Data transfer", "internet egress first 10 TB per month", "GB", "AWSDataTransfer", "DataTransfer-Out-Bytes"),
    Query("Data transfer", "cross-AZ (each direction)", "GB", "AWSDataTransfer", "DataTransfer-Regional-Bytes"),
    Query("RDS PostgreSQL", "gp3 storage Single-AZ", "GB-month", "AmazonRDS", "RDS:GP3-Storage"),
    Query("RDS PostgreSQL", "gp3 storage Multi-AZ", "GB-month", "AmazonRDS", "RDS:Multi-AZ-GP3-Storage"),
    Query("RDS PostgreSQL", "backup beyond free allowance", "GB-month", "AmazonRDS", "RDS:ChargedBackupUsage"),
    Query("S3", "Standard storage first 50 TB", "GB-month", "AmazonS3", "TimedStorage-ByteHrs"),
    Query("S3", "PUT COPY POST LIST", "1000 requests", "AmazonS3", "Requests-Tier1", 1e3),
    Query("S3", "GET", "10000 requests", "AmazonS3", "Requests-Tier2", 1e4),
    Query("KMS", "customer managed key (per key version)", "key-month", "awskms", "{region}-KMS-Keys"),
    Query("KMS", "requests", "10000 requests", "awskms", "{region}-KMS-Requests", 1e4),
    Query("Secrets Manager", "secret", "secret-month", "AWSSecretsManager", "AWSSecretsManager-Secrets"),
    Query("WAF", "web ACL", "month", "awswaf", "WebACLV2"),
    Query("WAF", "rule", "month", "awswaf", "RuleV2"),
    Query("WAF", "requests", "1M requests", "awswaf", "RequestV2-Tier1", 1e6),
    Query("CloudWatch", "Logs standard ingest", "GB", "AmazonCloudWatch", "DataProcessing-Bytes"),
    Query("CloudWatch", "vended logs first 10 TB", "GB", "AmazonCloudWatch", "VendedLog-Bytes"),
    Query("CloudWatch", "Logs storage", "GB-month", "AmazonCloudWatch", "TimedStorage-ByteHrs"),
    Query("CloudWatch", "custom metric first 10000", "metric-month", "AmazonCloudWatch", "CW:MetricMonitorUsage"),
    Query("CloudWatch", "standard resolution alarm", "alarm-month", "AmazonCloudWatch", "CW:AlarmMonitorUsage"),
    Query("CloudWatch", "composite alarm", "alarm-month", "AmazonCloudWatch", "CW:CompositeAlarmMonitorUsage"),
    Query("CloudWatch", "high-resolution alarm", "alarm-month", "AmazonCloudWatch", "CW:HighResAlarmMonitorUsage"),
    Query("Lambda", "requests", "1M requests", "AWSLambda", "Request", 1e6),
    Query("Lambda", "duration x86", "GB-second", "AWSLambda", "Lambda-GB-Second"),
    Query("Lambda", "duration arm64", "GB-second", "AWSLambda", "Lambda-GB-Second-ARM"),
    Query("API Gateway", "HTTP API requests (first tier)", "1M requests", "AmazonApiGateway", "ApiGatewayHttpApi", 1e6),
    Query("DynamoDB on-demand", "write request units", "1M", "AmazonDynamoDB", "WriteRequestUnits", 1e6),
    Query("DynamoDB on-demand", "read request units", "1M", "AmazonDynamoDB", "ReadRequestUnits", 1e6),
    Query("DynamoDB", "table storage", "GB-month", "AmazonDynamoDB", "TimedStorage-ByteHrs"),
    Query("DynamoDB", "point-in-time recovery", "GB-month", "AmazonDynamoDB", "TimedPITRStorage-ByteHrs"),
    Query("SQS", "standard queue requests", "1M requests", "AWSQueueService", "Requests-Tier1", 1e6),
    Query("SQS", "FIFO queue requests", "1M requests", "AWSQueueService", "Requests-FIFO-Tier1", 1e6),
    Query("SNS", "publish requests", "1M requests", "AmazonSNS", "Requests-Tier1", 1e6),
    Query("X-Ray", "traces recorded", "1M traces", "AWSXRay", "XRay-TracesStored", 1e6),
)
"""The items that an environment of instances, balancers, databases and functions needs."""

ENGINES = {"postgres": ("RDS PostgreSQL", "PostgreSQL"), "mysql": ("RDS MySQL", "MySQL")}


def regions(graph: Graph) -> list[str]:
    """The regions of an environment that can be asked for."""
    return sorted({stack.region for stack in graph.stacks if stack.region in PREFIXES})


def refresh(graph: Graph, get: GetProducts, today: str) -> tuple[list[Row], list[str]]:
    """Price rows for the regions, instance types and database classes of an environment; and what was not found."""
    rows: list[Row] = []
    missing: list[str] = []
    for region in regions(graph):
        for query, attributes in [*_items(region), *_instances(graph, region), *_databases(graph, region)]:
            found = _prices(get(query.code, {"regionCode": region, **attributes}))
            if len(found) != 1:
                reason = "several prices" if found else "no price"
                missing.append(f"{query.service}: {query.item} in {region} ({reason})")
                continue
            source = f"AWS Price List {query.code} {region}"
            usd = {region: round(found.pop() * query.scale, 12)}
            rows.append(Row(query.service, query.item, query.unit, usd, source, today, "high"))
    return rows, missing


def table(rows: Iterable[Row]) -> list[list[str]]:
    """The rows as cells of a price file, one column per region."""
    rows = list(rows)
    columns = sorted({region for row in rows for region in row.usd})
    head = ["service", "item", "unit", *(f"{c.replace('-', '_')}_usd" for c in columns), "source", "date", "confidence"]
    cells = [
        [
            row.service,
            row.item,
            row.unit,
            *(_cell(row.usd.get(c)) for c in columns),
            row.source,
            row.date,
            row.confidence,
        ]
        for row in rows
    ]
    return [head, *sorted(cells)]


def _items(region: str) -> list[tuple[Query, dict[str, str]]]:
    asked = []
    for query in QUERIES:
        usage_type = query.usage_type.replace("{region}", region)
        full = usage_type if usage_type.startswith(region) else PREFIXES[region] + usage_type
        asked.append((query, {"usagetype": full, **dict(query.attributes)}))
    return asked


def _instances(graph: Graph, region: str) -> list[tuple[Query, dict[str, str]]]:
    holders = graph.all("aws_instance", "aws_launch_template", "aws_launch_configuration")
    types = {str(r.args["instance_type"]) for r in holders if r.region == region and "instance_type" in r.args}
    return [
        (
            Query(INSTANCE_SERVICE, type_, "hour", "AmazonEC2", ""),
            {
                "instanceType": type_,
                "operatingSystem": "Linux",
                "tenancy": "Shared",
                "preInstalledSw": "NA",
                "capacitystatus": "Used",
            },
        )
        for type_ in sorted(types)
        if "${" not in type_
    ]


def _databases(graph: Graph, region: str) -> list[tuple[Query, dict[str, str]]]:
    wanted = {
        (str(r.args.get("engine")), str(r.args.get("instance_class")), option)
        for r in graph.all("aws_db_instance")
        if r.region == region and r.args.get("engine") in ENGINES
        for option in ("Single-AZ", "Multi-AZ")
    }
    return [
        (
            Query(ENGINES[engine][0], f"{class_} {option}", "hour", "AmazonRDS", ""),
            {"instanceType": class_, "databaseEngine": ENGINES[engine][1], "deploymentOption": option},
        )
        for engine, class_, option in sorted(wanted)
        if "${" not in class_
    ]


def _prices(products: Iterable[dict[str, Any]]) -> set[float]:
    """The on-demand prices of the first tier that is not free, of every product."""
    found: set[float] = set()
    for product in products:
        for term in product.get("terms", {}).get("OnDemand", {}).values():
            tiers = sorted(
                (float(d.get("beginRange") or 0), float(d.get("pricePerUnit", {}).get("USD") or 0))
                for d in term.get("priceDimensions", {}).values()
            )
            found.update([usd for _, usd in tiers if usd > 0][:1])
    return found


def _cell(usd: float | None) -> str:
    return "" if usd is None else f"{usd:.12f}".rstrip("0").rstrip(".")
