"""Secrets of the channels, read once and kept for five minutes: a new webhook shall soon count, a message shall not cost a call.

Values are in memory and in requests, nowhere else: not in errors, logs, or the table.
"""

from __future__ import annotations

from ..common.aws import code_of
from .channels import Broken, Later

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LIFE = 300.0
"""Seconds a value is kept."""
REST = 30.0
"""Seconds between two looks for a value that was not there."""
MISSING = "ResourceNotFoundException"
PASSING = ("InternalServiceError", "InternalServiceErrorException", "ThrottlingException", "RequestLimitExceeded",
           "ServiceUnavailable", "")  # fmt: skip


class Secrets:
    """Reads them. `client` makes a Secrets Manager client."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client
        self._kept: dict[str, tuple[float, str]] = {}
        self._missing: dict[str, tuple[float, str]] = {}

    def value(self, name: str, now: float) -> str:
        """The text of a secret. Raises Broken when there is none or it may not be read, Later when AWS has trouble."""
        found = self._kept.get(name)
        if found is not None and 0 <= now - found[0] < LIFE:
            return found[1]
        gone = self._missing.get(name)
        if gone is not None and 0 <= now - gone[0] < REST:
            raise Broken(gone[1])
        try:
            text = str(self._client().get_secret_value(SecretId=name).get("SecretString") or "").strip()
            reason = "" if text else f"The secret {name} is empty."
        except Exception as error:
            code = code_of(error)
            if code in PASSING:
                # What was right five minutes ago is better than silence.
                if found is not None:
                    return found[1]
                raise Later(f"Secrets Manager: {code or type(error).__name__}") from None
            text, reason = "", f"The secret {name} has no value: put it in with `aws secretsmanager put-secret-value`."
            if code != MISSING:
                reason = f"The secret {name} cannot be read: {code}."
        if reason:
            self._missing[name] = (now, reason)
            raise Broken(reason)
        self._kept[name] = (now, text)
        return text
