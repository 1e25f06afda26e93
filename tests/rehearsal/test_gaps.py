"""What is said about the limits of the rehearsal."""

from __future__ import annotations

import pytest

from giban.graph import schema
from giban.graph.graph import Graph
from giban.graph.stack import Stack
from giban.rehearsal.gaps import GAPS, MISSING, gap_of, gaps


@pytest.mark.parametrize("resource_type", sorted(GAPS))
def test_every_type_exists_and_is_explained(resource_type: str) -> None:
    assert schema.lookup(resource_type) is not None
    assert GAPS[resource_type].endswith(".")


@pytest.mark.parametrize("beginning", sorted(MISSING))
def test_every_service_that_is_missing_has_types(beginning: str) -> None:
    assert [name for name in schema.type_names("managed") if name.startswith(beginning)]


def test_addresses_are_named() -> None:
    stack = Stack("ap-northeast-2", "ap-northeast-2")
    stack.add("aws_vpc", "main", cidr_block="10.0.0.0/16")
    stack.add("aws_s3_bucket", "files", bucket="files")
    stack.add("aws_nat_gateway", "a", subnet_id="subnet-1")
    stack.add("aws_globalaccelerator_accelerator", "front", name="front")
    assert gaps(Graph("scv", [stack])) == [
        ("aws_globalaccelerator_accelerator.front", "Global Accelerator is not emulated; creating it fails here."),
        ("aws_nat_gateway.a", "Recorded; no packet passes."),
    ]


def test_what_is_wholly_shown_has_no_gap() -> None:
    assert gap_of("aws_s3_bucket") is None
