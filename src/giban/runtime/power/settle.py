"""What an answer of EC2 to a start or stop means: try the next size, wait, or say that it does not work. Pure."""

from __future__ import annotations

from .want import turned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .machines import Failure
    from .observed import Observed
    from .settings import Settings
    from .want import Want

FIRST_WAIT, LONGEST_WAIT = 60.0, 900.0
"""Seconds before all sizes are tried again; doubled each round."""

CAPACITY = (
    "InsufficientInstanceCapacity",
    "InsufficientCapacity",
    "InsufficientHostCapacity",
    "InsufficientReservedInstanceCapacity",
)
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""


def is_capacity(code: str) -> bool:
    """Whether EC2 had no room for this size: as an error of the call, or as the reason why it was stopped again."""
    return code.removeprefix("Server.") in CAPACITY


def is_other_size(code: str) -> bool:
    """Whether another size may work: no room, not offered in this zone, or over a limit of its family."""
    return is_capacity(code) or code in (
        "Unsupported",
        "UnsupportedOperation",
        "VcpuLimitExceeded",
        "InstanceLimitExceeded",
        "MaxSpotInstanceCountExceeded",
        "SpotMaxPriceTooLow",
    )


def is_failed_start(code: str) -> bool:
    """Whether EC2 stopped an instance while it started for a reason that does not go away by trying again.

    Client.InternalError is what EC2 says when it may not use the key of an encrypted volume
    (https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately).
    """
    name = code.removeprefix("Client.")
    return (
        name.startswith(("InvalidKMSKey", "VolumeLimitExceeded", "InvalidSnapshot")) or code == "Client.InternalError"
    )


def settle_start(
    now: float,
    observed: Observed,
    want: Want,
    settings: Settings,
    failure: Failure | None,
    events: list[dict[str, Any]],
) -> tuple[Want, bool]:
    """Take in the answer to a start: changes `observed`, adds events; returns the want, and whether to try the next size now."""
    if failure is None or failure.code == "IncorrectInstanceState":
        # Refused for its state: it is already on its way; the next look sees where to.
        return want, False
    if is_other_size(failure.code):
        return want, capacity_round(now, observed, settings, failure.code, events)
    if is_failed_start(failure.code):
        return cannot_start(now, observed, want, "start_failed", failure.code, events), False
    observed.rounds += 1
    _wait(now, observed)
    notice(now, observed, "start_refused", failure.code, events)
    return want, False


def settle_stop(now: float, observed: Observed, failure: Failure | None, events: list[dict[str, Any]]) -> None:
    """Take in the answer to a stop: a refusal is said, and tried again by a later look."""
    if failure is not None and failure.code != "IncorrectInstanceState":
        notice(now, observed, "stop_refused", failure.code, events)
    elif observed.notice.get("code") == "stop_refused":
        observed.notice = {}


def capacity_round(now: float, observed: Observed, settings: Settings, code: str, events: list[dict[str, Any]]) -> bool:
    """There is no room for the size that was tried: on to the next, or wait when it was the last. True = try the next at once."""
    if observed.size + 1 < len(settings.sizes):
        events.append(
            {"what": "size", "who": "keeper", "why": "capacity", "source": f"{settings.sizes[observed.size]}: {code}"}
        )
        observed.size += 1
        # A size without room says nothing against the machine, and the next one is tried without waiting.
        observed.start_count, observed.start_at = 0, None
        return True
    observed.size = 0
    observed.rounds += 1
    observed.start_count = 0
    _wait(now, observed)
    notice(now, observed, "capacity", ", ".join(settings.sizes) or observed.type, events)
    return False


def cannot_start(
    now: float, observed: Observed, want: Want, code: str, detail: str, events: list[dict[str, Any]]
) -> Want:
    """Give a start up, and say why."""
    notice(now, observed, code, detail, events)
    return turned(want, None, by="keeper", why=code, at=now)


def notice(now: float, observed: Observed, code: str, detail: str, events: list[dict[str, Any]]) -> None:
    """What people should know; in the log only when it is news."""
    if (observed.notice.get("code"), observed.notice.get("detail")) != (code, detail):
        observed.notice = {"code": code, "at": now, "detail": detail}
        events.append({"what": "notice", "who": "keeper", "why": code, "source": detail})


def _wait(now: float, observed: Observed) -> None:
    observed.retry_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** (observed.rounds - 1))
