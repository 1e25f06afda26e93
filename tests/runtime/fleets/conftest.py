"""A stage of each test: emulators as they are, a table of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from giban.rehearsal.contents import Clients
from giban.rehearsal.process import Running
from giban.runtime.power.table import Table
from tests.runtime.fleets.stage import Stage, all_clients


@pytest.fixture(scope="session")
def every_client(running: Running, client: Clients) -> Clients:
    return all_clients(running, client)


@pytest.fixture
def stage(every_client: Clients, new_table: Callable[[], Table]) -> Stage:
    return Stage(every_client, new_table().name, new_table().name)
