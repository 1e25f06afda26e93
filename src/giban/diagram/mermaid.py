"""Writes a picture as a Mermaid flowchart for READMEs: boxes as subgraphs, the cards that matter, the arrows between.

Syntax: https://mermaid.js.org/syntax/flowchart.html. Labels are quoted and escaped; ids are numbers of our own, because
some words ("end") and characters are not allowed in them.
"""

from __future__ import annotations

from giban.diagram import text
from giban.diagram.model import Card, Picture, Vpc

LONGEST = 420
"""Pixels of a line on a card: the names of many gathered resources are cut."""

_ARROWS = {"request": "-->", "data": "-->", "egress": "-.->", "admin": "-.->"}
_SHAPES = {
    "database": ("[(", ")]"),
    "bucket": ("[(", ")]"),
    "table": ("[(", ")]"),
    "cache": ("[(", ")]"),
    "users": ("([", "])"),
    "terminal": ("([", "])"),
    "cloud": ("([", "])"),
    "balancer": ("{{", "}}"),
    "queue": ("[[", "]]"),
    "topic": ("[[", "]]"),
}
_CLASSES = {
    # Fill, border and text of light cards; Mermaid's dark theme keeps them, so the text says its colour too.
    "traffic": "fill:#efeafc,stroke:#6d4bc3,color:#1c2733",
    "compute": "fill:#fdeee0,stroke:#c2570c,color:#1c2733",
    "data": "fill:#e6eefc,stroke:#2558c9,color:#1c2733",
    "storage": "fill:#e6f4e7,stroke:#2e7d32,color:#1c2733",
    "messaging": "fill:#fbe7f1,stroke:#b8316f,color:#1c2733",
    "security": "fill:#fbe9e7,stroke:#b3261e,color:#1c2733",
}


def write(picture: Picture) -> str:
    """The flowchart. Cards without arrows are left out of regions that have a VPC, to keep it small."""
    return _Writer(picture).text()


class _Writer:
    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.ids = {card.id: f"n{number}" for number, card in enumerate(picture.cards())}
        self.linked = {end for edge in picture.edges for end in (edge.source, edge.target)}
        self.lines = ["flowchart TB"]
        self.shown: dict[str, list[str]] = {}
        self.boxes = 0

    def text(self) -> str:
        for card in self.picture.outside:
            self._card(card, 1)
        world = [card for card in self.picture.world if card.id in self.linked]
        if world:
            self._open("Global", 1)
            for card in world:
                self._card(card, 2)
            self._close(1)
        for region in self.picture.regions:
            self._open(f"Region {region.title}", 1)
            for card in region.front:
                self._card(card, 2)
            for vpc in region.vpcs:
                self._vpc(vpc)
            for shelf in region.flow:
                for card in shelf.cards:
                    self._card(card, 2)
            for band in region.bands:
                for card in band.cards:
                    if card.id in self.linked or not (region.vpcs or region.flow):
                        self._card(card, 2)
            self._close(1)
        for edge in self.picture.edges:
            label = f"|{quoted(edge.label)}|" if edge.label else ""
            self.lines.append(f"  {self.ids[edge.source]} {_ARROWS[edge.kind]}{label} {self.ids[edge.target]}")
        for category in sorted(self.shown):
            if category in _CLASSES:
                self.lines.append(f"  classDef {category} {_CLASSES[category]}")
                self.lines.append(f"  class {','.join(self.shown[category])} {category}")
        return "\n".join(self.lines) + "\n"

    def _vpc(self, vpc: Vpc) -> None:
        self._open(f"VPC {vpc.title} {vpc.cidr}".strip(), 2)
        for card in (*vpc.edge, *vpc.plugs):
            if card.id in self.linked:
                self._card(card, 3)
        zones = f"{len(vpc.zones)} zone{'' if len(vpc.zones) == 1 else 's'}"
        for tier in vpc.tiers:
            cards = [card for shelf in tier.shelves for card in shelf.cards]
            if cards:
                self._open(f"{tier.title} subnets in {zones}", 3)
                for card in cards:
                    self._card(card, 4)
                self._close(3)
        self._close(2)

    def _open(self, title: str, depth: int) -> None:
        self.boxes += 1
        self.lines.append(f"{'  ' * depth}subgraph b{self.boxes}[{quoted(title)}]")

    def _close(self, depth: int) -> None:
        self.lines.append(f"{'  ' * depth}end")

    def _card(self, card: Card, depth: int) -> None:
        opening, closing = _SHAPES.get(card.icon, ("[", "]"))
        words = quoted("\n".join(part for part in (card.title, text.fit(card.subtitle, 12, LONGEST)) if part))
        self.lines.append(f"{'  ' * depth}{self.ids[card.id]}{opening}{words}{closing}")
        self.shown.setdefault(card.category, []).append(self.ids[card.id])


def quoted(words: str) -> str:
    """A label in quotes: everything but letters, digits and harmless signs becomes an entity code."""
    out = []
    for letter in words:
        if letter == "\n":
            out.append("<br/>")
        elif letter.isalnum() or letter in " .,:/-–·×+()_…":
            out.append(letter)
        elif letter >= " ":
            out.append(f"#{ord(letter)};")
    return f'"{"".join(out)}"'
