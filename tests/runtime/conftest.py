"""Real emulators, started once for the tests of deployed code."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.process import Rehearsal, Running
from giban.runtime.power.table import Table

REGION = "ap-northeast-2"


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Emulators that run for the whole session."""
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


@pytest.fixture(scope="session")
def new_table(client: Clients) -> Callable[[], Table]:
    """Makes an empty table as the component declares it."""

    def make() -> Table:
        name = f"acme-dev-workstations-{uuid.uuid4().hex[:8]}"
        client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        return Table(client("dynamodb"), name)

    return make


@pytest.fixture
def table(new_table: Callable[[], Table]) -> Table:
    """A table of one test."""
    return new_table()
