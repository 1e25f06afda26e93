"""Checks of what is sent to queues and topics: whether it may arrive, and whether somebody listens."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.functions import function_of, may_be_called
from giban.checks.messaging import ACTION, TOPIC, deliveries, key_of, lets_in, may_use_key
from giban.checks.policies import policy
from giban.checks.queries import multiplied, passed_out
from giban.checks.registry import Hit, check
from giban.checks.values import text
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check(
    "GB129", "error", fix="Let the service send in the policy of the queue or topic, with aws:SourceArn as a condition."
)
def sender_not_let_in(graph: Graph) -> Iterator[Hit]:
    """Queue or topic does not let its sender in.

    ## What it finds
    A topic that sends to a queue, a rule of EventBridge, an alarm, a budget, a bucket or an event subscription of RDS that sends
    to a queue or topic, whose policy does not allow it. A new queue lets nobody in; a new topic lets in alarms and RDS of its own
    account, nobody else.

    ## Why it matters
    Everything is made without a complaint, and nothing ever arrives. Most of these services tell nobody: an alarm that fires at
    night ends in a policy that was forgotten.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"orders": {"name": "orders"}},
      "aws_sqs_queue": {"jobs": {"name": "jobs"}},
      "aws_sns_topic_subscription": {"jobs": {"protocol": "sqs",
        "topic_arn": "${aws_sns_topic.orders.arn}", "endpoint": "${aws_sqs_queue.jobs.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sns_topic": {"orders": {"name": "orders"}},
      "aws_sqs_queue": {"jobs": {"name": "jobs"}},
      "aws_sqs_queue_policy": {"jobs": {"queue_url": "${aws_sqs_queue.jobs.id}", "policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"sns.amazonaws.com\\"},\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"${aws_sqs_queue.jobs.arn}\\",\\"Condition\\":{\\"ArnEquals\\":{\\"aws:SourceArn\\":\\"${aws_sns_topic.orders.arn}\\"}}}]}"}},
      "aws_sns_topic_subscription": {"jobs": {"protocol": "sqs",
        "topic_arn": "${aws_sns_topic.orders.arn}", "endpoint": "${aws_sqs_queue.jobs.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    - https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    """
    for one in deliveries(graph):
        if lets_in(graph, one.receiver, one.service) is False:
            yield one.sender, f"{one.receiver.address} does not let {one.service} send to it: nothing arrives."


@check(
    "GB130",
    "error",
    fix="Let the service use the key in its policy (kms:GenerateDataKey*, kms:Decrypt), or change the key.",
)
def sender_without_the_key(graph: Graph) -> Iterator[Hit]:
    """Sender may not use the key of the queue or topic.

    ## What it finds
    A queue or topic encrypted with a key whose policy does not let the sending service use it: CloudWatch alarms, EventBridge,
    budgets, S3, RDS events or SNS. AWS's own keys (`alias/aws/sns`, `alias/aws/sqs`) let none of them in and cannot be changed.
    For EventBridge a statement with `aws:SourceArn`, `aws:SourceAccount` or `aws:SourceOrgID` counts as none: it does not send
    these with its request.

    ## Why it matters
    Whoever encrypts the alarm topic, as every list of good practice says, loses every alarm without a word: the send fails
    inside AWS, and neither a log nor the console of SNS shows it.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms", "kms_master_key_id": "alias/aws/sns"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_kms_key": {"main": {"policy":
        "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"cloudwatch.amazonaws.com\\"},\\"Action\\":[\\"kms:GenerateDataKey*\\",\\"kms:Decrypt\\"],\\"Resource\\":\\"*\\"}]}"}},
      "aws_sns_topic": {"alarms": {"name": "alarms", "kms_master_key_id": "${aws_kms_key.main.arn}"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    for one in deliveries(graph):
        key = key_of(graph, one.receiver)
        if isinstance(key, str):
            yield one.sender, f"{one.receiver.address} is encrypted with {key}, which {one.service} may not use."
        elif key is not None and may_use_key(graph, key, one.service) is False:
            yield one.sender, f"{one.service} may not use {key.address}, which encrypts {one.receiver.address}."


@check("GB131", "warning", fix="Add the condition aws:SourceArn (or aws:SourceAccount) to the statement.")
def service_may_send_for_anybody(graph: Graph) -> Iterator[Hit]:
    """Queue or topic lets a service send for anybody.

    ## What it finds
    A policy of a queue or topic that lets a service of AWS (`sns.amazonaws.com`, `s3.amazonaws.com`, `budgets.amazonaws.com`…)
    send, without a condition on whose request it is. Functions have a check of their own (GB105). EventBridge at a topic is left
    out: it tells topics nothing that a condition could look at, so with one no event would ever arrive.

    ## Why it matters
    The service works for every account. Somebody else's topic, bucket or rule, set up with the ARN of this queue, sends into it
    whatever its owner likes, and the reader takes it for one's own.

    ## Example
    ```json
    {"resource": {"aws_sqs_queue_policy": {"jobs": {"queue_url": "https://sqs/jobs", "policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"sns.amazonaws.com\\"},\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"*\\"}]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_sqs_queue_policy": {"jobs": {"queue_url": "https://sqs/jobs", "policy":
      "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"sns.amazonaws.com\\"},\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"*\\",\\"Condition\\":{\\"ArnEquals\\":{\\"aws:SourceArn\\":\\"arn:aws:sns:ap-northeast-2:123456789012:orders\\"}}}]}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
    """
    for holder in graph.all("aws_sqs_queue", "aws_sqs_queue_policy", "aws_sns_topic", "aws_sns_topic_policy"):
        action = ACTION["aws_sqs_queue" if "sqs" in holder.type else TOPIC]
        for statement in policy(graph, holder, "policy").allowing:
            services = sorted({name for kind, name in statement.principals if kind == "Service"})
            if "sns" in holder.type and services == ["events.amazonaws.com"]:
                continue
            if services and statement.permits(action) and not statement.restricted:
                yield holder, f"{', '.join(services)} may send to it on behalf of any account."


@check("GB132", "warning", fix="Add an aws_sns_topic_subscription, or remove the topic.")
def topic_nobody_listens_to(graph: Graph) -> Iterator[Hit]:
    """Nobody listens to the topic that alarms go to.

    ## What it finds
    A topic that alarms, event rules, budgets, buckets or databases send to and that has no subscription. Topics that an output
    hands on are left out.

    ## Why it matters
    The alarm is made, tested and green, and the day it fires it is told to nobody. SNS throws away what has no subscriber.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_sns_topic_subscription": {"oncall": {"topic_arn": "${aws_sns_topic.alarms.arn}", "protocol": "https",
        "endpoint": "https://oncall.example.com/hook"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html
    """
    for topic, senders in _told(graph).items():
        if not _subscriptions(graph, topic) and not multiplied(topic) and not passed_out(topic):
            yield topic, f"What {senders[0].address} sends to it is thrown away: it has no subscription."


@check(
    "GB133", "notice", fix="Add a subscription that needs no confirmation: a queue, a function or an https endpoint."
)
def alarms_reach_mailboxes_only(graph: Graph) -> Iterator[Hit]:
    """Alarms reach nobody but a mailbox.

    ## What it finds
    A topic that alarms send to and whose subscriptions are all e-mail. Alarms that send to another topic as well are left out.

    ## Why it matters
    A subscription by e-mail is dead until somebody opens the link in the first mail, Terraform cannot wait for it, and one click
    on "unsubscribe" in a forwarded alarm ends it for all. At three in the morning nobody reads mail.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_sns_topic_subscription": {"team": {"topic_arn": "${aws_sns_topic.alarms.arn}", "protocol": "email",
        "endpoint": "team@example.com"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sns_topic": {"alarms": {"name": "alarms"}},
      "aws_sns_topic_subscription": {
        "team": {"topic_arn": "${aws_sns_topic.alarms.arn}", "protocol": "email", "endpoint": "team@example.com"},
        "oncall": {"topic_arn": "${aws_sns_topic.alarms.arn}", "protocol": "https",
          "endpoint": "https://oncall.example.com/hook"}},
      "aws_cloudwatch_metric_alarm": {"cpu": {"alarm_name": "cpu", "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
    """
    told = _told(graph)
    protocols = {topic: {text(one, "protocol") for one in _subscriptions(graph, topic)} for topic in told}
    heard = {
        sender for topic, senders in told.items() if protocols[topic] - {"email", "email-json"} for sender in senders
    }
    for topic, senders in told.items():
        alarms = any(sender.type.endswith("_alarm") and sender not in heard for sender in senders)
        if alarms and protocols[topic] and protocols[topic] <= {"email", "email-json"} and not passed_out(topic):
            yield topic, "Its only subscribers are mailboxes, which have to confirm first."


def _told(graph: Graph) -> dict[Resource, list[Resource]]:
    """Topics that services send to, each with its senders."""
    found: dict[Resource, list[Resource]] = {}
    for one in deliveries(graph):
        if one.receiver.type == TOPIC:
            found.setdefault(one.receiver, []).append(one.sender)
    return found


def _subscriptions(graph: Graph, topic: Resource) -> list[Resource]:
    return graph.referrers(topic, "aws_sns_topic_subscription")


@check(
    "GB134",
    "error",
    fix="Add an aws_lambda_permission for the service, with the bucket, topic or log group as source_arn.",
)
def event_may_not_start_function(graph: Graph) -> Iterator[Hit]:
    """Bucket, topic or log group may not start its function.

    ## What it finds
    A notification of a bucket, a subscription of a topic or a subscription filter of a log group to a function without an
    `aws_lambda_permission` for `s3.amazonaws.com`, `sns.amazonaws.com` or `logs.amazonaws.com`. APIs and event rules have a check
    of their own (GB109).

    ## Why it matters
    S3 and CloudWatch Logs refuse such a connection while it is made; SNS makes it, and then every message is lost.

    ## Example
    ```json
    {"resource": {
      "aws_sns_topic": {"orders": {"name": "orders"}},
      "aws_lambda_function": {"work": {"function_name": "work"}},
      "aws_sns_topic_subscription": {"work": {"protocol": "lambda",
        "topic_arn": "${aws_sns_topic.orders.arn}", "endpoint": "${aws_lambda_function.work.arn}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_sns_topic": {"orders": {"name": "orders"}},
      "aws_lambda_function": {"work": {"function_name": "work"}},
      "aws_lambda_permission": {"orders": {"action": "lambda:InvokeFunction", "principal": "sns.amazonaws.com",
        "function_name": "${aws_lambda_function.work.function_name}", "source_arn": "${aws_sns_topic.orders.arn}"}},
      "aws_sns_topic_subscription": {"work": {"protocol": "lambda",
        "topic_arn": "${aws_sns_topic.orders.arn}", "endpoint": "${aws_lambda_function.work.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
    - https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    for caller, service, function in _starts(graph):
        allowed = [may_be_called(graph, function, name) for name in (service, *_regional(service, caller))]
        if all(answer is False for answer in allowed):
            yield caller, f"{service} may not start {function.address}."


def _starts(graph: Graph) -> Iterator[tuple[Resource, str, Resource]]:
    for notification in graph.all("aws_s3_bucket_notification"):
        for block in notification.blocks("lambda_function"):
            for function in graph.targets(notification, block.get("lambda_function_arn")):
                if function.type == "aws_lambda_function" and function.mode == "managed":
                    yield notification, "s3.amazonaws.com", function
    for subscription in graph.all("aws_sns_topic_subscription"):
        called = function_of(graph, subscription, "endpoint")
        if called is not None and text(subscription, "protocol") == "lambda":
            yield subscription, "sns.amazonaws.com", called
    for filter_ in graph.all("aws_cloudwatch_log_subscription_filter"):
        called = function_of(graph, filter_, "destination_arn")
        if called is not None:
            yield filter_, "logs.amazonaws.com", called


def _regional(service: str, caller: Resource) -> tuple[str, ...]:
    """CloudWatch Logs also goes by the name of its region."""
    return (f"logs.{caller.region}.amazonaws.com",) if service.startswith("logs.") and caller.region else ()
