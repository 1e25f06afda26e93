"""The refusal gate: what would lose data needs its address said aloud."""

from __future__ import annotations

import pytest

from giban.graph import provider
from giban.terraform.gate import HOLDS_DATA, NEVER_FINISHED, gate, unused
from giban.terraform.plan import PlanChange

REPLACED = PlanChange(
    "aws_db_instance.main",
    "aws_db_instance",
    ("delete", "create"),
    before={"storage_encrypted": False},
    after={"storage_encrypted": True},
    replace_paths=("storage_encrypted",),
    reason="replace_because_cannot_update",
)
DELETED = PlanChange("aws_s3_bucket.uploads", "aws_s3_bucket", ("delete",), reason="delete_because_no_resource_config")


def test_replacement_is_refused_with_the_attribute_that_forces_it() -> None:
    (refusal,) = gate([REPLACED])
    assert str(refusal) == (
        "aws_db_instance.main would be replaced by a new, empty one, and the database lost: storage_encrypted "
        "(false → true) cannot be changed in place.\n"
        "  If that is what you want, add --allow-delete aws_db_instance.main"
    )


def test_deletion_is_refused_with_its_reason() -> None:
    (refusal,) = gate([DELETED])
    assert "would be deleted, and the objects in it lost: the blueprint no longer has it." in str(refusal)


def test_named_addresses_pass_and_only_they() -> None:
    assert [item.address for item in gate([REPLACED, DELETED], {"aws_db_instance.main"})] == ["aws_s3_bucket.uploads"]
    assert gate([REPLACED, DELETED], {"aws_db_instance.main", "aws_s3_bucket.uploads"}) == []
    assert len(gate([DELETED], {"aws_s3_bucket"})) == 1


def test_what_holds_nothing_or_stays_passes() -> None:
    assert gate([
        PlanChange("aws_instance.a", "aws_instance", ("delete", "create")),
        PlanChange("aws_s3_bucket.a", "aws_s3_bucket", ("update",)),
        PlanChange("aws_s3_bucket.b", "aws_s3_bucket", ("create",)),
        PlanChange("aws_s3_bucket.c", "aws_s3_bucket", ("forget",)),
        PlanChange("data.aws_s3_bucket.d", "aws_s3_bucket", ("delete",), mode="data"),
    ]) == []  # fmt: skip


def test_the_other_order_of_a_replacement_counts_too() -> None:
    assert gate([PlanChange("aws_kms_key.a", "aws_kms_key", ("create", "delete"))])


def test_addresses_with_an_index_are_quoted_for_the_shell() -> None:
    (refusal,) = gate([PlanChange('aws_ebs_volume.data["a"]', "aws_ebs_volume", ("delete",))])
    assert refusal.flag == "--allow-delete 'aws_ebs_volume.data[\"a\"]'"


def test_a_slip_of_the_keyboard_is_found() -> None:
    assert unused([DELETED], {"aws_s3_bucket.uploads", "aws_s3_bucket.upload"}) == ["aws_s3_bucket.upload"]


def test_secrets_never_appear_in_the_reason() -> None:
    change = PlanChange(
        "aws_db_instance.main",
        "aws_db_instance",
        ("delete", "create"),
        before={"password": "hunter2"},
        after={"password": "hunter3"},
        before_sensitive={"password": True},
        after_sensitive={"password": True},
        replace_paths=("password",),
    )
    assert "hunter" not in str(gate([change])[0])


@pytest.mark.parametrize("type_", sorted(HOLDS_DATA))
def test_protected_types_exist(type_: str) -> None:
    assert provider.lookup(type_) is not None


def test_what_was_never_finished_is_not_asked_for() -> None:
    """A run that was stopped while it made a key or a bucket goes on by itself; a database is asked for all the same."""

    def tainted(type_: str) -> PlanChange:
        return PlanChange(f"{type_}.main", type_, ("delete", "create"), reason="replace_because_tainted")

    kinds = ("aws_kms_key", "aws_s3_bucket", "aws_db_instance", "aws_dynamodb_table")
    refused = [refusal.address for refusal in gate([tainted(kind) for kind in kinds])]
    assert refused == ["aws_db_instance.main", "aws_dynamodb_table.main"]
    assert HOLDS_DATA.keys() > NEVER_FINISHED
