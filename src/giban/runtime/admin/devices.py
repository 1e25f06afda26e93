"""Registered devices: each has a secret of its own, of which only the hash is kept."""

from __future__ import annotations

from ..common.store import Clash, Put
from ..common.times import iso

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..common.store import Item
    from ..power.table import Table

COOKIE_LIFE = 400 * 86_400
"""Seconds; browsers keep no cookie longer (RFC 6265bis, 5.5)."""
REVOKED_LIFE = 90 * 86_400.0
"""Seconds a revoked device is kept, so that the events that name it can be understood."""
SEEN_EVERY = 600.0
"""Seconds between two notes of when a device was last used."""
MOST_DEVICES = 50
_HEX = frozenset("0123456789abcdef")


class Device:
    """A registered device."""

    __slots__ = ("created", "hash", "id", "last_address", "last_used", "name", "revoked", "version")

    def __init__(self, item: Item) -> None:
        doc = item.doc
        self.id = item.sk
        self.version = item.version
        self.name: str = doc["name"]
        self.hash: str = doc["hash"]
        """SHA-256 of the secret, "" when revoked. The secret has 256 random bits: a slow hash would add nothing."""
        self.created: float = doc["created"]
        self.last_used: float = doc["last_used"]
        self.last_address: str = doc["last_address"]
        self.revoked: float | None = doc.get("revoked")

    @property
    def who(self) -> str:
        """As the audit names it: names can be alike, numbers not."""
        return f"{self.name} ({self.id[:6]})"

    def document(self) -> dict[str, Any]:
        """What is kept."""
        names = ("name", "hash", "created", "last_used", "last_address", "revoked")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def shown(self, current: str) -> dict[str, Any]:
        """What a person may see of it. `current`: the device that asks."""
        return {
            "id": self.id,
            "name": self.name,
            "created": iso(self.created),
            "last_used": iso(self.last_used),
            "last_address": self.last_address,
            "current": self.id == current,
        }


class Devices:
    """The devices of one workstation, kept in the table."""

    def __init__(self, table: Table, workstation: str) -> None:
        self.table = table
        self.workstation = workstation
        self.pk = f"device/{workstation}"

    @property
    def cookie_name(self) -> str:
        """`__Host-`: the browser takes it from this host only, over TLS, for every path (RFC 6265bis, 4.1.3.2)."""
        return f"__Host-giban-{self.workstation}"

    def set_cookie(self, identifier: str, secret: str) -> str:
        """Set-Cookie that gives a browser its secret."""
        return self._cookie(f"{identifier}.{secret}", COOKIE_LIFE)

    def clear_cookie(self) -> str:
        """Set-Cookie that takes it back."""
        return self._cookie("", 0)

    def _cookie(self, value: str, age: int) -> str:
        return f"{self.cookie_name}={value}; Path=/; Max-Age={age}; HttpOnly; Secure; SameSite=Strict"

    def add(self, identifier: str, secret: str, name: str, address: str, now: float) -> Device:
        """Register a device. `identifier`: 16 hexadecimal digits, `secret`: random text."""
        doc = {"name": name, "hash": hashed(secret), "created": now, "last_used": now, "last_address": address}
        self.table.put(Put(self.pk, identifier, doc, 0, now + COOKIE_LIFE))
        found = self.find(identifier, now)
        assert found is not None  # noqa: S101 - it has just been written, and reads are consistent
        return found

    def find(self, identifier: str, now: float) -> Device | None:
        """A device by its number, revoked or not; None when there is none."""
        item = self.table.get(self.pk, identifier, now)
        return Device(item) if item else None

    def all(self, now: float) -> list[Device]:
        """Those that may ask, the one used last first."""
        found = (Device(item) for item in self.table.query(self.pk, now=now))
        return sorted((one for one in found if one.revoked is None), key=lambda one: (-one.last_used, one.id))

    def seen(self, device: Device, address: str, now: float) -> bool:
        """Note that it was used, now and then; whether it was noted. Used devices stay registered."""
        if now - device.last_used < SEEN_EVERY and device.last_address == address:
            return False
        device.last_used, device.last_address = max(now, device.last_used), address
        try:
            self.table.put(Put(self.pk, device.id, device.document(), device.version, device.last_used + COOKIE_LIFE))
        except Clash:
            # Noted by another request of the same moment, or revoked in it.
            return False
        device.version += 1
        return True

    def revoke(self, identifier: str, now: float) -> Device | None:
        """Take a device's right away for good. None: there is no such device; the same when done twice."""
        found = self.find(identifier, now)
        if found is None or found.revoked is not None:
            return found

        def alter(doc: dict[str, Any] | None) -> tuple[dict[str, Any], float]:
            return {**(doc or found.document()), "hash": "", "revoked": now}, now + REVOKED_LIFE

        self.table.change(self.pk, identifier, alter)
        return found


def split(cookie: str) -> tuple[str, str] | None:
    """Number and secret in a cookie's value; None when it is not of that form."""
    identifier, _, secret = cookie.partition(".")
    if len(identifier) == 16 and all(character in _HEX for character in identifier) and 0 < len(secret) <= 128:
        return identifier, secret
    return None


def is_secret_of(device: Device, secret: str) -> bool:
    """Whether the secret is the device's; never for one that is revoked. Compared in constant time."""
    import hmac

    return hmac.compare_digest(device.hash.encode(), hashed(secret).encode()) and device.revoked is None


def hashed(secret: str) -> str:
    """SHA-256, hexadecimal."""
    import hashlib

    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
