"""How often functions and APIs are called and messages sent: followed from schedules, APIs, buckets and alarms through topics,
queues and functions.

A trigger whose rate nobody can read (a function URL, a queue from elsewhere) leaves the assumption `invocations`.
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

ALARMS = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm", "aws_budgets_budget")
"""What tells a topic that something is wrong."""

WAKES = 2
"""Messages that a function which sends to its own queue adds for each that comes from outside."""

Seen = frozenset[tuple[str, str]]
"""Keys of what is being counted already: a circle of functions and queues has an end."""

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
    is on, and people open its page. An API of the function that handles alarms gets the answers to them. Any other API serves
    users, like a load balancer.
    """
    machines = [m for m in context.topology.fleets() if switched(m) and _together(m, api)]
    if machines:
        reports = ZERO
        for machine in machines:
            reports = reports + context.running(machine) * context.instances(machine) * REPORTS_AN_HOUR
        return reports + context.use("page_requests", api)
    if any(handles_alarms(function, context) for function in _functions(api, context)):
        return context.use("alarm_answers", api)
    return context.monthly(context.use("requests_per_second", api))


def api_answer_kb(api: Resource, context: Context) -> Range:
    """The average answer of an HTTP API."""
    administers = any(switched(m) and _together(m, api) for m in context.topology.fleets())
    few = administers or any(handles_alarms(function, context) for function in _functions(api, context))
    return context.use("page_answer_kb" if few else "response_kb", api)


def handles_alarms(function: Resource, context: Context) -> bool:
    """Whether a function reads the queue (or the topic itself) that alarms of CloudWatch end in."""
    graph = context.graph
    inputs = [function]
    for mapping in graph.referrers(function, "aws_lambda_event_source_mapping"):
        inputs += [one for one in graph.follow_all(mapping, "event_source_arn") if one.type == "aws_sqs_queue"]
    topics = [
        topic
        for one in inputs
        for subscription in graph.referrers(one, "aws_sns_topic_subscription")
        if graph.follow(subscription, "endpoint") is one
        for topic in graph.follow_all(subscription, "topic_arn")
    ]
    return any(gets_alarms(topic, context) for topic in topics)


def gets_alarms(topic: Resource, context: Context) -> bool:
    """Whether alarms of CloudWatch or budgets send to a topic."""
    graph = context.graph
    actions = ("alarm_actions", "ok_actions", "insufficient_data_actions", "notification")
    senders = graph.referrers(topic, *ALARMS) if topic.type == "aws_sns_topic" else []
    return any(topic in graph.follow_all(one, action) for one in senders for action in actions)


def calls(function: Resource, context: Context, seen: Seen = frozenset()) -> tuple[Range, str]:
    """Calls of a function in a month, and who calls, in words."""
    found, known, who = ZERO, False, []
    for rate, caller in _triggers(function, context, seen | {function.key}):
        known = True
        if rate is None:
            return context.use("invocations", function), ""
        found = found + rate
        who.append(caller)
    return (found, f"by {', '.join(dict.fromkeys(who))}") if known else (context.use("invocations", function), "")


def counted(function: Resource, context: Context) -> bool:
    """Whether all callers of a function are known, so that its calls are not an assumption about functions at large."""
    rates = [rate for rate, _ in _triggers(function, context, frozenset({function.key}))]
    return bool(rates) and None not in rates


def callers_of_table(table: Resource, context: Context) -> list[Resource]:
    """The functions that are told of a table, if the calls of all of them are counted; else none."""
    told = _told(table, context)
    return told if told and all(counted(function, context) for function in told) else []


def _told(thing: Resource, context: Context) -> list[Resource]:
    """The functions whose settings name something: they use it."""
    graph = context.graph
    functions = graph.referrers(thing, "aws_lambda_function")
    return [one for one in functions if thing in graph.follow_all(one, "environment")]


