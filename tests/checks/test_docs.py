"""docs/checks is what the docstrings say."""

from __future__ import annotations

from tools.make_check_docs import differing, pages


def test_pages_are_up_to_date() -> None:
    stale = sorted(path.name for path in differing())
    assert not stale, f"Run `python tools/make_check_docs.py`: {', '.join(stale)}"


def test_the_index_links_every_page() -> None:
    index = pages()["README.md"]
    for name in pages():
        assert name == "README.md" or f"]({name})" in index
