"""Which addresses each subnet gets: arithmetic only, the same for ever once a network is there.

The VPC is cut into 32 equal blocks. Tier t (public, web, was, db) and zone z (at most four) get block 4 t + z, so that
adding a zone or a tier never renumbers a subnet; the upper half stays free for what comes later.
"""

from __future__ import annotations

TIERS = ("public", "web", "was", "db")
ZONE_SLOTS = 4
BLOCK_BITS = 5
SMALLEST_VPC = 23
"""AWS allows subnets down to /28, which is /23 and five bits
(https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""
LARGEST_VPC = 16


def parse(cidr: str) -> tuple[int, int]:
    """An IPv4 range as (first address, prefix length). Raises ValueError with the reason in words."""
    address, slash, length = cidr.partition("/")
    octets = address.split(".")
    if not slash or not _is_number(length, 32):
        raise ValueError(f"`{cidr}` has no prefix length between /0 and /32")
    if len(octets) != 4 or not all(_is_number(octet, 255) for octet in octets):
        raise ValueError(f"`{cidr}` is not an IPv4 range such as 10.20.0.0/16")
    first = 0
    for octet in octets:
        first = first << 8 | int(octet)
    bits = 32 - int(length)
    if first & ((1 << bits) - 1):
        raise ValueError(
            f"`{cidr}` has host bits set; the range begins at {written(first >> bits << bits, int(length))}"
        )
    return first, int(length)


def _is_number(text: str, largest: int) -> bool:
    """Whether text is a number up to `largest` in ASCII digits without a leading zero (which some read as octal)."""
    return text.isdecimal() and len(text) <= 3 and str(int(text)) == text and int(text) <= largest


def written(first: int, length: int) -> str:
    """The range as it is written: `10.20.0.0/16`."""
    return f"{first >> 24}.{first >> 16 & 255}.{first >> 8 & 255}.{first & 255}/{length}"


def subnet(cidr: str, tier: str, zone: int) -> str:
    """The range of a tier's subnet in the zone of that index (0 to 3).

    Raises ValueError when the VPC is not between /16 and /23, KeyError-like ValueError for an unknown tier or zone.
    """
    first, length = parse(cidr)
    if not LARGEST_VPC <= length <= SMALLEST_VPC:
        raise ValueError(f"`{cidr}` is a /{length}; a VPC is between /{LARGEST_VPC} and /{SMALLEST_VPC}")
    if not 0 <= zone < ZONE_SLOTS:
        raise ValueError(f"zone {zone} is not between 0 and {ZONE_SLOTS - 1}")
    block = TIERS.index(tier) * ZONE_SLOTS + zone
    size = length + BLOCK_BITS
    return written(first + (block << (32 - size)), size)


def overlap(one: str, other: str) -> bool:
    """Whether two ranges share an address."""
    (a, a_length), (b, b_length) = parse(one), parse(other)
    bits = 32 - min(a_length, b_length)
    return a >> bits == b >> bits
