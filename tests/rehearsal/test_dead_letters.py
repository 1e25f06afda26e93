"""What was given up on, on real emulators: looked at, moved back, and handed to functions again."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from giban.lifecycle.operate import NotUp
from giban.lifecycle.queue import Progress, Queue, Queues, call_of
from giban.rehearsal.contents import Clients
from tests.rehearsal.conftest import REGION
from tests.rehearsal.serverless import code

ACCOUNT = "arn:aws:sqs:ap-northeast-2:000000000000:"


class Pair:
    """A queue that gives up at once, and its dead letters."""

    def __init__(self, client: Clients, ending: str = "") -> None:
        self.sqs = client("sqs")
        name = f"q{uuid.uuid4().hex[:8]}"
        self.queue = Queue("jobs", name + ending, f"{name}-dead{ending}", REGION)
        fifo = {"FifoQueue": "true"} if ending else {}
        self.dead = self.sqs.create_queue(QueueName=self.queue.dead, Attributes=fifo)["QueueUrl"]
        redrive = json.dumps({"deadLetterTargetArn": ACCOUNT + self.queue.dead, "maxReceiveCount": 1})
        self.url = self.sqs.create_queue(QueueName=self.queue.queue, Attributes={**fifo, "RedrivePolicy": redrive})[
            "QueueUrl"
        ]

    def fail(self, *bodies: str) -> None:
        """Messages that were tried, and given up on."""
        for number, body in enumerate(bodies):
            extra = (
                {"MessageGroupId": str(number), "MessageDeduplicationId": body} if self.url.endswith(".fifo") else {}
            )
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **extra)
        self.receive(self.url)
        assert not self.receive(self.url), "the second time they are dead"

    def receive(self, url: str) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return list(found.get("Messages", []))


@pytest.fixture
def pair(client: Clients) -> Pair:
    return Pair(client)


def calls(client: Clients) -> Queues:
    return Queues(client, "giban up")


def until(holds: Callable[[], bool]) -> None:
    """Fails loudly when something does not come true."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def last(steps: Iterator[Progress]) -> Progress:
    return list(steps)[-1]


def test_dead_letters_are_counted_and_looked_at(client: Clients, pair: Pair) -> None:
    pair.fail("one", "two", "three")
    filling = calls(client).filling(pair.queue)
    assert (filling.waiting, filling.dead) == (0, 3)
    found = calls(client).peek(pair.queue, 10)
    assert [message.body for message in found] == ["one", "two", "three"]
    assert all(abs(message.sent - time.time()) < 600 for message in found)


def test_looking_takes_nothing_away(client: Clients, pair: Pair) -> None:
    pair.fail(*(f"message {number}" for number in range(5)))
    assert len(calls(client).peek(pair.queue, 2)) == 2
    assert calls(client).filling(pair.queue).dead == 5


@pytest.mark.parametrize("ending", ["", ".fifo"])
def test_dead_letters_are_moved_back_as_new_messages(client: Clients, ending: str) -> None:
    pair = Pair(client, ending)
    pair.fail("one", "two")
    progress = last(calls(client).redrive(pair.queue, None, time.sleep))
    assert (progress.status, progress.moved) == ("COMPLETED", 2)
    assert calls(client).filling(pair.queue).dead == 0
    found = pair.sqs.receive_message(
        QueueUrl=pair.url,
        MaxNumberOfMessages=10,
        AttributeNames=["ApproximateReceiveCount", "DeadLetterQueueSourceArn"],
    )["Messages"]
    assert sorted(message["Body"] for message in found) == ["one", "two"]
    assert all(message["Attributes"] == {"ApproximateReceiveCount": "1"} for message in found)


def test_moving_goes_no_faster_than_told(client: Clients, pair: Pair) -> None:
    pair.fail(*(f"message {number}" for number in range(4)))
    begin = time.monotonic()
    assert last(calls(client).redrive(pair.queue, 2, time.sleep)).moved == 4
    assert time.monotonic() - begin > 1


