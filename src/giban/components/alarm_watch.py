"""Standard alarms: what `alarm_rules` says about each resource, changed by `alarms.rules`, as alarms of CloudWatch.

It runs when all components are there, and looks at what they made: a component gets its alarms because it has a load balancer,
not because it knows about alarms. Alarms that a component made itself (`functions.alarm`) get the same actions and a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from giban.blueprint.paths import path_text
from giban.blueprint.types_alarms import RuleChange
from giban.components.alarm_parts import alarm_topic, alarms_of, mail_topics
from giban.components.alarm_rules.rule import Metric, Rule, Rules
from giban.components.environment import Environment, identifier
from giban.graph.problems import Problem
from giban.graph.refs import find_refs, plain
from giban.graph.resource import Resource

OPERATORS = {
    ">=": "GreaterThanOrEqualToThreshold",
    ">": "GreaterThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
    "<": "LessThanThreshold",
}
OWN_SECTIONS = ("alarms", "power", "workstations")
"""Sections whose functions, tables and APIs are giban's own."""
OF_OWN = ("aws_instance", "aws_sns_topic", "aws_sqs_queue")
"""What is watched of them, beside errors and heartbeats of the functions: each alarm has its price."""
HEARTBEATS = ("heartbeat",)
"""Last words of names of alarms that mean: nothing looks any more."""


class Watched(msgspec.Struct):
    """One alarm: its name in the blueprint, the component, the resource, and what people are told."""

    name: str
    service: str
    alarm: Resource
    priority: str
    what: str
    do: str
    unit: str
    scale: float = 1
    runbook: str | None = None


def watch_everything(env: Environment) -> tuple[list[Watched], list[Problem]]:
    """Every alarm of the environment, sorted by name, and what is wrong with `alarms.rules`."""
    changes = _changes(env)
    standard = alarms_of(env).rules != "none"
    made: list[Watched] = []
    used: set[str] = set()
    names: list[str] = []
    found = [*_own(env), *_standard(env, standard)]
    for name, alarm, rule, resource in sorted(found, key=lambda item: item[0]):
        names.append(name)
        patterns = [pattern for pattern in changes if fnmatchcase(name, pattern)]
        used.update(patterns)
        change = _merged([changes[pattern] for pattern in sorted(patterns, key=lambda item: (item == name, item))])
        if change is None:
            if alarm is not None:
                del env.region.resources[alarm.address]
            continue
        changed = msgspec.structs.replace(
            rule,
            threshold=rule.threshold if change.threshold is None else change.threshold,
            priority=change.priority or rule.priority,
        )
        if alarm is None:
            alarm = _add(env, name, changed, resource)
        elif change.threshold is not None:
            alarm.args["threshold"] = number(change.threshold)
        topic = str(alarm_topic(env).arn)
        alarm.args["alarm_actions"] = [topic, *_direct(env, resource)]
        alarm.args["ok_actions"] = [topic]
        made.append(
            Watched(
                name,
                resource.component,
                alarm,
                changed.priority,
                said(changed),
                changed.do,
                changed.unit,
                changed.scale,
                change.runbook,
            )
        )
    return made, list(_unknown(env, set(changes) - used, names))


def number(value: float) -> float | int:
    """A number as a person would write it."""
    return int(value) if float(value).is_integer() else value


def said(rule: Rule) -> str:
    """The sentence of a rule with its threshold."""
    return rule.what.replace("{threshold}", f"{number(rule.threshold)}")


def rule_name(resource: Resource, last: str) -> str:
    """`services.web.cpu`; a component's further resources come between: `network.nat-a.ports`."""
    own = identifier(resource.component.rsplit(".", 1)[-1])
    label = resource.label
    between = "" if label in (own, "main") else label.removeprefix(f"{own}_")
    return ".".join(word for word in (resource.component, between.replace("_", "-"), last) if word)


def _direct(env: Environment, resource: Resource) -> list[str]:
    """What is wrong with the router itself goes to mailboxes directly too; that it works again, the router can tell."""
    if resource.component != "alarms":
        return []
    return [str(topic.arn) for topic in mail_topics(env).values()]


def _standard(env: Environment, standard: bool) -> Iterator[tuple[str, Resource | None, Rule, Resource]]:
    for resource in list(env.region.resources.values()):
        section = resource.component.partition(".")[0]
        if resource.mode != "managed" or section == "terraform":
            continue
        # The router is watched in any case: who asks for no alarms still asks that those that come are told.
        if resource.type in OF_OWN if section in OWN_SECTIONS else standard:
            for rule in rules_of(resource, env):
                yield rule_name(resource, rule.name), None, rule, resource


def rules_of(resource: Resource, env: Environment) -> Rules:
    """The standard alarms of one resource."""
    watch = _watcher(resource.type.removeprefix("aws_"))
    if watch is not None and not resource.meta.get("count") and not resource.meta.get("for_each"):
        yield from watch(resource, env)