def messages(receiver: Resource, context: Context, seen: Seen = frozenset()) -> Range:
    """Messages that arrive at a queue or topic in a month, by everything that sends to it.

    Where nobody is seen to send, it is the assumption `invocations`; a queue for dead letters gets `dead_letters`.
    """
    graph, found, known = context.graph, ZERO, False
    seen = seen | {receiver.key}
    rare = gets_alarms(receiver, context)
    if rare:
        found, known = found + context.use("alarm_messages", receiver), True
    for target in graph.referrers(receiver, "aws_cloudwatch_event_target"):
        rule = graph.follow(target, "rule")
        if rule is not None and graph.follow(target, "arn") is receiver:
            found, known = found + (_events(rule, context) or ZERO), True
    for notification in graph.referrers(receiver, "aws_s3_bucket_notification"):
        for bucket in graph.follow_all(notification, "bucket"):
            found, known = found + context.use("bucket_writes", bucket), True
    for subscription in graph.referrers(receiver, "aws_sns_topic_subscription"):
        topic = graph.follow(subscription, "topic_arn")
        if topic is not None and graph.follow(subscription, "endpoint") is receiver and topic.key not in seen:
            found, known = found + messages(topic, context, seen), True
    readers = [one for one in reading(receiver, context) if one is not None]
    for function in _told(receiver, context):
        # Who may raise an alarm does so as rarely as alarms are; who handles them sends there what failed.
        if rare or function in readers or function.key in seen or handles_alarms(function, context):
            continue
        number, _ = calls(function, context, seen)
        found, known = found + number * context.use("messages_per_call", function), True
    if any(function in readers for function in _told(receiver, context)):
        # A function that sends to its own queue wakes itself up later.
        found = found * (1 + WAKES)
    if is_dead_letter_queue(receiver, context):
        return found + context.use("dead_letters", receiver)
    return found if known else context.use("invocations", receiver)


def reading(queue: Resource, context: Context) -> list[Resource | None]:
    """The functions that Lambda reads a queue or stream for; None where one is not in the graph."""
    graph = context.graph
    mappings = graph.referrers(queue, "aws_lambda_event_source_mapping")
    return [
        _function(graph.follow(one, "function_name"), context)
        for one in mappings
        if graph.follow(one, "event_source_arn") is queue
    ]


def is_dead_letter_queue(queue: Resource, context: Context) -> bool:
    """Whether a queue is named where dead letters go."""
    graph = context.graph
    places = (("redrive_policy",), ("dead_letter_config",), ("destination_config", "on_failure"))
    return queue.type == "aws_sqs_queue" and any(
        queue in graph.follow_all(one, *place) and one is not queue
        for one in graph.referrers(queue)
        for place in places
    )


def _triggers(function: Resource, context: Context, seen: Seen) -> Iterator[tuple[Range | None, str]]:
    """Every caller with its calls in a month; None for a caller whose calls nobody can read."""
    graph = context.graph
    names = [function, *graph.referrers(function, "aws_lambda_alias")]

    def callers(*types: str) -> list[Resource]:
        return list({one.key: one for name in names for one in graph.referrers(name, *types)}.values())

    for schedule in callers("aws_scheduler_schedule"):
        if graph.follow(schedule, "target", "arn") in names:
            yield _scheduled(schedule), schedule.address
    for target in callers("aws_cloudwatch_event_target"):
        rule = graph.follow(target, "rule")
        if rule is not None and graph.follow(target, "arn") in names:
            yield _events(rule, context), rule.address
    for api in _apis(names, context):
        behind = {f.key for f in _functions(api, context)}
        yield api_requests(api, context) * (1 / max(1, len(behind))), api.address
    for authorizer in callers("aws_apigatewayv2_authorizer"):
        for api in graph.follow_all(authorizer, "api_id"):
            kept = str(authorizer.args.get("authorizer_result_ttl_in_seconds") or "0") != "0"
            asked = api_requests(api, context) * (context.use("uncached_share", authorizer) if kept else fixed(1))
            yield asked, authorizer.address
    for mapping in callers("aws_lambda_event_source_mapping"):
        yield _batches(mapping, context, seen), mapping.address
    for notification in callers("aws_s3_bucket_notification"):
        bucket = graph.follow(notification, "bucket")
        yield (context.use("bucket_writes", bucket) if bucket is not None else None), notification.address
    for subscription in callers("aws_sns_topic_subscription"):
        topic = graph.follow(subscription, "topic_arn")
        if topic is not None and topic.key not in seen:
            yield messages(topic, context, seen), subscription.address
    for filter_ in callers("aws_cloudwatch_log_subscription_filter"):
        yield context.use("log_matches", filter_), filter_.address
    for other in (one for name in names for one in _told(name, context)):
        if other.key not in seen:
            yield calls(other, context, seen)[0] * context.use("messages_per_call", other), other.address
    for other in callers("aws_lambda_function_url", "aws_lb_target_group_attachment"):
        yield None, other.address


