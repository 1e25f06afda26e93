"""Calls and messages followed through topics, queues, buckets, tables and functions; the arithmetic stands in the tests."""

from __future__ import annotations

from typing import Any

import pytest

from giban.cost.estimate import Estimate, estimate
from giban.cost.usage import parse_usage
from giban.graph.resource import Resource
from tests.cost.worlds import SEOUL, TOKYO, World, of

TICKS = 730 * 60
MONTH = 730 * 3600
REQUESTS = [MONTH * per_second for per_second in (1, 5, 25)]


def near(*numbers: float) -> Any:
    return pytest.approx(numbers, rel=1e-6)


def quantity(found: Estimate, address: str, item: str) -> tuple[float, float, float]:
    """A line's quantity, in what is counted: requests, not millions of them."""
    line = next(line for line in of(found, address).lines if line.item == item)
    factor = 1e6 if line.unit.startswith("1M") else 1.0
    return (line.quantity.low * factor, line.quantity.likely * factor, line.quantity.high * factor)


class Serverless(World):
    """Pieces of an application without servers."""

    def function(self, label: str, uses: Resource | None = None, **args: Any) -> Resource:
        variables = {"environment": {"variables": {"THING": uses.arn}}} if uses is not None else {}
        return self.add(
            "aws_lambda_function", label, function_name=label, role="arn:aws:iam::1:role/x", **variables, **args
        )

    def queue(self, label: str, dead: Resource | None = None, **args: Any) -> Resource:
        policy = f'{{"deadLetterTargetArn":"{dead.arn}","maxReceiveCount":5}}' if dead is not None else None
        return self.add("aws_sqs_queue", label, name=label, redrive_policy=policy, **args)

    def read(self, source: Resource, function: Resource, **args: Any) -> Resource:
        arn = source.stream_arn if source.type == "aws_dynamodb_table" else source.arn
        label = f"{source.label}_{function.label}"
        return self.add(
            "aws_lambda_event_source_mapping", label, event_source_arn=arn, function_name=function.arn, **args
        )

    def api(self, *functions: Resource) -> Resource:
        api = self.add("aws_apigatewayv2_api", "api", name="api", protocol_type="HTTP")
        for function in functions:
            self.add(
                "aws_apigatewayv2_integration",
                function.label,
                api_id=api.id,
                integration_type="AWS_PROXY",
                integration_uri=function.invoke_arn,
            )
        return api

    def subscribe(self, topic: Resource, receiver: Resource) -> Resource:
        protocol = "sqs" if receiver.type == "aws_sqs_queue" else "lambda"
        return self.add(
            "aws_sns_topic_subscription",
            f"{topic.label}_{receiver.label}",
            topic_arn=topic.arn,
            protocol=protocol,
            endpoint=receiver.arn,
        )


def router(region: str = SEOUL) -> Serverless:
    """The way of an alarm: topic, queue, function; ticks; a page for answers; a queue for what failed."""
    world = Serverless(region)
    topic = world.add("aws_sns_topic", "alarms", name="alarms")
    dead = world.queue("dead")
    queue = world.queue("alarms", dead)
    table = world.add("aws_dynamodb_table", "alarms", name="alarms", hash_key="pk", billing_mode="PAY_PER_REQUEST")
    function = world.add(
        "aws_lambda_function",
        "alarms",
        function_name="alarms",
        role="arn:aws:iam::1:role/x",
        environment={"variables": {"QUEUE": queue.url, "DEAD": dead.url, "TABLE": table.name}},
    )
    world.subscribe(topic, queue)
    world.read(queue, function)
    world.api(function)
    world.add(
        "aws_cloudwatch_metric_alarm",
        "cpu",
        alarm_name="cpu",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        namespace="AWS/EC2",
        metric_name="CPUUtilization",
        period=300,
        alarm_actions=[topic.arn],
    )
    world.add(
        "aws_scheduler_schedule",
        "tick",
        schedule_expression="rate(1 minute)",
        flexible_time_window={"mode": "OFF"},
        target={"arn": function.arn, "role_arn": "arn:aws:iam::1:role/x"},
    )
    return world


def test_an_alarm_router_costs_next_to_nothing() -> None:
    found = estimate(router().graph)
    assert quantity(found, "aws_sns_topic.alarms", "messages") == near(50, 500, 5000)
    # Each message is there with two wake-ups of the function's own.
    assert quantity(found, "aws_sqs_queue.alarms", "requests") == near(3 * 150, 3 * 1500, 3 * 15000)
    assert quantity(found, "aws_sqs_queue.alarms", "polling") == near(*[730 * 900.0] * 3)
    assert quantity(found, "aws_sqs_queue.dead", "requests") == near(0, 30, 3000)
    assert quantity(found, "aws_apigatewayv2_api.api", "requests") == near(10, 200, 5000)
    assert quantity(found, "aws_lambda_function.alarms", "requests") == near(
        TICKS + 10 + 15, TICKS + 200 + 1500, TICKS + 5000 + 15000
    )
    calls = [TICKS + 25, TICKS + 1700, TICKS + 20000]
    assert quantity(found, "aws_dynamodb_table.alarms", "writes") == near(0, calls[1], 4 * calls[2])


