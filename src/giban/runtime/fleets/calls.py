"""Calls of AWS: side by side, until the time is up or AWS asks for less. What is left over is done by the next tick.

botocore has tried each call four times, waiting longer and longer, before an error arrives here.
"""

from __future__ import annotations

from ..common.aws import code_of, message_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

SIDE_BY_SIDE = 4
"""Calls at a time: a thousand of 60 ms take 15 s. More of them mostly wait for each other in the interpreter."""
THROTTLED = (
    "EC2ThrottledException", "PriorRequestNotComplete", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
    "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
)  # fmt: skip
"""https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""
MISSING = (
    "ClusterNotFoundException", "DBClusterNotFoundFault", "DBInstanceNotFound", "DBInstanceNotFoundFault",
    "ResourceNotFoundException", "ServiceNotFoundException",
)  # fmt: skip
"""Codes that say that there is no such thing."""
LATER = (
    "InvalidDBClusterStateFault", "InvalidDBInstanceState", "InvalidDBInstanceStateFault", "ResourceContention",
    "ResourceContentionFault", "ResourceInUse", "ResourceInUseException", "ScalingActivityInProgress", "IncorrectInstanceState",
)  # fmt: skip
"""Codes that say that it is busy with something else."""


class Refused:
    """Why a call failed."""

    __slots__ = ("code", "message")

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message

    @staticmethod
    def of(error: Exception) -> Refused:
        """What AWS says, as data; what is no answer of AWS (no connection) too."""
        return Refused(code_of(error) or type(error).__name__, message_of(error) or str(error))

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.code}: {self.message}"[:300]


class Left:
    """A call that was not made, or was turned away because there were too many: the next tick makes it."""


LEFT = Left()


class Calls:
    """What makes calls for one tick."""

    def __init__(self, until: float, monotonic: Callable[[], float]) -> None:
        self._until = until
        self._monotonic = monotonic
        self._slow: set[str] = set()

    def all(self, service: str, work: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """What each piece of work returns, or Refused, or LEFT. `service`: whose limit on calls they share."""

        def do(name: str) -> Any:
            if service in self._slow or self._monotonic() >= self._until:
                return LEFT
            try:
                return work[name]()
            except Exception as error:
                refused = Refused.of(error)
                if refused.code not in THROTTLED:
                    return refused
                self._slow.add(service)
                return LEFT

        names = list(work)
        if len(names) < 2:
            return {name: do(name) for name in names}
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return dict(zip(names, pool.map(do, names), strict=True))


def batches(values: Sequence[str], size: int) -> Iterator[list[str]]:
    """In order, without repetitions."""
    ordered = sorted(set(values))
    for first in range(0, len(ordered), size):
        yield ordered[first : first + size]
