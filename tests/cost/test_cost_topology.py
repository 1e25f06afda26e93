"""Traffic that is derived from how things are connected, and the hints that follow from it."""

from __future__ import annotations

import pytest

from giban.cost.estimate import Estimate, estimate
from giban.cost.topology import Topology, endpoint_service
from giban.cost.usage import parse_usage
from giban.graph.resource import Resource
from tests.cost.worlds import World, of, usd

# One instance a month: 5 GB to the internet, 10 to S3, 0.5 of API calls (likely); no logs, no tables.
PER_INSTANCE = (1 + 1 + 0.1, 5 + 10 + 0.5, 25 + 50 + 2)


def near(*expected: float) -> object:
    return pytest.approx(expected, abs=1e-4)


def world_with_nat(*, single: bool) -> tuple[World, list[Resource]]:
    """Two zones, a group of exactly two instances over both, one NAT gateway or one per zone."""
    world = World()
    public = [world.subnet(f"public_{zone}", zone) for zone in "ac"]
    private = [world.subnet(f"was_{zone}", zone) for zone in "ac"]
    first = world.nat("a", public[0])
    second = first if single else world.nat("c", public[1])
    tables = [world.route("a", [private[0]], first), world.route("c", [private[1]], second)]
    world.group("was", private, min_size=2, max_size=2)
    return world, tables


def test_data_through_nat_comes_from_the_instances_behind_it() -> None:
    world, _ = world_with_nat(single=False)
    found = estimate(world.graph)
    for gateway in ("aws_nat_gateway.a", "aws_nat_gateway.c"):
        # One of the two instances each, 0.059 per GB.
        assert usd(found, gateway, "data processed") == near(*[gb * 0.059 for gb in PER_INSTANCE])
        assert usd(found, gateway, "hours") == near(*[730 * 0.059] * 3)
        assert "between zones" not in [line.item for line in of(found, gateway).lines]
        # A tenth of the 5 GB of internet traffic goes out, at 0.126.
        assert usd(found, gateway, "to the internet") == near(0.05 * 0.126, 0.5 * 0.126, 7.5 * 0.126)


def test_one_gateway_is_reached_from_the_other_zone() -> None:
    world, _ = world_with_nat(single=True)
    found = estimate(world.graph)
    assert usd(found, "aws_nat_gateway.a", "data processed") == near(*[2 * gb * 0.059 for gb in PER_INSTANCE])
    # Only the instance in zone c crosses, and each direction is paid: 2 x 0.01 per GB.
    assert usd(found, "aws_nat_gateway.a", "between zones") == near(*[gb * 0.02 for gb in PER_INSTANCE])


def test_gateway_endpoints_take_the_storage_traffic() -> None:
    world, tables = world_with_nat(single=False)
    world.add(
        "aws_vpc_endpoint",
        "s3",
        vpc_id=world.vpc.id,
        service_name="com.amazonaws.ap-northeast-2.s3",
        route_table_ids=[table.id for table in tables],
    )
    found = estimate(world.graph)
    assert usd(found, "aws_nat_gateway.a", "data processed") == near(1.1 * 0.059, 5.5 * 0.059, 27 * 0.059)
    assert usd(found, "aws_vpc_endpoint.s3", "gateway endpoint") == near(0, 0, 0)


def test_an_endpoint_attached_by_association() -> None:
    world, tables = world_with_nat(single=True)
    endpoint = world.add("aws_vpc_endpoint", "s3", vpc_id=world.vpc.id, service_name="com.amazonaws.ap-northeast-2.s3")
    for number, table in enumerate(tables):
        world.add(
            "aws_vpc_endpoint_route_table_association",
            f"s3_{number}",
            route_table_id=table.id,
            vpc_endpoint_id=endpoint.id,
        )
    gb = (2.2, 11, 54)
    assert usd(estimate(world.graph), "aws_nat_gateway.a", "data processed") == near(*[g * 0.059 for g in gb])


def test_interface_endpoints_take_the_calls_and_are_paid_by_zone() -> None:
    world, _ = world_with_nat(single=False)
    subnets = [r for r in world.graph.all("aws_subnet") if r.label.startswith("was")]
    for service in ("ssm", "secretsmanager"):
        world.add(
            "aws_vpc_endpoint",
            service,
            vpc_id=world.vpc.id,
            vpc_endpoint_type="Interface",
            service_name=f"com.amazonaws.ap-northeast-2.{service}",
            subnet_ids=[subnet.id for subnet in subnets],
        )
    found = estimate(world.graph)
    assert usd(found, "aws_nat_gateway.a", "data processed")[1] == pytest.approx(15 * 0.059)
    assert usd(found, "aws_vpc_endpoint.ssm", "hours") == near(*[730 * 2 * 0.013] * 3)
    # Two instances x 0.5 GB of calls, spread over two endpoints, 0.01 per GB.
    assert usd(found, "aws_vpc_endpoint.ssm", "data processed") == near(0.001, 0.005, 0.02)
    assert {h.id for h in found.hints} >= {"interface-endpoint"}


