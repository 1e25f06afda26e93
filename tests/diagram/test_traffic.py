"""Arrows follow the topology: balancers, security groups, policies, routes, records, event sources."""

from __future__ import annotations

import json
from typing import Any

from giban.diagram.model import Picture
from giban.diagram.read import read
from giban.graph.graph import Graph
from giban.graph.stack import Stack
from tests.diagram.graphs import REGION, Tiered, admit


def arrows(picture: Picture) -> set[tuple[str, str, str, str]]:
    """(source, target, kind, label) by address without stack."""
    return {(e.source.split("/")[-1], e.target.split("/")[-1], e.kind, e.label) for e in picture.edges}


def test_the_way_of_a_request() -> None:
    found = arrows(read(Tiered().graph))
    assert {
        ("users", "aws_route53_zone.main", "request", ""),
        ("aws_route53_zone.main", "aws_wafv2_web_acl.main", "request", ""),
        ("aws_wafv2_web_acl.main", "aws_lb.web", "request", ""),
        ("aws_lb.web", "aws_autoscaling_group.web", "request", "80"),
        ("aws_autoscaling_group.web", "aws_lb.was", "request", "443"),
        ("aws_lb.was", "aws_autoscaling_group.was", "request", "8080"),
        ("aws_autoscaling_group.was", "aws_db_instance.main", "data", "5432"),
    } <= found
    assert not any(source == "users" and target.startswith("aws_lb") for source, target, _, _ in found)


def test_the_way_out() -> None:
    found = arrows(read(Tiered().graph))
    for zone in "ab":
        for group in ("web", "was"):
            assert (f"aws_autoscaling_group.{group}", f"aws_nat_gateway.nat_{zone}", "egress", "") in found
        assert (f"aws_nat_gateway.nat_{zone}", "aws_internet_gateway.main", "egress", "") in found
    assert ("aws_internet_gateway.main", "internet", "egress", "") in found


def test_with_many_groups_only_gateways_lead_out() -> None:
    found = arrows(read(Tiered(was=9).graph))
    assert not any(source.startswith("aws_autoscaling") and kind == "egress" for source, _, kind, _ in found)
    assert ("aws_nat_gateway.nat_a", "aws_internet_gateway.main", "egress", "") in found


def test_policies_lead_to_buckets_and_secrets_but_not_to_log_buckets() -> None:
    found = arrows(read(Tiered().graph))
    assert ("aws_autoscaling_group.was", "aws_s3_bucket.uploads", "data", "") in found
    assert ("aws_autoscaling_group.was", "aws_secretsmanager_secret.was", "data", "") in found
    assert not any(target == "aws_s3_bucket.logs" for _, target, _, _ in found)


def test_operators_come_through_session_manager_and_bastions() -> None:
    tiered = Tiered()
    group = tiered.stack.add("aws_security_group", "bastion", vpc_id=tiered.vpc.id)
    admit(tiered.stack, "bastion", group, 22, cidr_ipv4="203.0.113.0/24")
    tiered.stack.add(
        "aws_instance", "bastion", ami="ami-1", instance_type="t4g.nano", vpc_security_group_ids=[group.id],
        subnet_id=tiered.subnets["public"][0].id,
    )  # fmt: skip
    web = tiered.stack.resources["aws_security_group.web"]
    admit(tiered.stack, "web_bastion", web, 22, referenced_security_group_id=group.id)
    found = arrows(read(tiered.graph))
    assert ("operators", "aws_instance.bastion", "admin", "22") in found
    assert ("aws_instance.bastion", "aws_autoscaling_group.web", "admin", "22") in found
    assert ("operators", "aws_ssm_document.session", "admin", "") in found


def test_inline_and_old_style_rules_count_too() -> None:
    stack = Stack("root", REGION)

    def insert(type_: str, label: str, **args: Any) -> None:
        stack.insert("managed", type_, label, args, "", None, check=False)

    insert("aws_vpc", "main", cidr_block="10.0.0.0/16")
    insert("aws_subnet", "private_a", vpc_id="${aws_vpc.main.id}")
    for name in ("app", "db", "worker"):
        insert("aws_security_group", name, vpc_id="${aws_vpc.main.id}")
    stack.resources["aws_security_group.db"].args["ingress"] = [
        {"from_port": 3306, "to_port": 3306, "security_groups": ["${aws_security_group.app.id}"]}
    ]
    insert(
        "aws_security_group_rule", "x", type="ingress", from_port=3306, to_port=3306,
        security_group_id="${aws_security_group.db.id}", source_security_group_id="${aws_security_group.worker.id}",
    )  # fmt: skip
    insert("aws_db_subnet_group", "db", subnet_ids=["${aws_subnet.private_a.id}"])
    insert("aws_db_instance", "db", db_subnet_group_name="${aws_db_subnet_group.db.name}",
           vpc_security_group_ids=["${aws_security_group.db.id}"])  # fmt: skip
    for name in ("app", "worker"):
        insert("aws_instance", name, subnet_id="${aws_subnet.private_a.id}",
               vpc_security_group_ids=[f"${{aws_security_group.{name}.id}}"])  # fmt: skip
    assert {("aws_instance.app", "aws_db_instance.db", "data", "3306"),
            ("aws_instance.worker", "aws_db_instance.db", "data", "3306")} <= arrows(read(Graph("x", [stack])))  # fmt: skip


