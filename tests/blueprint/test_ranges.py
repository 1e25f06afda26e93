"""CIDR planning: subnets lie inside the VPC, never overlap, and never move."""

from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.blueprint.ranges import LARGEST_VPC, SMALLEST_VPC, TIERS, ZONE_SLOTS, overlap, parse, subnet, written

vpcs = st.builds(
    lambda length, seed: str(ipaddress.ip_network((seed >> (32 - length) << (32 - length), length))),
    st.integers(LARGEST_VPC, SMALLEST_VPC),
    st.integers(0, 2**32 - 1),
)
networks = st.builds(
    lambda length, seed: str(ipaddress.ip_network((seed >> (32 - length) << (32 - length) if length else 0, length))),
    st.integers(0, 32),
    st.integers(0, 2**32 - 1),
)


@given(vpcs)
def test_subnets_are_disjoint_and_inside(vpc: str) -> None:
    parts = [ipaddress.ip_network(subnet(vpc, tier, zone)) for tier in TIERS for zone in range(ZONE_SLOTS)]
    assert all(part.subnet_of(ipaddress.ip_network(vpc)) for part in parts)  # type: ignore[arg-type]
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))
    assert all(part.prefixlen <= 28 for part in parts), "AWS allows nothing smaller than /28"


def test_known_subnets_stay_where_they_are() -> None:
    """What is deployed somewhere depends on these numbers: they may never change."""
    assert subnet("10.20.0.0/16", "public", 0) == "10.20.0.0/21"
    assert subnet("10.20.0.0/16", "public", 1) == "10.20.8.0/21"
    assert subnet("10.20.0.0/16", "web", 0) == "10.20.32.0/21"
    assert subnet("10.20.0.0/16", "was", 1) == "10.20.72.0/21"
    assert subnet("10.20.0.0/16", "db", 3) == "10.20.120.0/21"
    assert subnet("192.168.0.0/23", "db", 3) == "192.168.0.240/28"


@given(networks, networks)
def test_overlap_agrees_with_the_standard_library(one: str, other: str) -> None:
    assert overlap(one, other) == ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))


@given(networks)
def test_what_is_parsed_can_be_written(network: str) -> None:
    assert written(*parse(network)) == network


@given(st.text(max_size=24))
def test_parse_refuses_what_the_standard_library_refuses(text: str) -> None:
    try:
        expected = ipaddress.IPv4Network(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            parse(text)
        return
    # The standard library takes single addresses and netmasks as well; a blueprint says a prefix length.
    prefix = text.partition("/")[2]
    if prefix.isdecimal() and prefix.isascii() and len(prefix) <= 2:
        assert written(*parse(text)) == str(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.0", "no prefix length"),
        ("10.0.0.0/33", "no prefix length"),
        ("10.0.0.0/-1", "no prefix length"),
        ("10.0.0/8", "not an IPv4 range"),
        ("10.0.0.256/32", "not an IPv4 range"),
        ("2001:db8::/32", "not an IPv4 range"),
        ("10.20.0.1/16", "begins at 10.20.0.0/16"),
        ("", "no prefix length"),
    ],
)
def test_bad_ranges_say_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)


@pytest.mark.parametrize("vpc", ["10.0.0.0/15", "10.0.0.0/24"])
def test_a_vpc_has_bounds(vpc: str) -> None:
    with pytest.raises(ValueError, match="between /16 and /23"):
        subnet(vpc, "web", 0)


def test_there_are_four_zones() -> None:
    with pytest.raises(ValueError, match="not between 0 and 3"):
        subnet("10.0.0.0/16", "web", 4)
