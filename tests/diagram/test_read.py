"""Every resource is in the picture once, in the right place; supporting ones with whom they belong to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from giban.diagram.icons import ICONS
from giban.diagram.kinds import BOXES, CATEGORIES, INWARD, KINDS, LINKS, OUTWARD
from giban.diagram.model import Card, Picture, Vpc
from giban.diagram.read import read
from giban.graph import schema
from giban.graph.graph import Graph
from giban.graph.stack import Stack
from tests.diagram.graphs import REGION, Tiered


def everything(picture: Picture) -> Counter[str]:
    return Counter(picture.addresses())


def managed(graph: Graph) -> Counter[str]:
    return Counter(resource.address for resource in graph.managed)


def card(picture: Picture, address: str) -> Card:
    return next(card for card in picture.cards() if address in card.members)


def vpc(picture: Picture) -> Vpc:
    return picture.regions[0].vpcs[0]


@settings(max_examples=25, deadline=None)
@given(
    zones=st.integers(1, 4), web=st.integers(0, 4), was=st.integers(0, 6), databases=st.integers(0, 3),
    buckets=st.integers(0, 15), alarms=st.integers(0, 30),
)  # fmt: skip
def test_every_resource_is_in_the_picture_once(**size: Any) -> None:
    graph = Tiered(**size).graph
    picture = read(graph)
    assert everything(picture) == managed(graph)
    assert picture.resources == len(graph.managed)


labels = st.sampled_from("abcdefg")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([*KINDS, *BOXES[:4], *OUTWARD, *INWARD, "aws_glue_job", "random_id"]), labels),
        max_size=25,
        unique=True,
    ),
    st.data(),
)
def test_any_tangle_of_references_is_read(resources: list[tuple[str, str]], data: st.DataObject) -> None:
    """Resources of every type that refer to each other at random, in circles too."""
    stack = Stack("root", data.draw(st.sampled_from([None, REGION])))
    addresses = [f"{type_}.{label}" for type_, label in resources]
    arguments = ["vpc_id", "subnet_id", "subnet_ids", "role", "policy", "target_group_arns", "security_group_id", "x"]
    for type_, label in resources:
        args: dict[str, Any] = {}
        for _ in range(data.draw(st.integers(0, 3))):
            args[data.draw(st.sampled_from(arguments))] = f"${{{data.draw(st.sampled_from(addresses))}.id}}"
        stack.insert("managed", type_, label, args, "", None, check=False)
    graph = Graph("tangle", [stack])
    picture = read(graph)
    assert everything(picture) == managed(graph)
    ids = [card.id for card in picture.cards()]
    assert len(ids) == len(set(ids))
    assert {end for edge in picture.edges for end in (edge.source, edge.target)} <= set(ids)


def test_zones_are_columns_and_tiers_are_rows_from_the_internet_inwards() -> None:
    found = vpc(read(Tiered(zones=3).graph))
    assert found.zones == (f"{REGION}a", f"{REGION}b", f"{REGION}c")
    assert [(tier.title, tier.exposure) for tier in found.tiers] == [
        ("public", "public"),
        ("web", "private"),
        ("was", "private"),
        ("db", "isolated"),
    ]
    assert found.cidr == "10.20.0.0/16"
    assert [subnet.cidr for subnet in found.tiers[0].subnets] == ["10.20.0.0/20", "10.20.16.0/20", "10.20.32.0/20"]


def test_who_stands_where() -> None:
    picture = read(Tiered().graph)
    public, web, was, db = vpc(picture).tiers
    assert [card.title for shelf in public.shelves for card in shelf.cards] == ["web", "NAT gateway", "NAT gateway"]
    assert [(shelf.form, len(shelf.cards)) for shelf in public.shelves] == [("spread", 1), ("zoned", 2)]
    assert [card.subtitle for shelf in web.shelves for card in shelf.cards] == ["2–6 instances · t3.small"]
    assert [card.icon for shelf in was.shelves for card in shelf.cards] == ["balancer", "servers"]
    database = db.shelves[0].cards[0]
    assert [(chip.zone, chip.text) for chip in database.chips] == [(0, "primary"), (1, "standby")]
    assert [card.title for card in vpc(picture).edge] == ["Internet gateway"]
    assert [card.subtitle for card in vpc(picture).plugs] == ["dynamodb, s3"]
    assert [card.icon for card in picture.regions[0].front] == ["shield"]
    assert [card.title for card in picture.world] == ["scv.example.com"]


def test_many_services_stand_in_a_grid_with_their_balancers_above() -> None:
    picture = read(Tiered(was=10).graph)
    shelves = vpc(picture).tiers[2].shelves
    assert {shelf.form for shelf in shelves} == {"grid"}
    for upper, lower in zip(shelves[::2], shelves[1::2], strict=True):
        for balancer, group in zip(upper.slots, lower.slots, strict=True):
            assert (balancer and balancer.title) == (group and group.title)


def test_supporting_resources_are_with_their_owner() -> None:
    picture = read(Tiered().graph)
    group = card(picture, "aws_autoscaling_group.was").supporting
    assert {"aws_iam_role.was", "aws_iam_instance_profile.was", "aws_iam_role_policy.was", "aws_launch_template.was",
            "aws_security_group.was", "aws_autoscaling_policy.was"} <= set(group)  # fmt: skip
    balancer = card(picture, "aws_lb.was").supporting
    assert {"aws_lb_listener.was", "aws_lb_target_group.was", "aws_security_group.was_lb"} <= set(balancer)
    assert card(picture, "aws_nat_gateway.nat_a").supporting == ("aws_eip.nat_a",)
    assert "aws_s3_bucket_policy.logs" in card(picture, "aws_s3_bucket.logs").supporting
    assert {"aws_route_table.db", "aws_flow_log.main", "aws_iam_role.flow"} <= set(vpc(picture).supporting)


def test_an_alarm_that_only_scales_belongs_to_its_group() -> None:
    tiered = Tiered()
    action = tiered.stack.resources["aws_autoscaling_policy.web"].arn
    tiered.stack.add(
        "aws_cloudwatch_metric_alarm", "scale", alarm_name="s", evaluation_periods=1, alarm_actions=[action],
        comparison_operator="GreaterThanThreshold",
    )  # fmt: skip
    assert "aws_cloudwatch_metric_alarm.scale" in card(read(tiered.graph), "aws_autoscaling_group.web").supporting


def test_many_of_one_kind_are_one_card() -> None:
    picture = read(Tiered(alarms=7, buckets=14).graph)
    assert "Alarms × 7" in [card.title for card in picture.cards()]
    assert "S3 buckets × 15" in [card.title for card in picture.cards()]


def test_what_belongs_to_nothing_is_counted_by_type() -> None:
    stack = Stack("root", REGION)
    for label in ("a", "b"):
        stack.insert("managed", "aws_glue_job", label, {}, "", None, check=False)
    picture = read(Graph("other", [stack]))
    assert [(b.title, [c.title for c in b.cards]) for b in picture.regions[0].bands] == [
        ("Other resources", ["glue_job × 2"])
    ]


def test_plain_terraform_with_count_and_variables() -> None:
    stack = Stack("root", None)

    def insert(type_: str, label: str, **args: Any) -> None:
        stack.insert("managed", type_, label, args, "", None, check=False)

    insert("aws_vpc", "this", cidr_block="${var.cidr}")
    insert("aws_subnet", "private", count=2, vpc_id="${aws_vpc.this.id}", availability_zone="${var.zones[count.index]}")
    insert("aws_subnet", "public", count=2, vpc_id="${aws_vpc.this.id}", map_public_ip_on_launch=True)
    insert("aws_eks_cluster", "this", vpc_config=[{"subnet_ids": "${aws_subnet.private[*].id}"}])
    insert("aws_lb", "this", subnets="${aws_subnet.public[*].id}")
    picture = read(Graph("legacy", [stack]))
    assert picture.regions[0].title == "unknown"
    assert vpc(picture).zones == ("every zone",)
    assert [(tier.title, [c.icon for s in tier.shelves for c in s.cards]) for tier in vpc(picture).tiers] == [
        ("public", ["balancer"]),
        ("private", ["wheel"]),
    ]


def test_tables_name_types_that_exist() -> None:
    for type_ in {*KINDS, *BOXES[:4], *OUTWARD, *INWARD, *LINKS}:
        if type_ != "aws_alb":  # an old second name of aws_lb that the schema lists too
            assert schema.lookup(type_), type_
    for type_, paths in OUTWARD.items():
        known = schema.lookup(type_)
        assert known
        assert set(paths) <= set(known.args), type_


def test_every_kind_has_an_icon_and_a_category() -> None:
    for kind in KINDS.values():
        assert kind.icon in ICONS
        assert kind.category in CATEGORIES
        assert kind.place in ("global", "front", "edge", "vpc", "region")