def test_serverless_flow() -> None:
    stack = Stack("root", REGION)

    def insert(type_: str, label: str, **args: Any) -> None:
        stack.insert("managed", type_, label, args, "", None, check=False)

    insert("aws_apigatewayv2_api", "http")
    insert("aws_apigatewayv2_integration", "submit", api_id="${aws_apigatewayv2_api.http.id}",
           integration_uri="${aws_lambda_function.submit.invoke_arn}")  # fmt: skip
    for name in ("submit", "worker"):
        insert("aws_iam_role", name)
        insert("aws_lambda_function", name, role=f"${{aws_iam_role.{name}.arn}}")
    insert("aws_sqs_queue", "jobs")
    insert("aws_dynamodb_table", "answers")
    insert("aws_lambda_event_source_mapping", "jobs", event_source_arn="${aws_sqs_queue.jobs.arn}",
           function_name="${aws_lambda_function.worker.arn}")  # fmt: skip
    for name, target in (("submit", "aws_sqs_queue.jobs"), ("worker", "aws_dynamodb_table.answers")):
        insert("aws_iam_role_policy", name, role=f"${{aws_iam_role.{name}.id}}",
               policy=json.dumps({"Resource": f"${{{target}.arn}}"}))  # fmt: skip
    picture = read(Graph("survey", [stack]))
    assert arrows(picture) == {
        ("users", "aws_apigatewayv2_api.http", "request", ""),
        ("aws_apigatewayv2_api.http", "aws_lambda_function.submit", "request", ""),
        ("aws_lambda_function.submit", "aws_sqs_queue.jobs", "data", ""),
        ("aws_sqs_queue.jobs", "aws_lambda_function.worker", "data", ""),
        ("aws_lambda_function.worker", "aws_dynamodb_table.answers", "data", ""),
    }
    rows = [[card.title for card in shelf.cards] for shelf in picture.regions[0].flow]
    assert rows == [["http"], ["submit"], ["jobs"], ["worker"], ["answers"]]
    assert picture.regions[0].front == ()


def test_a_machine_that_functions_start_and_stop() -> None:
    stack = Stack("root", REGION)

    def insert(type_: str, label: str, **args: Any) -> None:
        stack.insert("managed", type_, label, args, "", None, check=False)

    insert("aws_vpc", "main")
    insert("aws_subnet", "public_a", vpc_id="${aws_vpc.main.id}", availability_zone=f"{REGION}a")
    insert("aws_instance", "dev", subnet_id="${aws_subnet.public_a.id}", instance_type="t3.large")
    insert("aws_eip", "dev", instance="${aws_instance.dev.id}")
    insert("aws_ebs_volume", "home", size=50, type="gp3")
    insert("aws_volume_attachment", "home", instance_id="${aws_instance.dev.id}", volume_id="${aws_ebs_volume.home.id}")
    insert("aws_route53_zone", "main", name="scv.example.com")
    insert("aws_apigatewayv2_api", "admin", protocol_type="HTTP")
    insert("aws_apigatewayv2_domain_name", "admin", domain_name="admin.scv.example.com")
    insert("aws_apigatewayv2_api_mapping", "admin", api_id="${aws_apigatewayv2_api.admin.id}",
           domain_name="${aws_apigatewayv2_domain_name.admin.domain_name}")  # fmt: skip
    insert("aws_route53_record", "admin", zone_id="${aws_route53_zone.main.zone_id}", type="A", alias={
        "name": "${aws_apigatewayv2_domain_name.admin.domain_name_configuration[0].target_domain_name}"})  # fmt: skip
    insert("aws_apigatewayv2_integration", "admin", api_id="${aws_apigatewayv2_api.admin.id}",
           integration_uri="${aws_lambda_function.admin.invoke_arn}")  # fmt: skip
    for name in ("admin", "keeper"):
        insert("aws_lambda_function", name, environment={"variables": {"I": "${aws_instance.dev.id}"}})
    insert("aws_scheduler_schedule", "tick", schedule_expression="rate(1 minute)",
           target={"arn": "${aws_lambda_function.keeper.arn}"})  # fmt: skip
    picture = read(Graph("ws", [stack]))
    assert arrows(picture) == {
        ("users", "aws_route53_zone.main", "request", ""),
        ("aws_route53_zone.main", "aws_apigatewayv2_api.admin", "request", ""),
        ("aws_apigatewayv2_api.admin", "aws_lambda_function.admin", "request", ""),
        ("aws_scheduler_schedule.tick", "aws_lambda_function.keeper", "data", ""),
        ("aws_lambda_function.admin", "aws_instance.dev", "admin", ""),
        ("aws_lambda_function.keeper", "aws_instance.dev", "admin", ""),
        ("aws_instance.dev", "aws_ebs_volume.home", "data", ""),
    }
    (region,) = picture.regions
    rows = [[card.title for card in shelf.cards] for shelf in region.flow]
    # Above each function stands what calls it.
    assert rows == [["admin", "tick"], ["admin", "keeper"]]
    inside = {card.title: card for tier in region.vpcs[0].tiers for shelf in tier.shelves for card in shelf.cards}
    assert inside.keys() == {"dev", "home"}
    assert inside["dev"].subtitle == "Instance · t3.large · EIP"
    assert inside["home"].subtitle == "EBS · gp3 · 50 GiB"


def test_a_volume_without_an_instance_stands_beside_the_network() -> None:
    stack = Stack("root", REGION)
    stack.insert("managed", "aws_ebs_volume", "spare", {}, "", None, check=False)
    (region,) = read(Graph("ws", [stack])).regions
    assert [card.title for band in region.bands for card in band.cards] == ["spare"]
