"""The flowchart is well-formed: ids declared once, boxes closed, labels harmless."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from giban.diagram.mermaid import quoted, write
from giban.diagram.read import read
from tests.diagram.graphs import Tiered

NODE = re.compile(r'^ +(n\d+)(?:\[|\{\{|\(\[|\[\(|\[\[)"([^"]*)"(?:\]|\}\}|\]\)|\)\]|\]\])$')
ARROW = re.compile(r'^  (n\d+) (?:-->|-\.->)(?:\|"[^"]*"\|)? (n\d+)$')
OTHER = re.compile(r'^(flowchart TB| +subgraph b\d+\["[^"]*"\]| +end|  classDef \w+ \S+|  class [n\d,]+ \w+)$')


def test_every_line_is_known_and_every_arrow_has_ends() -> None:
    for tiered in (Tiered(), Tiered(was=10), Tiered(zones=1, was=0, databases=0)):
        lines = write(read(tiered.graph)).splitlines()
        nodes = [match[1] for line in lines if (match := NODE.match(line))]
        arrows = [match.groups() for line in lines if (match := ARROW.match(line))]
        assert all(NODE.match(line) or ARROW.match(line) or OTHER.match(line) for line in lines)
        assert max(Counter(nodes).values()) == 1
        assert {end for arrow in arrows for end in arrow} <= set(nodes)
        assert sum("subgraph" in line for line in lines) == lines.count("  end") + sum(
            line.strip() == "end" and line != "  end" for line in lines
        )


def test_the_main_things_are_there() -> None:
    text = write(read(Tiered().graph))
    assert text.startswith("flowchart TB\n")
    for words in ("Region ap-northeast-2", "VPC main 10.20.0.0/16", "web subnets in 2 zones", "PostgreSQL 16"):
        assert words in text
    assert "KMS key" not in text


def test_same_graph_same_text() -> None:
    assert write(read(Tiered(was=4).graph)) == write(read(Tiered(was=4).graph))


@given(st.text())
def test_labels_are_harmless(words: str) -> None:
    inside = quoted(words)[1:-1].replace("<br/>", "\n")
    assert not re.search(r'["<>&;`\[\]{}|\\]', re.sub(r"#\d+;", "", inside))


def test_markup_is_escaped() -> None:
    assert quoted('a<b> "c" [d]\ne') == '"a#60;b#62; #34;c#34; #91;d#93;<br/>e"'
