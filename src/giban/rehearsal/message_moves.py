"""Moving dead letters back, which ministack (1.5.33) does not know: StartMessageMoveTask and its company.

A moved message is a new one, with a number and an age of its own.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

REMEMBERED = 10
"""Tasks of a queue that are listed."""

Task = dict[str, Any]

_tasks: dict[str, list[Task]] = {}
_lock = threading.Lock()


def dead_letters_can_be_moved() -> None:
    """Add the three operations."""
    from ministack.services import sqs

    sqs._HANDLERS["StartMessageMoveTask"] = _start
    sqs._HANDLERS["ListMessageMoveTasks"] = _list
    sqs._HANDLERS["CancelMessageMoveTask"] = _cancel


def _start(data: dict[str, Any], _url: str) -> dict[str, Any]:
    from ministack.services import sqs

    source = str(data.get("SourceArn") or "")
    queue = sqs._queue_by_arn(source)
    if queue is None:
        raise sqs._Err(
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
            404,
        )
    origins = _origins(source)
    wanted = str(data.get("DestinationArn") or "")
    target = sqs._queue_by_arn(wanted) if wanted else None
    if wanted and target is None:
        what = "The resource that you specified for the DestinationArn parameter doesn't exist."
        raise sqs._Err("ResourceNotFoundException", what, 404)
    if not origins:
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    with _lock:
        known = _tasks.setdefault(source, [])
        if any(task["Status"] == "RUNNING" for task in known):
            raise sqs._Err(
                "UnsupportedOperation",
                "There is already a task running. Only one active task is allowed per source queue.",
            )
        task: Task = {
            "TaskHandle": uuid.uuid4().hex,
            "Status": "RUNNING",
            "SourceArn": source,
            **({"DestinationArn": wanted} if wanted else {}),
            "MaxNumberOfMessagesPerSecond": int(data.get("MaxNumberOfMessagesPerSecond") or 0),
            "ApproximateNumberOfMessagesMoved": 0,
            "ApproximateNumberOfMessagesToMove": len(queue["messages"]),
            "StartedTimestamp": int(time.time() * 1000),
        }
        known.insert(0, task)
        del known[REMEMBERED:]
    threading.Thread(target=_move, args=(queue, target, origins, task), name="moving", daemon=True).start()
    return {"TaskHandle": task["TaskHandle"]}


def _origins(dead: str) -> dict[str, Any]:
    """The queues whose dead letters come here, by ARN."""
    from ministack.services import sqs

    found = {}
    for _key, queue in list(sqs._queues.all_items()):
        try:
            target = json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
        except (ValueError, AttributeError):
            continue
        if target == dead:
            found[queue["attributes"]["QueueArn"]] = queue
    return found


def _move(queue: Any, target: Any, origins: dict[str, Any], task: Task) -> None:
    from ministack.core.concurrency import esm_wake

    pause = 1 / task["MaxNumberOfMessagesPerSecond"] if task["MaxNumberOfMessagesPerSecond"] else 0.0
    for message in list(queue["messages"]):
        if task["Status"] != "RUNNING":
            return
        to = (
            target
            or origins.get(message.get("sys", {}).get("DeadLetterQueueSourceArn", ""))
            or next(iter(origins.values()))
        )
        if message in queue["messages"] and message["visible_at"] <= time.time():
            queue["messages"].remove(message)
            to["messages"].append(_as_new(message))
            task["ApproximateNumberOfMessagesMoved"] += 1
            esm_wake.set()
        if pause:
            time.sleep(pause)
    task["Status"] = "COMPLETED"


def _as_new(message: dict[str, Any]) -> dict[str, Any]:
    now = time.time()
    told = {key: value for key, value in message.get("sys", {}).items() if key != "DeadLetterQueueSourceArn"}
    return {
        **message,
        "id": str(uuid.uuid4()),
        "sent_at": now,
        "enqueued_at": now,
        "visible_at": now,
        "first_receive_at": None,
        "receipt_handle": None,
        "receive_count": 0,
        "sys": {**told, "SentTimestamp": str(int(now * 1000))},
    }


def _list(data: dict[str, Any], _url: str) -> dict[str, Any]:
    found = _tasks.get(str(data.get("SourceArn") or ""), [])[: int(data.get("MaxResults") or 1)]
    shown = [dict(task) for task in found]
    for task in shown:
        if task["Status"] != "RUNNING":
            del task["TaskHandle"]
        if not task["MaxNumberOfMessagesPerSecond"]:
            del task["MaxNumberOfMessagesPerSecond"]
    return {"Results": shown}


def _cancel(data: dict[str, Any], _url: str) -> dict[str, Any]:
    from ministack.services import sqs

    for known in list(_tasks.values()):
        for task in known:
            if task["TaskHandle"] == data.get("TaskHandle") and task["Status"] == "RUNNING":
                task["Status"] = "CANCELLED"
                return {"ApproximateNumberOfMessagesMoved": task["ApproximateNumberOfMessagesMoved"]}
    raise sqs._Err("ResourceNotFoundException", "There is no running task with this handle.", 404)
