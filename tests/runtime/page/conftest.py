"""A browser for the session; a stage and a page for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runtime.page.browser import launched, opened
from tests.runtime.page.stage import Stage

# Milliseconds: these machines are noisy, and nothing fails for being slow.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as made:
        yield made


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone in English."""
    with opened(browser) as made:
        yield made.page
