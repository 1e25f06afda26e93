"""For everybody: names and roles, keyboard, sizes, contrast, zoom, both colour schemes; and no foreign code."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.runtime.page.browser import DESKTOP, NARROW, PHONE, opened
from tests.runtime.page.stage import PAGE, Stage, iso

SCENES = ["off", "up", "on", "stopping", "gone", "pairing", "refused", "dialog", "later", "keep", "lost"]
LEAST_TARGET = 44
# WCAG 2.2, 1.4.3: 4.5 to 1 for text, 3 to 1 for large text (24 px, or 18.66 px bold).
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const mixed = (top, below, a) => [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)).concat(255);
  const over = (top, below) => mixed(top, below, top[3] / 255);
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const seen = node.textContent.trim() && element.checkVisibility({visibilityProperty: true});
    if (!seen || element.closest('.unseen, .skip, :disabled')) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const back = behind(element);
    const [a, b] = [light(over(rgba(style.color), back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) found.push(`${node.textContent.trim()}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""
TARGETS = """(least) => [...document.querySelectorAll('button, a[href], input, summary')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.matches('.skip'))
  .map((one) => [one.textContent.trim() || one.id, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < least || box.height < least)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
UNNAMED = """() => [...document.querySelectorAll('button, a[href], input, dialog, section, progress')]
  .filter((one) => one.checkVisibility() && !(one.matches('section') && !one.hasAttribute('aria-labelledby')))
  .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || (one.labels && one.labels.length)
    || (one.getAttribute('aria-labelledby') || '').split(' ').some((id) => id && document.getElementById(id).textContent.trim())))
  .map((one) => one.outerHTML)"""


def play(stage: Stage, page: Page, scene: str) -> None:
    """Bring the page into a scene, with lists full and everything unfolded."""
    now = stage.clock()
    stage.steps = False
    stage.since = now - timedelta(hours=3)
    stage.events = [{"what": "lease", "who": "Minji", "at": iso(now), "why": "x", "text": "a training run"}]
    stage.devices = [
        {
            "id": "d1",
            "name": "A laptop with a long name of its own",
            "current": True,
            "created": iso(now),
            "last_used": iso(now),
        },
        {"id": "d2", "name": "Phone", "current": False, "created": iso(now), "last_used": None},
    ]
    if scene == "up":
        stage.state, stage.phase, stage.want = "pending", "starting", "on"
    elif scene in ("on", "dialog", "later", "keep", "lost"):
        stage.state, stage.phase, stage.auto_stop = "running", "ready", False
        stage.patch = {"ssh_sessions": 1, "working": {"jobs": ["a-rather-long-command-name.py", "another"]}}
        stage.leases = [
            {"id": "a", "until": iso(now + timedelta(hours=9)), "for": "training run 14", "by": "Minji", "at": iso(now)}
        ]
    elif scene == "stopping":
        stage.state = stage.phase = "stopping"
    elif scene == "gone":
        stage.patch = {"state": "terminated"}
    elif scene == "pairing":
        stage.paired = False
    if scene == "refused":
        page.route("**/service/status", lambda route: route.fulfill(status=403, json={"type": "/problems/address"}))
    page.goto(stage.address)
    part = {"pairing": "#pairing", "refused": "#refused"}.get(scene, "#workstation")
    page.locator(part).wait_for()
    if part == "#workstation":
        for name in ("events", "devices", "password"):
            if page.locator(f"#{name}").get_attribute("open") is None:
                page.locator(f"#{name} summary").click()
        page.locator("#device-list li").nth(1).wait_for()
        page.locator("#event-list li").first.wait_for()
    opener = {"dialog": "#stop", "later": "#later", "keep": "#keep-other"}.get(scene)
    if opener:
        page.locator(opener).click()
        page.get_by_role("dialog").wait_for()
    if scene == "pairing":
        page.locator("#pair-send").click()
    if scene == "lost":
        page.locator("#keep-1").click()
        page.locator("#toast").wait_for()
        page.context.set_offline(True)
        page.locator("#banner").wait_for()


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_scene(browser: Browser, stage: Stage, scene: str, dark: bool) -> None:
    with opened(browser, dark=dark, language="ko" if dark else "en") as made:
        page = made.page
        play(stage, page, scene)
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(TARGETS, LEAST_TARGET) == []
        assert page.evaluate(UNNAMED) == []
        assert not sideways(page)


def sideways(page: Page) -> Any:
    """Whether anything is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.parametrize("scene", SCENES)
def test_the_narrowest_phone(browser: Browser, stage: Stage, scene: str) -> None:
    # 320 px is also 1280 px at 400 %: WCAG 2.2, 1.4.10.
    with opened(browser, viewport=NARROW, language="ko" if scene == "on" else "en") as made:
        play(stage, made.page, scene)
        assert not sideways(made.page)
        assert made.page.evaluate(TARGETS, LEAST_TARGET) == []


@pytest.mark.parametrize("scene", ["on", "up", "pairing", "keep"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_letters_twice_as_large(browser: Browser, stage: Stage, scene: str, viewport: Any) -> None:
    with opened(browser, viewport=viewport) as made:
        # What a user sets in the browser as the size of letters.
        made.page.add_init_script(
            "addEventListener('DOMContentLoaded', () => { const sheet = new CSSStyleSheet();"
            "sheet.replaceSync(':root { font-size: 200% !important }'); document.adoptedStyleSheets = [sheet]; })"
        )
        play(stage, made.page, scene)
        assert made.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 32
        assert not sideways(made.page)


def test_landmarks_headings_and_language(stage: Stage, page: Page) -> None:
    play(stage, page, "on")
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_text("dev")
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for region in ("On", "Why it is on", "Keep it on", "Stop automatically", "Activity"):
        expect(page.get_by_role("region", name=region, exact=True)).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_changes_of_state_are_spoken(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    expect(page.locator("#live")).to_have_attribute("aria-live", "polite")
    # The first state is read as part of the page, not announced on top of it.
    page.get_by_role("button", name="Start", exact=True).wait_for()
    expect(page.locator("#live")).to_have_text("")
    page.get_by_role("button", name="Start", exact=True).click()
    for state in ("Asked to start", "Starting", "Booting", "On"):
        expect(page.locator("#live")).to_have_text(state)


def test_everything_by_keyboard(browser: Browser, stage: Stage) -> None:
    with opened(browser, viewport=DESKTOP) as made:
        page = made.page
        play(stage, page, "on")
        page.locator(".skip").focus()
        page.keyboard.press("Tab")
        seen: list[str] = []
        for _ in range(40):
            here = page.evaluate(
                "(() => { const at = document.activeElement; const style = getComputedStyle(at);"
                "const name = at.getAttribute('aria-label') || at.textContent.trim();"
                "return [name, style.outlineStyle, parseFloat(style.outlineWidth)] })()"
            )
            if page.evaluate("document.activeElement === document.body"):
                break  # past the last one
            seen.append(here[0])
            # The focus is always to be seen.
            assert here[1] != "none", here
            assert here[2] >= 2, here
            page.keyboard.press("Tab")
        wanted = [
            "Open the IDE (new tab)",
            "Stop now",
            "Stop in…",
            "End “training run 14”",
            "1 h",
            "2 h",
            "Longer…",
        ]
        assert seen[: len(wanted)] == wanted
        assert "Make a new password" in seen


def test_skip_to_content(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    page.get_by_role("button", name="Start", exact=True).wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_dialog_keeps_the_focus_and_gives_it_back(stage: Stage, page: Page) -> None:
    play(stage, page, "on")
    page.locator("#stop").focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        # The browser's own frame is the only other place.
        assert page.evaluate(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        )
    page.keyboard.press("Escape")
    expect(page.locator("#stop")).to_be_focused()


def test_nothing_moves_for_those_who_asked_for_it(browser: Browser, stage: Stage) -> None:
    running = "document.getAnimations().filter((one) => one.playState === 'running').length"
    stage.state = stage.phase = "stopping"
    stage.steps = False
    for calm, moving in ((True, False), (False, True)):
        with opened(browser, calm=calm) as made:
            made.page.goto(stage.address)
            made.page.get_by_role("heading", name="Stopping").wait_for()
            assert (made.page.evaluate(running) > 0) == moving


def test_looking_again_leaves_focus_and_selection_alone(stage: Stage, page: Page) -> None:
    play(stage, page, "on")
    button = page.get_by_role("button", name="End “training run 14”")
    button.focus()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)
    expect(button).to_be_focused()


def test_no_code_and_no_style_in_the_document() -> None:
    text = (PAGE / "index.html").read_text()
    for forbidden in ("<style", " style=", " onclick", "javascript:", "//cdn", "http://", "https://"):
        assert forbidden not in text
    # One script, of the page's own.
    assert text.count("<script") == 1


def test_code_of_strangers_does_not_run(browser: Browser, stage: Stage) -> None:
    with opened(browser) as made:
        page = made.page
        page.goto(stage.address)
        page.get_by_role("button", name="Start", exact=True).wait_for()
        page.evaluate(
            "const script = document.createElement('script'); script.textContent = 'window.foreign = 1';"
            "document.body.append(script)"
        )
        assert page.evaluate("window.foreign") is None
        made.complaints.clear()


def test_it_can_be_put_on_the_home_screen(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    found = page.evaluate(
        """async () => {
            const manifest = await (await fetch(document.querySelector('link[rel=manifest]').href)).json();
            const sizes = await Promise.all(manifest.icons.map((icon) => new Promise((done, failed) => {
                const image = new Image();
                image.onload = () => done([icon.type, image.naturalWidth, image.naturalHeight]);
                image.onerror = failed;
                image.src = icon.src;
            })));
            return {...manifest, sizes};
        }"""
    )
    assert (found["display"], found["start_url"]) == ("standalone", "/")
    assert [kind for kind, *_ in found["sizes"]] == ["image/svg+xml", "image/png"]
    assert found["sizes"][1][1:] == [192, 192]
    # Apple's phones know no SVG icons.
    assert page.locator("link[rel=apple-touch-icon]").get_attribute("href") == "/icon.png"


def test_files_stay_readable() -> None:
    # A file is read by people, too: about 400 lines at most. What a phone loads is measured with the real function.
    for file in PAGE.iterdir():
        if file.suffix != ".png":
            assert len(file.read_text().splitlines()) <= 400, file.name
