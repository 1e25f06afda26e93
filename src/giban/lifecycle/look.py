"""`plan` and `status`: what would change, and what is there. Neither changes anything."""

from __future__ import annotations

from typing import Any

import msgspec

from giban.graph.stack import Stack
from giban.lifecycle.deployment import Deployment
from giban.lifecycle.up import Watch, initialised, planned
from giban.terraform.plan import AttributeChange, Plan


class Change(msgspec.Struct, frozen=True):
    """What would happen to one resource. `kind` is create, update, replace, delete, forget, move or import."""

    address: str
    kind: str
    component: str
    attributes: list[AttributeChange]


class RootPlan(msgspec.Struct, frozen=True):
    """What would change in one root. `compiled` when it has never been applied: everything is to be created."""

    root: str
    compiled: bool
    changes: list[Change]
    outputs: list[str]
    """Outputs that would change."""
    drift: list[str]
    """Resources that somebody changed outside of Terraform since the last run."""


class Planned(msgspec.Struct, frozen=True):
    """The whole plan of an environment."""

    target: str
    environment: str | None
    roots: list[RootPlan]

    @property
    def is_empty(self) -> bool:
        """Whether everything is as the blueprint says."""
        return not any(root.changes or root.outputs for root in self.roots)


class RootStatus(msgspec.Struct, frozen=True):
    """What is deployed of one root."""

    root: str
    expected: int
    deployed: int
    missing: list[str]
    """Addresses the blueprint has and the state has not."""
    unexpected: list[str]
    """Addresses the state has and the blueprint has not."""
    outputs: dict[str, Any]


class Status(msgspec.Struct, frozen=True):
    """What is deployed of an environment."""

    target: str
    environment: str | None
    deployed: bool
    roots: list[RootStatus]


def plan(deployment: Deployment, watch: Watch, *, reachable: bool) -> Planned:
    """What `up` would change. `reachable` says whether the target can be asked; if not, everything is to be created."""
    there = reachable and deployment.state_exists()
    roots = []
    for stack in deployment.stacks:
        if there:
            terraform = initialised(deployment, stack)
            if terraform.state_list():
                roots.append(_root_plan(stack, planned(deployment, stack, terraform, watch)))
                continue
        roots.append(compiled_plan(stack))
    return Planned(deployment.target.name, deployment.compiled.environment, roots)


def compiled_plan(stack: Stack) -> RootPlan:
    """The plan of a root that has never been applied: all of it is created."""
    changes = [
        Change(address, "create", stack.resources[address].component, [])
        for address in sorted(stack.resources)
        if stack.resources[address].mode == "managed"
    ]
    return RootPlan(stack.key, True, changes, sorted(stack.outputs), [])


def _root_plan(stack: Stack, found: Plan) -> RootPlan:
    changes = []
    for item in found.changes:
        resource = stack.resources.get(item.address.split("[", 1)[0])
        changes.append(Change(item.address, item.kind, resource.component if resource else "", item.attributes()))
    # Terraform also reports values it learned after creating a resource; only drift that it would undo is worth a line.
    touched = {(item.address, attribute.path) for item in found.changes for attribute in item.attributes()}
    recreated = {item.address for item in found.changes if item.kind == "create"}
    drift = [
        item.address
        for item in found.drift
        if item.address in recreated or any((item.address, change.path) in touched for change in item.attributes())
    ]
    return RootPlan(stack.key, False, changes, list(found.outputs), drift)


def status(deployment: Deployment, *, reachable: bool) -> Status:
    """What is deployed, from Terraform's state."""
    there = reachable and deployment.state_exists()
    roots = []
    for stack in deployment.stacks:
        expected = {address for address, resource in stack.resources.items() if resource.mode == "managed"}
        found: set[str] = set()
        outputs: dict[str, Any] = {}
        if there:
            terraform = initialised(deployment, stack)
            found = {address.split("[", 1)[0] for address in terraform.state_list() if not address.startswith("data.")}
            outputs = terraform.output() if found else {}
        roots.append(
            RootStatus(
                root=stack.key,
                expected=len(expected),
                deployed=len(found),
                missing=sorted(expected - found) if found else [],
                unexpected=sorted(found - expected),
                outputs=outputs,
            )
        )
    return Status(
        target=deployment.target.name,
        environment=deployment.compiled.environment,
        deployed=any(root.deployed for root in roots),
        roots=roots,
    )
