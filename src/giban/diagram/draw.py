"""The whole way to an SVG file, and its order: coordinates first, then text."""

from __future__ import annotations

from giban.diagram.layout import lay_out
from giban.diagram.model import Picture
from giban.diagram.svg import write


def svg(picture: Picture) -> str:
    """The picture as one SVG file."""
    return write(picture, lay_out(picture))
