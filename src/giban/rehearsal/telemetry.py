"""What functions, queues and APIs of ministack tell CloudWatch, kept until the monitor fetches it for moto's.

Runs inside ministack. Of a function: what it prints, Invocations, Errors, Duration, Throttles. Of a queue: how many messages
wait, are being worked on, and how old the oldest is. Of an HTTP API: Count, 4xx, 5xx. Schedules go by the rehearsal's clock.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_metrics: deque[dict[str, Any]] = deque(maxlen=20_000)
_lines: deque[dict[str, Any]] = deque(maxlen=5_000)
_oldest: dict[Any, tuple[str, float]] = {}
"""Queue to its oldest message and when that was first seen, by the rehearsal's clock."""


def install(clock: Callable[[], float]) -> None:
    """Listen to ministack from now on."""
    _listen_to_functions(clock)
    _listen_to_apis(clock)
    _schedules_by(clock)


def drain(clock: Callable[[], float]) -> dict[str, Any]:
    """What came since the last call, and how queues are now."""
    metrics = [_metrics.popleft() for _ in range(len(_metrics))]
    lines = [_lines.popleft() for _ in range(len(_lines))]
    return {"metrics": metrics, "lines": lines, "gauges": _queues(clock())}


def tell(account: str, region: str, group: str, lines: list[tuple[float, str]]) -> None:
    """Put lines, with their times by the rehearsal's clock, into a log group of moto's, soon."""
    _lines.append({"account": account, "region": region, "group": group, "lines": lines})


def _listen_to_functions(clock: Callable[[], float]) -> None:
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import lambda_svc

    def emit_lambda_logs(
        func: dict[str, Any],
        request_id: str,
        log_text: str,
        error: bool,
        duration_ms: int,
        *,
        log_source: str | None = None,  # noqa: ARG001 - whose words the lines are makes no difference here
    ) -> None:
        config = func.get("config") or func
        name, version = config.get("FunctionName", "unknown"), config.get("Version", "$LATEST")
        where = {"account": get_account_id(), "region": get_region()}
        now = clock()
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
        report = (
            f"REPORT RequestId: {request_id}\tDuration: {duration_ms} ms\tBilled Duration: {duration_ms} ms\t"
            f"Memory Size: {config.get('MemorySize', 128)} MB"
        )
        begin = f"START RequestId: {request_id} Version: {version}"
        printed = [begin, *log_text.splitlines(), f"END RequestId: {request_id}", report]
        tell(where["account"], where["region"], group, [(now, line) for line in printed])
        for metric, value, unit in (
            ("Invocations", 1, "Count"),
            ("Errors", int(error), "Count"),
            ("Duration", duration_ms, "Milliseconds"),
        ):
            _note(where, "AWS/Lambda", metric, {"FunctionName": name}, value, now, unit)

    def emit_lambda_metrics(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:  # noqa: ARG001
        # The others come with the lines, also of invocations that no request asked for.
        if throttle:
            where = {"account": get_account_id(), "region": get_region()}
            _note(where, "AWS/Lambda", "Throttles", {"FunctionName": function_name}, 1, clock(), "Count")

    _replace(lambda_svc, "_emit_lambda_logs", emit_lambda_logs)
    _replace(lambda_svc, "_emit_lambda_metrics", emit_lambda_metrics)


def _listen_to_apis(clock: Callable[[], float]) -> None:
    from ministack.services import apigateway

    execute = apigateway.handle_execute

    async def handle_execute(api_id: str, *args: Any, **kwargs: Any) -> Any:
        begin = time.monotonic()
        answer = await execute(api_id, *args, **kwargs)
        scope = apigateway.find_api_scope(api_id)
        if scope:
            where = {"account": scope[0], "region": scope[1]}
            status, now = int(answer[0]), clock()
            values = {
                "Count": (1, "Count"),
                "4xx": (int(400 <= status < 500), "Count"),
                "5xx": (int(status >= 500), "Count"),
                "Latency": ((time.monotonic() - begin) * 1000, "Milliseconds"),
            }
            for name, (value, unit) in values.items():
                _note(where, "AWS/ApiGateway", name, {"ApiId": api_id}, value, now, unit)
                if args and args[0]:
                    _note(where, "AWS/ApiGateway", name, {"ApiId": api_id, "Stage": str(args[0])}, value, now, unit)
        return answer

    _replace(apigateway, "handle_execute", handle_execute)


def _schedules_by(clock: Callable[[], float]) -> None:
    """EventBridge Scheduler by the rehearsal's clock, looked at every second: a set clock has schedules run at once."""
    from ministack.services import scheduler

    tick = scheduler._tick_schedules

    def tick_schedules() -> None:
        now = clock()
        for key, last in list(scheduler._schedule_last_fired.items()):
            # The clock was set back: what has run then has run just now.
            scheduler._schedule_last_fired[key] = min(last, now)
        tick()

    _replace(scheduler, "_tick_schedules", tick_schedules)
    _replace(scheduler, "time", SimpleNamespace(time=clock, sleep=time.sleep))
    _replace(scheduler, "_SCHEDULE_TICK_INTERVAL", 1)


def _queues(now: float) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""
    from ministack.services import sqs

    found: list[dict[str, Any]] = []
    system = time.time()
    for key, queue in list(sqs._queues.all_items()):
        messages = list(queue["messages"])
        visible = sum(message["visible_at"] <= system for message in messages)
        delayed = sum(message["visible_at"] > system and not message["receive_count"] for message in messages)
        # What was sent with a delay does not wait for anybody yet.
        waiting = [message for message in messages if message["visible_at"] <= system or message["receive_count"]]
        first = min(waiting, key=lambda message: message["sent_at"], default=None)
        age = 0.0
        if first is not None:
            seen = _oldest.get(key)
            if seen is None or seen[0] != first["id"]:
                seen = _oldest[key] = (first["id"], now - (system - first["sent_at"]))
            age = max(0.0, now - seen[1])
        else:
            _oldest.pop(key, None)
        account, region, name = key[0], key[1], str(queue.get("name") or key[-1])
        values = {
            "ApproximateNumberOfMessagesVisible": float(visible),
            "ApproximateNumberOfMessagesNotVisible": float(len(messages) - visible - delayed),
            "ApproximateNumberOfMessagesDelayed": float(delayed),
            "ApproximateAgeOfOldestMessage": age,
        }
        for metric, value in values.items():
            gauge = {"account": account, "region": region, "namespace": "AWS/SQS", "name": metric}
            found.append({**gauge, "dimensions": {"QueueName": name}, "value": value})
    return found


def _note(
    where: dict[str, str], namespace: str, name: str, dimensions: dict[str, str], value: float, at: float, unit: str
) -> None:
    metric = {
        "namespace": namespace,
        "name": name,
        "dimensions": dimensions,
        "value": float(value),
        "at": at,
        "unit": unit,
    }
    _metrics.append({**where, **metric})


def _replace(module: Any, name: str, value: Any) -> None:
    """Replace a member of a module, which must be there."""
    if not hasattr(module, name):
        raise AttributeError(f"{module.__name__}.{name}: the correction no longer fits")
    setattr(module, name, value)
