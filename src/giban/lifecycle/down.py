"""`down`: take everything away, in the reverse order, what holds data only when it is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from giban.graph.stack import Stack
from giban.lifecycle.deployment import PLAN_FILE, Deployment
from giban.lifecycle.up import Refused, Watch, initialised, planned
from giban.terraform.documents import Files, render
from giban.terraform.gate import gate

UNPROTECT = "unprotect_override.tf.json"
"""Switches off what keeps resources from being deleted; written for `down` only, after the gate has let it through."""


class DownResult(msgspec.Struct, frozen=True):
    """What `down` removed: resources by root, and what AWS keeps for a while."""

    target: str
    environment: str | None
    destroyed: dict[str, int]
    remains: list[str]


def down(deployment: Deployment, watch: Watch, allowed: Collection[str] = frozenset()) -> DownResult:
    """Destroy every root, the last applied first. Raises Refused when something holds data and was not named.

    On the rehearsal nothing is worth keeping, so nothing has to be named.
    """
    target = deployment.target
    _ = deployment.engine
    deployment.start()
    if not target.keeps_data:
        # A rehearsal that never came up has no bucket; making it is cheaper than asking.
        deployment.create_state()
    ready = []
    refusals = []
    for stack in reversed(deployment.stacks):
        terraform = initialised(deployment, stack)
        if not terraform.state_list():
            continue
        if target.keeps_data:
            # What forbids to destroy forbids to plan it too; the gate is what asks.
            allowing = {
                kind: {"lifecycle": args["lifecycle"]}
                for kind, args in target.protections.items()
                if "lifecycle" in args
            }
            terraform = deployment.terraform(stack, extra=unprotect(stack, allowing))
            refusals += gate(planned(deployment, stack, terraform, watch, destroy=True).changes, allowed)
        ready.append(stack)
    if refusals:
        raise Refused(refusals)
    target.before_down(deployment.compiled.graph)
    destroyed = {stack.key: _destroy(deployment, stack, watch) for stack in ready}
    target.after_down(deployment.compiled.graph)
    return DownResult(
        target=target.name,
        environment=deployment.compiled.environment,
        destroyed=destroyed,
        remains=_remains(ready) if target.keeps_data and ready else [],
    )


def _destroy(deployment: Deployment, stack: Stack, watch: Watch) -> int:
    protections = deployment.target.protections
    extra = unprotect(stack, protections)
    if extra:
        terraform = deployment.terraform(stack, extra=extra)
        # Only what is protected: this is a step towards deletion, not an update of everything else.
        protected = tuple(
            address for address in sorted(stack.resources) if stack.resources[address].type in protections
        )
        with watch(stack.key) as listen:
            terraform.listen = listen
            terraform.plan(PLAN_FILE, targets=protected, parallelism=deployment.target.parallelism)
            terraform.apply(PLAN_FILE, parallelism=deployment.target.parallelism)
    terraform = deployment.terraform(stack, extra=extra)
    with watch(stack.key) as listen:
        terraform.listen = listen
        terraform.plan(PLAN_FILE, destroy=True, parallelism=deployment.target.parallelism)
    with watch(stack.key) as listen:
        terraform.listen = listen
        return terraform.apply(PLAN_FILE, parallelism=deployment.target.parallelism).destroyed


def unprotect(stack: Stack, protections: Mapping[str, dict[str, Any]]) -> Files:
    """The override document that switches protections off; empty when there is nothing to switch."""
    resources: dict[str, dict[str, Any]] = {}
    for address in sorted(stack.resources):
        resource = stack.resources[address]
        if resource.mode == "managed" and resource.type in protections:
            resources.setdefault(resource.type, {})[resource.label] = protections[resource.type]
    return {UNPROTECT: render({"resource": resources})} if resources else {}


def _remains(stacks: list[Stack]) -> list[str]:
    kinds = {resource.type for stack in stacks for resource in stack.resources.values()}
    kept = {
        "aws_kms_key": "keys wait for their deletion window",
        "aws_secretsmanager_secret": "secrets wait for their recovery window",
        "aws_db_instance": "databases leave a final snapshot",
        "aws_ebs_volume": "home volumes leave a final snapshot",
    }
    return [text for kind, text in sorted(kept.items()) if kind in kinds] + ["the state bucket stays"]
