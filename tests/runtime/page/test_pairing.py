"""A device that is not registered: the form, and what goes wrong with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runtime.page.browser import opened
from tests.runtime.page.stage import CODE, TOTP, Refusal, Stage


def fill(page: Page, code: str = CODE, totp: str = TOTP, name: str | None = None) -> None:
    page.get_by_label("One-time code").fill(code)
    page.get_by_label("Second factor").fill(totp)
    if name is not None:
        page.get_by_label("Name of this device").fill(name)
    page.get_by_role("button", name="Pair").click()


@pytest.fixture
def unpaired(stage: Stage, page: Page) -> Page:
    stage.paired = False
    page.goto(stage.address)
    page.get_by_role("heading", name="Pair this device").wait_for()
    return page


def test_the_form_says_where_the_code_comes_from(unpaired: Page) -> None:
    expect(unpaired.locator("#pair-command")).to_have_text("giban workstation pair dev")
    expect(unpaired.get_by_label("One-time code")).to_be_focused()
    expect(unpaired.get_by_label("Name of this device")).to_have_value("Chrome on Linux")
    expect(unpaired.get_by_label("Second factor")).to_have_attribute("autocomplete", "one-time-code")
    # Nothing of the workstation is known or shown.
    expect(unpaired.locator("#workstation")).to_be_hidden()


def test_pairing_leads_to_the_workstation(stage: Stage, unpaired: Page) -> None:
    fill(unpaired, name="My phone")
    expect(unpaired.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert stage.asked("POST", "/service/devices") == [{"code": CODE, "totp": TOTP, "name": "My phone"}]
    cookie = unpaired.context.cookies()[0]
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "__Host-giban-dev",
        True,
        True,
        "Strict",
    )


def test_codes_as_people_type_them(stage: Stage, unpaired: Page) -> None:
    fill(unpaired, code=f" {CODE[:4].lower()}-{CODE[4:].lower()} ", totp=f"{TOTP[:3]} {TOTP[3:]}")
    expect(unpaired.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert stage.asked("POST", "/service/devices")[0]["code"] == CODE


@pytest.mark.parametrize(
    ("code", "totp", "name", "said", "field"),
    [
        ("", TOTP, "x", "Fill in all three fields.", "One-time code"),
        (CODE, "", "x", "Fill in all three fields.", "Second factor"),
        (CODE, TOTP, "  ", "Fill in all three fields.", "Name of this device"),
        (CODE, "12345", "x", "The second factor has six digits.", "Second factor"),
        (CODE, "abcdef", "x", "The second factor has six digits.", "Second factor"),
    ],
)
def test_what_is_missing_is_said_before_it_is_sent(
    stage: Stage, unpaired: Page, code: str, totp: str, name: str, said: str, field: str
) -> None:
    fill(unpaired, code, totp, name)
    expect(unpaired.get_by_role("alert")).to_have_text(said)
    expect(unpaired.get_by_label(field)).to_be_focused()
    expect(unpaired.get_by_label(field)).to_have_attribute("aria-invalid", "true")
    assert stage.asked("POST") == []


def test_a_wrong_code(unpaired: Page) -> None:
    fill(unpaired, code="AAAA2222")
    expect(unpaired.get_by_role("alert")).to_contain_text("wrong, used, or too old")
    # The code stays to be looked at; the second factor works once and is asked for again.
    expect(unpaired.get_by_label("One-time code")).to_have_value("AAAA2222")
    expect(unpaired.get_by_label("Second factor")).to_have_value("")
    expect(unpaired.get_by_role("button", name="Pair")).to_be_enabled()


def test_locked_out(stage: Stage, unpaired: Page) -> None:
    stage.refusals.append(Refusal(429, "locked", path="/service/devices", retry_after=90, detail="Too many failures."))
    fill(unpaired)
    expect(unpaired.get_by_role("alert")).to_have_text("Too many attempts. Try again in 2 min.")


def test_locked_out_before_the_form_is_there(stage: Stage, page: Page) -> None:
    stage.paired = False
    stage.refusals.append(Refusal(429, "locked", path="/service/status", retry_after=2, detail="Too many failures."))
    page.goto(stage.address)
    expect(page.locator("#banner")).to_contain_text("before asking again")
    expect(page.get_by_role("heading", name="Pair this device")).to_be_visible()
    expect(page.locator("#banner")).to_be_hidden()


def test_unreachable_while_pairing(unpaired: Page) -> None:
    unpaired.route("**/service/devices", lambda route: route.abort())
    fill(unpaired)
    expect(unpaired.get_by_role("alert")).to_have_text("The API cannot be reached.")


def test_a_wrong_field_named_by_the_api(browser: Browser, stage: Stage) -> None:
    stage.paired = False
    for language, said in (("en", "name: Must be printable."), ("ko", "요청을 이해하지 못했습니다.")):
        stage.refusals.append(
            Refusal(
                400, "input", path="/service/devices", errors=[{"field": "name", "detail": "name: Must be printable."}]
            )
        )
        with opened(browser, language=language) as made:
            made.page.goto(stage.address)
            made.page.locator("#pair-code").fill(CODE)
            made.page.locator("#pair-totp").fill(TOTP)
            made.page.locator("#pair-send").click()
            expect(made.page.locator("#pair-error")).to_have_text(said)


def test_the_secrets_never_reach_the_address(unpaired: Page) -> None:
    fill(unpaired)
    unpaired.get_by_role("button", name="Start", exact=True).wait_for()
    assert unpaired.url.endswith("/")
    assert unpaired.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
