"""Faults as the log tells them: what kind, and where; never the text of an error, which can hold what was sent."""

from __future__ import annotations

import json


def say(error: BaseException, **about: object) -> None:
    """A line in the function's log."""
    print(json.dumps({"fault": type(error).__name__, **about, "where": where(error)}))


def where(error: BaseException) -> list[str]:
    """Where an error was raised, without its text, which can hold what was sent."""
    import os
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    return [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
