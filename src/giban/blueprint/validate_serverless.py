"""Rules of `apis`, `tables`, `queues` and `topics` that their types cannot say. See `validate`."""

from __future__ import annotations

import re

from giban.blueprint.defaults import domain_of
from giban.blueprint.durations import seconds_of
from giban.blueprint.paths import Path
from giban.blueprint.ranges import parse
from giban.blueprint.report import Report, did_you_mean
from giban.blueprint.types import Blueprint
from giban.blueprint.types_serverless import Api, Queue, Subscription, Table, Topic
from giban.blueprint.validate_functions import triggers_on

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""
DEFAULT_ROUTE = "$default"
RESERVED_HOSTS = ("alarms", "internal", "www")
"""Names below the domain that something else of giban has."""

MINUTE, HOUR, DAY = 60, 3600, 86_400
LIMITS = {
    "retain": (MINUTE, 14 * DAY, "1m to 14d"),
    "visibility": (0, 12 * HOUR, "up to 12h"),
    "delay": (0, 900, "up to 15m"),
}
"""Seconds, by key of a queue (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)."""

_PART = re.compile(r"[A-Za-z0-9._~:@!$&'()*+,;=%-]+\Z|\{[A-Za-z0-9._-]+\}\Z")
_REST = re.compile(r"\{[A-Za-z0-9._-]+\+\}\Z")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z")
_HEADER = re.compile(r"[A-Za-z0-9-]+\Z|\*\Z")


def serverless(blueprint: Blueprint) -> Report:
    """Every rule, for every API, table, queue and topic."""
    hosts: dict[str, str] = {}
    for name, api in blueprint.apis.items():
        path: Path = ("apis", name)
        yield from _routes(blueprint, path, api)
        yield from _host(blueprint, path, name, api, hosts)
        yield from _cors(path, api)
        yield from _ranges((*path, "allow"), api.allow)
    for name, table in blueprint.tables.items():
        yield from _table(("tables", name), table)
    for name, queue in blueprint.queues.items():
        yield from _queue(blueprint, ("queues", name), name, queue)
    for name, topic in blueprint.topics.items():
        yield from _topic(blueprint, ("topics", name), topic)


def _routes(blueprint: Blueprint, path: Path, api: Api) -> Report:
    seen: dict[str, str] = {}
    for key, function in api.routes.items():
        where = (*path, "routes", key)
        if function not in blueprint.functions:
            known = blueprint.functions
            yield (
                where,
                f"There is no function `{function}`.",
                did_you_mean(function, known, "" if known else "Add functions."),
            )
        if key == DEFAULT_ROUTE:
            continue
        method, _, rest = key.partition(" ")
        if method not in METHODS:
            fix = did_you_mean(method.upper(), METHODS, f"Begin with one of {', '.join(METHODS)}.")
            yield where, f"`{key}` does not begin with a method.", fix
            continue
        if not rest.startswith("/") or not (rest == "/" or _is_path(rest.split("/")[1:])):
            fix = "Write a path such as /responses/{id} after the method; {rest+} only at its end."
            yield where, f"`{rest}` is not a path.", fix
            continue
        same = f"{method} {re.sub(r'{[^}+]*}', '{}', rest)}"
        if same in seen:
            yield where, f"`{key}` and `{seen[same]}` are the same route.", "Remove one of them."
        seen[same] = key


def _is_path(parts: list[str]) -> bool:
    *before, last = parts
    return all(_PART.match(part) for part in before) and bool(_PART.match(last) or _REST.match(last))


def _host(blueprint: Blueprint, path: Path, name: str, api: Api, hosts: dict[str, str]) -> Report:
    if api.host is None:
        return
    where = (*path, "host")
    if domain_of(blueprint) is None:
        yield where, "There is no domain for a name below it.", "Add for example `domain: scv.example.com`."
    if api.host in hosts:
        yield where, f"`apis.{hosts[api.host]}` has the name `{api.host}` already.", "Choose another one."
    hosts.setdefault(api.host, name)
    taken = [f"services.{one}" for one in blueprint.services if one == api.host]
    for one in blueprint.workstations:
        taken += [f"workstations.{one}"] if api.host in (one, f"{one}-admin", f"{one}-vpn") else []
    if taken:
        yield where, f"`{taken[0]}` has the name `{api.host}` already.", "Choose another one."
    elif api.host in RESERVED_HOSTS:
        yield where, f"The name `{api.host}` is taken by giban itself.", "Choose another one."


