"""`down`: take everything away, in the reverse order, what holds data only when it is named."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from giban.graph.stack import Stack
from giban.lifecycle.deployment import PLAN_FILE, Deployment
from giban.lifecycle.up import Refused, Watch, initialised, planned
from giban.terraform.documents import Files, render
from giban.terraform.gate import gate

UNPROTECT = "unprotect_override.tf.json"
"""Switches off what keeps resources from being deleted; written for `down` only, after the gate has let it through."""

PROTECTIONS: dict[str, dict[str, Any]] = {
    "aws_db_instance": {"deletion_protection": False},
    "aws_lb": {"enable_deletion_protection": False},
    "aws_s3_bucket": {"force_destroy": True},
}
LEFT_BEHIND: dict[str, dict[str, Any]] = {
    "aws_db_instance": {"deletion_protection": False, "skip_final_snapshot": True, "delete_automated_backups": True},
    "aws_secretsmanager_secret": {"recovery_window_in_days": 0},
}
"""What else the rehearsal switches off, so that nothing is left on the emulators: no snapshot, no waiting secret."""


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
    rehearsal = deployment.target.name == "rehearsal"
    _ = deployment.engine
    deployment.start()
    if rehearsal:
        # A rehearsal that never came up has no bucket; making it is cheaper than asking.
        deployment.create_state()
    ready = []
    refusals = []
    for stack in reversed(deployment.stacks):
        terraform = initialised(deployment, stack)
        if not terraform.state_list():
            continue
        if not rehearsal:
            refusals += gate(planned(deployment, stack, terraform, watch, destroy=True).changes, allowed)
        ready.append(stack)
    if refusals:
        raise Refused(refusals)
    destroyed = {stack.key: _destroy(deployment, stack, watch, rehearsal) for stack in ready}
    return DownResult(
        target=deployment.target.name,
        environment=deployment.compiled.environment,
        destroyed=destroyed,
        remains=[] if rehearsal or not ready else _remains(ready),
    )


def _destroy(deployment: Deployment, stack: Stack, watch: Watch, rehearsal: bool) -> int:
    extra = unprotect(stack, rehearsal)
    if extra:
        terraform = deployment.terraform(stack, extra=extra)
        # Only what is protected: this is a step towards deletion, not an update of everything else.
        targets = tuple(
            address for address in sorted(stack.resources) if stack.resources[address].type in _types(rehearsal)
        )
        with watch(stack.key) as listen:
            terraform.listen = listen
            terraform.plan(PLAN_FILE, targets=targets, parallelism=deployment.target.parallelism)
            terraform.apply(PLAN_FILE, parallelism=deployment.target.parallelism)
    terraform = deployment.terraform(stack, extra=extra)
    with watch(stack.key) as listen:
        terraform.listen = listen
        terraform.plan(PLAN_FILE, destroy=True, parallelism=deployment.target.parallelism)
        return terraform.apply(PLAN_FILE, parallelism=deployment.target.parallelism).destroyed


def _types(rehearsal: bool) -> set[str]:
    return set(PROTECTIONS) | (set(LEFT_BEHIND) if rehearsal else set())


def unprotect(stack: Stack, rehearsal: bool) -> Files:
    """The override document that switches protections off; empty when there is nothing to switch."""
    resources: dict[str, dict[str, Any]] = {}
    for address in sorted(stack.resources):
        resource = stack.resources[address]
        change = {**PROTECTIONS.get(resource.type, {}), **(LEFT_BEHIND.get(resource.type, {}) if rehearsal else {})}
        if resource.mode == "managed" and change:
            resources.setdefault(resource.type, {})[resource.label] = change
    return {UNPROTECT: render({"resource": resources})} if resources else {}


def _remains(stacks: list[Stack]) -> list[str]:
    kinds = {resource.type for stack in stacks for resource in stack.resources.values()}
    kept = {
        "aws_kms_key": "keys wait for their deletion window",
        "aws_secretsmanager_secret": "secrets wait for their recovery window",
        "aws_db_instance": "databases leave a final snapshot",
    }
    return [text for kind, text in sorted(kept.items()) if kind in kinds] + ["the state bucket stays"]
