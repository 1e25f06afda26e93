"""How long to wait before a delivery is tried again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = 2.0
"""Seconds: the longest wait after the first failure."""
LONGEST = 900.0
"""Seconds: the longest wait of our own."""
LONGEST_ASKED = 3_600.0
"""Seconds of a Retry-After that are honoured; a channel that asks for a day is asked again in an hour."""


def next_try(attempt: int, retry_after: float | None, random: Callable[[], float]) -> float:
    """Seconds until the next try. `attempt` 1 = after the first failure; `random()` lies in [0, 1).

    The wait doubles each time, and its second half is random, so that many that failed together do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "equal jitter"). What the service asks for
    (Retry-After, seconds) is the least.
    """
    longest = min(LONGEST, FIRST * 2.0 ** min(max(attempt, 1) - 1, 30))
    wait = longest / 2 + longest / 2 * random()
    return max(wait, min(max(retry_after, 0.0), LONGEST_ASKED)) if retry_after is not None else wait
