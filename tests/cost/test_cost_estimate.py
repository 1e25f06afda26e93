"""Estimates calculated by hand against the price rows; the arithmetic stands in the tests."""

from __future__ import annotations

import pytest

from giban.cost.estimate import estimate
from giban.cost.usage import parse_usage
from giban.graph.graph import Graph
from giban.graph.problems import Problems
from giban.graph.stack import Stack
from tests.cost.worlds import SEOUL, TOKYO, World, of, usd


def near(*expected: float) -> object:
    return pytest.approx(expected, abs=1e-4)


def test_a_group_costs_its_instances_and_their_volumes() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")], min_size=2, max_size=6)
    found = estimate(world.graph)
    # Likely is 2 + 25 % of 4 = 3 instances. 730 h x 0.026; 20 GB x 0.0912.
    assert usd(found, "aws_autoscaling_group.web", "t3.small hours") == near(2 * 18.98, 3 * 18.98, 6 * 18.98)
    assert usd(found, "aws_autoscaling_group.web", "gp3 volume") == near(2 * 1.824, 3 * 1.824, 6 * 1.824)
    assert of(found, "aws_autoscaling_group.web").total.likely == pytest.approx(3 * (18.98 + 1.824))


def test_the_desired_number_is_likely() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")], min_size=2, max_size=6, desired_capacity=4)
    assert usd(estimate(world.graph), "aws_autoscaling_group.web", "t3.small hours") == near(
        2 * 18.98, 4 * 18.98, 6 * 18.98
    )


def test_tokyo_has_its_own_prices() -> None:
    world = World(TOKYO)
    world.group("web", [world.subnet("a", "a")], min_size=1, max_size=1)
    found = estimate(world.graph)
    assert usd(found, "aws_autoscaling_group.web", "t3.small hours") == near(*[730 * 0.0272] * 3)
    assert usd(found, "aws_autoscaling_group.web", "gp3 volume") == near(*[20 * 0.096] * 3)


def test_a_multi_az_database_that_may_grow() -> None:
    world = World()
    world.database(multi_az=True, max_allocated_storage=100, backup_retention_period=14, monitoring_interval=30)
    found = estimate(world.graph)
    # Hours: 730 x 2 x 0.102, derived. Storage: 50 GB, at most 100, x 0.262 (listed Multi-AZ).
    assert usd(found, "aws_db_instance.main", "db.t4g.medium hours, Multi-AZ") == near(*[148.92] * 3)
    assert usd(found, "aws_db_instance.main", "gp3 storage") == near(13.1, 13.1, 26.2)
    # Backups at high: 80 % of 100 GB x (1 + 5 % x 14 days) = 136 GB, 100 free, x 0.095.
    assert usd(found, "aws_db_instance.main", "backups") == near(0, 0, 36 * 0.095)
    # Enhanced monitoring twice a minute on two hosts: 0.1 / 0.2 / 0.4 GB x 2 x 2 x 0.76.
    assert usd(found, "aws_db_instance.main", "enhanced monitoring") == near(0.304, 0.608, 1.216)
    line = next(line for line in of(found, "aws_db_instance.main").lines if "hours" in line.item)
    assert (line.derived, line.confidence) == ("2 x Single-AZ", "derived")
    assert any("Derived, not listed: db.t4g.medium hours, Multi-AZ = 2 x Single-AZ" in note for note in found.notes)


def test_a_public_balancer() -> None:
    world = World()
    subnets = [world.subnet("a", "a"), world.subnet("c", "c")]
    world.add("aws_lb", "web", subnets=[subnet.id for subnet in subnets], internal=False)
    found = estimate(world.graph)
    address = "aws_lb.web"
    assert usd(found, address, "hours") == near(*[730 * 0.0225] * 3)
    assert usd(found, address, "public IPv4 addresses") == near(*[730 * 2 * 0.005] * 3)
    # 730 h = 2,628,000 s. 1 x 10 kB, 5 x 20 kB, 25 x 40 kB a second: 26.28, 262.8 and 2,628 GB x 0.126.
    assert usd(found, address, "to the internet") == near(26.28 * 0.126, 262.8 * 0.126, 2628 * 0.126)
    # LCU by data: 0.036, 0.36, 3.6 GB an hour; by connections: 1 x 0.1, 5 x 0.2, 25 x 0.5 / 25 a second.
    assert usd(found, address, "capacity units") == near(0.036 * 5.84, 0.36 * 5.84, 3.6 * 5.84)


def test_internet_traffic_above_ten_terabytes_has_the_next_price() -> None:
    world = World()
    world.add("aws_lb", "web", subnets=[world.subnet("a", "a").id], internal=False)
    found = estimate(world.graph, parse_usage([], ["requests_per_second=1000", "response_kb=10"]))
    # 26,280 GB: 10,240 x 0.126 and 16,040 x 0.122.
    assert usd(found, "aws_lb.web", "to the internet") == near(*[10_240 * 0.126] * 3)
    assert usd(found, "aws_lb.web", "to the internet, above 10 TB") == near(*[16_040 * 0.122] * 3)


