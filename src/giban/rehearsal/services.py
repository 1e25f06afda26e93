"""Which AWS service is played by which emulator: one table, with the reason for each group.

moto keeps the network, compute, databases and everything these look up in each other (an instance profile, a certificate,
a key, a log group must exist where it is used). ministack keeps the rest: it runs Lambda code and delivers events.
"""

from __future__ import annotations

ACCOUNT = "000000000000"
"""The account of the rehearsal: ministack's default; used as access key too, which both take as the account's number."""

EMULATORS = ("moto", "ministack")
"""In the order they are started, listed and stopped."""

MOTO = frozenset(
    {
        # Network and compute: instances of auto scaling groups really exist and register with target groups.
        "autoscaling", "ec2", "elb", "elbv2",
        # RDS checks subnets and security groups, so it lives where EC2 does.
        "rds",
        # Looked up by the above: instance profiles, certificates of listeners, log groups of flow logs, web ACLs of
        # load balancers, managed master passwords; and the caller that policies name.
        "acm", "cloudwatch", "cloudwatchlogs", "iam", "kms", "secretsmanager", "sts", "wafv2",
        # Knows the public AMI parameters (/aws/service/ami-amazon-linux-latest/…).
        "ssm",
        # Not in ministack at all.
        "codecommit", "codedeploy", "codepipeline", "guardduty", "networkfirewall", "route53resolver", "servicequotas",
        "shield", "synthetics",
    }
)  # fmt: skip
"""Endpoint names of the provider that moto answers."""

MINISTACK = frozenset(
    {
        "account", "apigateway", "apigatewayv2", "appautoscaling", "appconfig", "appsync", "athena", "backup", "batch",
        "budgets", "cloudformation", "cloudfront", "cloudtrail", "codebuild", "cognitoidentity", "cognitoidp",
        "configservice", "dynamodb", "ecr", "ecs", "efs", "eks", "elasticache", "emr", "eventbridge", "firehose", "glue",
        "kafka", "kinesis", "lambda", "mq", "opensearch", "organizations", "pipes", "resourcegroups",
        "resourcegroupstaggingapi", "route53", "s3", "s3control", "scheduler", "servicediscovery", "ses", "sesv2", "sfn",
        "signer", "sns", "sqs", "transfer",
    }
)  # fmt: skip
"""Endpoint names of the provider that ministack answers."""


def emulator_of(service: str) -> str | None:
    """The emulator that plays a service, by the provider's endpoint name; None for one that neither plays."""
    if service in MOTO:
        return "moto"
    return "ministack" if service in MINISTACK else None
