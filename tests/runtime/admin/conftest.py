"""A workstation for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from giban.rehearsal.contents import Clients
from giban.runtime.power.table import Table

from .stage import Stage, new_instance


@pytest.fixture(scope="session")
def shared_instance(client: Clients) -> str:
    """A running instance that no test stops."""
    return new_instance(client)


@pytest.fixture
def stage(client: Clients, table: Table, shared_instance: str) -> Stage:
    """A running workstation nobody has asked for yet. Its instance is shared: not to be stopped."""
    made = Stage(client, table, shared_instance)
    made.settle()
    return made


@pytest.fixture
def new_stage(client: Clients, new_table: Callable[[], Table]) -> Iterator[Callable[..., Stage]]:
    """Makes workstations with an instance of their own, running, with these settings."""
    instances = []

    def make(**settings: object) -> Stage:
        made = Stage(client, new_table(), new_instance(client), **settings)
        instances.append(made.instance)
        made.settle()
        return made

    yield make
    client("ec2").terminate_instances(InstanceIds=instances)


@pytest.fixture
def phone(stage: Stage) -> str:
    """The cookie of a registered device."""
    return stage.pair()
