"""The file is XML on its own feet, the same bytes every time, readable in light and dark, and safe with any name."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giban.diagram.draw import svg
from giban.diagram.model import Band, Card, Picture, Region
from giban.diagram.read import read
from giban.diagram.theme import DARK, GROUNDS, LIGHT
from giban.graph.graph import Graph
from tests.diagram.graphs import Tiered

NS = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def text() -> str:
    return svg(read(Tiered().graph))


def test_it_is_xml_with_a_size_a_title_and_a_description(text: str) -> None:
    root = ElementTree.fromstring(text)
    assert root.tag == f"{NS}svg"
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    title, desc = root.find(f"{NS}title"), root.find(f"{NS}desc")
    assert title is not None
    assert title.text == "Architecture of scv · prod"
    assert desc is not None
    assert desc.text
    assert "web (Public ALB · HTTPS 443) to web (2–6 instances · t3.small)" in desc.text


def test_nothing_comes_from_elsewhere(text: str) -> None:
    root = ElementTree.fromstring(text)
    allowed = {"svg", "title", "desc", "style", "defs", "symbol", "marker", "path", "rect", "circle", "ellipse", "g",
               "use", "text", "tspan"}  # fmt: skip
    for element in root.iter():
        assert element.tag.removeprefix(NS) in allowed
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if "href" in name:
                assert value.startswith("#")
            assert "url(" not in value or value.startswith("url(#")
    assert re.findall(r"https?://[^\"'\s<)]+", text) == ["http://www.w3.org/2000/svg"]
    assert "@import" not in text
    assert "@font-face" not in text


def test_every_symbol_and_marker_that_is_used_is_there_once(text: str) -> None:
    root = ElementTree.fromstring(text)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    used = {e.get("href", "")[1:] for e in root.iter(f"{NS}use")}
    used |= {e.get("marker-end", "")[5:-1] for e in root.iter(f"{NS}path") if e.get("marker-end")}
    assert used <= set(ids)


def test_every_class_that_is_used_has_a_rule(text: str) -> None:
    root = ElementTree.fromstring(text)
    style = root.find(f"{NS}style")
    assert style is not None
    assert style.text
    used = {name for element in root.iter() for name in element.get("class", "").split()}
    for name in used:
        assert re.search(rf"\.{re.escape(name)}[ ,{{.]", style.text), name


def test_same_graph_same_bytes(text: str) -> None:
    assert svg(read(Tiered().graph)) == text


def test_it_does_not_depend_on_hash_seeds() -> None:
    code = "import tests.diagram.graphs as g, giban.diagram.draw as d, giban.diagram.read as r, zlib;" + (
        "print(zlib.crc32(d.svg(r.read(g.Tiered(was=5).graph)).encode()))"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(results) == 1


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_is_safe(title: str, note: str) -> None:
    card = Card("a", "box", "other", title, note, members=(title,), supporting=(note,))
    picture = Picture(title, note, (), (), (Region(title, (), (), (), (Band(note, (card,)),)),), (), 1)
    root = ElementTree.fromstring(svg(picture))
    assert not list(root.iter(f"{NS}script"))


def test_markup_in_names_stays_text() -> None:
    picture = Picture("<script>alert(1)</script>", '"&<', (), (), (), (), 0)
    root = ElementTree.fromstring(svg(picture))
    title = root.find(f"{NS}title")
    assert title is not None
    assert title.text == "Architecture of <script>alert(1)</script>"


def test_empty_graph_has_a_picture() -> None:
    ElementTree.fromstring(svg(read(Graph("nothing", []))))


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_have_contrast(colours: dict[str, str]) -> None:
    """WCAG 2.1 AA: 4.5:1 for text, 3:1 for lines and icons that carry meaning."""
    for ground in GROUNDS:
        for ink in ("text", "quiet"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for line in ("request", "data", "egress", "admin"):
            assert contrast(colours[line], colours[ground]) >= 3, (line, ground)
    for tile in (
        "traffic",
        "compute",
        "data-icon",
        "storage",
        "messaging",
        "security",
        "delivery",
        "watching",
        "other",
    ):
        assert contrast(colours["icon"], colours[tile]) >= 3, tile


def test_both_schemes_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, giban.diagram.draw, giban.diagram.read, giban.diagram.mermaid; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"rich", "subprocess", "asyncio", "difflib", "urllib.request", "csv", "tempfile", "logging",
             "importlib.resources", "xml", "dataclasses", "random", "click"}  # fmt: skip
    assert not heavy & set(loaded)
