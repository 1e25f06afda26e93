"""What the network checks rest on: one form for security group rules, address ranges, zones, routes."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.checks.firewalls import Direction, firewalls
from giban.checks.networks import block, block_of, differ, zone
from giban.checks.queries import named
from giban.checks.routing import routing
from giban.graph.graph import Graph
from giban.graph.resource import Resource
from giban.graph.stack import Stack


def graph(**resources: dict[str, Any]) -> Graph:
    """A graph of one stack: `aws_subnet__a={…}`."""
    stack = Stack(".", "ap-northeast-2")
    for name, args in resources.items():
        type_, label = name.split("__")
        stack.insert("managed", type_, label, args, "", None, check=False)
    return Graph("test", [stack])


def at(made: Graph, address: str) -> Resource:
    found = made.get(address)
    assert found is not None
    return found


WEB = {"from_port": 443, "to_port": 443}
FORMS: list[dict[str, dict[str, Any]]] = [
    {"aws_security_group__web": {"ingress": {**WEB, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}}},
    {"aws_security_group__web": {"ingress": [{**WEB, "protocol": "6", "cidr_blocks": ["0.0.0.0/0"]}]}},
    {
        "aws_security_group__web": {},
        "aws_security_group_rule__in": {
            "type": "ingress",
            "protocol": "TCP",
            "cidr_blocks": ["0.0.0.0/0"],
            "from_port": "443",
            "to_port": "443",
            "security_group_id": "${aws_security_group.web.id}",
        },
    },
    {
        "aws_security_group__web": {},
        "aws_vpc_security_group_ingress_rule__in": {
            **WEB,
            "ip_protocol": "tcp",
            "cidr_ipv4": "0.0.0.0/0",
            "security_group_id": "${aws_security_group.web.id}",
        },
    },
]


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_of_a_rule_are_one(form: dict[str, dict[str, Any]]) -> None:
    made = graph(**form)
    (rule,) = firewalls(made).rules(at(made, "aws_security_group.web"), "ingress")
    assert (rule.protocol, rule.first, rule.last, rule.cidrs) == ("tcp", 443, 443, ("0.0.0.0/0",))
    assert (rule.world, rule.everything, rule.uncertain, rule.other) == (True, False, False, False)
    assert rule.admits(443)
    assert not rule.admits(80)
    assert firewalls(made).complete(rule.group, "ingress")


@pytest.mark.parametrize(
    ("body", "uncertain", "other"),
    [
        ({"from_port": "${var.port}", "to_port": "${var.port}", "protocol": "tcp"}, True, False),
        ({"from_port": 80, "to_port": 80, "protocol": "${var.protocol}"}, True, False),
        ({**WEB, "protocol": "tcp", "cidr_blocks": "${var.ranges}"}, False, True),
        ({**WEB, "protocol": "tcp", "prefix_list_ids": ["pl-1"]}, False, True),
        ({**WEB, "protocol": "tcp", "security_groups": ["sg-1"]}, False, True),
        ({**WEB, "protocol": "tcp", "security_groups": ["${module.app.group}"]}, False, True),
        ({**WEB, "protocol": "tcp", "self": True}, False, False),
    ],
)
def test_what_is_not_known_is_not_guessed(body: dict[str, Any], uncertain: bool, other: bool) -> None:
    made = graph(aws_security_group__web={"ingress": body})
    (rule,) = firewalls(made).rules(at(made, "aws_security_group.web"), "ingress")
    assert (rule.uncertain, rule.other) == (uncertain, other)


def test_rules_of_unknown_groups_may_belong_to_any() -> None:
    rule = {**WEB, "ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8", "security_group_id": "${each.value}"}
    made = graph(
        aws_security_group__web={}, aws_vpc_security_group_ingress_rule__in={**rule, "for_each": "${var.groups}"}
    )
    group = at(made, "aws_security_group.web")
    answers: dict[Direction, bool] = {"ingress": False, "egress": True}
    for direction, complete in answers.items():
        assert firewalls(made).complete(group, direction) is complete


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_blocks_are_those_of_the_standard_library(number: int, length: int) -> None:
    network = ipaddress.ip_network((number, length), strict=False)
    found = block(f"{ipaddress.IPv4Address(number)}/{length}")
    assert found is not None
    assert (found.first, found.last) == (int(network[0]), int(network[-1]))
    assert str(found) == str(network)


@given(st.text(max_size=20))
def test_any_text_is_a_block_or_none(text: str) -> None:
    found = block(text)
    assert found is None or found.size >= 1


@given(st.integers(0, 8), st.integers(0, 300))
def test_cidrsubnet(bits: int, number: int) -> None:
    made = graph(
        aws_vpc__main={"cidr_block": "10.0.0.0/16"},
        aws_subnet__a={"cidr_block": f"${{cidrsubnet(aws_vpc.main.cidr_block, {bits}, {number})}}"},
    )
    parts = list(ipaddress.ip_network("10.0.0.0/16").subnets(bits))
    found = block_of(made, at(made, "aws_subnet.a"))
    if number < len(parts):
        assert str(found) == str(parts[number])
    else:
        assert found is None  # Terraform refuses it.


def test_a_range_that_names_itself_is_not_known() -> None:
    made = graph(
        aws_subnet__a={"cidr_block": "${aws_subnet.b.cidr_block}"},
        aws_subnet__b={"cidr_block": "${aws_subnet.a.cidr_block}"},
    )
    assert block_of(made, at(made, "aws_subnet.a")) is None


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ("ap-northeast-2a", "ap-northeast-2c", True),
        ("ap-northeast-2a", "ap-northeast-2a", False),
        ("apne2-az1", "apne2-az2", True),
        ("ap-northeast-2a", "apne2-az2", False),
        ("${data.aws_availability_zones.all.names[0]}", "${data.aws_availability_zones.all.names[1]}", True),
        ("${data.aws_availability_zones.all.names[0]}", "${data.aws_availability_zones.some.names[1]}", False),
        ("${data.aws_availability_zones.all.names[0]}", "ap-northeast-2a", False),
        ("${var.zones[0]}", "${var.zones[1]}", True),
        ("${var.zone_a}", "${var.zone_c}", False),
    ],
)
def test_zones_differ_only_when_they_certainly_do(one: str, other: str, different: bool) -> None:
    made = graph(aws_subnet__a={"availability_zone": one}, aws_subnet__b={"availability_zone": other})
    assert differ(zone(at(made, "aws_subnet.a")), zone(at(made, "aws_subnet.b"))) is different


@pytest.mark.parametrize(
    ("value", "found", "complete"),
    [
        (["${aws_subnet.a.id}", "${aws_subnet.b.id}"], ["aws_subnet.a", "aws_subnet.b"], True),
        (["${aws_subnet.a.id}", "subnet-1"], ["aws_subnet.a"], False),
        ("${aws_subnet.many[*].id}", ["aws_subnet.many"], False),
        (["${aws_subnet.many[0].id}"], ["aws_subnet.many"], False),
        ("${concat([aws_subnet.a.id], var.more)}", ["aws_subnet.a"], False),
        ("${module.vpc.subnets}", [], False),
        (None, [], True),
    ],
)
def test_named(value: Any, found: list[str], complete: bool) -> None:
    made = graph(
        aws_subnet__a={},
        aws_subnet__b={},
        aws_subnet__many={"count": 2},
        aws_lb__web={"subnets": value},
    )
    answer = named(made, at(made, "aws_lb.web"), "subnets")
    assert [resource.address for resource in answer.resources] == found
    assert answer.complete is complete


def test_ways_of_a_subnet() -> None:
    made = graph(
        aws_vpc__main={},
        aws_subnet__own={"vpc_id": "${aws_vpc.main.id}"},
        aws_subnet__left={"vpc_id": "${aws_vpc.main.id}"},
        aws_subnet__foreign={"vpc_id": "vpc-1"},
        aws_route_table__own={
            "vpc_id": "${aws_vpc.main.id}",
            "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}],
        },
        aws_route_table_association__own={
            "subnet_id": "${aws_subnet.own.id}",
            "route_table_id": "${aws_route_table.own.id}",
        },
    )
    index = routing(made)
    own, left, foreign = (index.way(made, at(made, f"aws_subnet.{name}")) for name in ("own", "left", "foreign"))
    assert (own.table, [route.default for route in own.routes], own.complete) == (
        at(made, "aws_route_table.own"),
        [True],
        True,
    )
    assert (left.table, left.routes, left.complete) == (None, (), True)
    assert not foreign.complete
