"""Whose they are: every rule, policy, attachment and the like finds the card or box that it is folded into."""

from __future__ import annotations

from giban.diagram.kinds import BOXES, INWARD, OUTWARD
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]

_SHARED = (*BOXES, "aws_kms_key", "aws_route53_zone", "aws_cloudwatch_log_group")
"""Mentioned by many: something belongs to one of these when an argument says so, or when it mentions nothing else."""
_DEPTH = 8
"""Longest chain followed; real ones (policy, attachment, role, profile, template, group) have six."""

Found = tuple[Key, bool]
"""An owner, and whether it is certain."""


class Folding:
    """Finds owners. `drawn` are the keys of resources that are cards or boxes."""

    def __init__(self, graph: Graph, drawn: dict[Key, Resource]) -> None:
        self.graph = graph
        self.drawn = drawn
        self._components: dict[tuple[str, str], Key] = {}
        for key in sorted(drawn):
            resource = drawn[key]
            if resource.component and resource.type not in _SHARED:
                self._components.setdefault((resource.stack.key, resource.component), key)

    def owner(self, resource: Resource) -> Key | None:
        """The card or box a resource belongs to; None when it belongs to nothing drawn."""
        found = self._search(resource, frozenset(), _DEPTH)
        if found is not None and (found[1] or self.drawn[found[0]].type in BOXES):
            return found[0]
        # The same section of a blueprint is a better sign than a mention of something shared.
        return self._components.get((resource.stack.key, resource.component)) or (found[0] if found else None)

    def _search(self, resource: Resource, seen: frozenset[Key], depth: int) -> Found | None:
        if resource.key in self.drawn:
            return (resource.key, resource.type not in _SHARED)
        if resource.key in seen or depth == 0:
            return None
        seen |= {resource.key}
        fallback: Found | None = None
        for neighbour in self._neighbours(resource):
            found = self._search(neighbour, seen, depth - 1)
            if found is None:
                continue
            if found[1] or (neighbour.key == found[0] and self._is_named(resource, neighbour)):
                return (found[0], True)
            fallback = fallback or found
        return fallback

    def _is_named(self, resource: Resource, other: Resource) -> bool:
        """True when the argument that says whose it is names the other one (an alias its key, a route table its VPC)."""
        named = (self.graph.follow(resource, path) for path in OUTWARD.get(resource.type, ()))
        first = next((target for target in named if target is not None), None)
        return (first is not None and first.key == other.key) or _is_part(resource.type, other.type)

    def _neighbours(self, resource: Resource) -> list[Resource]:
        """Whom to ask, the most telling first."""
        named = [t for path in OUTWARD.get(resource.type, ()) for t in self.graph.follow_all(resource, path)]
        out = self.graph.follow_all(resource)
        if resource.mode == "data":
            # Who else reads the same data says nothing.
            return out
        back = self.graph.referrers(resource)
        if resource.type in INWARD or resource.type.startswith(("random_", "tls_", "terraform_data", "time_")):
            # Listeners before groups: a target group is part of its balancer.
            back = sorted(back, key=lambda r: not r.type.startswith("aws_lb"))
            return [*named, *back, *out]
        parts = [t for t in out if _is_part(resource.type, t.type)]
        return [*named, *parts, *out, *back]


def _is_part(type_: str, whole: str) -> bool:
    """True for `aws_s3_bucket_policy` of `aws_s3_bucket`: the provider names parts after their whole."""
    return type_.startswith(f"{whole}_")
