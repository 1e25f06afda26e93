"""What the page says of each state of a workstation, and what can be done in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runtime.page.browser import DESKTOP, opened
from tests.runtime.page.stage import Stage, iso


def buttons(page: Page) -> list[str]:
    """What the big card offers, in order."""
    return [one.inner_text() for one in page.locator(".hero .actions > :visible").all()]


def show(stage: Stage, page: Page) -> None:
    stage.steps = False
    page.goto(stage.address)
    page.locator("#workstation").wait_for()


def facts(page: Page, name: str) -> dict[str, str]:
    rows = page.locator(f"#{name} > div").all()
    return {row.locator("dt").inner_text(): row.locator("dd").inner_text().replace("\n", ", ") for row in rows}


def test_off(stage: Stage, page: Page) -> None:
    stage.patch = {"next_start": iso(stage.clock() + timedelta(hours=14, minutes=3, seconds=30))}
    show(stage, page)
    expect(page.get_by_role("heading", name="Off", exact=True)).to_be_visible()
    assert buttons(page) == ["Start"]
    assert page.title() == "dev · off"
    expect(page.locator("#why")).to_contain_text("Nobody has used it for a while.")
    assert facts(page, "stops")["Next start"].endswith("in 14 h 3 min")
    # Nothing to keep, nobody active.
    expect(page.locator("#keep")).to_be_hidden()
    expect(page.locator("#activity")).to_be_hidden()


@pytest.mark.parametrize(
    ("state", "phase", "title", "percent"),
    [
        ("stopped", "asked", "Asked to start", 5),
        ("pending", "starting", "Starting", 30),
        ("running", "booting", "Booting", 65),
    ],
)
def test_on_the_way_up(stage: Stage, page: Page, state: str, phase: str, title: str, percent: int) -> None:
    stage.state, stage.phase, stage.want = state, phase, "on"
    stage.since = stage.clock() - timedelta(seconds=20)
    show(stage, page)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    assert buttons(page) == ["Cancel the start"]
    assert page.get_by_role("progressbar", name="Progress of the start").get_attribute("value") == str(percent)
    assert page.title() == f"dev · {percent} %"
    current = page.locator("#steps [aria-current=step]")
    expect(current).to_have_count(1)
    assert page.locator("#steps li.done").count() == ["asked", "starting", "booting"].index(phase)


def test_progress_never_reads_done_before_the_ide_answers(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "running", "booting", "on"
    stage.since = stage.clock() - timedelta(seconds=20)
    stage.patch = {"progress": {"percent": 100}}
    show(stage, page)
    expect(page.locator("#percent")).to_have_text("99%")
    expect(page.locator("#open")).to_be_hidden()


def test_on(stage: Stage, page: Page) -> None:
    stage.state, stage.phase = "running", "ready"
    show(stage, page)
    expect(page.get_by_role("heading", name="On", exact=True)).to_be_visible()
    assert buttons(page) == ["Open the IDE", "Stop now", "Stop in…"]
    link = page.get_by_role("link", name="Open the IDE")
    assert link.get_attribute("href") == "https://dev.scv.example.com/"
    assert link.get_attribute("rel") == "noopener"
    expect(page.locator("#since")).to_contain_text("3 h 12 min, since ")
    stops = facts(page, "stops")
    assert stops["Stops without activity"].endswith(("in 24 min", "in 23 min"))
    assert stops["At the latest"].endswith("in 2 d 20 h")
    expect(page.locator("#changes")).to_contain_text("Any activity moves the stop on")


def test_stopping(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "stopping", "stopping", "off"
    show(stage, page)
    expect(page.get_by_role("heading", name="Stopping", exact=True)).to_be_visible()
    assert buttons(page) == ["Start again"]


def test_a_start_remembered_while_stopping(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "stopping", "stopping", "on"
    show(stage, page)
    assert buttons(page) == []
    expect(page.locator("#note")).to_have_text("It starts again as soon as it has stopped.")


def test_a_stop_remembered_while_starting(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "pending", "starting", "off"
    show(stage, page)
    assert buttons(page) == []
    expect(page.locator("#note")).to_have_text("It stops again as soon as it has started.")


@pytest.mark.parametrize("state", ["missing", "terminated"])
def test_gone(stage: Stage, page: Page, state: str) -> None:
    stage.patch = {"state": state}
    show(stage, page)
    expect(page.get_by_role("heading", name="The machine is gone")).to_be_visible()
    assert buttons(page) == []
    expect(page.locator("#note")).to_contain_text("giban up")


def test_what_the_keeper_notices_is_shown(browser: Browser, stage: Stage) -> None:
    notice = {
        "notice": "AWS has no room for t3.large at the moment.",
        "notice_ko": "지금 t3.large 여유 용량이 없습니다.",
    }
    stage.patch = {"progress": notice}
    for language, key in (("en", "notice"), ("ko", "notice_ko")):
        with opened(browser, language=language) as made:
            show(stage, made.page)
            expect(made.page.locator("#note")).to_have_text(notice[key])


def test_an_ide_that_does_not_answer_is_a_condition_not_a_progress(stage: Stage, page: Page) -> None:
    stage.state, stage.phase, stage.want = "running", "booting", "on"
    show(stage, page)
    expect(page.get_by_role("heading", name="On", exact=True)).to_be_visible()
    expect(page.locator("#note")).to_have_text("The machine is on, but its IDE does not answer.")
    assert buttons(page) == ["Open the IDE", "Stop now"]
    expect(page.locator("#progress")).to_be_hidden()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//elsewhere.example", "", None])
def test_only_web_addresses_become_links(stage: Stage, page: Page, url: str | None) -> None:
    stage.state, stage.phase = "running", "ready"
    stage.patch = {"ide": {"url": url}}
    show(stage, page)
    expect(page.locator("#open")).to_be_hidden()
    assert page.locator("#open").get_attribute("href") is None


def test_why_it_is_on_and_what_changes_that(browser: Browser, stage: Stage) -> None:
    stage.state, stage.phase, stage.auto_stop = "running", "ready", False
    until = iso(stage.clock() + timedelta(hours=2))
    stage.leases = [{"id": "a", "until": until, "for": "training", "by": "Minji", "at": until}]
    with opened(browser) as made:
        show(stage, made.page)
        changes = made.page.locator("#changes > li")
        expect(changes).to_have_count(2)
        expect(changes.nth(0)).to_contain_text("Kept on: Minji: training")
        # The text names its source already.
        expect(changes.nth(0)).not_to_contain_text("from Minji")
        expect(changes.nth(0)).to_contain_text("until ")
        expect(changes.nth(1)).to_contain_text("Auto-stop is switched off")
        expect(changes.nth(1)).to_contain_text("from the switch below")
        expect(made.page.get_by_role("switch", name="Stop automatically")).to_have_attribute("aria-checked", "false")
    with opened(browser, language="ko") as made:
        show(stage, made.page)
        expect(made.page.locator("#changes")).to_contain_text("자동 종료가 꺼져 있습니다")


def test_an_open_session_has_no_next_stop(stage: Stage, page: Page) -> None:
    stage.state, stage.phase = "running", "ready"
    latest = iso(stage.since + timedelta(hours=72))
    decision = {"reason": "ssh", "text": "An SSH session is open.", "until": None, "stops_at": latest}
    stage.patch = {"ssh_sessions": 2, "decision": decision}
    show(stage, page)
    assert facts(page, "stops")["Next stop"] == "not while this lasts"
    assert facts(page, "activity")["SSH sessions"] == "2"


def test_a_planned_stop(stage: Stage, page: Page) -> None:
    stage.state, stage.phase = "running", "ready"
    stage.reservation = stage.clock() + timedelta(minutes=90, seconds=20)
    show(stage, page)
    assert facts(page, "stops")["Stops"].endswith("in 1 h 30 min")
    assert buttons(page)[-1] == "Change the stop"


def test_the_three_signals_and_the_agent(stage: Stage, page: Page) -> None:
    stage.state, stage.phase = "running", "ready"
    now = stage.clock()
    stage.patch = {
        "web": {
            "state": "connected",
            "connected_at": iso(now),
            "interacting_at": iso(now - timedelta(minutes=6, seconds=5)),
        },
        "working": {
            "at": iso(now),
            "cpu_percent": 61.4,
            "jobs": ["pytest"],
            "containers": [{"name": "db", "cpu_percent": 3}],
        },
        "agent": {"last_report": iso(now - timedelta(minutes=20)), "silent": True, "version": "1"},
    }
    show(stage, page)
    found = facts(page, "activity")
    assert found["Browser"] == "open, used 6 min ago"
    assert found["Work"] == "61 % CPU · pytest, db"
    assert found["Host agent"].startswith("silent since ")


def test_text_of_others_is_text(stage: Stage, page: Page) -> None:
    stage.state, stage.phase = "running", "ready"
    until = iso(stage.clock() + timedelta(hours=2))
    stage.leases = [{"id": "a", "until": until, "for": "<img src=x onerror=alert(1)>", "by": "<b>x</b>", "at": until}]
    show(stage, page)
    expect(page.locator("#leases")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#leases img, #leases b, #changes img").count() == 0


def test_times_follow_the_server_not_this_device(browser: Browser, stage: Stage) -> None:
    stage.state, stage.phase = "running", "ready"
    with opened(browser) as made:
        made.page.add_init_script("const real = Date.now; Date.now = () => real() + 86400000 * 3")
        show(stage, made.page)
        assert facts(made.page, "stops")["Stops without activity"].endswith(("in 24 min", "in 23 min"))


def test_a_computer_shows_the_events_at_once(browser: Browser, stage: Stage) -> None:
    stage.events = [{"what": "started", "who": "keeper", "at": iso(stage.clock()), "why": ""}]
    with opened(browser, viewport=DESKTOP) as made:
        show(stage, made.page)
        expect(made.page.locator("#event-list")).to_contain_text("Started")
    stage.requests.clear()
    with opened(browser) as made:
        show(stage, made.page)
        expect(made.page.locator("#event-list")).to_be_hidden()
        assert stage.asked("GET", "/service/events") == []
