"""Lints over every pricer: nothing is declared twice, nothing crashes, every price exists or is a named hole."""

from __future__ import annotations

from pathlib import Path

import pytest

from giban.cost import registry
from giban.cost.estimate import estimate
from giban.graph import schema
from giban.graph.graph import Graph
from giban.graph.stack import Stack
from giban.lifecycle.pipeline import compile_blueprint
from tests.cost.worlds import SEOUL, TOKYO

REPOSITORY = Path(__file__).resolve().parents[2]
BLUEPRINTS = sorted([*REPOSITORY.glob("examples/*/giban.yaml"), *REPOSITORY.glob("tests/cases/*/giban.yaml")])

HOLES = {
    SEOUL: {
        "aws_apigatewayv2_api", "aws_backup_plan", "aws_backup_vault",
        "aws_codebuild_project", "aws_codepipeline", "aws_db_instance", "aws_dynamodb_table",
        "aws_ec2_transit_gateway_vpc_attachment", "aws_efs_file_system", "aws_elasticache_cluster",
        "aws_elasticache_replication_group", "aws_elb", "aws_globalaccelerator_accelerator", "aws_instance",
        "aws_kinesis_stream", "aws_rds_cluster", "aws_rds_cluster_instance", "aws_sns_topic", "aws_vpc_peering_connection",
    },
}  # fmt: skip
"""Types that, with no arguments at all, have an item without a price: the kind or size is not known, or the price files
say "not found". A new priced type must have its prices in both regions, or be written down here."""
HOLES[TOKYO] = HOLES[SEOUL] | {
    "aws_cloudwatch_composite_alarm",
    "aws_ebs_volume",
    "aws_lambda_provisioned_concurrency_config",
    "aws_service_discovery_service",
    "aws_sfn_state_machine",
    "aws_synthetics_canary",
}


def priced(type_: str, region: str) -> list[str]:
    """The unknown items of a resource that has no arguments at all."""
    stack = Stack(region, region)
    stack.insert("managed", type_, "x", {}, "", None, check=False)
    return [unknown.item for unknown in estimate(Graph("x", [stack])).unknown]


@pytest.mark.parametrize("region", [SEOUL, TOKYO])
def test_every_priced_type_has_a_price_or_is_a_named_hole(region: str) -> None:
    unknown = {type_ for type_ in registry.priced_types() if priced(type_, region)}
    assert unknown == HOLES[region]


def test_every_declared_type_is_a_type_of_the_provider() -> None:
    names = set(schema.type_names("managed"))
    assert not (set(registry.priced_types()) | registry.free_types().keys()) - names


def test_every_pricer_and_reason_is_documented() -> None:
    for type_ in registry.priced_types():
        function = registry.pricer(type_)
        assert function is not None
        assert (function.__doc__ or "").strip().endswith("."), type_
    assert all(registry.free_types().values())


def test_a_type_cannot_be_declared_twice() -> None:
    registry.priced_types()
    with pytest.raises(ValueError, match="declared twice"):
        registry.free("no", "aws_nat_gateway")


def test_what_is_not_in_aws_is_free() -> None:
    assert registry.why_free("random_password") == "makes nothing in AWS"
    assert registry.why_free("aws_redshift_cluster") is None


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_every_type_that_a_component_makes_is_priced_or_free(path: Path) -> None:
    graph = compile_blueprint(str(path)).graph
    left = {r.type for r in graph.managed if registry.pricer(r.type) is None and registry.why_free(r.type) is None}
    assert not left


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_every_blueprint_has_an_estimate_that_adds_up(path: Path) -> None:
    found = estimate(compile_blueprint(str(path)).graph)
    assert found.resources
    assert found.total.low <= found.total.likely <= found.total.high
    assert found.total.likely == pytest.approx(sum(component.total.likely for component in found.components))
    assert sum(component.unknown for component in found.components) == len(found.unknown)