def test_prices_of_messages_are_not_guessed() -> None:
    for region in (SEOUL, TOKYO):
        unknown = {(one.address, one.item) for one in estimate(router(region).graph).unknown}
        assert ("aws_sns_topic.alarms", "messages") in unknown
        assert ("aws_sqs_queue.alarms", "requests") not in unknown


def test_a_dashboard_has_a_price_in_both_regions() -> None:
    for region in (SEOUL, TOKYO):
        world = World(region)
        world.add("aws_cloudwatch_dashboard", "main", dashboard_name="main", dashboard_body="{}")
        assert estimate(world.graph).total.likely == 3


def test_a_function_that_raises_an_alarm_does_so_rarely() -> None:
    world = router()
    topic = world.stack.resources["aws_sns_topic.alarms"]
    intake = world.function("intake", uses=topic)
    world.add("aws_apigatewayv2_api", "users", name="users", protocol_type="HTTP", target=intake.invoke_arn)
    found = estimate(world.graph)
    assert quantity(found, "aws_sns_topic.alarms", "messages") == near(50, 500, 5000)
    assert quantity(found, "aws_lambda_function.intake", "requests") == near(*REQUESTS)


def test_requests_go_from_the_api_over_a_queue_to_the_worker() -> None:
    world = Serverless()
    jobs = world.queue("jobs")
    world.api(world.function("intake", uses=jobs))
    world.read(jobs, world.function("work"), batch_size=10)
    found = estimate(world.graph)
    sent = [REQUESTS[0] * 0, REQUESTS[1] * 0.5, REQUESTS[2] * 1]
    assert quantity(found, "aws_sqs_queue.jobs", "requests") == near(*[3 * number for number in sent])
    assert quantity(found, "aws_lambda_function.work", "requests") == near(sent[0] / 10, sent[1], sent[2])


def test_what_is_uploaded_starts_a_function() -> None:
    world = Serverless()
    bucket = world.add("aws_s3_bucket", "uploads", bucket="uploads")
    parse = world.function("parse")
    event = {"lambda_function_arn": parse.arn, "events": ["s3:ObjectCreated:*"]}
    world.add(
        "aws_s3_bucket_notification",
        "uploads",
        bucket=bucket.id,
        lambda_function=[{**event, "filter_suffix": ".csv"}, {**event, "filter_suffix": ".json"}],
    )
    assert quantity(estimate(world.graph), "aws_lambda_function.parse", "requests") == near(1e4, 1e5, 1e6)
    given = parse_usage([], ["aws_s3_bucket.uploads.bucket_writes=300"])
    assert quantity(estimate(world.graph, usage=given), "aws_lambda_function.parse", "requests") == near(*[300] * 3)


def test_a_stream_brings_what_is_written() -> None:
    world = Serverless()
    table = world.add(
        "aws_dynamodb_table",
        "votes",
        name="votes",
        hash_key="id",
        billing_mode="PAY_PER_REQUEST",
        stream_enabled=True,
        global_secondary_index=[
            {"name": "by_day", "hash_key": "day", "projection_type": "KEYS_ONLY"},
            {"name": "by_person", "hash_key": "person", "projection_type": "ALL"},
        ],
    )
    world.api(world.function("intake", uses=table))
    world.read(table, world.function("watch"))
    found = estimate(world.graph)
    writes = [0, REQUESTS[1], 4 * REQUESTS[2]]
    assert quantity(found, "aws_lambda_function.watch", "requests") == near(*writes)
    assert quantity(found, "aws_dynamodb_table.votes", "writes") == near(*writes)
    assert quantity(found, "aws_dynamodb_table.votes", "writes to indexes") == near(*[2 * number for number in writes])
    storage = next(line for line in of(found, "aws_dynamodb_table.votes").lines if line.item == "storage")
    assert storage.note == "with indexes"


def test_an_authorizer_is_asked_for_some_requests_or_all() -> None:
    for kept, share in ((300, (0.02, 0.1, 0.5)), (0, (1, 1, 1))):
        world = Serverless()
        api = world.api(world.function("site"))
        doorman = world.function("doorman")
        world.add(
            "aws_apigatewayv2_authorizer",
            "doorman",
            api_id=api.id,
            name="doorman",
            authorizer_type="REQUEST",
            authorizer_uri=doorman.invoke_arn,
            authorizer_result_ttl_in_seconds=kept,
        )
        asked = [number * part for number, part in zip(REQUESTS, share, strict=True)]
        assert quantity(estimate(world.graph), "aws_lambda_function.doorman", "requests") == near(*asked)


