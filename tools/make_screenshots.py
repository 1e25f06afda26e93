"""Writes docs/images/workstation-{phone,desktop}-{light,dark}.png: the workstation's page in scenes made for the documentation;
and the page's icon.png from its icon.svg.

python -m tools.make_screenshots [FOLDER]    # from the root of the repository; needs what `make system` installs

With Roboto on the machine (Debian: fonts-roboto-unhinted) the letters are those of a phone. Not compared in CI: letters differ
between machines.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from tests.runtime.page.browser import DESKTOP, PHONE, launched, opened
from tests.runtime.page.stage import PAGE, Stage, iso

FOLDER = Path(__file__).parents[1] / "docs" / "images"
NOW = datetime(2026, 11, 23, 5, 10, tzinfo=UTC)
"""A Monday, 14:10 in Seoul."""


def ago(**parts: float) -> str | None:
    return iso(NOW - timedelta(**parts))


def busy(stage: Stage) -> None:
    """On, in use, kept on for a training run."""
    stage.clock = lambda: NOW
    stage.since = NOW - timedelta(hours=3, minutes=12)
    stage.state, stage.phase, stage.want = "running", "ready", "on"
    stage.leases = [
        {
            "id": "a",
            "until": iso(NOW + timedelta(hours=2, minutes=20)),
            "for": "training run 14",
            "by": "Minji's laptop",
            "at": ago(minutes=40),
        }
    ]
    stage.patch = {
        "web": {"state": "connected", "connected_at": ago(seconds=20), "interacting_at": ago(minutes=6, seconds=3)},
        "working": {"at": ago(seconds=24), "cpu_percent": 71.2, "jobs": ["train.py"], "containers": []},
    }
    stage.events = [
        _event("lease", "Minji's laptop", ago(minutes=40), "training run 14", until=stage.leases[0]["until"]),
        _event("running", "schedule", ago(hours=3, minutes=12), "The schedule started it."),
        _event("stopped", "keeper", ago(hours=17, minutes=50), "Nobody has used it for a while."),
        _event("stop", "keeper", ago(hours=17, minutes=51), "Nobody has used it for a while."),
        _event("paired", "Chrome on Android", ago(hours=20), "Code and one-time password were right."),
    ]
    stage.devices = [
        _device("Minji's laptop", ago(minutes=1), current=True),
        _device("Chrome on Android", ago(hours=20)),
    ]


def starting(stage: Stage) -> None:
    """On its way up."""
    stage.clock = lambda: NOW
    stage.since = NOW - timedelta(seconds=42)
    stage.state, stage.phase, stage.want, stage.steps = "running", "booting", "on", False
    stage.patch = {"decision": {"text": "It was asked for by Minji's phone."}}


def _event(what: str, who: str, at: str | None, text: str, **more: Any) -> dict[str, Any]:
    return {"what": what, "who": who, "at": at, "why": text, "text": text, **more}


def _device(name: str, used: str | None, *, current: bool = False) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "current": current,
        "created": used,
        "last_used": used,
        "last_address": "203.0.113.7",
    }


def _shown(page: Page, stage: Stage) -> None:
    page.goto(stage.address)
    page.locator("#workstation").wait_for()
    page.wait_for_load_state("networkidle")


def _icon(browser: Browser) -> None:
    """The icon to the edges: phones cut their own corners."""
    page = browser.new_page(viewport={"width": 192, "height": 192})
    drawing = (PAGE / "icon.svg").read_text().replace(' rx="112"', "")
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: 192px }}</style>{drawing}")
    page.screenshot(path=str(PAGE / "icon.png"))
    page.close()


def main(folder: Path = FOLDER) -> None:
    """Write all."""
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        _icon(browser)
        for dark in (False, True):
            scheme = "dark" if dark else "light"
            for name, viewport, scene in (("phone", PHONE, starting if dark else busy), ("desktop", DESKTOP, busy)):
                stage = Stage()
                scene(stage)
                with opened(browser, viewport=viewport, dark=dark, scale=2 if name == "phone" else 1) as made:
                    _shown(made.page, stage)
                    made.page.screenshot(
                        path=str(folder / f"workstation-{name}-{scheme}.png"), full_page=name == "desktop"
                    )
                stage.close()


if __name__ == "__main__":
    main(*(Path(given) for given in sys.argv[1:2]))
