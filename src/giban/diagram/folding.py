"""Whose they are: every rule, policy, attachment and the like finds the card or box that it is folded into."""

from __future__ import annotations

from giban.diagram.kinds import BOXES, INWARD, OUTWARD
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]

_SHARED = (*BOXES, "aws_kms_key", "aws_route53_zone", "aws_acm_certificate", "aws_cloudwatch_log_group")
"""Mentioned by many: belonging to one of these is only believed when nothing else is mentioned."""
_DEPTH = 8
"""Longest chain followed; real ones (policy, attachment, role, profile, template, group) have six."""


class Folding:
    """Finds owners. `drawn` are the keys of resources that are cards or boxes."""

    def __init__(self, graph: Graph, drawn: dict[Key, Resource]) -> None:
        self.graph = graph
        self.drawn = drawn
        self._known: dict[Key, Key | None] = {}
        self._components: dict[str, Key] = {}
        for key in sorted(drawn):
            resource = drawn[key]
            if resource.component and resource.type not in BOXES:
                self._components.setdefault(resource.component, key)

    def owner(self, resource: Resource) -> Key | None:
        """The card or box a resource belongs to; None when it belongs to nothing drawn."""
        if resource.key in self.drawn:
            return resource.key
        if resource.key not in self._known:
            found = self._search(resource, frozenset(), _DEPTH)
            if found is None or self.drawn[found].type in _SHARED:
                # A name is a better sign than a mention of something shared.
                found = self._components.get(resource.component) or found
            self._known[resource.key] = found
        return self._known[resource.key]

    def _search(self, resource: Resource, seen: frozenset[Key], depth: int) -> Key | None:
        if resource.key in self.drawn:
            return resource.key
        if resource.key in seen or depth == 0:
            return None
        seen |= {resource.key}
        fallback: Key | None = None
        for neighbour in self._neighbours(resource):
            found = self._search(neighbour, seen, depth - 1)
            if found is not None:
                if self.drawn[found].type not in _SHARED or neighbour.key == found and self._is_named(resource, found):
                    return found
                fallback = fallback or found
        return fallback

    def _is_named(self, resource: Resource, found: Key) -> bool:
        """True when the argument that says whose it is names this very resource (an alias its key, a record its zone)."""
        paths = OUTWARD.get(resource.type)
        own = paths and next((self.graph.follow(resource, path) for path in paths if resource.args.get(path)), None)
        return bool(own and own.key == found) or _is_part(resource.type, self.drawn[found].type)

    def _neighbours(self, resource: Resource) -> list[Resource]:
        """Whom to ask, the most telling first."""
        named = [t for path in OUTWARD.get(resource.type, ()) for t in self.graph.follow_all(resource, path)]
        out = self.graph.follow_all(resource)
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
