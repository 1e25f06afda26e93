"""Real emulators, started once for the tests that only look at them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.process import Rehearsal, Running

REGION = "ap-northeast-2"


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Emulators that run for the whole session; tests leave them running."""
    made = Rehearsal(str(tmp_path_factory.mktemp("rehearsal")))
    made.start(REGION)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def running(rehearsal: Rehearsal) -> Running:
    found = rehearsal.running()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def client(running: Running) -> Clients:
    return clients(running, REGION)
