"""`state`: where Terraform keeps what it knows, one object in the bucket for each root."""

from __future__ import annotations

from typing import Any

from giban.components.environment import Environment, checksum
from giban.graph.stack import Stack


def state_bucket(env: Environment) -> str:
    """The bucket's name. The checksum of domain and name keeps two teams with the same name apart."""
    if env.blueprint.state.bucket:
        return env.blueprint.state.bucket
    owner = env.domain.name if env.domain else env.blueprint.name
    return f"{env.prefix}-tfstate-{checksum(f'{owner}/{env.prefix}')}"


def state_region(env: Environment) -> str:
    """The region of the bucket."""
    return env.blueprint.state.region or env.region_name


def backend(env: Environment, stack: Stack) -> dict[str, Any]:
    """The body of the S3 backend of one root
    (https://developer.hashicorp.com/terraform/language/backend/s3)."""
    bucket = state_bucket(env)
    lock = {"use_lockfile": True} if env.blueprint.state.lock == "s3" else {"dynamodb_table": bucket}
    return {
        "bucket": bucket,
        "encrypt": True,
        "key": f"{env.prefix}/{stack.key}/terraform.tfstate",
        "region": state_region(env),
        **lock,
    }
