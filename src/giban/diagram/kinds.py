"""Which resource types are drawn as a card of their own, how, and where; everything else is folded into one of these."""

from __future__ import annotations

from msgspec import Struct


class Kind(Struct, frozen=True):
    """How a resource type is drawn."""

    icon: str
    """Name of a symbol in `icons`."""
    category: str
    """Colour and heading, see CATEGORIES."""
    noun: str
    """What it is, for people: "S3 bucket"."""
    place: str = "region"
    """`global`, `front` (before the VPC), `edge` (on the VPC's border), `vpc` (in subnets) or `region`."""
    gathered: int = 24
    """More than so many in one region become one card with a number; 1 where single ones say little."""
    plural: str = ""
    """What several of them are called on a gathered card; `<noun>s` when empty."""


CATEGORIES = {
    "traffic": "Names and gateways",
    "compute": "Compute",
    "data": "Data",
    "storage": "Storage",
    "messaging": "Messages and events",
    "security": "Security",
    "delivery": "Delivery",
    "watching": "Monitoring",
    "other": "Other resources",
}
"""Headings of the services beside the VPC, in their order."""

KINDS: dict[str, Kind] = {
    # In front of everything
    "aws_route53_zone": Kind("dns", "traffic", "Route 53 zone", "global"),
    "aws_cloudfront_distribution": Kind("globe", "traffic", "CloudFront distribution", "global"),
    "aws_globalaccelerator_accelerator": Kind("globe", "traffic", "Global Accelerator", "global"),
    "aws_budgets_budget": Kind("coin", "watching", "Budget", "global", 1, "Budgets"),
    "aws_wafv2_web_acl": Kind("shield", "security", "WAF web ACL", "front"),
    "aws_apigatewayv2_api": Kind("api", "traffic", "HTTP API", "front"),
    "aws_api_gateway_rest_api": Kind("api", "traffic", "REST API", "front"),
    # On the border of the VPC
    "aws_internet_gateway": Kind("gateway", "traffic", "Internet gateway", "edge"),
    "aws_egress_only_internet_gateway": Kind("gateway", "traffic", "Egress-only gateway", "edge"),
    "aws_vpn_gateway": Kind("tunnel", "traffic", "VPN gateway", "edge"),
    "aws_ec2_client_vpn_endpoint": Kind("tunnel", "traffic", "Client VPN", "edge"),
    "aws_vpc_peering_connection": Kind("tunnel", "traffic", "VPC peering", "edge"),
    "aws_ec2_transit_gateway_vpc_attachment": Kind("tunnel", "traffic", "Transit gateway attachment", "edge"),
    "aws_vpc_endpoint": Kind("plug", "traffic", "VPC endpoint", "edge", 1, "VPC endpoints"),
    # In subnets
    "aws_nat_gateway": Kind("nat", "traffic", "NAT gateway", "vpc"),
    "aws_lb": Kind("balancer", "traffic", "Load balancer", "vpc"),
    "aws_alb": Kind("balancer", "traffic", "Load balancer", "vpc"),
    "aws_elb": Kind("balancer", "traffic", "Classic load balancer", "vpc"),
    "aws_autoscaling_group": Kind("servers", "compute", "Auto scaling group", "vpc"),
    "aws_instance": Kind("server", "compute", "Instance", "vpc"),
    "aws_spot_instance_request": Kind("server", "compute", "Spot instance", "vpc"),
    "aws_ecs_service": Kind("container", "compute", "ECS service", "vpc"),
    "aws_eks_cluster": Kind("wheel", "compute", "EKS cluster", "vpc"),
    "aws_eks_node_group": Kind("servers", "compute", "EKS node group", "vpc"),
    "aws_eks_fargate_profile": Kind("container", "compute", "EKS Fargate profile", "vpc"),
    "aws_lambda_function": Kind("function", "compute", "Lambda", "vpc"),
    "aws_db_instance": Kind("database", "data", "RDS instance", "vpc"),
    "aws_rds_cluster": Kind("database", "data", "RDS cluster", "vpc"),
    "aws_docdb_cluster": Kind("database", "data", "DocumentDB cluster", "vpc"),
    "aws_redshift_cluster": Kind("database", "data", "Redshift cluster", "vpc"),
    "aws_opensearch_domain": Kind("search", "data", "OpenSearch domain", "vpc"),
    "aws_elasticache_replication_group": Kind("cache", "data", "ElastiCache", "vpc"),
    "aws_elasticache_cluster": Kind("cache", "data", "ElastiCache", "vpc"),
    "aws_elasticache_serverless_cache": Kind("cache", "data", "ElastiCache Serverless", "vpc"),
    "aws_ebs_volume": Kind("disk", "storage", "EBS volume", "vpc"),
    "aws_efs_file_system": Kind("files", "storage", "EFS file system", "vpc"),
    "aws_fsx_lustre_file_system": Kind("files", "storage", "FSx file system", "vpc"),
    "aws_msk_cluster": Kind("stream", "messaging", "Kafka cluster", "vpc"),
    "aws_mq_broker": Kind("queue", "messaging", "MQ broker", "vpc"),
    # Regional services
    "aws_s3_bucket": Kind("bucket", "storage", "S3 bucket", "region", 12, "S3 buckets"),
    "aws_ecr_repository": Kind("box", "storage", "Image repository", "region", 6, "Image repositories"),
    "aws_backup_vault": Kind("box", "storage", "Backup vault"),
    "aws_dynamodb_table": Kind("table", "data", "DynamoDB table"),
    "aws_ecs_cluster": Kind("container", "compute", "ECS cluster"),
    "aws_sqs_queue": Kind("queue", "messaging", "SQS queue"),
    "aws_sns_topic": Kind("topic", "messaging", "SNS topic"),
    "aws_kinesis_stream": Kind("stream", "messaging", "Kinesis stream"),
    "aws_kinesis_firehose_delivery_stream": Kind("stream", "messaging", "Firehose"),
    "aws_cloudwatch_event_bus": Kind("topic", "messaging", "Event bus"),
    "aws_cloudwatch_event_rule": Kind("clock", "messaging", "Event rule", "region", 1, "Event rules"),
    "aws_scheduler_schedule": Kind("clock", "messaging", "Schedule", "region", 1, "Schedules"),
    "aws_sfn_state_machine": Kind("flow", "messaging", "State machine"),
    "aws_acm_certificate": Kind("certificate", "security", "Certificate"),
    "aws_secretsmanager_secret": Kind("secret", "security", "Secret", "region", 6, "Secrets"),
    "aws_ssm_parameter": Kind("secret", "security", "Parameter", "region", 1, "Parameters"),
    "aws_ssm_document": Kind("terminal", "security", "SSM document"),
    "aws_kms_key": Kind("key", "security", "KMS key", "region", 1, "KMS keys"),
    "aws_cognito_user_pool": Kind("users", "security", "User pool"),
    "aws_iam_openid_connect_provider": Kind("key", "security", "OIDC provider", "global"),
    "aws_iam_user": Kind("users", "security", "IAM user", "global", 1, "IAM users"),
    "aws_guardduty_detector": Kind("shield", "security", "GuardDuty"),
    "aws_codepipeline": Kind("flow", "delivery", "Pipeline"),
    "aws_codebuild_project": Kind("box", "delivery", "Build project"),
    "aws_codedeploy_app": Kind("flow", "delivery", "CodeDeploy application"),
    "aws_cloudwatch_log_group": Kind("log", "watching", "Log group", "region", 1, "Log groups"),
    "aws_cloudwatch_metric_alarm": Kind("bell", "watching", "Alarm", "region", 1, "Alarms"),
    "aws_cloudwatch_composite_alarm": Kind("bell", "watching", "Composite alarm", "region", 1, "Composite alarms"),
    "aws_cloudwatch_dashboard": Kind("chart", "watching", "Dashboard", "region", 1, "Dashboards"),
    "aws_cloudtrail": Kind("log", "watching", "CloudTrail"),
}

