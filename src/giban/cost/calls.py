"""How often functions and APIs are called: by schedules, event rules, the APIs in front of them, machines that report.

A trigger whose rate nobody can read (a queue, a bucket, a function URL) leaves the assumption `invocations`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from giban.cost.context import Context
from giban.cost.ranges import ZERO, Range, fixed
from giban.cost.usage import HOURS
from giban.graph.power import switched
from giban.graph.resource import Resource

REPORTS_AN_HOUR = 60.0
"""How often the agent of a machine that stops by itself reports."""

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_PER_HOUR = {"minute": 60.0, "hour": 1.0, "day": 1 / 24}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def runs_a_month(expression: object) -> float | None:
    """How often a schedule runs in a month; None when that is not written down.

    `rate(1 minute)`, `cron(0/5 8-18 ? * MON-FRI *)` and `at(…)`, as in
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html.
    """
    text = str(expression or "").strip()
    if match := _RATE.fullmatch(text):
        return HOURS * _PER_HOUR[match[2]] / max(1, int(match[1]))
    if text.startswith("at("):
        return 0.0
    fields = text[5:-1].split() if text.startswith("cron(") and text.endswith(")") else []
    if len(fields) != 6:
        return None
    try:
        minutes, hours = _matches(fields[0], 60), _matches(fields[1], 24)
        days = min(_matches(fields[2], 31) / 31, _matches(_weekdays(fields[4]), 7) / 7)
        months = _matches(fields[3], 12) / 12
    except ValueError:
        return None
    return minutes * hours * days * months * HOURS / 24


def _weekdays(field: str) -> str:
    for number, name in enumerate(_DAYS, 1):
        field = field.upper().replace(name, str(number))
    return field


def _matches(field: str, size: int) -> int:
    """How many values of a field's range it names. Raises ValueError for what is not counted here (`L`, `W`, `#`)."""
    count = 0
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in ("*", "?") or (step and not dash):
            whole = size
        else:
            whole = int(last) - int(first) + 1 if dash else 1
            int(first)
        count += max(1, -(-whole // int(step))) if step else whole
    return min(size, max(0, count))


def api_requests(api: Resource, context: Context) -> Range:
    """Requests to an HTTP API in a month.

    An API beside a machine that stops by itself (in its component) is its administration: the machine reports while it
    is on, and people open its page. Any other API serves users, like a load balancer.
    """
    machines = [m for m in context.topology.fleets() if switched(m) and _together(m, api)]
    if not machines:
        return context.monthly(context.use("requests_per_second", api))
    reports = ZERO
    for machine in machines:
        reports = reports + context.running(machine) * context.instances(machine) * REPORTS_AN_HOUR
    return reports + context.use("page_requests", api)


def api_answer_kb(api: Resource, context: Context) -> Range:
    """The average answer of an HTTP API."""
    administers = any(switched(m) and _together(m, api) for m in context.topology.fleets())
    return context.use("page_answer_kb" if administers else "response_kb", api)


def calls(function: Resource, context: Context) -> tuple[Range, str]:
    """Calls of a function in a month, and who calls, in words."""
    found, known, who = ZERO, False, []
    for rate, caller in _triggers(function, context):
        known = True
        if rate is None:
            return context.use("invocations", function), ""
        found = found + rate
        who.append(caller)
    return (found, f"by {', '.join(dict.fromkeys(who))}") if known else (context.use("invocations", function), "")


def counted(function: Resource, context: Context) -> bool:
    """Whether all callers of a function are known, so that its calls are not an assumption about functions at large."""
    rates = [rate for rate, _ in _triggers(function, context)]
    return bool(rates) and None not in rates


def callers_of_table(table: Resource, context: Context) -> list[Resource]:
    """The functions that are told of a table, if the calls of all of them are counted; else none."""
    told = [f for f in context.graph.referrers(table, "aws_lambda_function") if _names(f, table, context)]
    return told if told and all(counted(function, context) for function in told) else []


def _names(function: Resource, table: Resource, context: Context) -> bool:
    return table in context.graph.follow_all(function, "environment")


def _triggers(function: Resource, context: Context) -> Iterator[tuple[Range | None, str]]:
    graph = context.graph
    for schedule in graph.referrers(function, "aws_scheduler_schedule"):
        if graph.follow(schedule, "target", "arn") is function:
            yield _scheduled(schedule), schedule.address
    for target in graph.referrers(function, "aws_cloudwatch_event_target"):
        rule = graph.follow(target, "rule")
        if rule is not None and graph.follow(target, "arn") is function:
            events = context.use("events", rule) if rule.args.get("event_pattern") else _scheduled(rule)
            yield events, rule.address
    for api in _apis(function, context):
        behind = {f.key for f in _functions(api, context)}
        yield api_requests(api, context) * (1 / max(1, len(behind))), api.address
    others = ("aws_lambda_event_source_mapping", "aws_lambda_function_url", "aws_s3_bucket_notification")
    for other in graph.referrers(function, *others, "aws_sns_topic_subscription", "aws_lb_target_group_attachment"):
        yield None, other.address


def _scheduled(schedule: Resource) -> Range | None:
    rate = runs_a_month(schedule.args.get("schedule_expression"))
    return None if rate is None else fixed(rate)


def _apis(function: Resource, context: Context) -> list[Resource]:
    """The HTTP APIs that lead to a function."""
    graph = context.graph
    found = [
        api
        for integration in graph.referrers(function, "aws_apigatewayv2_integration")
        if (api := graph.follow(integration, "api_id")) is not None
    ]
    found += [api for api in graph.referrers(function, "aws_apigatewayv2_api") if api.args.get("target")]
    return list({api.key: api for api in found}.values())


def _functions(api: Resource, context: Context) -> list[Resource]:
    graph = context.graph
    found = [
        function
        for integration in graph.referrers(api, "aws_apigatewayv2_integration")
        if (function := graph.follow(integration, "integration_uri")) is not None
    ]
    direct = graph.follow(api, "target")
    return [*found, direct] if direct is not None else found


def _together(one: Resource, other: Resource) -> bool:
    return bool(one.component) and (one.stack.key, one.component) == (other.stack.key, other.component)
