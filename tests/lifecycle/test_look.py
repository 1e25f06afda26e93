"""What `giban plan` says of what was changed behind Terraform's back."""

from __future__ import annotations

from typing import Any

from giban.graph.stack import Stack
from giban.lifecycle.look import _root_plan
from giban.terraform.plan import PlanChange, read_plan


def raw(address: str, *actions: str, before: Any, after: Any) -> dict[str, Any]:
    return {
        "address": address,
        "type": address.split(".", 1)[0],
        "mode": "managed",
        "change": {"actions": list(actions), "before": before, "after": after},
    }


def drift(changes: list[dict[str, Any]], drifted: list[dict[str, Any]]) -> list[str]:
    document = {"format_version": "1.2", "terraform_version": "1.11.4"}
    found = read_plan({**document, "resource_changes": changes, "resource_drift": drifted})
    assert all(isinstance(item, PlanChange) for item in found.changes)
    return _root_plan(Stack("ap-northeast-2", "ap-northeast-2"), found).drift


def test_drift_is_what_the_plan_would_undo() -> None:
    wanted = raw(
        "aws_autoscaling_group.web", "update", before={"max_size": 9, "arn": "a"}, after={"max_size": 6, "arn": "a"}
    )
    by_hand = raw("aws_autoscaling_group.web", "update", before={"max_size": 6}, after={"max_size": 9})
    learned = raw("aws_autoscaling_group.web", "update", before={"arn": None}, after={"arn": "a"})
    elsewhere = raw("aws_lb.web", "update", before={"arn": None}, after={"arn": "a"})
    assert drift([wanted], [by_hand]) == ["aws_autoscaling_group.web"]
    assert drift([wanted], [learned, elsewhere]) == []


def test_what_somebody_deleted_is_drift() -> None:
    gone = raw("aws_lb.web", "delete", before={"name": "a"}, after=None)
    assert drift([raw("aws_lb.web", "create", before=None, after={"name": "a"})], [gone]) == ["aws_lb.web"]