def test_a_web_acl_looks_at_the_requests_of_its_balancer() -> None:
    world = World()
    balancer = world.add("aws_lb", "web", subnets=[world.subnet("a", "a").id], internal=False)
    rule = {"priority": 1, "visibility_config": _metrics("rule"), "override_action": {"none": {}}}
    group = {"managed_rule_group_statement": {"name": "AWSManagedRulesCommonRuleSet", "vendor_name": "AWS"}}
    acl = world.add(
        "aws_wafv2_web_acl",
        "main",
        scope="REGIONAL",
        default_action={"allow": {}},
        visibility_config=_metrics("acl"),
        rule=[
            {**rule, "name": "common", "statement": group},
            {**rule, "name": "other", "priority": 2, "statement": group},
        ],
    )
    unattached = estimate(world.graph)
    assert usd(unattached, "aws_wafv2_web_acl.main", "requests") == near(0, 0, 0)
    world.add("aws_wafv2_web_acl_association", "web", resource_arn=balancer.arn, web_acl_arn=acl.arn)
    found = estimate(world.graph)
    assert usd(found, "aws_wafv2_web_acl.main", "web ACL") == near(5, 5, 5)
    assert usd(found, "aws_wafv2_web_acl.main", "rules") == near(2, 2, 2)
    # 5 requests a second are 13.14 million a month, 0.60 each million.
    assert usd(found, "aws_wafv2_web_acl.main", "requests") == near(2.628 * 0.6, 13.14 * 0.6, 65.7 * 0.6)


def _metrics(name: str) -> dict[str, object]:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}


def test_an_unknown_price_is_named_and_not_in_the_total() -> None:
    world = World()
    world.add("aws_eip", "one", domain="vpc")
    world.add("aws_instance", "gpu", instance_type="p5.48xlarge", ami="ami-1", subnet_id=world.subnet("a", "a").id)
    found = estimate(world.graph)
    assert [(u.address, u.item, u.why) for u in found.unknown] == [
        ("aws_instance.gpu", "p5.48xlarge hours", "no price in ap-northeast-2")
    ]
    assert found.total.likely == pytest.approx(3.65 + 8 * 0.0912), "the address and the volume of the image"
    assert any("Not in the total" in note and "p5.48xlarge hours (aws_instance.gpu)" in note for note in found.notes)
    assert next(c for c in found.components if c.component == "").unknown == 1


def test_a_type_that_nobody_prices_is_unknown() -> None:
    world = World()
    world.add("aws_redshiftserverless_namespace", "x", namespace_name="x")
    found = estimate(world.graph)
    assert [(u.address, u.why) for u in found.unknown] == [
        ("aws_redshiftserverless_namespace.x", "no price is known for this type")
    ]


def test_an_instance_type_known_only_after_apply_is_unknown() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")], instance_type="${var.type}")
    assert [u.item for u in estimate(world.graph).unknown] == ["instance hours"]


def test_a_region_without_prices_is_said() -> None:
    stack = Stack("eu-west-1", "eu-west-1")
    stack.add("aws_eip", "one", domain="vpc")
    found = estimate(Graph("x", [stack]))
    assert found.total.high == 0
    assert [u.item for u in found.unknown] == ["public IPv4 address"]
    assert any("no prices for eu-west-1" in note for note in found.notes)


def test_free_resources_are_counted_and_cost_nothing() -> None:
    world = World()
    world.subnet("a", "a")
    found = estimate(world.graph)
    assert (found.free, found.resources, found.unknown, found.total.high) == (2, [], [], 0)


def test_count_multiplies() -> None:
    world = World()
    world.add("aws_eip", "many", domain="vpc", count=3)
    world.add("aws_instance", "many", instance_type="t3.small", ami="ami-1", count=2)
    found = estimate(world.graph)
    assert usd(found, "aws_eip.many", "public IPv4 address") == near(*[3 * 3.65] * 3)
    assert usd(found, "aws_instance.many", "t3.small hours") == near(*[2 * 18.98] * 3)


def test_a_service_without_region_takes_the_prices_of_the_first_region() -> None:
    home, everywhere = Stack(SEOUL, SEOUL), Stack("global", "us-east-1")
    zone = everywhere.add("aws_route53_zone", "main", name="example.com")
    everywhere.add("aws_route53_record", "a", zone_id=zone.id, name="a", type="A", ttl=60, records=["192.0.2.1"])
    found = estimate(Graph("x", [everywhere, home]))
    assert usd(found, "aws_route53_zone.main", "hosted zone") == near(0.5, 0.5, 0.5)
    assert usd(found, "aws_route53_zone.main", "queries") == near(0.04, 0.4, 4)


def test_usage_for_one_bucket_only() -> None:
    world = World()
    for name in ("a", "b"):
        world.add("aws_s3_bucket", name, bucket=name)
    found = estimate(world.graph, parse_usage([], ["bucket_gb=10", "aws_s3_bucket.b.bucket_gb=1000"]))
    assert usd(found, "aws_s3_bucket.a", "storage") == near(*[0.25] * 3)
    assert usd(found, "aws_s3_bucket.b", "storage") == near(*[25] * 3)


