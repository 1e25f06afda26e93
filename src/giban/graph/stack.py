"""One Terraform root: the resources of one region (or `global`), sharing one state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from giban.graph import schema
from giban.graph.problems import Position
from giban.graph.refs import plain
from giban.graph.resource import META_ARGUMENTS, Resource


class SchemaError(Exception):
    """Arguments that the provider's schema does not allow. `problems` holds (path, what, fix) of each."""

    def __init__(self, address: str, problems: list[schema.ArgumentProblem]) -> None:
        self.address = address
        self.problems = problems
        lines = [f"{address}: {'.'.join(map(str, p.path))}: {p.what} {p.fix}" for p in problems]
        super().__init__("\n".join(lines))


class AddressTakenError(Exception):
    """Two resources want the same address; `there` came first, `component` and `origin` are of the one that did not."""

    def __init__(self, there: Resource, component: str = "", origin: Position | None = None) -> None:
        self.there = there
        self.component = component
        self.origin = origin
        super().__init__(f"{there.address} is there already (from {there.component or 'raw Terraform'})")


class Stack:
    """Resources by address. `key` is the folder of the root ("ap-northeast-2", "global").

    `tags` are the provider's default tags, `provider_regions` the regions of further provider aliases, `moved` pairs of
    addresses (old, new), `extra` whole document parts that are passed through (raw `locals`, `variable`, `module`…),
    `files` what lies beside the documents and expressions read (`files/boot.sh`; archives are made when they are written),
    `backend` the body of the S3 backend.
    """

    def __init__(self, key: str, region: str | None, tags: dict[str, str] | None = None) -> None:
        self.key = key
        self.region = region
        self.tags = tags or {}
        self.provider_regions: dict[str, str | None] = {}
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.moved: list[tuple[str, str]] = []
        self.extra: dict[str, Any] = {}
        self.files: dict[str, str | Callable[[], bytes]] = {}
        self.backend: dict[str, Any] | None = None

    def add(
        self,
        type_: str,
        label: str,
        /,
        *,
        component: str = "",
        origin: Position | None = None,
        **args: Any,
    ) -> Resource:
        """Add a resource with Terraform's own argument names; `None` means "not given".

        Raises SchemaError when the provider's schema does not allow it, AddressTakenError when there is one already.
        """
        return self.insert("managed", type_, label, args, component, origin)

    def data(
        self,
        type_: str,
        label: str,
        /,
        *,
        component: str = "",
        origin: Position | None = None,
        **args: Any,
    ) -> Resource:
        """Add a data source, or return the one already there under that label with the same arguments."""
        there = self.resources.get(f"data.{type_}.{label}")
        if there is not None and there.args == plain(args):
            return there
        return self.insert("data", type_, label, args, component, origin)

    def insert(
        self,
        mode: str,
        type_: str,
        label: str,
        args: dict[str, Any],
        component: str,
        origin: Position | None,
        *,
        check: bool = True,
    ) -> Resource:
        """Add a resource given as data (a raw block, a parsed file); files are read as they are, with `check=False`."""
        given = plain(args)
        meta = {key: given.pop(key) for key in META_ARGUMENTS & given.keys()}
        resource = Resource(self, mode, type_, label, given, meta, component, origin)
        address = resource.address
        if address in self.resources:
            raise AddressTakenError(self.resources[address], component, origin)
        if check:
            problems = schema.check_arguments(mode, type_, {**given, **meta} if meta else given)
            if problems:
                raise SchemaError(address, problems)
        self.resources[address] = resource
        return resource

    def output(self, name: str, value: Any, description: str, *, sensitive: bool = False) -> None:
        """Declare an output of the root."""
        self.outputs[name] = {"value": plain(value), "description": description}
        if sensitive:
            self.outputs[name]["sensitive"] = True