OTHER = Kind("box", "other", "")
"""A resource that belongs to nothing drawn; gathered by type."""

BOXES = ("aws_vpc", "aws_default_vpc", "aws_subnet", "aws_default_subnet", "aws_subnets")
"""Drawn as frames, not as cards (`aws_subnets` as a data source)."""

OUTWARD: dict[str, tuple[str, ...]] = {
    # Whose they are is said by one argument, whatever else they mention.
    "aws_apigatewayv2_api_mapping": ("api_id",),
    "aws_autoscaling_attachment": ("autoscaling_group_name",),
    "aws_autoscaling_policy": ("autoscaling_group_name",),
    "aws_autoscaling_lifecycle_hook": ("autoscaling_group_name",),
    "aws_autoscaling_schedule": ("autoscaling_group_name",),
    "aws_cloudwatch_event_target": ("rule",),
    "aws_cloudwatch_log_metric_filter": ("log_group_name",),
    "aws_cloudwatch_log_resource_policy": ("policy_document",),
    "aws_efs_mount_target": ("file_system_id",),
    "aws_flow_log": ("vpc_id", "subnet_id"),
    "aws_iam_policy_attachment": ("roles",),
    "aws_iam_role_policy": ("role",),
    "aws_iam_role_policy_attachment": ("role",),
    "aws_kms_alias": ("target_key_id",),
    "aws_lambda_event_source_mapping": ("function_name",),
    "aws_lambda_permission": ("function_name",),
    "aws_lb_listener": ("load_balancer_arn",),
    "aws_lb_listener_certificate": ("listener_arn",),
    "aws_lb_listener_rule": ("listener_arn",),
    "aws_lb_target_group_attachment": ("target_group_arn",),
    "aws_rds_cluster_instance": ("cluster_identifier",),
    "aws_route": ("route_table_id",),
    "aws_route53_query_log": ("zone_id",),
    "aws_route_table": ("vpc_id",),
    "aws_route_table_association": ("subnet_id", "route_table_id"),
    "aws_security_group_rule": ("security_group_id",),
    "aws_secretsmanager_secret_policy": ("secret_arn",),
    "aws_secretsmanager_secret_version": ("secret_id",),
    "aws_sns_topic_policy": ("arn",),
    "aws_sns_topic_subscription": ("topic_arn",),
    "aws_vpc_endpoint_route_table_association": ("vpc_endpoint_id",),
    "aws_vpc_security_group_egress_rule": ("security_group_id",),
    "aws_vpc_security_group_ingress_rule": ("security_group_id",),
    "aws_wafv2_web_acl_association": ("web_acl_arn",),
    "aws_wafv2_web_acl_logging_configuration": ("resource_arn",),
}
"""Argument that names the owner of a supporting resource, where the first reference would name somebody else."""