def _batches(mapping: Resource, context: Context, seen: Seen) -> Range | None:
    """Calls for what a queue or stream brings: one for each message when few come, one for each batch when many do."""
    source = context.graph.follow(mapping, "event_source_arn")
    if source is None or source.type not in ("aws_sqs_queue", "aws_dynamodb_table"):
        return None
    if source.key in seen:
        return ZERO
    stream = source.type == "aws_dynamodb_table"
    number = table_writes(source, context, seen) if stream else messages(source, context, seen)
    batch = _positive(mapping.args.get("batch_size")) or (100.0 if stream else 10.0)
    return Range(number.low / batch, number.likely, number.high)


def table_writes(table: Resource, context: Context, seen: Seen = frozenset()) -> Range:
    """Items written to a table in a month, by the functions that use it where their calls are counted."""
    users = [one for one in callers_of_table(table, context) if one.key not in seen]
    if not users:
        return context.use("table_writes", table)
    writes = ZERO
    for user in users:
        number, _ = calls(user, context, seen | {table.key})
        writes = writes + number * context.use("table_writes_per_call", user)
    return writes


def _events(rule: Resource, context: Context) -> Range | None:
    return context.use("events", rule) if rule.args.get("event_pattern") else _scheduled(rule)


def _scheduled(schedule: Resource) -> Range | None:
    rate = runs_a_month(schedule.args.get("schedule_expression"))
    return None if rate is None else fixed(rate)


def _apis(names: list[Resource], context: Context) -> list[Resource]:
    """The HTTP APIs that lead to a function (or to an alias of it)."""
    graph = context.graph
    found = [
        api
        for name in names
        for integration in graph.referrers(name, "aws_apigatewayv2_integration")
        if (api := graph.follow(integration, "api_id")) is not None
    ]
    found += [api for name in names for api in graph.referrers(name, "aws_apigatewayv2_api") if api.args.get("target")]
    return list({api.key: api for api in found}.values())


def _functions(api: Resource, context: Context) -> list[Resource]:
    graph = context.graph
    integrations = graph.referrers(api, "aws_apigatewayv2_integration")
    named = [graph.follow(one, "integration_uri") for one in integrations] + [graph.follow(api, "target")]
    return [found for one in named if (found := _function(one, context)) is not None]


def _function(named: Resource | None, context: Context) -> Resource | None:
    """A function that is named by itself or by an alias."""
    if named is not None and named.type == "aws_lambda_alias":
        named = context.graph.follow(named, "function_name")
    return named if named is not None and named.type == "aws_lambda_function" else None


def _positive(value: object) -> float | None:
    try:
        return max(1.0, float(str(value)))
    except ValueError:
        return None


def _together(one: Resource, other: Resource) -> bool:
    return bool(one.component) and (one.stack.key, one.component) == (other.stack.key, other.component)
