"""What the functions of this room need: settings of the workstation, clients, the clock, randomness. Made on first use."""

from __future__ import annotations

import json

from ..common.addresses import networks
from ..power.settings import Settings
from ..power.table import Table
from .devices import Devices
from .lockout import Locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .codes import Codes
    from .secrets import Secrets


class World:
    """One workstation's admin function and what it may touch. Nothing of AWS is called by making one."""

    def __init__(
        self,
        environment: Mapping[str, str],
        client: Callable[[str], Any],
        now: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        """`client` makes a client of a service, the same one each time; `random` gives random bytes that nobody can guess.

        Raises KeyError and ValueError when the environment is not what the component writes.
        """
        self.workstation = environment["GIBAN_WORKSTATION"]
        self.instance = environment["GIBAN_INSTANCE"]
        self.ide_url = environment.get("GIBAN_IDE_URL") or None
        self.allow = networks(environment["GIBAN_ALLOW"])
        self.settings = Settings.of(json.loads(environment["GIBAN_SETTINGS"]))
        self.now = now
        self.random = random
        self._client = client
        self._table_name = environment["GIBAN_TABLE"]
        self._host_arn, self._pairing_arn = environment["GIBAN_HOST_SECRET"], environment["GIBAN_PAIRING_SECRET"]
        self._secrets: Secrets | None = None

    @property
    def secrets(self) -> Secrets:
        """Secrets Manager; the same one each time, because it remembers the host's key."""
        if self._secrets is None:
            from .secrets import Secrets

            self._secrets = Secrets(
                lambda: self._client("secretsmanager"), self._host_arn, self._pairing_arn, self.random
            )
        return self._secrets

    @property
    def table(self) -> Table:
        """The table of the workstations."""
        return Table(self._client("dynamodb"), self._table_name)

    @property
    def devices(self) -> Devices:
        """Registered devices."""
        return Devices(self.table, self.workstation)

    @property
    def codes(self) -> Codes:
        """Pairing codes."""
        from .codes import Codes

        return Codes(self.table, self.workstation)

    @property
    def locks(self) -> Locks:
        """Failures that were counted."""
        return Locks(self.table, self.workstation)

    @property
    def ec2(self) -> Any:
        """EC2's client."""
        return self._client("ec2")

    def token(self) -> str:
        """Random text that keeps events of one moment apart."""
        return self.random(4).hex()
