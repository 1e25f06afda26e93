"""The monitor: one loop in moto's process that lets metrics, alarms, log lines and databases behave over time.

moto (5.2.5) stores alarms and log lines; nothing follows from them. This loop, every `LOOK` seconds:

1. fetches    what functions printed, how they ended, and how full queues are, from ministack (`telemetry`)
2. evaluates  alarms at each full minute (ten seconds for shorter periods) of the rehearsal's clock, also at those skipped
3. tells      each change of state as CloudWatch does: to SNS, EventBridge, functions, scaling policies (`notices`)
4. moves on   databases that are starting or stopping (`monitor_databases`), instances that are taken back

What AWS would measure on machines and databases that are not there has a usual value (`monitor_usual`), until somebody puts one.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any

from giban.rehearsal import monitor_messages, monitor_store
from giban.rehearsal.frames import NOTICES_PATH, TELEMETRY_PATH
from giban.rehearsal.monitor_alarms import ALARM, MORE, OK, UNKNOWN, Rule, composite, judge, step_of
from giban.rehearsal.monitor_messages import Change
from giban.rehearsal.monitor_metrics import Datum, Key, NotSupported, Values, calculate, key_of, single, windows
from giban.rehearsal.monitor_usual import usual
from giban.rehearsal.patching import put

LOOK = 0.5
"""Seconds between two looks."""
CATCH_UP = 3 * 3600.0
"""Seconds of a skip of the clock that are evaluated minute by minute; of a longer one, the last so many."""
SKIP = 18
"""Times of evaluation (each ten seconds) between two looks that are more than a slow machine: somebody set the clock."""
REGULAR = 150.0
"""Seconds of this machine in which a function that is called every minute has run."""
_AT_ONCE = 100
"""Notices of one delivery."""
_NESTED = 5
"""How deep composite alarms may stand on each other here."""

Ask = Callable[[str, str, bytes], bytes]
"""(method, path, body) to ministack; raises OSError or HTTPException when it does not answer."""


class Monitor:
    """`lock` is the one under which moto answers requests."""

    def __init__(self, lock: Lock, clock: Callable[[], float], ask: Ask) -> None:
        self._lock = lock
        self._clock = clock
        self._ask = ask
        self._evaluated: float | None = None
        self._outgoing: deque[str] = deque(maxlen=10_000)
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._gauges: list[dict[str, Any]] = []
        self._data: dict[int, dict[Key, list[Datum]]] = {}
        self._said: set[str] = set()
        self._set_by_hand = False
        self._ran: dict[str, tuple[float, dict[str, Any]]] = {}

    def start(self) -> None:
        """Look from now on, in a thread of its own."""
        Thread(target=self._run, name="monitor", daemon=True).start()

    def notify(self, notice: dict[str, Any]) -> None:
        """Have something told through ministack: an event, a message to a topic, a call (see `notices`)."""
        # As text at once: what cannot be written is its sender's error, and does not hold up all others.
        self._outgoing.append(json.dumps(notice))

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Have something done, with the lock held, when so many seconds of the rehearsal's clock have passed."""
        self._later.append((self._clock() + seconds, work))

    def state_set(self, alarm: Any, account: str, before: str, reason: str, since: float) -> None:
        """Tell that somebody set an alarm's state. Called with the lock held."""
        if alarm.state_value != before:
            self._set_by_hand = True
            self._tell(Change(alarm, account, before, reason, since, self._clock()))

    def look(self) -> None:
        """One look."""
        self._fetch()
        now = self._clock()
        self._do_what_is_due(now)
        times = list(self._times(now))
        went_on = self._regular() if len(times) > SKIP else []
        for at in times:
            with self._lock:
                self._record_gauges(at, went_on)
                self._evaluate(at)
        self._data.clear()
        if self._set_by_hand:
            with self._lock:
                self._set_by_hand = False
                self._follow(now)
        self._deliver()

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                # One alarm it stumbles over must not silence all others.
                traceback.print_exc(file=sys.stderr)
            time.sleep(LOOK)

    def _fetch(self) -> None:
        try:
            found = json.loads(self._ask("POST", TELEMETRY_PATH, b"{}"))
        except (OSError, http.client.HTTPException):
            return
        from giban.rehearsal.monitor_logs import ingest

        with self._lock:
            self._gauges = found["gauges"]
            for item in found["metrics"]:
                monitor_store.record(**item)
                if (item["namespace"], item["name"]) == ("AWS/Lambda", "Invocations"):
                    what = {key: value for key, value in item.items() if key != "at"}
                    self._ran[json.dumps(what, sort_keys=True)] = (time.monotonic(), what)
            for item in found["lines"]:
                ingest(item["account"], item["region"], item["group"], [(at, line) for at, line in item["lines"]])

    def _do_what_is_due(self, now: float) -> None:
        back = self._evaluated is not None and now < self._evaluated - 60
        with self._lock:
            ripe = [item for item in self._later if item[0] <= now or back]
            self._later = [item for item in self._later if item not in ripe]
            for _when, work in sorted(ripe, key=lambda item: item[0]):
                work()
            if back:
                monitor_store.forget_future(now)
                self._evaluated = None

    def _times(self, now: float) -> Iterator[float]:
        """The times of evaluation that have passed since the last look, in order."""
        if self._evaluated is None or now < self._evaluated:
            self._evaluated = now
            return
        tens = int(max(self._evaluated, now - CATCH_UP) // 10) + 1
        self._evaluated = now
        for number in range(tens, int(now // 10) + 1):
            yield number * 10.0

    def _regular(self) -> list[dict[str, Any]]:
        """Invocations of functions that ran just now: a skip lets happen what a clock calls each minute."""
        newest = time.monotonic() - REGULAR
        self._ran = {key: found for key, found in self._ran.items() if found[0] > newest}
        return [what for _, what in self._ran.values()]

    def _record_gauges(self, at: float, went_on: list[dict[str, Any]]) -> None:
        """How full queues are, a value for each minute: also for those that a set clock has skipped."""
        if at % 60:
            return
        for gauge in [*self._gauges, *went_on]:
            monitor_store.record(**{**gauge, "at": at - 30})
            if self._data:
                from moto.cloudwatch.models import cloudwatch_backends

                data = self._data.get(id(cloudwatch_backends[gauge["account"]][gauge["region"]]))
                if data is not None:
                    key = key_of(gauge["namespace"], gauge["name"], gauge["dimensions"])
                    data.setdefault(key, []).append(single(at - 30, gauge["value"]))

    def _evaluate(self, at: float) -> None:
        from moto.cloudwatch.models import cloudwatch_backends

        for account, regions in list(cloudwatch_backends.items()):
            for backend in list(regions.values()):
                due = [
                    alarm
                    for alarm in backend.alarms.values()
                    if alarm.rule is None and at % step_of(_period(alarm)) == 0
                ]
                for alarm in due:
                    self._judge(alarm, account, backend, at)
                self._judge_composites(backend, account, at)

    def _follow(self, at: float) -> None:
        """Composite alarms after a change that no evaluation has made."""
        from moto.cloudwatch.models import cloudwatch_backends

        for account, regions in list(cloudwatch_backends.items()):
            for backend in list(regions.values()):
                self._judge_composites(backend, account, at)

    def _judge(self, alarm: Any, account: str, backend: Any, at: float) -> None:
        period = _period(alarm)
        rule = Rule(
            alarm.comparison_operator or "",
            float(alarm.threshold or 0),
            int(alarm.evaluation_periods or 1),
            int(alarm.datapoints_to_alarm or alarm.evaluation_periods or 1),
            _missing(alarm),
        )
        try:
            values = self._values(alarm, account, backend, at, period, rule.periods + MORE)
            verdict = judge(rule, values, alarm.state_value)
        except (NotSupported, KeyError) as error:
            self._say(f"alarm {alarm.name} is not evaluated: {error}")
            return
        data = {
            "version": "1.0",
            "queryDate": monitor_messages.moment(at),
            "startDate": monitor_messages.moment(at - period * rule.periods),
            "statistic": alarm.statistic,
            "period": period,
            "recentDatapoints": verdict.values,
            "threshold": rule.threshold,
        }
        self._set(alarm, account, verdict.state, verdict.reason, json.dumps(data), at)

    def _values(self, alarm: Any, account: str, backend: Any, at: float, period: float, count: int) -> Values:
        if not alarm.metric_data_queries:
            dimensions = {part.name: part.value for part in alarm.dimensions}
            statistic = alarm.statistic or alarm.extended_statistic
            return self._series(
                backend, account, alarm.namespace, alarm.metric_name, dimensions, statistic, at, period, count
            )
        series: dict[str, Values] = {}
        for query in [query for query in alarm.metric_data_queries if query.metric_stat]:
            metric = query.metric_stat.metric
            dimensions = {part.name: part.value for part in metric.dimensions}
            stat = query.metric_stat.stat
            series[query.id] = self._series(
                backend, account, metric.namespace, metric.metric_name, dimensions, stat, at, period, count
            )
        return _result(alarm, series)

    def _series(
        self,
        backend: Any,
        account: str,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        statistic: str,
        at: float,
        period: float,
        count: int,
    ) -> Values:
        if id(backend) not in self._data:
            longest = max(
                _period(alarm) * (int(alarm.evaluation_periods or 1) + MORE) for alarm in backend.alarms.values()
            )
            self._data[id(backend)] = monitor_store.collected(backend, at - longest)
        key = key_of(namespace, name, dimensions)
        data = self._data[id(backend)].get(key)
        if data:
            return windows(data, statistic, at, period, count)
        if monitor_store.was_put(account, backend.region_name, key):
            return [None] * count
        value = usual(account, backend.region_name, namespace, name, dimensions, statistic)
        return [value] * count

    def _judge_composites(self, backend: Any, account: str, at: float) -> None:
        alarms = [alarm for alarm in backend.alarms.values() if alarm.rule is not None]
        for _round in range(_NESTED):
            states = {alarm.name: alarm.state_value for alarm in backend.alarms.values()}
            moved = False
            for alarm in alarms:
                try:
                    state = ALARM if composite(alarm.rule, states) else OK
                except ValueError as error:
                    self._say(f"alarm {alarm.name} is not evaluated: {error}")
                    continue
                reason = f"The alarm's rule is {'true' if state == ALARM else 'false'}: {alarm.rule}"
                moved = self._set(alarm, account, state, reason, "{}", at) or moved
            if not moved:
                return

    def _set(self, alarm: Any, account: str, state: str, reason: str, data: str, at: float) -> bool:
        if state == alarm.state_value:
            return False
        before, since = alarm.state_value, alarm.state_updated_timestamp.replace(tzinfo=UTC).timestamp()
        reason_before = alarm.state_reason
        alarm.update_state(reason, data, state)
        alarm.state_updated_timestamp = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
        self._tell(Change(alarm, account, before, reason_before, since, at))
        return True

    def _tell(self, change: Change) -> None:
        alarm = change.alarm
        self.notify({"kind": "event", **monitor_messages.event(change)})
        if not alarm.actions_enabled:
            return
        actions = {OK: alarm.ok_actions, ALARM: alarm.alarm_actions, UNKNOWN: alarm.insufficient_data_actions}
        for arn in actions[alarm.state_value]:
            self._act(change, arn)

    def _act(self, change: Change, arn: str) -> None:
        service = (arn.split(":") + [""] * 3)[2]
        common = {"account": change.account, "region": change.alarm.region_name, "source": change.alarm.alarm_arn}
        if service == "sns":
            told = {"subject": monitor_messages.subject(change), "message": monitor_messages.message(change)}
            self.notify({"kind": "publish", **common, "topic": arn, "by": "cloudwatch.amazonaws.com", **told})
        elif service == "lambda":
            by = "lambda.alarms.cloudwatch.amazonaws.com"
            self.notify({"kind": "call", **common, "arn": arn, "by": by, "payload": monitor_messages.call(change)})
        elif service == "autoscaling":
            self._scale(change, arn)
        else:
            self._say(f"alarm {change.alarm.name}: {arn} is not done here")

    def _scale(self, change: Change, arn: str) -> None:
        from moto.autoscaling.models import autoscaling_backends

        name = arn.rpartition("policyName/")[2]
        backend = autoscaling_backends[change.account][change.alarm.region_name]
        if name in backend.policies:
            backend.execute_policy(name)

    def _deliver(self) -> None:
        while self._outgoing:
            notices = [self._outgoing[place] for place in range(min(_AT_ONCE, len(self._outgoing)))]
            try:
                self._ask("POST", NOTICES_PATH, f"[{','.join(notices)}]".encode())
            except (OSError, http.client.HTTPException) as error:
                # Kept: ministack is starting, or busy.
                self._say(f"ministack does not take notices: {error}")
                return
            for _notice in notices:
                self._outgoing.popleft()

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            print(text, file=sys.stderr, flush=True)


def _period(alarm: Any) -> float:
    """Of the alarm, or of the metrics its expression is made of."""
    if alarm.period:
        return float(alarm.period)
    found = [query.metric_stat.period for query in alarm.metric_data_queries if query.metric_stat]
    return float(next(iter(found), None) or 60)


def _missing(alarm: Any) -> str:
    # AWS/DynamoDB: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    return "ignore" if alarm.namespace == "AWS/DynamoDB" else str(alarm.treat_missing_data or "missing")


def _result(alarm: Any, series: dict[str, Values]) -> Values:
    """The series that the alarm's queries return; expressions may stand on each other."""
    left = [query for query in alarm.metric_data_queries if query.expression]
    wanted = next((query.id for query in alarm.metric_data_queries if str(query.return_data).lower() != "false"), None)
    for _round in range(len(left)):
        for query in list(left):
            try:
                series[query.id] = calculate(query.expression, series)
            except NotSupported:
                continue
            left.remove(query)
    if wanted not in series:
        raise NotSupported(f"the expression {next((query.expression for query in left), wanted)}")
    return series[wanted]


def install(monitor: Monitor, clock: Callable[[], float]) -> None:
    """Make moto's CloudWatch work this way."""
    from moto.cloudwatch.models import Alarm, CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse

    monitor_store.install(clock)
    put_alarm, set_state = CloudWatchBackend.put_metric_alarm, CloudWatchBackend.set_alarm_state

    def put_metric_alarm(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        before = self.alarms.get(name)
        made = put_alarm(self, name, *args, **kwargs)
        if before is None:
            # moto said OK of an alarm that nobody has looked at.
            made.state_value = UNKNOWN
        else:
            made.state_value, made.state_reason = before.state_value, before.state_reason
            made.state_reason_data, made.state_updated_timestamp = (
                before.state_reason_data,
                before.state_updated_timestamp,
            )
        return made

    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        alarm = self.alarms.get(alarm_name)
        before = (alarm.state_value, alarm.state_reason, alarm.state_updated_timestamp) if alarm else None
        set_state(self, alarm_name, reason, reason_data, state_value)
        if before is not None:
            monitor.state_set(alarm, self.account_id, before[0], before[1], before[2].replace(tzinfo=UTC).timestamp())

    put(CloudWatchBackend, "put_metric_alarm", put_metric_alarm)
    put(CloudWatchBackend, "set_alarm_state", set_alarm_state)
    # Composite alarms could be described, but not made.
    put(CloudWatchResponse, "put_composite_alarm", CloudWatchResponse.put_metric_alarm, new=True)
    put(Alarm, "alarm_rule", property(lambda self: self.rule), new=True)
