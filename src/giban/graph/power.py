"""Machines that are started and stopped on demand: what tells them from those that always run."""

from __future__ import annotations

from giban.graph.resource import Resource

POWER_TAG = "giban:power"
"""The tag of instances that are started and stopped on demand; nothing without it is ever stopped."""


def switched(resource: Resource) -> bool:
    """Whether an instance is started and stopped on demand, by its tag."""
    tags = resource.args.get("tags")
    return resource.type == "aws_instance" and isinstance(tags, dict) and POWER_TAG in tags
