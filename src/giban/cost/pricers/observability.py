"""CloudWatch: logs, alarms, dashboards; flow logs; messages of alarms."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.context import Context, Line
from giban.cost.logs import RDS_PREFIX, months_kept, stored, written
from giban.cost.ranges import ZERO, fixed
from giban.cost.registry import free, prices
from giban.graph.resource import Resource

free(
    "part of a log group, or a rule that only costs what it starts",
    "aws_cloudwatch_log_stream", "aws_cloudwatch_log_resource_policy", "aws_cloudwatch_log_subscription_filter",
    "aws_cloudwatch_query_definition", "aws_cloudwatch_event_target", "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_permission", "aws_cloudwatch_event_bus", "aws_cloudwatch_event_bus_policy",
    "aws_sns_topic_policy", "aws_scheduler_schedule_group",
)  # fmt: skip
free("AWS gives the first 14 million invocations of schedules a month", "aws_scheduler_schedule")

TARGET_TRACKING_ALARMS = 2
"""Alarms that target tracking makes and that are paid like others: one high, one low
(https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html)."""


@prices("aws_cloudwatch_log_group")
def log_group(group: Resource, context: Context) -> Iterator[Line]:
    """What is written, by who writes it, and what is kept, compressed, for the retention of the group."""
    total = ZERO
    if str(group.args.get("name", "")).startswith(RDS_PREFIX):
        total = context.use("database_log_gb")
    else:
        for writer, item, gb in written(group, context):
            total = total + gb
            yield context.line("CloudWatch", item, gb, "log ingestion", f"by {writer}")
    yield stored(total, months_kept(group.args.get("retention_in_days")), context)


@prices("aws_flow_log")
def flow_log(resource: Resource, context: Context) -> Iterator[Line]:
    """Into a log group: counted there. Into a bucket: vended logs, for which no price was found."""
    if resource.args.get("log_destination_type", "cloud-watch-logs") == "cloud-watch-logs":
        return
    gb = ZERO
    for fleet in context.topology.fleets():
        gb = gb + context.instances(fleet) * context.use("flow_log_gb_per_instance", fleet)
    yield context.line("CloudWatch", "vended logs to S3", gb, "flow logs")


@prices("aws_cloudwatch_metric_alarm")
def alarm(resource: Resource, context: Context) -> Iterator[Line]:
    """Each metric of an alarm is paid; below a period of 60 seconds it is a high-resolution alarm."""
    metrics = sum(1 for query in resource.blocks("metric_query") if query.get("metric")) or 1
    try:
        high = float(resource.args.get("period") or 60) < 60
    except (TypeError, ValueError):
        high = False
    item = "high-resolution alarm" if high else "standard resolution alarm"
    yield context.line("CloudWatch", item, fixed(metrics), "alarm", f"{metrics} metrics" if metrics > 1 else "")
    own = _custom(resource) - {metric for other in _before(resource, context) for metric in _custom(other)}
    own -= {metric for one in context.graph.all("aws_cloudwatch_log_metric_filter") for metric in _of_filter(one)}
    if own:
        item = "custom metric first 10000"
        yield context.line("CloudWatch", item, fixed(len(own)), "custom metric", "written by hosts or functions")


_Metric = tuple[str, str, str]
"""Namespace, name and dimensions."""


def _custom(alarm: Resource) -> set[_Metric]:
    """The metrics an alarm looks at that no service of AWS writes."""
    blocks = [alarm.args, *(query["metric"] for query in alarm.blocks("metric_query") if query.get("metric"))]
    parts = [part for block in blocks for part in (block if isinstance(block, list) else [block])]
    return {
        (str(part.get("namespace")), str(part.get("metric_name")), str(part.get("dimensions") or ""))
        for part in parts
        if isinstance(part, dict) and part.get("metric_name") and not str(part.get("namespace")).startswith("AWS/")
    }


def _before(alarm: Resource, context: Context) -> list[Resource]:
    """The alarms of the root before this one: two alarms on one metric pay it once."""
    return [one for one in context.graph.all(alarm.type) if one.stack is alarm.stack and one.key < alarm.key]


def _of_filter(one: Resource) -> set[_Metric]:
    """The metric of a log filter, which is priced there."""
    return {(str(b.get("namespace")), str(b.get("name")), "") for b in one.blocks("metric_transformation")}


@prices("aws_cloudwatch_composite_alarm")
def composite_alarm(_resource: Resource, context: Context) -> Iterator[Line]:
    """A composite alarm, whatever it is made of."""
    yield context.line("CloudWatch", "composite alarm", fixed(1), "composite alarm")


@prices("aws_autoscaling_policy", "aws_appautoscaling_policy")
def scaling_policy(resource: Resource, context: Context) -> Iterator[Line]:
    """Policies are free; the alarms that target tracking makes for itself are not."""
    if resource.args.get("policy_type") in ("TargetTrackingScaling", "PredictiveScaling"):
        number = fixed(TARGET_TRACKING_ALARMS)
        yield context.line("CloudWatch", "standard resolution alarm", number, "alarms of target tracking")


@prices("aws_cloudwatch_dashboard")
def dashboard(_resource: Resource, context: Context) -> Iterator[Line]:
    """A dashboard (three are free in an account, which an estimate of one environment cannot count)."""
    yield context.line("CloudWatch", "dashboard", fixed(1), "dashboard")


@prices("aws_cloudwatch_log_metric_filter")
def metric_filter(resource: Resource, context: Context) -> Iterator[Line]:
    """A filter is free, the custom metric it makes is not."""
    number = fixed(max(1, len(resource.blocks("metric_transformation"))))
    yield context.line("CloudWatch", "custom metric first 10000", number, "custom metric")


@prices("aws_synthetics_canary")
def canary(resource: Resource, context: Context) -> Iterator[Line]:
    """Runs of a canary at its rate; how often it runs is taken as every five minutes when the text does not say."""
    rate = str(resource.value("schedule", "expression") or "")
    minutes = float(rate[5:].split()[0]) if rate.startswith("rate(") and rate[5:].split()[0].isdecimal() else 5.0
    yield context.line("CloudWatch", "Synthetics canary run", context.hours * (60 / max(1.0, minutes)), "runs")


@prices("aws_sns_topic_subscription")
def subscription(resource: Resource, context: Context) -> Iterator[Line]:
    """E-mail, HTTPS and functions cost nearly nothing; no price of SMS was found."""
    if resource.args.get("protocol") == "sms":
        yield context.line("SNS", "SMS to Korea", fixed(1), "SMS", "how many is not known")
