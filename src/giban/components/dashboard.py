"""A CloudWatch dashboard of the environment: a row of graphs for each component, named as its alarms are, with their thresholds.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import msgspec

from giban.components.alarm_parts import alarms_scope
from giban.components.alarm_watch import Watched
from giban.components.environment import Environment

WIDTH = 24
"""Columns of a dashboard."""
GRAPH = (6, 5)
"""Width and height of a graph."""
MOST_ALARMS = 100
"""Alarms of one status widget."""


def add_dashboard(env: Environment, watched: list[Watched]) -> None:
    """The dashboard, called as the environment."""
    widgets: list[dict[str, Any]] = []
    row = 0
    for start in range(0, len(watched), MOST_ALARMS):
        some = watched[start : start + MOST_ALARMS]
        height = 2 + (len(some) + 5) // 6
        properties = {"title": env.prefix, "alarms": [str(item.alarm.arn) for item in some]}
        widgets.append(_widget("alarm", 0, row, WIDTH, height, properties))
        row += height
    for service, items in groupby(watched, key=lambda item: item.service):
        widgets.append(_widget("text", 0, row, WIDTH, 1, {"markdown": f"## {service}", "background": "transparent"}))
        row += 1
        for index, item in enumerate(items):
            column = index * GRAPH[0] % WIDTH
            if index and column == 0:
                row += GRAPH[1]
            widgets.append(_widget("metric", column, row, *GRAPH, _graph(env, item)))
        row += GRAPH[1]
    alarms_scope(env).add(
        "aws_cloudwatch_dashboard",
        dashboard_name=env.prefix,
        dashboard_body=msgspec.json.encode({"widgets": widgets}).decode(),
    )


def _widget(kind: str, x: int, y: int, width: int, height: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _graph(env: Environment, item: Watched) -> dict[str, Any]:
    alarm = item.alarm.args
    shown = {"title": item.name, "view": "timeSeries", "region": env.region_name, "period": 60}
    queries = alarm.get("metric_query")
    if queries:
        metrics: list[list[Any]] = []
        for query in queries:
            if "expression" in query:
                metrics.append([{"expression": query["expression"], "id": query["id"], "label": query["label"]}])
            else:
                inner = query["metric"]
                hidden = {"id": query["id"], "visible": False, "stat": inner["stat"]}
                metrics.append([*_path(inner), hidden])
    else:
        statistic = alarm.get("statistic") or alarm.get("extended_statistic")
        metrics = [[*_path(alarm), {"stat": statistic}]]
        shown["period"] = alarm["period"]
    line = {"value": alarm["threshold"], "label": item.priority}
    return {**shown, "metrics": metrics, "annotations": {"horizontal": [line]}}


def _path(metric: dict[str, Any]) -> list[str]:
    """Namespace, name, then each dimension's name and value."""
    dimensions = [word for pair in sorted(metric["dimensions"].items()) for word in pair]
    return [metric["namespace"], metric["metric_name"], *dimensions]
