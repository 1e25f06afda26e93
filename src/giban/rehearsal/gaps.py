"""What the emulators cannot show: resources that are recorded but do nothing, and those nobody plays.

`giban up` lists these by address, so that nobody takes a green rehearsal for more than it is.
"""

from __future__ import annotations

from giban.graph.graph import Graph

GAPS: dict[str, str] = {
    "aws_acm_certificate": "Issued at once, whether or not the DNS records are right; there is no key, so nothing serves it.",
    "aws_acmpca_certificate_authority": "Recorded only; it signs nothing.",
    "aws_autoscaling_group": "Its instances exist as records and count as healthy; no machine boots, user data does not run.",
    "aws_autoscaling_policy": "Carried out by alarms that your own values set off; no load arrives, so nothing scales by itself.",
    "aws_autoscaling_schedule": "Recorded; it is not carried out.",
    "aws_budgets_budget": "Recorded; nothing costs anything, so it never tells anything.",
    "aws_cloudwatch_composite_alarm": "Evaluated; an alarm that suppresses its actions is not looked at.",
    "aws_cloudwatch_dashboard": "Recorded; nothing draws it.",
    "aws_cloudwatch_metric_alarm": "Evaluated each minute, with the values of functions, queues and APIs and with yours; of what "
    "AWS measures on machines there are usual values only.",
    "aws_db_event_subscription": "Told of stops, starts, restarts and failovers; of nothing else.",
    "aws_db_instance": "Recorded, with its managed secret; it starts and stops, but no database runs, nothing can connect.",
    "aws_db_parameter_group": "Parameters are stored as written; the engine's own list of parameters is not checked.",
    "aws_rds_cluster": "Recorded; no database runs, nothing can connect.",
    "aws_elasticache_replication_group": "Recorded; no cache runs.",
    "aws_flow_log": "Recorded; there is no traffic, so nothing is logged.",
    "aws_ebs_volume": "Recorded and attached; nothing is stored on it.",
    "aws_instance": "Starts and stops as a record with addresses; no machine boots, user data does not run. "
    "A workstation's has a stand-in that runs the real agent.",
    "aws_lambda_function": "Runs on this machine's Python, as you; what its role may do is not checked.",
    "aws_lambda_provisioned_concurrency_config": "Recorded; nothing is kept warm.",
    "aws_lb": "Recorded with its address; nothing listens there, no request is forwarded, no access log is written.",
    "aws_lb_target_group": "Targets register; health checks are not made, all count as healthy.",
    "aws_nat_gateway": "Recorded; no packet passes.",
    "aws_route53_record": "Recorded; no name server answers for it, only the edge of this machine goes by it.",
    "aws_s3_bucket_lifecycle_configuration": "Recorded; objects do not age.",
    "aws_s3_bucket_logging": "Recorded; no access log is written.",
    "aws_ssm_document": "Recorded; no session can be opened.",
    "aws_vpc_endpoint": "Recorded; no packet passes.",
    "aws_wafv2_web_acl": "Recorded with its rules; no request is inspected.",
}
"""Resource type to what is missing. Types that are not here behave, as far as Terraform can tell, as on AWS."""

MISSING: dict[str, str] = {
    "aws_ec2_instance_connect_": "EC2 Instance Connect",
    "aws_codestarconnections_": "CodeStar connections",
    "aws_codeconnections_": "CodeConnections",
    "aws_globalaccelerator_": "Global Accelerator",
    "aws_imagebuilder_": "Image Builder",
}
"""Beginnings of resource types that no emulator plays, and the service's name; creating one fails."""


def gap_of(resource_type: str) -> str | None:
    """What the rehearsal does not show of a resource type, a sentence; None when nothing is known to be missing."""
    for beginning, service in MISSING.items():
        if resource_type.startswith(beginning):
            return f"{service} is not emulated; creating it fails here."
    return GAPS.get(resource_type)


def gaps(graph: Graph) -> list[tuple[str, str]]:
    """(address, what is missing) of every resource that Terraform makes and the rehearsal does not wholly show."""
    found = ((resource.address, gap_of(resource.type)) for resource in graph.managed)
    return [(address, what) for address, what in found if what]
