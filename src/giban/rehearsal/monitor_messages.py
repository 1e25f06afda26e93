"""What CloudWatch tells when an alarm changes its state: the message to SNS, the event to EventBridge, the call of a function.

Fields as AWS sends them: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html; SNS's message is as it arrives.
Alarms are moto's objects here, read only.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

_REGIONS = {
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
}
"""The names that CloudWatch puts into its messages; of others the rehearsal gives the code."""
_SUBJECT = 100
"""Characters of a subject. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""


class Change(NamedTuple):
    """A change of an alarm's state."""

    alarm: Any
    account: str
    before: str
    reason_before: str
    since_before: float
    """When the state before began, in seconds since 1970."""
    at: float


def moment(seconds: float) -> str:
    """A time as CloudWatch writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def subject(change: Change) -> str:
    """Of the message to SNS."""
    alarm = change.alarm
    return f'{alarm.state_value}: "{alarm.name}" in {_REGIONS.get(alarm.region_name, alarm.region_name)}'[:_SUBJECT]


def message(change: Change) -> str:
    """The message to SNS."""
    alarm = change.alarm
    made = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": change.account,
        "AlarmConfigurationUpdatedTimestamp": moment(
            alarm.configuration_updated_timestamp.replace(tzinfo=UTC).timestamp()
        ),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": moment(change.at),
        "Region": _REGIONS.get(alarm.region_name, alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": change.before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is not None:
        return json.dumps({**made, "AlarmRule": alarm.rule})
    return json.dumps({**made, "Trigger": _trigger(alarm)})


def _trigger(alarm: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return {**made, "Metrics": [_query(query) for query in alarm.metric_data_queries]}
    statistic = (
        {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
        if alarm.extended_statistic
        else {"StatisticType": "Statistic", "Statistic": _STATISTICS.get(alarm.statistic, alarm.statistic)}
    )
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **statistic,
        "Unit": alarm.unit,
        "Dimensions": [{"value": part.value, "name": part.name} for part in alarm.dimensions],
        **made,
    }


_STATISTICS = {
    "Average": "AVERAGE",
    "Maximum": "MAXIMUM",
    "Minimum": "MINIMUM",
    "SampleCount": "SAMPLE_COUNT",
    "Sum": "SUM",
}


def _query(query: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"Id": query.id, "Label": query.label, "ReturnData": _returns(query)}
    if query.expression:
        return {**made, "Expression": query.expression}
    metric = query.metric_stat.metric
    dimensions = [{"value": part.value, "name": part.name} for part in metric.dimensions]
    described = {"Dimensions": dimensions, "MetricName": metric.metric_name, "Namespace": metric.namespace}
    return {
        **made,
        "MetricStat": {"Metric": described, "Period": int(query.metric_stat.period), "Stat": query.metric_stat.stat},
    }


def _returns(query: Any) -> bool:
    return str(query.return_data).lower() != "false"


def event(change: Change) -> dict[str, Any]:
    """The event "CloudWatch Alarm State Change", as `aws_events` takes it."""
    alarm = change.alarm
    state = {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "reasonData": alarm.state_reason_data or "{}",
        "timestamp": moment(change.at),
    }
    before = {"value": change.before, "reason": change.reason_before, "timestamp": moment(change.since_before)}
    configuration: dict[str, Any] = {"description": alarm.description or ""}
    if alarm.rule is not None:
        configuration["alarmRule"] = alarm.rule
    else:
        configuration["metrics"] = (
            [_metric(alarm)] if alarm.metric_name else [_lower(_query(query)) for query in alarm.metric_data_queries]
        )
    return {
        "account": change.account,
        "region": alarm.region_name,
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": [alarm.alarm_arn],
        "detail": {"alarmName": alarm.name, "state": state, "previousState": before, "configuration": configuration},
    }


def _metric(alarm: Any) -> dict[str, Any]:
    dimensions = {part.name: part.value for part in alarm.dimensions}
    return {
        "id": "m1",
        "metricStat": {
            "metric": {"namespace": alarm.namespace, "name": alarm.metric_name, "dimensions": dimensions},
            "period": alarm.period,
            "stat": alarm.statistic or alarm.extended_statistic,
        },
        "returnData": True,
    }


def _lower(query: dict[str, Any]) -> dict[str, Any]:
    made = {"id": query["Id"], "label": query["Label"], "returnData": query["ReturnData"]}
    if "Expression" in query:
        return {**made, "expression": query["Expression"]}
    stat = query["MetricStat"]
    dimensions = {part["name"]: part["value"] for part in stat["Metric"]["Dimensions"]}
    metric = {"namespace": stat["Metric"]["Namespace"], "name": stat["Metric"]["MetricName"], "dimensions": dimensions}
    return {**made, "metricStat": {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}}


def call(change: Change) -> dict[str, Any]:
    """What a function gets that is an alarm's action."""
    told = event(change)
    return {
        "source": "aws.cloudwatch",
        "alarmArn": change.alarm.alarm_arn,
        "accountId": change.account,
        "time": moment(change.at),
        "region": change.alarm.region_name,
        "alarmData": told["detail"],
    }
