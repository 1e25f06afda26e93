"""What every section has in common, and the kinds of text that several use."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$",
        description="Lower-case letters, digits and dashes, 2 to 24, a letter first and no dash last.",
        examples=["scv"],
    ),
]
InstanceType = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$",
        description="An EC2 instance type, `t3.large`.",
        examples=["t3.large"],
    ),
]
Cidr = Annotated[str, Meta(description="An address range, `10.20.0.0/16`.", examples=["203.0.113.0/24"])]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every section has in common: immutable, keys only by name, no unknown keys."""
