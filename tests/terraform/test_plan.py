"""Plans as data: from hand-written JSON for the corners, from the real engine for the rest."""

from __future__ import annotations

from typing import Any

import pytest

from giban.terraform.plan import Plan, Summary, read_plan

from .conftest import Root


def plan_of(*changes: dict[str, Any], **extra: Any) -> Plan:
    return read_plan(
        {"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": list(changes), **extra}
    )


def change(address: str, *actions: str, **fields: Any) -> dict[str, Any]:
    top: dict[str, Any] = {name: fields.pop(name) for name in ("action_reason", "previous_address") if name in fields}
    type_ = address.split(".")[0]
    return {"address": address, "mode": "managed", "type": type_, **top, "change": {"actions": list(actions), **fields}}


def test_kinds_and_counts() -> None:
    plan = plan_of(
        change("aws_vpc.a", "create"),
        change("aws_vpc.b", "update"),
        change("aws_vpc.c", "delete"),
        change("aws_vpc.d", "delete", "create"),
        change("aws_vpc.e", "create", "delete"),
        change("aws_vpc.f", "no-op"),
        change("aws_vpc.g", "no-op", previous_address="aws_vpc.old"),
        change("aws_vpc.h", "no-op", importing={"id": "vpc-1"}),
        change("aws_vpc.i", "forget"),
        {**change("data.aws_ami.x", "read"), "mode": "data"},
    )
    assert [item.kind for item in plan.changes] == [
        "create", "update", "delete", "replace", "replace", "move", "import", "forget",
    ]  # fmt: skip
    assert plan.summary == Summary(add=1, change=1, destroy=1, replace=2, imported=1, moved=1, forget=1)
    assert str(plan) == "1 to add, 1 to change, 2 to replace, 1 to destroy, 1 to import, 1 to move, 1 to forget"
    assert plan.summary.done == "1 added, 1 changed, 2 replaced, 1 destroyed, 1 imported, 1 moved, 1 forgotten"
    assert Summary().done == ""


def test_no_changes_says_so() -> None:
    plan = plan_of(change("aws_vpc.a", "no-op"))
    assert plan.is_empty
    assert str(plan) == "no changes"


def test_changed_outputs_are_a_change() -> None:
    plan = plan_of(output_changes={"url": {"actions": ["update"]}, "same": {"actions": ["no-op"]}})
    assert not plan.is_empty
    assert plan.outputs == ("url",)
    assert str(plan) == "1 output to change"


def test_attributes_hide_secrets_and_unknowns() -> None:
    plan = plan_of(
        change(
            "aws_db_instance.main",
            "delete",
            "create",
            before={
                "password": "old",
                "size": 10,
                "tags": {"a": "1", "b": "2"},
                "ports": [80],
                "arn": "arn:1",
                "same": 1,
            },
            after={"password": "new", "size": 20, "tags": {"a": "1", "b": "3"}, "ports": [80, 443], "same": 1},
            after_unknown={"arn": True},
            before_sensitive={"password": True},
            after_sensitive={"password": True},
            replace_paths=[["size"], ["ports", 1]],
        )
    )
    found = {item.path: (item.before, item.after, item.forces_replacement) for item in plan.changes[0].attributes()}
    assert found == {
        "arn": ("arn:1", "(known after apply)", False),
        "password": ("(sensitive)", "(sensitive)", False),
        "ports[1]": ("", "443", True),
        "size": ("10", "20", True),
        "tags.b": ("2", "3", False),
    }
    assert plan.changes[0].replace_paths == ("ports[1]", "size")


def test_an_empty_text_is_none() -> None:
    plan = plan_of(change("aws_a.b", "update", before={"a": None, "b": "", "c": "", "d": 0}, after={"a": "", "c": "x"}))
    assert [(item.path, item.before, item.after) for item in plan.changes[0].attributes()] == [
        ("c", "", "x"),
        ("d", "0", ""),
    ]


@pytest.mark.parametrize(
    "document", [{}, {"format_version": "2.0", "terraform_version": "9"}, {"format_version": "1.0"}]
)
def test_something_else_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no plan"):
        read_plan(document)


def test_from_the_real_engine(root: Root) -> None:
    document: dict[str, Any] = {
        "resource": {"terraform_data": {"a": {"input": "1"}, "b": {"triggers_replace": ["1"]}, "c": {}}},
        "output": {"a": {"value": "${terraform_data.a.output}"}, "secret": {"value": "s", "sensitive": True}},
    }
    terraform = root(document)
    planned = terraform.plan("plan")
    assert planned.changes
    assert terraform.read_plan("plan").summary == Summary(add=3)
    assert terraform.apply("plan").added == 3
    assert terraform.output() == {"a": "1", "secret": "s"}

    assert not terraform.plan("plan").changes
    assert terraform.read_plan("plan").is_empty

    document["resource"] = {
        "terraform_data": {"a": {"input": "2"}, "b": {"triggers_replace": ["2"]}, "renamed": {}},
    }
    document["moved"] = [{"from": "terraform_data.c", "to": "terraform_data.renamed"}]
    terraform = root(document)
    terraform.plan("plan")
    plan = terraform.read_plan("plan")
    assert {item.address: item.kind for item in plan.changes} == {
        "terraform_data.a": "update",
        "terraform_data.b": "replace",
        "terraform_data.renamed": "move",
    }
    replaced = next(item for item in plan.changes if item.kind == "replace")
    assert replaced.replace_paths == ("triggers_replace",)
    updated = next(item for item in plan.changes if item.kind == "update")
    assert [(item.path, item.before, item.after) for item in updated.attributes()] == [
        ("input", "1", "2"),
        ("output", "1", "(known after apply)"),
    ]