def test_usage_for_something_that_is_not_there() -> None:
    world = World()
    world.add("aws_s3_bucket", "uploads", bucket="b")
    with pytest.raises(Problems, match=r"Did you mean `aws_s3_bucket.uploads`"):
        estimate(world.graph, parse_usage([], ["aws_s3_bucket.upload.bucket_gb=1"]))


def test_components_add_up_to_the_total_and_the_largest_is_first() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")], component="services.web")
    world.add("aws_eip", "x", domain="vpc", component="network")
    found = estimate(world.graph)
    assert [c.component for c in found.components] == ["services.web", "network"]
    assert found.total.likely == pytest.approx(sum(c.total.likely for c in found.components))
    assert found.total.high == pytest.approx(
        sum(line.usd.high for r in found.resources for line in r.lines if line.usd)
    )


def test_only_assumptions_that_were_used_are_listed() -> None:
    world = World()
    world.add("aws_eip", "x", domain="vpc")
    assert [a.name for a in estimate(world.graph).assumptions] == ["hours"]


def test_sensitivity_is_the_change_of_the_likely_total() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")], min_size=1, max_size=3)
    found = estimate(world.graph)
    by_name = {s.name: s.usd for s in found.sensitivity}
    # One to three instances: two more at 18.98 and 1.824.
    assert by_name["group_fill"] == pytest.approx(2 * (18.98 + 1.824))
    assert [s.usd for s in found.sensitivity] == sorted((s.usd for s in found.sensitivity), reverse=True)


def test_hidden_costs_of_an_instance() -> None:
    world = World()
    world.add(
        "aws_instance",
        "vpn",
        instance_type="t4g.nano",
        ami="ami-1",
        subnet_id=world.subnet("a", "a").id,
        associate_public_ip_address=True,
        monitoring=True,
        root_block_device={"volume_size": 30, "volume_type": "gp3", "iops": 4000, "throughput": 125},
    )
    found = estimate(world.graph)
    address = "aws_instance.vpn"
    assert usd(found, address, "t4g.nano hours") == near(*[730 * 0.0052] * 3)
    assert usd(found, address, "gp3 volume") == near(*[30 * 0.0912] * 3)
    assert usd(found, address, "gp3 IOPS above 3,000") == near(*[1000 * 0.0057] * 3)
    assert usd(found, address, "detailed monitoring") == near(*[7 * 0.3] * 3)
    assert usd(found, address, "public IPv4 address") == near(*[3.65] * 3)
    assert usd(found, address, "to the internet") == near(0.126, 5 * 0.126, 50 * 0.126)


def test_an_elastic_ip_is_not_paid_twice() -> None:
    world = World()
    host = world.add("aws_instance", "vpn", instance_type="t4g.nano", ami="ami-1", associate_public_ip_address=True)
    world.add("aws_eip", "vpn", domain="vpc", instance=host.id)
    found = estimate(world.graph)
    items = [line.item for cost in found.resources for line in cost.lines]
    assert items.count("public IPv4 address") == 1


def test_logs_of_a_bucket_follow_the_requests_and_the_retention() -> None:
    world = World()
    bucket = world.add("aws_s3_bucket", "logs", bucket="logs")
    world.add(
        "aws_s3_bucket_lifecycle_configuration",
        "logs",
        bucket=bucket.id,
        rule=[{"id": "x", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 365}}],
    )
    world.add("aws_lb", "web", subnets=[world.subnet("a", "a").id], access_logs={"bucket": bucket.id, "enabled": True})
    found = estimate(world.graph)
    # 13.14 million requests x 100 bytes = 1.314 GB a month, 12 months of it, x 0.025.
    assert usd(found, "aws_s3_bucket.logs", "storage")[1] == pytest.approx(1.314 * 12 * 0.025, abs=1e-4)
    # A file in five minutes: 12 x 730 = 8,760 writes at 0.0045 a thousand.
    assert usd(found, "aws_s3_bucket.logs", "writes") == near(*[8.76 * 0.0045] * 3)


def test_keys_secrets_and_alarms() -> None:
    world = World()
    world.add("aws_kms_key", "main", enable_key_rotation=True)
    world.add("aws_secretsmanager_secret", "db", name="db")
    world.add(
        "aws_cloudwatch_metric_alarm",
        "cpu",
        alarm_name="cpu",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="CPUUtilization",
        namespace="AWS/EC2",
        period=60,
        threshold=90,
        statistic="Average",
    )
    found = estimate(world.graph)
    assert usd(found, "aws_kms_key.main", "key") == near(1, 1, 3)
    assert usd(found, "aws_kms_key.main", "requests") == near(0.03, 0.3, 3)
    assert usd(found, "aws_secretsmanager_secret.db", "secret") == near(0.4, 0.4, 0.4)
    assert usd(found, "aws_cloudwatch_metric_alarm.cpu", "alarm") == near(0.1, 0.1, 0.1)


def test_the_same_graph_twice_is_the_same_estimate() -> None:
    def build() -> World:
        world = World()
        world.group("web", [world.subnet("a", "a"), world.subnet("c", "c")])
        world.database()
        return world

    assert estimate(build().graph) == estimate(build().graph)
