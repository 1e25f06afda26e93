"""What the name of an EC2 instance type says."""

from __future__ import annotations

import re

_GRAVITON = re.compile(r"^(a1|[a-z]+\d+g[a-z]*)\.")


def architecture(instance_type: str) -> str:
    """The processor of an instance type: Graviton families carry a `g` after their number (t4g, m7gd, c8gn)."""
    return "arm64" if _GRAVITON.match(instance_type) else "x86_64"
