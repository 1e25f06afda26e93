"""What was observed of one target, in words that are the same for every kind."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Power = Literal["on", "off", "starting", "stopping", "missing", "broken", "unknown"]


class Seen:
    """One look."""

    __slots__ = (
        "busy", "by_aws", "count", "desired", "detail", "max", "members", "min", "never", "power", "ready", "restart_at",
        "status", "suspended",
    )  # fmt: skip

    def __init__(
        self,
        power: Power,
        status: str = "",
        *,
        ready: bool | None = None,
        busy: bool = False,
        never: str = "",
        by_aws: bool = False,
        detail: str = "",
        min: int | None = None,
        max: int | None = None,
        desired: int | None = None,
        count: int | None = None,
        suspended: frozenset[str] = frozenset(),
        restart_at: float | None = None,
        members: tuple[str, ...] = (),
    ) -> None:
        self.power = power
        """`starting` and `stopping`: AWS has taken it over, it has not come true. `missing`: AWS does not know it. `broken`: AWS
        says that it can neither be started nor stopped. `unknown`: it could not be looked at."""
        self.status = status or power
        """AWS's own word."""
        self.ready = power in ("on", "off") if ready is None else ready
        """Whether it is wholly on (of use) or wholly off (nothing left running)."""
        self.busy = busy
        """AWS would refuse to start or stop it at the moment; later it will not."""
        self.never = never
        """Why AWS refuses to stop it ever, as long as it is made like this."""
        self.by_aws = by_aws
        """AWS, and no person, made it as it is."""
        self.detail = detail
        """For people: why it is not ready, where that is known."""
        self.min = min
        self.max = max
        self.desired = desired
        self.count = count
        """How many there are, ready or not."""
        self.suspended = suspended
        """Processes of a group that somebody suspended."""
        self.restart_at = restart_at
        """When AWS starts a stopped database by itself, seconds since 1970."""
        self.members = members
        """Numbers of its instances, where it consists of some."""

    @property
    def is_on(self) -> bool:
        """On, or on the way."""
        return self.power in ("on", "starting")

    @property
    def is_off(self) -> bool:
        """Off, or on the way."""
        return self.power in ("off", "stopping")
