"""Events that people should know of: rules of EventBridge whose target is the alarm topic.

Patterns name what belongs to this environment. What of it is news, the router decides: a group's own coming and going is none,
that an instance was taken out because it failed is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from giban.components.alarm_parts import alarm_topic, alarms_scope
from giban.components.environment import Environment
from giban.graph.refs import plain
from giban.graph.resource import Resource

HEALTH = {
    "aws_apigatewayv2_api": "APIGATEWAY",
    "aws_db_instance": "RDS",
    "aws_dynamodb_table": "DYNAMODB",
    "aws_instance": "EC2",
    "aws_autoscaling_group": "EC2",
    "aws_lambda_function": "LAMBDA",
    "aws_lb": "ELASTICLOADBALANCING",
    "aws_nat_gateway": "VPC",
    "aws_s3_bucket": "S3",
    "aws_sns_topic": "SNS",
    "aws_sqs_queue": "SQS",
}
"""Resource type to the service's name in AWS Health (https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html)."""

Event = tuple[str, str, dict[str, Any]]
"""Label, what happened, pattern."""


def add_events(env: Environment) -> None:
    """The rules for what this environment has."""
    topic = alarm_topic(env)
    for label, what, pattern in _events(env):
        scope = alarms_scope(env, f"alarms-on-{label}")
        rule = scope.add(
            "aws_cloudwatch_event_rule",
            name=scope.name,
            description=what,
            event_pattern=msgspec.json.encode(plain(pattern)).decode(),
        )
        scope.add("aws_cloudwatch_event_target", rule=rule.ref("name"), target_id="alarms", arn=topic.arn)


def _all(env: Environment, type_: str) -> list[Resource]:
    return [resource for _, resource in sorted(env.region.resources.items()) if resource.type == type_]


def _events(env: Environment) -> Iterator[Event]:
    yield from _instances(env)
    yield from _groups(env)
    yield from _databases(env)
    yield from _deliveries(env)
    certificates = [resource.arn for resource in _all(env, "aws_acm_certificate")]
    if certificates:
        # https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html
        pattern = _pattern("aws.acm", "ACM Certificate Renewal Action Required", resources=certificates)
        yield "certificates", "A certificate is not renewed by itself", pattern
    services = sorted({HEALTH[resource.type] for resource in env.region.resources.values() if resource.type in HEALTH})
    detail = {"service": services, "eventTypeCategory": ["issue"]}
    yield (
        "health",
        "AWS has trouble with a service that is used here",
        _pattern("aws.health", "AWS Health Event", detail=detail),
    )


def _instances(env: Environment) -> Iterator[Event]:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html"""
    hosts: list[object] = []
    stations: list[object] = []
    for resource in _all(env, "aws_instance"):
        (stations if resource.component.startswith("workstations.") else hosts).append(resource.id)
    kind = "EC2 Instance State-change Notification"
    if hosts:
        detail = {"instance-id": hosts, "state": ["running", "stopped", "terminated"]}
        yield "hosts", "A host was stopped or terminated", _pattern("aws.ec2", kind, detail=detail)
    if stations:
        # Workstations stop all the time; that one is gone is news.
        detail = {"instance-id": stations, "state": ["terminated"]}
        yield "workstations", "A workstation was terminated", _pattern("aws.ec2", kind, detail=detail)


def _groups(env: Environment) -> Iterator[Event]:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html"""
    groups = [resource.ref("name") for resource in _all(env, "aws_autoscaling_group")]
    if not groups:
        return
    # That something worked is the end of its having failed; what an instance was ended for, the router reads in the cause.
    kinds = [f"EC2 Instance {what} {how}" for what in ("Launch", "Terminate") for how in ("Successful", "Unsuccessful")]
    pattern = _pattern("aws.autoscaling", *kinds, detail={"AutoScalingGroupName": groups})
    yield "groups", "A group started or ended an instance, or could not", pattern


def _databases(env: Environment) -> Iterator[Event]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"""
    names = [resource.ref("identifier") for resource in _all(env, "aws_db_instance")]
    if names:
        detail = {"SourceIdentifier": names, "EventCategories": ["failover", "failure", "low storage"]}
        pattern = _pattern("aws.rds", "RDS DB Instance Event", detail=detail)
        yield "databases", "A database failed over, failed or runs out of space", pattern


def _deliveries(env: Environment) -> Iterator[Event]:
    """Pipelines and builds: none is generated, but `terraform` may hold some."""
    pipelines = _raw(env, "aws_codepipeline")
    if pipelines:
        detail = {"pipeline": pipelines, "state": ["FAILED", "SUCCEEDED"]}
        pattern = _pattern("aws.codepipeline", "CodePipeline Pipeline Execution State Change", detail=detail)
        yield "pipelines", "A pipeline failed, or works again", pattern
    builds = _raw(env, "aws_codebuild_project")
    if builds:
        detail = {"project-name": builds, "build-status": ["FAILED", "SUCCEEDED"]}
        yield (
            "builds",
            "A build failed, or works again",
            _pattern("aws.codebuild", "CodeBuild Build State Change", detail=detail),
        )


def _raw(env: Environment, type_: str) -> list[str]:
    """The names of what the blueprint adds in Terraform's own language."""
    resources = env.blueprint.terraform.get("resource")
    blocks = resources.get(type_) if isinstance(resources, dict) else None
    return [f"${{{type_}.{label}.name}}" for label in sorted(blocks)] if isinstance(blocks, dict) else []


def _pattern(source: str, *kinds: str, **more: Any) -> dict[str, Any]:
    return {"source": [source], "detail-type": list(kinds), **more}
