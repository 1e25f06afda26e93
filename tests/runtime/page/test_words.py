"""The words of the page: both languages say everything, and nothing is left over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.runtime.page.browser import opened
from tests.runtime.page.stage import PAGE, Stage

Words = dict[str, dict[str, str]]
# Keys made of a prefix and a code of the API: they are used when the API says so.
MADE_OF_CODES = ("event_", "problem_", "source_", "state_", "step_", "who_")


@pytest.fixture
def words(stage: Stage, page: Page) -> Words:
    page.goto(stage.address)
    found: Words = page.evaluate("import('/words.js').then((module) => module.languages)")
    return found


def test_both_languages_have_the_same_keys(words: Words) -> None:
    assert sorted(words["en"]) == sorted(words["ko"])
    assert len(words["en"]) > 100


def test_translations_keep_the_placeholders(words: Words) -> None:
    def names(text: str) -> list[str]:
        return sorted(set(re.findall(r"\{(\w+)\}", text)))

    assert {key: names(text) for key, text in words["en"].items()} == {
        key: names(text) for key, text in words["ko"].items()
    }


def test_nothing_is_left_untranslated(words: Words) -> None:
    korean = re.compile("[가-힣]")
    assert [key for key, text in words["en"].items() if korean.search(text)] == []
    # Names and bare placeholders are the same in both.
    same = [key for key, text in words["ko"].items() if not korean.search(text)]
    assert sorted(same) == ["by", "title_moving", "work_now"]


def test_every_word_is_used_and_every_used_word_is_there(words: Words) -> None:
    source = "\n".join(
        file.read_text() for file in PAGE.iterdir() if file.suffix in (".js", ".html") and file.name != "words.js"
    )
    quoted = set(re.findall(r"""["'`]([\w-]+)["'`]""", source))
    assert sorted(key for key in words["en"] if key not in quoted and not key.startswith(MADE_OF_CODES)) == []
    said = set(re.findall(r'(?:\bsay\("|data-word=")([\w-]+)"', source))
    assert sorted(said - set(words["en"])) == []


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-GB", "en"), ("en", "en"), ("ko-KR", "ko"), ("ko", "ko"), ("fr-FR", "en"), ("de", "en")],
)
def test_the_browser_chooses_the_language(browser: Browser, stage: Stage, locale: str, language: str) -> None:
    with opened(browser, language=locale) as made:
        made.page.goto(stage.address)
        made.page.get_by_role("button", name="시작" if language == "ko" else "Start", exact=True).wait_for()
        assert made.page.locator("html").get_attribute("lang") == language


def test_korean_before_a_language_nobody_speaks_here(browser: Browser, stage: Stage) -> None:
    with opened(browser) as made:
        made.page.add_init_script(
            "Object.defineProperty(navigator, 'languages', {get: () => ['fr-FR', 'ko-KR', 'en-US']})"
        )
        made.page.goto(stage.address)
        made.page.get_by_role("button", name="시작", exact=True).wait_for()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("state", ["stopped", "running", "unpaired"])
def test_no_placeholder_and_no_undefined_reaches_the_page(
    browser: Browser, stage: Stage, language: str, state: str
) -> None:
    stage.paired = state != "unpaired"
    if state == "running":
        stage.state, stage.phase = "running", "ready"
    with opened(browser, language=language) as made:
        made.page.goto(stage.address)
        made.page.locator("#pairing:visible, #workstation:visible").wait_for()
        for title in made.page.locator("details summary:visible").all():
            title.click()
        text = made.page.locator("body").inner_text()
        assert not re.search(r"\{\w+\}|undefined|NaN|Invalid|\[object", text)
        if language == "en":
            assert not re.search("[가-힣]", text)
