"""Rules of `functions` that its types cannot say. See `validate`; whether a folder is there is asked by the component."""

from __future__ import annotations

import re
from collections.abc import Iterator

from giban.blueprint.durations import seconds_of
from giban.blueprint.paths import Path
from giban.blueprint.report import Report, did_you_mean, variable_problem
from giban.blueprint.types import Blueprint
from giban.blueprint.types_serverless import Function, Trigger
from giban.blueprint.uses import ALARMS, NARROWED, SECRET, USABLE, use_of, variable_of
from giban.blueprint.weekly import zone_problem

KINDS = {"bucket": "buckets", "queue": "queues", "topic": "topics", "table": "tables", "schedule": "", "every": ""}
"""The keys of which a trigger has exactly one, and the section they name something of."""
BELONGS = {
    "prefix": ("bucket",),
    "suffix": ("bucket",),
    "batch": ("queue", "table"),
    "wait": ("queue", "table"),
    "time_zone": ("schedule",),
}
"""What else a trigger can say, and of which kind."""

LONGEST = 900
"""Seconds of a call (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
LONGEST_BEHIND_API = 28
"""An API gives up after 29 seconds (`components.http_api`)."""
VARIABLES = 4096
"""Bytes of all environment variables (same page)."""
LONGEST_WAIT = 300
"""Seconds a batch may gather (https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html)."""
BATCH_WITHOUT_WAIT = 10
"""Messages of a queue that need no waiting (same page); also the most of a FIFO queue."""
READERS_OF_STREAM = 2
"""Functions that should read a stream at most
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html#Streams.Processing)."""

RESERVED = frozenset({"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_HANDLER", "_X_AMZN_TRACE_ID"})
"""Variables that Lambda sets itself, beside AWS_* (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html)."""

_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}\Z")


def functions(blueprint: Blueprint) -> Report:
    """Every rule, for every function and what calls it."""
    for name, function in blueprint.functions.items():
        path: Path = ("functions", name)
        yield from _times(blueprint, path, name, function)
        yield from _source(path, function)
        yield from _variables(path, function)
        yield from _uses(blueprint, path, name, function)
        yield from _concurrency(path, function)
        for index, trigger in enumerate(function.triggers):
            yield from _trigger(blueprint, (*path, "triggers", index), function, trigger)
    yield from _cycles(blueprint)
    yield from _consumers(blueprint)
    yield from _overlaps(blueprint)


def kind_of(trigger: Trigger) -> str | None:
    """The one key that says what a trigger is; None when there is none or several."""
    said = [kind for kind in KINDS if getattr(trigger, kind) is not None]
    return said[0] if len(said) == 1 else None


def triggers_on(blueprint: Blueprint, kind: str, name: str) -> Iterator[tuple[str, int, Trigger]]:
    """(function, index, trigger) of everything that is triggered by something: `("queue", "jobs")`."""
    for function, settings in blueprint.functions.items():
        for index, trigger in enumerate(settings.triggers):
            if kind_of(trigger) == kind and getattr(trigger, kind) == name:
                yield function, index, trigger


def _times(blueprint: Blueprint, path: Path, name: str, function: Function) -> Report:
    seconds = seconds_of(function.timeout)
    if seconds > LONGEST:
        yield (*path, "timeout"), f"{function.timeout} is longer than a call may take.", "Write 15m or less."
    elif seconds > LONGEST_BEHIND_API:
        for api, settings in blueprint.apis.items():
            if name in settings.routes.values():
                what = f"The API `{api}` gives up after 29 seconds, the function goes on for {function.timeout}."
                fix = "Write 28s or less, or hand long work to a queue."
                yield (*path, "timeout"), what, fix
                break


def _source(path: Path, function: Function) -> Report:
    text = function.source
    if text.startswith(("/", "~")) or "\\" in text or text[1:2] == ":":
        fix = "Write it as seen from the blueprint, with /: `functions/intake`."
        yield (*path, "source"), "The folder is looked for beside the blueprint.", fix


