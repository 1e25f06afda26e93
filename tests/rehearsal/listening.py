"""A topic and a queue behind which a test hears what services tell, and functions that repeat there what they are called with."""

from __future__ import annotations

import base64
import gzip
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

from giban.rehearsal.contents import Clients
from giban.rehearsal.services import ACCOUNT

REGION = "ap-northeast-2"
LIMIT = 60.0
"""Seconds until something that does not come is missing; it takes a moment as a rule."""


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + LIMIT
    while not reached():
        assert time.monotonic() < deadline, f"{what}: not within {LIMIT:.0f} s"
        time.sleep(0.1)


def function_of(event: dict[str, Any]) -> dict[str, Any]:
    """What CloudWatch Logs packed into a function's event."""
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    return found


class Listener:
    """Everything that is told: messages to `topic`, events of EventBridge, what functions were called with."""

    def __init__(self, client: Clients) -> None:
        self._client = client
        sns, sqs, events = client("sns"), client("sqs"), client("events")
        self.seen: list[dict[str, Any]] = []
        self._functions: list[str] = []
        self._queue = sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.topic = sns.create_topic(Name="told")["TopicArn"]
        self._allow("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        events.put_rule(Name="told", EventPattern=json.dumps({"source": [{"prefix": "aws."}]}))
        events.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": arn}])

    def forbid(self) -> None:
        """Let no service publish to the topic."""
        self._allow("ses.amazonaws.com")

    def _allow(self, *services: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": list(services)},
            "Action": "sns:Publish",
            "Resource": self.topic,
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client("sns").set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)

    def function(self, name: str, body: str) -> str:
        """A function that sends its event here and then does what `body` says; its ARN."""
        code = (
            "import json, boto3\n\n\ndef handle(event, context):\n"
            f"    boto3.client('sqs').send_message(QueueUrl={self._queue!r}, MessageBody=json.dumps(event))\n    {body}\n"
        )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("told.py", code)
        made = self._client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=f"arn:aws:iam::{ACCOUNT}:role/told",
            Handler="told.handle",
            Timeout=30,
            Code={"ZipFile": archive.getvalue()},
        )
        self._functions.append(name)
        return str(made["FunctionArn"])

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first of what was told and has not been asked for yet; what comes before it is left in `seen`."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            self._fetch()
            found.extend(item for item in self.seen if wanted(item))
            return bool(found)

        until(there, "what was to be told")
        self.seen.remove(found[0])
        return found[0]

    def _fetch(self) -> None:
        sqs = self._client("sqs")
        for message in sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            self.seen.append(json.loads(body["Message"]) if "Message" in body and "TopicArn" in body else body)

    def close(self) -> None:
        """Take everything away."""
        events = self._client("events")
        events.remove_targets(Rule="told", Ids=["queue"])
        events.delete_rule(Name="told")
        self._client("sns").delete_topic(TopicArn=self.topic)
        self._client("sqs").delete_queue(QueueUrl=self._queue)
        for name in self._functions:
            self._client("lambda").delete_function(FunctionName=name)
        cloudwatch = self._client("cloudwatch")
        alarms = cloudwatch.describe_alarms()
        names = [alarm["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in alarms[kind]]
        cloudwatch.delete_alarms(AlarmNames=names)
