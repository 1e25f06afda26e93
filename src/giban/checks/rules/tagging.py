"""Checks of tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from giban.checks.registry import Hit, check
from giban.checks.roots import provider_of, roots
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource
from giban.graph.schema import lookup

OWNERS = frozenset({"owner", "owners", "ownedby", "team", "contact", "maintainer", "squad", "businessowner"})


@check("GB085", "notice", fix="Set owner in the blueprint, or the tag Owner in the provider's default_tags.")
def nobody_owns_it(graph: Graph) -> Iterator[Hit]:
    """Resources do not say whose they are.

    ## What it finds
    A root whose provider has no default tag such as `Owner`, `Team` or `Contact`, and which has resources without one. It is
    one finding for all roots of an environment.

    ## Why it matters
    In a year somebody looks at the bill, or at an open port, and has nobody to ask; so it stays. Cost per team needs the tag as
    well.

    ## Example
    ```yaml
    name: scv
    ```
    Use instead:
    ```yaml
    name: scv
    owner: platform team
    ```

    ## References
    - https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html
    - https://registry.terraform.io/providers/hashicorp/aws/latest/docs#default_tags-configuration-block
    """
    taggable: list[Resource] = []
    for stack in roots(graph):
        if not _named(stack.tags) and not is_unknown(stack.tags):
            made = [stack.resources[address] for address in sorted(stack.resources)]
            taggable += [resource for resource in made if _taggable(resource)]
    without = [resource for resource in taggable if not _says_whose(resource.value("tags"))]
    if without:
        first = without[0]
        count = f"{len(without)} of {len(taggable)}" if len(without) < len(taggable) else f"all {len(taggable)}"
        yield provider_of(first.stack), f"Nobody is named as owner of {count} resources, for example {first.address}."


def _named(names: Iterable[str]) -> bool:
    return any(name.lower().replace("-", "").replace("_", "").rpartition(":")[2] in OWNERS for name in names)


def _says_whose(tags: Any) -> bool:
    """Tags that are an expression (`merge(local.tags, …)`) are not known here and pass."""
    return isinstance(tags, str) or (isinstance(tags, dict) and _named(tags))


def _taggable(resource: Resource) -> bool:
    schema = lookup(resource.type) if resource.mode == "managed" else None
    return schema is not None and "tags" in schema.args
