"""How wide a text is, without a font at hand: widths of characters in common sans-serif fonts, rounded up. And how it is
written into XML."""

from __future__ import annotations

_NARROW = frozenset("iIjlft.,:;|!'`()[]{}/\\- ·")
_WIDE = frozenset("mwMW@%—…")
_CAPITAL_FROM, _CAPITAL_TO = "A", "Z"
_EAST_ASIAN = "\u1100"
"""From here on most letters are as wide as they are high (Hangul, kana, Han)."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper estimate of the width in pixels at a font size; real fonts are narrower nearly always."""
    total = 0.0
    for letter in text:
        if letter in _NARROW:
            total += 0.37
        elif letter in _WIDE:
            total += 0.95
        elif letter >= _EAST_ASIAN and letter not in "–—…·×":
            total += 1.02
        elif _CAPITAL_FROM <= letter <= _CAPITAL_TO:
            total += 0.72
        else:
            total += 0.585
    return total * size * (1.06 if bold else 1.0)


def fit(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, shortened with an ellipsis where it is too wide."""
    if width(text, size, bold=bold) <= room:
        return text
    low = 0
    for end in range(len(text) - 1, 0, -1):
        if width(text[:end].rstrip(" ,·") + "…", size, bold=bold) <= room:
            low = end
            break
    return text[:low].rstrip(" ,·") + "…" if low else ""


def escape(words: str) -> str:
    """Text that is safe between tags and in attributes; control characters that XML forbids are dropped."""
    clean = "".join(letter for letter in words if letter in "\n\t" or (letter >= " " and letter not in "\ufffe\uffff"))
    clean = clean.encode("utf-8", "ignore").decode()
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