_watchers: dict[str, Callable[[Resource, Environment], Rules] | None] = {}


def _watcher(kind: str) -> Callable[[Resource, Environment], Rules] | None:
    from importlib import import_module
    from pkgutil import iter_modules

    if not _watchers:
        import giban.components.alarm_rules as package

        for module in iter_modules(package.__path__):
            _watchers[module.name] = getattr(import_module(f"{package.__name__}.{module.name}"), "watch", None)
    return _watchers.get(kind)


def _own(env: Environment) -> Iterator[tuple[str, Resource | None, Rule, Resource]]:
    """Alarms that components made themselves and that tell nobody yet."""
    for alarm in list(env.region.resources.values()):
        if (
            alarm.type != "aws_cloudwatch_metric_alarm"
            or alarm.component == "terraform"
            or alarm.value("alarm_actions")
        ):
            continue
        last, of = alarm.label, alarm
        for target in find_refs(alarm.value("dimensions")):
            resource = env.region.resources[target.address]
            if alarm.label.startswith(f"{resource.label}_"):
                last, of = alarm.label.removeprefix(f"{resource.label}_").replace("_", "-"), resource
        beats = last in HEARTBEATS
        where = alarm.value("namespace") == "AWS/Lambda" and of.value("function_name")
        rule = Rule(
            name=last,
            priority="P1" if beats else "P2",
            what=str(alarm.value("alarm_description")),
            do=f"Look at its log, /aws/lambda/{where}." if where else "",
            threshold=alarm.value("threshold"),
        )
        yield rule_name(of, last), alarm, rule, of


def _add(env: Environment, name: str, rule: Rule, resource: Resource) -> Resource:
    scope = env.scope(*resource.component.split("."), label=name.replace(".", "-"))
    description = " ".join((f"{name}: {said(rule)}", rule.do))
    return scope.add(
        "aws_cloudwatch_metric_alarm",
        alarm_name=f"{env.prefix}-{name}",
        alarm_description=description,
        **_measured(rule),
        evaluation_periods=rule.periods,
        datapoints_to_alarm=rule.points,
        threshold=number(rule.threshold * rule.scale),
        comparison_operator=OPERATORS[rule.comparison],
        treat_missing_data=rule.missing,
        tags={"Name": f"{env.prefix}-{name}"},
    )


def _measured(rule: Rule) -> dict[str, Any]:
    if rule.expression is not None:
        formula, metrics = rule.expression
        queries: list[dict[str, Any]] = [
            {"id": "value", "expression": formula, "label": rule.name, "return_data": True}
        ]
        for key, metric in sorted(metrics.items()):
            inner = {**_metric(metric), "period": rule.period, "stat": metric.statistic}
            queries.append({"id": key, "metric": inner})
        return {"metric_query": queries}
    assert rule.metric is not None  # noqa: S101 - a rule has one of both
    statistic = rule.metric.statistic
    if statistic.startswith("p"):
        # A percentile of three requests says nothing.
        how = {"extended_statistic": statistic, "evaluate_low_sample_count_percentiles": "ignore"}
    else:
        how = {"statistic": statistic}
    return {**_metric(rule.metric), **how, "period": rule.period}


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": plain(metric.dimensions),
    }


def _changes(env: Environment) -> dict[str, RuleChange | None]:
    """`alarms.rules` in its long form; None leaves the alarm out."""
    given = alarms_of(env).rules
    if isinstance(given, str):
        return {}
    made: dict[str, RuleChange | None] = {}
    for name, change in given.items():
        if isinstance(change, RuleChange):
            made[name] = change
        elif isinstance(change, bool):
            made[name] = RuleChange() if change else None
        elif isinstance(change, str):
            made[name] = RuleChange(priority=change)
        else:
            made[name] = RuleChange(threshold=change)
    return made


def _merged(changes: list[RuleChange | None]) -> RuleChange | None:
    """Several changes of one alarm, the most exact last: it decides what it speaks of, and whether there is an alarm."""
    if changes and changes[-1] is None:
        return None
    merged: dict[str, Any] = {}
    for change in changes:
        if change is not None:
            merged |= {key: value for key, value in msgspec.structs.asdict(change).items() if value is not None}
    return RuleChange(**merged)


def _unknown(env: Environment, patterns: set[str], names: list[str]) -> Iterator[Problem]:
    from giban.blueprint.words import closest  # only needed when something is wrong

    for pattern in sorted(patterns):
        meant = closest(pattern, names)
        fix = f"Did you mean `{meant}`?" if meant else "`giban alarms rules` lists them."
        path = ("alarms", "rules", pattern)
        yield Problem(f"There is no standard alarm `{pattern}`.", fix, env.position(*path), path_text(path))
