"""The few questions giban asks AWS itself, through botocore (the extra `aws`): who am I, and the bucket for the state.

Everything that is created for a blueprint is created by Terraform, not here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec

from giban.terraform.errors import TerraformError, UserMistake, failure, translate
from giban.terraform.events import Diagnostic

Clients = Callable[[str], Any]
"""Service name (`s3`, `dynamodb`, `sts`) -> a botocore or boto3 client."""


class Identity(msgspec.Struct, frozen=True):
    """Whose credentials these are."""

    account: str
    """Twelve digits."""
    arn: str


def clients(
    region: str, *, profile: str | None = None, endpoint: str | None = None, keys: tuple[str, str] | None = None
) -> Clients:
    """Clients for a region with the user's credentials.

    `profile` is one of the user's (default: AWS_PROFILE). For the rehearsal, `endpoint` is the emulator and `keys` are
    its made-up credentials, and nothing of the user's is read. Raises UserMistake when botocore is not installed, or
    the profile does not exist.
    """
    try:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError as error:
        raise UserMistake(message="This needs botocore: pip install 'giban[aws]'") from error
    config = Config(
        user_agent_extra="giban",
        connect_timeout=10,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 3},
        s3={"addressing_style": "path"} if endpoint else None,
    )
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            session = Session(profile=profile) if keys is None else Session(session_vars=_nothing_of_the_user())
            try:
                made[service] = session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=endpoint,
                    aws_access_key_id=keys[0] if keys else None,
                    aws_secret_access_key=keys[1] if keys else None,
                    config=config,
                )
            except BotoCoreError as error:
                raise from_aws(error) from error
        return made[service]

    return client


def _nothing_of_the_user() -> dict[str, tuple[None, None, str | None, None]]:
    """botocore's session variables (config name, environment variable, default, conversion) that lead to no profile."""
    return {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }


def identity(client: Clients) -> Identity:
    """Whose credentials these are (`sts get-caller-identity`, which every identity may ask)."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise from_aws(error) from error
    return Identity(answer["Account"], answer["Arn"])


def from_aws(error: Exception) -> TerraformError:
    """An error of botocore, translated like those of Terraform."""
    return failure(translate([Diagnostic("error", str(error))]))


def code_of(error: Exception) -> str:
    """The code AWS gave (`NoSuchBucket`, `404`), or an empty string."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
