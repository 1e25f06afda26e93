"""moto keeps its world in plain dictionaries that its own threads change under each other's hands.

Forty requests of Terraform's at once then fail now and then, the client repeats them, and what had been made after all is
reported as a duplicate. So requests are answered one after another; each takes a few milliseconds, and Python would not do
two at the same time anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def one_at_a_time(application: Application, lock: Lock) -> Application:
    """A WSGI application that answers one request at a time, and none while somebody else holds the lock."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with lock:
            result = application(environ, start_response)
            try:
                return list(result)
            finally:
                close = getattr(result, "close", None)
                if close is not None:
                    close()

    return answer
