"""The queues of a blueprint as they are deployed: what waits, what was given up on, and trying that again.

What was given up on lies in a queue of dead letters. Dead letters of a queue are moved back by SQS itself, as new messages.
Events that a function could not process lie in the queue of failed events, one for all functions, wrapped in what Lambda says
about the failure; they are handed to their function again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from giban.blueprint.report import did_you_mean
from giban.graph.graph import Graph
from giban.graph.problems import Problem, Problems
from giban.graph.resource import Resource
from giban.lifecycle.operate import NotUp
from giban.terraform.aws import Clients, code_of, from_aws
from giban.terraform.errors import OutsideWorld

FAILED = "functions-failed"
"""The name of the queue of failed events."""
_ABSENT = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
HELD_SECONDS = 60
"""How long a message is kept from others while it is looked at, or handed to its function again."""


class Queue(msgspec.Struct, frozen=True):
    """One queue of the blueprint."""

    name: str
    """As the blueprint calls it."""
    queue: str
    """The name in AWS; of failed events that of their queue."""
    dead: str
    """The name in AWS of the queue of its dead letters."""
    region: str

    @property
    def failed(self) -> bool:
        """Whether it holds failed events, which have no queue to go back to."""
        return self.queue == self.dead


class Filling(msgspec.Struct, frozen=True):
    """How full a queue is, as far as SQS can tell (it counts approximately)."""

    name: str
    waiting: int
    taken: int
    """Handed out and not deleted yet."""
    delayed: int
    dead: int


class Message(msgspec.Struct, frozen=True):
    """A dead letter."""

    id: str
    sent: float
    """Seconds since 1970."""
    received: int
    """How often it was handed out."""
    body: str


class Progress(msgspec.Struct, frozen=True):
    """How far moving has come."""

    status: str
    """RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED."""
    moved: int
    of: int
    why: str = ""
    """Of a failure."""
    kept: int = 0
    """Failed events that cannot be handed on: they do not hold what the function was called with."""


def queues(graph: Graph) -> list[Queue]:
    """Every queue that has dead letters, and that of failed events, by name."""
    found = []
    for resource in graph.all("aws_sqs_queue"):
        dead = _dead_of(graph, resource)
        if dead is not None:
            name = resource.component.partition(".")[2] or resource.component
            found.append(Queue(name, str(resource.args["name"]), str(dead.args["name"]), str(resource.region)))
        elif resource.component == "functions":
            name = str(resource.args["name"])
            found.append(Queue(FAILED, name, name, str(resource.region)))
    return sorted(found, key=lambda queue: queue.name)


def _dead_of(graph: Graph, resource: Resource) -> Resource | None:
    found = graph.follow_all(resource, "redrive_policy")
    return next((one for one in found if one.type == "aws_sqs_queue"), None)


def find(graph: Graph, name: str) -> Queue:
    """The queue of that name. Raises Problems when there is none."""
    known = queues(graph)
    names = [queue.name for queue in known]
    if not names:
        raise Problems([Problem("The blueprint has no queues.", "Add a section `queues`.")])
    wanted = name.removeprefix("queues.")
    for queue in known:
        if queue.name == wanted:
            return queue
    fix = did_you_mean(wanted, names, f"There is: {', '.join(names)}.")
    raise Problems([Problem(f"There is no queue `{name}`.", fix)])


class Queues:
    """Calls to SQS (and Lambda, for failed events) about one region's queues. `up` is the command that deploys them."""

    def __init__(self, clients: Clients, up: str) -> None:
        self._clients = clients
        self._up = up
        self._urls: dict[str, str] = {}

    def filling(self, queue: Queue) -> Filling:
        """How full it is. Raises NotUp, OutsideWorld."""
        wanted = ["", "NotVisible", "Delayed"]
        names = [f"ApproximateNumberOfMessages{one}" for one in wanted]
        waiting, taken, delayed = (0, 0, 0) if queue.failed else self._numbers(queue.queue, names)
        (dead,) = self._numbers(queue.dead, names[:1])
        return Filling(queue.name, waiting, taken, delayed, dead)

    def peek(self, queue: Queue, limit: int) -> list[Message]:
        """Up to `limit` dead letters. They stay where they are."""
        url = self._url(queue.dead)
        found: dict[str, Message] = {}
        held: list[dict[str, Any]] = []
        try:
            while len(found) < limit and (got := self._receive(url, min(10, limit - len(found)))):
                held += got
                for message in got:
                    said = message["Attributes"]
                    found[message["MessageId"]] = Message(
                        id=message["MessageId"],
                        sent=int(said["SentTimestamp"]) / 1000,
                        received=int(said["ApproximateReceiveCount"]),
                        body=message["Body"],
                    )
        finally:
            self._give_back(url, held)
        return sorted(found.values(), key=lambda message: (message.sent, message.id))

    def redrive(self, queue: Queue, rate: int | None, sleep: Callable[[float], None]) -> Iterator[Progress]:
        """Try again what was given up on, at most `rate` a second; how far it has come, until it is over."""
        if queue.failed:
            yield from self._again(queue, rate, sleep)
        else:
            yield from self._move(queue, rate, sleep)

    def _move(self, queue: Queue, rate: int | None, sleep: Callable[[float], None]) -> Iterator[Progress]:
        """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html"""
        url = self._url(queue.dead)
        found = self._call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        limit = {"MaxNumberOfMessagesPerSecond": rate} if rate is not None else {}
        self._call("sqs", "start_message_move_task", SourceArn=arn, **limit)
        while True:
            task = self._call("sqs", "list_message_move_tasks", SourceArn=arn, MaxResults=1)["Results"][0]
            progress = Progress(
                status=task["Status"],
                moved=task.get("ApproximateNumberOfMessagesMoved", 0),
                of=task.get("ApproximateNumberOfMessagesToMove", 0),
                why=task.get("FailureReason", ""),
            )
            yield progress
            if progress.status not in ("RUNNING", "CANCELLING"):
                return
            sleep(1)

    def _again(self, queue: Queue, rate: int | None, sleep: Callable[[float], None]) -> Iterator[Progress]:
        url = self._url(queue.dead)
        (of,) = self._numbers(queue.dead, ["ApproximateNumberOfMessages"])
        moved = 0
        kept: list[dict[str, Any]] = []
        try:
            # What fails again comes back as a new entry; those are for the next time.
            while moved + len(kept) < of and (got := self._receive(url, 10)):
                for message in got:
                    call = call_of(message)
                    if call is None:
                        kept.append(message)
                        continue
                    function, payload = call
                    self._call("lambda", "invoke", FunctionName=function, InvocationType="Event", Payload=payload)
                    # Deleted only once Lambda has taken it: rather twice than not at all.
                    self._call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    moved += 1
                    if rate is not None:
                        sleep(1 / rate)
                yield Progress("RUNNING", moved, of, kept=len(kept))
        finally:
            self._give_back(url, kept)
        yield Progress("COMPLETED", moved, of, kept=len(kept))

    def _give_back(self, url: str, messages: list[dict[str, Any]]) -> None:
        """Let others have messages at once."""
        for message in messages:
            handle = message["ReceiptHandle"]
            self._call("sqs", "change_message_visibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)

    def _receive(self, url: str, number: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call(
            "sqs",
            "receive_message",
            QueueUrl=url,
            MaxNumberOfMessages=number,
            VisibilityTimeout=HELD_SECONDS,
            WaitTimeSeconds=1,
            AttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return found

    def _numbers(self, name: str, wanted: list[str]) -> list[int]:
        found = self._call("sqs", "get_queue_attributes", QueueUrl=self._url(name), AttributeNames=wanted)
        return [int(found["Attributes"].get(one, 0)) for one in wanted]

    def _url(self, name: str) -> str:
        if name not in self._urls:
            self._urls[name] = self._call("sqs", "get_queue_url", QueueName=name)["QueueUrl"]
        return self._urls[name]

    def _call(self, service: str, operation: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._clients(service), operation)(**arguments)
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise NotUp(message=f"The queue is not there yet. Run `{self._up}`.") from error
            raise from_aws(error) from error
        except BotoCoreError as error:
            raise from_aws(error) from error


def call_of(message: dict[str, Any]) -> tuple[str, bytes] | None:
    """(function, event) of a failed event; None when the entry does not hold what the function was called with.

    Lambda wraps it (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html); EventBridge Scheduler
    leaves it as it is and names the function in an attribute
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
    """
    target = message.get("MessageAttributes", {}).get("TARGET_ARN", {}).get("StringValue")
    if target:
        return str(target), str(message["Body"]).encode()
    try:
        entry = msgspec.json.decode(message["Body"])
        return str(entry["requestContext"]["functionArn"]), msgspec.json.encode(entry["requestPayload"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return None


def failed_to_move(progress: Progress) -> OutsideWorld:
    """The error of a task that did not end well."""
    why = f": {progress.why}" if progress.why else ""
    return OutsideWorld(message=f"SQS stopped moving after {progress.moved} of {progress.of} messages{why}.")