def test_only_dead_letters_can_be_moved(client: Clients, pair: Pair) -> None:
    with pytest.raises(ClientError, match="Dead Letter Queue"):
        pair.sqs.start_message_move_task(SourceArn=ACCOUNT + pair.queue.queue)
    with pytest.raises(ClientError, match="doesn't exist"):
        pair.sqs.start_message_move_task(SourceArn=f"{ACCOUNT}nobody")


def test_moving_can_be_stopped(client: Clients, pair: Pair) -> None:
    pair.fail(*(f"message {number}" for number in range(9)))
    arn = ACCOUNT + pair.queue.dead
    handle = pair.sqs.start_message_move_task(SourceArn=arn, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    with pytest.raises(ClientError, match="already a task running"):
        pair.sqs.start_message_move_task(SourceArn=arn)
    pair.sqs.cancel_message_move_task(TaskHandle=handle)
    (task,) = pair.sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert task["Status"] == "CANCELLED"
    assert task["ApproximateNumberOfMessagesMoved"] < 9


def test_a_queue_that_is_not_there_yet(client: Clients) -> None:
    with pytest.raises(NotUp, match="giban up"):
        calls(client).filling(Queue("jobs", "never", "never-dead", REGION))


def entry(function: str, payload: Any) -> str:
    """What Lambda leaves of an event that it could not process."""
    return json.dumps(
        {"requestContext": {"functionArn": function, "condition": "RetriesExhausted"}, "requestPayload": payload}
    )


def test_failed_events_are_handed_to_their_function_again(client: Clients) -> None:
    functions, tables, sqs = client("lambda"), client("dynamodb"), client("sqs")
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    tables.create_table(
        TableName="scv-notes", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
    )  # fmt: skip
    arn = functions.create_function(
        FunctionName="notes", Runtime="python3.12", Role="arn:aws:iam::000000000000:role/x", Handler="functions.note",
        Timeout=29, Code={"ZipFile": code()},
    )["FunctionArn"]  # fmt: skip
    try:
        url = sqs.create_queue(QueueName="scv-functions-failed")["QueueUrl"]
        for number in range(12):
            sqs.send_message(QueueUrl=url, MessageBody=entry(f"{arn}:$LATEST", {"number": number}))
        sqs.send_message(QueueUrl=url, MessageBody='{"DDBStreamBatchInfo": {}}')
        queue = Queue("functions-failed", "scv-functions-failed", "scv-functions-failed", REGION)
        progress = last(calls(client).redrive(queue, None, time.sleep))
        assert (progress.status, progress.moved, progress.kept) == ("COMPLETED", 12, 1)
        until(lambda: tables.scan(TableName="scv-notes")["Count"] == 12)
        seen = [json.loads(item["event"]["S"])["number"] for item in tables.scan(TableName="scv-notes")["Items"]]
        assert sorted(seen) == list(range(12))
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert found["ApproximateNumberOfMessages"] == "1"
    finally:
        functions.delete_function(FunctionName="notes")
        tables.delete_table(TableName="scv-notes")


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ({"Body": entry("arn:f", {"a": 1})}, ("arn:f", b'{"a":1}')),
        ({"Body": entry("arn:f", None)}, ("arn:f", b"null")),
        ({"Body": '{"x": 1}', "MessageAttributes": {"TARGET_ARN": {"StringValue": "arn:g"}}}, ("arn:g", b'{"x": 1}')),
        ({"Body": "no json"}, None),
        ({"Body": "[]"}, None),
        ({"Body": '{"requestContext": {}}'}, None),
        ({"Body": '{"requestContext": {"functionArn": "arn:f"}}'}, None),
    ],
)
def test_what_a_failed_event_was(message: dict[str, Any], call: tuple[str, bytes] | None) -> None:
    assert call_of(message) == call
