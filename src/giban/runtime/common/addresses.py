"""The address allow list: networks of IPv4 and IPv6. What is not on it is refused, and so is what is no address."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

SIX_PREFIX = 64
"""Bits of an IPv6 address that stand for one subscriber: the rest a visitor can choose freely (RFC 6177, RFC 4862)."""


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of `203.0.113.0/24,2001:db8::/32`; blanks are allowed, an empty text is an empty list (nobody).

    Raises ValueError for anything that is no network: better no function than one that lets in somebody else.
    """
    from ipaddress import IPv6Network, ip_network

    made = []
    for part in text.split(","):
        if part.strip():
            network = ip_network(part.strip())
            mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
            # ::ffff:203.0.113.0/120 is written 203.0.113.0/24: addresses are compared as IPv4.
            bits = network.prefixlen - 96
            made.append(ip_network(f"{mapped}/{bits}") if mapped is not None and bits >= 0 else network)
    return tuple(made)


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, an IPv4-mapped IPv6 address as the IPv4 address it is; None for anything else."""
    from ipaddress import IPv6Address, ip_address

    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.scope_id:
            return None
        return found.ipv4_mapped or found
    return found


def allowed(text: str, allow: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    found = address(text)
    return found is not None and any(found in network for network in allow)


def subscriber(text: str) -> str:
    """What failures of an address are counted under: the IPv4 address, or the /64 network of an IPv6 address."""
    from ipaddress import IPv6Address, ip_network

    found = address(text)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, SIX_PREFIX), strict=False))
    return str(found or text[:64])
