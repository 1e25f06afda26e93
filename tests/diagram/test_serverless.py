"""Functions with what starts them and what they use, and the way of an alarm."""

from __future__ import annotations

import json
from typing import Any

from giban.diagram.mermaid import write
from giban.diagram.model import Card, Picture
from giban.diagram.read import read
from giban.graph.graph import Graph
from giban.graph.stack import Stack
from tests.diagram.graphs import REGION
from tests.diagram.test_traffic import arrows


def world() -> Stack:
    """A function with a role that may use what the tests name."""
    stack = Stack(REGION, REGION)
    insert(stack, "aws_iam_role", "work", name="work")
    insert(stack, "aws_lambda_function", "work", function_name="work", role="${aws_iam_role.work.arn}")
    return stack


def insert(stack: Stack, type_: str, label: str, **args: Any) -> None:
    stack.insert("managed", type_, label, args, "", None, check=False)


def allow(stack: Stack, action: str, *arns: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": list(arns)}
    policy = json.dumps({"Statement": [statement]})
    insert(stack, "aws_iam_role_policy", f"work_{len(stack.resources)}", role="${aws_iam_role.work.id}", policy=policy)


def drawn(stack: Stack) -> Picture:
    return read(Graph("x", [stack]))


def card(picture: Picture, address: str) -> Card:
    return next(one for one in picture.cards() if one.id.endswith(f"/{address}"))


def test_what_starts_a_function() -> None:
    stack = world()
    insert(stack, "aws_s3_bucket", "uploads", bucket="uploads")
    insert(stack, "aws_sqs_queue", "jobs", name="jobs")
    insert(stack, "aws_sns_topic", "news", name="news")
    insert(stack, "aws_dynamodb_table", "votes", name="votes", hash_key="id")
    insert(stack, "aws_apigatewayv2_api", "site", name="site", protocol_type="HTTP")
    insert(stack, "aws_cloudwatch_log_group", "app", name="app")
    function = "${aws_lambda_function.work.arn}"
    block = {"lambda_function_arn": function, "events": ["s3:ObjectCreated:*"]}
    insert(stack, "aws_s3_bucket_notification", "u", bucket="${aws_s3_bucket.uploads.id}", lambda_function=[block])
    source = "${aws_sqs_queue.jobs.arn}"
    insert(stack, "aws_lambda_event_source_mapping", "q", event_source_arn=source, function_name=function)
    source = "${aws_dynamodb_table.votes.stream_arn}"
    insert(stack, "aws_lambda_event_source_mapping", "t", event_source_arn=source, function_name=function)
    topic = "${aws_sns_topic.news.arn}"
    insert(stack, "aws_sns_topic_subscription", "n", topic_arn=topic, protocol="lambda", endpoint=function)
    uri = "${aws_lambda_function.work.invoke_arn}"
    insert(stack, "aws_apigatewayv2_integration", "i", api_id="${aws_apigatewayv2_api.site.id}", integration_uri=uri)
    name = "${aws_cloudwatch_log_group.app.name}"
    insert(stack, "aws_cloudwatch_log_subscription_filter", "f", log_group_name=name, destination_arn=function)
    found = arrows(drawn(stack))
    assert {
        ("aws_s3_bucket.uploads", "aws_lambda_function.work", "data", "event"),
        ("aws_sqs_queue.jobs", "aws_lambda_function.work", "data", ""),
        ("aws_dynamodb_table.votes", "aws_lambda_function.work", "data", ""),
        ("aws_sns_topic.news", "aws_lambda_function.work", "data", ""),
        ("aws_apigatewayv2_api.site", "aws_lambda_function.work", "request", ""),
        ("aws_cloudwatch_log_group.app", "aws_lambda_function.work", "data", ""),
    } <= found


def test_what_a_function_uses() -> None:
    stack = world()
    insert(stack, "aws_lambda_function", "other", function_name="other")
    insert(stack, "aws_dynamodb_table", "votes", name="votes", hash_key="id")
    insert(stack, "aws_sns_topic", "news", name="news")
    allow(stack, "dynamodb:PutItem", "${aws_dynamodb_table.votes.arn}")
    allow(stack, "sns:Publish", "${aws_sns_topic.news.arn}")
    allow(stack, "lambda:InvokeFunction", "${aws_lambda_function.other.arn}", "${aws_lambda_function.work.arn}")
    assert arrows(drawn(stack)) == {
        ("aws_lambda_function.work", "aws_dynamodb_table.votes", "data", ""),
        ("aws_lambda_function.work", "aws_sns_topic.news", "data", ""),
        ("aws_lambda_function.work", "aws_lambda_function.other", "request", ""),
    }


def test_an_alias_is_its_function() -> None:
    stack = world()
    name = "${aws_lambda_function.work.function_name}"
    insert(stack, "aws_lambda_alias", "live", name="live", function_name=name, function_version="1")
    insert(stack, "aws_apigatewayv2_api", "site", name="site", protocol_type="HTTP")
    uri = "${aws_lambda_alias.live.invoke_arn}"
    insert(stack, "aws_apigatewayv2_integration", "i", api_id="${aws_apigatewayv2_api.site.id}", integration_uri=uri)
    target = {"arn": "${aws_lambda_alias.live.arn}", "role_arn": "r"}
    insert(stack, "aws_scheduler_schedule", "tick", schedule_expression="rate(1 day)", target=target)
    assert {
        ("aws_apigatewayv2_api.site", "aws_lambda_function.work", "request", ""),
        ("aws_scheduler_schedule.tick", "aws_lambda_function.work", "data", ""),
    } <= arrows(drawn(stack))


def test_an_api_asks_its_authorizer() -> None:
    stack = world()
    insert(stack, "aws_apigatewayv2_api", "site", name="site", protocol_type="HTTP")
    uri = "${aws_lambda_function.work.invoke_arn}"
    insert(stack, "aws_apigatewayv2_authorizer", "a", api_id="${aws_apigatewayv2_api.site.id}", authorizer_uri=uri)
    assert ("aws_apigatewayv2_api.site", "aws_lambda_function.work", "request", "") in arrows(drawn(stack))


def test_dead_letters_go_their_way() -> None:
    stack = world()
    policy = '{"deadLetterTargetArn":"${aws_sqs_queue.dead.arn}","maxReceiveCount":5}'
    insert(stack, "aws_sqs_queue", "jobs", name="jobs", redrive_policy=policy)
    insert(stack, "aws_sqs_queue", "dead", name="dead")
    assert ("aws_sqs_queue.jobs", "aws_sqs_queue.dead", "data", "failed") in arrows(drawn(stack))


def test_the_way_of_an_alarm() -> None:
    stack = world()
    insert(stack, "aws_sns_topic", "alarms", name="alarms")
    topic = "${aws_sns_topic.alarms.arn}"
    insert(stack, "aws_cloudwatch_metric_alarm", "cpu", alarm_name="cpu", alarm_actions=[topic])
    insert(
        stack, "aws_budgets_budget", "all", limit_amount="200", notification=[{"subscriber_sns_topic_arns": [topic]}]
    )
    watched = {"TopicName": "${aws_sns_topic.alarms.name}"}
    insert(stack, "aws_cloudwatch_metric_alarm", "own", alarm_name="own", dimensions=watched)
    insert(stack, "aws_cloudwatch_event_rule", "state", event_pattern="{}")
    insert(stack, "aws_cloudwatch_event_target", "s", rule="${aws_cloudwatch_event_rule.state.name}", arn=topic)
    found = {(source, target) for source, target, _, _ in arrows(drawn(stack))}
    alarms = "aws_cloudwatch_metric_alarm"
    assert found == {
        (alarms, "aws_sns_topic.alarms"),
        ("aws_budgets_budget.all", "aws_sns_topic.alarms"),
        ("aws_cloudwatch_event_rule.state", "aws_sns_topic.alarms"),
    }


def test_a_balancer_does_not_send_to_what_looks_at_it() -> None:
    stack = Stack(REGION, REGION)
    insert(stack, "aws_lb", "web", name="web")
    insert(stack, "aws_lb_target_group", "web", name="web", port=80)
    action = {"type": "forward", "target_group_arn": "${aws_lb_target_group.web.arn}"}
    insert(stack, "aws_lb_listener", "web", load_balancer_arn="${aws_lb.web.arn}", default_action=action)
    watched = {"TargetGroup": "${aws_lb_target_group.web.arn_suffix}"}
    insert(stack, "aws_cloudwatch_metric_alarm", "slow", alarm_name="slow", dimensions=watched)
    body = '{"widgets":[{"metrics":["${aws_lb_target_group.web.arn_suffix}"]}]}'
    insert(stack, "aws_cloudwatch_dashboard", "main", dashboard_name="main", dashboard_body=body)
    assert {(source, target) for source, target, _, _ in arrows(drawn(stack))} == {("users", "aws_lb.web")}


def test_cards_say_what_is_special() -> None:
    stack = Stack(REGION, REGION)
    insert(stack, "aws_sqs_queue", "order", name="order.fifo", fifo_queue=True)
    insert(stack, "aws_sqs_queue", "jobs", name="jobs")
    insert(stack, "aws_sns_topic", "order", name="order.fifo", fifo_topic=True)
    money = {"limit_amount": "50.00", "limit_unit": "USD", "time_unit": "MONTHLY"}
    insert(stack, "aws_budgets_budget", "all", name="all", **money)
    picture = drawn(stack)
    assert card(picture, "aws_sqs_queue.order").subtitle == "SQS FIFO queue"
    assert card(picture, "aws_sqs_queue.jobs").subtitle == "SQS queue"
    assert card(picture, "aws_sns_topic.order").subtitle == "SNS FIFO topic"
    assert card(picture, "aws_budgets_budget.all").subtitle == "50 USD a month"


def test_names_of_many_alarms_do_not_fill_a_mermaid_card() -> None:
    stack = Stack(REGION, REGION)
    insert(stack, "aws_sns_topic", "alarms", name="alarms")
    for number in range(30):
        name = f"services_web_{number:02}"
        insert(
            stack, "aws_cloudwatch_metric_alarm", name, alarm_name=name, alarm_actions=["${aws_sns_topic.alarms.arn}"]
        )
    line = next(line for line in write(drawn(stack)).splitlines() if "Alarms × 30" in line)
    assert "services_web_00, " in line
    assert line.endswith('…"]')
    assert len(line) < 120
