"""CloudWatch metrics as alarms look at them: what values they have, when they have none, and whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from giban.checks.values import listed, text
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

PERCENT = frozenset(
    {
        ("AWS/EC2", "CPUUtilization"), ("AWS/RDS", "CPUUtilization"), ("AWS/RDS", "BurstBalance"),
        ("AWS/RDS", "EBSIOBalance%"), ("AWS/RDS", "EBSByteBalance%"), ("AWS/EC2", "EBSIOBalance%"),
        ("AWS/EC2", "EBSByteBalance%"), ("AWS/ElastiCache", "CPUUtilization"),
        ("AWS/ElastiCache", "EngineCPUUtilization"), ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage"),
        ("AWS/EFS", "PercentIOLimit"), ("AWS/EBS", "BurstBalance"), ("AWS/Route53", "HealthCheckPercentageHealthy"),
    }
)  # fmt: skip
"""Metrics between 0 and 100. (CPU and memory of ECS are not: a task may use more than it reserved.)
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html"""

AGENT_PERCENT = re.compile(
    r"(mem_used|disk_used|disk_inodes_used|swap_used|cpu_usage_\w+|mem_available)_percent|cpu_usage_\w+"
)
"""Metrics of the CloudWatch agent between 0 and 100, in whatever namespace
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/metrics-collected-by-CloudWatch-agent.html)."""

ZERO_OR_ONE = frozenset({"StatusCheckFailed", "StatusCheckFailed_Instance", "StatusCheckFailed_System",
                         "StatusCheckFailed_AttachedEBS", "HealthCheckStatus"})  # fmt: skip
"""Metrics of EC2 and Route 53 that are 0 or 1."""

SPARSE: dict[str, frozenset[str]] = {
    "AWS/ApplicationELB": frozenset({
        "HTTPCode_ELB_3XX_Count", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_502_Count",
        "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count", "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count",
        "TargetConnectionErrorCount", "RejectedConnectionCount", "TargetResponseTime", "RequestCount",
    }),
    "AWS/Lambda": frozenset({
        "Errors", "Throttles", "Duration", "Invocations", "DeadLetterErrors", "DestinationDeliveryFailures",
    }),
    "AWS/ApiGateway": frozenset({"4xx", "5xx", "4XXError", "5XXError", "Count", "Latency", "IntegrationLatency"}),
    "AWS/DynamoDB": frozenset({
        "ThrottledRequests", "SystemErrors", "UserErrors", "ReadThrottleEvents", "WriteThrottleEvents",
        "ConditionalCheckFailedRequests", "SuccessfulRequestLatency",
    }),
    "AWS/SNS": frozenset({"NumberOfNotificationsFailed", "NumberOfMessagesPublished", "NumberOfNotificationsDelivered"}),
    "AWS/Events": frozenset({"FailedInvocations", "Invocations", "TriggeredRules", "MatchedEvents"}),
    "AWS/Scheduler": frozenset({"TargetErrorCount", "InvocationAttemptCount", "InvocationDroppedCount"}),
    "AWS/SQS": frozenset({"NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"}),
}  # fmt: skip
"""Metrics that have a value only when something happened; otherwise data are missing
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html)."""

TRAFFIC = frozenset({"Invocations", "RequestCount", "Count", "NumberOfMessagesSent", "NumberOfMessagesReceived",
                     "NumberOfMessagesPublished", "TriggeredRules", "InvocationAttemptCount"})  # fmt: skip
"""Sparse metrics that count what ought to happen."""

SIGN_OF_LIFE = re.compile(r"(?i)heart_?beat|alive|uptime|last_?seen")
"""Names of metrics by which somebody says that he is there."""

DIMENSIONS: dict[str, frozenset[str]] = {
    "AWS/ApplicationELB": frozenset({"LoadBalancer", "TargetGroup", "AvailabilityZone"}),
    "AWS/NetworkELB": frozenset({"LoadBalancer", "TargetGroup", "AvailabilityZone"}),
    "AWS/EC2": frozenset({"InstanceId", "AutoScalingGroupName", "ImageId", "InstanceType"}),
    "AWS/RDS": frozenset({"DBInstanceIdentifier", "DBClusterIdentifier", "DbClusterIdentifier", "DatabaseClass",
                          "EngineName", "Role", "SourceRegion"}),
    "AWS/Lambda": frozenset({"FunctionName", "Resource", "ExecutedVersion", "EventSourceMappingUUID"}),
    "AWS/SQS": frozenset({"QueueName"}),
    "AWS/DynamoDB": frozenset({"TableName", "Operation", "GlobalSecondaryIndexName", "StreamLabel", "Verb",
                               "DelegatedOperation", "ReceivingRegion", "OperationType"}),
    "AWS/ApiGateway": frozenset({"ApiId", "ApiName", "Stage", "Method", "Resource", "Route"}),
    "AWS/NATGateway": frozenset({"NatGatewayId"}),
    "AWS/CertificateManager": frozenset({"CertificateArn"}),
}  # fmt: skip
"""The dimensions that metrics of a service have (same source as PERCENT)."""

NAMED_BY: dict[str, dict[str, tuple[str, ...]]] = {
    "LoadBalancer": {"aws_lb": ("arn_suffix",), "aws_alb": ("arn_suffix",)},
    "TargetGroup": {"aws_lb_target_group": ("arn_suffix",), "aws_alb_target_group": ("arn_suffix",)},
    "InstanceId": {"aws_instance": ("id",)},
    "AutoScalingGroupName": {"aws_autoscaling_group": ("name", "id")},
    "DBInstanceIdentifier": {"aws_db_instance": ("identifier",)},
    "DBClusterIdentifier": {"aws_rds_cluster": ("cluster_identifier", "id")},
    "FunctionName": {"aws_lambda_function": ("function_name", "id")},
    "QueueName": {"aws_sqs_queue": ("name",)},
    "TopicName": {"aws_sns_topic": ("name",)},
    "TableName": {"aws_dynamodb_table": ("name", "id")},
    "ApiId": {"aws_apigatewayv2_api": ("id",)},
    "NatGatewayId": {"aws_nat_gateway": ("id",)},
    "CertificateArn": {"aws_acm_certificate": ("arn", "id")},
    "BucketName": {"aws_s3_bucket": ("bucket", "id")},
}
"""The attribute that holds what a dimension wants, by the type of the resource. The `id` of a database instance is
another name of it since version 5 of the provider, the `id` of a queue its URL."""

SLOW = {"BucketSizeBytes": 86400.0, "NumberOfObjects": 86400.0, "DaysToExpiry": 43200.0}
"""Metrics that come once or twice a day, and after how many seconds
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html,
https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html)."""


class Metric(msgspec.Struct, frozen=True):
    """A metric that an alarm looks at."""

    namespace: str
    name: str
    dimensions: dict[str, Any]
    statistic: str
    period: float | None

    @property
    def sparse(self) -> bool:
        """Whether data are missing when nothing happens."""
        return self.name in SPARSE.get(self.namespace, ())

    @property
    def span(self) -> tuple[float | None, float | None]:
        """The smallest and largest value it can have; None where there is no limit."""
        one = self.statistic in ("Average", "Minimum", "Maximum") or self.statistic.startswith(("p", "tm"))
        if one and self.name in ZERO_OR_ONE:
            return (0.0, 1.0)
        if one and ((self.namespace, self.name) in PERCENT or AGENT_PERCENT.fullmatch(self.name)):
            return (0.0, 100.0)
        return (0.0 if self.namespace.startswith("AWS/") else None, None)


def metric_of(alarm: Resource) -> Metric | None:
    """The one metric of an alarm; None for an alarm on an expression and where its name is not known."""
    name, namespace = text(alarm, "metric_name"), text(alarm, "namespace")
    return _metric(alarm.args) if name and namespace and not alarm.blocks("metric_query") else None


def metrics_of(alarm: Resource) -> Iterator[Metric]:
    """Every metric of an alarm, those of its expressions too."""
    one = metric_of(alarm)
    if one is not None:
        yield one
    for query in alarm.blocks("metric_query"):
        for block in listed(query.get("metric")):
            if isinstance(block, dict) and not is_unknown([block.get("metric_name"), block.get("namespace")]):
                yield _metric(block)


def _metric(args: dict[str, Any]) -> Metric:
    dimensions = args.get("dimensions")
    try:
        period = None if args.get("period") is None else float(args["period"])
    except (TypeError, ValueError):
        period = None
    return Metric(
        namespace=str(args.get("namespace") or ""),
        name=str(args.get("metric_name") or ""),
        dimensions=dimensions if isinstance(dimensions, dict) else {},
        statistic=str(args.get("statistic") or args.get("extended_statistic") or args.get("stat") or ""),
        period=period,
    )
