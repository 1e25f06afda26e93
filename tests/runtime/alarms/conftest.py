"""A router and receivers for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from giban.rehearsal.contents import Clients

from .receivers import Receiver, serving
from .stage import Stage, config_of


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Every message of the test arrives here."""
    with serving() as made:
        monkeypatch.setenv("GIBAN_INBOX", made.url)
        yield made


@pytest.fixture
def new_stage(client: Clients) -> Callable[..., Stage]:
    """Makes routers: the channels everything goes to, further configuration."""

    def make(*to: str, **config: Any) -> Stage:
        return Stage(client, config_of(list(to or ("team",)), **config))

    return make
