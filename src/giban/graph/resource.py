"""One Terraform resource or data source: its type, its label, its arguments, and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from giban.graph import schema
from giban.graph.problems import Position
from giban.graph.refs import Ref

if TYPE_CHECKING:
    from giban.graph.stack import Stack

META_ARGUMENTS = frozenset(
    {"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection", "dynamic"}
)
"""Arguments that belong to Terraform itself, not to the provider.
https://developer.hashicorp.com/terraform/language/meta-arguments"""


class UnknownAttributeError(AttributeError):
    """A reference to an attribute that the provider's schema does not have."""


class Patch:
    """What a resource was before it was changed by hand, and where that is written."""

    __slots__ = ("args", "meta", "origin")

    def __init__(self, args: dict[str, Any], meta: dict[str, Any], origin: Position | None) -> None:
        self.args = args
        self.meta = meta
        self.origin = origin


class Resource:
    """A resource (`mode` "managed") or a data source ("data").

    `resource.arn` is a `Ref` to that attribute, checked against the provider's schema; where the name collides with
    a field of this class, `resource.ref("type")` does the same. Arguments are plain JSON data in `args`; `patch` is what
    they were before somebody changed them, None when nobody did.
    """

    __slots__ = ("args", "component", "label", "meta", "mode", "origin", "patch", "stack", "type")

    def __init__(
        self,
        stack: Stack,
        mode: str,
        type_: str,
        label: str,
        args: dict[str, Any],
        meta: dict[str, Any],
        component: str,
        origin: Position | None,
    ) -> None:
        self.stack = stack
        self.mode = mode
        self.type = type_
        self.label = label
        self.args = args
        self.meta = meta
        self.component = component
        self.origin = origin
        self.patch: Patch | None = None

    @property
    def address(self) -> str:
        """Terraform's address: `aws_vpc.main`, `data.aws_caller_identity.current`."""
        address = f"{self.type}.{self.label}"
        return address if self.mode == "managed" else f"data.{address}"

    @property
    def key(self) -> tuple[str, str]:
        """Stack key and address: unique in the whole graph, and the order of listings."""
        return (self.stack.key, self.address)

    @property
    def region(self) -> str | None:
        """The region it is made in: its own argument, its provider alias, or its stack's; None when unknown."""
        own = self.args.get("region")
        if isinstance(own, str) and "${" not in own and self.type.startswith("aws_"):
            return own
        alias = self.meta.get("provider")
        if isinstance(alias, str):
            return self.stack.provider_regions.get(alias.strip("${}").removeprefix("aws."))
        return self.stack.region

    def __repr__(self) -> str:
        return f"<{self.stack.key}:{self.address}>"

    def ref(self, attribute: str) -> Ref:
        """A reference to an attribute. Raises UnknownAttributeError when the provider's schema has none so named."""
        if not schema.attribute_exists(self.mode, self.type, attribute):
            close = schema.suggest(self.mode, self.type, attribute)
            hint = f" Did you mean `{close}`?" if close else ""
            raise UnknownAttributeError(f"{self.type} has no attribute `{attribute}`.{hint}")
        return Ref(self.address, attribute)

    def __getattr__(self, attribute: str) -> Ref:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return self.ref(attribute)

    def value(self, *path: str) -> Any:
        """The argument at a path through nested blocks (the first, where there are several); None when absent."""
        found: Any = self.args
        for step in path:
            if isinstance(found, list):
                found = found[0] if found else None
            if not isinstance(found, dict):
                return None
            found = found.get(step)
        return found

    def blocks(self, *path: str) -> list[dict[str, Any]]:
        """The nested blocks at a path as a list, however they are written (one object or a list of them)."""
        found = self.value(*path)
        if isinstance(found, dict):
            return [found]
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
