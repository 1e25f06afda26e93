"""Checks of CloudWatch alarms: whether they can fire, end, and tell somebody."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.messaging import deliveries
from giban.checks.metrics import (
    DIMENSIONS,
    NAMED_BY,
    SIGN_OF_LIFE,
    SLOW,
    TRAFFIC,
    Metric,
    metric_of,
    metrics_of,
)
from giban.checks.queries import multiplied
from giban.checks.registry import Hit, check
from giban.checks.values import flag, given, number, text
from giban.graph.graph import Graph
from giban.graph.refs import find_refs
from giban.graph.resource import Resource

ALARM = "aws_cloudwatch_metric_alarm"
_ACTIONS = ("alarm_actions", "ok_actions", "insufficient_data_actions")


@check("GB144", "warning", fix="Set alarm_actions to the topic that the other alarms use.")
def alarm_tells_nobody(graph: Graph) -> Iterator[Hit]:
    """Alarm tells nobody, although others do.

    ## What it finds
    An alarm without an action (or with `actions_enabled = false`) in a root where other alarms send to a topic. Alarms that a
    composite alarm looks at are left out.

    ## Why it matters
    On the dashboard it looks like the others. The night it turns red, the others wake somebody and this one does not.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_cloudwatch_metric_alarm": {
        "cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]},
        "disk": {"alarm_name": "disk"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_cloudwatch_metric_alarm": {
        "cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]},
        "disk": {"alarm_name": "disk", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """
    telling = {one.sender.key: one.receiver for one in deliveries(graph) if one.service == "cloudwatch.amazonaws.com"}
    roots = {root: receiver for (root, _), receiver in sorted(telling.items(), key=lambda one: one[0])}
    rules = [str(one.value("alarm_rule")) for one in graph.all("aws_cloudwatch_composite_alarm")]
    for alarm in graph.all(ALARM, "aws_cloudwatch_composite_alarm"):
        topic = roots.get(alarm.stack.key)
        if topic is None:
            continue
        name = text(alarm, "alarm_name")
        part = any(alarm.address in rule or (name and name in rule) for rule in rules)
        if flag(alarm, "actions_enabled", default=True) is False:
            yield alarm, "Its actions are switched off (actions_enabled is false)."
        elif not part and not any(given(alarm, one) for one in _ACTIONS):
            yield alarm, f"It tells nobody; other alarms send to {topic.address}."


_ABOVE = {"GreaterThanThreshold": False, "GreaterThanOrEqualToThreshold": True}
_BELOW = {"LessThanThreshold": False, "LessThanOrEqualToThreshold": True}
"""Whether a comparison holds at the threshold itself."""


@check("GB145", "error", fix="Choose a threshold inside the range of the metric.")
def alarm_never_changes(graph: Graph) -> Iterator[Hit]:
    """Alarm can never fire, or never end.

    ## What it finds
    An alarm whose threshold lies outside of what its metric can be: more than 100 percent, more than 1 for a status check, less
    than nothing, or "at least 0" of what is never below. Alarms that take missing data for a breach are only judged for never
    ending.

    ## Why it matters
    It stays green (or red) whatever happens. Mostly a share (0.9)
    was taken for a percentage, or the other way round.

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"cpu": {"namespace": "AWS/EC2", "metric_name": "CPUUtilization",
      "statistic": "Average", "comparison_operator": "GreaterThanThreshold", "threshold": 100}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"cpu": {"namespace": "AWS/EC2", "metric_name": "CPUUtilization",
      "statistic": "Average", "comparison_operator": "GreaterThanThreshold", "threshold": 90}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    """
    for alarm in graph.all(ALARM):
        metric, operator = metric_of(alarm), text(alarm, "comparison_operator")
        threshold = number(alarm, "threshold", default=None)
        if metric is None or threshold is None or operator not in _ABOVE | _BELOW:
            continue
        low, high = metric.span
        # Turned round, "below" is the same question as "above".
        if operator in _BELOW:
            low, high, threshold = (None if high is None else -high), (None if low is None else -low), -threshold
        at = (_ABOVE | _BELOW)[operator]
        never = high is not None and (threshold > high or (threshold == high and not at))
        always = low is not None and (threshold < low or (threshold == low and at))
        shown = f"{metric.name} {operator} {number(alarm, 'threshold', default=None):g}"
        if never and text(alarm, "treat_missing_data") != "breaching":
            yield alarm, f"It can never fire: {shown}."
        elif always:
            yield alarm, f"It fires as soon as there are data and never ends: {shown}."


@check("GB146", "warning", fix='Set treat_missing_data to "notBreaching".')
def alarm_does_not_recover(graph: Graph) -> Iterator[Hit]:
    """Alarm does not come back to OK.

    ## What it finds
    An alarm on too much of something that is counted only when it happens (errors of functions, 5xx of load balancers and APIs,
    throttles, matches of a log filter without `default_value`), which does not take missing data for good.

    ## Why it matters
    When the errors end there are no data. Then the alarm stays red (`ignore`), or goes to "insufficient data" without saying that
    all is well (`missing`, the default); with `breaching` it is red whenever nothing happens. Nobody gets the "OK".

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"errors": {"namespace": "AWS/Lambda", "metric_name": "Errors",
      "statistic": "Sum", "comparison_operator": "GreaterThanThreshold", "threshold": 0}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"errors": {"namespace": "AWS/Lambda", "metric_name": "Errors",
      "statistic": "Sum", "comparison_operator": "GreaterThanThreshold", "threshold": 0,
      "treat_missing_data": "notBreaching"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    filters = _filtered(graph)
    for alarm in graph.all(ALARM):
        metric, missing = metric_of(alarm), text(alarm, "treat_missing_data", default="missing")
        if metric is None or text(alarm, "comparison_operator") not in _ABOVE or missing == "notBreaching":
            continue
        if (metric.sparse or (metric.namespace, metric.name) in filters) and missing in _GAPS:
            yield alarm, f"There are no data of {metric.name} when nothing happens: then it {_GAPS[missing]}."


_GAPS = {
    "missing": "has insufficient data and does not say that all is well",
    "ignore": "stays as it is, red for ever",
    "breaching": "is red",
}


def _filtered(graph: Graph) -> set[tuple[str, str]]:
    """Metrics that a log filter writes only when something matched."""
    return {
        (str(block.get("namespace")), str(block.get("name")))
        for one in graph.all("aws_cloudwatch_log_metric_filter")
        for block in one.blocks("metric_transformation")
        if block.get("default_value") is None
    }


@check("GB147", "error", fix='Set treat_missing_data to "breaching".')
def silence_taken_for_health(graph: Graph) -> Iterator[Hit]:
    """Alarm takes silence for health.

    ## What it finds
    An alarm on too little of something (calls, requests, messages, a heartbeat) that takes missing data for good or ignores them,
    or leaves them be and has no `insufficient_data_actions`.

    ## Why it matters
    The metric is missing exactly when what it counts has stopped. The alarm that was made for this day stays green.

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"beat": {"namespace": "AWS/Lambda", "metric_name": "Invocations",
      "statistic": "Sum", "comparison_operator": "LessThanThreshold", "threshold": 1,
      "treat_missing_data": "notBreaching"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"beat": {"namespace": "AWS/Lambda", "metric_name": "Invocations",
      "statistic": "Sum", "comparison_operator": "LessThanThreshold", "threshold": 1,
      "treat_missing_data": "breaching"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    for alarm in graph.all(ALARM):
        metric, missing = metric_of(alarm), text(alarm, "treat_missing_data", default="missing")
        if metric is None or text(alarm, "comparison_operator") not in _BELOW or missing in ("breaching", None):
            continue
        counted = metric.name in TRAFFIC and metric.sparse
        waits = missing == "missing" and (given(alarm, "insufficient_data_actions") or _scales(graph, alarm))
        if (counted or SIGN_OF_LIFE.search(metric.name)) and not waits:
            yield alarm, f"When {metric.name} stops there are no data, and it stays as it is ({missing})."


def _scales(graph: Graph, alarm: Resource) -> bool:
    """Whether an alarm only moves a scaling policy."""
    return any(one.type.endswith("_policy") for one in graph.follow_all(alarm, "alarm_actions"))


@check(
    "GB148",
    "error",
    fix="Choose a period of 10, 20, 30 or a multiple of 60 s, and look back a day at most (7 days from 1 h on).",
)
def alarm_with_impossible_periods(graph: Graph) -> Iterator[Hit]:
    """Alarm with periods that CloudWatch refuses.

    ## What it finds
    A `period` that is none of 10, 20, 30 and the multiples of 60, `evaluation_periods` that reach back more than a day (more than
    seven with periods of an hour or more), and more `datapoints_to_alarm` than periods.

    ## Why it matters
    CloudWatch refuses the alarm, in the middle of `apply`.

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"cpu": {"namespace": "AWS/EC2", "metric_name": "CPUUtilization",
      "period": 90, "evaluation_periods": 3}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_cloudwatch_metric_alarm": {"cpu": {"namespace": "AWS/EC2", "metric_name": "CPUUtilization",
      "period": 120, "evaluation_periods": 3}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    for alarm in graph.all(ALARM):
        period = number(alarm, "period", default=None)
        periods = number(alarm, "evaluation_periods", default=None)
        needed = number(alarm, "datapoints_to_alarm", default=None)
        if period is not None and period not in (10, 20, 30) and (period <= 0 or period % 60):
            yield alarm, f"Its period of {period:g} s is none of 10, 20, 30 and the multiples of 60."
        elif period is not None and periods is not None and period * periods > (86400 if period < 3600 else 604800):
            yield alarm, f"It looks back {period * periods / 3600:g} hours, more than CloudWatch allows."
        if needed is not None and periods is not None and needed > periods:
            yield alarm, f"It wants {needed:g} bad periods of {periods:g}."


@check("GB149", "warning", fix="Use a period at least as long as the metric's own, or switch detailed monitoring on.")
def alarm_asks_too_often(graph: Graph) -> Iterator[Hit]:
    """Alarm asks more often than its metric comes.

    ## What it finds
    An alarm on a metric of EC2 with a `period` below five minutes although the instance or launch template has no detailed
    monitoring; below an hour of a metric that comes once or twice a day (size of a bucket, days to the end of a certificate); or
    below a minute of any metric of AWS.

    ## Why it matters
    Most periods have no data: the alarm is "insufficient data" most of the time, or never has enough bad periods in a row.

    ## Example
    ```json
    {"resource": {
      "aws_instance": {"host": {"instance_type": "t3.small"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"namespace": "AWS/EC2", "metric_name": "CPUUtilization", "period": 60,
        "dimensions": {"InstanceId": "${aws_instance.host.id}"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_instance": {"host": {"instance_type": "t3.small"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"namespace": "AWS/EC2", "metric_name": "CPUUtilization", "period": 300,
        "dimensions": {"InstanceId": "${aws_instance.host.id}"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html
    """
    for alarm in graph.all(ALARM):
        for metric in metrics_of(alarm):
            own = _comes_every(graph, alarm, metric)
            if own is not None and metric.period is not None and metric.period < own:
                yield alarm, f"It asks for {metric.name} every {metric.period:g} s; it comes every {own:g} s."


def _comes_every(graph: Graph, alarm: Resource, metric: Metric) -> float | None:
    """Seconds between two data points of a metric; None when that is not known."""
    if not metric.namespace.startswith("AWS/"):
        return None
    if metric.name in SLOW:
        return SLOW[metric.name]
    # Status checks come every minute, whatever is paid for the rest.
    if metric.namespace == "AWS/EC2" and not metric.name.startswith("StatusCheck"):
        hosts = [one for value in metric.dimensions.values() for one in graph.targets(alarm, value)]
        if any(_is_detailed(graph, host) is False for host in hosts):
            return 300.0
    return 60.0


def _is_detailed(graph: Graph, host: Resource) -> bool | None:
    if host.type == "aws_instance":
        return flag(host, "monitoring", default=False)
    if host.type == "aws_autoscaling_group":
        template = graph.follow(host, "launch_template") or graph.follow(host, "mixed_instances_policy")
        if template is not None and template.type == "aws_launch_template":
            return flag(template, "monitoring", "enabled", default=False)
    return None


@check("GB150", "error", fix="Use the attribute that the dimension wants: arn_suffix, identifier, name or id.")
def alarm_on_nothing(graph: Graph) -> Iterator[Hit]:
    """Alarm looks at a metric that nobody writes.

    ## What it finds
    A dimension that the service does not have (`Queue` instead of `QueueName`), or that is filled with the wrong attribute of
    its resource: the ARN of a load balancer instead of `arn_suffix`, the `id` of a database instance instead of `identifier`,
    the URL of a queue instead of its name.

    ## Why it matters
    CloudWatch takes every name. The alarm stays at "insufficient data", or green, for ever.

    ## Example
    ```json
    {"resource": {
      "aws_lb": {"web": {"name": "web"}},
      "aws_cloudwatch_metric_alarm": {"errors": {"namespace": "AWS/ApplicationELB",
        "metric_name": "HTTPCode_ELB_5XX_Count", "dimensions": {"LoadBalancer": "${aws_lb.web.arn}"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lb": {"web": {"name": "web"}},
      "aws_cloudwatch_metric_alarm": {"errors": {"namespace": "AWS/ApplicationELB",
        "metric_name": "HTTPCode_ELB_5XX_Count", "dimensions": {"LoadBalancer": "${aws_lb.web.arn_suffix}"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
    """
    for alarm in graph.all(ALARM):
        if multiplied(alarm):
            continue
        for metric in metrics_of(alarm):
            for name in sorted(metric.dimensions):
                known = DIMENSIONS.get(metric.namespace)
                if known is not None and name not in known:
                    yield alarm, f"Metrics of {metric.namespace} have no dimension {name}: {', '.join(sorted(known))}."
                for ref in find_refs(metric.dimensions[name]):
                    wanted = NAMED_BY.get(name, {}).get(ref.address.partition(".")[0])
                    if wanted is not None and ref.attribute not in wanted:
                        yield alarm, f"{name} is filled with {ref.attribute} of {ref.address}; it wants {wanted[0]}."


@check("GB171", "notice", fix="Set ok_actions to the same topic as alarm_actions.")
def alarm_does_not_say_when_it_is_over(graph: Graph) -> Iterator[Hit]:
    """Alarm does not say when it is over.

    ## What it finds
    An alarm whose `alarm_actions` name a topic and whose `ok_actions` are not set, in a root where other alarms set them.

    ## Why it matters
    Whoever is woken looks for something that may have ended by itself, and an incident that was opened for it stays open.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_cloudwatch_metric_alarm": {
        "cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"],
          "ok_actions": ["${aws_sns_topic.alarms.arn}"]},
        "disk": {"alarm_name": "disk", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_cloudwatch_metric_alarm": {
        "cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"],
          "ok_actions": ["${aws_sns_topic.alarms.arn}"]},
        "disk": {"alarm_name": "disk", "alarm_actions": ["${aws_sns_topic.alarms.arn}"],
          "ok_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """
    kinds = (ALARM, "aws_cloudwatch_composite_alarm")
    saying = {alarm.stack.key for alarm in graph.all(*kinds) if given(alarm, "ok_actions")}
    for alarm in graph.all(*kinds):
        told = any(one.type == "aws_sns_topic" for one in graph.follow_all(alarm, "alarm_actions"))
        if told and alarm.stack.key in saying and not given(alarm, "ok_actions"):
            yield alarm, "Whoever is told that it fires is not told that it ended."