def test_an_alias_is_the_function() -> None:
    world = Serverless()
    site = world.function("site", publish=True)
    alias = world.add(
        "aws_lambda_alias", "live", name="live", function_name=site.function_name, function_version=site.version
    )
    world.api(alias)
    assert quantity(estimate(world.graph), "aws_lambda_function.site", "requests") == near(*REQUESTS)


def test_a_circle_of_functions_and_queues_has_an_end() -> None:
    world = Serverless()
    there, back = world.queue("there"), world.queue("back")
    ping, pong = world.function("ping", uses=there), world.function("pong", uses=back)
    world.read(there, pong)
    world.read(back, ping)
    found = estimate(world.graph)
    assert quantity(found, "aws_lambda_function.ping", "requests")[2] < 1e9


def test_a_queue_filled_from_elsewhere_is_an_assumption() -> None:
    world = Serverless()
    orders = world.queue("orders")
    world.read(orders, world.function("work"), batch_size=10)
    found = estimate(world.graph)
    assert quantity(found, "aws_sqs_queue.orders", "requests") == near(3e4, 3e6, 3e7)
    assert quantity(found, "aws_lambda_function.work", "requests") == near(1e3, 1e6, 1e7)


def test_log_lines_and_messages_of_topics_start_functions() -> None:
    world = Serverless()
    work = world.function("work")
    topic = world.add("aws_sns_topic", "news", name="news")
    world.subscribe(topic, work)
    world.add(
        "aws_cloudwatch_log_subscription_filter",
        "errors",
        name="errors",
        log_group_name="app",
        filter_pattern="ERROR",
        destination_arn=work.arn,
    )
    found = estimate(world.graph)
    assert quantity(found, "aws_lambda_function.work", "requests") == near(1e4 + 5, 1e6 + 100, 1e7 + 5000)


def test_measurements_of_hosts_are_paid_once() -> None:
    world = World()
    for label, threshold in (("high", 90), ("highest", 97)):
        world.add(
            "aws_cloudwatch_metric_alarm",
            label,
            alarm_name=label,
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=1,
            namespace="scv-dev",
            metric_name="mem_used_percent",
            period=300,
            threshold=threshold,
            dimensions={"AutoScalingGroupName": "web"},
        )
    world.add(
        "aws_cloudwatch_log_metric_filter",
        "errors",
        name="errors",
        log_group_name="app",
        pattern="ERROR",
        metric_transformation={"name": "errors", "namespace": "scv-dev", "value": "1"},
    )
    world.add(
        "aws_cloudwatch_metric_alarm",
        "errors",
        alarm_name="errors",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        namespace="scv-dev",
        metric_name="errors",
        period=300,
        threshold=0,
    )
    found = estimate(world.graph)
    lines = [line for one in found.resources for line in one.lines if line.item == "custom metric"]
    # One of the hosts, however many alarms look at it; one of the filter, which its own line pays.
    assert [line.usd.likely for line in lines if line.usd] == [0.30, 0.30]


def test_traces_and_fifo_queues_have_no_price_yet() -> None:
    world = Serverless()
    world.api(world.function("site", tracing_config={"mode": "Active"}))
    world.queue("order", fifo_queue=True)
    found = estimate(world.graph)
    unknown = {(one.address, one.item) for one in found.unknown}
    assert unknown >= {("aws_lambda_function.site", "traces"), ("aws_sqs_queue.order", "requests")}
    assert quantity(found, "aws_sqs_queue.order", "requests") == near(3e4, 3e6, 3e7)


def test_text_messages_have_no_price_yet() -> None:
    world = router()
    world.add("aws_iam_role", "alarms", name="alarms", assume_role_policy="{}")
    function = world.stack.resources["aws_lambda_function.alarms"]
    function.args["role"] = "${aws_iam_role.alarms.arn}"
    statement = '{"Effect": "Allow", "Action": ["sns:Publish"], "NotResource": "arn:aws:sns:*:*:*"}'
    policy = f'{{"Statement": [{statement}]}}'
    world.add("aws_iam_role_policy", "alarms", role="${aws_iam_role.alarms.id}", policy=policy)
    found = estimate(world.graph)
    assert ("aws_lambda_function.alarms", "text messages") in {(one.address, one.item) for one in found.unknown}
    assert quantity(found, "aws_lambda_function.alarms", "text messages") == near(0, 10, 200)
