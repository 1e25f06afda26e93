"""Real clicks and keys: what is asked of the API, what is said about it, what can be undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runtime.page.browser import opened
from tests.runtime.page.stage import Stage, iso


def running(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "running", "ready", "on"
    page.goto(stage.address)
    page.get_by_role("heading", name="On", exact=True).wait_for()


def settled(page: Page, condition: Callable[[], object]) -> None:
    """Wait until the stage has been asked for something."""
    for _ in range(300):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("The page did not ask.")


def test_a_click_on_start_leads_to_the_ide(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name="Asked to start")).to_be_visible()
    # The button that vanished hands the focus to what it led to.
    assert page.evaluate("document.activeElement.id") == "state"
    expect(page.get_by_role("heading", name="Starting")).to_be_visible()
    expect(page.get_by_role("heading", name="Booting")).to_be_visible()
    link = page.get_by_role("link", name="Open the IDE")
    expect(link).to_be_visible()
    assert link.get_attribute("href") == "https://dev.scv.example.com/"
    assert stage.asked("PUT", "/service/start") == [None]
    expect(page.locator("#live")).to_have_text("On")


def test_the_link_opens_the_ide_in_a_tab_of_its_own(browser: Browser, stage: Stage) -> None:
    stage.ide = stage.address + "icon.svg"
    with opened(browser) as made:
        running(stage, made.page)
        with made.context.expect_page() as tab:
            made.page.get_by_role("link", name="Open the IDE").click()
        tab.value.wait_for_load_state()
        assert tab.value.url == stage.ide
        assert tab.value.evaluate("window.opener") is None


def test_two_taps_on_start_ask_once(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    page.get_by_role("button", name="Start", exact=True).dblclick()
    expect(page.get_by_role("link", name="Open the IDE")).to_be_visible()
    # The second tap falls on what took the button's place: it must not cancel the start.
    assert [path for method, path, _ in stage.requests if method == "PUT"] == ["/service/start"]


def test_a_stop_can_be_undone(stage: Stage, page: Page) -> None:
    page.clock.install()
    running(stage, page)
    page.get_by_role("button", name="Stop now").click()
    expect(page.locator("#toast-text")).to_have_text("Stopping in 5 s")
    expect(page.get_by_role("button", name="Stop now")).to_be_disabled()
    page.clock.run_for(2000)
    expect(page.locator("#toast-text")).to_have_text("Stopping in 3 s")
    page.get_by_role("button", name="Undo").click()
    page.clock.run_for(6000)
    expect(page.locator("#toast")).to_be_hidden()
    expect(page.get_by_role("button", name="Stop now")).to_be_enabled()
    expect(page.locator("#live")).to_have_text("It stays on.")
    assert stage.asked("PUT") == []


def test_a_stop_that_is_not_undone_stops(stage: Stage, page: Page) -> None:
    page.clock.install()
    running(stage, page)
    page.get_by_role("button", name="Stop now").click()
    for _ in range(6):
        page.clock.run_for(1000)
    expect(page.get_by_role("heading", name="Stopping")).to_be_visible()
    assert [path for method, path, _ in stage.requests if method == "PUT"] == ["/service/shutdown?after_min=0"]
    page.clock.run_for(3000)
    expect(page.get_by_role("heading", name="Off", exact=True)).to_be_visible()


def test_the_keyboard_reaches_undo(stage: Stage, page: Page) -> None:
    running(stage, page)
    page.get_by_role("button", name="Stop now").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_be_hidden()
    assert stage.asked("PUT") == []


def test_leaving_the_page_does_not_lose_a_stop(stage: Stage, page: Page) -> None:
    running(stage, page)
    page.get_by_role("button", name="Stop now").click()
    page.goto("about:blank")
    settled(page, lambda: stage.asked("PUT", "/service/shutdown"))
    assert stage.state in ("stopping", "stopped")


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"ssh_sessions": 1}, "An SSH session is open"),
        ({"ssh_sessions": 3}, "3 SSH sessions are open"),
        ({"web": {"state": "connected"}}, "The IDE is open in a browser"),
        ({"working": {"jobs": ["train.py"]}}, "Running: train.py"),
    ],
)
def test_stopping_under_somebodys_hands_asks_first(
    stage: Stage, page: Page, patch: dict[str, object], said: str
) -> None:
    stage.patch = patch
    running(stage, page)
    page.get_by_role("button", name="Stop now").click()
    dialog = page.get_by_role("dialog", name="Somebody is using it")
    expect(dialog).to_contain_text(said)
    # The harmless answer has the focus; Escape is one too.
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert stage.asked("PUT") == []
    page.get_by_role("button", name="Stop now").click()
    dialog.get_by_role("button", name="Stop now").click()
    expect(page.get_by_role("heading", name="Stopping")).to_be_visible()


def test_or_stops_in_a_quarter_of_an_hour(stage: Stage, page: Page) -> None:
    stage.patch = {"ssh_sessions": 1}
    running(stage, page)
    page.get_by_role("button", name="Stop now").click()
    page.get_by_role("button", name="Stop in 15 min").click()
    expect(page.locator("#toast-text")).to_contain_text("in 15 min")
    assert [path for method, path, _ in stage.requests if method == "PUT"] == ["/service/shutdown?after_min=15"]


def test_a_later_stop_is_planned_undone_and_planned_again(stage: Stage, page: Page) -> None:
    running(stage, page)
    page.get_by_role("button", name="Stop in…").click()
    dialog = page.get_by_role("dialog", name="Stop later")
    dialog.get_by_role("button", name="2 h").click()
    expect(dialog.get_by_label("Minutes from now")).to_have_value("120")
    expect(dialog).to_contain_text("Stops ")
    dialog.get_by_role("button", name="Stop then").click()
    expect(page.locator("#stops")).to_contain_text("in 2 h")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toast-text")).to_have_text("The planned stop is removed.")
    expect(page.get_by_role("button", name="Stop in…")).to_be_visible()
    assert stage.reservation is None

    page.get_by_role("button", name="Stop in…").click()
    dialog.get_by_label("Minutes from now").fill("45")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Change the stop").click()
    dialog.get_by_role("button", name="Do not stop").click()
    expect(page.get_by_role("button", name="Stop in…")).to_be_visible()
    assert stage.reservation is None


@pytest.mark.parametrize("text", ["", "0", "-5", "4321", "1.5"])
def test_minutes_that_make_no_sense(stage: Stage, page: Page, text: str) -> None:
    running(stage, page)
    page.get_by_role("button", name="Stop in…").click()
    page.get_by_label("Minutes from now").fill(text)
    page.get_by_role("button", name="Stop then").click()
    expect(page.locator("#ask-error")).to_have_text("A whole number of minutes, 1 to 4320 (72 hours).")
    assert stage.asked("PUT") == []


@pytest.mark.parametrize("hours", [1, 2])
def test_keep_it_on_and_undo(stage: Stage, page: Page, hours: int) -> None:
    running(stage, page)
    page.get_by_role("button", name=f"{hours} h", exact=True).click()
    expect(page.locator("#toast-text")).to_contain_text(f"(in {hours} h)")
    assert stage.asked("POST") == [{"minutes": hours * 60, "for": "kept from the page"}]
    expect(page.locator("#reason")).to_have_text("Somebody asked to keep it on.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#leases")).to_be_hidden()
    assert stage.leases == []


def test_keep_it_on_longer_for_a_reason(stage: Stage, page: Page) -> None:
    running(stage, page)
    page.get_by_role("button", name="Longer…").click()
    dialog = page.get_by_role("dialog", name="Keep it on")
    dialog.get_by_role("button", name="8 h").click()
    dialog.get_by_role("button", name="Keep it on").click()
    expect(page.locator("#ask-error")).to_have_text("Say what it is for.")
    dialog.get_by_label("What for").fill("  training run 14 ")
    page.keyboard.press("Enter")
    expect(page.locator("#leases")).to_contain_text("training run 14")
    assert stage.asked("POST") == [{"minutes": 480, "for": "training run 14"}]
    page.get_by_role("button", name="End “training run 14”").click()
    expect(page.locator("#toast-text")).to_have_text("“training run 14” ended.")
    expect(page.locator("#leases")).to_be_hidden()


@pytest.mark.parametrize("text", ["", "0", "-1", "73"])
def test_hours_that_make_no_sense(stage: Stage, page: Page, text: str) -> None:
    running(stage, page)
    page.get_by_role("button", name="Longer…").click()
    page.get_by_label("Hours").fill(text)
    page.get_by_label("What for").fill("x")
    page.keyboard.press("Enter")
    expect(page.locator("#ask-error")).to_have_text("A number of hours above 0, at most 72.")
    assert stage.asked("POST") == []


def test_the_switch(stage: Stage, page: Page) -> None:
    running(stage, page)
    switch = page.get_by_role("switch", name="Stop automatically")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(page.locator("#auto-text")).to_contain_text("after 3 d of uptime")
    switch.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")
    assert stage.asked("PUT", "/service/auto-stop") == [{"on": False}, {"on": True}]


def device(stage: Stage, identifier: str, name: str, *, current: bool = False) -> dict[str, object]:
    now = iso(stage.clock() - timedelta(hours=2))
    return {
        "id": identifier,
        "name": name,
        "current": current,
        "created": now,
        "last_used": now,
        "last_address": "203.0.113.7",
    }


def test_devices_are_listed_and_revoked(stage: Stage, page: Page) -> None:
    stage.devices = [device(stage, "d1", "Laptop", current=True), device(stage, "d2", "Old phone")]
    running(stage, page)
    page.get_by_text("Devices").click()
    expect(page.locator("#device-list")).to_contain_text("used 2 h ago from 203.0.113.7")
    expect(page.locator("#device-list li", has_text="Laptop")).to_contain_text("this device")
    page.get_by_role("button", name="Revoke Old phone").click()
    dialog = page.get_by_role("dialog", name="Revoke “Old phone”?")
    dialog.get_by_role("button", name="Cancel").click()
    assert stage.asked("DELETE") == []
    page.get_by_role("button", name="Revoke Old phone").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.locator("#device-list li")).to_have_count(1)
    assert [one["id"] for one in stage.devices] == ["d1"]


def test_revoking_the_device_in_the_hand_ends_it(stage: Stage, page: Page) -> None:
    stage.devices = [device(stage, "d1", "Laptop", current=True)]
    running(stage, page)
    page.get_by_text("Devices").click()
    page.get_by_role("button", name="Revoke Laptop").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("you lose access at once")
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="Pair this device")).to_be_visible()


def test_events_in_pages(stage: Stage, page: Page) -> None:
    stage.events = [
        {
            "what": "lease",
            "who": f"Minji {n}",
            "at": iso(stage.clock() - timedelta(hours=n)),
            "why": f"run {n}",
            "text": f"run {n}",
        }
        for n in range(45)
    ]
    stage.events[1]["what"] = "something_new"
    stage.events[2]["until"] = iso(stage.clock())
    stage.events[3].update(why="asked", text="asked")
    running(stage, page)
    page.get_by_text("Recent events").click()
    rows = page.locator("#event-list li")
    expect(rows).to_have_count(20)
    expect(rows.nth(0)).to_contain_text("Kept on · run 0")
    expect(rows.nth(0)).to_contain_text("by Minji 0")
    expect(rows.nth(2)).to_contain_text("until ")
    # Nobody needs to be told that what was asked for was asked for.
    expect(rows.nth(3)).not_to_contain_text("asked")
    expect(rows.nth(1)).to_contain_text("something new")
    for count in (40, 45):
        page.get_by_role("button", name="Older events").click()
        expect(rows).to_have_count(count)
    expect(page.get_by_role("button", name="Older events")).to_be_hidden()


def test_a_new_password_is_shown_once(stage: Stage, page: Page) -> None:
    running(stage, page)
    page.get_by_text("IDE password").click()
    page.get_by_role("button", name="Make a new password").click()
    expect(page.locator("#password-value")).to_have_text("made-by-the-stage-7413")
    page.get_by_text("IDE password").click()
    page.get_by_text("IDE password").click()
    expect(page.locator("#password-shown")).to_be_hidden()
    expect(page.locator("#password-value")).to_have_text("")


def test_signing_out(stage: Stage, page: Page) -> None:
    running(stage, page)
    page.get_by_text("Devices").click()
    page.get_by_role("button", name="Sign out this device").click()
    expect(page.get_by_role("heading", name="Pair this device")).to_be_visible()
    expect(page.locator("#pair-error")).to_contain_text("Signed out.")