def test_tables_make_dynamodb_traffic() -> None:
    world, _ = world_with_nat(single=True)
    before = usd(estimate(world.graph), "aws_nat_gateway.a", "data processed")[1]
    world.add(
        "aws_dynamodb_table",
        "t",
        name="t",
        hash_key="id",
        billing_mode="PAY_PER_REQUEST",
        attribute=[{"name": "id", "type": "S"}],
    )
    after = usd(estimate(world.graph), "aws_nat_gateway.a", "data processed")[1]
    assert after - before == pytest.approx(2 * 2 * 0.059)


def test_an_inline_route_and_the_main_table() -> None:
    world = World()
    nat = world.nat("a", world.subnet("public", "a"))
    private = world.subnet("private", "a")
    table = world.add(
        "aws_route_table", "main", vpc_id=world.vpc.id, route=[{"cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}]
    )
    world.add("aws_main_route_table_association", "main", vpc_id=world.vpc.id, route_table_id=table.id)
    world.group("was", [private], min_size=1, max_size=1)
    found = estimate(world.graph)
    assert usd(found, "aws_nat_gateway.a", "data processed") == near(*[gb * 0.059 for gb in PER_INSTANCE])


def test_a_gateway_that_nobody_uses_processes_nothing() -> None:
    world = World()
    world.nat("a", world.subnet("public", "a"))
    world.group("was", [world.subnet("private", "a")])
    found = estimate(world.graph)
    assert usd(found, "aws_nat_gateway.a", "data processed") == near(0, 0, 0)


@pytest.mark.parametrize("rules", ["vpc", "classic", "inline"])
def test_a_database_in_another_zone_than_its_callers(rules: str) -> None:
    world = World()
    subnets = [world.subnet(zone, zone) for zone in "ac"]
    caller = world.add("aws_security_group", "was", vpc_id=world.vpc.id)
    inline = {"from_port": 5432, "to_port": 5432, "protocol": "tcp", "security_groups": [caller.id]}
    target = world.add("aws_security_group", "db", vpc_id=world.vpc.id, ingress=[inline] if rules == "inline" else None)
    ports = {"from_port": 5432, "to_port": 5432}
    if rules == "vpc":
        world.add(
            "aws_vpc_security_group_ingress_rule",
            "db",
            security_group_id=target.id,
            referenced_security_group_id=caller.id,
            ip_protocol="tcp",
            **ports,
        )
    if rules == "classic":
        world.add(
            "aws_security_group_rule",
            "db",
            type="ingress",
            security_group_id=target.id,
            source_security_group_id=caller.id,
            protocol="tcp",
            **ports,
        )
    world.group("was", subnets, min_size=2, max_size=2, security_groups=[caller])
    group = world.add("aws_db_subnet_group", "main", subnet_ids=[subnet.id for subnet in subnets])
    world.database(db_subnet_group_name=group.name, vpc_security_group_ids=[target.id])
    found = estimate(world.graph)
    # Two instances x 5 / 30 / 150 GB, half of it to the other zone, 0.01 per GB on the instance's side.
    assert usd(found, "aws_db_instance.main", "between zones") == near(0.05, 0.3, 1.5)


def test_a_database_that_nobody_may_reach_makes_no_traffic() -> None:
    world = World()
    world.group("was", [world.subnet("a", "a"), world.subnet("c", "c")])
    world.database()
    assert "between zones" not in [line.item for line in of(estimate(world.graph), "aws_db_instance.main").lines]


def test_only_a_network_balancer_pays_between_zones() -> None:
    def lines(kind: str) -> list[str]:
        world = World()
        subnets = [world.subnet(zone, zone).id for zone in "ac"]
        across = True if kind == "network" else None
        world.add(
            "aws_lb",
            "x",
            subnets=subnets,
            load_balancer_type=kind,
            internal=True,
            enable_cross_zone_load_balancing=across,
        )
        return [line.item for line in of(estimate(world.graph), "aws_lb.x").lines]

    assert "between zones" not in lines("application")
    assert "between zones" in lines("network")


def test_an_internal_balancer_gets_the_requests_of_the_public_ones() -> None:
    world = World()
    subnet = world.subnet("a", "a")
    world.add("aws_lb", "web", subnets=[subnet.id], internal=False)
    world.add("aws_lb", "was", subnets=[subnet.id], internal=True)
    usage = parse_usage(
        [], ["requests_per_second=100", "internal_calls=3", "connections_per_request=1", "response_kb=0"]
    )
    # 300 new connections a second are 12 LCU, x 730 h x 0.008.
    assert usd(estimate(world.graph, usage), "aws_lb.was", "capacity units")[1] == pytest.approx(12 * 5.84)


def test_flow_logs_and_their_storage() -> None:
    world = World()
    world.group("was", [world.subnet("a", "a")], min_size=2, max_size=2)
    logs = world.add("aws_cloudwatch_log_group", "flow", name="flow", retention_in_days=365)
    world.add(
        "aws_flow_log", "main", vpc_id=world.vpc.id, traffic_type="ALL", log_destination=logs.arn, iam_role_arn="arn:x"
    )
    found = estimate(world.graph)
    # Two instances x 0.2 / 1 / 5 GB x 0.76; kept for 12 months at 15 % x 0.0314.
    assert usd(found, "aws_cloudwatch_log_group.flow", "log ingestion") == near(0.304, 1.52, 7.6)
    assert usd(found, "aws_cloudwatch_log_group.flow", "log storage")[1] == pytest.approx(
        2 * 12 * 0.15 * 0.0314, abs=1e-4
    )


def test_a_log_group_of_a_service_is_written_by_its_instances() -> None:
    world = World()
    world.group("was", [world.subnet("a", "a")], min_size=2, max_size=2, component="services.was")
    world.add("aws_cloudwatch_log_group", "was", name="was", component="services.was")
    found = estimate(world.graph)
    assert usd(found, "aws_cloudwatch_log_group.was", "log ingestion") == near(0.304, 3.04, 15.2)


def hint(found: Estimate, id_: str) -> float:
    return next(h.usd for h in found.hints if h.id == id_)


def test_the_hint_about_endpoints_is_the_traffic_that_would_leave_nat() -> None:
    world, _ = world_with_nat(single=True)
    assert hint(estimate(world.graph), "gateway-endpoints") == pytest.approx(20 * 0.059)


def test_the_hint_about_one_gateway_is_what_one_gateway_saves() -> None:
    many, _ = world_with_nat(single=False)
    one, _ = world_with_nat(single=True)
    saved = estimate(many.graph).total.likely - estimate(one.graph).total.likely
    assert hint(estimate(many.graph), "single-nat") == pytest.approx(saved)
    assert not [h for h in estimate(one.graph).hints if h.id == "single-nat"]


def test_the_hint_about_arm_is_the_difference_of_the_prices() -> None:
    world = World()
    world.group("was", [world.subnet("a", "a")], min_size=2, max_size=2)
    assert hint(estimate(world.graph), "arm") == pytest.approx(2 * 730 * (0.026 - 0.0208))


def test_the_hint_about_office_hours() -> None:
    world = World()
    world.group("was", [world.subnet("a", "a")], min_size=2, max_size=2)
    world.database()
    idle = 730 - 12 * 5 * 365 / 7 / 12
    assert hint(estimate(world.graph), "office-hours") == pytest.approx(idle * (2 * 0.026 + 0.102))


def test_the_hint_about_idle_addresses() -> None:
    world = World()
    world.add("aws_eip", "idle", domain="vpc")
    assert hint(estimate(world.graph), "idle-address") == pytest.approx(3.65)


def test_the_service_of_an_endpoint() -> None:
    world = World()
    for number, (name, service) in enumerate(
        [
            ("com.amazonaws.ap-northeast-2.ecr.api", "ecr.api"),
            ("com.amazonaws.${data.aws_region.current.region}.s3", "s3"),
            ("aws.sagemaker.ap-northeast-2.notebook", "notebook"),
        ]
    ):
        endpoint = world.add("aws_vpc_endpoint", f"e{number}", vpc_id=world.vpc.id, service_name=name)
        assert endpoint_service(endpoint) == service


def test_zones_of_subnets_with_count() -> None:
    world = World()
    subnet = world.add(
        "aws_subnet",
        "many",
        vpc_id=world.vpc.id,
        cidr_block="${cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)}",
        availability_zone="${data.aws_availability_zones.all.names[count.index]}",
        count=3,
    )
    balancer = world.add("aws_lb", "web", subnets=f"${{{subnet.address}[*].id}}", internal=False)
    assert len(Topology(world.graph).zones(balancer)) == 3
