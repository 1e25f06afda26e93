"""Graphs to draw: a tiered environment of any size, written by hand as somebody would write Terraform."""

from __future__ import annotations

import json
from typing import Any

from giban.graph.graph import Graph
from giban.graph.resource import Resource
from giban.graph.stack import Stack

REGION = "ap-northeast-2"


def policy(*targets: Resource) -> str:
    """A policy document that mentions the targets."""
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": [str(t.arn) for t in targets]}]})


def admit(stack: Stack, label: str, group: Resource, port: int, **who: Any) -> None:
    """A rule that lets somebody into a group."""
    stack.add(
        "aws_vpc_security_group_ingress_rule", label, security_group_id=group.id, from_port=port, to_port=port,
        ip_protocol="tcp", **who,
    )  # fmt: skip


class Tiered:
    """A VPC of four tiers with public and internal services, a database, buckets and what belongs to them."""

    def __init__(
        self, *, zones: int = 2, web: int = 1, was: int = 1, databases: int = 1, buckets: int = 2, alarms: int = 0,
        region: str = REGION,
    ) -> None:  # fmt: skip
        self.stack = Stack(region, region)
        self.globe = Stack("global", "us-east-1")
        self.letters = "abcd"[:zones]
        self.region = region
        self._network()
        self._front()
        self.buckets = [self._bucket(f"bucket{index}" if index else "uploads") for index in range(buckets)]
        self.databases = [self._database(f"db{index}" if index else "main") for index in range(databases)]
        fronts = [self._service(f"web{index}" if index else "web", "web", public=True) for index in range(web)]
        for index in range(was):
            name = f"was{index}" if index else "was"
            group = self._service(name, "was", public=False, allowed=fronts[index % max(1, web) :][:1])
            for number, database in enumerate(self.databases[index % max(1, databases) :][:1]):
                admit(self.stack, f"db{index}_{number}", database, 5432, referenced_security_group_id=group.id)
        for index in range(alarms):
            self.stack.add(
                "aws_cloudwatch_metric_alarm", f"alarm_{index}", alarm_name=f"alarm-{index}", evaluation_periods=1,
                comparison_operator="GreaterThanThreshold",
            )  # fmt: skip

    @property
    def graph(self) -> Graph:
        return Graph("scv", [self.globe, self.stack], "prod")

    def _network(self) -> None:
        add = self.stack.add
        self.vpc = add("aws_vpc", "main", cidr_block="10.20.0.0/16")
        add("aws_default_security_group", "main", vpc_id=self.vpc.id)
        gateway = add("aws_internet_gateway", "main", vpc_id=self.vpc.id)
        public = add("aws_route_table", "public", vpc_id=self.vpc.id)
        add("aws_route", "public", route_table_id=public.id, gateway_id=gateway.id, destination_cidr_block="0.0.0.0/0")
        isolated = add("aws_route_table", "db", vpc_id=self.vpc.id)
        self.subnets: dict[str, list[Resource]] = {"public": [], "web": [], "was": [], "db": []}
        for zone, letter in enumerate(self.letters):
            private = add("aws_route_table", f"private_{letter}", vpc_id=self.vpc.id)
            for row, tier in enumerate(self.subnets):
                subnet = add(
                    "aws_subnet", f"{tier}_{letter}", vpc_id=self.vpc.id, availability_zone=f"{self.region}{letter}",
                    cidr_block=f"10.20.{row * 64 + zone * 16}.0/20",
                )  # fmt: skip
                self.subnets[tier].append(subnet)
                table = {"public": public, "db": isolated}.get(tier, private)
                add("aws_route_table_association", f"{tier}_{letter}", subnet_id=subnet.id, route_table_id=table.id)
            address = add("aws_eip", f"nat_{letter}", domain="vpc")
            nat = add("aws_nat_gateway", f"nat_{letter}", subnet_id=self.subnets["public"][zone].id,
                      allocation_id=address.id)  # fmt: skip
            add("aws_route", f"nat_{letter}", route_table_id=private.id, nat_gateway_id=nat.id,
                destination_cidr_block="0.0.0.0/0")  # fmt: skip
        for service in ("s3", "dynamodb"):
            add("aws_vpc_endpoint", service, vpc_id=self.vpc.id, service_name=f"com.amazonaws.{self.region}.{service}")
        role = add("aws_iam_role", "flow", assume_role_policy="{}")
        logs = add("aws_cloudwatch_log_group", "flow", name="/flow")
        add("aws_flow_log", "main", vpc_id=self.vpc.id, iam_role_arn=role.arn, log_destination=logs.arn)
        add("aws_kms_key", "main", description="everything")

    def _front(self) -> None:
        self.globe.add("aws_route53_zone", "main", name="scv.example.com")
        self.zone = self.stack.data("aws_route53_zone", "main", name="scv.example.com")
        self.wall = self.stack.add(
            "aws_wafv2_web_acl", "main", name="scv", scope="REGIONAL", default_action={"allow": {}},
            visibility_config={"cloudwatch_metrics_enabled": True, "metric_name": "m", "sampled_requests_enabled": True},
        )  # fmt: skip
        self.certificate = self.stack.add("aws_acm_certificate", "main", domain_name="scv.example.com",
                                          validation_method="DNS")  # fmt: skip
        self.logs = self._bucket("logs")
        self.stack.add("aws_ssm_document", "session", document_type="Session", content="{}", name="session")

    def _bucket(self, name: str) -> Resource:
        bucket = self.stack.add("aws_s3_bucket", name, bucket=f"scv-{name}")
        self.stack.add("aws_s3_bucket_versioning", name, bucket=bucket.id,
                       versioning_configuration={"status": "Enabled"})  # fmt: skip
        self.stack.add("aws_s3_bucket_public_access_block", name, bucket=bucket.id, block_public_acls=True)
        self.stack.add("aws_s3_bucket_policy", name, bucket=bucket.id, policy=policy(bucket))
        return bucket

    def _database(self, name: str) -> Resource:
        add = self.stack.add
        group = add("aws_security_group", f"{name}_db", vpc_id=self.vpc.id)
        subnets = add("aws_db_subnet_group", name, subnet_ids=[s.id for s in self.subnets["db"]])
        add("aws_db_instance", name, db_subnet_group_name=subnets.name, engine="postgres", engine_version="16",
            instance_class="db.t4g.medium", allocated_storage=50, multi_az=True,
            vpc_security_group_ids=[group.id])  # fmt: skip
        return group

    def _service(self, name: str, tier: str, *, public: bool, allowed: list[Resource] | None = None) -> Resource:
        add = self.stack.add
        door = add("aws_security_group", f"{name}_lb", vpc_id=self.vpc.id)
        group = add("aws_security_group", name, vpc_id=self.vpc.id)
        port = 80 if public else 8080
        admit(self.stack, name, group, port, referenced_security_group_id=door.id)
        if public:
            admit(self.stack, f"{name}_lb", door, 443, cidr_ipv4="0.0.0.0/0")
        for index, other in enumerate(allowed or []):
            admit(self.stack, f"{name}_lb_{index}", door, 443, referenced_security_group_id=other.id)
        balancer = add("aws_lb", name, internal=not public, security_groups=[door.id],
                       subnets=[s.id for s in self.subnets["public" if public else tier]],
                       access_logs={"bucket": self.logs.id, "enabled": True})  # fmt: skip
        targets = add("aws_lb_target_group", name, port=port, protocol="HTTP", vpc_id=self.vpc.id)
        add("aws_lb_listener", name, load_balancer_arn=balancer.arn, port=443, protocol="HTTPS",
            certificate_arn=self.certificate.arn,
            default_action={"type": "forward", "target_group_arn": targets.arn})  # fmt: skip
        if public:
            add("aws_wafv2_web_acl_association", name, web_acl_arn=self.wall.arn, resource_arn=balancer.arn)
            add("aws_route53_record", name, zone_id=self.zone.zone_id, name=f"{name}.scv.example.com", type="A",
                alias={"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True})  # fmt: skip
        role = add("aws_iam_role", name, assume_role_policy="{}")
        profile = add("aws_iam_instance_profile", name, role=role.ref("name"))
        secret = add("aws_secretsmanager_secret", name, name=f"scv/{name}")
        add("aws_iam_role_policy", name, role=role.id, policy=policy(secret, *([] if public else self.buckets)))
        template = add("aws_launch_template", name, instance_type="t3.small",
                       iam_instance_profile={"arn": profile.arn}, vpc_security_group_ids=[group.id])  # fmt: skip
        scaling = add("aws_autoscaling_group", name, min_size=2, max_size=6, target_group_arns=[targets.arn],
                      vpc_zone_identifier=[s.id for s in self.subnets[tier]],
                      launch_template={"id": template.id, "version": "$Latest"})  # fmt: skip
        add("aws_autoscaling_policy", name, name=name, autoscaling_group_name=scaling.ref("name"))
        add("aws_cloudwatch_log_group", name, name=f"/scv/{name}")
        return group
