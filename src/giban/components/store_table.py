"""The table of a function of ours: items of one key in two parts, as `runtime.common.store` reads and writes them."""

from __future__ import annotations

from giban.components.encryption import key
from giban.components.environment import Scope
from giban.graph.resource import Resource


def store_table(scope: Scope) -> Resource:
    """A table named after the scope: paid by request, encrypted with the environment's key, recoverable to any second."""
    env = scope.env
    return scope.add(
        "aws_dynamodb_table",
        name=scope.name,
        billing_mode="PAY_PER_REQUEST",
        hash_key="pk",
        range_key="sk",
        attribute=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
        ttl={"attribute_name": "expires", "enabled": True},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": key(env).arn},
        deletion_protection_enabled=env.production,
    )