def _variables(path: Path, function: Function) -> Report:
    size = 0
    for key, value in function.env.items():
        size += len(key.encode()) + len(value.encode())
        problem = variable_problem(key, value)
        if problem is not None:
            yield (*path, "env", key), *problem
        elif key.startswith(("AWS_", "GIBAN_")) or key in RESERVED:
            yield (*path, "env", key), f"`{key}` is set by {_owner(key)}.", "Choose another name."
    if size > VARIABLES:
        what = f"{size} bytes of environment variables are more than Lambda takes ({VARIABLES})."
        yield (*path, "env"), what, "Put the rest into a file of the folder."


def _owner(key: str) -> str:
    return "giban, from `uses`" if key.startswith("GIBAN_") else "Lambda"


def _uses(blueprint: Blueprint, path: Path, name: str, function: Function) -> Report:
    known = [f"{section}.{item}" for section in USABLE for item in getattr(blueprint, section)] + [ALARMS]
    variables: dict[str, str] = {}
    for index, text in enumerate(function.uses):
        where = (*path, "uses", index)
        use = use_of(text)
        if use.section == SECRET:
            if not _SECRET.match(use.name):
                what = f"`{use.name[:40]}` is not the name of a secret."
                yield where, what, "Use letters, digits and /_+=.@- as Secrets Manager does."
        elif text == ALARMS:
            if blueprint.alarms is None:
                yield where, "There are no alarms to send to.", "Add a section `alarms`, or remove it here."
        elif f"{use.section}.{use.name}" not in known:
            yield where, f"There is no `{text}`.", did_you_mean(text, known)
        elif text == f"functions.{name}":
            yield where, "A function does not use itself.", "Remove it; what is to be done later belongs into a queue."
        elif ":" in text and (use.section not in NARROWED or use.only not in ("read", "write")):
            yield where, f"`{text}` cannot be limited so.", "Write `:read` or `:write` after tables and buckets only."
        variable = variable_of(use.section, use.name)
        if variable in variables and variables[variable] != f"{use.section}.{use.name}":
            what = f"`{text}` and `{variables[variable]}` would both be told as {variable}."
            yield where, what, "Rename one of them."
        elif text in function.uses[:index]:
            yield where, f"`{text}` is listed twice.", "Remove one."
        variables[variable] = f"{use.section}.{use.name}"


def _concurrency(path: Path, function: Function) -> Report:
    reserved, provisioned = function.concurrency.reserved, function.concurrency.provisioned
    if reserved is not None and provisioned > reserved:
        what = f"{provisioned} cannot be kept warm of {reserved} that may run."
        yield (*path, "concurrency", "provisioned"), what, f"Set reserved to {provisioned} or more."


def _trigger(blueprint: Blueprint, path: Path, function: Function, trigger: Trigger) -> Report:
    kind = kind_of(trigger)
    if kind is None:
        yield path, "A trigger is exactly one of these.", f"Write one of {', '.join(KINDS)}."
        return
    name, section = getattr(trigger, kind), KINDS[kind]
    if section and name not in getattr(blueprint, section):
        known = getattr(blueprint, section)
        yield (
            (*path, kind),
            f"There is no {kind} `{name}`.",
            did_you_mean(name, known, "" if known else f"Add {section}."),
        )
        return
    for key, kinds in BELONGS.items():
        if getattr(trigger, key) and kind not in kinds:
            yield (*path, key), f"`{key}` says nothing about a trigger by {kind}.", "Remove it."
    if trigger.wait is not None and seconds_of(trigger.wait) > LONGEST_WAIT:
        yield (*path, "wait"), f"{trigger.wait} is longer than a batch may gather.", "Write 5m or less."
    if kind == "schedule":
        yield from _schedule(path, trigger)
    elif kind == "queue":
        yield from _queue(blueprint, path, trigger)
    elif kind == "topic" and blueprint.topics[name].fifo:
        fix = "Let the topic reach a queue, and the queue trigger the function."
        yield (*path, "topic"), "A FIFO topic reaches queues only.", fix
    elif kind == "table" and blueprint.tables[name].stream is False:
        yield (*path, "table"), f"`tables.{name}` has no stream.", "Remove `stream: false` there."
    elif kind == "bucket" and not trigger.prefix and not trigger.suffix and _writes(function, name):
        what = f"It would be called again for whatever it writes into `buckets.{name}`, without end."
        fix = "Give the trigger a `prefix` and write elsewhere, or use `buckets.…:read` only."
        yield path, what, fix