def _cors(path: Path, api: Api) -> Report:
    if api.cors is None:
        return
    where = (*path, "cors")
    for index, origin in enumerate(api.cors.origins):
        if origin != "*" and not _ORIGIN.match(origin):
            fix = "Write scheme and host only: `https://www.example.com`."
            yield (*where, "origins", index), f"`{origin}` is not the origin of a page.", fix
    if api.cors.credentials and "*" in api.cors.origins:
        what = "Browsers send no cookies to an API that lets every origin in."
        yield (*where, "credentials"), what, "Name the origins."
    for index, header in enumerate(api.cors.headers):
        if not _HEADER.match(header):
            yield (
                (*where, "headers", index),
                f"`{header}` is not the name of a header.",
                "Write for example `content-type`.",
            )
    if seconds_of(api.cors.keep) > DAY:
        yield (*where, "keep"), f"{api.cors.keep} is more than browsers keep it.", "Write 1d or less."


def _ranges(path: Path, ranges: list[str]) -> Report:
    for index, cidr in enumerate(ranges):
        try:
            if ":" in cidr:
                from ipaddress import IPv6Network

                IPv6Network(cidr)
            else:
                parse(cidr)
        except ValueError as error:
            fix = "Write a range such as 203.0.113.0/24, or one address as 203.0.113.7/32."
            yield (*path, index), f"{str(error).rstrip('.')}.", fix


def _table(path: Path, table: Table) -> Report:
    if table.sort == table.key:
        yield (*path, "sort"), "Both keys are the same attribute.", "Remove `sort`, or choose another one."
    for name, index in table.indexes.items():
        where = (*path, "indexes", name)
        if index.sort == index.key:
            yield (*where, "sort"), "Both keys are the same attribute.", "Remove `sort`, or choose another one."
        if (index.key, index.sort) == (table.key, table.sort):
            yield where, "The table itself is found by these keys.", "Remove it, or choose other keys."
    keys = keys_of(table)
    for number, attribute in enumerate(table.numbers):
        if attribute not in keys:
            what = f"`{attribute}` is no key of the table or of an index."
            yield (
                (*path, "numbers", number),
                what,
                did_you_mean(attribute, keys, "Remove it: other attributes have no type."),
            )
    if table.ttl is not None and table.ttl in (table.key, table.sort):
        yield (*path, "ttl"), "The time an item goes cannot be part of its key.", "Choose an attribute of its own."


def keys_of(table: Table) -> list[str]:
    """The attributes of a table's and its indexes' keys, sorted."""
    found = {table.key, table.sort, *(name for index in table.indexes.values() for name in (index.key, index.sort))}
    return sorted(name for name in found if name is not None)


def _queue(blueprint: Blueprint, path: Path, name: str, queue: Queue) -> Report:
    for key, (least, most, words) in LIMITS.items():
        value = getattr(queue, key)
        if value is not None and not least <= seconds_of(value) <= most:
            yield (*path, key), f"{value} is not possible here.", f"Write {words}."
    for function, _, _ in triggers_on(blueprint, "queue", name):
        timeout = blueprint.functions[function].timeout
        if queue.visibility is not None and seconds_of(queue.visibility) < seconds_of(timeout):
            what = f"`functions.{function}` may take {timeout}: its message would be handed out again meanwhile."
            yield (*path, "visibility"), what, f"Write {timeout} or more; six times as much is advised."
    if queue.failure is not None:
        known = blueprint.functions
        if queue.failure not in known:
            what = f"There is no function `{queue.failure}`."
            yield (*path, "failure"), what, did_you_mean(queue.failure, known, "" if known else "Add functions.")
        elif any(function == queue.failure for function, _, _ in triggers_on(blueprint, "queue", name)):
            what = "The function that failed would be asked again."
            yield (*path, "failure"), what, "Name another function, or remove it."


def _topic(blueprint: Blueprint, path: Path, topic: Topic) -> Report:
    known = [f"queues.{name}" for name in blueprint.queues]
    for index, item in enumerate(topic.subscribe):
        where = (*path, "subscribe", index)
        if item in topic.subscribe[:index]:
            yield where, "This subscribes twice.", "Remove one."
        if isinstance(item, Subscription):
            if topic.fifo:
                yield where, "A FIFO topic reaches queues only.", "Remove it, or `fifo`."
        elif item not in known:
            fix = did_you_mean(item, known, "" if known else "Write `queues.NAME` or `{email: …}`.")
            yield where, f"There is no `{item}`.", fix
        elif blueprint.queues[item.partition(".")[2]].fifo and not topic.fifo:
            what = f"`{item}` is FIFO, and this topic is not."
            yield where, what, "Make both `fifo`, or neither."
