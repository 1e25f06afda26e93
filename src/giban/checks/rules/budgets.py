"""Checks of what watches an environment beside alarms: budgets and dashboards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.checks.messaging import document
from giban.checks.queries import multiplied
from giban.checks.registry import Hit, check
from giban.checks.values import listed, made_dynamically
from giban.graph.graph import Graph


@check("GB151", "warning", fix="Add a notification with a threshold and a topic or an address.")
def budget_without_notification(graph: Graph) -> Iterator[Hit]:
    """Budget tells nobody.

    ## What it finds
    A budget without a `notification`, or with one that has neither a topic nor an address. Budgets with actions are left out.

    ## Why it matters
    A budget limits nothing: it is a line in a chart. Without a notification somebody learns of the loop that ran all month from
    the bill.

    ## Example
    ```json
    {"resource": {"aws_budgets_budget": {"all": {"budget_type": "COST", "limit_amount": "200", "limit_unit": "USD",
      "time_unit": "MONTHLY"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_budgets_budget": {"all": {"budget_type": "COST", "limit_amount": "200", "limit_unit": "USD",
      "time_unit": "MONTHLY", "notification": [{"notification_type": "FORECASTED", "comparison_operator": "GREATER_THAN",
        "threshold": 100, "threshold_type": "PERCENTAGE", "subscriber_email_addresses": ["team@example.com"]}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html
    """
    told = ("subscriber_sns_topic_arns", "subscriber_email_addresses")
    for budget in graph.all("aws_budgets_budget"):
        if made_dynamically(budget, "notification") or graph.referrers(budget, "aws_budgets_budget_action"):
            continue
        if not any(block.get(name) for block in budget.blocks("notification") for name in told):
            yield budget, "Nobody is told when it is used up."


WIDGETS = 500
METRICS = 2500
METRICS_OF_WIDGET = 500
"""Most widgets and metrics of a dashboard
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html)."""


@check("GB152", "error", fix="Split the dashboard, or show a search expression instead of single metrics.")
def dashboard_too_large(graph: Graph) -> Iterator[Hit]:
    """Dashboard is larger than CloudWatch allows.

    ## What it finds
    A dashboard with more than 500 widgets, more than 500 metrics in a widget or 2,500 in all, or with a metric widget that does
    not say its region.

    ## Why it matters
    CloudWatch refuses the dashboard, at the end of an `apply` that made everything else. It grows with the environment, so that
    it is the twentieth service that breaks it.

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_dashboard": {"main": {"dashboard_name": "main", "dashboard_body":
      "{\\"widgets\\":[{\\"type\\":\\"metric\\",\\"properties\\":{\\"metrics\\":[[\\"AWS/EC2\\",\\"CPUUtilization\\"]]}}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_cloudwatch_dashboard": {"main": {"dashboard_name": "main", "dashboard_body":
      "{\\"widgets\\":[{\\"type\\":\\"metric\\",\\"properties\\":{\\"region\\":\\"ap-northeast-2\\",\\"metrics\\":[[\\"AWS/EC2\\",\\"CPUUtilization\\"]]}}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    for dashboard in graph.all("aws_cloudwatch_dashboard"):
        widgets = [
            one for one in listed(document(dashboard.value("dashboard_body")).get("widgets")) if isinstance(one, dict)
        ]
        numbers = [len(_metrics(one)) for one in widgets]
        if multiplied(dashboard):
            continue
        if len(widgets) > WIDGETS:
            yield dashboard, f"It has {len(widgets)} widgets; {WIDGETS} are the most."
        elif sum(numbers) > METRICS:
            yield dashboard, f"It has {sum(numbers)} metrics; {METRICS} are the most."
        elif max(numbers, default=0) > METRICS_OF_WIDGET:
            yield dashboard, f"One of its widgets has {max(numbers)} metrics; {METRICS_OF_WIDGET} are the most."
        elif any(_metrics(one) and not one["properties"].get("region") for one in widgets):
            yield dashboard, "One of its widgets does not say which region its metrics are from."


def _metrics(widget: dict[str, Any]) -> list[Any]:
    properties = widget.get("properties")
    if widget.get("type") != "metric" or not isinstance(properties, dict):
        return []
    return listed(properties.get("metrics"))
