"""A real browser for the page: the system's Chromium, driven by playwright. Nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
NARROW: ViewportSize = {"width": 320, "height": 568}
LOCALES = {"en": "en-GB", "ko": "ko-KR"}


def executable() -> str:
    """Chromium's path. Raises RuntimeError when there is none: a page that nobody opened is not tested."""
    found = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError("No chromium on this machine: run tools/system_packages.sh (make system).")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser, for many pages."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that containers lack; it opens nothing but our page.
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page and everything it complained about."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # The browser notes every refused request; what the page makes of it is what tests look at.
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource")
                else None
            ),
        )


@contextmanager
def opened(
    browser: Browser,
    *,
    viewport: ViewportSize = PHONE,
    language: str = "en",
    dark: bool = False,
    scale: float = 1,
    calm: bool = True,
) -> Iterator[Opened]:
    """A page of its own, without cookies. `calm` = the user asked for reduced motion. Fails for errors in the console."""
    context = browser.new_context(
        viewport=viewport,
        locale=LOCALES.get(language, language),
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
        timezone_id="Asia/Seoul",
        reduced_motion="reduce" if calm else "no-preference",
    )
    context.set_default_timeout(30_000)
    made = Opened(context)
    yield made
    context.close()
    assert made.complaints == []
