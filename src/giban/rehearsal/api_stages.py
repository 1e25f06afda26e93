"""What a stage of an HTTP API does on AWS and not on ministack (1.5.33): holds callers back, and writes a line for each request.

Throttling is a bucket of tokens: `throttlingRateLimit` flow in each second, up to `throttlingBurstLimit` lie in it.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

Tell = Callable[[str, str, str, list[tuple[float, str]]], None]
"""Takes lines for a log group: account, region, name of the group, (time, line)."""

TOO_MANY = (429, {"Content-Type": "application/json"}, b'{"message":"Too Many Requests"}')

_VARIABLE = re.compile(r"\$context\.([A-Za-z][A-Za-z0-9_.]*)")


class Bucket:
    """Tokens of one stage. `now` is in seconds and only goes forward."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float) -> bool:
        """Whether there is a token for one more request."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def install(clock: Callable[[], float], tell: Tell) -> None:
    """Make stages of ministack's HTTP APIs work this way. Runs inside ministack."""
    from ministack.services import apigateway

    execute = apigateway.handle_execute
    buckets: dict[tuple[str, str], Bucket] = {}

    async def handle_execute(
        api_id: str, stage_name: str, path: str, method: str, headers: Any, *rest: Any, **more: Any
    ) -> Any:
        found = apigateway.find_api_scope(api_id)
        stages = apigateway._stages.get_scoped(*found, api_id, {}) if found else {}
        stage = stages.get(stage_name) or {}
        begin = time.monotonic()
        if _let_in(buckets, (api_id, stage_name), stage.get("defaultRouteSettings") or {}, begin):
            answer = await execute(api_id, stage_name, path, method, headers, *rest, **more)
        else:
            answer = TOO_MANY
        log = stage.get("accessLogSettings") or {}
        if found and log.get("destinationArn") and log.get("format"):
            values = _values(
                found[0], api_id, stage_name, method, path, headers, answer, time.monotonic() - begin, clock()
            )
            group = str(log["destinationArn"]).partition(":log-group:")[2].removesuffix(":*")
            tell(found[0], found[1], group, [(clock(), line_of(str(log["format"]), values))])
        return answer

    apigateway.handle_execute = handle_execute


def line_of(form: str, values: dict[str, str]) -> str:
    """A line of an access log; a dash where nothing is known, as on AWS."""
    return _VARIABLE.sub(lambda match: values.get(match[1].rstrip("."), "-"), form)


def _let_in(buckets: dict[tuple[str, str], Bucket], key: tuple[str, str], settings: dict[str, Any], now: float) -> bool:
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    if rate is None or burst is None:
        return True
    bucket = buckets.get(key)
    if bucket is None or (bucket.rate, bucket.burst) != (float(rate), float(burst)):
        bucket = buckets[key] = Bucket(float(rate), float(burst), now)
    return bucket.take(now)


def _values(
    account: str, api: str, stage: str, method: str, path: str, headers: Any, answer: Any, took: float, now: float
) -> dict[str, str]:
    from giban.rehearsal.visits import visitor

    source, domain = visitor()
    body = answer[2] if len(answer) > 2 else b""
    return {
        "accountId": account,
        "apiId": api,
        "domainName": domain or f"{api}.execute-api",
        "httpMethod": method,
        "identity.sourceIp": source or "127.0.0.1",
        "identity.userAgent": _quoted(
            str({name.lower(): value for name, value in (headers or {}).items()}.get("user-agent", "-"))
        ),
        "path": _quoted(path),
        "protocol": "HTTP/1.1",
        "requestId": uuid.uuid4().hex,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": str(int(now * 1000)),
        "responseLatency": str(round(took * 1000)),
        "responseLength": str(len(body or b"")),
        "stage": stage,
        "status": str(answer[0]),
    }


def _quoted(text: str) -> str:
    """A visitor's text inside of a line that is JSON: nothing in it ends the value, or the line."""
    return "".join(letter if letter >= " " and letter not in '"\\' else "_" for letter in text)
