"""A machine and an API for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.agent.api import Api
from tests.runtime.agent.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "root")


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    yield made
    made.close()
