"""Rules of `alarms` and `budget` that their types cannot say. See `validate`."""

from __future__ import annotations

from giban.blueprint.durations import seconds_of
from giban.blueprint.paths import Path
from giban.blueprint.report import Report, did_you_mean
from giban.blueprint.types import Blueprint
from giban.blueprint.types_alarms import Alarms, Channel, Match, Route
from giban.blueprint.weekly import zone_problem

KEYS = ("priority", "service", "kind", "name", "region")
"""What an alarm can be matched and grouped by, beside its labels (`label.NAME`)."""
PRIORITIES = ("P1", "P2", "P3", "P4")
KINDS = ("alarm", "event", "log", "budget", "post", "self", "region")
"""Where an alarm comes from; `self` is what the router says about itself."""
LOGGING = ("services", "functions", "apis")
"""Sections whose components write logs."""

AGENT_ENDPOINTS = ("logs", "monitoring")
"""Where the CloudWatch agent sends to (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-interface-VPC.html)."""

MINUTE, HOUR = 60, 3600
LONGEST_WAIT = 15 * MINUTE
INTERVAL = (10, 24 * HOUR)
REPEAT = (5 * MINUTE, 30 * 24 * HOUR)
ESCALATE = (MINUTE, 24 * HOUR)


def alarms(blueprint: Blueprint) -> Report:
    """Every rule."""
    found = blueprint.alarms
    if found is None:
        if blueprint.budget is not None:
            what = "The budget has nobody to tell: its notices go to the alarm channels, and there are none."
            yield (
                ("budget",),
                what,
                "Add `alarms` with a channel, for example `alarms: {channels: {mail: {email: a@b.c}}}`.",
            )
        return
    for name, channel in found.channels.items():
        yield from _channel(("alarms", "channels", name), channel)
    for index, route in enumerate(found.routes):
        yield from _route(found, ("alarms", "routes", index), route, blueprint)
    wrong = zone_problem(found.time_zone)
    if wrong:
        yield ("alarms", "time_zone"), *wrong
    yield from _order(found)
    for index, inhibition in enumerate(found.inhibit):
        path: Path = ("alarms", "inhibit", index)
        for key, match, enough in (("while", inhibition.while_, ()), ("mute", inhibition.mute, inhibition.same)):
            if not match and not enough:
                yield (*path, key), "This is every alarm.", "Say which ones, for example {service: services.was}."
            yield from _match((*path, key), match, blueprint)
        for number, key in enumerate(inhibition.same):
            if key not in KEYS and not _is_label(key):
                yield (*path, "same", number), f"Alarms have no `{key}`.", did_you_mean(key, list(KEYS))
            elif key in inhibition.mute:
                yield (*path, "same", number), f"`{key}` is in `mute` already.", "Say it in one of them."
    yield from _logs(found, blueprint)
    missing = [name for name in AGENT_ENDPOINTS if name not in blueprint.network.endpoints]
    if blueprint.network.nat == "none" and blueprint.services and missing:
        what = "Memory, disks and logs of services would never reach CloudWatch: their subnets have no way out."
        yield (
            ("network", "endpoints"),
            what,
            f"Add {' and '.join(f'`{name}`' for name in missing)} to `network.endpoints`.",
        )
    if blueprint.budget is not None:
        alert = blueprint.budget.alert
        for index, percent in enumerate(alert):
            if percent in alert[:index]:
                yield ("budget", "alert", index), f"`{percent}` is listed twice.", "Write each once."


def kinds_of(channel: Channel) -> list[str]:
    """The keys of a channel that were written; a valid one has one."""
    return [key for key in Channel.__struct_fields__ if getattr(channel, key) is not None]


def log_target(blueprint: Blueprint, name: str) -> str | None:
    """The component (`services.was`) that a key of `log_errors` (`was`, `services.was`) means; None: none, or several."""
    known = _logging(blueprint)
    if name in known:
        return name
    found = [item for item in known if item.split(".", 1)[1] == name]
    return found[0] if len(found) == 1 else None


def _logging(blueprint: Blueprint) -> list[str]:
    return [f"{section}.{item}" for section in LOGGING for item in getattr(blueprint, section, ())]


def _channel(path: Path, channel: Channel) -> Report:
    kinds = kinds_of(channel)
    if len(kinds) != 1:
        what = f"A channel is one of {', '.join(Channel.__struct_fields__)}; this is {' and '.join(kinds) or 'none of them'}."
        yield path, what, "Make several channels; a route can name them all." if kinds else "Add one of these keys."
    if isinstance(channel.email, list):
        if not channel.email:
            yield (*path, "email"), "There is no address.", "Write one: `email: oncall@example.com`."
        for index, address in enumerate(channel.email):
            if address in channel.email[:index]:
                yield (*path, "email", index), f"{address} is listed twice.", "Write each once."


