"""The table of runtimes that have come to their end is dated, and holds nothing that has not."""

from __future__ import annotations

import datetime

from giban.checks.runtimes import AS_OF, ENDED
from giban.components.functions import RUNTIME


def test_every_day_is_before_the_table_was_read() -> None:
    read = datetime.date.fromisoformat(AS_OF)
    assert all(datetime.date.fromisoformat(day) <= read for day in ENDED.values())


def test_our_own_functions_run_on_a_living_one() -> None:
    assert RUNTIME not in ENDED
