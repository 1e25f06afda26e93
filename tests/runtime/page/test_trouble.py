"""An API that refuses, fails, is slow, or is not there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.runtime.page.browser import opened
from tests.runtime.page.stage import Refusal, Stage


def on(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "running", "ready", "on"
    page.goto(stage.address)
    page.get_by_role("heading", name="On", exact=True).wait_for()


def test_an_address_that_is_not_allowed(stage: Stage, page: Page) -> None:
    stage.refusals.append(Refusal(403, "address"))
    page.goto(stage.address)
    expect(page.get_by_role("heading", name="Not from here")).to_be_visible()
    expect(page.locator("#refused-text")).to_contain_text("not on the list of allowed addresses")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def test_a_device_that_was_revoked_meanwhile(stage: Stage, page: Page) -> None:
    on(stage, page)
    stage.paired = False
    page.get_by_role("button", name="1 h", exact=True).click()
    expect(page.get_by_role("heading", name="Pair this device")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("This device is no longer registered. Pair it again.")


def test_the_loser_of_a_race_sees_what_is_happening(stage: Stage, page: Page) -> None:
    on(stage, page)
    stage.state, stage.phase, stage.want = "stopping", "stopping", "off"
    stage.steps = False
    now = stage.document()
    detail = "Minji asked for a stop at the same moment, and was first."
    stage.refusals.append(Refusal(409, "conflict", path="/service/auto-stop", detail=detail, workstation=now))
    page.get_by_role("switch").click()
    expect(page.locator("#toast-text")).to_have_text(detail)
    expect(page.get_by_role("heading", name="Stopping")).to_be_visible()


def test_told_to_wait(stage: Stage, page: Page) -> None:
    on(stage, page)
    stage.refusals.append(Refusal(429, "locked", path="/service/auto-stop", retry_after=40))
    page.get_by_role("switch").click()
    expect(page.locator("#toast-text")).to_have_text("Too many attempts. Try again in 40 s.")
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The API failed. Nothing is lost; try again."),
        ("ko", "API에 오류가 났습니다. 잃은 것은 없으니 다시 시도하세요."),
    ],
)
def test_a_fault_of_the_api_is_one_sentence(browser: Browser, stage: Stage, language: str, said: str) -> None:
    with opened(browser, language=language) as made:
        stage.state, stage.phase = "running", "ready"
        made.page.goto(stage.address)
        stage.refusals.append(Refusal(500, "fault", path="/service/auto-stop"))
        made.page.get_by_role("switch").click()
        expect(made.page.locator("#toast-text")).to_have_text(said)
        expect(made.page.get_by_role("switch")).not_to_have_attribute("aria-busy", "true")


def test_a_page_of_a_gateway_instead_of_json(stage: Stage, page: Page) -> None:
    on(stage, page)
    page.route("**/service/auto-stop", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.get_by_role("switch").click()
    expect(page.locator("#toast-text")).to_have_text("The API failed. Nothing is lost; try again.")


def test_lost_contact_is_said_and_mended(stage: Stage, page: Page) -> None:
    page.clock.install()
    on(stage, page)
    page.route("**/service/status", lambda route: route.abort())
    for seconds in (16, 3, 5):
        page.clock.run_for(seconds * 1000)
        page.wait_for_timeout(200)
    expect(page.locator("#banner")).to_contain_text("No contact with the workstation's API. Trying again in ")
    expect(page.locator("#contact")).to_contain_text("last heard ")
    # What was known stays to be read.
    expect(page.get_by_role("heading", name="On", exact=True)).to_be_visible()
    page.unroute("**/service/status")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#contact")).to_have_text("Live")


def test_one_lost_answer_frightens_nobody(stage: Stage, page: Page) -> None:
    page.clock.install()
    on(stage, page)
    stage.refusals.append(Refusal(500, "fault", path="/service/status"))
    page.clock.run_for(16000)
    page.wait_for_timeout(300)
    assert stage.refusals == []
    expect(page.locator("#banner")).to_be_hidden()


def test_failures_are_asked_about_more_and_more_rarely(stage: Stage, page: Page) -> None:
    page.clock.install()
    on(stage, page)
    asked: list[Route] = []

    def refuse(route: Route) -> None:
        asked.append(route)
        route.abort()

    page.route("**/service/status", refuse)
    counts = []
    for _ in range(6):
        before = len(asked)
        for _ in range(60):
            page.clock.run_for(1000)
        page.wait_for_timeout(100)
        counts.append(len(asked) - before)
    # 2, 4, 8, 16, 32, then 60 seconds apart.
    assert counts[0] >= 3
    assert counts[-1] <= 1


def test_offline_and_back(stage: Stage, page: Page) -> None:
    on(stage, page)
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("This device is offline.")
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()


def hide(page: Page, hidden: bool) -> None:
    """What the browser does when the tab goes to the background."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_a_hidden_tab_asks_nothing_and_a_shown_one_at_once(stage: Stage, page: Page) -> None:
    page.clock.install()
    on(stage, page)
    hide(page, True)
    before = len(stage.asked("GET", "/service/status"))
    page.clock.run_for(120_000)
    page.wait_for_timeout(200)
    assert len(stage.asked("GET", "/service/status")) == before
    stage.state, stage.phase = "stopped", "off"
    hide(page, False)
    expect(page.get_by_role("heading", name="Off", exact=True)).to_be_visible()


def test_hiding_the_tab_carries_out_a_stop_that_waits(stage: Stage, page: Page) -> None:
    on(stage, page)
    page.get_by_role("button", name="Stop now").click()
    hide(page, True)
    page.wait_for_timeout(300)
    assert [path for method, path, _ in stage.requests if method == "PUT"] == ["/service/shutdown?after_min=0"]
    hide(page, False)
    expect(page.get_by_role("heading", name="Off", exact=True)).to_be_visible()
    # Once only.
    assert len(stage.asked("PUT")) == 1


def test_how_often_it_asks(stage: Stage, page: Page) -> None:
    page.clock.install()
    on(stage, page)
    page.wait_for_timeout(300)
    before = len(stage.asked("GET", "/service/status"))
    for _ in range(60):
        page.clock.run_for(1000)
        page.wait_for_timeout(10)
    calm = len(stage.asked("GET", "/service/status")) - before
    assert 3 <= calm <= 5
    stage.state, stage.phase, stage.steps = "pending", "starting", False
    for _ in range(16):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)
    before = len(stage.asked("GET", "/service/status"))
    for _ in range(20):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)
    moving = len(stage.asked("GET", "/service/status")) - before
    assert 7 <= moving <= 12


def test_a_slow_old_answer_does_not_cover_a_new_one(stage: Stage, page: Page) -> None:
    held: list[Route] = []
    stage.state, stage.phase, stage.want = "running", "ready", "on"
    old = stage.document()
    page.goto(stage.address)
    page.get_by_role("heading", name="On", exact=True).wait_for()
    page.route("**/service/status", lambda route: held.append(route))
    hide(page, True)
    hide(page, False)  # asks, and is not answered yet
    page.wait_for_timeout(200)
    assert len(held) == 1
    stage.steps = False
    page.get_by_role("switch").click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    held[0].fulfill(json=old)
    page.wait_for_timeout(300)
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "false")


def test_an_answer_that_never_comes(stage: Stage, page: Page) -> None:
    page.clock.install()
    on(stage, page)
    page.route("**/service/auto-stop", lambda _route: None)
    page.get_by_role("switch").click()
    page.clock.run_for(21_000)
    expect(page.locator("#toast-text")).to_have_text("The API took too long to answer.")
