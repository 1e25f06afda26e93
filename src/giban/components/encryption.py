"""One customer-managed key for the environment: databases, secrets, logs and buckets."""

from __future__ import annotations

from typing import Any

from giban.components.environment import Environment, part
from giban.components.policies import Statement, allow, document
from giban.graph.refs import Ref
from giban.graph.resource import Resource
from giban.graph.stack import Stack


@part
def key(env: Environment) -> Resource:
    """The region's key, rotated every year, deleted thirty days after it is given up."""
    return _key(env, env.region)


@part
def global_key(env: Environment) -> Resource:
    """The key of the `global` root, for what must live in us-east-1."""
    return _key(env, env.globe)


def decrypt(env: Environment, *services: str) -> Statement:
    """A statement that lets a role use the region's key, but only through these services (`"s3"`)."""
    return allow("Decrypt", ["kms:Decrypt", "kms:GenerateDataKey"], key(env).arn, Condition=through(env, *services))


def through(env: Environment, *services: str) -> dict[str, Any]:
    """The condition that a key is used through one of these services
    (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service)."""
    names = [f"{service}.{env.region_name}.amazonaws.com" for service in services]
    return {"StringEquals": {"kms:ViaService": names[0] if len(names) == 1 else names}}


def _key(env: Environment, stack: Stack) -> Resource:
    scope = env.scope("encryption", label="main", stack=stack)
    account = scope.data("aws_caller_identity", "current").account_id
    made = scope.add(
        "aws_kms_key",
        description=f"{env.prefix}: databases, secrets, logs and buckets",
        enable_key_rotation=True,
        deletion_window_in_days=30 if env.production else 7,
        policy=document(
            {
                "Sid": "AccountDecides",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
                "Sid": "LogGroups",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{stack.region}.amazonaws.com"},
                "Action": ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": "*",
                "Condition": {
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{stack.region}:{account}:*"}
                },
            },
            *(_publishers(account) if env.blueprint.alarms is not None and stack is env.region else ()),
        ),
    )
    scope.add("aws_kms_alias", name=f"alias/{env.prefix}", target_key_id=made.key_id)
    return made


def _publishers(account: Ref) -> list[Statement]:
    """Who publishes to the encrypted topics of `alarms`
    (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services)."""
    use = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
    return [
        {
            "Sid": "Publishers",
            **use,
            "Principal": {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
        # EventBridge does not say for whom it asks: with a condition no event would ever arrive. The topic's policy decides.
        {"Sid": "Events", **use, "Principal": {"Service": "events.amazonaws.com"}},
    ]
