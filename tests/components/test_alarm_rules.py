"""Every standard alarm, over everything there is: what each must be, whoever adds it."""

from __future__ import annotations

import os
import re
from functools import cache
from pkgutil import iter_modules
from typing import Any

import pytest

import giban.components.alarm_rules as package
from giban.components.alarm_rules.rule import Metric, Rule
from giban.components.alarm_watch import _measured, rules_of
from giban.components.environment import Environment
from giban.graph import schema
from giban.graph.resource import Resource
from giban.graph.stack import Stack

KINDS = sorted(module.name for module in iter_modules(package.__path__) if module.name != "rule")
HERE = os.path.dirname(__file__)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "db_instance": {"instance_class": "db.t4g.medium", "engine": "postgres", "allocated_storage": 20},
    "autoscaling_group": {"min_size": 2, "max_size": 4},
    "lambda_function": {"function_name": "x", "role": "x", "timeout": 30},
    "lb": {"load_balancer_type": "application"},
    "nat_gateway": {},
}
"""What a resource must have for all of its alarms."""


@cache
def environment() -> Environment:
    from giban.blueprint.load import load

    text = b"name: scv\nregions: [ap-northeast-2]\nalarms: {channels: {team: {slack: secret:a}}}\n"
    loaded = load("giban.yaml", None, (), read=lambda _path: text)
    return Environment(loaded.blueprint, None, loaded.positions)


def resource(kind: str, component: str = "workstations.dev") -> Resource:
    """A resource of the kind; what the provider wants beside does not matter here."""
    env = environment()
    stack: Stack = env.region
    if "aws_lb.sample" not in stack.resources:
        stack.insert("managed", "aws_lb", "sample", ARGUMENTS["lb"], "services.sample", None, check=False)
    address = f"aws_{kind}.sample"
    if address not in stack.resources:
        stack.insert("managed", f"aws_{kind}", "sample", ARGUMENTS.get(kind, {}), component, None, check=False)
    return stack.resources[address]


def rules(kind: str) -> list[Rule]:
    return list(rules_of(resource(kind), environment()))


def test_there_are_some() -> None:
    assert len(KINDS) >= 12


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_named_as_the_type_that_it_watches(kind: str) -> None:
    assert schema.lookup(f"aws_{kind}") is not None


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_something_to_say(kind: str) -> None:
    found = rules(kind)
    assert found
    assert len({rule.name for rule in found}) == len(found)
    for rule in found:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert rule.priority in ("P1", "P2", "P3", "P4")
        assert rule.what.endswith(".")
        assert rule.do.endswith(".")
        assert len(f"{rule.what} {rule.do}") < 900  # of 1,024 for the description
        assert set(re.findall(r"\{(\w+)\}", rule.what)) <= {"threshold"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_an_alarm_that_cloudwatch_takes(kind: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    for rule in rules(kind):
        assert rule.period % 60 == 0
        day, week = 86_400, 7 * 86_400
        assert rule.period * rule.periods <= (week if rule.period >= 3600 else day)
        assert (rule.metric is None) != (rule.expression is None)
        metrics: list[Metric] = [rule.metric] if rule.metric else []
        if rule.expression is not None:
            formula, named = rule.expression
            assert set(re.findall(r"[a-z][a-z0-9_]*", formula)) == set(named)
            metrics += named.values()
        for metric in metrics:
            assert metric.dimensions
            assert re.fullmatch(r"Average|Maximum|Minimum|Sum|SampleCount|p[0-9.]+", metric.statistic)
        assert _measured(rule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_percentage_can_be_reached(kind: str) -> None:
    for rule in rules(kind):
        if rule.unit == "%":
            assert 0 < rule.threshold <= 100, rule.name
        assert rule.threshold > 0, rule.name
