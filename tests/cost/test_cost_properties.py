"""What holds for every environment and every usage."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from giban.cost.estimate import Estimate, estimate
from giban.cost.ranges import Range, ordered
from giban.cost.usage import ASSUMPTIONS, Usage
from tests.cost.worlds import SEOUL, TOKYO, World

RANGES = st.lists(st.floats(0, 1e6), min_size=3, max_size=3).map(lambda numbers: Range(*sorted(numbers)))
USAGE = st.dictionaries(st.sampled_from(sorted(ASSUMPTIONS)), RANGES, max_size=8).map(
    lambda given: Usage({("", name): value for name, value in given.items()})
)

PARTS = st.lists(
    st.one_of(
        st.tuples(st.just("address"), st.none()),
        st.tuples(st.just("bucket"), st.none()),
        st.tuples(st.just("key"), st.booleans()),
        st.tuples(
            st.just("group"),
            st.tuples(st.integers(0, 5), st.integers(0, 9), st.sampled_from(["t3.small", "p5.48xlarge"])),
        ),
        st.tuples(st.just("balancer"), st.booleans()),
        st.tuples(st.just("database"), st.tuples(st.integers(20, 500), st.integers(0, 2000), st.booleans())),
        st.tuples(st.just("logs"), st.none()),
        st.tuples(st.just("function"), st.integers(128, 4096)),
    ),
    max_size=8,
)


def build(region: str, parts: list[tuple[str, Any]]) -> World:
    world = World(region)
    public, private = world.subnet("public", "a"), [world.subnet("was_a", "a"), world.subnet("was_c", "c")]
    world.route("private", private, world.nat("one", public))
    for number, (kind, detail) in enumerate(parts):
        add(world, f"{kind}_{number}", kind, detail)
    return world


def add(world: World, label: str, kind: str, detail: Any) -> None:
    private = [r for r in world.graph.all("aws_subnet") if r.label.startswith("was")]
    match kind:
        case "address":
            world.add("aws_eip", label, domain="vpc")
        case "bucket":
            world.add("aws_s3_bucket", label, bucket=label)
        case "key":
            world.add("aws_kms_key", label, enable_key_rotation=detail)
        case "group":
            low, more, type_ = detail
            world.group(label, private, min_size=low, max_size=low + more, instance_type=type_, component=label)
        case "balancer":
            world.add("aws_lb", label, subnets=[s.id for s in private], internal=detail)
        case "database":
            size, more, multi_az = detail
            world.add(
                "aws_db_instance",
                label,
                engine="postgres",
                instance_class="db.t4g.small",
                storage_type="gp3",
                allocated_storage=size,
                max_allocated_storage=size + more,
                multi_az=multi_az,
                backup_retention_period=35,
                monitoring_interval=60,
            )
        case "logs":
            world.add("aws_cloudwatch_log_group", label, name=label)
        case "function":
            world.add("aws_lambda_function", label, function_name=label, role="arn:x", memory_size=detail)


def check_order(found: Estimate) -> None:
    amounts = [found.total, *(c.total for c in found.components), *(r.total for r in found.resources)]
    amounts += [line.usd for cost in found.resources for line in cost.lines if line.usd is not None]
    amounts += [line.quantity for cost in found.resources for line in cost.lines]
    for amount in amounts:
        assert 0 <= amount.low <= amount.likely <= amount.high


@given(region=st.sampled_from([SEOUL, TOKYO, "eu-west-1"]), parts=PARTS, usage=USAGE)
@settings(max_examples=80, deadline=None)
def test_low_is_never_above_likely_nor_likely_above_high(
    region: str, parts: list[tuple[str, Any]], usage: Usage
) -> None:
    check_order(estimate(build(region, parts).graph, usage))


@given(parts=PARTS, more=PARTS.filter(len), usage=USAGE)
@settings(max_examples=60, deadline=None)
def test_adding_a_resource_never_lowers_the_total(
    parts: list[tuple[str, Any]], more: list[tuple[str, Any]], usage: Usage
) -> None:
    # Endpoints are left out on purpose: they exist to lower it.
    before = estimate(build(SEOUL, parts).graph, usage)
    after = estimate(build(SEOUL, [*parts, more[0]]).graph, usage)
    slack = 1e-9 * (1 + after.total.high)
    for end in ("low", "likely", "high"):
        assert getattr(after.total, end) >= getattr(before.total, end) - slack


@given(parts=PARTS, usage=USAGE)
@settings(max_examples=30, deadline=None)
def test_more_usage_never_costs_less(parts: list[tuple[str, Any]], usage: Usage) -> None:
    graph = build(SEOUL, parts).graph
    found = estimate(graph, usage)
    for name in [entry.name for entry in found.sensitivity]:
        assert estimate(graph, usage.pinned(name, "high")).total.likely >= found.total.likely - 1e-6


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_ordered_is_ordered(low: float, likely: float, high: float) -> None:
    found = ordered(low, likely, high)
    assert found.low <= found.likely <= found.high
