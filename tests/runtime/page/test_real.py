"""The page with the real admin function on the emulators, over real HTTP: from a fresh device to the IDE and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from giban.rehearsal.contents import Clients
from giban.runtime.power.table import Table
from tests.runtime.admin.server import serve
from tests.runtime.admin.stage import Stage as Workstation
from tests.runtime.admin.stage import new_instance
from tests.runtime.page.browser import opened


@pytest.fixture
def workstation(client: Clients, table: Table) -> Iterator[Workstation]:
    """A workstation that is off."""
    made = Workstation(client, table, new_instance(client))
    made.settle()
    client("ec2").stop_instances(InstanceIds=[made.instance])
    made.settle()
    yield made
    client("ec2").terminate_instances(InstanceIds=[made.instance])


@pytest.fixture
def address(workstation: Workstation) -> Iterator[str]:
    with serve(workstation.world) as base:
        # Browsers take a Secure cookie over plain HTTP from names under localhost, not from addresses.
        yield base.replace("127.0.0.1", "dev-admin.localhost") + "/"


def pair(page: Page, workstation: Workstation, name: str) -> None:
    page.get_by_label("One-time code").fill(workstation.code().lower())
    page.get_by_label("Second factor").fill(workstation.password())
    page.get_by_label("Name of this device").fill(name)
    page.get_by_role("button", name="Pair").click()


def test_from_a_fresh_device_to_the_ide_and_back(
    browser: Browser, client: Clients, workstation: Workstation, address: str
) -> None:
    with opened(browser) as made:
        page = made.page
        page.goto(address)
        pair(page, workstation, "My phone")
        expect(page.get_by_role("heading", name="Off", exact=True)).to_be_visible()
        cookie = page.context.cookies()[0]
        assert cookie["name"] == "__Host-giban-dev"
        assert cookie["httpOnly"]
        assert cookie["secure"]
        assert cookie["sameSite"] == "Strict"

        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_role("progressbar", name="Progress of the start")).to_be_visible()
        expect(page.get_by_role("heading", name="Booting")).to_be_visible()
        assert workstation.state() == "running"
        assert workstation.report(ide={"answers": False}).status == 200
        expect(page.get_by_role("link", name="Open the IDE")).to_be_hidden()
        assert workstation.report().status == 200
        link = page.get_by_role("link", name="Open the IDE")
        expect(link).to_be_visible()
        assert link.get_attribute("href") == "https://dev.scv.example.com"
        expect(page.locator("#why")).to_contain_text("Stops without activity")

        page.get_by_role("button", name="2 h", exact=True).click()
        expect(page.locator("#toast-text")).to_contain_text("Kept on until")
        expect(page.locator("#changes")).to_contain_text("kept from the page")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#leases")).to_be_hidden()

        page.get_by_role("switch", name="Stop automatically").click()
        expect(page.get_by_role("switch", name="Stop automatically")).to_have_attribute("aria-checked", "false")
        expect(page.locator("#changes")).to_contain_text("Auto-stop is switched off")

        page.get_by_role("button", name="Stop in…").click()
        page.get_by_label("Minutes from now").fill("90")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Change the stop")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Stop in…")).to_be_visible()

        page.get_by_text("Recent events").click()
        rows = page.locator("#event-list li")
        taken_back = "Planned stop taken back"
        for what in (
            taken_back,
            "Device paired",
            "Start asked for",
            "Kept on",
            "Automatic stop switched",
            "Pairing code made",
        ):
            expect(rows.filter(has_text=what).first).to_be_visible()

        page.get_by_text("IDE password").click()
        page.get_by_role("button", name="Make a new password").click()
        expect(page.locator("#password-value")).not_to_be_empty()
        shown = page.locator("#password-value").inner_text()
        stored = client("secretsmanager").get_secret_value(SecretId=workstation.host_secret)["SecretString"]
        assert shown in stored

        # The cookie survives a reload, and the reservation, the lease and the switch are what the server says.
        page.reload()
        expect(page.get_by_role("switch", name="Stop automatically")).to_have_attribute("aria-checked", "false")
        page.get_by_role("button", name="Stop now").click()
        expect(page.locator("#toast-text")).to_contain_text("Stopping in")
        expect(page.get_by_role("heading", name="Off", exact=True)).to_be_visible()
        workstation.settle()
        assert workstation.state() == "stopped"


def test_stop_asks_when_somebody_is_connected(
    browser: Browser, client: Clients, workstation: Workstation, address: str
) -> None:
    client("ec2").start_instances(InstanceIds=[workstation.instance])
    workstation.settle()
    workstation.report(ssh={"sessions": 2})
    with opened(browser, language="ko") as made:
        page = made.page
        page.goto(address)
        page.locator("#pair-code").fill(workstation.code())
        page.locator("#pair-totp").fill(workstation.password())
        page.locator("#pair-send").click()
        expect(page.locator("#reason")).to_contain_text("SSH 세션이 열려 있습니다.")
        page.get_by_role("button", name="지금 종료").click()
        expect(page.get_by_role("dialog")).to_contain_text("SSH 세션 2개가 열려 있습니다")
        page.get_by_role("dialog").get_by_role("button", name="지금 종료").click()
        expect(page.get_by_role("heading", name="꺼짐", exact=True)).to_be_visible()


def test_a_revoked_device_is_out(browser: Browser, workstation: Workstation, address: str) -> None:
    with opened(browser) as made, opened(browser) as other:
        made.page.goto(address)
        pair(made.page, workstation, "My phone")
        made.page.get_by_role("button", name="Start", exact=True).wait_for()
        workstation.offset += 30  # a password of the second factor works once
        other.page.goto(address)
        pair(other.page, workstation, "Lost phone")
        other.page.get_by_role("button", name="Start", exact=True).wait_for()

        made.page.get_by_text("Devices").click()
        expect(made.page.locator("#device-list li")).to_have_count(2)
        made.page.get_by_role("button", name="Revoke Lost phone").click()
        made.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(made.page.locator("#device-list li")).to_have_count(1)

        other.page.get_by_role("button", name="Start", exact=True).click()
        expect(other.page.get_by_role("heading", name="Pair this device")).to_be_visible()
        assert workstation.state() == "stopped"


def test_wrong_codes_and_the_lockout_are_told(browser: Browser, workstation: Workstation, address: str) -> None:
    with opened(browser) as made:
        made.page.goto(address)
        for _ in range(20):
            made.page.get_by_label("One-time code").fill("AAAA2222")
            made.page.get_by_label("Second factor").fill("000000")
            made.page.get_by_role("button", name="Pair").click()
            alert = made.page.get_by_role("alert")
            expect(alert).to_be_visible()
            expect(made.page.get_by_role("button", name="Pair")).to_be_enabled()
            if "Too many attempts. Try again in" in alert.inner_text():
                break
            assert "wrong" in alert.inner_text()
        else:
            raise AssertionError("Guessing went on.")


def test_a_bookmark_of_the_start_leads_to_the_page(browser: Browser, workstation: Workstation, address: str) -> None:
    with opened(browser) as made:
        page = made.page
        page.goto(address)
        pair(page, workstation, "My phone")
        page.get_by_role("button", name="Start", exact=True).wait_for()
        page.goto("about:blank")
        page.goto(f"{address}service/start")
        assert page.url == address
        expect(page.get_by_role("progressbar", name="Progress of the start")).to_be_visible()
        assert workstation.state() in ("pending", "running")


def test_an_unknown_network_sees_no_page(browser: Browser, workstation: Workstation) -> None:
    with serve(workstation.world, address=lambda: "198.51.100.9") as base, opened(browser) as made:
        answer = made.page.goto(base + "/")
        assert answer is not None
        assert answer.status == 403
        assert made.page.locator("script").count() == 0


def test_the_page_is_small_and_asked_for_once(browser: Browser, address: str) -> None:
    with opened(browser) as made:
        page = made.page
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer) if "/service/" not in answer.url else None)
        page.goto(address, wait_until="networkidle")
        page.get_by_role("heading", name="Pair this device").wait_for()
        assert {answer.status for answer in answers} == {200}
        assert all(answer.headers["content-encoding"] == "gzip" for answer in answers)
        size = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
        assert size <= 40 * 1024
        answers.clear()
        page.goto("about:blank")
        page.goto(address, wait_until="networkidle")
        # Asked whether it is still the same, and it is: with the same policy, or nothing would run.
        page.get_by_role("heading", name="Pair this device").wait_for()
        assert sum(answer.request.sizes()["responseBodySize"] for answer in answers) < 4096