def _writes(function: Function, bucket: str) -> bool:
    used = [use_of(text) for text in function.uses]
    return any(use.section == "buckets" and use.name == bucket and use.writes for use in used)


def _schedule(path: Path, trigger: Trigger) -> Report:
    if trigger.time_zone is None:
        yield path, f"`{trigger.schedule}` is a time in which zone?", "Add for example `time_zone: Asia/Seoul`."
        return
    problem = zone_problem(trigger.time_zone)
    if problem is not None:
        yield (*path, "time_zone"), *problem


def _queue(blueprint: Blueprint, path: Path, trigger: Trigger) -> Report:
    assert trigger.queue is not None  # noqa: S101 - its kind was asked
    if blueprint.queues[trigger.queue].fifo:
        if (trigger.batch or 0) > BATCH_WITHOUT_WAIT:
            yield (*path, "batch"), "A FIFO queue gives 10 messages at most.", "Write 10 or less."
        if trigger.wait is not None:
            yield (*path, "wait"), "A FIFO queue does not gather.", "Remove it."
    elif (trigger.batch or 0) > BATCH_WITHOUT_WAIT and trigger.wait is None:
        what = "More than 10 messages at once have to be waited for."
        yield (*path, "batch"), what, "Add for example `wait: 5s`, or write 10 or less."


def _cycles(blueprint: Blueprint) -> Report:
    """Functions that call each other: nobody could be made first, and a mistake would go round for ever."""
    calls = {
        name: [use.name for use in map(use_of, function.uses) if use.section == "functions" and use.name != name]
        for name, function in blueprint.functions.items()
    }
    told: set[str] = set()
    for start in sorted(calls):
        way = _way_back(calls, start)
        if way and not told & set(way):
            told |= set(way)
            index = next(i for i, text in enumerate(blueprint.functions[start].uses) if use_of(text).name == way[1])
            what = f"Functions call each other in a circle: {' → '.join(way)}."
            yield ("functions", start, "uses", index), what, "Put a queue between two of them."


def _way_back(calls: dict[str, list[str]], start: str) -> list[str]:
    """The names on a way from a function back to itself; empty when there is none."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop(0)
        for following in calls.get(way[-1], []):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def _consumers(blueprint: Blueprint) -> Report:
    """A queue has one consumer, a stream two at most."""
    for name in blueprint.queues:
        for function, index, _ in list(triggers_on(blueprint, "queue", name))[1:]:
            what = f"Another function takes from `queues.{name}` already: each message reaches only one of them."
            fix = "Publish to a topic that reaches a queue for each function."
            yield ("functions", function, "triggers", index, "queue"), what, fix
    for name in blueprint.tables:
        for function, index, _ in list(triggers_on(blueprint, "table", name))[READERS_OF_STREAM:]:
            what = f"Two functions read the changes of `tables.{name}` already; more slow each other down."
            yield ("functions", function, "triggers", index, "table"), what, "Let one publish them to a topic."


def _overlaps(blueprint: Blueprint) -> Report:
    """S3 refuses two notifications for the same object
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html)."""
    for name in blueprint.buckets:
        found = list(triggers_on(blueprint, "bucket", name))
        for number, (function, index, one) in enumerate(found):
            for other_function, _, other in found[:number]:
                if _overlap(one.prefix, other.prefix) and _overlap(one.suffix[::-1], other.suffix[::-1]):
                    what = f"An object could be for this trigger and for one of `{other_function}`; S3 tells one function only."
                    fix = "Choose prefixes of which none begins with the other, or go through a topic."
                    yield ("functions", function, "triggers", index), what, fix
                    break


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
