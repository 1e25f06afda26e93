"""Checks of log groups."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.values import number
from giban.graph.graph import Graph


@check("GB081", "warning", fix="Set retention_in_days, for example to 30 or 90.")
def log_group_without_retention(graph: Graph) -> Iterator[Hit]:
    """Log group keeps everything forever.

    ## What it finds
    A log group without `retention_in_days`, or with 0.

    ## Why it matters
    CloudWatch keeps such logs forever. They are paid for every month, and addresses of people in them may have to be deleted
    by law.

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_log_group": {"app": {"name": "/scv/app"}}}}
    ```
    Use instead:
    ```yaml
    logs: {days: 90}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
    """
    for group in graph.all("aws_cloudwatch_log_group"):
        if group.value("log_group_class") != "DELIVERY" and number(group, "retention_in_days", default=0) == 0:
            yield group, "Its logs are never deleted (retention_in_days is not set)."