def _route(found: Alarms, path: Path, route: Route, blueprint: Blueprint) -> Report:
    yield from _match((*path, "match"), route.match, blueprint)
    lists: list[tuple[Path, list[str]]] = [((*path, "to"), route.to)]
    if route.escalate is not None:
        lists.append(((*path, "escalate", "to"), route.escalate.to))
        yield from _between((*path, "escalate", "after"), route.escalate.after, ESCALATE)
    for where, names in lists:
        for index, name in enumerate(names):
            if name not in found.channels:
                yield (*where, index), f"There is no channel `{name}`.", did_you_mean(name, list(found.channels))
            elif name in names[:index]:
                yield (*where, index), f"`{name}` is listed twice.", "Write each channel once."
    group = route.group
    for index, key in enumerate(group.by):
        if key not in KEYS and not _is_label(key):
            yield (*path, "group", "by", index), f"Alarms have no `{key}`.", did_you_mean(key, list(KEYS))
    if seconds_of(group.wait) > LONGEST_WAIT:
        yield (
            (*path, "group", "wait"),
            f"{group.wait} is longer than 15m.",
            "Choose 15m or less: until then nobody knows.",
        )
    yield from _between((*path, "group", "interval"), group.interval, INTERVAL)
    yield from _between((*path, "repeat"), route.repeat, REPEAT)
    if route.quiet is not None:
        wrong = zone_problem(route.quiet.time_zone)
        if wrong:
            yield (*path, "quiet", "time_zone"), *wrong
        start, _, end = route.quiet.hours.partition("-")
        if start == end:
            what = f"From {start} until {end} is no time, or all of it."
            yield (*path, "quiet", "hours"), what, "Write for example 22:00-08:00."


def _between(path: Path, duration: str, bounds: tuple[int, int]) -> Report:
    if not bounds[0] <= seconds_of(duration) <= bounds[1]:
        least, most = map(_in_words, bounds)
        yield path, f"{duration} is not between {least} and {most}.", f"Choose {least} to {most}."


def _in_words(seconds: int) -> str:
    for letter, size in (("d", 86_400), ("h", HOUR), ("m", MINUTE)):
        if seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"


def _match(path: Path, match: Match, blueprint: Blueprint) -> Report:
    for key, value in match.items():
        where = (*path, key)
        values = [value] if isinstance(value, str) else value
        if key not in KEYS and not _is_label(key):
            yield where, f"Alarms have no `{key}`.", did_you_mean(key, [*KEYS, "label.team"])
        if not values:
            yield where, "This matches nothing.", "Write a text or a list of them, or leave it out."
        for word in values:
            known = {"priority": PRIORITIES, "kind": KINDS}.get(key)
            if known is None and key == "service" and "." in word:
                known = _components(blueprint, word.split(".", 1)[0])
            if known and "*" not in word and word not in known:
                yield where, f"There is no {key} `{word}`.", did_you_mean(word, list(known))


def _components(blueprint: Blueprint, section: str) -> tuple[str, ...]:
    """Components of a section of the blueprint as `service` names them; nothing for words that are no section."""
    items = getattr(blueprint, section, None)
    return tuple(f"{section}.{name}" for name in items) if isinstance(items, dict) else ()


def _is_label(key: str) -> bool:
    return key.startswith("label.") and len(key) > len("label.")


def _order(found: Alarms) -> Report:
    """Routes that no alarm reaches, alarms that no route takes, channels that no route names."""
    if not found.routes:
        return
    for index, route in enumerate(found.routes):
        before = next((n for n, other in enumerate(found.routes[:index]) if _takes_all(other, route)), None)
        if before is not None:
            what = f"No alarm comes this far: route {before + 1} takes all of these."
            yield ("alarms", "routes", index), what, "Move it up, or give the other one `continue: true`."
    if all(route.match for route in found.routes):
        first = next(iter(found.channels))
        what = "Alarms that none of these routes matches would reach nobody."
        yield ("alarms", "routes"), what, f"End with a route that takes what is left: `- {{to: [{first}]}}`."
    named = {name for route in found.routes for name in (*route.to, *(route.escalate.to if route.escalate else ()))}
    for name in found.channels:
        if name not in named:
            yield ("alarms", "channels", name), f"No route leads to `{name}`.", "Name it in a route, or remove it."


def _takes_all(earlier: Route, later: Route) -> bool:
    """Whether every alarm that `later` matches ends at `earlier`."""
    from fnmatch import fnmatchcase

    if earlier.continue_:
        return False
    for key, value in earlier.match.items():
        wanted = later.match.get(key)
        if wanted is None:
            return False
        patterns = [value] if isinstance(value, str) else value
        words = [wanted] if isinstance(wanted, str) else wanted
        if not all(
            any(word == pattern or ("*" not in word and fnmatchcase(word, pattern)) for pattern in patterns)
            for word in words
        ):
            return False
    return True


def _logs(found: Alarms, blueprint: Blueprint) -> Report:
    known = _logging(blueprint)
    for name, patterns in found.log_errors.items():
        path: Path = ("alarms", "log_errors", name)
        if log_target(blueprint, name) is None:
            several = [item for item in known if item.split(".", 1)[1] == name]
            if several:
                yield path, f"`{name}` can be {' or '.join(several)}.", "Write it whole."
            else:
                what = f"Nothing that writes logs is called `{name}`."
                yield path, what, did_you_mean(name, [*(item.split(".", 1)[1] for item in known), *known])
        if not patterns:
            yield path, "There is no word to look for.", 'Write for example ["ERROR", "Traceback"].'
        written = [pattern for pattern in patterns if pattern[:1] in ("{", "[")]
        if written and len(patterns) > 1:
            what = "A filter pattern stands alone: CloudWatch cannot look for it and for words at once."
            yield path, what, "Put the words into the pattern, or leave one of them out."
        for index, pattern in enumerate(patterns):
            if any(letter < " " for letter in pattern) or not pattern.strip():
                yield (*path, index), "This is no word.", "Write what stands in a line of the log."
