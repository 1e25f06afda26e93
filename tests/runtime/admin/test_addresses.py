"""The address allow list."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.common.addresses import allowed, networks, subscriber

ALLOW = networks("203.0.113.0/24, 2001:db8::/32,198.51.100.7")


@pytest.mark.parametrize(
    "text",
    [
        "203.0.113.0",
        "203.0.113.255",
        "198.51.100.7",
        "2001:db8::1",
        "2001:DB8:FFFF::",
        "::ffff:203.0.113.9",
        "::FFFF:cb00:7109",
    ],
)
def test_inside(text: str) -> None:
    assert allowed(text, ALLOW)


@pytest.mark.parametrize(
    "text",
    [
        "203.0.114.0", "202.255.255.255", "198.51.100.8", "2001:db9::1", "::ffff:203.0.114.1",
        "::203.0.113.9", "::1", "127.0.0.1",
        # What is no address, or one a client could have written in a way that is read differently elsewhere.
        "", " ", "203.0.113.1 ", " 203.0.113.1", "203.0.113.1,10.0.0.1", "203.0.113.01", "0xcb007101", "3405803777", "203.0.113",
        "203.0.113.1:443", "[2001:db8::1]", "2001:db8::1%eth0", "203.0.113.1/24", "unknown", "２０３.0.113.1", "\x00",
    ],
)  # fmt: skip
def test_outside(text: str) -> None:
    assert not allowed(text, ALLOW)


@pytest.mark.parametrize("allow", ["", "  ", ","])
def test_an_empty_list_is_nobody(allow: str) -> None:
    assert networks(allow) == ()
    assert not allowed("203.0.113.1", networks(allow))


@pytest.mark.parametrize("allow", ["203.0.113.1/24", "office", "203.0.113.0/33", "0.0.0.0/0;::/0"])
def test_a_wrong_list_lets_nobody_in(allow: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        networks(allow)


def test_a_mapped_network_is_the_network_of_ipv4() -> None:
    allow = networks("::ffff:203.0.113.0/120")
    assert allowed("203.0.113.77", allow)
    assert allowed("::ffff:203.0.113.77", allow)
    assert not allowed("203.0.114.77", allow)


def test_everybody_of_one_family_is_nobody_of_the_other() -> None:
    assert allowed("8.8.8.8", networks("0.0.0.0/0"))
    assert not allowed("2001:db8::1", networks("0.0.0.0/0"))
    assert allowed("2001:db8::1", networks("::/0"))
    assert not allowed("8.8.8.8", networks("::/0"))


@given(st.ip_addresses())
def test_an_address_is_in_its_own_network_only(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert allowed(str(found), networks(str(found)))
    assert not allowed(str(found), networks("203.0.113.1/32")) or str(found).endswith("203.0.113.1")


@given(st.text(max_size=50))
def test_any_text_is_judged(text: str) -> None:
    assert allowed(text, ALLOW) in (True, False)
    assert subscriber(text) is not None


def test_failures_of_ipv6_are_counted_by_network() -> None:
    assert subscriber("2001:db8:1:2:aaaa::1") == subscriber("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert subscriber("203.0.113.1") == "203.0.113.1" == subscriber("::ffff:203.0.113.1")
