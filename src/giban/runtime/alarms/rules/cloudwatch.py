"""CloudWatch alarms: as they come through SNS, and as EventBridge tells of them.

Form: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html (SNS),
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html (events).
"""

from __future__ import annotations

from . import console, making

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

STATES = {"ALARM": "firing", "OK": "resolved", "INSUFFICIENT_DATA": "unknown"}
OTHERWISE = "P2"
"""Of an alarm that the configuration does not know: somebody made it, and will want to hear of it."""


def read(raw: Mapping[str, Any], config: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """The message of SNS. Raises Unreadable for a state that is none."""
    trigger = raw.get("Trigger")
    trigger = trigger if isinstance(trigger, dict) else {}
    arn = making.text_of(raw.get("AlarmArn")).split(":")
    children = raw.get("TriggeringChildren")
    names = [
        making.text_of(child.get("Arn")).rpartition(":")[2]
        for child in (children if isinstance(children, list) else ())
        if isinstance(child, dict)
    ]
    return _alert(
        config,
        now,
        name=making.text_of(raw.get("AlarmName")),
        state=making.text_of(raw.get("NewStateValue")),
        before=making.text_of(raw.get("OldStateValue")),
        reason=making.text_of(raw.get("NewStateReason")),
        description=making.text_of(raw.get("AlarmDescription")),
        at=making.moment(raw.get("StateChangeTime")),
        region=arn[3] if len(arn) > 3 else "",
        metric=_metric(trigger),
        threshold=making.number(trigger.get("Threshold")),
        unit=making.text_of(trigger.get("Unit")),
        labels={
            "account": raw.get("AWSAccountId"),
            "comparison": trigger.get("ComparisonOperator"),
            "rule": raw.get("AlarmRule"),
            "children": ", ".join(names),
        },
    )


def read_event(raw: Mapping[str, Any], config: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """The event "CloudWatch Alarm State Change"."""
    detail = raw["detail"]
    state = detail.get("state")
    state = state if isinstance(state, dict) else {}
    previous = detail.get("previousState")
    configuration = detail.get("configuration")
    configuration = configuration if isinstance(configuration, dict) else {}
    metrics = configuration.get("metrics")
    return _alert(
        config,
        now,
        name=making.text_of(detail.get("alarmName")),
        state=making.text_of(state.get("value")),
        before=making.text_of(previous.get("value") if isinstance(previous, dict) else None),
        reason=making.text_of(state.get("reason")),
        description=making.text_of(configuration.get("description")),
        at=making.moment(state.get("timestamp")) or making.moment(raw.get("time")),
        region=making.text_of(raw.get("region")),
        metric=_first_metric(metrics if isinstance(metrics, list) else [], "metricStat"),
        threshold=None,
        unit="",
        labels={"account": raw.get("account"), "rule": configuration.get("alarmRule")},
    )


def value_of(reason: str) -> float | None:
    """The last value that a reason names: `Threshold Crossed: 1 datapoint [91.2 (21/11/26 09:00:00)] was …`; None without one."""
    _, bracket, rest = reason.partition("[")
    if not bracket and "datapoint (" in reason:
        rest = reason.partition("datapoint (")[2]
    words = rest.replace("]", " ").replace(",", " ").replace(")", " ").split()
    return making.number(words[0]) if words else None


def _alert(
    config: Mapping[str, Any],
    now: float,
    *,
    name: str,
    state: str,
    before: str,
    reason: str,
    description: str,
    at: float | None,
    region: str,
    metric: dict[str, Any] | None,
    threshold: float | None,
    unit: str,
    labels: dict[str, object],
) -> list[dict[str, Any]]:
    if not name:
        raise making.Unreadable("a CloudWatch alarm without AlarmName")
    if state not in STATES:
        raise making.Unreadable(
            f'the alarm "{making.cut(name, 60)}" has the state "{making.cut(state, 30)}"; ALARM, OK and '
            "INSUFFICIENT_DATA are known"
        )
    entry = (config.get("alarms") or {}).get(name) or {}
    priority = str(entry.get("priority") or OTHERWISE)
    # CloudWatch counts bytes and milliseconds, people GiB and seconds.
    scale = making.number(entry.get("scale")) or 1
    value = value_of(reason)
    region = region or str(config.get("region") or "")
    made = making.alert(
        f"alarm:{name}",
        now,
        config,
        source="cloudwatch",
        status=STATES[state],
        priority=priority,
        service=str(entry.get("service") or "aws"),
        kind=str(entry.get("kind") or "alarm"),
        name=name,
        title=str(entry.get("what") or description or name),
        text=reason,
        at=at,
        region=region,
        resource=name,
        value=None if value is None else value / scale,
        threshold=None if threshold is None else threshold / scale,
        unit=str(entry.get("unit") or ("" if unit == "None" else unit)),
        metric=metric,
        console=console.link(config, "alarm", name, region),
        runbook=entry.get("runbook"),
        do=str(entry.get("do") or ""),
        labels={**labels, **(entry.get("labels") or {})},
    )
    patience = making.number(entry.get("patience"))
    if patience and state == "ALARM" and before == "INSUFFICIENT_DATA":
        # An alarm that was just made has heard of nothing yet, and takes that for silence.
        made["not_before"] = made["at"] + patience
    return [made]


def _metric(trigger: Mapping[str, Any]) -> dict[str, Any] | None:
    name = making.text_of(trigger.get("MetricName"))
    if not name:
        metrics = trigger.get("Metrics")
        return _first_metric(metrics if isinstance(metrics, list) else [], "MetricStat")
    dimensions = trigger.get("Dimensions")
    return {
        "namespace": making.text_of(trigger.get("Namespace")),
        "name": name,
        "dimensions": {
            making.text_of(one.get("name") or one.get("Name")): making.text_of(one.get("value") or one.get("Value"))
            for one in (dimensions if isinstance(dimensions, list) else ())
            if isinstance(one, dict)
        },
        "statistic": _statistic(making.text_of(trigger.get("ExtendedStatistic") or trigger.get("Statistic"))),
        "period": making.number(trigger.get("Period")) or 60.0,
    }


def _first_metric(metrics: list[Any], field: str) -> dict[str, Any] | None:
    """The first real metric of an alarm over an expression. SNS writes MetricStat, EventBridge metricStat."""
    for one in metrics:
        stat = one.get(field) if isinstance(one, dict) else None
        if not isinstance(stat, dict):
            continue
        found = stat.get("Metric") or stat.get("metric")
        if not isinstance(found, dict):
            continue
        dimensions = found.get("Dimensions") or found.get("dimensions") or {}
        if isinstance(dimensions, list):
            dimensions = {
                making.text_of(pair.get("name") or pair.get("Name")): making.text_of(
                    pair.get("value") or pair.get("Value")
                )
                for pair in dimensions
                if isinstance(pair, dict)
            }
        return {
            "namespace": making.text_of(found.get("Namespace") or found.get("namespace")),
            "name": making.text_of(found.get("MetricName") or found.get("name")),
            "dimensions": dimensions if isinstance(dimensions, dict) else {},
            "statistic": _statistic(making.text_of(stat.get("Stat") or stat.get("stat"))),
            "period": making.number(stat.get("Period") or stat.get("period")) or 60.0,
        }
    return None


def _statistic(given: str) -> str:
    """As GetMetricData wants it: SNS writes AVERAGE and SAMPLECOUNT, the API Average and SampleCount."""
    names = {name.lower(): name for name in ("Average", "Sum", "Minimum", "Maximum", "SampleCount")}
    return names.get(given.lower().replace("_", ""), given) or "Average"
