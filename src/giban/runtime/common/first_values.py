"""Secrets that Terraform makes without a value: the first function that needs one fills it in, exactly once.

So no value is ever in a state, a plan or a log. Two functions that fill in at the same moment end with one value: both use the
same version number (ClientRequestToken), of which Secrets Manager takes the first value only.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
"""

from __future__ import annotations

import json

from .aws import code_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def value_of(client: Any, arn: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The value of a secret, made with `make` when there is none yet. `client`: Secrets Manager.

    Raises ValueError when it is no JSON object of texts; the text of the value is not in the error.
    """
    text = read(client, arn)
    if text is None:
        _fill_in(client, arn, json.dumps(make(), sort_keys=True))
        text = read(client, arn)
    try:
        found = json.loads(text or "")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"The secret {arn} does not hold a JSON object of texts.")
    return found


def read(client: Any, arn: str) -> str | None:
    """The text of a secret; None when it has no value (or does not exist: writing then says so)."""
    try:
        answer = client.get_secret_value(SecretId=arn)
    except Exception as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    return str(answer.get("SecretString", ""))


def _fill_in(client: Any, arn: str, text: str) -> None:
    import hashlib

    token = f"giban-first-value-{hashlib.sha256(arn.encode()).hexdigest()[:32]}"
    try:
        client.put_secret_value(SecretId=arn, SecretString=text, ClientRequestToken=token)
    except Exception as error:
        # Somebody else filled it in between the look and the write.
        if code_of(error) != "ResourceExistsException":
            raise
