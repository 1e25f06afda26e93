"""The one file by which a rehearsed root differs from a deployed one: where the provider and the backend talk to.

It holds the run's token, so it is written where only the user can read it, and it is out of date once the emulators
were started anew: run `terraform init -reconfigure` with it each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from giban.rehearsal.process import Running
from giban.rehearsal.services import ACCOUNT, MINISTACK, MOTO, NOBODY, SECRET, emulator_of

RETRIES = 3
"""The provider's default of 25 makes it repeat what an emulator cannot do for a quarter of an hour."""

_OF_THE_USER = frozenset({"assume_role", "assume_role_with_web_identity", "profile", "role_arn", "shared_config_files"})
"""Backend arguments that lead to the user's credentials."""


def override(running: Running, backend: Mapping[str, Any] | None = None, aliases: Iterable[str] = ()) -> dict[str, Any]:
    """The override document of one root.

    `backend` is the body of the root's S3 backend (an override replaces it as a whole, so it is repeated here);
    `aliases` are the aliases of the root's further `aws` providers, which have to exist in its documents.
    """
    main = provider(running)
    document: dict[str, Any] = {"provider": {"aws": [main, *({"alias": alias, **main} for alias in sorted(aliases))]}}
    if backend is not None:
        document["terraform"] = {"backend": {"s3": state_backend(running, backend)}}
    return document


def provider(running: Running) -> dict[str, Any]:
    """Arguments of the `aws` provider that point every service at its emulator."""
    return {
        **_credentials(running),
        "endpoints": [{service: running.url(emulator_of(service)) for service in sorted(MOTO | MINISTACK | NOBODY)}],
        "max_retries": RETRIES,
        "s3_use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
    }


def state_backend(running: Running, backend: Mapping[str, Any]) -> dict[str, Any]:
    """The S3 backend's arguments with the same bucket and key, on the emulators."""
    endpoints = {name: running.url(emulator_of(name)) for name in ("dynamodb", "iam", "s3", "sts")}
    return {
        **{key: value for key, value in backend.items() if key not in _OF_THE_USER},
        **_credentials(running),
        "endpoints": endpoints,
        "max_retries": RETRIES,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": True,
        "use_path_style": True,
    }


def _credentials(running: Running) -> dict[str, str]:
    return {"access_key": ACCOUNT, "secret_key": SECRET, "token": running.token}


def environment(running: Running) -> dict[str, str]:
    """Variables for the Terraform process: a provider newer than the table of services finds no way out either.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    return {"AWS_ENDPOINT_URL": running.url("ministack"), "AWS_EC2_METADATA_DISABLED": "true"}
