"""What the functions of this room need: the configuration, the table, clients, the clock, randomness. Made on first use."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .card import View
    from .secrets import Secrets
    from .table import Table

CONFIG = "config.json"
"""Beside this file in the archive; written by the component (see the package's docstring)."""


class World:
    """One environment's router and what it may touch. Nothing of AWS is called by making one."""

    def __init__(
        self,
        environment: Mapping[str, str],
        config: Mapping[str, Any],
        client: Callable[[str], Any],
        now: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        """`client` makes a client of a service, the same one each time; `random` gives random bytes that nobody can guess.

        Raises KeyError when the environment is not what the component writes.
        """
        self.config = dict(config)
        self.now = now
        self.random = random
        self.prefix = environment.get("GIBAN_PREFIX", "")
        self.queue = environment["GIBAN_ALARMS_QUEUE"]
        self.dead_queue = environment["GIBAN_ALARMS_DEAD"]
        self.api = environment.get("GIBAN_ALARMS_API", "").rstrip("/") or None
        self.secret_arn = environment.get("GIBAN_ALARMS_SECRET", "")
        self._table_name = environment["GIBAN_ALARMS_TABLE"]
        self._client = client
        self._table: Table | None = None
        self._secrets: Secrets | None = None
        self._key: bytes | None = None

    @property
    def table(self) -> Table:
        """The table of the alarms."""
        if self._table is None:
            from .table import Table

            self._table = Table(self._client("dynamodb"), self._table_name)
        return self._table

    @property
    def secrets(self) -> Secrets:
        """The channels' secrets; the same one each time, because it remembers."""
        if self._secrets is None:
            from .secrets import Secrets

            self._secrets = Secrets(lambda: self._client("secretsmanager"))
        return self._secrets

    @property
    def channels(self) -> Mapping[str, Mapping[str, Any]]:
        """Name to what the configuration says of it."""
        found: Mapping[str, Mapping[str, Any]] = self.config.get("channels") or {}
        return found

    @property
    def view(self) -> View:
        """How messages look here."""
        from .card import View

        return View.of(self.config)

    def client(self, service: str) -> Any:
        """A client of AWS."""
        return self._client(service)

    def signing_key(self) -> bytes:
        """The key of the links; made when there is none yet, kept for the life of the process."""
        if self._key is None:
            from ..common.first_values import value_of

            made = value_of(self._client("secretsmanager"), self.secret_arn, lambda: {"signing": self.random(32).hex()})
            self._key = bytes.fromhex(made["signing"])
        return self._key

    def topic_arn(self, name: str) -> str:
        """The ARN of a topic of this account and region; partition and account are those of our own secret."""
        if name.startswith("arn:"):
            return name
        parts = self.secret_arn.split(":")
        partition, region, account = (parts[1], parts[3], parts[4]) if len(parts) > 4 else ("aws", "", "")
        return f"arn:{partition}:sns:{region}:{account}:{name}"

    def token(self) -> str:
        """Random text that keeps records of one moment apart."""
        return self.random(4).hex()


def config_of_archive() -> dict[str, Any]:
    """The configuration in the archive. Raises OSError and ValueError."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), CONFIG), encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found