INWARD = frozenset(
    {
        "aws_apigatewayv2_domain_name",
        "aws_cloudfront_cache_policy",
        "aws_cloudfront_origin_access_control",
        "aws_cloudfront_response_headers_policy",
        "aws_db_option_group",
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_docdb_subnet_group",
        "aws_ecs_task_definition",
        "aws_eip",
        "aws_elasticache_parameter_group",
        "aws_elasticache_subnet_group",
        "aws_iam_instance_profile",
        "aws_iam_policy",
        "aws_iam_role",
        "aws_key_pair",
        "aws_launch_configuration",
        "aws_launch_template",
        "aws_lb_target_group",
        "aws_network_interface",
        "aws_rds_cluster_parameter_group",
        "aws_security_group",
        "aws_wafv2_ip_set",
        "aws_wafv2_regex_pattern_set",
    }
)
"""Supporting types that belong to whoever refers to them."""

LINKS: dict[str, tuple[str, str, str]] = {
    # type: (argument of the sender, argument of the receiver, label)
    "aws_lambda_event_source_mapping": ("event_source_arn", "function_name", ""),
    "aws_sns_topic_subscription": ("topic_arn", "endpoint", ""),
    "aws_cloudwatch_event_target": ("rule", "arn", ""),
    "aws_apigatewayv2_integration": ("api_id", "integration_uri", ""),
    "aws_apigatewayv2_authorizer": ("api_id", "authorizer_uri", ""),
    "aws_cloudwatch_log_subscription_filter": ("log_group_name", "destination_arn", ""),
    "aws_volume_attachment": ("instance_id", "volume_id", ""),
    "aws_api_gateway_integration": ("rest_api_id", "uri", ""),
    "aws_s3_bucket_notification": ("bucket", "", "event"),
}
"""Supporting types that connect two cards; an empty receiver means every other reference in it."""
