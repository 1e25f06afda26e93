"""The inbox's page in a real browser: on a phone and on a desk, light and dark."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from giban.rehearsal.inbox import Inbox
from giban.rehearsal.inbox_server import InboxServer
from tests.runtime.page.browser import DESKTOP, NARROW, PHONE, launched, opened

NOW = 1_795_262_400.0
EVIL = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


class Pressing:
    """Takes note of the buttons that were pressed."""

    def __init__(self, tmp_path: Path) -> None:
        self.pressed: list[Any] = []
        self.inbox = Inbox(str(tmp_path), lambda: NOW)
        self.server = InboxServer(socket.create_server(("127.0.0.1", 0)), self.inbox, self._press)
        self.url = f"http://127.0.0.1:{self.server.port}/"

    def _press(self, message: dict[str, Any], action: dict[str, Any]) -> str:
        if action["value"] == "closed":
            raise ValueError("Nobody listens.")
        self.pressed.append((message["number"], action["value"]))
        self.inbox.change(
            message["number"], {"title": "👤 P1 it · acknowledged", "state": "acknowledged", "actions": []}
        )
        return "acknowledged"


@pytest.fixture
def site(tmp_path: Path) -> Pressing:
    made = Pressing(tmp_path)
    actions = [{"text": "Acknowledge", "action_id": "a", "value": "v"}]
    slack = {
        "service": "slack_bot",
        "to": "C1",
        "thread": "t",
        "priority": "P1",
        "state": "firing",
        "title": "🔴 P1 it · firing",
    }
    made.inbox.add({**slack, "actions": actions, "text": EVIL, "links": [{"text": EVIL, "url": "javascript:alert(1)"}]})
    made.inbox.add({**slack, "title": "a chart"}, b"\x89PNG\r\n\x1a\n")
    made.inbox.add({"service": "sms", "to": "+82", "thread": "s", "text": "x" * 200, "title": "x", "priority": "P2"})
    made.inbox.add({"service": "slack", "to": "team", "title": EVIL, "actions": [{**actions[0], "value": "closed"}]})
    return made


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, NARROW])
@pytest.mark.parametrize("dark", [False, True])
def test_it_shows_threads_and_fits(browser: Browser, site: Pressing, viewport: Any, dark: bool) -> None:
    with opened(browser, viewport=viewport, dark=dark) as there:
        page = there.page
        page.goto(site.url)
        page.wait_for_selector("article")
        assert page.locator("section.thread").count() == 3
        assert page.locator("article.reply").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert page.title() == "Inbox of the rehearsal", "text of a message is never part of the page"
        assert page.locator("a[href^=javascript]").count() == 0
        assert EVIL in page.locator("article").all_inner_texts()[0]
        assert there.complaints == []


def test_a_button_and_what_becomes_of_it(browser: Browser, site: Pressing) -> None:
    with opened(browser) as there:
        page = there.page
        page.goto(site.url)
        page.locator('article[data-number="1"] button').click()
        page.wait_for_selector('article[data-number="1"].acknowledged')
        assert site.pressed == [(1, "v")]
        page.locator('article[data-number="4"] button').click()
        page.wait_for_selector("#note:not([hidden])")
        assert page.locator("#note").inner_text() == "Nobody listens."


def test_what_arrives_appears_and_can_be_chosen_and_emptied(browser: Browser, site: Pressing) -> None:
    with opened(browser) as there:
        page = there.page
        page.goto(site.url)
        page.wait_for_selector("article")
        site.inbox.add({"service": "pagerduty", "thread": "p", "title": "later"})
        page.wait_for_selector("text=later")
        page.get_by_role("button", name="PagerDuty").click()
        assert page.locator("article").count() == 1
        page.get_by_role("button", name="Empty the inbox").click()
        page.wait_for_selector("#empty:not([hidden])")
        assert site.inbox.messages() == []
