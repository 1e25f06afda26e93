"""What nobody can read from a blueprint: how much a system is used. Every number is named, documented and can be changed.

These are our assumptions for a small business system, not measurements: low is a quiet system, high a busy one.
`giban cost --assumptions` lists them; `--assume NAME=VALUE` and `--usage FILE` change them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from giban.cost.ranges import Range, fixed
from giban.graph.problems import Position, Problem, Problems

HOURS = 730.0
"""Hours of a month, as AWS counts them."""
SECONDS = HOURS * 3600
"""Seconds of such a month."""


class Assumption(msgspec.Struct, frozen=True):
    """One named number about usage."""

    name: str
    unit: str
    value: Range
    what: str
    """What it means and what it decides."""
    given: bool = False
    """True when the user gave it."""


def _assume(name: str, unit: str, low: float, likely: float, high: float, what: str) -> Assumption:
    return Assumption(name, unit, Range(low, likely, high), what)


_ALL = (
    # time and number
    _assume("hours", "hours a month", 730, 730, 730, "How long everything runs; AWS counts 730 hours to a month."),
    _assume(
        "group_fill",
        "share",
        0,
        0.25,
        1,
        "Where between minimum and maximum an auto scaling group is on average; `desired_capacity` wins.",
    ),
    _assume(
        "root_volume_gb", "GB", 8, 8, 8, "Root volume where none is given: the size of the Amazon Linux 2023 image."
    ),
    _assume(
        "spot_price",
        "share",
        0.3,
        0.5,
        1,
        "What a Spot instance costs of its on-demand price; it changes all the time (https://aws.amazon.com/ec2/spot/pricing/).",
    ),
    # requests
    _assume(
        "requests_per_second", "requests/s", 1, 5, 25, "Average over the month at one public load balancer or API."
    ),
    _assume("response_kb", "kB", 10, 20, 40, "Average answer. With the requests it makes the traffic to the internet."),
    _assume("internal_calls", "calls", 0.5, 1, 2, "Requests to an internal load balancer per public request."),
    _assume(
        "connections_per_request", "connections", 0.1, 0.2, 0.5, "New connections per request; browsers keep them."
    ),
    # traffic of instances
    _assume("internet_gb_per_instance", "GB", 1, 5, 25, "To and from the internet: updates, other people's APIs."),
    _assume("upload_share", "share", 0.05, 0.1, 0.3, "Part of that traffic that leaves AWS and is paid as such."),
    _assume(
        "s3_gb_per_instance", "GB", 1, 10, 50, "To and from S3: artifacts, packages, uploads. Free through an endpoint."
    ),
    _assume("dynamodb_gb_per_instance", "GB", 0.5, 2, 20, "To and from DynamoDB, where there are tables."),
    _assume(
        "api_gb_per_instance", "GB", 0.1, 0.5, 2, "Calls to other AWS APIs: Systems Manager, Secrets Manager, KMS."
    ),
    _assume("database_gb_per_instance", "GB", 5, 30, 150, "Between one instance and one database."),
    _assume("public_host_gb", "GB", 1, 5, 50, "To the internet from a host with a public address (bastion, VPN)."),
    # machines that stop when nobody works
    _assume(
        "workstation_hours",
        "hours a month",
        60,
        160,
        320,
        "How long a machine is on that is started and stopped on demand; 160 is 8 hours on 20 days.",
    ),
    _assume(
        "workstation_gb_per_hour",
        "GB",
        0.01,
        0.05,
        0.3,
        "To the internet from such a machine in an hour: the editor's traffic, pushed code and images.",
    ),
    _assume(
        "page_requests",
        "requests",
        500,
        5e3,
        5e4,
        "Requests of people to the administration of such a machine; its page asks every few seconds while it is open.",
    ),
    _assume("page_answer_kb", "kB", 1, 3, 6, "Average answer of that administration."),
    # logs
    _assume(
        "log_gb_per_instance",
        "GB",
        0.2,
        2,
        10,
        "Written to CloudWatch Logs by one instance, where a log group of its component is there.",
    ),
    _assume("flow_log_gb_per_instance", "GB", 0.2, 1, 5, "Flow log records of one instance."),
    _assume("log_group_gb", "GB", 0.05, 0.5, 5, "Written to a log group whose writer is not known."),
    _assume("waf_log_kb", "kB", 1, 1.5, 2, "One logged request of a web ACL."),
    _assume(
        "logged_share",
        "share",
        0.01,
        0.1,
        1,
        "Part of the requests that a web ACL logs (filters keep the blocked ones).",
    ),
    _assume("access_log_bytes", "bytes", 60, 100, 200, "One compressed line of a load balancer's access log."),
    _assume(
        "log_compression",
        "share",
        0.15,
        0.15,
        0.15,
        "Stored bytes per ingested byte in CloudWatch Logs (AWS bills compressed).",
    ),
    # databases
    _assume("database_used", "share", 0.2, 0.4, 0.8, "Part of the allocated storage that holds data."),
    _assume(
        "database_change",
        "share a day",
        0.01,
        0.02,
        0.05,
        "Part of the data that changes in a day; makes the backups grow.",
    ),
    _assume("database_log_gb", "GB", 0.1, 1, 5, "Exported database logs."),
    _assume(
        "enhanced_monitoring_gb", "GB", 0.1, 0.2, 0.4, "Enhanced monitoring at one sample a minute, per database host."
    ),
    # storage
    _assume("bucket_gb", "GB", 1, 20, 200, "Stored in one bucket that is not a log bucket."),
    _assume("bucket_writes", "requests", 1e4, 1e5, 1e6, "PUT, COPY, POST and LIST in one bucket."),
    _assume("bucket_reads", "requests", 1e4, 5e5, 5e6, "GET in one bucket."),
    _assume("image_gb", "GB", 1, 5, 20, "Container images in one repository."),
    _assume("file_system_gb", "GB", 1, 20, 200, "Stored in one file system."),
    # keys and secrets
    _assume(
        "secret_reads_per_instance", "calls", 30, 300, 3000, "How often one instance reads its secrets in a month."
    ),
    _assume("key_requests", "requests", 1e4, 1e5, 1e6, "Uses of one KMS key."),
    # serverless
    _assume(
        "invocations",
        "calls",
        1e4,
        1e6,
        1e7,
        "Calls of one function, messages of one queue, transitions of one workflow.",
    ),
    _assume("function_ms", "ms", 20, 100, 500, "How long one call of a function runs."),
    _assume("events", "events", 20, 200, 2e3, "Events that match one event rule."),
    _assume(
        "messages_per_call",
        "messages",
        0,
        0.5,
        1,
        "Sent to one queue, topic or function by one call of a function that uses it.",
    ),
    _assume("dead_letters", "messages", 0, 10, 1e3, "Messages that end in one dead-letter queue."),
    _assume(
        "alarm_messages",
        "messages",
        50,
        500,
        5e3,
        "State changes of alarms and notices of budgets that reach the alarm topic.",
    ),
    _assume("alarm_answers", "requests", 10, 200, 5e3, "Requests of people and chat services that answer alarms."),
    _assume("log_matches", "deliveries", 5, 100, 5e3, "Deliveries of log lines that match one subscription filter."),
    _assume("text_messages", "messages", 0, 10, 200, "SMS that one function sends to phones."),
    _assume(
        "uncached_share", "share", 0.02, 0.1, 0.5, "Part of an API's requests for which its authorizer is asked anew."
    ),
    _assume("traced_share", "share", 0.05, 0.5, 1, "Part of the calls of a traced function that X-Ray records."),
    _assume("function_log_kb", "kB", 0.4, 1, 3, "Written to its log group by one call of a function."),
    _assume("access_log_kb", "kB", 0.3, 0.4, 0.6, "One logged request of an HTTP API."),
    _assume(
        "table_writes_per_call", "write units", 0, 1, 4, "Writes to a table by one call of a function that uses it."
    ),
    _assume(
        "table_reads_per_call", "read units", 1, 4, 12, "Reads from a table by one call of a function that uses it."
    ),
    _assume("table_writes", "write units", 1e5, 1e6, 1e7, "Writes to one on-demand table or Aurora cluster."),
    _assume("table_reads", "read units", 2e5, 2e6, 2e7, "Reads from one on-demand table or Aurora cluster."),
    _assume("table_gb", "GB", 0.1, 2, 50, "Stored in one table or Aurora cluster."),
    _assume("cdn_gb", "GB", 10, 100, 1000, "Sent to viewers by one distribution."),
    _assume("cdn_requests", "requests", 1e5, 1e6, 1e7, "Requests of viewers to one distribution."),
    _assume(
        "dns_queries",
        "queries",
        1e5,
        1e6,
        1e7,
        "DNS queries to one zone; those for aliases cost nothing, a query log writes all.",
    ),
)

ASSUMPTIONS: dict[str, Assumption] = {assumption.name: assumption for assumption in _ALL}


class Usage:
    """The assumptions of one estimate. A value may be given for everything, or for one resource or component."""

    def __init__(self, given: Mapping[tuple[str, str], Range] | None = None) -> None:
        self._given = dict(given or {})
        self.read: set[str] = set()
        """Names asked for since it was last emptied."""

    @property
    def scopes(self) -> set[str]:
        """The addresses and components that were given values of their own."""
        return {scope for scope, _ in self._given if scope}

    def get(self, name: str, *scopes: str) -> Range:
        """The value of an assumption for a resource: the first of `scopes` that has its own, else the common one."""
        self.read.add(name)
        for scope in scopes:
            own = self._given.get((scope, name))
            if own is not None:
                return own
        common = self._given.get(("", name))
        return ASSUMPTIONS[name].value if common is None else common

    def listed(self, names: Iterable[str]) -> list[Assumption]:
        """The assumptions of these names as they stand, in the order of the documentation."""
        wanted = set(names)
        return [
            msgspec.structs.replace(
                item, value=self._given.get(("", item.name), item.value), given=("", item.name) in self._given
            )
            for item in _ALL
            if item.name in wanted
        ]

    def varies(self, name: str) -> bool:
        """Whether an assumption is a range anywhere, not one number."""
        values = [value for (_, key), value in self._given.items() if key == name]
        if ("", name) not in self._given:
            values.append(ASSUMPTIONS[name].value)
        return not all(value.known for value in values)

    def exactly(self, name: str, value: float) -> Usage:
        """A copy in which one assumption is this number, wherever it was given."""
        given = {key: old for key, old in self._given.items() if key[1] != name}
        return Usage({**given, ("", name): fixed(value)})

    def pinned(self, name: str, end: str) -> Usage:
        """A copy in which `likely` of one assumption is its low or its high end, wherever it was given."""
        given = dict(self._given)
        given.setdefault(("", name), ASSUMPTIONS[name].value)
        for (scope, key), value in given.items():
            if key == name:
                given[(scope, key)] = msgspec.structs.replace(value, likely=getattr(value, end))
        return Usage(given)


def parse_usage(text_by_file: Iterable[tuple[str, Any]], assignments: Iterable[str]) -> Usage:
    """Assumptions from loaded usage files, then from `NAME=VALUE` texts, which win.

    A name is one of ASSUMPTIONS, or `<address or component>.<name>` for one resource or component. A value is a number
    (known exactly), `low,likely,high`, a list of three, or a mapping with these keys. Raises Problems.
    """
    given: dict[tuple[str, str], Range] = {}
    problems: list[Problem] = []

    def take(place: str, name: str, value: Any, where: Position | None) -> None:
        scope, _, bare = name.rpartition(".")
        if bare not in ASSUMPTIONS:
            problems.append(Problem(f"There is no assumption `{bare}`.", _suggest(bare), where, place))
            return
        try:
            given[(scope, bare)] = _range(value)
        except ValueError as error:
            fix = "Write a number, or low,likely,high in this order: `5` or `1,5,25`."
            problems.append(Problem(f"{error}.", fix, where, place))

    for file, data in text_by_file:
        if not isinstance(data, dict):
            problems.append(
                Problem(f"{file} is not a mapping of assumptions.", "Write `name: value` lines.", Position(file, 1, 1))
            )
            continue
        for name, value in data.items():
            if (
                isinstance(value, dict)
                and str(name) not in ASSUMPTIONS
                and not value.keys() <= {"low", "likely", "high"}
            ):
                for inner, own in value.items():
                    take(file, f"{name}.{inner}", own, None)
            else:
                take(file, str(name), value, None)
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            problems.append(Problem(f"`{text}` has no value.", "Write `--assume NAME=VALUE`.", path="--assume"))
            continue
        take("--assume", name.strip(), value.strip(), None)
    if problems:
        raise Problems(problems)
    return Usage(given)


def load_usage(paths: Iterable[str], assignments: Iterable[str]) -> Usage:
    """`parse_usage` over YAML files. Raises Problems when one cannot be read."""
    loaded: list[tuple[str, Any]] = []
    for path in paths:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            with open(path, encoding="utf-8") as stream:
                # The loader is a safe one, whichever it is.
                loaded.append((os.path.basename(path), yaml.load(stream, Loader=loader) or {}))  # noqa: S506
        except OSError as error:
            raise Problems(
                [Problem(f"The usage file {path} cannot be read: {error.strerror}.", "Check the path.")]
            ) from None
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            where = Position(path, mark.line + 1, mark.column + 1) if mark else Position(path, 1, 1)
            reason = getattr(error, "problem", None) or "it is not YAML text"
            raise Problems([Problem(f"The usage file cannot be read: {reason}.", "Correct the YAML.", where)]) from None
    return parse_usage(loaded, assignments)


def _range(value: Any) -> Range:
    if isinstance(value, str):
        parts: list[Any] = value.split(",")
    elif isinstance(value, dict):
        if value.keys() != {"low", "likely", "high"}:
            raise ValueError("The value must have low, likely and high")
        parts = [value["low"], value["likely"], value["high"]]
    else:
        parts = list(value) if isinstance(value, list | tuple) else [value]
    numbers = [_number(part) for part in parts]
    if len(numbers) == 1:
        return fixed(numbers[0])
    if len(numbers) != 3:
        raise ValueError(f"There are {len(numbers)} numbers, not one or three")
    if not numbers[0] <= numbers[1] <= numbers[2]:
        raise ValueError("Low, likely and high are not in this order")
    return Range(*numbers)


def _number(part: Any) -> float:
    if isinstance(part, bool):
        raise ValueError(f"`{part}` is not a number")
    try:
        number = float(part)
    except (TypeError, ValueError):
        raise ValueError(f"`{part}` is not a number") from None
    if not 0 <= number <= 1e15:
        raise ValueError(f"`{part}` is not a number between 0 and 1e15")
    return number


def _suggest(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, ASSUMPTIONS, 1)
    return f"Did you mean `{close[0]}`?" if close else "`giban cost --assumptions` lists them."
