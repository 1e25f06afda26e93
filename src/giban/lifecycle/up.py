"""`up`: make it so. Plans first, refuses what would lose data, then applies root by root what was planned."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from giban.graph.stack import Stack
from giban.lifecycle.deployment import PLAN_FILE, Deployment, Listener
from giban.terraform.backend import Step
from giban.terraform.errors import ProviderUnavailable
from giban.terraform.gate import Refusal, gate, unused
from giban.terraform.plan import Plan, Summary
from giban.terraform.run import Terraform

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Given the name of a root, what shows the progress of a run in it."""


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """The plan would delete what holds data, and nobody has allowed it."""

    exit_code = 1

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__("\n".join(str(refusal) for refusal in refusals))


class RootResult(msgspec.Struct, frozen=True):
    """What was done in one root."""

    root: str
    summary: Summary
    changed: bool
    outputs: dict[str, Any]


class UpResult(msgspec.Struct, frozen=True):
    """What `up` did."""

    target: str
    environment: str | None
    roots: list[RootResult]
    state: list[Step]
    gaps: list[tuple[str, str]]
    addresses: list[tuple[str, str]]
    """(address on AWS, address on the rehearsal) of what can be opened in a browser."""

    @property
    def changed(self) -> bool:
        """Whether anything was different from before."""
        return any(root.changed for root in self.roots)


def up(deployment: Deployment, watch: Watch, allowed: Collection[str] = frozenset()) -> UpResult:
    """Bring the target to what the blueprint says.

    Roots that have been applied before are planned first, all of them, so that a refusal comes before the first change.
    Raises Refused, and what Terraform and AWS fail with.
    """
    _ = deployment.engine
    deployment.start()
    steps = deployment.create_state()
    deployment.target.prepare(deployment.compiled.graph, deployment.say)
    try:
        ready = [(stack, initialised(deployment, stack)) for stack in deployment.stacks]
    except ProviderUnavailable:
        deployment.target.abandon()
        raise
    plans = _look_ahead(deployment, ready, watch, allowed)
    results = []
    changed_before = False
    for stack, terraform in ready:
        plan = plans.get(stack.key)
        if plan is None or changed_before:
            plan = planned(deployment, stack, terraform, watch)
            _refuse([plan], allowed)
        if not plan.is_empty:
            with watch(stack.key) as listen:
                terraform.listen = listen
                terraform.apply(PLAN_FILE, parallelism=deployment.target.parallelism)
        changed_before = changed_before or not plan.is_empty
        results.append(RootResult(stack.key, plan.summary, not plan.is_empty, terraform.output()))
    deployment.target.after_up(deployment.say)
    return UpResult(
        target=deployment.target.name,
        environment=deployment.compiled.environment,
        roots=results,
        state=steps,
        gaps=deployment.target.gaps(deployment.compiled.graph),
        addresses=deployment.target.addresses(),
    )


def planned(deployment: Deployment, stack: Stack, terraform: Terraform, watch: Watch, *, destroy: bool = False) -> Plan:
    """A plan of one root, saved in its folder."""
    with watch(stack.key) as listen:
        terraform.listen = listen
        terraform.plan(PLAN_FILE, destroy=destroy, parallelism=deployment.target.parallelism)
    return terraform.read_plan(PLAN_FILE)


def initialised(deployment: Deployment, stack: Stack) -> Terraform:
    """Terraform for a root, connected to its state."""
    deployment.say(f"{stack.key}: preparing Terraform")
    terraform = deployment.terraform(stack)
    terraform.init(reconfigure=True)
    return terraform


def _look_ahead(
    deployment: Deployment, ready: list[tuple[Stack, Terraform]], watch: Watch, allowed: Collection[str]
) -> dict[str, Plan]:
    """Plans of the roots that exist already; new ones may depend on roots that do not exist yet."""
    plans = {
        stack.key: planned(deployment, stack, terraform, watch) for stack, terraform in ready if terraform.state_list()
    }
    _refuse(list(plans.values()), allowed)
    everything = [change for plan in plans.values() for change in plan.changes]
    for address in unused(everything, allowed):
        deployment.say(f"--allow-delete {address}: this plan does not delete it.")
    return plans


def _refuse(plans: list[Plan], allowed: Collection[str]) -> None:
    refusals = [refusal for plan in plans for refusal in gate(plan.changes, allowed)]
    if refusals:
        raise Refused(refusals)
